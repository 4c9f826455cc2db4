"""Asks the exercises of docs/lab.md, and judges answers; all is in exercises.json, and the bugs in patches/N.patch.

    python -m docs.lab.exercises                lists the exercises
    python -m docs.lab.exercises N              asks exercise N; if it is about a bug, writes broken.py, which has it
    python -m docs.lab.exercises N ANSWER       status 0: right; 1: wrong; 2: there is no such exercise or answer
"""
import argparse
import json
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np

import scratch_mlp
import utils
from docs.lab import checks

LAB = Path(__file__).resolve().parent
EXERCISES = json.loads((LAB / "exercises.json").read_text(encoding="utf-8"))
QUESTIONS = {number: f"{number}. {exercise['question']}" for number, exercise in EXERCISES.items()}
SHAPES = {"w1": (2, 4), "b1": (4,), "w2": (4, 2), "b2": (2,)}
RUNS = ({"num_epochs": 2000}, {"num_epochs": 1000, "num_samples": 1000}, {"num_epochs": 300, "batch_size": 30})


def read_weights(text):
    """[w1, b1, w2, b2] from a file of JSON."""
    given = json.loads(Path(text).read_text(encoding="utf-8-sig"))
    return [np.broadcast_to(np.array(given[name], dtype=float), shape) for name, shape in SHAPES.items()]


KINDS = {                                           # how an answer is read, and what it must be
    "number": (lambda text: Fraction(text.replace("%", "e-2")), "a number, such as 0.75, 3/4 or 75%"),
    "letters": (str.lower, "the four letters in the order asked for, such as abcd"),
    "line": (int, "the number of a line of broken.py"),
    "weights": (read_weights, "the name of a file with w1, b1, w2, b2 of four hidden neurons in JSON"),
}


def judge(number, text):
    """None if the answer is right, else a hint; raises ValueError, in one line, if it can be no answer."""
    exercise = EXERCISES[number]
    reader, must_be = KINDS[exercise["kind"]]
    try:
        answer = reader(text)
    except (ValueError, TypeError, KeyError, ArithmeticError, OSError) as error:
        raise ValueError(f"ANSWER = {text[:60]}: must be {must_be} ({error!r:.200})") from None
    if exercise["kind"] == "weights":
        return judge_weights(answer, exercise["hint"])
    if exercise["kind"] == "line":
        away = abs(answer - broken_program(number)[1])
        return ("It is near. " if away <= 10 else "") + exercise["hint"] if away else None
    hints = {reader(slip): hint for slip, hint in exercise["slips"].items()}
    return None if answer == reader(exercise["answer"]) else hints.get(answer, exercise["hint"])


def judge_weights(weights, hint):
    """Right if 99.9 % of new points and their mirror images are, and the loss without a penalty is below 0.01."""
    X, y = scratch_mlp.load_XOR_data(10_000, seed=9)
    X, y = np.concatenate([X, -X]), np.concatenate([y, y])
    with np.errstate(over="ignore", invalid="ignore"):
        share = scratch_mlp.accuracy(X, y, *weights)
        loss = checks.loss_at(scratch_mlp, X, y, weights, reg_coeff=0.0, penalty="l2")
    if share >= 0.999 and loss < 0.01:
        return None
    if share >= 0.999:
        hint = "Which weights make the outputs surer, and leave the boundary where it is?"
    elif share < 0.25:
        hint = "Your outputs are exchanged: the second one is to be the larger one where the class is 1."
    return f"{share:.2%} of {len(X)} points are right, and the loss is {loss:.4f}. {hint}"


def broken_program(number):
    """scratch_mlp.py with the bug of the exercise, and the number of the line that is wrong."""
    hunk = (LAB / "patches" / f"{number}.patch").read_text(encoding="utf-8").splitlines()[3:]
    [right], [wrong] = ([line[1:] for line in hunk if line.startswith(sign)] for sign in "-+")
    lines = (checks.PROJECT / "scratch_mlp.py").read_text(encoding="utf-8").splitlines()
    if lines.count(right) != 1:
        raise ValueError(f"exercise {number}: this line is no longer in scratch_mlp.py, or not once: "
                         f"{right.strip()} (undo your change of it, or edit docs/lab/patches/{number}.patch)")
    at = lines.index(right)
    return "\n".join([*lines[:at], wrong, *lines[at + 1:], ""]), at + 1


def symptoms(m):
    """Lines that say how far the gradients of the module m are from those of its loss, and how it trains."""
    yield "relative difference of each gradient from the complex step of the program's own loss; below 1e-12 both agree"
    problem = checks.random_network(m, seed=1)
    for reg_coeff in (0.0, 7.0):
        errors = map(checks.relative_error, checks.hand_derived(m, *problem, reg_coeff, "l2"),
                     checks.complex_step(m, *problem, reg_coeff, "l2"))
        yield f"reg_coeff {reg_coeff:g}: dL_dw1 %.1e, dL_db1 %.1e, dL_dw2 %.1e, dL_db2 %.1e" % tuple(errors)
    for changes in RUNS:
        yield "training with " + ", ".join(f"{name} {value}" for name, value in changes.items())
        for program, module in (("broken.py", m), ("scratch_mlp.py", scratch_mlp)):
            *_, last = module.train(checks.settings(module, num_frames=0, **changes))
            yield f"{program:>16}: loss {last.loss:.4f}, train {last.train_accuracy:.1%}, test {last.test_accuracy:.1%}"


def asked(number):
    """Lines that ask the exercise; if it is about a bug, broken.py is written, and its symptoms come first."""
    kind = EXERCISES[number]["kind"]
    if kind == "line":
        program, _ = broken_program(number)
        Path("broken.py").write_text(program, encoding="utf-8")
        yield from ("broken.py is written. Its symptoms:", *symptoms(checks.module_of(program)), "")
    yield from (QUESTIONS[number], f"The answer is {KINDS[kind][1]}.")


def main(arguments=None):
    """Do what the arguments say; returns the exit status 0 or 1, or ends with 2."""
    parser = argparse.ArgumentParser(description="Ask an exercise of docs/lab.md, or say whether an answer is right.")
    parser.error = lambda message: sys.exit(utils.fail(2, message))
    parser.add_argument("number", nargs="?", metavar="N", choices=list(EXERCISES), help="none: list all")
    parser.add_argument("answer", nargs="*", metavar="ANSWER", help="none: ask the exercise")
    given = parser.parse_args(arguments)
    try:
        if given.answer:
            hint = judge(given.number, "".join(given.answer))
            print(f"wrong: {hint}" if hint else f"right: {EXERCISES[given.number]['why']}")
            return 1 if hint else 0
        print("\n".join(asked(given.number) if given.number else QUESTIONS.values()))
        return 0
    except (ValueError, OSError) as error:
        sys.exit(utils.fail(2, error))


if __name__ == "__main__":
    sys.exit(main())
