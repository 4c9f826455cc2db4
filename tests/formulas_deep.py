r"""Each formula of exploding-and-vanishing.md, as it stands there, and the check that executes it."""
import sys
from pathlib import Path

import numpy as np
from checks import settings

sys.path.append(str(Path(__file__).parent.with_name("docs")))
import exploding_and_vanishing as experiments  # noqa: E402
from deep_mlp import ACTIVATIONS, backward, forward, initialize, loss, normal  # noqa: E402

from scratch_mlp import initialize_weights, load_XOR_data, run_epoch, sigmoid  # noqa: E402

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(80)     # another rule than that of the script


def mean_over_normal(values):
    return WEIGHTS @ values / np.sqrt(2 * np.pi)


def deep_network(gain=4.0, width=10, depth=5):
    """z, h and delta of each layer; h from 0, z and delta from 1."""
    X, y = load_XOR_data(20)
    ws, bs = initialize((2, *[width] * depth, 2), gain, 1, normal)
    hs = forward(X, ws, bs)
    zs = [h.dot(w) + b for h, w, b in zip(hs, ws, bs, strict=False)]
    return X, ws, zs, hs, backward(y, hs, ws)[2]


def deep_forward():
    X, ws, zs, hs, deltas = deep_network()
    assert np.array_equal(hs[0], X)
    for z, h in zip(zs, hs[1:], strict=True):
        np.testing.assert_allclose(h, sigmoid(z), rtol=1e-15)


def recursion_of_delta():
    X, ws, zs, hs, deltas = deep_network()
    for layer in range(len(ws) - 1):
        slope = sigmoid(zs[layer] + 1e-30j).imag / 1e-30
        np.testing.assert_allclose(deltas[layer], deltas[layer + 1].dot(ws[layer + 1].T) * slope, rtol=1e-9)


def bound_of_delta():
    """For each point, from small weights and from large ones; and smaller than 4 in all layers means vanishing."""
    for gain in (0.577, 4.0, 32.0):
        X, ws, zs, hs, deltas = deep_network(gain)
        norms = [np.linalg.norm(w, 2) for w in ws]
        lengths = [np.linalg.norm(delta, axis=1) for delta in deltas]
        for layer in range(len(ws) - 1):
            assert (lengths[layer] <= norms[layer + 1] / 4 * lengths[layer + 1]).all()
            assert norms[layer + 1] >= 4 or (lengths[layer] < lengths[layer + 1]).all()


def gain_of_scratch_mlp():
    w = initialize((1000, 1000))[0][0]
    assert 0.999 < np.abs(w).max() * np.sqrt(1000) <= 1
    np.testing.assert_allclose(np.std(w) * np.sqrt(1000), 1 / np.sqrt(3), rtol=1e-3)


def prediction_of_q_and_chi():
    """The fixed point and its factor, by another quadrature; and the z of a wide network have that variance."""
    for g in (0.577, 1, 4):
        q, factor = experiments.mean_field(g)
        s = sigmoid(np.sqrt(q) * NODES)
        np.testing.assert_allclose(q, g**2 * mean_over_normal(s**2), rtol=1e-5)
        np.testing.assert_allclose(factor**2, g**2 * mean_over_normal((s * (1 - s))**2), rtol=1e-4)
    X, ws, zs, hs, deltas = deep_network(4.0, 1000)
    np.testing.assert_allclose(np.var(zs[4]), experiments.mean_field(4.0)[0], rtol=0.1)


def prediction_over_layers():
    d = 6
    for gain in (0.577, 1, 4):
        chi = experiments.mean_field(gain)[1]**2
        ratios = [sizes[0] / sizes[-1] for sizes in (experiments.delta_sizes(200, d, gain, seed) for seed in range(7))]
        np.testing.assert_allclose(np.median(ratios), chi**((d - 1) / 2), rtol=0.25)


def large_gains():
    q, factor = experiments.mean_field(100)
    np.testing.assert_allclose(q, 100**2 / 2, rtol=0.02)
    np.testing.assert_allclose(factor, np.sqrt(100 / (6 * np.sqrt(np.pi))), rtol=0.01)


def deep_relu():
    z = np.linspace(-2, 2, 9)
    assert np.array_equal(ACTIVATIONS["relu"][0](z), np.maximum(0, z))


