"""What the scripts of the docs measured over many seeds, and stored, comes out again: the cheap part of it is rerun."""
import json

import numpy as np
import pytest

from docs.experiments import common, exploding_and_vanishing, what_it_can_learn, why_75_percent, why_it_exploded
from docs.lab.checks import settings
from scratch_mlp import train

SCRIPTS = {script.__name__.split(".")[-1]: script.EXPERIMENTS for script in
           (exploding_and_vanishing, what_it_can_learn, why_75_percent, why_it_exploded)}
CHEAP = [                                           # script, experiment, case, seed
    ("what_it_can_learn", "trainings", "--hidden_dim 3", 2017),
    ("what_it_can_learn", "trainings", "--hidden_dim 10", 3),
    ("what_it_can_learn", "searches", "2", 5),
    ("why_75_percent", "reflected", "10 neurons, both biases", 2017),
    ("why_75_percent", "reflected", "50 neurons, no biases", 11),
    ("why_it_exploded", "law", "rate = 0.01", 2017),
    ("why_it_exploded", "law", "hidden_dim = 100", 12),
    ("exploding_and_vanishing", "layers", "gain 32, 10 neurons", 5),
    ("exploding_and_vanishing", "layers", "gain 0.577, 200 neurons", 2017),
    ("exploding_and_vanishing", "depths", "sigmoid, default gain, 6", 4),
    ("exploding_and_vanishing", "depths", "sigmoid, default gain, 2", 2),
]


@pytest.mark.parametrize(("script", "name", "case", "seed"), CHEAP)
def test_a_stored_result_comes_out_again(script, name, case, seed):
    if common.other_settings(script):
        pytest.skip("stale: docs/make.py --check lists its command")
    found, stored = SCRIPTS[script][name][0](case, seed), common.stored(script)[name][case]
    assert found.keys() == stored.keys()
    for quantity, value in found.items():
        expected = stored[quantity][common.SEEDS.index(seed)]
        assert (value is None) == (expected is None)
        if value is not None:
            np.testing.assert_allclose(value, expected, rtol=1e-5, err_msg=quantity)


@pytest.mark.parametrize("script", SCRIPTS)
def test_results_are_stale_if_other_settings_are_published_but_for_those_of_the_pictures(script, monkeypatch):
    then = common.stored(script)["about"]["settings"]
    monkeypatch.setattr(common, "PUBLISHED", then | {"num_samples": 7, "num_frames": 7, "frame_ms": 70})
    assert common.other_settings(script) == {"num_samples": then["num_samples"]}


def test_a_run_of_the_article_is_one_of_ours_with_fifty_times_its_rate(monkeypatch, tmp_path):
    monkeypatch.setattr(common, "PICTURES", tmp_path)
    monkeypatch.setitem(why_it_exploded.RUNS, "right", (30, why_it_exploded.RUNS["right"][1]))
    found = why_it_exploded.measure_run("right", 2017)
    hp = settings(hidden_dim=50, num_samples=50, use_bias=False, learning_rate=0.15, num_epochs=30, num_frames=0)
    *_, last = train(hp)
    assert (found["old points"], found["new points"]) == (last.train_accuracy, last.test_accuracy)
    np.testing.assert_allclose(found["loss"], last.loss, rtol=1e-12)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["article_right.gif", "article_right.png"]


def test_an_explosion_ends_a_run_of_the_article(monkeypatch):
    """At the iteration that the experiment of the law has found, too."""
    monkeypatch.setitem(why_it_exploded.RUNS, "between", (2000, {"reg_coeff": 0.01}))
    found = why_it_exploded.measure_run("between", 2017)
    first = common.stored("why_it_exploded")["law"]["nothing"]["iteration"][0]
    assert (found["explodes"], found["iterations"], found["loss"]) == (first, first, None)


def test_the_law_with_data_foretells_the_first_explosion_as_stored(monkeypatch):
    """And for weaker penalties none, in a run that ends soon after the first."""
    monkeypatch.setattr(why_it_exploded, "MILLION", 42_000)
    stored, = common.stored("why_it_exploded")["with data"]["50 neurons"]["1e-4"]
    found = why_it_exploded.measure_prediction("50 neurons", 2017)
    assert found == {"1e-4": pytest.approx(stored, rel=0.01), "1e-5": None, "1e-6": None}


@pytest.mark.parametrize("script", SCRIPTS)
def test_all_is_stored(script):
    """Each case of each experiment, with a value for each seed, as it was measured."""
    about, stored = common.stored(script)["about"], {**common.stored(script)}
    del stored["about"]
    assert {name: list(found) for name, found in stored.items()} == {
        name: list(cases) for name, (measure, cases, seeds) in SCRIPTS[script].items()}
    for name, (_, _, seeds) in SCRIPTS[script].items():
        assert {len(values) for run in stored[name].values() for values in run.values()} == {len(seeds)}
    assert about["checksum"] == common.checksum(stored), "edited by hand?"


def measure_product(case, seed):
    return {"product": len(case) * seed / 3, "odd": None if seed % 2 else seed}


def test_results_are_stored_with_what_they_are_from(monkeypatch, tmp_path):
    monkeypatch.setattr(common, "RESULTS", tmp_path)
    common.store("products", common.measured({"products": (measure_product, ["one", "four"], common.SEEDS)}))
    stored = json.loads((tmp_path / "products.json").read_text(encoding="utf-8"))
    about = stored.pop("about")
    assert list(about) == ["python", "numpy", "settings", "checksum"]
    assert about["checksum"] == common.checksum(stored)
    assert stored["products"]["four"]["product"][:3] == [2689.33, 0, 1.33333]
    assert stored["products"]["one"]["odd"][:3] == [None, 0, None]
