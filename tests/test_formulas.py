r"""Each displayed formula of the pages, as it stands there, and below it the test that executes it, in their order.

Formulas in sentences are not listed. That hosts of code can show them is tested at the end.
"""
import re
from statistics import NormalDist

import numpy as np
import pytest
from numpy.testing import assert_allclose

import scratch_mlp
from docs.experiments import deep_mlp
from docs.experiments import what_it_can_learn as learn
from docs.experiments import why_it_exploded as exploded
from scratch_mlp import accuracy, backward, forward, initialize_weights, load_XOR_data, loss, sigmoid
from tests import checks
from tests.checks import PROJECT

PAGES = {page.relative_to(PROJECT).as_posix(): page.read_text(encoding="utf-8")
         for page in [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]}
FORMULAS = {}                                               # {formula: the test that executes it}


def displayed(*formulas):
    """Decorates the test of these formulas of a page; ends of lines are spaces."""
    return lambda test: FORMULAS.update(dict.fromkeys(formulas, test)) or test


def slope(f, x):
    """The derivative of f, by the complex step."""
    return f(x + 1e-30j).imag / 1e-30


def network(seed=1, scale=1.0):
    """X, y, the weights, and what the forward step makes of them."""
    X, y, weights = checks.random_network(scratch_mlp, seed, scale=scale)
    return X, y, *weights, *forward(X, *weights)


@displayed(r"s(z) = \frac{1}{1 + e^{-z}}",
           r"s'(z) = \frac{e^{-z}}{(1 + e^{-z})^2} = s(z) \, (1 - s(z)) \le \tfrac{1}{4}")
def test_sigmoid():
    z = np.linspace(-30, 30, 1001)
    e = np.exp(-z)
    assert_allclose(1 / (1 + e), sigmoid(z), rtol=1e-14)
    ds_dz = [e / (1 + e)**2, sigmoid(z) * (1 - sigmoid(z))]
    assert_allclose(ds_dz, [slope(sigmoid, z)] * 2, atol=1e-15)
    assert np.max(ds_dz) == 1 / 4


@displayed(r"z_1 = X w_1 + b_1 \qquad h_1 = s(z_1)", r"z_2 = h_1 w_2 + b_2 \qquad h_2 = s(z_2)")
def test_forward():
    X, y, w1, b1, w2, b2, z1, h1, z2, h2 = network()
    for inputs, w, b, z, h in ((X, w1, b1, z1, h1), (h1, w2, b2, z2, h2)):
        assert_allclose(z, [[sum(row * w[:, j]) + b[j] for j in range(len(b))] for row in inputs])
        assert np.array_equal(h, sigmoid(z))


@displayed(r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial h} \cdot \frac{\partial h}{\partial z}"
           r" \cdot \frac{\partial z}{\partial w}")
def test_one_weight():
    x, w, y = 2.0, 0.5, 1.0
    h = sigmoid(w * x)
    factors = slope(lambda h: (h - y)**2 / 2, h), slope(sigmoid, w * x), slope(lambda w: w * x, w)
    assert_allclose(factors, (h - y, h * (1 - h), x))
    assert_allclose(np.prod(factors), slope(lambda w: (sigmoid(w * x) - y)**2 / 2, w))


@displayed(r"\frac{\partial L}{\partial w_{2,jk}} = \frac{\partial L}{\partial h_{2,k}} \cdot"
           r" \frac{\partial h_{2,k}}{\partial z_{2,k}} \cdot h_{1,j}",
           r"\frac{\partial L}{\partial w_{2,jk}} = \sum_n h_{1,nj} \, \frac{\partial L}{\partial z_{2,nk}}",
           r"\frac{\partial L}{\partial h_{1,nj}} = \sum_k \frac{\partial L}{\partial z_{2,nk}} \, w_{2,jk}")
