"""What the README and the files say of each other."""
import ast
import re

from benchmark import AT_MOST

from docs.lab.checks import PROJECT

README = (PROJECT / "README.md").read_text(encoding="utf-8")


def test_the_scripts_own_requirements_are_those_of_the_file():
    source = (PROJECT / "scratch_mlp.py").read_text(encoding="utf-8")
    block = re.match(r"# /// script\n((?:# .*\n)+)# ///\n", source).group(1)
    metadata = {name: ast.literal_eval(value) for name, value in re.findall(r"^# (\S+) = (.*)$", block, re.MULTILINE)}
    lines = (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert metadata["dependencies"] == [line.partition("#")[0].strip() for line in lines]
    assert f"Python {metadata['requires-python'].removeprefix('>=')} or newer" in README


def test_what_was_measured_is_within_the_limits_of_the_benchmark():
    rows = re.search(r"^\| what \| measured \| at most \|\n\| ---.*\n((?:\|.*\n)+)", README, re.MULTILINE)[1]
    for what, measured, at_most in re.findall(r"^\| (.*) \| (.*) \| (.*) \|$", rows, re.MULTILINE):
        assert at_most == AT_MOST[what]
        (value, *unit), (limit, *same_unit) = measured.split(), at_most.split()
        assert float(value) <= float(limit), what
        assert unit == same_unit
