"""The gradient that is stepped along is the gradient of the loss that is printed."""
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scratch_mlp
from docs.experiments.gradients import central_difference
from tests.checks import check_gradient, hand_derived, loss_of, random_network, relative_error

ROUNDING = 1e-15    # of 1 - h, where a saturated neuron loses digits: 1e-16 times points and weights


@given(seed=st.integers(0, 10_000), N=st.integers(1, 12), hidden_dim=st.integers(1, 12), scale=st.floats(0.01, 3),
       reg=st.sampled_from(["none", "one", "N"]))
@settings(deadline=None, derandomize=True, max_examples=150)
def test_complex_step_of_many_networks(seed, N, hidden_dim, scale, reg):
    reg_coeff = {"none": 0.0, "one": 1.0, "N": float(N)}[reg]
    check_gradient(scratch_mlp, *random_network(scratch_mlp, seed, N, hidden_dim, scale), reg_coeff, floor=ROUNDING)


@pytest.mark.parametrize("reg_coeff", [0.0, 1.0, 300.0])
def test_complex_step_of_the_default_network(reg_coeff):
    check_gradient(scratch_mlp, *scratch_mlp.load_XOR_data(), scratch_mlp.initialize_weights(2, 10, 2), reg_coeff)


@pytest.mark.parametrize("reg_coeff", [0.0, 1.0, 7.0])
def test_central_differences(reg_coeff):
    X, y, weights = random_network(scratch_mlp, seed=6)
    true = central_difference(loss_of(scratch_mlp, X, y, reg_coeff), weights)
    for mine, theirs in zip(hand_derived(scratch_mlp, X, y, weights, reg_coeff), true, strict=True):
        assert relative_error(mine, theirs) < 1e-8
