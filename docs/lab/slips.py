"""The slips that people make when they write the network themselves, and what each of them makes of the results.

slips.json has, for each brick, pieces of its right lines (of scratch_mlp.py; of `step` and `train` here), and for each
piece what people write in its place, and what is wrong with that. A piece with # is in both layers, with 1 and with 2;
such a slip is made in the hidden layer, in the output layer, or in both.
"""
import copy
import inspect
import json
import operator
import re
import textwrap
from functools import cache
from itertools import accumulate, combinations
from pathlib import Path

import numpy as np

from scratch_mlp import backward, forward, loss, sigmoid

CATALOGUE = json.loads(Path(__file__).with_name("slips.json").read_text(encoding="utf-8"))


def step(weights, gradients, learning_rate):
    return tuple(w - learning_rate * dL_dw for w, dL_dw in zip(weights, gradients, strict=True))


def train(X, y, weights, num_epochs, learning_rate, reg_coeff=0.0):
    last = weights
    for _ in range(num_epochs):
        w1, b1, w2, b2 = last
        z1, h1, z2, h2 = forward(X, w1, b1, w2, b2)
        gradients = backward(X, y, h1, h2, w1, w2, reg_coeff)
        last = step(last, gradients, learning_rate)
    return last


BRICKS = {brick.__name__: brick for brick in (sigmoid, forward, loss, backward, step, train)}
RETURNED = {"sigmoid": ["s(z)"], "forward": ["z1", "h1", "z2", "h2"], "loss": ["the loss"],
            "backward": ["dL_dw1", "dL_db1", "dL_dw2", "dL_db2"],
            "step": ["w1", "b1", "w2", "b2"], "train": ["w1", "b1", "w2", "b2"]}


# ---------------------------------------------------------------- what the bricks are given

def problem(X, y, w1, b1, w2, b2, reg_coeff, num_epochs, learning_rate):
    """{name: value} of all that the bricks are given."""
    weights = w1, b1, w2, b2
    z1, h1, z2, h2 = forward(X, *weights)
    return {"z": z1, "X": X, "y": y, "h1": h1, "h2": h2, "w1": w1, "b1": b1, "w2": w2, "b2": b2, "weights": weights,
            "gradients": backward(X, y, h1, h2, w1, w2, reg_coeff),
            "num_epochs": num_epochs, "learning_rate": learning_rate, "reg_coeff": reg_coeff}


def random_problem(reg_coeff, N, D, H, K):
    random = np.random.RandomState(3)
    weights = [random.randn(*shape) for shape in ((D, H), (H,), (H, K), (K,))]
    return problem(random.randn(N, D), np.eye(K)[random.randint(K, size=N)], *weights, reg_coeff, 3, 0.3)


SIZES = {"N": 7, "D": 6, "H": 5, "K": 3}            # all different, so that no slip is right by chance
SMALL = {                                           # two points, and the network of the worksheet
    "X": np.array([[1.0, 2.0], [2.0, -1.0]]), "y": np.array([[1.0, 0.0], [0.0, 1.0]]),
    "w1": np.array([[2.0, 0.1, -1.0], [-1.0, 0.5, -0.3]]), "b1": np.array([0.0, 0.0, 0.5]),
    "w2": np.array([[1.0, 2.0], [-2.0, 2.0], [4.0, -4.0]]), "b2": np.array([0.0, -0.4])}
PROBLEMS = {                                        # all bricks are judged by the first; the others are to be shown
    "judged": random_problem(reg_coeff=5.0, **SIZES), "large": random_problem(reg_coeff=0.0, **SIZES),
    "small": problem(**SMALL, reg_coeff=0.0, num_epochs=2, learning_rate=0.5),
    "penalised": problem(**SMALL, reg_coeff=0.1, num_epochs=4, learning_rate=0.2)}


def given(brick, problem):
    """Copies of what the brick is given in the problem of this name, {argument: value}."""
    values = PROBLEMS[problem]
    return copy.deepcopy({name: values[name] for name in inspect.signature(BRICKS[brick]).parameters if name in values})


