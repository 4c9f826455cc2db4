"""Says which bricks of your network are right, and which slip is in the first that is not.

    python docs/lab/check.py my_mlp.py

The exit status is 0 if all are right; 1 if one is unfinished, wrong, raises or hangs; 2 if the file cannot be loaded.
"""
import argparse
import signal
import sys
import textwrap
import time
from itertools import pairwise
from multiprocessing import TimeoutError, get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))        # the project, whose modules are imported below

import numpy as np

import utils
from docs.lab import sandbox
from docs.lab.slips import BRICKS, RETURNED, explain_all, in_letters, no_penalty, results, same
from scratch_mlp import Snapshot, accuracy, forward, load_XOR_data, loss

SECTIONS = {"sigmoid": "Brick 1: one layer", "forward": "Brick 2: a hidden layer", "loss": "Brick 1: one layer",
            "backward": "Brick 3: backpropagation", "step": "The step, with all its numbers",
            "train": "Brick 1: one layer", "penalty": "The whole script", "dL_dw2": "One entry of w2",
            "dL_db2": "One entry of w2", "dL_dw1": "One entry of w1", "dL_db1": "One entry of w1"}


# ---------------------------------------------------------------- one brick

def judge(brick, answer):
    """Its state; and which of its arrays are wrong without a penalty, and with it, those made first at first."""
    if answer.error:
        return "unfinished" if "still to do: " in answer.error else "wrong", [], []
    order = (2, 3, 0, 1) if brick == "backward" else range(len(RETURNED[brick]))

    def wrong(of, slips=()):
        return [i for i in order if not same(answer.arrays[of][i], results(brick, slips, of)[i])]
    lists = wrong("large") or wrong("small"), wrong("judged")
    if answer.changed or lists[0] or (lists[1] and wrong("judged", no_penalty(brick))):
        return "wrong", *lists
    if any(array is ... for array in answer.arrays["judged"]):
        return "unfinished", *lists
    return "right without its penalty" if lists[1] else "right", *lists


def explanation(brick, answer):
    """Lines that say what is not right yet, and where to read about it."""
    state, plainly, wrong = judge(brick, answer)
    lines, more, topic = answer.error.splitlines(), [], brick
    lines += [f"it changes {name} in place, as w -= ... and w[0] = ... do: make a new array, as w = w - ... does"
              for name in answer.changed]
    if any(array is None for array in answer.arrays.get("judged", [])):
        more = ["it returns None: is there a return at its end?"]
    elif answer.arrays and state != "wrong":
        more, topic = what_is_left(brick, answer.arrays["judged"], wrong)
    elif plainly or wrong:
        more, topic = what_is_wrong(brick, answer, plainly, wrong)
    return [*lines, *more, f'read "{SECTIONS.get(topic, SECTIONS[brick])}" in docs/index.md']


def what_is_left(brick, found, without_penalty):
    """Lines with what is right so far, and what is to do: what is still `...`, and the penalty; what to read about."""
    names = RETURNED[brick]
    blank = [name for name, array in zip(names, found, strict=True) if array is ...]
    done = ", ".join(name for name in names if name not in blank)
    penalty = [f"the penalty in {names[i]}" for i in without_penalty]
    if penalty and brick != "backward":
        penalty = [no_penalty(brick)[0][0].removeprefix("still to do: ")]
    lines = [f"right so far: {done}"] if done else []
    return [*lines, f"still to do: {', '.join(blank + penalty)}"], brick if blank else "penalty"


def what_is_wrong(brick, answer, plainly, wrong):
    """Lines with the slips that made arrays wrong, the names of others, and one of them; what to read about."""
    names = RETURNED[brick]
    slips, explained, in_penalty = explain_all(brick, answer.arrays)
    lines = sorted((says for says, _ in slips), key=lambda says: says.startswith("still to do"))
    unknown = [names[i] for i in plainly or wrong if not (slips and explained[i])]
    if unknown and in_penalty and brick in ("loss", "backward") and (slips or not plainly):
        lines.append(f"wrong in the penalty: {', '.join(unknown)}")
    elif unknown:
        lines.append(f"wrong{' in another way' if slips else ''}: {', '.join(unknown)}")
        lines += [f"dL_dw{i} and dL_db{i} are both made of dL_dz{i}: look there first, then at the sums over the points"
                  for i in "21" if unknown[:2] == [f"dL_dw{i}", f"dL_db{i}"]]
    more, topic = shown_arrays(brick, answer, plainly or wrong)
    return lines + more, topic


