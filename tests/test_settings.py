"""The settings block: what is refused, in one line that says what is allowed, be it a flag or an edited default."""
import re
import subprocess
import sys
from dataclasses import fields, replace

import pytest

import utils
from scratch_mlp import Hyperparameters
from tests.checks import PROJECT, SETTINGS

TYPES = "its type must be int, float, bool, or str for a text in quotes"


@pytest.mark.parametrize(("name", "value", "allowed"), [
    *(("num_samples", value, "a whole number from 1 to 10000") for value in (0, 10_001, 1.5, "many", "")),
    *((f"{kind}_seed", 2**32 - 1, "a whole number from 0 to 4294967294") for kind in ("data", "weight")),
    *(("frame_ms", value, "a whole number from 20 to 10000") for value in (19, 10_001)),
    ("num_frames", 1001, "a whole number from 0 to 1000"),
    *(("learning_rate", value, "a number from 0.0 to 1e+308") for value in (-1e-9, "nan", "inf", "fast")),
    ("use_bias", "yes", "True or False"),
])
def test_a_value_that_is_refused(name, value, allowed, capsys):
    with pytest.raises(SystemExit, match="2"):
        utils.read_settings(Hyperparameters, [f"--{name}={value}"])
    assert f" error: argument --{name}: must be {allowed}, not '{value}'\n" in capsys.readouterr().err


def test_each_setting_is_a_flag_that_takes_a_value():
    assert list(SETTINGS) == [f.name for f in fields(Hyperparameters)]
    for name, value in SETTINGS.items():
        for arguments in ([f"--{name}", str(value)], [f"--{name}={value}"]):
            assert getattr(utils.read_settings(Hyperparameters, arguments), name) == value
    changed = utils.read_settings(Hyperparameters, ["--use_bias", "FALSE", "--reg_coeff", "1e-6"])
    assert changed == replace(Hyperparameters(), use_bias=False, reg_coeff=1e-6)


def test_limits(capsys):
    """Each number has some; they are allowed, and what is beyond is not."""
    assert {f.name for f in fields(Hyperparameters) if f.type in (int, float)} == utils.LIMITS.keys()
    for name, (low, high) in utils.LIMITS.items():
        step = 1 if type(low) is int else 1e-9
        for value in (low, high):
            assert getattr(utils.read_settings(Hyperparameters, [f"--{name}={value}"]), name) == value
        for value in [low - step] + [high + 1] * (step == 1):
            with pytest.raises(SystemExit, match="2"):
                utils.read_settings(Hyperparameters, [f"--{name}={value}"])


def test_each_setting_has_a_meaning_which_help_shows(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "1000")           # else a long path is broken at a hyphen
    with pytest.raises(SystemExit, match="0"):
        utils.read_settings(Hyperparameters, ["--help"])
    shown, meanings = " ".join(capsys.readouterr().out.split()), utils.comments_of(Hyperparameters)
    for f in fields(Hyperparameters):
        assert f"--{f.name} {f.type.__name__.upper()} {meanings[f.name]} (default: {f.default})" in shown
        assert len(meanings[f.name]) > 10


def run_edited(folder, lines, *arguments):
    """Run a copy of the script in which the settings with the names of these lines have these lines."""
    source = (PROJECT / "scratch_mlp.py").read_text(encoding="utf-8")
    for line in lines:
        name = re.match("[a-z_]+", line)[0]
        before, = (found for found in source.splitlines() if found.startswith(f"    {name}: "))
        source = source.replace(before, "    " + line)
    (folder / "scratch_mlp.py").write_text(source, encoding="utf-8")
    (folder / "utils.py").write_bytes((PROJECT / "utils.py").read_bytes())
    command = [sys.executable, "scratch_mlp.py", "--num_epochs", "2", "--num_frames", "1", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_edited_defaults(tmp_path):
    """A plain edit works: without a comment, a type as text, a # in the value, own settings; --help shows it."""
    lines = ['hidden_dim: "int" = 2', "learning_rate: float = 2   # a whole number",
             "use_bias: bool = True\n    momentum: float = 0.9   # 50 %\n    depth: int = 3\n    loud: bool = True",
             'output_dir: str = "plots #1"   # folder']
    done = run_edited(tmp_path, lines, "--momentum", "-0.5")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "plots #1" / "all.gif").exists()
    shown = " ".join(run_edited(tmp_path, lines, "--help").stdout.split())
    for words in ("--hidden_dim INT (default: 2)", "--learning_rate FLOAT a whole number (default: 2)",
                  "--momentum FLOAT 50 % (default: 0.9) --depth INT (default: 3) --loud BOOL (default: True)",
                  "--output_dir STR folder (default: plots #1)"):
        assert words in shown


@pytest.mark.parametrize(("line", "said"), [
    ("num_samples: int = 1e5", "argument --num_samples: must be a whole number from 1 to 10000, not '100000.0'"),
    ("hidden_dim = 3, 5", "hidden_dim has no type: write hidden_dim: int = 10, or float, bool or str for int"),
    ("frame_ms: int = 100\n    layers: tuple = (3, 3)", f"layers: {TYPES}"),
    ("hidden_dim: int | None = 3", f"hidden_dim: {TYPES}"),
    ("output_dir: str = None", f"output_dir: {TYPES}"),
])
def test_an_edited_default_that_is_refused(line, said, tmp_path):
    done = run_edited(tmp_path, [line])
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"usage: scratch_mlp.py [--name value ...]\nscratch_mlp.py: error: {said}\n"
