"""The gradient that is stepped along is the gradient of the loss that is printed."""
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scratch_mlp
from tests.checks import check_gradient, random_network

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
