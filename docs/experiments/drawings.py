"""The drawings of the tutorial, in units of 100 pixels; a number is looked up by the name that is drawn with it."""
import re
from itertools import pairwise, product

import numpy as np

import scratch_mlp
from docs.experiments.common import PURPLE, RED, figure, new_figure, save

INK, GREY, PALE, GROUND = "black", "#6b6b6b", "#c4c4c4", "#f1f1f1"


def numbers_of_a_step(X, y, w1, b1, w2, b2, m=scratch_mlp):
    """{name: array} of what module m computes of one point, forward and back; rows n = 0 without their n."""
    z1, h1, z2, h2 = m.forward(X, w1, b1, w2, b2)
    dL_dw1, dL_db1, dL_dw2, dL_db2 = m.backward(X, y, h1, h2, w1, w2)
    return {"x": X[0], "y": y[0], "z1": z1[0], "h1": h1[0], "z2": z2[0], "h2": h2[0],
            "dL_dh2": (h2 - y)[0], "dh2_dz2": (h2 * (1 - h2))[0], "dL_dz2": dL_db2, "dL_dw2": dL_dw2, "dL_db2": dL_db2,
            "dL_dh1": dL_db2 @ w2.T, "dh1_dz1": (h1 * (1 - h1))[0], "dL_dz1": dL_db1,
            "dL_dw1": dL_dw1, "dL_db1": dL_db1}


X, y = scratch_mlp.load_XOR_data(1)
w1, b1, w2, b2 = weights = scratch_mlp.initialize_weights(2, 3, 2)
EXAMPLE = numbers_of_a_step(X, y, *weights) | {"X": X[0], "w1": w1, "b1": b1, "w2": w2, "b2": b2}
EXAMPLE["L"] = scratch_mlp.loss(y, EXAMPLE["h2"], w1, w2)


def number(name):
    """What the name stands for: derivatives with three significant digits, others with three decimals."""
    value = eval(name, {}, EXAMPLE)
    return f"{value:.0f}" if value == round(value) else f"{value:#.3g}" if name[0] == "d" else f"{value:.3f}"


def canvas(left, right, bottom, top):
    return new_figure(1, right - left, top - bottom, subplot_kw={
        "position": (0, 0, 1, 1), "xlim": (left, right), "ylim": (bottom, top), "frame_on": False,
        "xticks": (), "yticks": ()})


def write(axes, at, text, color=INK, ground="none", edge="none", pad=0.1, **font):
    axes.text(*at, text, color=color, **{"ha": "center", "va": "center", "fontsize": 13, "linespacing": 1.5, **font},
              bbox={"facecolor": ground, "edgecolor": edge, "linewidth": 1.5, "boxstyle": f"round,pad={pad}"})


def work_out(axes, at, color, *formulas):
    """Each formula, and in a line of its own the number of each name."""
    def row(formula, text):
        return re.sub(r"\w+\[[\d, ]+\]", lambda name: text(name[0]).center(max(7, len(name[0]))), formula)
    rows = [row(f, str) + "\n" + re.sub(r"(?<=[*+] ) (-[\d.]+) ", r"(\1)", row(f, number)) for f in formulas]
    write(axes, at, "\n\n".join(rows), color, family="monospace")


def neuron(axes, at, text, color=INK, edge=None):
    axes.plot(*at, "o", markersize=55, color=edge or color, markerfacecolor="white", markeredgewidth=1.5, zorder=3)
    write(axes, at, text, color, zorder=4)


def line(axes, start, end, color=INK, text="", above=0, gap=0.05, **style):
    """An arrow from `start` to `end`, but for a gap at both ends, with a text above its middle, or on it."""
    shape = {"arrowstyle": "-|>", "mutation_scale": 15, "linewidth": 1.6, "shrinkA": 72 * gap, "shrinkB": 72 * gap}
    axes.annotate("", end, start, zorder=2, arrowprops={"color": color, **shape, **style})
    write(axes, np.add(start, end) / 2 + (0, above), text, color, "none" if above else "white")