def test_entries_one_by_one():
    X, y, w1, b1, w2, b2, z1, h1, z2, h2 = network()
    (N, K), (n, j, k) = y.shape, (1, 2, 0)
    dL_dz2 = (h2 - y) / N * h2 * (1 - h2)
    gradient = checks.complex_step(checks.loss_of(scratch_mlp, X, y), [w1, b1, w2, b2])[2]
    assert_allclose(sum(h1[n, j] * dL_dz2[n, k] for n in range(N)), gradient[j, k], rtol=1e-12)
    of_points = [(h2[n, k] - y[n, k]) / N * h2[n, k] * (1 - h2[n, k]) * h1[n, j] for n in range(N)]
    assert_allclose(sum(of_points), gradient[j, k], rtol=1e-12)
    dL_dh1 = checks.complex_step(lambda h1: loss(y, sigmoid(h1 @ w2 + b2), w1, w2), [h1])[0]
    assert_allclose(sum(dL_dz2[n, k] * w2[j, k] for k in range(K)), dL_dh1[n, j], rtol=1e-12)


@displayed(r"L = \frac{1}{2N} \sum_{n=1}^{N} \sum_{k=1}^{K} (y_{nk} - h_{nk})^2",
           r"\begin{aligned} L = {} & \frac{1}{2N} \sum_{n=1}^{N} \sum_{k=1}^{K} (y_{nk} - h_{2,nk})^2 \\"
           r" & + \frac{\lambda}{2N} \left( \sum w_1^2 + \sum w_2^2 \right) \end{aligned}",
           r"\begin{aligned} \frac{\partial L}{\partial w_2} &= h_1^\top \frac{\partial L}{\partial z_2} \\"
           r" \frac{\partial L}{\partial h_1} &= \frac{\partial L}{\partial z_2} w_2^\top \end{aligned}",
           r"L(w - \eta g) \approx L(w) - \eta \sum g^2")
def test_loss_and_gradient():
    X, y, w1, b1, w2, b2, z1, h1, z2, h2 = network()
    (N, K), reg_coeff, eta = y.shape, 3.0, 1e-6
    L = checks.loss_of(scratch_mlp, X, y, reg_coeff)
    error = sum((y[n, k] - h2[n, k])**2 for n in range(N) for k in range(K)) / (2 * N)
    assert_allclose(loss(y, h2, w1, w2), error)
    assert_allclose(L(w1, b1, w2, b2), error + reg_coeff / (2 * N) * (np.sum(w1**2) + np.sum(w2**2)))
    dL_dz2 = (h2 - y) / N * h2 * (1 - h2)
    dL_dz1 = dL_dz2 @ w2.T * h1 * (1 - h1)
    g = (X.T @ dL_dz1 + reg_coeff / N * w1, sum(dL_dz1), h1.T @ dL_dz2 + reg_coeff / N * w2, sum(dL_dz2))
    for mine, true in zip(g, checks.complex_step(L, (w1, b1, w2, b2)), strict=True):
        assert_allclose(mine, true, rtol=1e-12)
    after = L(*(w - eta * dL_dw for w, dL_dw in zip((w1, b1, w2, b2), g, strict=True)))
    assert_allclose(L(w1, b1, w2, b2) - after, eta * sum(np.sum(dL_dw**2) for dL_dw in g), rtol=1e-5)


@displayed(r"w \leftarrow w - \eta \frac{\partial L}{\partial w}")
def test_step():
    checks.check_step(scratch_mlp)


@displayed(r"\begin{aligned} & \frac{L(w + \varepsilon) - L(w)}{\varepsilon} \\"
           r" & = L'(w) + \frac{\varepsilon}{2} L''(w) + \dots \end{aligned}",
           r"\begin{aligned} & \frac{L(w + \varepsilon) - L(w - \varepsilon)}{2 \varepsilon} \\"
           r" & = L'(w) + \frac{\varepsilon^2}{6} L'''(w) + \dots \end{aligned}",
           r"\begin{aligned} & \frac{\operatorname{Im} L(w + i \varepsilon)}{\varepsilon} \\"
           r" & = L'(w) - \frac{\varepsilon^2}{6} L'''(w) + \dots \end{aligned}")
def test_differences():
    """Up to the next term of each series, of exp(2 w) at zero."""
    e, L0, L1, L2, L3 = 1e-2, 1, 2, 4, 8
    higher, lower, aside = np.exp(2 * e), np.exp(-2 * e), np.exp(2j * e)
    assert abs((higher - L0) / e - (L1 + e / 2 * L2)) < 2 * e**2
    assert abs((higher - lower) / (2 * e) - (L1 + e**2 / 6 * L3)) < e**4
    assert abs(aside.imag / e - (L1 - e**2 / 6 * L3)) < e**4


