"""The gradient that is stepped along is the gradient of the loss that is printed."""
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scratch_mlp
from docs.lab.checks import central_difference, check_gradient, hand_derived, random_network, relative_error

ROUNDING = 1e-15    # of 1 - h, where a saturated neuron loses digits: 1e-16 times points and weights


@given(seed=st.integers(0, 10_000), N=st.integers(1, 12), hidden_dim=st.integers(1, 12), scale=st.floats(0.01, 3),
       reg=st.sampled_from(["none", "one", "N"]), penalty=st.sampled_from(["l1", "l2"]))
@settings(deadline=None, derandomize=True, max_examples=150)
def test_complex_step_of_many_networks(seed, N, hidden_dim, scale, reg, penalty):
    reg_coeff = {"none": 0.0, "one": 1.0, "N": float(N)}[reg]
    network = random_network(scratch_mlp, seed, N, hidden_dim, scale)
    check_gradient(scratch_mlp, *network, reg_coeff, penalty, floor=ROUNDING)


@pytest.mark.parametrize("penalty", ["l1", "l2"])
@pytest.mark.parametrize("reg_coeff", [0.0, 1.0, 300.0])
def test_complex_step_of_the_default_network(reg_coeff, penalty):
    X, y = scratch_mlp.load_XOR_data()
    weights = scratch_mlp.initialize_weights(2, 10, 2)
    check_gradient(scratch_mlp, X, y, weights, reg_coeff, penalty)


@pytest.mark.parametrize("penalty", ["l1", "l2"])
@pytest.mark.parametrize("reg_coeff", [0.0, 1.0, 7.0])
def test_central_differences(reg_coeff, penalty):
    network = random_network(scratch_mlp, seed=6)
    found = hand_derived(scratch_mlp, *network, reg_coeff, penalty)
    true = central_difference(scratch_mlp, *network, reg_coeff, penalty)
    for mine, theirs in zip(found, true, strict=True):
        assert relative_error(mine, theirs) < 1e-8
