"""The settings block: what is refused, in one line that says what is allowed, be it a flag or an edited default."""
import subprocess
import sys
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path

import pytest

import utils
from docs.lab.checks import SETTINGS, settings
from scratch_mlp import Hyperparameters

PROJECT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(("name", "value", "allowed"), [
    *((name, value, "a whole number from 1 to 10000") for name in ("num_samples", "num_test_samples")
      for value in (0, -1, 2.0, 1.5, None, True, float("nan"), 10**9, "1e3", "", "9" * 50)),
    ("data_seed", 2**32 - 1, "a whole number from 0 to 4294967294"),
    ("weight_seed", -1, "a whole number from 0 to 4294967295"),
    ("hidden_dim", 0, "a whole number from 1 to 1000"),
    ("num_epochs", 1e6, "a whole number from 0 to 1000000000"),
    *((name, value, "a number from 0 to 1000000") for name in ("learning_rate", "lr_decay", "reg_coeff", "clip_norm")
      for value in (-1e-9, float("nan"), float("inf"), -float("inf"), 1e300, "fast", None, False, 1j)),
    *((name, value, "True or False") for name in ("use_bias", "shuffle") for value in (1, 0, "yes", None, "")),
    ("penalty", "l3", "l2 or l1"),
    ("penalty", None, "l2 or l1"),
    ("num_frames", -1, "a whole number from 0 to 1000"),
    ("frame_ms", 10, "a whole number from 20 to 10000"),
    ("frame_ms", 105, "a multiple of 10"),
    ("batch_size", 301, "at most num_samples = 300"),
    ("output_dir", "", "a name"),
    ("output_dir", " ", "a name"),
])
def test_refused(name, value, allowed, capsys):
    with pytest.raises(SystemExit) as end:
        utils.read_settings(Hyperparameters, ["--num_samples=300", f"--{name}={value}"])
    assert end.value.code == 2
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1
    assert f" error: {name} = {str(value).strip()[:60]}: must be {allowed}" in errors


def test_each_setting_is_a_flag_that_takes_a_value():
    for name, value in SETTINGS.items():
        for arguments in ([f"--{name}", str(value)], [f"--{name}={value}"]):
            assert getattr(utils.read_settings(Hyperparameters, arguments), name) == value
    changed = utils.read_settings(Hyperparameters, ["--use_bias", "FALSE", "--reg_coeff", "1e-6", "--penalty", "L1"])
    assert changed == replace(Hyperparameters(), use_bias=False, reg_coeff=1e-6, penalty="l1")


def test_each_setting_has_a_meaning_and_a_type_and_limits():
    assert [f.name for f in fields(Hyperparameters)] == list(SETTINGS)
    meanings = utils.meanings(Hyperparameters)
    for f in fields(Hyperparameters):
        assert len(meanings[f.name]) > 10
        assert f.type in (int, float, bool, str)
        assert f.name in utils.ALLOWED or f.type is bool or f.name == "output_dir"
    assert utils.ALLOWED.keys() < SETTINGS.keys()


def test_settings_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        settings().hidden_dim = 3


@pytest.mark.parametrize(("name", "line", "flags", "error"), [
    ("hidden_dim", "hidden_dim: int = 2", [], None),                            # without its comment
    ("learning_rate", "learning_rate: float = 2   # a whole number", [], None),
    ("output_dir", 'output_dir: str = "plots #1"   # with a # in it', ["--num_frames", "1"], None),
    ("use_bias", "use_bias: bool = True\n    momentum: float = 0.9   # a setting of one's own; 50 % of all",
     ["--momentum", "0.5"], None),
    ("hidden_dim", "hidden_dim: int = 0", [], "hidden_dim = 0: must be a whole number from 1 to 1000"),
    ("hidden_dim", "hidden_dim: int = 2.5", [], "hidden_dim = 2.5: must be a whole number from 1 to 1000"),
    ("num_samples", "num_samples: int = 1e5", [], "num_samples = 100000.0: must be a whole number from 1 to 10000"),
    ("penalty", 'penalty: str = "lasso"', [], "penalty = lasso: must be l2 or l1"),
    ("use_bias", 'use_bias: bool = "no"', [], "use_bias = no: must be True or False"),
    ("use_bias", "use_bias: bool = True\n    momentum: float = 0.9", ["--momentum", "x"],
     "momentum = x: must be a number from -inf to inf"),
])
def test_an_edited_default(name, line, flags, error, tmp_path):
    """A plain edit of a line works, or is refused like a flag; --help shows it."""
    source = (PROJECT / "scratch_mlp.py").read_text(encoding="utf-8")
    before, = (found for found in source.splitlines() if found.startswith(f"    {name}: "))
    (tmp_path / "scratch_mlp.py").write_text(source.replace(before, "    " + line), encoding="utf-8")
    (tmp_path / "utils.py").write_bytes((PROJECT / "utils.py").read_bytes())

    def run(*arguments):
        command = [sys.executable, "scratch_mlp.py", "--num_epochs", "2", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    done = run("--num_frames", "0", *flags)
    assert (done.returncode, done.stdout == "") == ((2, True) if error else (0, False))
    assert done.stderr == (f"scratch_mlp.py: error: {error} (see --help)\n" if error else "")
    if not error:
        shown = " ".join(run("--help").stdout.split())
        for changed in line.splitlines():
            default, _, meaning = changed.partition(" = ")[2].partition("   # ")
            assert f"{meaning} (default: {eval(default)})".strip() in shown
