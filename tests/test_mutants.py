"""A test of the tests: each of the planted bugs makes the checks fail."""
import pytest

from docs.lab.bugs import BUGS, SOURCE, run_checks
from docs.lab.checks import module_of


def test_the_source_as_it_is_passes():
    run_checks(module_of(SOURCE))


@pytest.mark.parametrize("slip", BUGS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_mutant_is_caught(slip):
    right, wrong = BUGS[slip]
    assert SOURCE.count(right) == 1, f"not one line of scratch_mlp.py: {right}"
    with pytest.raises(AssertionError):
        run_checks(module_of(SOURCE.replace(right, wrong)))
