"""The network of scratch_mlp.py with as many hidden layers as you like, without the penalty; and how deltas shrink.

    h_0 = X     z_l = h_(l-1) w_l + b_l     h_l = s(z_l)     for the layers l = 1, 2, ..., the last being the output
    h_l  (N, widths[l])     w_l  (widths[l-1], widths[l])     b_l  (widths[l],)     widths = (D, H, ..., H, K)

s is one of ACTIVATIONS; in the output layer, it is always the sigmoid.
"""
from itertools import pairwise

import numpy as np

from scratch_mlp import load_XOR_data, sigmoid

ACTIVATIONS = {                                     # s(z), for complex z too; and s'(z), as a function of s(z)
    "sigmoid": (sigmoid, lambda h: h * (1 - h)),
    "tanh": (np.tanh, lambda h: 1 - h**2),
    "relu": (lambda z: z * (z.real > 0), lambda h: 1.0 * (h > 0)),
}


def initialize(widths, gain=3**-0.5, seed=2017):
    """Draw ws, of standard deviation gain / sqrt(fan in), and bs, zeros. By default as scratch_mlp.py draws them."""
    rng = np.random.RandomState(seed)
    ws = [gain * np.sqrt(3) * rng.uniform(-1, 1, (fan_in, fan_out)) / np.sqrt(fan_in)
          for fan_in, fan_out in pairwise(widths)]
    return ws, [np.zeros(width) for width in widths[1:]]


def forward(X, ws, bs, activation="sigmoid"):
    """From points X (N, D) to outputs (N, K): all that lies on the way, [h_0, h_1, ..., the output]."""
    s, ds_dz = ACTIVATIONS[activation]
    hs = [X]
    for w, b in zip(ws[:-1], bs[:-1], strict=True):
        hs.append(s(hs[-1] @ w + b))                                     # (N, widths[l])
    return [*hs, sigmoid(hs[-1] @ ws[-1] + bs[-1])]


def loss(y, h):
    """That of scratch_mlp.py; h is the output (N, K)."""
    return np.sum((y - h)**2) / (2 * len(y))


def backward(y, hs, ws, activation="sigmoid"):
    """The gradient of `loss`, dL_dws and dL_dbs, and the deltas dL_dzs of which both are made, from the output down:
    delta_l = (delta_(l+1) w_(l+1)^T) * s'(z_l). As layers count from 1 and lists from 0, ws[layer] is w_(layer+1)."""
    s, ds_dz = ACTIVATIONS[activation]
    dL_dzs = [(hs[-1] - y) / len(y) * hs[-1] * (1 - hs[-1])]             # (N, K)
    for layer in range(len(ws) - 1, 0, -1):
        dL_dzs.insert(0, dL_dzs[0] @ ws[layer].T * ds_dz(hs[layer]))     # (N, widths[layer])
    dL_dws = [h.T @ dL_dz for h, dL_dz in zip(hs[:-1], dL_dzs, strict=True)]
    return dL_dws, [dL_dz.sum(axis=0) for dL_dz in dL_dzs], dL_dzs


def step(X, y, ws, bs, learning_rate, activation="sigmoid"):
    """One step of gradient descent on all points, in place."""
    dL_dws, dL_dbs, dL_dzs = backward(y, forward(X, ws, bs, activation), ws, activation)
    for weight, gradient in zip((*ws, *bs), (*dL_dws, *dL_dbs), strict=True):
        weight -= learning_rate * gradient


def delta_sizes(width, depth, gain=3**-0.5, seed=2017, activation="sigmoid"):
    """The root mean square of dL_dz in each hidden layer, the first one first, over that of the last; untrained."""
    X, y = load_XOR_data()
    ws, bs = initialize((2, *[width] * depth, 2), gain, seed)
    *hidden, _ = backward(y, forward(X, ws, bs, activation), ws, activation)[2]
    sizes = np.array([np.sqrt(np.mean(dL_dz**2)) for dL_dz in hidden])
    return sizes / sizes[-1]
