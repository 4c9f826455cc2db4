"""The worksheet of docs/teaching.md: the small network of the lab, one point, and blanks; and its key."""
from itertools import product

import numpy as np

from docs.experiments.common import figure, save
from docs.experiments.drawings import GROUND, canvas, layer, line, neuron, numbers_of_a_step, write
from docs.lab.slips import PROBLEMS

WEIGHTS = PROBLEMS["small"]["weights"]
X, y = PROBLEMS["small"]["X"][:1], PROBLEMS["small"]["y"][:1]
BACK = (("dL_dh2", "dh2_dz2", "dL_dz2"), ("dL_dw2", "dL_db2"), ("dL_dh1", "dh1_dz1", "dL_dz1"), ("dL_dw1", "dL_db1"))


def key(X=X, y=y):
    """{name: array} of all blanks of the worksheet, for this point."""
    numbers = numbers_of_a_step(np.array(X), np.array(y), *WEIGHTS)
    return {name: number for name, number in numbers.items() if name not in ("x", "y")}


def blanks(name, value):
    """The name of an array, and a blank for each of its numbers."""
    rows = ["  ".join(["_____"] * value.shape[-1])] * (value.size // value.shape[-1])
    return "\n".join([name, *rows])


def draw_layer(axes, starts, ends, weights, biases):
    """The neurons of a layer: the weights on the edges to them, the biases, and blanks for z and h."""
    for (i, start), (j, end) in product(enumerate(starts.values()), enumerate(ends.values())):
        line(axes, start, end, gap=0.38)
        write(axes, 0.74 * start + 0.26 * end, f"{weights[i, j]:g}", ground="white")
    for (name, place), bias in zip(ends.items(), biases, strict=True):
        neuron(axes, place, name)
        beside = place + (-1.3 if name.endswith("[0]") else 0.5, 0)
        write(axes, beside, f"b = {bias:g}\nz = _____\nh = _____", ha="left")


@figure
def figure_worksheet():
    """The graph with its numbers, the sigmoid where it is needed, and blanks for both passes."""
    figure, (axes,) = canvas(-3.75, 3.75, -4.9, 5.1)
    inputs, hidden, outputs = layer("x", 2, 2.4, 4.6), layer("h1", 3, 2.4, 2.5), layer("h2", 2, 2.4, 0.4)
    w1, b1, w2, b2 = WEIGHTS
    for (name, place), value in zip(inputs.items(), X[0], strict=True):
        neuron(axes, place, f"{name}\n{value:g}")
    draw_layer(axes, inputs, hidden, w1, b1)
    draw_layer(axes, hidden, outputs, w2, b2)
    write(axes, (-2.8, 4.6), "s(-1.1) = 0.25\ns(0) = 0.5\ns(1.1) = 0.75", ground=GROUND, pad=0.5)
    write(axes, (2.8, 4.6), f"N = 1 point\ny = [{y[0, 0]:g}  {y[0, 1]:g}]", ground=GROUND, pad=0.5)
    for top, names in zip((-0.5, -1.4, -2.9, -3.8), BACK, strict=True):
        for left, name in zip((-3.5, -1, 1.5), names, strict=False):
            write(axes, (left, top), blanks(name, key()[name]), ha="left", va="top", linespacing=1.8)
    save(figure, "worksheet")
