"""The deep network of the docs: its gradient is that of its loss, and with one hidden layer it is scratch_mlp."""
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

import scratch_mlp
from docs.experiments import deep_mlp, exploding_and_vanishing
from docs.lab import checks

SOURCE = Path(deep_mlp.__file__).read_text(encoding="utf-8")
NETWORKS = [                                        # depth, activation, residual, reg_coeff, penalty, error
    (1, "sigmoid", False, 0.0, "l2", "squared"),
    (2, "tanh", False, 7.0, "l1", "squared"),
    (3, "sigmoid", True, 1.0, "l2", "cross-entropy"),
    (4, "relu", False, 1.0, "l2", "squared"),
    (4, "tanh", True, 0.0, "l2", "cross-entropy"),
    (4, "relu", True, 0.0, "l2", "squared"),
    (6, "sigmoid", False, 7.0, "l2", "cross-entropy"),
]
BUGS = {                                         # what is wrong: (the line as it is, the line as it should not be)
    "s' forgotten": ("dL_dh * ds_dz(s_z)", "dL_dh"),
    "s' of the layer below": ("else hs[layer]\n", "else hs[layer - 1][:, :1]\n"),
    "s' of what a residual layer passes on": ("hs[layer] - hs[layer - 1] if skips(layer, ws, residual) else ", ""),
    "weights not transposed": ("dL_dzs[0].dot(ws[layer].T)", "dL_dzs[0].dot(np.resize(ws[layer], ws[layer].T.shape))"),
    "weights of another layer": ("dot(ws[layer].T)", "dot(np.resize(ws[layer - 1], ws[layer].shape).T)"),
    "the way around forgotten": ("ws[layer].T) + skipped", "ws[layer].T)"),
    "a way around where none is": ("dL_dh if skips(layer + 1, ws, residual)", "dL_dh if layer < len(ws) - 1"),
    "penalty without 1/N": ("+ reg_coeff / len(y) * dR_dw(w) for", "+ reg_coeff * dR_dw(w) for"),
    "mean over the points for the biases": ("dL_dz.sum(axis=0)", "dL_dz.mean(axis=0)"),
    "slope of the output for cross-entropy": ("(h - y) / len(y)),\n", "(h - y) / len(y) * h * (1.0 - h)),\n"),
}


def complex_step(m, X, y, ws, bs, kind, rest, step=1e-30):
    """The gradient of the loss, Im L(w + i step) / step, for all weights, then all biases; |w| is w sign(Re w)."""
    gradients = []
    for k, weight in enumerate([*ws, *bs]):
        gradients.append(np.zeros_like(weight))
        for index in np.ndindex(weight.shape):
            moved = [w.astype(complex) for w in (*ws, *bs)]
            moved[k][index] += 1j * step
            h = m.forward(X, moved[:len(ws)], moved[len(ws):], **kind)[-1]
            with patch.dict(m.PENALTIES, l1=(lambda w: w * np.sign(w.real), np.sign)):
                gradients[k][index] = m.loss(y, h, moved[:len(ws)], **rest).imag / step
    return gradients


def check_deep_gradients(m):
    """Array by array, to twelve digits, of weights and biases of which none is zero."""
    for depth, activation, residual, reg_coeff, penalty, error in NETWORKS:
        random = np.random.RandomState(depth)
        X, y = scratch_mlp.load_XOR_data(5, depth)
        widths = (2, *[3] * depth, 2)
        ws, bs = [random.randn(*pair) for pair in pairwise(widths)], [random.randn(width) for width in widths[1:]]
        kind = {"activation": activation, "residual": residual}
        rest = {"reg_coeff": reg_coeff, "penalty": penalty, "error": error}
        dL_dws, dL_dbs, dL_dzs = m.backward(y, m.forward(X, ws, bs, **kind), ws, **kind, **rest)
        for found, true in zip((*dL_dws, *dL_dbs), complex_step(m, X, y, ws, bs, kind, rest), strict=True):
            assert found.shape == true.shape
            assert checks.relative_error(found, true, floor=1e-16) < 1e-12


def test_the_gradient_is_that_of_the_loss():
    check_deep_gradients(deep_mlp)


@pytest.mark.parametrize(("right", "wrong"), BUGS.values(), ids=BUGS)
def test_a_slip_in_the_deep_network_is_caught(right, wrong):
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
    (up, square), _ = deep_mlp.initialize((2, 10, 10), 2.0, 0, deep_mlp.orthogonal)
    np.testing.assert_allclose(square @ square.T, 4 * np.eye(10), atol=1e-12)
    np.testing.assert_allclose(up @ up.T, 4 * 10 / 2 * np.eye(2), atol=1e-12)


def test_steps_are_those_of_scratch_mlp():
    """The same weights after thirty steps or so, in minibatches, with all that changes a step."""
    hp = checks.settings(num_samples=40, batch_size=7, num_epochs=6, lr_decay=0.1, clip_norm=0.05, reg_coeff=1.0,
                         weight_seed=3, num_frames=0)
    X, y = scratch_mlp.load_XOR_data(40)
    ws, bs = deep_mlp.initialize((2, 10, 2), seed=3)
    assert len(exploding_and_vanishing.train_deep(X, y, ws, bs, hp, 31, {}, "squared")) == 36
    *_, last = scratch_mlp.train(hp)
    for found, true in zip((*ws, *bs), (last.w1, last.w2, last.b1, last.b2), strict=True):
        np.testing.assert_allclose(found, true, rtol=1e-10)


def test_what_is_said_of_depth_and_of_steps():
    """The claims of the page about its tables."""
    factors, remedies, rates = (exploding_and_vanishing.found(name) for name in ("factors", "remedies", "rates"))
    for gain in exploding_and_vanishing.GAINS:
        narrow, middle, wide = (np.median(factors[f"{gain}, {width}"]["factor"]) for width in (10, 50, 200))
        assert narrow < middle < wide
        assert abs(wide / exploding_and_vanishing.mean_field(gain)[1] - 1) < 0.01
    for run in rates.values():
        assert np.median(run["rises at 0.9"]) == 0 < np.median(run["rises at 1.1"])
        assert np.median(run["loss at 2"]) < np.median(run["loss at 0.9"])
        assert np.median(run["end at 2"]) < 1.2
    none, *worse = (np.median(remedies[name]["first over last layer, trained"])
                    for name in ("none", "`reg_coeff` 0.1", "`penalty` l1, `reg_coeff` 0.01"))
    assert max(worse) < none / 100
