r"""Each formula of the docs, as it stands there, and the check that executes it.

A formula in a sentence ($...$) is listed if there is a number in it; a displayed one ($$...$$) always.
"""
import checks
import numpy as np

import scratch_mlp
from scratch_mlp import clip_factor, forward, initialize_weights, sigmoid

Z = np.linspace(-30, 30, 1001)


def no_line_separates_xor():
    """None of many a, b, t satisfies all four; the sum of those in the middle says a + b > 2t >= t, if t >= 0."""
    a, b, t = np.random.RandomState(0).uniform(-3, 3, (3, 100_000))
    middle = (t >= 0) & (a > t) & (b > t)
    assert middle.any()
    assert (a + b > 2 * t)[middle].all()
    assert (2 * t >= t)[middle].all()
    assert not (middle & (a + b <= t)).any()
    truth_table = {(0, 0): 0, (0, 1): 1, (1, 0): 1, (1, 1): 0}
    assert not any(all((a_ * x1 + b_ * x2 > t_) == one for (x1, x2), one in truth_table.items())
                   for a_, b_, t_ in zip(a[:5000], b, t, strict=False))


def sigmoid_is_both():
    np.testing.assert_allclose(sigmoid(Z), 1 / (1 + np.exp(-Z)), rtol=1e-15)
    np.testing.assert_allclose(sigmoid(Z), np.exp(Z) / (1 + np.exp(Z)), rtol=1e-15)
    np.testing.assert_allclose(sigmoid(-Z), 1 - sigmoid(Z), atol=1e-15)


def slope_of_sigmoid():
    slope = sigmoid(Z) * (1 - sigmoid(Z))
    np.testing.assert_allclose(sigmoid(Z + 1e-30j).imag / 1e-30, slope, rtol=0, atol=1e-15)
    np.testing.assert_allclose(np.exp(-Z) / (1 + np.exp(-Z))**2, slope, atol=1e-15)
    assert slope.max() == 1 / 4


def forward_step():
    X, y, (w1, b1, w2, b2) = checks.random_network(scratch_mlp, seed=1)
    z1, h1, z2, h2 = forward(X, w1, b1, w2, b2)
    for n in range(len(X)):
        np.testing.assert_allclose(z1[n], [sum(X[n] * w1[:, h]) + b1[h] for h in range(4)])
        np.testing.assert_allclose(z2[n], [sum(h1[n] * w2[:, k]) + b2[k] for k in range(2)])
    assert np.array_equal(h1, sigmoid(z1))
    assert np.array_equal(h2, sigmoid(z2))


def affine_of_affine():
    x, w1, b1, w2, b2 = (np.random.RandomState(0).randn(*shape) for shape in ((5, 2), (2, 3), (3,), (3, 2), (2,)))
    np.testing.assert_allclose((x @ w1 + b1) @ w2 + b2, x @ (w1 @ w2) + (b1 @ w2 + b2))


def first_weights():
    w1, b1, w2, b2 = initialize_weights(2, 1000, 2)
    assert 0.99 < np.abs(w1).max() * np.sqrt(2) <= 1
    assert 0.99 < np.abs(w2).max() * np.sqrt(1000) <= 1


def mirrored_in_the_origin():
    """Without b1, and whatever the weights are."""
    X, y, (w1, b1, w2, b2) = checks.random_network(scratch_mlp, seed=1)
    (_, h1, z2, _), (_, h1_back, z2_back, _) = (forward(points, w1, 0 * b1, w2, b2) for points in (X, -X))
    np.testing.assert_allclose(h1_back, 1 - h1)
    for both in (h1 @ w2 + b2 + (1 - h1) @ w2 + b2, z2 + z2_back):
        np.testing.assert_allclose(both, np.tile(w2.sum(axis=0) + 2 * b2, (len(X), 1)))
    c = (w2.sum(axis=0) + 2 * b2) @ (-1, 1) / 2
    odd = z2 @ (-1, 1) - c
    np.testing.assert_allclose(z2_back @ (-1, 1), c - odd)
    one_at_least = np.maximum(c + odd, c - odd) > 0 if c > 0 else np.minimum(c + odd, c - odd) < 0
    assert one_at_least.all()


def loss_formula():
    checks.check_loss(scratch_mlp)


def gradient():
    checks.check_gradients(scratch_mlp)


def step():
    checks.check_step(scratch_mlp)


def drop_of_the_loss():
    X, y, weights = checks.random_network(scratch_mlp, seed=1)
    gradients = checks.hand_derived(scratch_mlp, X, y, weights, 1.0, "l2")
    eta = 1e-6
    stepped = [w - eta * g for w, g in zip(weights, gradients, strict=True)]
    drop = checks.loss_at(scratch_mlp, X, y, weights, 1.0, "l2") - checks.loss_at(scratch_mlp, X, y, stepped, 1.0, "l2")
    np.testing.assert_allclose(drop, eta * sum(np.sum(g**2) for g in gradients), rtol=1e-5)


def minibatches():
    """The loss of each part is of its own n points, and has reg_coeff n / N for the penalty."""
    checks.check_minibatches(scratch_mlp)


def clipping():
    for g, c in ((np.array([3.0, 4.0]), 1.0), (np.array([0.3, 0.4]), 1.0)):
        np.testing.assert_allclose(clip_factor([g], c), min(1, c / np.linalg.norm(g)))
    checks.check_decay_and_clipping(scratch_mlp)


