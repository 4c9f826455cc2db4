"""A test of the tests: each of the planted bugs makes the checks fail, and the script as it is passes."""
import pytest

from tests.bugs import BUGS, program_with
from tests.checks import SOURCE, module_of, run_checks


def test_the_source_as_it_is_passes():
    run_checks(module_of(SOURCE))


@pytest.mark.parametrize("bug", BUGS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_mutant_is_caught(bug):
    mutant = module_of(program_with(bug))
    with pytest.raises(AssertionError):
        run_checks(mutant)
