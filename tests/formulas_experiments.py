r"""Each formula of what-it-can-learn.md, why-75-percent.md and why-it-exploded.md, and the check that executes it."""
import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parent.with_name("docs")))
import what_it_can_learn as what  # noqa: E402
import why_75_percent as why  # noqa: E402
import why_it_exploded as exploded  # noqa: E402
from checks import random_network  # noqa: E402

import scratch_mlp  # noqa: E402
from scratch_mlp import backward, forward, initialize_weights, load_XOR_data, sigmoid  # noqa: E402

W = np.random.RandomState(0).randn(20)
ETA, LAMBDA = 0.003, 0.01


def networks_without_hidden_biases(many=300):
    """Weights of all sizes, with an output bias, and reflected points."""
    X, y = why.reflect(*load_XOR_data(20))
    random = np.random.RandomState(1)
    for _ in range(many):
        scale = random.exponential(10)
        w1, w2, b2 = (scale * random.randn(*shape) for shape in ((2, 5), (5, 2), (2,)))
        yield X, y, (w1, np.zeros(5), w2, b2)


# ---------------------------------------------------------------- what-it-can-learn.md

def line_and_strip():
    """Summed over an even grid of the plane, in the turned coordinates: u and v are normal as x1 and x2 are."""
    (u, v), root = what.even_plane(400)[0].T, np.sqrt(2)
    x1, x2 = (u + v) / root, (u - v) / root
    np.testing.assert_allclose([(x1 + x2) / root, (x1 - x2) / root], [u, v], atol=1e-12)
    np.testing.assert_allclose(x1 * x2, (u**2 - v**2) / 2, atol=1e-12)
    one = np.abs(u) < np.abs(v)
    decided = np.abs(u) != np.abs(v)
    assert np.array_equal(one[decided], (x1 * x2 < 0)[decided])
    lines, strips = [], []
    for t in np.linspace(0.01, 2.5, 30):
        within, line = np.abs(u) < t, (x1 + x2 > -root * t) == one
        q = within.mean()
        np.testing.assert_allclose(np.mean(within & (np.abs(v) < t)), q**2, atol=3e-3)
        np.testing.assert_allclose([np.mean(line & within), np.mean(line & ~within)], [q - q**2 / 2, (1 - q) / 2],
                                   atol=3e-3)
        lines.append(1 / 2 + (q - q**2) / 2)
        strips.append(1 / 2 + q - q**2)
        np.testing.assert_allclose([line.mean(), np.mean(within == one)], [lines[-1], strips[-1]], atol=3e-3)
        assert lines[-1] <= 5 / 8
        assert strips[-1] <= 3 / 4
    q = 1 / 2
    assert (1 / 2 + (q - q**2) / 2, 1 / 2 + q - q**2) == (5 / 8, 3 / 4)


def noise_of_a_minibatch():
    N, sigma = 300, what.noise(scratch_mlp.minibatches(*load_XOR_data(), 1))
    for B in (1, 3, 10, 100):
        expected = sigma * np.sqrt((N - B) / (B * (N - 1)))
        np.testing.assert_allclose(what.expected_noise(B), expected)
        np.testing.assert_allclose(what.measured_noise(B), expected, rtol=0.1)


# ---------------------------------------------------------------- why-75-percent.md

def sigmoid_is_half_and_odd():
    z = np.linspace(-30, 30, 1001)
    np.testing.assert_allclose(sigmoid(z), 1 / 2 + 1 / 2 * np.tanh(z / 2), atol=1e-15)


def constant_plus_odd():
    for X, _, (w1, b1, w2, b2) in networks_without_hidden_biases(20):
        c = (w2.sum(axis=0) / 2 + b2) @ (-1, 1)
        there, back = (forward(points, w1, b1, w2, b2)[2] @ (-1, 1) for points in (X, -X))
        np.testing.assert_allclose(there - c, -(back - c), atol=1e-9)
        np.testing.assert_allclose(there + back, 2 * c, atol=1e-9)


def odd_and_even_part():
    z = np.linspace(-3, 3, 101)
    there, back = np.exp(z), np.exp(-z)
    odd, even = (there - back) / 2, (there + back) / 2
    np.testing.assert_allclose(odd + even, there)
    np.testing.assert_allclose([odd[::-1], even[::-1]], [-odd, even], atol=1e-12)


