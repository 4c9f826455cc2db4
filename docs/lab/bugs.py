"""Bugs to be planted in a copy of scratch_mlp.py, {what is wrong: (right, wrong)}; the checks have to notice each.

They are the slips of the lab, each in one layer, that keep the shapes and are wrong for two outputs, too; and slips
that only the script can have. `python -m docs.lab.bugs 7` writes broken.py, the program of exercise 7.
"""
import argparse
import inspect
from pathlib import Path

from docs.lab.checks import CHECKS, PROJECT
from docs.lab.slips import BRICKS, CATALOGUE, broken_source, results, same, slips_of

SOURCE = (PROJECT / "scratch_mlp.py").read_text(encoding="utf-8")


def can_be_planted(brick, slip):
    assert broken_source(brick, [slip]), f"docs/lab/slips.json has a piece that is not in {brick}, or twice: {slip[1]}"
    made, right = (results(brick, slips, "penalised") for slips in ((slip,), ()))
    return made and not all(map(same, made, right)) and [a.shape for a in made] == [a.shape for a in right]


BUGS = {says: (inspect.getsource(BRICKS[brick]), broken_source(brick, [(says, changes)]))
        for brick in ("sigmoid", "forward", "loss", "backward") for says, changes in slips_of(brick)
        if len(changes) == 1 and can_be_planted(brick, (says, changes))}
BUGS |= {says: (right, wrong) for right, wrongs in CATALOGUE["scratch_mlp"].items() for wrong, says in wrongs.items()}


def run_checks(module):
    for check in CHECKS:
        check(module)


def program_with(bug):
    """scratch_mlp.py with this bug."""
    right, wrong = BUGS[bug]
    assert SOURCE.count(right) == 1, f"not one line of scratch_mlp.py: {right}"
    return SOURCE.replace(right, wrong)


if __name__ == "__main__":
    exercises = {"7": "labels not shuffled with the points", "8": "test points are training points"}
    parser = argparse.ArgumentParser(description="Write broken.py, the program of an exercise of docs/lab.md.")
    parser.add_argument("exercise", choices=exercises)
    Path("broken.py").write_text(program_with(exercises[parser.parse_args().exercise]), encoding="utf-8")
