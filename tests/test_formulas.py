r"""Each displayed formula of the pages, as it stands there, and below it the test that executes it, in their order.

Formulas in sentences are not listed. That hosts of code can show them is tested at the end.
"""
import re
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from numpy.testing import assert_allclose

import scratch_mlp
from docs.experiments import deep_mlp
from docs.experiments import exploding_and_vanishing as deep
from docs.experiments import what_it_can_learn as learn
from docs.experiments import why_75_percent as why
from docs.experiments import why_it_exploded as exploded
from docs.lab import checks
from scratch_mlp import backward, forward, initialize_weights, load_XOR_data, loss, sigmoid

PROJECT = Path(__file__).resolve().parent.parent
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


@displayed(r"L = \frac{1}{2N} \sum_{n=1}^{N} \sum_{k=1}^{K} (y_{nk} - h_{nk})^2",
           r"\frac{\partial L}{\partial w_{2,jk}} = \frac{\partial L}{\partial h_{2,k}} \cdot"
           r" \frac{\partial h_{2,k}}{\partial z_{2,k}} \cdot h_{1,j}",
           r"\frac{\partial L}{\partial w_{2,jk}} = \sum_n h_{1,nj} \, \frac{\partial L}{\partial z_{2,nk}}",
           r"\frac{\partial L}{\partial h_{1,nj}} = \sum_k \frac{\partial L}{\partial z_{2,nk}} \, w_{2,jk}")
def test_entries_one_by_one():
    X, y, w1, b1, w2, b2, z1, h1, z2, h2 = network()
    (N, K), (n, j, k) = y.shape, (1, 2, 0)
    assert_allclose(loss(y, h2, w1, w2), sum((y[n, k] - h2[n, k])**2 for n in range(N) for k in range(K)) / (2 * N))
    dL_dz2 = (h2 - y) / N * h2 * (1 - h2)
    by_points = [[sum(h1[n, j] * dL_dz2[n, k] for n in range(N)) for k in range(K)] for j in range(len(w2))]
    assert_allclose(by_points, checks.complex_step(scratch_mlp, X, y, [w1, b1, w2, b2], 0.0, "l2")[2], rtol=1e-12)
    alone = backward(X[n:n + 1], y[n:n + 1], h1[n:n + 1], h2[n:n + 1], w1, w2)
    assert_allclose((h2[n, k] - y[n, k]) * h2[n, k] * (1 - h2[n, k]) * h1[n, j], alone[2][j, k])
    moved = h1.astype(complex)
    moved[n, j] += 1e-30j
    measured = loss(y, sigmoid(moved @ w2 + b2), w1, w2).imag / 1e-30
    assert_allclose(sum(dL_dz2[n, k] * w2[j, k] for k in range(K)), measured, rtol=1e-12)


@displayed(r"\begin{aligned} L = {} & \frac{1}{2N} \sum_{n=1}^{N} \sum_{k=1}^{K} (y_{nk} - h_{2,nk})^2 \\"
           r" & + \frac{\lambda}{2N} \left( \sum w_1^2 + \sum w_2^2 \right) \end{aligned}",
           r"\begin{aligned} \frac{\partial L}{\partial w_2} &= h_1^\top \frac{\partial L}{\partial z_2} \\"
           r" \frac{\partial L}{\partial h_1} &= \frac{\partial L}{\partial z_2} w_2^\top \end{aligned}",
           r"L(w - \eta g) \approx L(w) - \eta \sum g^2")