def accuracy_bound():
    """On all reflected points, and on those of them of one class and some of the other: other shares."""
    seen = 0
    for X, y, weights in networks_without_hidden_biases():
        assert why.accuracy(X, y, *weights) <= 3 / 4
        seen = max(seen, why.accuracy(X, y, *weights))
        one = y[:, 1] == 1
        pair = (np.arange(len(X)) % 20) < 5                    # the same points, and their images, of the one class
        for some in (one | pair, ~one | pair):
            share = y[some, 1].mean()
            assert why.accuracy(X[some], y[some], *weights) <= (1 + max(share, 1 - share)) / 2
    assert seen > 0.7


def squares_of_two_sigmoids():
    random = np.random.RandomState(0)
    u, v = random.exponential(size=(2, 10_000)) ** 3
    difference = 1 / (1 + u)**2 + 1 / (1 + v)**2 - 1 / (1 + u * v)
    np.testing.assert_allclose(
        difference, (u * v * (u - v)**2 + (u * v - 1)**2) / ((1 + u)**2 * (1 + v)**2 * (1 + u * v)), atol=1e-14)
    assert difference.min() >= -1e-15
    assert 1 / (1 + 1)**2 + 1 / (1 + 1)**2 - 1 / (1 + 1) == 0


def squared_errors_of_a_pair():
    random = np.random.RandomState(0)
    z, k = 5 * random.randn(2, 10_000)
    a, b = sigmoid(z), sigmoid(2 * k - z)
    np.testing.assert_allclose(np.exp(-z) * np.exp(-(2 * k - z)), np.exp(-2 * k))
    np.testing.assert_allclose(a, 1 / (1 + np.exp(-z)))
    assert (a**2 + b**2 >= sigmoid(2 * k) - 1e-15).all()
    assert ((1 - a)**2 + (1 - b)**2 >= sigmoid(-2 * k) - 1e-15).all()
    np.testing.assert_allclose(sigmoid(2 * k), 1 / (1 + np.exp(-2 * k)))
    np.testing.assert_allclose(sigmoid(2 * k) + sigmoid(-2 * k), 1)


def loss_bound():
    """Also for each output by itself; and zero weights reach it."""
    for X, y, weights in networks_without_hidden_biases():
        assert why.loss_of(X, y, weights) >= 1 / 2 * (1 / 4 + 1 / 4) == 1 / 4
        assert (np.mean((y - forward(X, *weights)[-1])**2, axis=0) >= 1 / 4).all()
    w1, b1, w2, b2 = weights
    assert why.loss_of(X, y, (0 * w1, b1, 0 * w2, 0 * b2)) == 1 / 4


def three_neurons_are_or():
    X, y = why.reflect(*load_XOR_data(1000))
    far = np.abs(X).min(axis=1) > 0.2
    for k in (20, 50):
        left = sigmoid(2 * k * X[:, 0]) + sigmoid(2 * k * X[:, 1]) - sigmoid(0)
        np.testing.assert_allclose(forward(X, *why.or_network(k))[2][:, 1], left)
        ideal = (X > 0).sum(axis=1) - 1 / 2
        np.testing.assert_allclose(left[far], ideal[far], atol=1e-3)
        assert np.array_equal(left[far] > 0, (X > 0).any(axis=1)[far])
    w1, b1, w2, b2 = why.or_network(1000.0)
    sure = w1, b1, 1000 * np.stack([-w2[:, 1], w2[:, 1]], axis=1), b2
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(why.loss_of(X, y, sure), 1 / 4, atol=1e-3)


def bump():
    u = np.linspace(-20, 20, 2001)
    for b in (0.01, 1.0, 5.0):
        values = sigmoid(u + b) + sigmoid(b - u)
        np.testing.assert_allclose(values, 1 + np.sinh(b) / (np.cosh(b) + np.cosh(u)))
        assert (np.diff(values[1000:1500]) < 0).all()
        np.testing.assert_allclose(values, values[::-1])
    assert np.array_equal(sigmoid(u + 0) + sigmoid(0 - u) > 1 + 1e-12, u > 99)


