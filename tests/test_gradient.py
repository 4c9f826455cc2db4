"""The checks: the script passes them, of many networks, and each of the planted bugs makes them fail."""
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scratch_mlp
from docs.experiments.common import module_of
from tests.bugs import BUGS, program_with
from tests.checks import SOURCE, check_gradient, random_network, run_checks

ROUNDING = 1e-15    # of 1 - h, where a saturated neuron loses digits: 1e-16 times points and weights


@given(seed=st.integers(0, 10_000), N=st.integers(1, 12), hidden_dim=st.integers(1, 12), scale=st.floats(0.01, 3),
       reg=st.sampled_from(["none", "one", "N"]))
@settings(deadline=None, derandomize=True, max_examples=150)
def test_complex_step_of_many_networks(seed, N, hidden_dim, scale, reg):
    reg_coeff = {"none": 0.0, "one": 1.0, "N": float(N)}[reg]
    check_gradient(scratch_mlp, *random_network(scratch_mlp, seed, N, hidden_dim, scale), reg_coeff, floor=ROUNDING)


def test_the_script_passes():
    run_checks(module_of(SOURCE))


@pytest.mark.parametrize("bug", BUGS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_planted_bug_is_found(bug):
    mutant = module_of(program_with(bug))
    with pytest.raises(AssertionError):
        run_checks(mutant)