@pytest.mark.parametrize("reg_coeff", [0.0, 3.0])
def test_loss_and_gradient(reg_coeff):
    X, y, w1, b1, w2, b2, z1, h1, z2, h2 = network()
    N, K, eta = *y.shape, 1e-6
    L = sum((y[n, k] - h2[n, k])**2 for n in range(N) for k in range(K)) / (2 * N)
    L += reg_coeff / (2 * N) * (np.sum(w1**2) + np.sum(w2**2))
    assert_allclose(loss(y, h2, w1, w2, reg_coeff), L)
    dL_dz2 = (h2 - y) / N * h2 * (1 - h2)
    dL_dz1 = dL_dz2 @ w2.T * h1 * (1 - h1)
    g = (X.T @ dL_dz1 + reg_coeff / N * w1, sum(dL_dz1), h1.T @ dL_dz2 + reg_coeff / N * w2, sum(dL_dz2))
    for mine, true in zip(g, checks.complex_step(scratch_mlp, X, y, [w1, b1, w2, b2], reg_coeff, "l2"), strict=True):
        assert_allclose(mine, true, rtol=1e-12)
    moved = [w - eta * dL_dw for w, dL_dw in zip((w1, b1, w2, b2), g, strict=True)]
    after = loss(y, forward(X, *moved)[-1], moved[0], moved[2], reg_coeff)
    assert_allclose(L - after, eta * sum(np.sum(dL_dw**2) for dL_dw in g), rtol=1e-5)


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


@displayed(r"h_l = s(z_l) \qquad z_l = h_{l-1} W_l + b_l", r"\delta_l = (\delta_{l+1} W_{l+1}^\top) \odot s'(z_l)",
           r"\lVert \delta_l \rVert \le \tfrac{1}{4} \, \lVert W_{l+1} \rVert_2 \, \lVert \delta_{l+1} \rVert")
@pytest.mark.parametrize("gain", [0.577, 4, 32])
def test_deep_layers(gain):
    X, y = load_XOR_data(20)
    ws, bs = deep_mlp.initialize((2, 10, 10, 10, 10, 2), gain, 1)
    hs = deep_mlp.forward(X, ws, bs)
    zs = [h @ w + b for h, w, b in zip(hs[:-1], ws, bs, strict=True)]
    assert_allclose(np.hstack(hs[1:]), sigmoid(np.hstack(zs)), rtol=1e-12)
    deltas = deep_mlp.backward(y, hs, ws)[2]
    for delta, above, w, z in zip(deltas[:-1], deltas[1:], ws[1:], zs[:-1], strict=True):
        assert_allclose(delta, above @ w.T * slope(sigmoid, z), rtol=1e-6, atol=1e-15)
        bound = 1 / 4 * np.linalg.norm(w, 2) * np.linalg.norm(above, axis=1)
        assert (np.linalg.norm(delta, axis=1) <= bound).all()


@displayed(r"q = g^2 \, E\!\left[s(\sqrt{q} Z)^2\right]", r"\chi = g^2 \, E\!\left[s'(\sqrt{q} Z)^2\right]",
           r"\lVert \delta_1 \rVert \approx \chi^{(d - 1)/2} \, \lVert \delta_d \rVert")
@pytest.mark.parametrize("g", [0.577, 1, 4])
def test_mean_field(g):
    """By another quadrature than that of the script; and networks of six layers agree."""
    Z, shares = np.polynomial.hermite_e.hermegauss(80)
    q, root_of_chi = deep.mean_field(g)
    assert_allclose(q, g**2 * shares @ sigmoid(np.sqrt(q) * Z)**2 / sum(shares), rtol=1e-4)
    assert_allclose(root_of_chi**2, g**2 * shares @ slope(sigmoid, np.sqrt(q) * Z)**2 / sum(shares), rtol=1e-4)
    ratios = [sizes[0] / sizes[-1] for sizes in (deep.delta_sizes(200, 6, g, seed) for seed in range(7))]
    assert_allclose(np.median(ratios), root_of_chi**(6 - 1), rtol=0.25)