def layer(name, size, gap, height):
    """{name[i]: place} of a row of neurons."""
    return {f"{name}[{i}]": np.array(((i - (size - 1) / 2) * gap, height)) for i in range(size)}


@figure
def figure_bricks():
    """The chain of bricks: forward to the right, and what each hands back to the left."""
    figure, (axes,) = canvas(0, 7.8, -0.45, 3.6)
    for i, (x, brick, made) in enumerate((
            (6.2, "loss\nL = sum (y - h)² / 2N", "dL_dh = (h - y) / N"),
            (3.75, "sigmoid\nh = s(z)", "dL_dz = dL_dh * h * (1 - h)"),
            (1.6, "affine\nz = x w + b", "dL_dw = x.T @ dL_dz\ndL_db = dL_dz.sum(axis=0)\ndL_dx = dL_dz @ w.T"))):
        write(axes, (x, 2.05), brick, INK, GROUND, INK, pad=1)
        write(axes, (x, 1.15 - 0.35 * i), made, RED, va="top")
    for what, left, right in (("x", 0.05, 0.85), ("z", 2.35, 3.17), ("h", 4.33, 5.05)):
        line(axes, (left, 2.25), (right, 2.25), INK, what, 0.2)
        line(axes, (right, 1.85), (left, 1.85), RED, f"dL_d{what}", -0.25)
    line(axes, (7.35, 2.25), (7.75, 2.25), INK, "L", 0.2)
    line(axes, (6.2, 3.15), (6.2, 2.52), INK, "y", 0.5)
    line(axes, (1.2, 3.15), (1.2, 2.52), INK, "w, b", 0.5)
    line(axes, (2.1, 2.52), (2.1, 3.15), RED, "dL_dw, dL_db", 0.5)
    save(figure, "bricks")


def connect(axes, matrix, inputs, neurons, left):
    """The edges to each neuron, with their weights, and these weights again as a column of a matrix."""
    write(axes, (left, -0.8), "\n".join([f"{matrix} {EXAMPLE[matrix].shape}", *inputs]), va="top")
    for k, (name, place) in enumerate(neurons.items()):
        column = [number(f"{matrix}[{j}, {k}]") for j in range(len(inputs))]
        color = PURPLE if name == "h1[0]" else INK
        write(axes, (left + 1.05 + 0.85 * k, -0.8), "\n".join([name, *column]), color, GROUND, pad=0.3, va="top")
        for start, weight in zip(inputs.values(), column, strict=True):
            line(axes, start, place, color, weight, gap=0.38)


@figure
def figure_mlp():
    """The network of the worked example: weights on its edges, and the same weights as matrices."""
    figure, (axes,) = canvas(-3.25, 4.45, -2.2, 4.85)
    inputs, hidden, outputs = layer("x", 2, 1.4, 4.35), layer("h1", 3, 2.8, 2.2), layer("h2", 2, 1.4, 0)
    connect(axes, "w1", inputs, hidden, -2.5)
    connect(axes, "w2", hidden, outputs, 1.8)
    for name, place in (inputs | hidden | outputs).items():
        neuron(axes, place, name, PURPLE if name == "h1[0]" else INK)
    for name, place in (hidden | outputs).items():
        bias, at = name.replace("h", "b"), place + (-1.1 if name == "h2[0]" else 1.1, 0)
        line(axes, at, place, GREY, arrowstyle="-", linestyle="--", linewidth=1.2)
        write(axes, at, f"{bias} = {number(bias)}", GREY, GROUND, GREY, pad=0.4)
    save(figure, "mlp")


