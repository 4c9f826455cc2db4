"""Asks the exercises of docs/exercises.md, and says whether an answer is right; if it is not, gives a hint.

    python docs/exercises.py                lists the exercises
    python docs/exercises.py N              asks exercise N; if it is about a bug, prints a program that has it
    python docs/exercises.py N ANSWER       status 0: right; 1: wrong; 2: there is no such exercise or answer

The exercises are in exercises.json, answers as digests, bugs and reasons packed: so that nobody reads them by accident.
"""
import argparse
import ast
import base64
import hashlib
import json
import re
import signal
import sys
import zlib
from fractions import Fraction
from functools import partial
from pathlib import Path

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)    # Ctrl-C just ends it, be it while NumPy is imported
PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests")]

import checks  # noqa: E402
import numpy as np  # noqa: E402

import scratch_mlp  # noqa: E402
import utils  # noqa: E402

EXERCISES = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
SHAPES = {"w1": (2, 4), "b1": (4,), "w2": (4, 2), "b2": (2,)}


# ---------------------------------------------------------------- answers

def read_number(text):
    """The number as a fraction: 3/4, 0.75, .75, 75e-2 and 75% are the same."""
    text = "".join(text.split()).lower()
    if not re.fullmatch(r"[-+]?([0-9]+/[0-9]+|([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]{1,3})?%?)", text):
        raise ValueError
    return Fraction(text.rstrip("%")) / (100 if text.endswith("%") else 1)


def read_letters(text):
    letters = re.sub(r"[\s,]", "", text).lower()
    if sorted(letters) != list("abcd"):
        raise ValueError
    return letters


def read_line(text):
    line, last = int(text), len(source().splitlines())
    if not 1 <= line <= last:
        raise ValueError(f"from 1 to {last}")
    return line


def read_weights(text):
    """w1, b1, w2, b2 from JSON, or from a file of it."""
    given = json.loads(Path(text).read_text(encoding="utf-8") if text.endswith(".json") else text)
    if not (isinstance(given, dict) and given.keys() >= SHAPES.keys()):
        raise ValueError("one of the four is missing")
    weights = [np.array(given[name], dtype=float) for name in SHAPES]
    for weight, (name, shape) in zip(weights, SHAPES.items(), strict=True):
        if weight.shape != shape:
            raise ValueError(f"{name} has the shape {weight.shape}, and must have {shape}")
        if not np.isfinite(weight).all():
            raise ValueError(f"{name} has an entry that is not finite")
    return weights


KINDS = {                                           # how an answer is read, and what it must be
    "number": (read_number, "a number, such as 0.75, 3/4 or 75%"),
    "letters": (read_letters, "the four letters in the order asked for, such as abcd"),
    "line": (read_line, "the number of a line of the program"),
    "weights": (read_weights, "w1, b1, w2, b2 of four hidden neurons in JSON, or a file of it, with a name in .json"),
}


def read(kind, text):
    """The answer that the text is; raises ValueError, in one line, if it cannot be one."""
    reader, must_be = KINDS[kind]
    try:
        return reader(text)
    except (ValueError, TypeError, ArithmeticError, RecursionError, OSError) as error:
        detail = f" ({error})" if kind in ("line", "weights") else ""
        raise ValueError(f"ANSWER = {' '.join(text.split())[:60]}: must be {must_be}{detail}") from None


def digest(number, answer):
    return hashlib.sha256(f"scratch_mlp exercise {number}: {answer}".encode()).hexdigest()[:12]


def judge(number, text):
    """Whether the answer is right, and what is to be said of it."""
    exercise = EXERCISES[number]
    answer = read(exercise["kind"], text)
    if exercise["kind"] == "weights":
        return judge_weights(answer, exercise["hint"])
    if exercise["kind"] == "line":
        return judge_line(answer, number)
    mine = digest(number, answer)
    if mine == exercise["right"]:
        return True, unpack(exercise["why"])
    return False, exercise["slips"].get(mine, exercise["hint"])


def judge_weights(weights, hint):
    """Right if 99.9 % of fresh points and their mirror images are, and the loss without a penalty is below 0.01."""
    X, y = scratch_mlp.load_XOR_data(10_000, seed=9)
    X, y = np.concatenate([X, -X]), np.concatenate([y, y])
    with np.errstate(over="ignore", invalid="ignore"):
        share = scratch_mlp.accuracy(X, y, *weights)
        loss = scratch_mlp.loss(y, scratch_mlp.forward(X, *weights)[-1], weights[0], weights[2])
    if share >= 0.999:
        hint = "" if loss < 0.01 else "Which weights make the outputs surer, and leave the boundary where it is?"
    return not hint, f"{share:.2%} of {len(X)} points are right, and the loss is {loss:.4f}. {hint}".strip()


