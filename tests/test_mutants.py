"""A test of the tests: each of the planted bugs makes the checks fail."""
import pytest

from docs.lab.bugs import BUGS, SOURCE, can_be_planted, program_with, run_checks
from docs.lab.checks import module_of


def test_the_source_as_it_is_passes():
    run_checks(module_of(SOURCE))


def test_a_piece_that_is_no_longer_in_its_brick_is_named():
    with pytest.raises(AssertionError, match="slips.json has a piece that is not in sigmoid.*no such piece"):
        can_be_planted("sigmoid", ("a slip", (("no such piece", ""),)))


@pytest.mark.parametrize("slip", BUGS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_mutant_is_caught(slip):
    mutant = module_of(program_with(slip))
    with pytest.raises(AssertionError):
        run_checks(mutant)
