"""The deep network of the docs: its gradient is that of its loss, and with one hidden layer it is scratch_mlp."""
import sys
from pathlib import Path
from unittest.mock import patch

import checks
import numpy as np
import pytest

import scratch_mlp

DOCS = Path(__file__).parent.with_name("docs")
sys.path.append(str(DOCS))
import deep_mlp  # noqa: E402
import exploding_and_vanishing as experiments  # noqa: E402

SOURCE = (DOCS / "deep_mlp.py").read_text(encoding="utf-8")
NETWORKS = [                                        # depth, activation, residual, reg_coeff, penalty, error
    (1, "sigmoid", False, 0.0, "l2", "squared"),
    (2, "tanh", False, 7.0, "l1", "squared"),
    (3, "sigmoid", True, 1.0, "l2", "cross-entropy"),
    (4, "relu", False, 1.0, "l2", "squared"),
    (4, "tanh", True, 0.0, "l2", "cross-entropy"),
    (4, "relu", True, 0.0, "l2", "squared"),
    (6, "sigmoid", False, 7.0, "l2", "cross-entropy"),
]
MUTANTS = {                                         # what is wrong: (the line as it is, the line as it should not be)
    "s' forgotten": ("dL_dh * ds_dz(s_z)", "dL_dh"),
    "s' of the layer below": ("else hs[layer]\n", "else hs[layer - 1][:, :1]\n"),
    "s' of what a residual layer passes on": (
        "s_z = hs[layer] - hs[layer - 1] if skips(layer, ws, residual) else hs[layer]", "s_z = hs[layer]"),
    "weights not transposed": ("dL_dzs[0].dot(ws[layer].T)", "dL_dzs[0].dot(np.resize(ws[layer], ws[layer].T.shape))"),
    "weights of another layer": ("dot(ws[layer].T)", "dot(np.resize(ws[layer - 1], ws[layer].shape).T)"),
    "the way around forgotten": ("ws[layer].T) + skipped", "ws[layer].T)"),
    "a way around where none is": ("dL_dh if skips(layer + 1, ws, residual)", "dL_dh if layer < len(ws) - 1"),
    "penalty without 1/N": ("+ reg_coeff / len(y) * dR_dw(w) for", "+ reg_coeff * dR_dw(w) for"),
    "mean over the points for the biases": ("dL_dz.sum(axis=0)", "dL_dz.mean(axis=0)"),
    "slope of the output for cross-entropy": ("lambda y, h: (h - y) / len(y)),",
                                              "lambda y, h: (h - y) / len(y) * h * (1.0 - h)),"),
}


def random_network(depth, N=5):
    """Points with their classes, and weights and biases of which none is zero; layers are equally wide."""
    random = np.random.RandomState(depth)
    X, y = scratch_mlp.load_XOR_data(N, depth)
    widths = (2, *[3] * depth, 2)
    ws = [random.randn(*pair) for pair in zip(widths[:-1], widths[1:], strict=True)]
    return X, y, ws, [random.randn(width) for width in widths[1:]]


def complex_step(m, X, y, ws, bs, kind, rest, step=1e-30):
    """The gradient of the loss, Im L(w + i step) / step, for all weights, then all biases. For complex w, |w| has to be
    w sign(Re w)."""
    gradients = []
    for k, weight in enumerate([*ws, *bs]):
        gradient = np.zeros_like(weight)
        for index in np.ndindex(weight.shape):
            moved = [w.astype(complex) for w in (*ws, *bs)]
            moved[k][index] += 1j * step
            moved_ws, moved_bs = moved[:len(ws)], moved[len(ws):]
            with patch.dict(m.PENALTIES, l1=(lambda w: w * np.sign(w.real), np.sign)):
                gradient[index] = m.loss(y, m.forward(X, moved_ws, moved_bs, **kind)[-1], moved_ws, **rest).imag / step
        gradients.append(gradient)
    return gradients


