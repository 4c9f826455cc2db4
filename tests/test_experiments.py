"""What the scripts of the docs measured over many seeds, and stored, comes out again: the cheap part of it is rerun."""
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parent.with_name("docs")))
import common  # noqa: E402
import make  # noqa: E402

CHEAP = [                                           # script, experiment, case, seed
    ("what_it_can_learn", "widths", "--hidden_dim 3", 2017),
    ("what_it_can_learn", "widths", "--hidden_dim 4 --use_bias False", 7),
    ("what_it_can_learn", "batches", "--batch_size 30 --num_epochs 2000", 3),
]
EXPERIMENTS = {(script.__name__, name): experiment for script in make.SCRIPTS if hasattr(script, "EXPERIMENTS")
               for name, experiment in script.EXPERIMENTS.items()}


@pytest.mark.parametrize(("script", "name", "case", "seed"), CHEAP)
def test_a_stored_result_comes_out_again(script, name, case, seed):
    measure, cases = EXPERIMENTS[script, name]
    for quantity, value in measure(case, seed).items():
        stored = common.stored(script)[name][case][quantity][common.SEEDS.index(seed)]
        if value is None or stored is None:
            assert value is stored, quantity
        else:
            np.testing.assert_allclose(value, stored, rtol=1e-5, err_msg=quantity)


@pytest.mark.parametrize(("script", "name"), EXPERIMENTS)
def test_all_is_stored(script, name):
    """Each case of each experiment, with one value for each seed, and nothing else."""
    stored = common.stored(script)
    assert list(stored[name]) == list(EXPERIMENTS[script, name][1])
    assert set(stored) == {"about", *(n for s, n in EXPERIMENTS if s == script)}
    assert stored["about"]["seeds"] == list(common.SEEDS)
    assert {"python", "numpy"} < set(stored["about"])
    assert all(len(values) == len(common.SEEDS) >= 20 for case in stored[name].values() for values in case.values())
