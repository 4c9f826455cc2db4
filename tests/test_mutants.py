"""A test of the tests: each of the planted bugs makes the checks fail."""
import pytest

from docs.lab.bugs import BUGS, SOURCE, program_with, run_checks
from docs.lab.checks import module_of


def test_the_source_as_it_is_passes():
    run_checks(module_of(SOURCE))


@pytest.mark.parametrize("slip", BUGS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_mutant_is_caught(slip):
    mutant = module_of(program_with(slip))
    with pytest.raises(AssertionError):
        run_checks(mutant)