def check_deep_gradient(m, depth, activation, residual, reg_coeff, penalty, error):
    """Array by array, to twelve digits."""
    X, y, ws, bs = random_network(depth)
    kind = {"activation": activation, "residual": residual}
    rest = {"reg_coeff": reg_coeff, "penalty": penalty, "error": error}
    dL_dws, dL_dbs, dL_dzs = m.backward(y, m.forward(X, ws, bs, **kind), ws, **kind, **rest)
    for found, true in zip((*dL_dws, *dL_dbs), complex_step(m, X, y, ws, bs, kind, rest), strict=True):
        assert found.shape == true.shape
        assert checks.relative_error(found, true, floor=1e-16) < 1e-12


def check_deep_gradients(m):
    for network in NETWORKS:
        check_deep_gradient(m, *network)


@pytest.mark.parametrize("network", NETWORKS)
def test_the_gradient_is_that_of_the_loss(network):
    check_deep_gradient(deep_mlp, *network)


@pytest.mark.parametrize("slip", MUTANTS)
def test_a_slip_in_the_deep_network_is_caught(slip):
    right, wrong = MUTANTS[slip]
    assert SOURCE.count(right) == 1
    mutant = checks.module_of(SOURCE.replace(right, wrong))
    with pytest.raises(AssertionError):
        check_deep_gradients(mutant)


@pytest.mark.parametrize(("reg_coeff", "penalty"), [(0.0, "l2"), (3.0, "l2"), (3.0, "l1")])
def test_one_hidden_layer_is_scratch_mlp(reg_coeff, penalty):
    X, y, weights = checks.random_network(scratch_mlp, seed=1)
    ws, bs = list(weights[::2]), list(weights[1::2])
    hs = deep_mlp.forward(X, ws, bs)
    loss = checks.loss_at(scratch_mlp, X, y, weights, reg_coeff, penalty)
    np.testing.assert_allclose(deep_mlp.loss(y, hs[-1], ws, reg_coeff, penalty), loss, rtol=1e-14)
    dL_dws, dL_dbs, dL_dzs = deep_mlp.backward(y, hs, ws, reg_coeff=reg_coeff, penalty=penalty)
    expected = checks.hand_derived(scratch_mlp, X, y, weights, reg_coeff, penalty)
    for found, true in zip((dL_dws[0], dL_dbs[0], dL_dws[1], dL_dbs[1]), expected, strict=True):
        np.testing.assert_allclose(found, true, rtol=1e-12, atol=1e-16)


def test_first_weights():
    """Those of scratch_mlp by default; else of the gain that is asked for, and rows or columns at right angles."""
    ws, bs = deep_mlp.initialize((2, 10, 2), seed=5)
    w1, b1, w2, b2 = scratch_mlp.initialize_weights(2, 10, 2, 5)
    for found, true in zip((*ws, *bs), (w1, w2, b1, b2), strict=True):
        np.testing.assert_allclose(found, true, rtol=1e-15)
    for draw in (deep_mlp.uniform, deep_mlp.normal, deep_mlp.orthogonal):
        (w,), _ = deep_mlp.initialize((300, 200), 4.0, 0, draw)
        np.testing.assert_allclose(np.sqrt(300 * np.mean(w**2)), 4.0, rtol=0.01)
    (up, square, down), _ = deep_mlp.initialize((2, 10, 10, 3), 2.0, 0, deep_mlp.orthogonal)
    np.testing.assert_allclose(square @ square.T, 4 * np.eye(10), atol=1e-12)
    np.testing.assert_allclose(up @ up.T, 4 * 10 / 2 * np.eye(2), atol=1e-12)
    np.testing.assert_allclose(down.T @ down, 4 * np.eye(3), atol=1e-12)


