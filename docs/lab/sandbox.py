"""Runs the learner's bricks, in a process of its own, where they may print, raise, hang or end the program."""
import _thread
import contextlib
import io
import pickle
import re
import signal
import sys
import threading
import traceback
from typing import NamedTuple
from unittest.mock import patch

import numpy as np

from docs.lab.slips import BRICKS, PROBLEMS, RETURNED, SIZES, given, in_letters
from scratch_mlp import initialize_weights, load_XOR_data

HINTS = {r"matmul: .*size (\d+) .* from (\d+).*": r"the left side of @ has \2 columns, the right side \1 rows",
         r"broadcast together with shapes \(\d+,\d+\) \(\d+,\d+\).*": r"\g<0>: * is entry by entry; @ is for matrices",
         "SystemExit.*": "SystemExit: it ends the program", "EOF.*": "EOFError: input() has nobody to ask",
         "only .* Python scalars": "math is for one number: use np", "name 'N' is .*": r"\g<0>: it is len(y)",
         "(bad operand .*'list'|can't multiply sequence.*)": r"\g<0>: this is a list or tuple, no array",
         "name 'exp' is .*": r"\g<0>: it is np.exp", ".*'bitwise_xor'.*": "^ is no power: write **, and np.exp for e^"}
learner = {}                                        # the names that the learner's file defines, with their values


class TooLong(BaseException):
    """Raised in the learner's code when its time is over; not an Exception, as a learner may catch those."""


class Answer(NamedTuple):
    """{problem: list of arrays} that a brick returned, or the error; what it changed in place, and what it printed."""

    arrays: dict = {}
    error: str = ""
    changed: list = ()
    printed: str = ""


@contextlib.contextmanager
def sandbox(seconds):
    """Within this block nothing is shown of what is printed, it is yielded; after so many seconds TooLong is raised."""
    def stop(*_):
        raise TooLong(f"no end within {seconds:.0f} seconds: does a loop never end, or could @ take its place?")
    printed, timer = io.StringIO(), threading.Timer(seconds, _thread.interrupt_main)
    before = signal.signal(signal.SIGINT, stop)
    timer.start()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), np.errstate(all="ignore"):
            yield printed
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)


def load(seconds, path):
    """Load the learner's file; an Answer with the error, if there is one."""
    learner.clear()
    learner.update({"__name__": "my_mlp", "__file__": str(path)})
    sys.path.append(str(path.parent))
    try:
        with sandbox(seconds):
            exec(compile(path.read_bytes(), str(path), "exec"), learner)
    except BaseException as error:
        return Answer(error=in_words(error, path))
    return Answer()


def answer(seconds, brick, path, together=False):
    """The Answer of a brick; the right ones stand in for all others, unless the learner's own run together."""
    if not callable(learner.get(brick)):
        return Answer(error=f"there is no function {brick}")
    if getattr(learner[brick], "__module__", "") == "scratch_mlp":
        return Answer(error=f"{brick} is imported from scratch_mlp: it should be your own")
    others = {name: right for name, right in BRICKS.items() if name != brick and not together}
    found, changed, shown, printed = {}, [], "", io.StringIO()
    try:
        with sandbox(seconds) as printed, patch.dict(learner, others):
            for problem in PROBLEMS:
                arguments, before = given(brick, problem), given(brick, problem)
                found[problem] = as_arrays(learner[brick](*arguments.values()), RETURNED[brick])
                changed = [name for name in before if pickle.dumps(arguments[name]) != pickle.dumps(before[name])]
                shown = shown or printed.getvalue()
    except BaseException as error:
        return Answer(error=in_words(error, path), printed=shown or printed.getvalue())
    return Answer(found, changed=changed, printed=shown)


def train_in_parts(seconds, path, parts):
    """An Answer with the weights at first, and after each part of a training, (epochs, rate, reg_coeff)."""
    X, y = load_XOR_data(300)
    history = [initialize_weights(2, 10, 2)]
    try:
        with sandbox(seconds):
            for part in parts:
                history.append(as_arrays(learner["train"](X, y, history[-1], *part), RETURNED["train"]))
    except TooLong:
        return Answer(error=f"all is right, but slow: {len(history) - 1} of {len(parts)} parts of the training in "
                            f"{seconds} seconds. Products with @ are faster than loops over points.")
    except BaseException as error:
        return Answer(error=in_words(error, path))
    return Answer({"film": history})


def as_arrays(result, names):
    """A list with an array, None or `...` for each of the names; raises TypeError if there is something else."""
    items = list(result) if isinstance(result, (tuple, list)) and len(names) > 1 else [result]
    if result is None or result is ...:
        items *= len(names)
    if len(items) != len(names):
        what = f"{len(names)} arrays, not {len(items)} ({type(result).__name__})"
        raise TypeError(f"it should return {', '.join(names)}: {what}")
    for name, item in zip(names, items, strict=True):
        if isinstance(item, (list, tuple)):
            raise TypeError(f"{name} is a list or a tuple: np.array makes it an array")
    arrays = [item if item is None or item is ... else np.asarray(item) for item in items]
    if any(isinstance(array, np.ndarray) and array.dtype.kind not in "fiub" for array in arrays):
        raise TypeError("it should return real numbers, or arrays of them")
    return arrays


def in_words(error, path):
    """The error, with the lines of the learner's file that led to it; of the last, what is still to do, and shapes."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"line {error.lineno}, column {error.offset}: {error.msg}\n    {(error.text or '').strip()}"
    lines, notes, words = [], [], f"{type(error).__name__}: {error}"
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename == str(path):
            line = path.read_text(encoding="utf-8", errors="replace").splitlines()[number - 1].strip()
            lines += [f"line {number}, in {frame.f_code.co_name}:", f"    {line}"]
            notes = notes_on(line, frame.f_locals)
    for pattern, hint in HINTS.items():
        words = re.sub(pattern, hint, words)
    return "\n".join([*lines[-6:], *[words] * (not notes or not notes[0].startswith("still to do")), *notes])


def notes_on(line, values):
    """What is still to do in a line of code, and the shapes of its arrays."""
    values = {name: values[name] for name in sorted(set(re.findall(r"\w+", line))) if name in values}
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    shapes = ", ".join(f"{name} {in_letters(array.shape)}" for name, array in arrays.items())
    sizes = ", ".join(f"{letter} = {size}" for letter, size in SIZES.items())
    blank = [name for name, value in values.items() if value is ...] or ["this line"] * line.endswith("= ...")
    return [f"still to do: {', '.join(blank)}"] * bool(blank) + [f"shapes: {shapes}; {sizes}"] * bool(shapes)
