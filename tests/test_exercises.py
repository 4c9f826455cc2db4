"""Each exercise of the docs: its solution is computed here, by running what it is about."""
import re
import subprocess
import sys

import numpy as np
import pytest

import scratch_mlp
from docs.experiments import exercise_figures
from docs.experiments.common import module_of
from tests.checks import PROJECT, SOURCE, history_of, run_checks


def sections_of(page):
    text = (PROJECT / "docs" / page).read_text(encoding="utf-8")
    return dict(re.findall(r"^##+ (\d+)\. (.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)), text


ASKED, PAGE = sections_of("lab.md")
SOLVED, _ = sections_of("lab/solutions.md")


def session(number):
    """What the lines of Python of an exercise define."""
    names = {}
    for lines in re.findall(r"```pycon\n(.*?)```", PAGE.partition("\n### 1")[0] + ASKED[number], re.DOTALL):
        exec(re.sub(r"^(>>>|\.\.\.) ?", "", lines, flags=re.MULTILINE), names)
    return names


def printed(number):
    """What the exercise makes a reader print."""
    return eval(re.search(r"print\s`(.*?)`", ASKED[number])[1], session(number))


def solution(number):
    return SOLVED[number].split("\n\n")[1]


def flags(number, program="scratch_mlp.py"):
    return re.findall(rf"^python {program} --num_frames \d+ (.*)$", ASKED[number], re.MULTILINE)


def test_what_is_printed_is_the_solution():
    assert ASKED.keys() == SOLVED.keys() == set("12345678")
    assert (printed("1"), solution("1")[:15]) == (0.25, "The loss is 1/4")
    assert (np.unique(printed("3"), axis=1).shape[1], solution("3")[:10]) == (1, "One column")
    assert (round(printed("4"), 8), solution("4")[:22]) == (-0.75, "The derivative is -3/4")
    assert (printed("6"), solution("6")[:7]) == (37, "From 37")
    assert 0.48 < session("5")["shares"][0] < 0.52
    by_logits, by_outputs = session("6")["shares"]
    assert by_logits < 0.75 < 0.95 < by_outputs


def test_panels():
    assert flags("2") == list(exercise_figures.CURVES)
    runs = exercise_figures.ordered_runs(1)
    letters = {words: letter for letter, (words, _) in zip("abcd", runs, strict=True)}
    assert f"are {', '.join(letters[words] for words in flags('2'))}." in solution("2")
    assert min(-np.diff([history[-1].loss for _, history in runs])) > 0.003        # plain, on other machines, too


@pytest.mark.parametrize("number", "78")
def test_bug(number, tmp_path):
    """One line of broken.py is wrong, as the solution says; the checks catch it; the symptoms are as the page says."""
    subprocess.run([sys.executable, PROJECT / "docs/lab/bugs.py", number], cwd=tmp_path, check=True)
    program = (tmp_path / "broken.py").read_text(encoding="utf-8")
    wrong, right = re.match("There is `(.*?)` in the place of `(.*?)`", solution(number)).groups()
    assert program == SOURCE.replace(right, wrong)
    assert [a == b for a, b in zip(program.splitlines(), SOURCE.splitlines(), strict=True)].count(False) == 1
    with pytest.raises(AssertionError):
        run_checks(module_of(program))
    assert flags(number) == flags(number, "broken.py")
    changes = {name: int(value) for name, value in re.findall(r"--(\w+) (\d+)", flags(number)[0])}
    mine, right = [history_of(m, num_frames=1, **changes)[-1] for m in (module_of(program), scratch_mlp)]
    if number == "7":
        assert mine.loss > 0.24 > right.loss + 0.02
    else:
        assert mine[:3] == right[:3]
        assert mine.test_accuracy == mine.train_accuracy != right.test_accuracy