def judge_line(line, number):
    """Right if it is the wrong line of the program; if it is in the same function, that is said."""
    program, at, why = broken_program(number)
    if line == at:
        return True, why
    functions = [range(part.lineno, part.end_lineno + 1) for part in ast.parse(program).body]
    near = any(line in function and at in function for function in functions)
    return False, ("It is the right function. " if near else "") + EXERCISES[number]["hint"]


# ---------------------------------------------------------------- bugs

def unpack(packed):
    return json.loads(zlib.decompress(base64.b64decode(packed)))


def source():
    return (PROJECT / "scratch_mlp.py").read_text(encoding="utf-8")


def broken_program(number):
    """scratch_mlp.py with the bug of the exercise, the number of the line that is wrong, and why it is."""
    right, wrong, why = unpack(EXERCISES[number]["bug"])
    before, *after = source().split(right)
    if len(after) != 1:
        raise ValueError(f"exercise {number}: scratch_mlp.py is not as it was; undo your changes first")
    return before + wrong + after[0], before.count("\n") + 1, why


def symptoms(m):
    """Lines that say how far the gradients of the module m are from those of its loss, and how it trains."""
    yield "relative error of each gradient against the complex step of the program's own loss; up to 1e-12 it is right"
    yield "            reg_coeff 0   reg_coeff 7"
    X, y, weights = checks.random_network(m, seed=1)
    pairs = [zip(checks.hand_derived(m, X, y, weights, reg_coeff, "l2"),
                 checks.complex_step(m, X, y, weights, reg_coeff, "l2"), strict=True) for reg_coeff in (0.0, 7.0)]
    for name, *both in zip(("dL_dw1", "dL_db1", "dL_dw2", "dL_db2"), *pairs, strict=True):
        yield name + "".join(f"{checks.relative_error(*pair):14.1e}" for pair in both)
    yield "\ntraining                             as it is                   as it should be"
    yield "                                     loss    train     test     loss    train     test"
    for flags in ("--num_epochs 2000", "--num_epochs 300 --batch_size 30", "--num_epochs 1000 --num_samples 1000"):
        line = f"{flags:36}"
        for module in (m, scratch_mlp):
            *_, last = module.train(utils.read_settings(module.Hyperparameters, f"{flags} --num_frames 0".split()))
            line += f" {last.loss:.4f}  {last.train_accuracy:6.1%}   {last.test_accuracy:6.1%}   "
        yield line.rstrip()


# ---------------------------------------------------------------- the command line

def ask(number):
    """Print the exercise; if it is about a bug, the program, and symptoms and question to the error stream."""
    exercise, say = EXERCISES[number], utils.say
    if exercise["kind"] == "line":
        program, line, why = broken_program(number)
        utils.say(program.rstrip())
        say = partial(print, file=sys.stderr, flush=True)
        say("\n".join(symptoms(checks.module_of(program))))
    say(f"{number}. {exercise['ask']}\nThe answer is {KINDS[exercise['kind']][1]}.")


def run(arguments):
    """Do what the arguments say; returns the exit status, raises ValueError, in one line, if nothing can be done."""
    parser = argparse.ArgumentParser(description="Ask an exercise of docs/exercises.md, or say if an answer is right.")
    parser.error = refuse
    parser.add_argument("number", nargs="?", metavar="N", help=f"1 to {len(EXERCISES)}; none: list all")
    parser.add_argument("answer", nargs="*", metavar="ANSWER", help="none: ask the exercise")
    given = parser.parse_args(arguments)
    if given.number is None:
        utils.say("\n".join(f"{number:>2}. {exercise['ask']}" for number, exercise in EXERCISES.items()))
        return 0
    if given.number not in EXERCISES:
        raise ValueError(f"N = {given.number[:60]}: must be a whole number from 1 to {len(EXERCISES)}")
    if not given.answer:
        ask(given.number)
        return 0
    is_right, said = judge(given.number, " ".join(given.answer))
    utils.say(f"{'right' if is_right else 'wrong'}{': ' if said else ''}{said}")
    return 0 if is_right else 1


def refuse(message):
    raise ValueError(f"{message}: give N, or N and ANSWER, or nothing")


def main():
    """Returns the exit status: that of `run`, or 2 for bad usage."""
    try:
        return run(sys.argv[1:])
    except ValueError as error:
        return utils.fail(2, error)


if __name__ == "__main__":
    sys.exit(main())
