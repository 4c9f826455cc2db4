"""Trains with biases here and there, on points and their mirror images: python -m docs.experiments.why_75_percent.

It stores what the table "measured" of why-75-percent.md is made of; a minute or two.
"""
import numpy as np

import utils
from docs.experiments import common
from docs.experiments.common import SEEDS, figure, markdown, new_figure, save, spread, table
from scratch_mlp import accuracy, backward, forward, initialize_weights, load_XOR_data, loss

RATE, STEPS = 2.0, 6000
BIASES = {"no": (False, False), "output": (False, True), "hidden": (True, False), "both": (True, True)}
CASES = {                                           # neurons, biases, whether the points are reflected
    "10 neurons, no biases, drawn": (10, "no", False),
    "10 neurons, both biases, drawn": (10, "both", False),
    "10 neurons, no biases, reflected": (10, "no", True),
    "10 neurons, output biases, reflected": (10, "output", True),
    "10 neurons, hidden biases, reflected": (10, "hidden", True),
    "10 neurons, both biases, reflected": (10, "both", True),
    "50 neurons, no biases, reflected": (50, "no", True),
}


def reflect(X, y):
    """Each point with its images (-x1, x2), (x1, -x2), (-x1, -x2), whose class is the other, the other, the same."""
    images = [X * signs for signs in ((1, 1), (-1, 1), (1, -1), (-1, -1))]
    return np.concatenate(images), np.concatenate([y, y[:, ::-1], y[:, ::-1], y])


def descend(X, y, hidden_dim, seed, biases):
    """Yields the weights w1, b1, w2, b2 after each step, the first ones before; the same arrays, changed in place."""
    w1, b1, w2, b2 = weights = initialize_weights(2, hidden_dim, 2, seed)
    train_b1, train_b2 = BIASES[biases]
    yield weights
    for _ in range(STEPS):
        z1, h1, z2, h2 = forward(X, w1, b1, w2, b2)
        dL_dw1, dL_db1, dL_dw2, dL_db2 = backward(X, y, h1, h2, w1, w2)
        w1 -= RATE * dL_dw1
        b1 -= RATE * dL_db1 * train_b1
        w2 -= RATE * dL_dw2
        b2 -= RATE * dL_db2 * train_b2
        yield weights


def loss_of(X, y, weights):
    return float(loss(y, forward(X, *weights)[-1], weights[0], weights[2]))


def measure(case, seed):
    """After all steps: the loss on the points trained on, and the accuracy on test points, always reflected."""
    hidden_dim, biases, reflected = CASES[case]
    X, y = reflect(*load_XOR_data()) if reflected else load_XOR_data()
    *_, weights = descend(X, y, hidden_dim, seed, biases)
    test = reflect(*load_XOR_data(1000, 1))
    return {"loss": loss_of(X, y, weights), "test": accuracy(*test, *weights)}


EXPERIMENTS = {"reflected": (measure, CASES)}


# ---------------------------------------------------------------- tables

def or_network(k):
    """Three neurons without biases: s(2k x1) + s(2k x2) - s(0) > 0 almost where x1 > 0 or x2 > 0."""
    w1 = 2 * k * np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    return w1, np.zeros(3), np.outer([1.0, 1.0, -1.0], [0, 1]), np.zeros(2)


def xor_network(b):
    """Four neurons, of which each has the bias b: bump(x1 + x2) - bump(x1 - x2), bump(u) = s(u + b) + s(b - u)."""
    w1 = np.array([[1.0, -1.0, 1.0, -1.0], [1.0, -1.0, -1.0, 1.0]])
    return w1, np.full(4, b), np.outer([1.0, 1.0, -1.0, -1.0], [0, 1]), np.zeros(2)


def made_by_hand(X):
    """(name, whether it says class one of each of the points)."""
    def logits(weights):
        return forward(X, *weights)[2] @ (-1, 1)
    sums = X @ [[1, -1, 1, -1], [1, -1, -1, 1]]                             # x1 + x2, x1 - x2, either with both signs
    yield from ((f"three neurons, no biases: OR, k = {k}", logits(or_network(k))) for k in (1, 5, 50))
    yield from ((f"four neurons, hidden biases of {b}", logits(xor_network(b))) for b in (0.01, 1))
    yield "two neurons, absolute value", np.abs(sums[:, ::2]) @ (-1, 1)
    yield "four neurons, ReLU", np.maximum(sums, 0) @ (-1, -1, 1, 1)
    yield "two neurons, tanh", np.tanh(X) @ (1, 1)


@table
def table_by_hand():
    X, y = reflect(*load_XOR_data(10_000, 2))
    return markdown(["network", "right, of 40,000 points"],
                    [(name, f"{np.mean((logits > 0) == (y[:, 1] == 1)):.2%}") for name, logits in made_by_hand(X)])


@table
def table_measured():
    runs = common.stored("why_75_percent")["reflected"]
    return markdown(["neurons", "biases", "trained on", "training loss", "test accuracy"],
                    [(hidden_dim, biases, "reflected points" if reflected else "points as drawn",
                      spread(runs[case]["loss"], "{:.4f}"), spread(runs[case]["test"], "{:.1%}"))
                     for case, (hidden_dim, biases, reflected) in CASES.items()])


# ---------------------------------------------------------------- figures

@figure
def figure_reflected():
    """The loss on reflected points over steps, from five first weights, for each of the four choices of biases."""
    X, y = reflect(*load_XOR_data())
    fig, (axes,) = new_figure(1, width=8.8, height=4.2)
    for biases, color, line, width in (("no", common.BLUE, "-", 4), ("output", common.GREEN, "--", 2),
                                       ("hidden", common.ORANGE, "-", 3), ("both", "black", "--", 1)):
        for seed in SEEDS[:5]:
            losses = [loss_of(X, y, weights) for step, weights in enumerate(descend(X, y, 10, seed, biases))
                      if step % 50 == 0]
            axes.plot(np.arange(len(losses)) * 50, losses, line, color=color, linewidth=width,
                      label=f"{biases} biases" if seed == SEEDS[0] else None)
    axes.set(xlabel="step", title="loss on reflected points, ten neurons", ylim=(0, 0.27))
    axes.legend(frameon=False, loc="center right")
    save(fig, "reflected")


@figure
def figure_hidden_space():
    """Where the hidden neurons send the points: two without biases, and four with, the sums of either pair."""
    X, y = load_XOR_data()
    fig, (mirrored, folded) = new_figure(2, width=10, height=5)
    h1 = forward(X, *or_network(2.0))[1][:, :2]
    for there in h1[:12]:
        mirrored.plot(*np.stack([there, 1 - there]).T, color="gray", linewidth=0.8)
    mirrored.plot([0, 0.5], [0.5, 0], color="black", linestyle="--")
    utils.add_points(mirrored, h1, y)
    mirrored.set(title="two neurons without biases", xlabel="first neuron", ylabel="second neuron", aspect="equal")
    h1 = forward(X, *xor_network(1.0))[1]
    utils.add_points(folded, np.stack([h1[:, 0] + h1[:, 1], h1[:, 2] + h1[:, 3]], axis=1), y)
    folded.plot([1, 1.47], [1, 1.47], color="black", linestyle="--")
    folded.set(title="four neurons, each with the bias 1", xlabel="first + second neuron",
               ylabel="third + fourth neuron", aspect="equal")
    fig.legend(*folded.get_legend_handles_labels(), loc="outside lower center", ncol=2, frameon=False)
    save(fig, "hidden_space")


if __name__ == "__main__":
    common.main("why_75_percent", EXPERIMENTS, __doc__)