def test_steps_are_those_of_scratch_mlp():
    """The same weights after thirty steps or so, in minibatches, with all that changes a step."""
    hp = checks.settings(num_samples=40, batch_size=7, num_epochs=6, lr_decay=0.1, clip_norm=0.05, reg_coeff=1.0,
                         weight_seed=3, num_frames=0)
    X, y = scratch_mlp.load_XOR_data(40)
    ws, bs = deep_mlp.initialize((2, 10, 2), seed=3)
    lengths = experiments.train_deep(X, y, ws, bs, hp, 31, {}, "squared")
    assert len(lengths) == 36
    *_, last = scratch_mlp.train(hp)
    for found, true in zip((*ws, *bs), (last.w1, last.w2, last.b1, last.b2), strict=True):
        np.testing.assert_allclose(found, true, rtol=1e-10)


def test_the_hessian():
    """Symmetric, and the second difference of the loss along any direction."""
    problem = *scratch_mlp.load_XOR_data(50), 1.0
    flat = experiments.first_vector(4, 0)
    second = experiments.hessian(flat, *problem)
    np.testing.assert_allclose(second, second.T, atol=1e-15)
    direction = np.random.RandomState(0).randn(len(flat))
    low, here, high = (experiments.loss_and_gradient(flat + move * direction, *problem)[0] for move in (-1e-4, 0, 1e-4))
    np.testing.assert_allclose((low - 2 * here + high) / 1e-8, direction @ second @ direction, rtol=1e-5)


def test_what_is_said_of_depth_and_of_steps():
    """The claims of the page about its tables."""
    found = experiments.found
    assert abs(np.median(found("layers")["0.577"]["layer 11"]) - 1 / 7) < 0.01
    assert max(found("remedies")["none"][experiments.RATIO]) < 1e-4
    assert np.median(found("factors")["32, 10"]["factor"]) < 1
    assert np.median(found("layers")["32"]["layer 1"]) > 100
    for gain in experiments.GAINS:
        factors = [np.median(found("factors")[f"{gain}, {width}"]["factor"]) for width in experiments.WIDTHS]
        assert abs(factors[2] / experiments.mean_field(gain)[1] - 1) < 0.01
        assert factors[0] < factors[1] < factors[2]
    run = found("minimum")["3 neurons"]
    assert max(run["gradient"]) < 1e-8
    for product in experiments.NEAR_TWO:
        np.testing.assert_allclose(run[f"growth at {product}"], abs(1 - product), rtol=2e-3)
        assert product > 2 or max(run[f"one step at {product}"]) < 1e-9
    bounces, flat = np.array(run["one step at 2.1"]) > 0.1, np.array(run["flattest"]) < 1e-12
    assert bounces.sum() > len(bounces) / 2
    assert np.max(run["two steps at 2.1"]) < 1e-3
    assert (bounces | flat).all()
    assert np.max(np.array(run["product at 2.1"])[~bounces]) < 2
    assert np.max(np.array(run["rise at 2.1"])[~bounces]) < 1e-6
    for run in found("rates").values():
        assert np.median(run["rises at 0.9"]) == 0 < np.median(run["rises at 1.1"])
        assert np.median(run["loss at 2"]) < np.median(run["loss at 0.9"])
        assert np.median(run["end at 2"]) < 1.2
    trained, accuracy = ({name: np.median([value for value in runs[quantity] if value is not None])
                          for name, runs in found("remedies").items()} for quantity in (experiments.TRAINED, "train"))
    for name in ("`learning_rate` 100 instead of 10", "minibatches of 10"):
        assert trained[name] > 3 * trained["none"]
        assert accuracy[name] < 0.6
    for name in ("`reg_coeff` 0.1", "`penalty` l1, `reg_coeff` 0.01"):
        assert trained[name] < trained["none"] / 100
    ratio = {name: np.median(found("remedies")[name][experiments.RATIO]) for name in ("ReLU, same gain", "residual")}
    assert ratio["ReLU, same gain"] < ratio["residual"]
    assert accuracy["ReLU, same gain"] > 0.95 > accuracy["residual"]