@displayed(r"\delta_l = (\delta_{l+1} W_{l+1}^\top) \odot s'(z_l)")
@pytest.mark.parametrize("gain", [0.577, 4, 32])
def test_deep_layers(gain):
    X, y = load_XOR_data()
    ws, bs = deep_mlp.initialize((2, 10, 10, 10, 10, 2), gain, 1)
    hs = deep_mlp.forward(X, ws, bs)
    zs = [h @ w + b for h, w, b in zip(hs[:-1], ws, bs, strict=True)]
    assert_allclose(np.hstack(hs[1:]), sigmoid(np.hstack(zs)), rtol=1e-12)
    deltas = deep_mlp.backward(y, hs, ws)[2]
    for delta, above, w, z in zip(deltas[:-1], deltas[1:], ws[1:], zs[:-1], strict=True):
        assert_allclose(delta, above @ w.T * slope(sigmoid, z), rtol=1e-6, atol=1e-15)
    lengths = [np.linalg.norm(delta) for delta in deltas[:-1]]
    assert_allclose(deep_mlp.delta_sizes(10, 4, gain, 1), np.divide(lengths, lengths[-1]))


def even_grid(side):
    """Points (side^2, 2) that are spread as normal ones are, and whether their class is one."""
    places = [NormalDist().inv_cdf((i + 0.5) / side) for i in range(side)]
    X = np.stack(np.meshgrid(places, places), axis=-1).reshape(-1, 2)
    return X, (X[:, 0] > 0) != (X[:, 1] > 0)


@displayed(r"\text{accuracy} = \frac{1}{2} + \frac{q - q^2}{2} \le \frac{5}{8}",
           r"\text{accuracy} = \frac{1}{2} + q - q^2 \le \frac{3}{4}")
def test_lines_and_strip():
    """Summed over an even grid; and lines in other directions, too, are right at 5/8 at most."""
    X, one = even_grid(400)
    u = X.sum(axis=1) / np.sqrt(2)
    for t in (0.1, 0.3, NormalDist().inv_cdf(0.75), 1, 2):
        q = 2 * NormalDist().cdf(t) - 1
        line, strip = 1 / 2 + (q - q**2) / 2, 1 / 2 + q - q**2
        assert_allclose([np.mean((u > -t) == one), np.mean((abs(u) < t) == one)], [line, strip], atol=3e-3)
        assert line <= 5 / 8 + 1e-15
        assert strip <= 3 / 4 + 1e-15
        for angle in np.linspace(0, 2 * np.pi, 24):
            assert np.mean((X @ (np.cos(angle), np.sin(angle)) > t) == one) < 5 / 8 + 1e-3


@displayed(r"\begin{aligned} f = {} & s(x_1 + x_2 - B) + s(-B) \\ & - s(x_1 - B) - s(x_2 - B) \end{aligned}",
           r"\begin{aligned} f = {} & \frac{\sinh a}{\cosh a + \cosh \frac{x_1 + x_2}{2}} \\"
           r" & - \frac{\sinh a}{\cosh a + \cosh \frac{x_1 - x_2}{2}} \end{aligned}",
           r"\text{accuracy} = \Phi(\sqrt{2} B)")
@pytest.mark.parametrize("B", [0.3, 1, 8])
def test_three_neurons(B):
    """Of points that the sigmoid does not round away, all are as said; the share of the half-plane is normal."""
    X, one = even_grid(200)
    f = sigmoid(X.sum(axis=1) - B) + sigmoid(-B) - sigmoid(X - B).sum(axis=1)
    a, plus, minus = X.sum(axis=1) / 2 - B, np.cosh(X.sum(axis=1) / 2), np.cosh((X[:, 0] - X[:, 1]) / 2)
    assert_allclose(f, np.sinh(a) * (1 / (np.cosh(a) + plus) - 1 / (np.cosh(a) + minus)), atol=1e-15)
    w1, b1, w2, b2 = learn.three_neurons(B)
    assert_allclose(forward(X, w1, b1, w2, b2)[2] @ (0.5, -0.5), f, atol=1e-15)
    assert np.array_equal(f < 0, one == (X.sum(axis=1) < 2 * B))
    assert_allclose(np.mean((f < 0) == one), NormalDist().cdf(np.sqrt(2) * B), atol=3e-3)