@figure
def figure_forward():
    """The forward pass as boxes with shapes, each with the numbers of one point; and two of them by hand."""
    figure, (axes,) = canvas(-1.1, 5.7, -2.1, 6.4)
    steps = ("X", "z1 = X @ w1 + b1", "h1 = s(z1)", "z2 = h1 @ w2 + b2", "h2 = s(z2)", "L = loss(y, h2)")
    for step, height in zip(steps, np.arange(6, -0.5, -1.2), strict=True):
        name = step.split()[0]
        shape = "a number" if name == "L" else f"(N, {len(EXAMPLE[name])})"
        write(axes, (0, height), f"{name}   {shape}", INK, GROUND, INK, pad=0.7)
        write(axes, (1.2, height), "   ".join(f"{value:.3f}" for value in np.ravel(EXAMPLE[name])), GREY, ha="left")
        if name != "X":
            line(axes, (0, height + 1.2), (0, height), gap=0.3)
            write(axes, (0.35, height + 0.6), step, ha="left")
    work_out(axes, (2.3, -1.3), PURPLE, "x[0] * w1[0, 0] + x[1] * w1[1, 0] + b1[0] = z1[0]", "s(z1[0]) = h1[0]")
    save(figure, "forward")


ROWS = [layer("x", 2, 2, 7.4), layer("z1", 3, 1.7, 5.3), layer("h1", 3, 1.7, 4.25), layer("z2", 2, 2, 2.2),
        layer("h2", 2, 2, 1.15), {"L": np.zeros(2)}]
EDGES = [(start, end) for starts, ends in pairwise(ROWS) for start, end in product(starts, ends)
         if start[0] != "z" or start[1:] == end[1:]]
NODES = {name: place for row in ROWS for name, place in row.items()}
PLACES = NODES | {f"w{end[1]}[{start[-2]}, {end[-2]}]": (NODES[start] + NODES[end]) / 2
                  for start, end in EDGES if end[0] == "z"}


def draw_paths(name, right, formulas, ahead, *back):
    """The network with z and h of each neuron; in red the paths back from the loss, with all derivatives on them."""
    figure, (axes,) = canvas(-4.3, right, -0.6 - len(formulas), 7.9)
    for start, end in EDGES:
        if start[0] == "z":
            axes.plot(*zip(NODES[start], NODES[end], strict=True), color=GROUND, linewidth=68, solid_capstyle="round")
        line(axes, NODES[start], NODES[end], PALE, arrowstyle="-", linewidth=1.2)
    for node, place in NODES.items():
        neuron(axes, place, f"{node}\n{number(node)}", *(INK, INK) if node in sum(back, ahead) else (GREY, PALE))
    for path in (ahead, *back):
        for start, end in pairwise(path):
            line(axes, PLACES[start], PLACES[end], RED if path in back else INK, gap=0.38, linewidth=2.5)
    for weight in re.findall(r"w\d\[\d, \d\]", "".join(formulas)):
        write(axes, PLACES[weight], f"{weight}\n{number(weight)}", ground="white")
    labels = {f"dL_d{node}": PLACES[node] for path in back for node in path[1:]}
    labels |= {f"dh{label[5]}_{label[3:]}": place - (0, 0.52) for label, place in labels.items() if "z" in label}
    for label, (x, y) in labels.items():
        write(axes, (x + np.copysign(0.6, x), y), f"{label} = {number(label)}", RED, ha="left" if x > 0 else "right")
    write(axes, (0.5, 0), f"y[0] = {number('y[0]')}\ny[1] = {number('y[1]')}", GREY, ha="left")
    work_out(axes, ((right - 4.3) / 2, -0.55 - len(formulas) / 2), RED, *formulas)
    save(figure, name)


@figure
def figure_path_w2():
    """The one path from the loss to w2[0, 0]."""
    draw_paths("path_w2", 2.3, ["dL_dh2[0] * dh2_dz2[0] * h1[0] = dL_dw2[0, 0]"],
               ("h1[0]", "w2[0, 0]"), ("L", "h2[0]", "z2[0]", "w2[0, 0]"))


@figure
def figure_paths_w1():
    """Both paths from the loss to w1[0, 0], which meet at h1[0]."""
    draw_paths("paths_w1", 3.5, ["dL_dz2[0] * w2[0, 0] + dL_dz2[1] * w2[0, 1] = dL_dh1[0]",
                                 "dL_dh1[0] * dh1_dz1[0] * x[0] = dL_dw1[0, 0]"], ("x[0]", "w1[0, 0]"),
               ("L", "h2[0]", "z2[0]", "h1[0]", "z1[0]", "w1[0, 0]"), ("L", "h2[1]", "z2[1]", "h1[0]"))
