"""What the experiments measured over many seeds, and stored, comes out again: the cheap part of it is rerun."""
import numpy as np
import pytest

from docs import make
from docs.experiments import common, why_it_exploded
from tests.checks import history_of

EXPERIMENTS = {script.__name__.split(".")[-1]: script.EXPERIMENTS for script in make.EXPERIMENTS}
CHEAP = [                                           # script, experiment, case, seed
    ("what_it_can_learn", "trainings", "3 neurons", 2017),
    ("what_it_can_learn", "trainings", "10 neurons", 3),
    ("what_it_can_learn", "trainings", "3 neurons, no biases", 7),
    ("changes", "changes", "ReLU", 0),
    ("changes", "changes", "A second hidden layer", 1),
    ("why_it_exploded", "depths", "sigmoid, default gain, 6", 4),
    ("why_it_exploded", "depths", "sigmoid, default gain, 2", 2),
]


@pytest.mark.parametrize(("script", "name", "case", "seed"), CHEAP)
def test_a_stored_result_comes_out_again(script, name, case, seed):
    found, stored = EXPERIMENTS[script][name][0](case, seed), common.stored(script)[name][case]
    assert found.keys() == stored.keys()
    for quantity, value in found.items():
        expected = stored[quantity][EXPERIMENTS[script][name][2].index(seed)]
        np.testing.assert_allclose(value, expected, rtol=1e-5, err_msg=quantity)


@pytest.mark.parametrize("script", EXPERIMENTS)
def test_all_is_stored(script):
    """Each case of each experiment, with a value for each seed."""
    assert {name: {case: len(values) for case, found in cases.items() for values in found.values()}
            for name, cases in common.stored(script).items()} == {
        name: dict.fromkeys(cases, len(seeds)) for name, (_, cases, seeds) in EXPERIMENTS[script].items()}


def test_a_run_of_the_article_is_one_of_ours_with_fifty_times_its_rate():
    found = why_it_exploded.measure_run("50 neurons, 1e-4, the right gradient", 2017, limit=30)
    *_, last = history_of(hidden_dim=50, num_samples=50, use_bias=False, learning_rate=0.15, num_epochs=30)
    assert (found["iterations"], found["old"], found["new"]) == (30, last.train_accuracy, last.test_accuracy)
    np.testing.assert_allclose(found["loss"], last.loss, rtol=1e-12)
