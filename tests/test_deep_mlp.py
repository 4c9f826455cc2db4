"""The deep network of the docs: its gradient is that of its loss, and with one hidden layer it is scratch_mlp."""
from itertools import pairwise

import numpy as np
import pytest

import scratch_mlp
from docs.experiments import deep_mlp
from tests import checks


@pytest.mark.parametrize(("depth", "activation"), [(1, "sigmoid"), (2, "tanh"), (3, "sigmoid"), (4, "relu")])
def test_the_gradient_is_that_of_the_loss(depth, activation):
    """Array by array, to twelve digits, of weights and biases of which none is zero."""
    random = np.random.RandomState(depth)
    X, y = scratch_mlp.load_XOR_data(5, depth)
    widths = (2, *[3] * depth, 2)
    ws, bs = [random.randn(*pair) for pair in pairwise(widths)], [random.randn(width) for width in widths[1:]]
    dL_dws, dL_dbs, dL_dzs = deep_mlp.backward(y, deep_mlp.forward(X, ws, bs, activation), ws, activation)

    def L(*weights):
        return deep_mlp.loss(y, deep_mlp.forward(X, weights[:len(ws)], weights[len(ws):], activation)[-1])
    for found, true in zip((*dL_dws, *dL_dbs), checks.complex_step(L, (*ws, *bs)), strict=True):
        assert found.shape == true.shape
        assert checks.relative_error(found, true, floor=1e-16) < 1e-12