def four_neurons_are_xor():
    drawn, label = load_XOR_data(1000)
    X, y = why.reflect(drawn, label)
    assert sorted(map(tuple, X[::1000] / drawn[0])) == [(-1, -1), (-1, 1), (1, -1), (1, 1)]
    assert np.array_equal(y[:, 1] == 1, (X[:, 0] > 0) != (X[:, 1] > 0))
    assert np.array_equal(np.abs(X[:, 0] + X[:, 1]) < np.abs(X[:, 0] - X[:, 1]), X[:, 0] * X[:, 1] < 0)
    assert np.array_equal(X[:, 0] * X[:, 1] < 0, y[:, 1] == 1)
    assert ((np.abs(X[:, 0] - X[:, 1]) - np.abs(X[:, 0] + X[:, 1]) > 0) == (y[:, 1] == 1)).all()
    for b in (0.01, 1.0, 3.0):
        assert why.accuracy(X, y, *why.xor_network(b)) == 1
    np.testing.assert_allclose(forward(X, *why.xor_network(0.0))[2], 0, atol=1e-15)


def relu_is_half_odd_and_half_even():
    z = np.linspace(-5, 5, 101)
    np.testing.assert_allclose(np.maximum(z, 0), z / 2 + np.abs(z) / 2)


def zeros_and_ones_without_biases():
    """Two neurons know all four, as on the page; of the same bits as -1 and 1, nobody knows more than three."""
    random = np.random.RandomState(0)
    table = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])
    label = table[:, 0] ^ table[:, 1]
    assert np.array_equal(sigmoid(table @ [[6, 2.2], [4.8, 0.9]]) @ [9.1, -9.75] > 0, label)
    best = 0
    for _ in range(300):
        w1, w2, b2 = (random.exponential(5) * random.randn(*shape) for shape in ((2, 5), (5,), ()))
        best = max(best, np.mean((sigmoid((2 * table - 1) @ w1) @ w2 + b2 > 0) == label))
    assert best == 3 / 4


# ---------------------------------------------------------------- why-it-exploded.md

def derivative_of_the_penalty():
    found = [(LAMBDA / 2 * np.sum((W + 1e-30j * unit)**2)).imag / 1e-30 for unit in np.eye(W.size)]
    np.testing.assert_allclose(found, LAMBDA * W)
    np.testing.assert_allclose(exploded.right_term(W, LAMBDA), LAMBDA * W)
    np.testing.assert_allclose(exploded.article_term(W, LAMBDA), LAMBDA * sum(w * w for w in W))


def jacobian_of_the_bug():
    found = [exploded.article_term(W + 1e-30j * unit, LAMBDA).imag / 1e-30 for unit in np.eye(W.size)]
    np.testing.assert_allclose(found, 2 * LAMBDA * W)
    assert exploded.asymmetry(exploded.article_term) > 1
    assert exploded.asymmetry(exploded.right_term) < 1e-9


def step_of_the_law():
    """Of the script, at a point that tells nothing: y such that the data's gradient is zero does not exist, so the
    difference of two steps, with the bug and without a penalty."""
    with_bug = next(exploded.descend(2017, reg_coeff=LAMBDA, rate=ETA))
    without = next(exploded.descend(2017, reg_coeff=0.0, rate=ETA))
    for bug, free, w in zip(with_bug, without, initialize_weights(2, 50, 2)[::2], strict=True):
        n, m, V = w.size, w.mean(), np.sum((w - w.mean())**2)
        np.testing.assert_allclose(n * m**2 + V, np.sum(w**2))
        np.testing.assert_allclose(bug - free, -ETA * LAMBDA * (n * m**2 + V) * np.ones(w.shape), rtol=1e-9)