def shown_arrays(brick, answer, wrong):
    """Lines with what is wrong with these arrays: shapes, or one beside the right one; and what to read about."""
    names, found, right = RETURNED[brick], answer.arrays["judged"], results(brick)
    lines = [f"shape of {names[i]}: expected {in_letters(right[i].shape)}, yours {in_letters(found[i].shape)}"
             for i in wrong if found[i].shape != right[i].shape]
    if lines:
        return lines, names[wrong[0]]
    for problem in ("small", "large", "penalised", "judged"):
        for i in wrong:
            pair = results(brick, of=problem)[i], answer.arrays[problem][i]
            if not same(*pair[::-1], tolerance=1e-3):
                topic = names[i] if problem in ("small", "large") or brick not in ("loss", "backward") else "penalty"
                return beside(f"{names[i]} of the {problem} problem", *pair), topic
    return [f"{names[wrong[0]]} is right to a few digits only: is it float32, rounded or measured?"], brick


def beside(title, right, found):
    """Lines with the right array and the learner's."""
    columns = [[head, *np.array2string(array, precision=4, suppress_small=True).splitlines()]
               for head, array in (("expected", right), ("yours", found))]
    width = max(map(len, columns[0])) + 3
    rows = [f"{left:{width}}{there}" for left, there in zip(*columns, strict=True)]
    return ["", f"{title} (see docs/lab.md):", *rows, ""]


# ---------------------------------------------------------------- all bricks

def run(path, seconds, ask):
    """Judge all bricks, and say it; the exit status. What `ask` asks takes so many seconds at most, in all."""
    answers, deadline = {}, time.monotonic() + seconds
    loaded = ask(sandbox.load, seconds, path) if path.is_file() else sandbox.Answer(error=f"there is no file {path}")
    if loaded.error:
        print(f"{path.name} cannot be loaded:\n{loaded.error}")
        return 2
    for brick in BRICKS:
        answers[brick] = ask(sandbox.answer, deadline - time.monotonic(), brick, path)
        if time.monotonic() > deadline:
            break
    states = {brick: judge(brick, answers[brick])[0] if brick in answers else "not tried" for brick in BRICKS}
    print("\n".join(f"{brick:<10}{state}" for brick, state in states.items()))
    for brick, state in sorted(states.items(), key=lambda item: item[1] != "wrong"):
        if state != "right":
            return explain_first(f"{brick} is {state}", brick, answers[brick])
    together = ask(sandbox.answer, deadline - time.monotonic(), "train", path, True)
    if judge("train", together)[0] != "right":
        return explain_first("each brick is right by itself, but they do not run together", "train", together)
    print("\nAll is right: you have written a neural network.")
    return 0


def explain_first(title, brick, answer):
    """Print what there is to say of the first brick that is not right; the exit status."""
    lines, printed = explanation(brick, answer), answer.printed.splitlines()
    if printed:
        lines = ["it printed, in the judged problem:", *printed[:10], *["..."] * (len(printed) > 10), "", *lines]
    print(f"\n{title}:\n" + textwrap.indent("\n".join(lines), "    "))
    return 1


def trained(path, ask, num_epochs=2000, learning_rate=5.0, reg_coeff=1e-4):
    """The history of the training of the learner's network; or [], and why."""
    print("It is trained on 300 points now, for 50 seconds at most, to draw a film of this.", flush=True)
    (X, y), (X_test, y_test) = load_XOR_data(300), load_XOR_data(1000, 1)
    epochs = sorted({round(num_epochs * (i / 100)**3) for i in range(101)})
    parts = [(later - epoch, learning_rate, reg_coeff) for epoch, later in pairwise(epochs)]
    answer = ask(sandbox.train_in_parts, 50, path, parts)
    if answer.error:
        print(f"No film:\n{answer.error}")
        return []
    history = []
    for epoch, weights in zip(epochs, answer.arrays["film"], strict=True):
        L = float(loss(y, forward(X, *weights)[-1], weights[0], weights[2], reg_coeff))
        history.append(Snapshot(epoch, L, accuracy(X, y, *weights), accuracy(X_test, y_test, *weights), weights))
    print("It is right on {2:.1%} of its 300 points, and on {3:.1%} of others.".format(*history[-1]))
    return history


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="check.py", description="Say which bricks of your network are right.")
    parser.add_argument("file", help="your copy of docs/lab/my_mlp.py")
    parser.add_argument("--seconds", type=int, default=20, help="most time for all bricks (default: 20)")
    chosen = parser.parse_args(arguments)
    path = Path(chosen.file).resolve()
    with utils.program():
        with get_context("spawn").Pool(1, signal.signal, [signal.SIGINT, signal.SIG_IGN]) as pool:
            def ask(function, seconds, *arguments):
                try:
                    return pool.apply_async(function, (seconds, *arguments)).get(seconds + 1)
                except TimeoutError:
                    return sandbox.Answer(error=f"no answer within {seconds:.0f} seconds: does it end itself, or wait?")
            pool.apply(sandbox.Answer)              # to start takes its time, which is not the learner's
            status = run(path, chosen.seconds, ask)
            history = trained(path, ask) if status == 0 else []
        try:
            if history:
                utils.draw(history, forward, *load_XOR_data(300), path.parent / "plots" / path.stem)
        except (ImportError, OSError, ValueError) as error:
            print(f"No film: {error}")
    return status


if __name__ == "__main__":
    sys.exit(main())