def deep_residual():
    X, y = load_XOR_data(5)
    ws, bs = initialize((2, 4, 4, 4, 2), 2.0)
    hs = forward(X, ws, bs, residual=True)
    np.testing.assert_allclose(hs[1], sigmoid(X.dot(ws[0])))
    for layer in (2, 3):
        np.testing.assert_allclose(hs[layer], hs[layer - 1] + sigmoid(hs[layer - 1].dot(ws[layer - 1])))
    np.testing.assert_allclose(hs[4], sigmoid(hs[3].dot(ws[3])))


def deep_cross_entropy():
    y, h = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.9, 0.2], [0.3, 0.6]])
    expected = -np.log([0.9, 1 - 0.2, 1 - 0.3, 0.6]).sum() / 2
    np.testing.assert_allclose(loss(y, h, [], error="cross-entropy"), expected)


def relu_prediction():
    """Half of the slopes are one; to the spacing of the grid, in which one of the points is zero itself."""
    for g in (1.0, 2**0.5):
        np.testing.assert_allclose(experiments.mean_field(g, "relu")[1]**2, g**2 / 2, rtol=2e-3)


def growth_near_a_minimum():
    """From a minimum of a penalised network, for rates below and above 2 / kappa, in twenty steps."""
    run = experiments.measure_minimum("3 neurons", 2017)
    for product in experiments.NEAR_TWO:
        np.testing.assert_allclose(run[f"growth at {product}"], abs(1 - product), rtol=1e-5)
        assert (run[f"growth at {product}"] > 1) == (product > 2)


def growth_by_the_penalty():
    """Where all sigmoids are flat, from step to step, and in the end."""
    N = 300
    for eta in (570.0, 630.0):
        (X, y), weights, w1 = load_XOR_data(N), initialize_weights(2, 3, 2), []
        for epoch in range(200):
            with np.errstate(over="ignore"):
                run_epoch(X, y, *weights, epoch, None, settings(reg_coeff=1.0, learning_rate=eta))
            w1.append(weights[0].copy())
        if eta / N > 2:
            np.testing.assert_allclose(w1[199] / w1[198], 1 - eta * 1.0 / N, rtol=1e-6)
        else:
            assert np.abs(w1[199]).max() < 1e-3 * np.abs(w1[4]).max()


FORMULAS = {
    r"h_l = s(z_l) \qquad z_l = h_{l-1} W_l + b_l": deep_forward,
    r"\delta_l = (\delta_{l+1} W_{l+1}^\top) \odot s'(z_l)": recursion_of_delta,
    r"\delta_{l+1} W_{l+1}^\top": recursion_of_delta,
    r"W_{l+1}": recursion_of_delta,
    r"\delta_{l+1}": recursion_of_delta,
    r"|W|_2": bound_of_delta,
    r"|\delta_l| \le \tfrac{1}{4} \, |W_{l+1}|_2 \, |\delta_{l+1}|": bound_of_delta,
    r"|W|_2 < 4": bound_of_delta,
    r"g^2": prediction_of_q_and_chi,
    r"q = g^2 \, E\!\left[s(\sqrt{q} Z)^2\right] \qquad \chi = g^2 \, E\!\left[s'(\sqrt{q} Z)^2\right]":
        prediction_of_q_and_chi,
    r"|\delta_1| \approx \chi^{(d - 1)/2} \, |\delta_d|": prediction_over_layers,
    r"g = 1/\sqrt{3}": gain_of_scratch_mlp,
    r"q / g^2": large_gains,
    r"1/2": large_gains,
    r"\max(0, z)": deep_relu,
    r"h_l = h_{l-1} + s(z_l)": deep_residual,
    r"-\sum y \ln h + (1 - y) \ln (1 - h)": deep_cross_entropy,
    r"\sqrt{g / (6 \sqrt{\pi})}": large_gains,
    r"\chi = g^2/2": relu_prediction,
    r"e_{t+1} = (1 - \eta \kappa) \, e_t": growth_near_a_minimum,
    r"\eta > 2/\kappa": growth_near_a_minimum,
    r"w \leftarrow (1 - \eta \lambda / N) \, w": growth_by_the_penalty,
    r"\eta \lambda / N = 2": growth_by_the_penalty,
}