def reflect(X, y):
    """Each point with its images (-x1, x2), (x1, -x2), (-x1, -x2), whose class is the other, the other, the same."""
    images = [X * signs for signs in ((1, 1), (-1, 1), (1, -1), (-1, -1))]
    return np.concatenate(images), np.concatenate([y, y[:, ::-1], y[:, ::-1], y])


@displayed(r"s(z) = \tfrac{1}{2} + \tfrac{1}{2} \tanh \tfrac{z}{2}", r"z_{2,1}(x) - z_{2,0}(x) = c + o(x),",
           r"o(-x) = -o(x)", r"\text{accuracy} \le \frac{1 + \max(p, 1 - p)}{2}")
def test_networks_without_hidden_biases():
    """On reflected points, and with some of the pairs of either class: other shares. Some nearly reach the bound."""
    X, y = reflect(*load_XOR_data(20))
    random, one, pair = np.random.RandomState(1), y[:, 1] == 1, np.arange(len(X)) % 20 < 5
    assert_allclose(sigmoid(X), 1 / 2 + np.tanh(X / 2) / 2)
    shares = []
    for scale in random.exponential(10, 300):
        w1, b1, w2, b2 = (scale * random.randn(*shape) for shape in ((2, 5), (5,), (5, 2), (2,)))
        there, back = (forward(points, w1, 0 * b1, w2, b2)[2] @ (-1, 1) for points in (X, -X))
        assert_allclose((there + back) / 2, (sum(w2) / 2 + b2) @ (-1, 1), atol=1e-9)
        for some in (one | True, one | pair, ~one | pair):
            p = np.mean(one[some])
            shares.append(accuracy(X[some], y[some], w1, 0 * b1, w2, b2) / (1 + max(p, 1 - p)) * 2)
    assert 0.9 < max(shares) <= 1


@displayed(r"\begin{aligned} & s(z + b) + s(b - z) \\ & = 1 + \frac{\sinh b}{\cosh b + \cosh z} \end{aligned}")
def test_networks_made_by_hand():
    """OR without biases, which is right at nearly three quarters, and XOR with four."""
    X, y = reflect(*load_XOR_data(1000))
    assert 0.74 < accuracy(X, y, *learn.or_network(50)) <= 0.75
    z = np.linspace(0, 15, 1001)
    for b in (0.01, 1.0, 5.0):
        bump = sigmoid(z + b) + sigmoid(b - z)
        assert_allclose(bump, 1 + np.sinh(b) / (np.cosh(b) + np.cosh(z)))
        assert (np.diff(bump) < 0).all()
        assert accuracy(X, y, *learn.xor_network(b)) == 1


W, ETA, LAMBDA = np.random.RandomState(0).randn(20), 0.003, 0.01


@displayed(r"\frac{\partial}{\partial w_j} \, \frac{\lambda}{2} \sum_i w_i^2 = \lambda w_j,",
           r"\text{not} \quad F = \lambda \sum_i w_i^2",
           r"w_j \leftarrow w_j - \eta \lambda \, (n m^2 + V)")
def test_the_bug():
    assert_allclose(exploded.article_term(W, LAMBDA), LAMBDA * sum(w * w for w in W))
    assert_allclose(exploded.right_term(W, LAMBDA), LAMBDA * W)
    for f, by_each in ((lambda w: LAMBDA / 2 * np.sum(w**2), LAMBDA * W),
                       (lambda w: exploded.article_term(w, LAMBDA), 2 * LAMBDA * W)):
        assert_allclose([f(W + 1e-30j * unit).imag / 1e-30 for unit in np.eye(W.size)], by_each)
    bug, free = (next(exploded.descend(rate=ETA, reg_coeff=reg_coeff))[0] for reg_coeff in (LAMBDA, 0.0))
    w = initialize_weights(2, 50, 2, 2017)[0]
    assert_allclose(bug - free, np.full(w.shape, -ETA * LAMBDA * (w.size * w.mean()**2 + w.size * w.var())), rtol=1e-9)


