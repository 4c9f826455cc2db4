"""Trains with biases here and there, on points and their mirror images: python -m docs.experiments.why_75_percent.

It stores what the table "measured" of why-75-percent.md is made of; half a minute.
"""
import numpy as np

import utils
from docs.experiments import common
from docs.experiments.common import SEEDS, figure, markdown, new_figure, save, spread, table
from scratch_mlp import accuracy, backward, forward, initialize_weights, load_XOR_data, loss

STEPS, POINTS = 3000, 75                            # each point is trained on with three images
CASES = {                                           # neurons, where there are biases
    "10 neurons, no biases": (10, "no"),
    "10 neurons, output biases": (10, "output"),
    "10 neurons, hidden biases": (10, "hidden"),
    "10 neurons, both biases": (10, "both"),
    "50 neurons, no biases": (50, "no"),
}


def reflect(X, y):
    """Each point with its images (-x1, x2), (x1, -x2), (-x1, -x2), whose class is the other, the other, the same."""
    images = [X * signs for signs in ((1, 1), (-1, 1), (1, -1), (-1, -1))]
    return np.concatenate(images), np.concatenate([y, y[:, ::-1], y[:, ::-1], y])


def trained(X, y, hidden_dim, biases, seed):
    """The weights w1, b1, w2, b2 after all steps."""
    w1, b1, w2, b2 = weights = initialize_weights(2, hidden_dim, 2, seed)
    rate = common.PUBLISHED["learning_rate"]
    for _ in range(STEPS):
        z1, h1, z2, h2 = forward(X, w1, b1, w2, b2)
        dL_dw1, dL_db1, dL_dw2, dL_db2 = backward(X, y, h1, h2, w1, w2)
        w1 -= rate * dL_dw1
        b1 -= rate * dL_db1 * (biases in ("hidden", "both"))
        w2 -= rate * dL_dw2
        b2 -= rate * dL_db2 * (biases in ("output", "both"))
    return weights


def measure(case, seed):
    """After all steps: the loss on the points trained on, and the accuracy on test points; all are reflected."""
    X, y = reflect(*load_XOR_data(POINTS))
    w1, b1, w2, b2 = weights = trained(X, y, *CASES[case], seed)
    return {"loss": float(loss(y, forward(X, *weights)[-1], w1, w2)),
            "test": accuracy(*reflect(*load_XOR_data(1000, 1)), *weights)}


EXPERIMENTS = {"reflected": (measure, CASES, SEEDS)}


def or_network(k):
    """Three neurons without biases: s(2k x1) + s(2k x2) - s(0) > 0 almost where x1 > 0 or x2 > 0."""
    w1 = 2 * k * np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    return w1, np.zeros(3), np.outer([1.0, 1.0, -1.0], [0, 1]), np.zeros(2)


def xor_network(b):
    """bump(x1 + x2) - bump(x1 - x2), where bump(z) = s(z + b) + s(b - z)."""
    w1 = np.array([[1.0, -1.0, 1.0, -1.0], [1.0, -1.0, -1.0, 1.0]])
    return w1, np.full(4, b), np.outer([1.0, 1.0, -1.0, -1.0], [0, 1]), np.zeros(2)


@table
def table_measured():
    runs = common.stored("why_75_percent")["reflected"]
    return markdown(["neurons", "biases", "training loss", "test accuracy"],
                    [(*case, spread(runs[name]["loss"], "{:.4f}"), spread(runs[name]["test"], "{:.1%}"))
                     for name, case in CASES.items()])


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