def riccati():
    """The formula solves the equation, starts where the weights do, and has no value beyond its end."""
    n, m, V = W.size, W.mean(), np.sum((W - W.mean())**2)
    theta = -np.arctan(m * np.sqrt(n / V))
    end = (np.pi / 2 - theta) / (ETA * LAMBDA * np.sqrt(n * V))
    np.testing.assert_allclose(exploded.predicted_time(W, ETA, LAMBDA), end)
    for t in np.linspace(0, 0.99, 20) * end:
        at, after = (-np.sqrt(V / n) * np.tan(theta + ETA * LAMBDA * np.sqrt(n * V) * (t + dt)) for dt in (0, 1e-3))
        np.testing.assert_allclose(exploded.law_of_the_mean(t, W, ETA, LAMBDA), at, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose((after - at) / 1e-3, -ETA * LAMBDA * (V + n * at**2), rtol=1e-3)
        angle = theta + ETA * LAMBDA * np.sqrt(n * V) * t
        np.testing.assert_allclose(V + n * at**2, V * (1 + np.tan(angle)**2))
        np.testing.assert_allclose((np.tan(angle + 1e-6) - np.tan(angle)) / 1e-6, 1 + np.tan(angle)**2, rtol=1e-3)
    np.testing.assert_allclose(exploded.law_of_the_mean(0.0, W, ETA, LAMBDA), m)
    assert exploded.law_of_the_mean(end * (1 - 1e-9), W, ETA, LAMBDA) < -1e6


def law_of_the_width():
    np.testing.assert_allclose(np.pi * np.sqrt(6) / 4, 1.92, atol=0.005)
    for H in (1000, 4000):
        w1 = initialize_weights(2, H, 2)[0]
        assert w1.size == 2 * H
        assert 0.99 < np.abs(w1).max() * np.sqrt(2) <= 1
        n, m, V = w1.size, w1.mean(), np.sum((w1 - w1.mean())**2)
        np.testing.assert_allclose([w1.var(), V / n], 1 / 6, rtol=0.05)
        assert abs(-np.arctan(m * np.sqrt(n / V))) < 0.05
        np.testing.assert_allclose(exploded.predicted_time(w1, ETA, LAMBDA), 1.92 / (H * ETA * LAMBDA), rtol=0.05)


def falling_rates():
    """Steps of the law with a falling rate reach what a constant one reaches when the rates have the same sum."""
    rates = 1e-3 * 0.999 ** np.arange(2000)
    w = W.copy()
    for rate in rates:
        w -= rate * exploded.article_term(w, LAMBDA)
    np.testing.assert_allclose(w.mean(), exploded.law_of_the_mean(rates.sum(), W, 1.0, LAMBDA), rtol=1e-3)


def bounds_of_the_gradient():
    random = np.random.RandomState(0)
    h = np.linspace(0, 1, 100_001)
    for y, largest_at in ((0, 2 / 3), (1, 1 / 3)):
        size = np.abs((h - y) * h * (1 - h))
        np.testing.assert_allclose(size.max(), 4 / 27, atol=1e-9)
        np.testing.assert_allclose(h[size.argmax()], largest_at, atol=1e-5)
    np.testing.assert_allclose((h - 0) * h * (1 - h), h**2 * (1 - h), atol=1e-15)
    assert (h * (1 - h)).max() == 1 / 4
    for seed in range(200):
        X, y, (w1, b1, w2, b2) = random_network(scratch_mlp, seed, scale=random.exponential(5))
        z1, h1, z2, h2 = forward(X, w1, b1, w2, b2)
        assert (h1 < 1).all() or np.abs(z1).max() > 30
        dL_dw1, _, dL_dw2, _ = backward(X, y, h1, h2, w1, w2)
        assert np.abs(dL_dw2).max() < 4 / 27
        assert (np.abs(dL_dw1) <= 1 / 27 * np.abs(w2).sum(axis=1) * np.abs(X).mean(axis=0)[:, None]).all()


def shrinking():
    """A step with the penalty; weights below the bound when it shrinks, growing when it overshoots."""
    N, reg_coeff, first = 300, 3.0, 5.0
    for r in (0.1, 1.0, 1.5, 1.9, 2.1):
        eta = r * N / reg_coeff
        w, largest = first, first
        for step in range(400):
            worst = 4 / 27 * (1 if r < 1 else (-1)**step)      # the gradient that drives it furthest
            w = (1 - eta * reg_coeff / N) * w + eta * worst
            largest = max(largest, abs(w))
        if r < 2:
            bound = 4 * eta / (27 * (1 - abs(1 - r)))
            assert largest <= max(first, bound) + 1e-9
            assert r > 1 or np.isclose(bound, 4 * N / (27 * reg_coeff))
        else:
            assert largest > 1e6
    X, y, (w1, b1, w2, b2) = random_network(scratch_mlp, seed=1)
    z1, h1, z2, h2 = forward(X, w1, b1, w2, b2)
    g, full = (backward(X, y, h1, h2, w1, w2, reg_coeff)[2] for reg_coeff in (0.0, 3.0))
    np.testing.assert_allclose(w2 - 0.5 * full, (1 - 0.5 * 3.0 / len(X)) * w2 - 0.5 * g)


FORMULAS = {
    r"5/8": line_and_strip,
    r"x_1 + x_2 = -\sqrt{2} t": line_and_strip,
    r"u = (x_1 + x_2)/\sqrt{2}": line_and_strip,
    r"v = (x_1 - x_2)/\sqrt{2}": line_and_strip,
    r"x_1 x_2 = (u^2 - v^2)/2": line_and_strip,
    r"q^2": line_and_strip,
    r"q - q^2/2": line_and_strip,
    r"(1 - q)/2": line_and_strip,
    r"\text{accuracy} = \frac{1}{2} + \frac{q - q^2}{2} \le \frac{5}{8}": line_and_strip,
    r"\text{accuracy} = \frac{1}{2} + q - q^2 \le \frac{3}{4}": line_and_strip,
    r"q = 1/2": line_and_strip,
    r"\sigma \sqrt{\frac{N - B}{B \, (N - 1)}}": noise_of_a_minibatch,

    r"s(z) = \frac{1}{2} + \frac{1}{2} \tanh \frac{z}{2}": sigmoid_is_half_and_odd,
    r"z_{2,1}(x) - z_{2,0}(x) = c + o(x), \qquad o(-x) = -o(x)": constant_plus_odd,
    r"\text{accuracy} \le \frac{1 + \max(\pi, 1 - \pi)}{2}": accuracy_bound,
    r"2c": constant_plus_odd,
    r"c \le 0": accuracy_bound,
    r"c > 0": accuracy_bound,
    r"2k": squared_errors_of_a_pair,
    r"(\pm x_1, \pm x_2)": four_neurons_are_xor,
    r"f(x) = \frac{f(x) - f(-x)}{2} + \frac{f(x) + f(-x)}{2}": odd_and_even_part,
    r"a = 1/(1+u)": squared_errors_of_a_pair,
    r"b = 1/(1+v)": squared_errors_of_a_pair,
    r"uv = e^{-2k}": squared_errors_of_a_pair,
    r"a^2": squared_errors_of_a_pair,
    r"b^2": squared_errors_of_a_pair,
    r"(1-a)^2": squared_errors_of_a_pair,
    r"(1-b)^2": squared_errors_of_a_pair,
    r"1/u": squared_errors_of_a_pair,
    r"1/v": squared_errors_of_a_pair,
    r"\frac{1}{(1+u)^2} + \frac{1}{(1+v)^2} - \frac{1}{1+uv}"
    r" = \frac{uv \, (u-v)^2 + (uv-1)^2}{(1+u)^2 (1+v)^2 (1+uv)} \ge 0": squares_of_two_sigmoids,
    r"uv = 1": squares_of_two_sigmoids,
    r"a^2 + b^2 \ge \frac{1}{1 + e^{-2k}} = s(2k) \qquad"
    r" (1-a)^2 + (1-b)^2 \ge \frac{1}{1 + e^{2k}} = s(-2k)": squared_errors_of_a_pair,
    r"s(2k) + s(-2k) = 1": squared_errors_of_a_pair,
    r"\frac{1}{4}": loss_bound,
    r"L \ge \frac{1}{2} \left( \frac{1}{4} + \frac{1}{4} \right) = \frac{1}{4}": loss_bound,
    r"s(2k x_1) + s(2k x_2) - s(0) > 0": three_neurons_are_or,
    r"1 + 1 - \frac{1}{2}": three_neurons_are_or,
    r"1 + 0 - \frac{1}{2}": three_neurons_are_or,
    r"0 + 0 - \frac{1}{2}": three_neurons_are_or,
    r"x_1 > 0": three_neurons_are_or,
    r"x_2 > 0": three_neurons_are_or,
    r"s(u + b) + s(b - u) = 1 + \frac{\sinh b}{\cosh b + \cosh u}": bump,
    r"b > 0": bump,
    r"u = 0": bump,
    r"b = 0": bump,
    r"x_1 + x_2": four_neurons_are_xor,
    r"x_1 - x_2": four_neurons_are_xor,
    r"|x_1 + x_2| < |x_1 - x_2|": four_neurons_are_xor,
    r"x_1 x_2 < 0": four_neurons_are_xor,
    r"|x_1 - x_2| - |x_1 + x_2|": four_neurons_are_xor,
    r"\max(z, 0) = \frac{z}{2} + \frac{|z|}{2}": relu_is_half_odd_and_half_even,
    r"(0, 0), (0, 1), (1, 0), (1, 1)": zeros_and_ones_without_biases,
    r"\pm 1": zeros_and_ones_without_biases,

    r"\frac{\lambda}{2} \sum_i w_i^2": derivative_of_the_penalty,
    r"\frac{\partial}{\partial w_j} \, \frac{\lambda}{2} \sum_i w_i^2 = \lambda w_j, \qquad"
    r" \text{not} \quad F_j = \lambda \sum_i w_i^2": derivative_of_the_penalty,
    r"\frac{\partial F_j}{\partial w_i} = 2 \lambda w_i \qquad"
    r" \frac{\partial F_i}{\partial w_j} = 2 \lambda w_j": jacobian_of_the_bug,
    r"S = n m^2 + V": step_of_the_law,
    r"w_j \leftarrow w_j - \eta \lambda \, (n m^2 + V)": step_of_the_law,
    r"n m^2": step_of_the_law,
    r"\frac{dm}{dt} = -\eta \lambda \, (V + n m^2)": riccati,
    r"m(t) = -\sqrt{\frac{V}{n}} \tan\!\left(\theta_0 + \eta \lambda \sqrt{n V} \, t\right), \qquad"
    r" \theta_0 = -\arctan\!\left(m_0 \sqrt{\frac{n}{V}}\right)": riccati,
    r"t^* = \frac{\pi/2 - \theta_0}{\eta \lambda \sqrt{n V}}": riccati,
    r"n = 2H": law_of_the_width,
    r"\pm 1/\sqrt{2}": law_of_the_width,
    r"1/6": law_of_the_width,
    r"t^* \approx \frac{\pi \sqrt{6}}{4 H \eta \lambda} \approx \frac{1.92}{H \eta \lambda}": law_of_the_width,
    r"\sum_t \eta_t": falling_rates,
    r"x_1": three_neurons_are_or,
    r"x_2": three_neurons_are_or,
    r"z_2": bounds_of_the_gradient,
    r"h_1 < 1": bounds_of_the_gradient,
    r"h_1 (1 - h_1) \le 1/4": bounds_of_the_gradient,
    r"\left| (h_2 - y) \, h_2 (1 - h_2) \right| \le \frac{4}{27}": bounds_of_the_gradient,
    r"\left| \frac{\partial L}{\partial w_{2,jk}} \right| < \frac{4}{27} \qquad"
    r" \left| \frac{\partial L}{\partial w_{1,dj}} \right| \le \frac{1}{27} \sum_k |w_{2,jk}|"
    r" \cdot \frac{1}{N} \sum_n |x_{nd}|": bounds_of_the_gradient,
    r"\frac{4}{27} \eta": bounds_of_the_gradient,
    r"w \leftarrow \left(1 - \frac{\eta \lambda}{N}\right) w - \eta \, g": shrinking,
    r"0 < r < 2": shrinking,
    r"1": shrinking,
    r"\frac{4 \eta}{27 \, (1 - |1 - r|)}": shrinking,
    r"r \le 1": shrinking,
    r"r > 2": shrinking,
    r"V > 0": riccati,
    r"m_0": riccati,
    r"-\eta \lambda V (1 + \tan^2 \theta)": riccati,
    r"1 + \tan^2 \theta": riccati,
    r"\theta = \pi/2": riccati,
    r"\theta_0": law_of_the_width,
    r"n/6": law_of_the_width,
    r"y = 0": bounds_of_the_gradient,
    r"h^2 (1 - h)": bounds_of_the_gradient,
    r"h = 2/3": bounds_of_the_gradient,
    r"y = 1": bounds_of_the_gradient,
    r"\frac{4N}{27 \lambda}": shrinking,
    r"-1": shrinking,
}