@displayed(r"\text{accuracy} = \frac{1}{2} + \frac{q - q^2}{2} \le \frac{5}{8}",
           r"\text{accuracy} = \frac{1}{2} + q - q^2 \le \frac{3}{4}",
           r"\begin{aligned} & G(t, r) = \\"
           r" & \int_0^t \varphi(x) \, (3 - 2 \Phi(x r) - 2 \Phi(x / r)) \, dx \end{aligned}",
           r"\begin{aligned} & \frac{\partial G}{\partial r} \, \pi (1 + r^2) \\"
           r" & = e^{-t^2 (1 + r^2) / 2} - e^{-t^2 (1 + 1 / r^2) / 2} < 0 \end{aligned}")
def test_lines_and_strip():
    """Summed over an even grid, which is normal as x1 and x2 are."""
    X, one = learn.even_grid(400)
    normal, middles = NormalDist(), (np.arange(2000) + 0.5) / 2000

    def gain(t, r):
        return t * np.mean([normal.pdf(s) * (3 - 2 * normal.cdf(s * r) - 2 * normal.cdf(s / r)) for s in t * middles])
    for t in (0.1, 0.3, NormalDist().inv_cdf(0.75), 1, 2):
        q = 2 * normal.cdf(t) - 1
        line, strip = 1 / 2 + (q - q**2) / 2, 1 / 2 + q - q**2
        u = X.sum(axis=1) / np.sqrt(2)
        assert_allclose([np.mean((u > -t) == one), np.mean((abs(u) < t) == one)], [line, strip], atol=3e-3)
        assert_allclose(1 / 2 + gain(t, 1), line, atol=1e-6)
        assert line <= 5 / 8 + 1e-15
        assert strip <= 3 / 4 + 1e-15
        for r in (1.3, 4):
            assert_allclose(1 / 2 + gain(t, r), np.mean((X @ (r, 1) / np.hypot(r, 1) > -t) == one), atol=3e-3)
            fall = np.exp(-t**2 * (1 + r**2) / 2) - np.exp(-t**2 * (1 + 1 / r**2) / 2)
            assert_allclose((gain(t, r + 1e-3) - gain(t, r - 1e-3)) / 2e-3 * np.pi * (1 + r**2), fall, atol=1e-4)
            assert fall < 0


@displayed(r"\begin{aligned} f = {} & s(x_1 + x_2 - B) + s(-B) \\ & - s(x_1 - B) - s(x_2 - B) \end{aligned}",
           r"\begin{aligned} f = {} & \frac{\sinh a}{\cosh a + \cosh \frac{x_1 + x_2}{2}} \\"
           r" & - \frac{\sinh a}{\cosh a + \cosh \frac{x_1 - x_2}{2}} \end{aligned}",
           r"\text{accuracy} = \Phi(\sqrt{2} B)")
@pytest.mark.parametrize("B", [0.3, 1, 8])
def test_three_neurons(B):
    """Of points that the sigmoid does not round away, all are as said; the share of the half-plane is normal."""
    X, one = learn.even_grid(200)
    f = sigmoid(X.sum(axis=1) - B) + sigmoid(-B) - sigmoid(X - B).sum(axis=1)
    a, plus, minus = X.sum(axis=1) / 2 - B, np.cosh(X.sum(axis=1) / 2), np.cosh((X[:, 0] - X[:, 1]) / 2)
    assert_allclose(f, np.sinh(a) * (1 / (np.cosh(a) + plus) - 1 / (np.cosh(a) + minus)), atol=1e-15)
    w1, b1, w2, b2 = learn.three_neurons(B)
    assert_allclose(forward(X, w1, b1, w2, b2)[2] @ (0.5, -0.5), f, atol=1e-15)
    assert np.array_equal(f < 0, one == (X.sum(axis=1) < 2 * B))
    assert_allclose(np.mean((f < 0) == one), NormalDist().cdf(np.sqrt(2) * B), atol=3e-3)


