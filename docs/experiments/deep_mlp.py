"""The network of scratch_mlp.py with as many hidden layers as you like, every derivative written out by hand.

    h_0 = X     z_l = h_(l-1) w_l + b_l     h_l = s(z_l)     for the layers l = 1, 2, ..., the last being the output
    h_l  (N, widths[l])     w_l  (widths[l-1], widths[l])     b_l  (widths[l],)     widths = (D, H, ..., H, K)

s is one of ACTIVATIONS, for the output always a sigmoid. A residual network adds h_(l-1) to s(z_l) in each hidden layer
but the first; all are equally wide then (He, Zhang, Ren & Sun, 2016).
"""
from itertools import pairwise

import numpy as np

from scratch_mlp import PENALTIES, sigmoid

ACTIVATIONS = {                                     # s(z), for complex z too; and s'(z), as a function of s(z)
    "sigmoid": (sigmoid, lambda s: s * (1.0 - s)),
    "tanh": (np.tanh, lambda s: 1.0 - s**2),
    "relu": (lambda z: z * (z.real > 0), lambda s: 1.0 * (s > 0)),
}
ERRORS = {                                          # the error of all points, of which the loss is 1/N; and dL/dz
    "squared": (lambda y, h: np.sum((y - h)**2) / 2, lambda y, h: (h - y) / len(y) * h * (1.0 - h)),
    "cross-entropy": (lambda y, h: -np.sum(y * np.log(h) + (1 - y) * np.log(1 - h)), lambda y, h: (h - y) / len(y)),
}
normal = np.random.RandomState.randn                # with the next two, laws of variance 1: (rng, fan_in, fan_out)


def uniform(rng, fan_in, fan_out):
    return np.sqrt(3) * rng.uniform(-1, 1, (fan_in, fan_out))


def orthogonal(rng, fan_in, fan_out):
    """Rows or columns, whichever are fewer, at right angles and of one length (Saxe, McClelland & Ganguli, 2014)."""
    q, r = np.linalg.qr(rng.randn(max(fan_in, fan_out), min(fan_in, fan_out)))
    q = q * np.sign(np.diag(r)) * np.sqrt(len(q))   # the signs make all such matrices equally likely
    return q if fan_in >= fan_out else q.T


def initialize(widths, gain=3**-0.5, seed=2017, draw=uniform):
    """Draw ws, of variance gain^2 / (number of inputs), and bs, zeros. By default as scratch_mlp.py draws them."""
    rng = np.random.RandomState(seed)
    ws = [gain / np.sqrt(fan_in) * draw(rng, fan_in, fan_out) for fan_in, fan_out in pairwise(widths)]
    return ws, [np.zeros(width) for width in widths[1:]]


def skips(layer, ws, residual):
    """Whether this layer adds what it is given: neither the first does nor the output."""
    return residual and 1 < layer < len(ws)


def forward(X, ws, bs, activation="sigmoid", residual=False):
    """From points X (N, D) to outputs (N, K): all that lies on the way, [h_0, h_1, ..., the output]."""
    s, ds_dz = ACTIVATIONS[activation]
    hs = [X]
    for layer, (w, b) in enumerate(zip(ws, bs, strict=True), start=1):
        z = hs[-1].dot(w) + b                                          # (N, widths[layer])
        h = s(z) if layer < len(ws) else sigmoid(z)                    # (N, widths[layer])
        hs.append(hs[-1] + h if skips(layer, ws, residual) else h)     # (N, widths[layer])
    return hs


def loss(y, h, ws, reg_coeff=0.0, penalty="l2", error="squared"):
    """The error of the outputs h / N + reg_coeff/N sum R(w) over all layers: that of scratch_mlp.py by default."""
    total, dL_dz = ERRORS[error]
    R, dR_dw = PENALTIES[penalty]
    return total(y, h) / len(y) + reg_coeff / len(y) * sum(np.sum(R(w)) for w in ws)


def backward(y, hs, ws, activation="sigmoid", residual=False, reg_coeff=0.0, penalty="l2", error="squared"):
    """The gradient of `loss`, dL_dws and dL_dbs, and the deltas dL_dzs of which both are made, from the output down:
    delta_l = (delta_(l+1) w_(l+1)^T) * s'(z_l). As layers count from 1 and lists from 0, ws[layer] is w_(layer+1)."""
    s, ds_dz = ACTIVATIONS[activation]
    R, dR_dw = PENALTIES[penalty]
    total, dL_dz = ERRORS[error]
    dL_dzs, dL_dh = [dL_dz(y, hs[-1])], 0.0                            # (N, K)
    for layer in range(len(ws) - 1, 0, -1):
        skipped = dL_dh if skips(layer + 1, ws, residual) else 0.0     # (N, widths[layer])
        dL_dh = dL_dzs[0].dot(ws[layer].T) + skipped                   # (N, widths[layer])
        s_z = hs[layer] - hs[layer - 1] if skips(layer, ws, residual) else hs[layer]
        dL_dzs.insert(0, dL_dh * ds_dz(s_z))                           # (N, widths[layer])
    dL_dws = [h.T.dot(dL_dz) + reg_coeff / len(y) * dR_dw(w) for h, dL_dz, w in zip(hs[:-1], dL_dzs, ws, strict=True)]
    return dL_dws, [dL_dz.sum(axis=0) for dL_dz in dL_dzs], dL_dzs
