"""What the README and the files say of each other."""
import ast
import re
from dataclasses import fields, replace
from pathlib import Path

import imageio.v3 as iio
import pytest
from test_mutants import MUTANTS

import utils
from scratch_mlp import Hyperparameters, train

PROJECT = Path(__file__).resolve().parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def table(first_cell):
    """The rows of the README's table whose first heading is this one."""
    rows = re.search(rf"^\| {first_cell} \|.*\n\| ---.*\n((?:\|.*\n)+)", README, re.MULTILINE).group(1)
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows.splitlines()]


def test_the_scripts_own_requirements_are_those_of_the_file():
    source = (PROJECT / "scratch_mlp.py").read_text(encoding="utf-8")
    block = re.match(r"# /// script\n((?:# .*\n)+)# ///\n", source).group(1)
    metadata = {name: ast.literal_eval(value) for name, value in re.findall(r"^# (\S+) = (.*)$", block, re.MULTILINE)}
    assert metadata["dependencies"] == (PROJECT / "requirements.txt").read_text().split()
    assert f"Python {metadata['requires-python'].removeprefix('>=')} or newer" in README


def test_the_top_level_holds_what_it_should():
    shown = {path.name for path in PROJECT.iterdir() if not path.name.startswith(".")} - {"plots", "__pycache__"}
    assert shown == {"scratch_mlp.py", "utils.py", "docs", "tests", "requirements.txt", "README.md", "LICENSE"}


def test_settings():
    assert table("setting") == [
        [f"`{f.name}`", "`plots`, beside the script" if f.name == "output_dir" else f"`{f.default}`",
         f.metadata["meaning"].replace("|", "\\|")] for f in fields(Hyperparameters)]


def test_progress_of_the_default_run(capsys):
    utils.watch(iter(train(Hyperparameters())), Hyperparameters())
    assert f"```\n{capsys.readouterr().out}drawing 101 frames\n```" in README


@pytest.mark.parametrize("row", table("settings"), ids=lambda row: row[0])
def test_results(row):
    flags = row[0].strip("`").split() if row[0].startswith("`") else []
    last = train(replace(utils.parse_settings(Hyperparameters, flags), num_frames=0))[-1]
    assert row[1:] == [f"{last.train_accuracy:.1%}", f"{last.test_accuracy:.1%}", f"{last.loss:.4g}"]


def test_number_of_mutants():
    assert f"* {len(MUTANTS)} slips of the pen" in README


def test_the_benchmark_is_the_whole_of_it_and_within_its_limits():
    labels = re.findall(r'    row\(f?"(.*?)", ', (PROJECT / "tests" / "benchmark.py").read_text(encoding="utf-8"))
    patterns = {re.sub(r"\\{\w+\\}", ".*", re.escape(label)) for label in labels} - {"what", "\\-\\-\\-"}
    assert all(any(re.fullmatch(pattern, label) for pattern in patterns) for label, *_ in table("what"))
    for label, *cells in table("what"):
        measured, at_most = ([float(number) for number in re.findall(r"[\d.]+", cell)] for cell in cells)
        assert all(value <= limit for value, limit in zip(measured, at_most or measured, strict=True)), label


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (PROJECT / target).exists(), target


def test_the_readmes_picture_is_the_default_run():
    path = PROJECT / "docs" / "default.gif"
    assert path.stat().st_size < 1e6
    assert iio.improps(path, index=...).n_images == 101