@displayed(r"s(z) = \tfrac{1}{2} + \tfrac{1}{2} \tanh \tfrac{z}{2}", r"z_{2,1}(x) - z_{2,0}(x) = c + o(x),",
           r"o(-x) = -o(x)", r"\text{accuracy} \le \frac{1 + \max(p, 1 - p)}{2}", r"L \ge \frac{\min(p, 1 - p)}{2}")
def test_networks_without_hidden_biases():
    """On reflected points, and with some of the pairs of either class: other shares. Some reach the bounds, nearly."""
    X, y = why.reflect(*load_XOR_data(20))
    random, one, pair = np.random.RandomState(1), y[:, 1] == 1, np.arange(len(X)) % 20 < 5
    assert_allclose(sigmoid(X), 1 / 2 + np.tanh(X / 2) / 2)
    best, least = 0, 1
    for scale in [*random.exponential(10, 300), 0]:
        w1, b1, w2, b2 = (scale * random.randn(*shape) for shape in ((2, 5), (5,), (5, 2), (2,)))
        there, back = (forward(points, w1, 0 * b1, w2, b2)[2] @ (-1, 1) for points in (X, -X))
        assert_allclose((there + back) / 2, (sum(w2) / 2 + b2) @ (-1, 1), atol=1e-9)
        for some in (one | True, one | pair, ~one | pair):
            p, weights = np.mean(one[some]), (w1, 0 * b1, w2, b2)
            accuracy = why.accuracy(X[some], y[some], *weights)
            L = loss(y[some], forward(X[some], *weights)[-1], w1, w2)
            assert accuracy <= (1 + max(p, 1 - p)) / 2
            assert min(p, 1 - p) / 2 <= L
            best, least = max(best, accuracy / (1 + max(p, 1 - p)) * 2), min(least, L / min(p, 1 - p) * 2)
    assert best > 0.9
    assert least == 1


@displayed(r"\begin{aligned} & \frac{1}{(1+u)^2} + \frac{1}{(1+v)^2} - \frac{1}{1+uv} \\"
           r" & = \frac{uv \, (u-v)^2 + (uv-1)^2}{(1+u)^2 (1+v)^2 (1+uv)} \ge 0 \end{aligned}",
           r"a^2 + d^2 \ge s(2m)", r"(1-a)^2 + (1-d)^2 \ge 1 - s(2m)")
def test_squared_errors_of_a_pair():
    z, k = 3 * np.random.RandomState(0).randn(2, 10_000)
    u, v, a, d = np.exp(-z), np.exp(z - 2 * k), sigmoid(z), sigmoid(2 * k - z)
    whole = (u * v * (u - v)**2 + (u * v - 1)**2) / ((1 + u)**2 * (1 + v)**2 * (1 + u * v))
    assert_allclose(1 / (1 + u)**2 + 1 / (1 + v)**2 - 1 / (1 + u * v), whole, atol=1e-14)
    assert (a**2 + d**2 >= sigmoid(2 * k) - 1e-15).all()
    assert ((1 - a)**2 + (1 - d)**2 >= 1 - sigmoid(2 * k) - 1e-15).all()


@displayed(r"s(2k x_1) + s(2k x_2) - s(0) > 0",
           r"\begin{aligned} & s(z + b) + s(b - z) \\ & = 1 + \frac{\sinh b}{\cosh b + \cosh z} \end{aligned}")
def test_networks_made_by_hand():
    X, y = why.reflect(*load_XOR_data(1000))
    or_of_signs, k = (X > 0).any(axis=1), 50
    left = sigmoid(2 * k * X[:, 0]) + sigmoid(2 * k * X[:, 1]) - sigmoid(0)
    assert_allclose(forward(X, *why.or_network(k))[2][:, 1], left)
    assert np.mean((left > 0) == or_of_signs) > 0.98
    z = np.linspace(0, 15, 1001)
    for b in (0.01, 1.0, 5.0):
        bump = sigmoid(z + b) + sigmoid(b - z)
        assert_allclose(bump, 1 + np.sinh(b) / (np.cosh(b) + np.cosh(z)))
        assert (np.diff(bump) < 0).all()
        assert why.accuracy(X, y, *why.xor_network(b)) == 1


