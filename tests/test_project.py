"""What the README and the files say of each other."""
import ast
import re
from pathlib import Path

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
    lines = (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert metadata["dependencies"] == [line.partition("#")[0].strip() for line in lines]
    assert f"Python {metadata['requires-python'].removeprefix('>=')} or newer" in README


def test_the_top_level_holds_what_it_should():
    shown = {path.name for path in PROJECT.iterdir()}
    assert shown >= {"scratch_mlp.py", "utils.py", "docs", "tests", "requirements.txt", "README.md", "LICENSE"}


def test_the_benchmark_is_the_whole_of_it_and_within_its_limits():
    labels = re.findall(r'    row\(f?"(.*?)", ', (PROJECT / "tests" / "benchmark.py").read_text(encoding="utf-8"))
    patterns = {re.sub(r"\\{\w+\\}", ".*", re.escape(label)) for label in labels} - {"what", "\\-\\-\\-"}
    assert all(any(re.fullmatch(pattern, label) for pattern in patterns) for label, *_ in table("what"))
    for label, *cells in table("what"):
        measured, at_most = ([float(number) for number in re.findall(r"[\d.]+", cell)] for cell in cells)
        assert all(value <= limit for value, limit in zip(measured, at_most or measured, strict=True)), label