@displayed(r"\frac{dm}{dt} = -\eta \lambda \, (V + n m^2)",
           r"m(t) = -\sqrt{\frac{V}{n}} \tan\!\left(\theta_0 + \eta \lambda \sqrt{n V} \, t\right),",
           r"\theta_0 = -\arctan\!\left(m_0 \sqrt{\frac{n}{V}}\right)",
           r"t^* = \frac{\pi/2 - \theta_0}{\eta \lambda \sqrt{n V}}")
def test_the_law():
    """It solves the equation, starts where the weights do, and is infinite at the end."""
    n, m0, V = W.size, W.mean(), W.size * W.var()
    theta, speed = -np.arctan(m0 * np.sqrt(n / V)), ETA * LAMBDA * np.sqrt(n * V)
    m, end = lambda t: -np.sqrt(V / n) * np.tan(theta + speed * t), (np.pi / 2 - theta) / speed
    t = np.linspace(0, 0.99, 20) * end
    assert_allclose(slope(m, t), -ETA * LAMBDA * (V + n * m(t)**2), rtol=1e-9)
    assert_allclose([m(0), 1 / m(end)], [m0, 0], atol=1e-12)
    assert_allclose(exploded.law_of_the_mean(t, W, ETA, LAMBDA), m(t), rtol=1e-9)
    w1, limit = initialize_weights(2, 50, 2, 2017)[0], exploded.predicted_time(2017, 50, ETA, LAMBDA)
    assert_allclose(1 / exploded.law_of_the_mean(limit, w1, ETA, LAMBDA), 0, atol=1e-9)


@displayed(r"\left| (h_2 - y) \, h_2 (1 - h_2) \right| \le \frac{4}{27}",
           r"\left| \frac{\partial L}{\partial w_{2,jk}} \right| < \frac{4}{27}",
           r"w \leftarrow \left(1 - \frac{\eta \lambda}{N}\right) w - \eta \, g")
def test_bounds():
    h = np.linspace(0, 1, 100_001)
    assert_allclose([np.abs((h - y) * h * (1 - h)).max() for y in (0, 1)], 4 / 27, atol=1e-9)
    for seed in range(200):
        X, y, w1, b1, w2, b2, z1, h1, z2, h2 = network(seed, scale=1 + seed / 20)
        g2 = backward(X, y, h1, h2, w1, w2)[2]
        assert np.abs(g2).max() < 4 / 27
    assert_allclose(w2 - 0.5 * backward(X, y, h1, h2, w1, w2, 3.0)[2], (1 - 0.5 * 3.0 / len(X)) * w2 - 0.5 * g2)


def test_each_displayed_formula_has_its_test():
    found = re.findall(r"^```math\n(.*?)^```$", "\n".join(PAGES.values()), re.MULTILINE | re.DOTALL)
    assert {" ".join(formula.split()) for formula in found} == FORMULAS.keys(), "left: on a page; right: with a test"


@pytest.mark.parametrize("page", PAGES)
def test_formulas_in_sentences_survive_markdown(page):
    r"""GitHub takes them for Markdown first: $$, \, and *, a bare | or <, a _ after a bracket, and ($ are lost."""
    text = re.sub(r"^```.*?^```$|`[^`\n]*`", "x", PAGES[page], flags=re.MULTILINE | re.DOTALL)
    assert "$$" not in text, "write a display formula as a block ```math"
    before, *parts = text.split("$")
    assert len(parts) % 2 == 0, "a single $: begin or end of a formula is missing"
    for formula, after in zip(parts[::2], parts[1::2], strict=True):
        assert before[-1:] in ("", " ", "\n"), formula
        assert re.fullmatch(r"\S([^\n]*\S)?", formula), formula
        assert not re.search(r"\\[^A-Za-z]|\*|(?<! )[<|]|[<|](?! )|[^\w\s]_", formula), f"{formula}: see the docstring"
        assert re.match(r"[\s.,:;?)]|\Z", after), formula
        before = after
