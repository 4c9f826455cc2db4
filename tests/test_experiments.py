"""What the scripts of the docs measured over many seeds, and stored, comes out again: the cheap part of it is rerun."""
import json
import platform
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parent.with_name("docs")))
import common  # noqa: E402
import make  # noqa: E402
import why_it_exploded  # noqa: E402

from scratch_mlp import initialize_weights  # noqa: E402

CHEAP = [                                           # script, experiment, case, seed
    ("what_it_can_learn", "widths", "--hidden_dim 3", 2017),
    ("what_it_can_learn", "widths", "--hidden_dim 4 --use_bias False", 7),
    ("what_it_can_learn", "batches", "--batch_size 30 --num_epochs 2000", 3),
    ("why_75_percent", "reflected", "10 neurons, output biases, drawn", 2017),
    ("why_75_percent", "reflected", "10 neurons, hidden biases, drawn", 4),
    ("why_75_percent", "reflected", "10 neurons, no biases, reflected", 11),
    ("why_it_exploded", "law", "rate = 0.01", 2017),
    ("why_it_exploded", "law", "hidden_dim = 10", 12),
    ("why_it_exploded", "law", "nothing", 19),
    ("why_it_exploded", "law", "reg_coeff = 0.1", 8),
    ("why_it_exploded", "trials", "rate times 0.9992^t", 2017),
    ("why_it_exploded", "trials", "rate / (1 + t/100)", 2),
    ("why_it_exploded", "trials", "L1 penalty, same bug", 6),
    ("why_it_exploded", "trials", "gradient clipped at 1", 9),
    ("why_it_exploded", "trials", "300 points in a step", 1),
    ("why_it_exploded", "trials", "the right gradient", 3),
    ("exploding_and_vanishing", "factors", "4, 10", 2017),
    ("exploding_and_vanishing", "depths", "default, 6", 4),
    ("exploding_and_vanishing", "remedies", "orthogonal, same gain", 9),
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


def test_the_law_tells_which_first_weights_explode():
    """With rates that fall so fast that their sum is just about enough, some do and some do not."""
    run = common.stored("why_it_exploded")["trials"]["rate times 0.9992^t"]
    for seed, iteration in zip(common.SEEDS, run["iteration"], strict=True):
        w1 = initialize_weights(2, 50, 2, seed)[0]
        sum_of_rates = 0.003 / (1 - 0.9992)
        assert (iteration is not None) == (why_it_exploded.predicted_time(w1, 1.0, 0.01) < sum_of_rates)


@pytest.mark.parametrize(("script", "name"), EXPERIMENTS)
def test_all_is_stored(script, name):
    """Each case of each experiment, with one value for each seed, and nothing else."""
    stored = common.stored(script)
    assert list(stored[name]) == list(EXPERIMENTS[script, name][1])
    assert set(stored) == {"about", *(n for s, n in EXPERIMENTS if s == script)}
    assert stored["about"]["seeds"] == list(common.SEEDS)
    assert {"python", "numpy"} < set(stored["about"])
    assert all(len(values) == len(common.SEEDS) >= 20 for case in stored[name].values() for values in case.values())


@pytest.mark.parametrize(("values", "expected"), [
    ([3, 1, 2], "2 (1 to 3)"), ([1, 1, 1], "1"), ([0.5], "0.5"), ([None, 7, None], "never (7 to never)"),
    ([4, None, 2], "4 (2 to never)"), ([None, None, None], "never"), ([0.1234567, 0.1234567], "0.123457")])
def test_spread(values, expected):
    assert common.spread(values) == expected


def measure_product(case, seed):
    return {"product": len(case) * seed / 3, "odd": None if seed % 2 else seed}


def table_products():
    return common.stored("products")["products"]["four"]["product"][2]


NAMES = {"__doc__": "What it is for.", "EXPERIMENTS": {"products": (measure_product, ["one", "four"])},
         "table_products": table_products}


def test_results_are_stored_with_what_they_are_from(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(common, "RESULTS", tmp_path)
    assert common.main("products", NAMES, []) == 0
    stored = json.loads((tmp_path / "products.json").read_text())
    assert stored["about"] == {"seeds": [2017, *range(20)], "python": platform.python_version(),
                               "numpy": np.__version__}
    assert stored["products"]["four"]["product"][:3] == [2689.33, 0, 1.33333]
    assert stored["products"]["one"]["odd"][:3] == [None, 0, None]
    shown = capsys.readouterr().out
    assert "products: 42 of 42 runs\n" in shown
    assert shown.endswith("products\n1.33333\n")


def test_an_interrupted_experiment_leaves_what_was_stored(monkeypatch, tmp_path, capsys):
    def interrupted(*arguments):
        raise KeyboardInterrupt
    monkeypatch.setattr(common, "RESULTS", tmp_path)
    monkeypatch.setattr(common, "as_completed", interrupted)
    (tmp_path / "products.json").write_text("as it was")
    assert common.main("products", NAMES, []) == 130
    assert [path.read_text() for path in tmp_path.iterdir()] == ["as it was"]
    assert capsys.readouterr().out == "\ninterrupted: what was stored before is as it was\n"


@pytest.mark.parametrize(("arguments", "status"), [(["--help"], 0), (["--seeds", "3"], 2)])
def test_a_script_takes_no_settings(arguments, status, monkeypatch, capsys):
    monkeypatch.setattr(common, "over_seeds", None)
    with pytest.raises(SystemExit) as end:
        common.main("products", NAMES, arguments)
    assert end.value.code == status
    assert ("What it is for." in capsys.readouterr().out) == (status == 0)