def differences():
    """The next term of each series, seen where it is large: L is exp, so that all its derivatives are L."""
    e, L = 1e-2, np.exp
    np.testing.assert_allclose((L(1 + e) - L(1)) / e, L(1) + e / 2 * L(1), rtol=1e-4)
    np.testing.assert_allclose((L(1 + e) - L(1 - e)) / (2 * e), L(1) + e**2 / 6 * L(1), rtol=1e-9)
    np.testing.assert_allclose(L(1 + 1j * e), L(1) * (1 + 1j * e - e**2 / 2 - 1j * e**3 / 6), rtol=1e-9)
    np.testing.assert_allclose(L(1 + 1j * e).imag / e, L(1) - e**2 / 6 * L(1), rtol=1e-9)


FORMULAS = {
    r"0 \le t, \qquad a > t, \qquad b > t, \qquad a + b \le t.": no_line_separates_xor,
    r"a x_1 + b x_2 > t": no_line_separates_xor,
    r"a x_1 + b x_2 \le t": no_line_separates_xor,
    r"a + b > 2t": no_line_separates_xor,
    r"2t \ge t": no_line_separates_xor,
    r"s(z) = \frac{1}{1 + e^{-z}} = \frac{e^z}{1 + e^z}": sigmoid_is_both,
    r"s(-z) = 1 - s(z)": sigmoid_is_both,
    r"s'(z) = \frac{e^{-z}}{(1 + e^{-z})^2} = \frac{1}{1 + e^{-z}} \cdot \frac{e^{-z}}{1 + e^{-z}}"
    r" = s(z) \, (1 - s(z)) \le \tfrac{1}{4}": slope_of_sigmoid,
    r"h (1 - h)": slope_of_sigmoid,
    r"(x W_1 + b_1) W_2 + b_2 = x (W_1 W_2) + (b_1 W_2 + b_2)": affine_of_affine,
    r"b_1": affine_of_affine,
    r"h_1(-x) = 1 - h_1(x)": mirrored_in_the_origin,
    r"h_1 w_2 + b_2 + (1 - h_1) w_2 + b_2 = \sum_j w_{2,j} + 2 b_2": mirrored_in_the_origin,
    r"c > 0": mirrored_in_the_origin,
    r"c \le 0": mirrored_in_the_origin,
    r"\pm 1/\sqrt{\text{number of inputs}}": first_weights,
    r"z_1 = X w_1 + b_1 \qquad h_1 = s(z_1) \qquad z_2 = h_1 w_2 + b_2 \qquad h_2 = s(z_2)": forward_step,
    r"w_{2,jk}": forward_step,
    r"z_{2,nk} = \sum_j h_{1,nj} w_{2,jk} + b_{2,k}": forward_step,
    r"h_{1,nj}": forward_step,
    r"\sum_k \frac{\partial L}{\partial z_{2,nk}} w_{2,jk}": gradient,
    r"L = \frac{1}{2N} \sum_{n=1}^{N} \sum_{k=1}^{K} (y_{nk} - h_{2,nk})^2"
    r" + \frac{\lambda}{2N} \left( \sum w_1^2 + \sum w_2^2 \right)": loss_formula,
    r"\frac{1}{2N} \sum (y - h)^2": loss_formula,
    r"\frac{\lambda}{2N} \sum w^2": loss_formula,
    r"1": gradient,
    r"\frac{\partial L}{\partial h_2} = \frac{h_2 - y}{N} \qquad"
    r" \frac{\partial L}{\partial z_2} = \frac{\partial L}{\partial h_2} \, h_2 (1 - h_2)": gradient,
    r"\frac{\partial L}{\partial w_2} = h_1^\top \frac{\partial L}{\partial z_2} + \frac{\lambda}{N} w_2 \qquad"
    r" \frac{\partial L}{\partial b_2} = \sum_n \frac{\partial L}{\partial z_{2,n}}": gradient,
    r"\frac{\partial L}{\partial h_1} = \frac{\partial L}{\partial z_2} w_2^\top \qquad"
    r" \frac{\partial L}{\partial z_1} = \frac{\partial L}{\partial h_1} \, h_1 (1 - h_1)": gradient,
    r"\frac{\partial L}{\partial w_1} = X^\top \frac{\partial L}{\partial z_1} + \frac{\lambda}{N} w_1 \qquad"
    r" \frac{\partial L}{\partial b_1} = \sum_n \frac{\partial L}{\partial z_{1,n}}": gradient,
    r"w \leftarrow w - \eta \frac{\partial L}{\partial w}": step,
    r"L(w - \eta g) \approx L(w) - \eta \, |g|^2": drop_of_the_loss,
    r"\sum_i \frac{n_i}{N} \nabla L_i = \nabla L": minibatches,
    r"g \leftarrow g \, \min\!\left(1, \frac{c}{|g|}\right)": clipping,
    r"\frac{L(w + \varepsilon) - L(w)}{\varepsilon} = L'(w) + \frac{\varepsilon}{2} L''(w) + \dots": differences,
    r"\frac{L(w + \varepsilon) - L(w - \varepsilon)}{2 \varepsilon}"
    r" = L'(w) + \frac{\varepsilon^2}{6} L'''(w) + \dots": differences,
    r"\frac{\operatorname{Im} L(w + i \varepsilon)}{\varepsilon}"
    r" = L'(w) - \frac{\varepsilon^2}{6} L'''(w) + \dots": differences,
    r"L(w + i \varepsilon) = L(w) + i \varepsilon L'(w) - \frac{\varepsilon^2}{2} L''(w)"
    r" - i \frac{\varepsilon^3}{6} L'''(w) + \dots": differences,
    r"\varepsilon^2": differences,
}
