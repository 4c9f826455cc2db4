"""The settings block: what is refused, in one line that says what is allowed."""
from dataclasses import fields

import numpy as np
import pytest

from scratch_mlp import Hyperparameters


@pytest.mark.parametrize(("name", "value", "allowed"), [
    *((name, value, "a whole number from 1 to 10000") for name in ("num_samples", "num_test_samples")
      for value in (0, -1, 2.0, 1.5, "7", None, True, float("nan"), 10**9)),
    ("data_seed", 2**32 - 1, "a whole number from 0 to 4294967294"),
    ("weight_seed", -1, "a whole number from 0 to 4294967295"),
    ("hidden_dim", 0, "a whole number from 1 to 1000"),
    ("num_epochs", 1e6, "a whole number from 0 to 1000000000"),
    *((name, value, "a number from 0 to 1000000") for name in ("learning_rate", "lr_decay", "reg_coeff", "clip_norm")
      for value in (-1e-9, float("nan"), float("inf"), -float("inf"), 1e300, "fast", None, False, 1j)),
    *((name, value, "True or False") for name in ("use_bias", "shuffle") for value in (1, 0, "yes", None)),
    ("penalty", "L2", "l2 or l1"),
    ("penalty", None, "l2 or l1"),
    ("num_frames", -1, "a whole number from 0 to 1000"),
    ("frame_ms", 10, "a whole number from 20 to 10000"),
    ("frame_ms", 105, "a multiple of 10"),
    ("batch_size", 301, "at most num_samples = 300"),
    ("output_dir", "", "the name of a folder"),
    ("output_dir", None, "the name of a folder"),
])
def test_refused(name, value, allowed):
    with pytest.raises(ValueError, match=r"^\w+ = [^\n]*: must be [^\n]+$") as error:
        Hyperparameters(**{name: value})
    assert str(error.value).startswith(f"{name} = {value}: ")
    assert str(error.value).partition("must be ")[2].startswith(allowed)


def test_numpy_numbers_are_numbers():
    hp = Hyperparameters(num_samples=np.int64(50), learning_rate=np.float32(0.5), reg_coeff=1)
    assert hp.num_samples == 50


def test_each_field_has_a_meaning_and_keeps_to_what_it_allows():
    for f in fields(Hyperparameters):
        assert len(f.metadata["meaning"]) > 10
        if f.type in (int, float):
            assert f.metadata["allowed"][0] <= f.default <= f.metadata["allowed"][1]