W, ETA, LAMBDA = np.random.RandomState(0).randn(20), 0.003, 0.01


@displayed(r"\frac{\partial}{\partial w_j} \, \frac{\lambda}{2} \sum_i w_i^2 = \lambda w_j,",
           r"\text{not} \quad F_j = \lambda \sum_i w_i^2",
           r"w_j \leftarrow w_j - \eta \lambda \, (n m^2 + V)")
def test_the_bug():
    assert_allclose(exploded.article_term(W, LAMBDA), LAMBDA * sum(w * w for w in W))
    assert_allclose(exploded.right_term(W, LAMBDA), LAMBDA * W)
    for f, by_each in ((lambda w: LAMBDA / 2 * np.sum(w**2), LAMBDA * W),
                       (lambda w: exploded.article_term(w, LAMBDA), 2 * LAMBDA * W)):
        assert_allclose([f(W + 1e-30j * unit).imag / 1e-30 for unit in np.eye(W.size)], by_each)
    bug, free = (next(exploded.descend(2017, 50, ETA, reg_coeff))[0] for reg_coeff in (LAMBDA, 0.0))
    w = initialize_weights(2, 50, 2, 2017)[0]
    assert_allclose(bug - free, np.full(w.shape, -ETA * LAMBDA * (w.size * w.mean()**2 + w.size * w.var())), rtol=1e-9)


@displayed(r"\frac{dm}{dt} = -\eta \lambda \, (V + n m^2)",
           r"m(t) = -\sqrt{\frac{V}{n}} \tan\!\left(\theta_0 + \eta \lambda \sqrt{n V} \, t\right),",
           r"\theta_0 = -\arctan\!\left(m_0 \sqrt{\frac{n}{V}}\right)",
           r"t^* = \frac{\pi/2 - \theta_0}{\eta \lambda \sqrt{n V}}",
           r"t^* \approx \frac{\pi \sqrt{6}}{4 H \eta \lambda} \approx \frac{1.92}{H \eta \lambda}",
           r"\begin{aligned} \frac{du}{dt} = {} & {-\eta \lambda} \, \left(V(t) + n (m(t) + u)^2\right) \\"
           r" & - r(t) \, u \end{aligned}")
def test_the_law():
    """It solves the equation, starts where the weights do, and is infinite at the end; with data it foretells a run."""
    n, m0, V = W.size, W.mean(), W.size * W.var()
    theta, speed = -np.arctan(m0 * np.sqrt(n / V)), ETA * LAMBDA * np.sqrt(n * V)
    m, end = lambda t: -np.sqrt(V / n) * np.tan(theta + speed * t), (np.pi / 2 - theta) / speed
    t = np.linspace(0, 0.99, 20) * end
    assert_allclose(slope(m, t), -ETA * LAMBDA * (V + n * m(t)**2), rtol=1e-9)
    assert_allclose([m(0), 1 / m(end)], [m0, 0], atol=1e-12)
    assert_allclose(exploded.law_of_the_mean(t, W, ETA, LAMBDA), m(t), rtol=1e-9)
    assert_allclose(exploded.predicted_time(W, ETA, LAMBDA), end)
    assert_allclose(np.pi * np.sqrt(6) / 4, 1.92, atol=0.005)
    wide = initialize_weights(2, 4000, 2, 2017)[0]
    assert_allclose(exploded.predicted_time(wide, ETA, LAMBDA), 1.92 / (4000 * ETA * LAMBDA), rtol=0.05)
    measured = exploded.explode({"reg_coeff": 0.003}, 2017, 10_000)
    pulls = exploded.pull_of_the_data(2017, 10_000)
    assert_allclose(exploded.predicted_with_data(pulls, 100, 0.003, 0.003), measured, rtol=0.05)


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