def in_letters(shape):
    """A shape of the large problem, such as (N, K)."""
    letters = {str(size): letter for letter, size in SIZES.items()}
    return re.sub(r"\d+", lambda size: letters.get(size[0], size[0]), str(tuple(shape))) if shape else "one number"


# ---------------------------------------------------------------- the slips

@cache
def slips_of(brick):
    """All slips of the brick: (what is wrong, ((right, wrong), ...)); those with # in either layer, and in both."""
    return [(says.replace("#", layers[-1]) + " (and likewise in the other layer)" * (layers == "12"),
             tuple((right.replace("#", layer), wrong.replace("#", layer)) for layer in layers))
            for right, wrongs in CATALOGUE[brick].items() for wrong, says in wrongs.items()
            for layers in (("1", "2", "12") if "#" in right else "1")]


@cache
def source_of(brick):
    """The source of the right brick, without docstring and comments."""
    return re.sub(r'\n    """.*?"""|  +#.*?(?=\n)', "", inspect.getsource(BRICKS[brick]), flags=re.DOTALL)


def broken_source(brick, slips):
    """The source of the brick with these slips; None if one of them is not possible there, as after another slip."""
    source = source_of(brick)
    for right, wrong in (change for _, changes in slips for change in changes):
        if source.count(right) != 1:
            return None
        source = source.replace(right, wrong)
    return source


@cache
def compiled(statement):
    """A statement of a brick, by itself, as broken bricks share most of theirs; what it returns it names `returned`."""
    return compile(re.sub("^return", "returned =", textwrap.dedent(statement)), "", "exec")


@cache
def results(brick, slips=(), of="judged"):
    """The arrays that the brick with these slips returns, a list; None if it cannot be, or fails."""
    source = broken_source(brick, slips)
    if source is None:
        return None
    names = {**BRICKS, "np": np, **given(brick, of)}
    try:
        with np.errstate(all="ignore"):
            for statement in re.split(r"\n(?=    \S)", source)[1:]:
                exec(compiled(statement), names)
    except (ValueError, TypeError):
        return None
    returned = names["returned"]
    return [np.asarray(array) for array in (returned if isinstance(returned, tuple) else [returned])]


def same(found, right, tolerance=1e-9):
    """Of one shape, and equal but for rounding; what is still to be written, `...`, is taken for right."""
    if found is ... or found is None or found.shape != right.shape:
        return found is ...
    return bool(abs(found - right).max() <= tolerance * abs(right).max())


def no_penalty(brick):
    """A slip, or none: all that is to do is the penalty."""
    return tuple(slip for slip in slips_of(brick) if slip[0].startswith("still to do"))[-1:]


def explain(brick, found, of, known=()):
    """Slips that explain the arrays found in a problem, beside those that are known; and whether each is explained.

    Of all sets of at most two more slips, those that explain most arrays are the best, and of these, those with the
    fewest wrong lines. The slips that all of the best sets have in common are sure. (An order of what is returned that
    explains some arrays only would be a guess.)
    """
    best, best_rank, explained = [], (1, 0), []
    for number in range(3):
        for more in combinations(slips_of(brick), number):
            slips = (*known, *more)
            made = results(brick, slips, of)
            fits = made and [same(*pair) for pair in zip(found, made, strict=True)]
            if fits and brick == "forward":         # each array is made of the one before
                fits = list(accumulate(fits, operator.and_))
            if not fits or (not all(fits) and any("the four come" in says for says, _ in more)):
                continue
            rank = -sum(fits), sum(len(changes) for _, changes in slips)
            if rank < best_rank:
                best, best_rank, explained = [], rank, fits
            if rank == best_rank:
                best.append(slips)
        if all(explained):
            break
    return tuple(slip for slip in best[0] if all(slip in slips for slips in best)), explained


def explain_all(brick, arrays):
    """First the slips that are seen without the penalty; then, if these explain all, those in the penalty, too.

    Returns the slips, whether each array is explained, and whether it came to the penalty.
    """
    slips, explained = explain(brick, arrays["large"], "large")
    if not all(explained):
        return slips, explained, False
    return *explain(brick, arrays["judged"], "judged", slips), True
