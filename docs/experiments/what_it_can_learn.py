"""What networks of many widths learn, with biases and without: the tables and figures of what-it-can-learn.md."""
import numpy as np
from matplotlib.ticker import PercentFormatter

import utils
from docs.experiments import common
from docs.experiments.common import PURPLE, RED, SEEDS, figure, markdown, new_figure, save, spread, table
from scratch_mlp import Hyperparameters, forward, load_XOR_data, sigmoid, train

SETTINGS = {                                        # of this page, whatever the defaults of scratch_mlp.py are
    "learning_rate": 2.0, "num_epochs": 10_000, "reg_coeff": 1e-4, "batch_size": 0, "lr_decay": 0.0, "clip_norm": 0.0,
    "num_frames": 1}
WIDTHS, WITHOUT = (1, 2, 3, 4, 5, 10, 50), (3, 10)  # hidden neurons, with biases and without
TRAININGS = {f"{hidden_dim} neurons{', no biases' * (not use_bias)}": (hidden_dim, use_bias)
             for use_bias, widths in ((True, WIDTHS), (False, WITHOUT)) for hidden_dim in widths}


# ---------------------------------------------------------------- networks that learn

def learn(case, seed):
    """The accuracies of a network of so many neurons, trained from these first weights."""
    hidden_dim, use_bias = TRAININGS[case]
    hp = Hyperparameters(hidden_dim=hidden_dim, use_bias=use_bias, weight_seed=seed, **SETTINGS)
    *_, last = train(*load_XOR_data(300), *load_XOR_data(1000, seed=1), hp)
    return {"train": last.train_accuracy, "test": last.test_accuracy}


EXPERIMENTS = {"trainings": (learn, TRAININGS, SEEDS)}


def found(case, quantity):
    """Its values, one for each of the first weights."""
    return common.stored("what_it_can_learn")["trainings"][case][quantity]


# ---------------------------------------------------------------- networks set by hand

def or_network(k):
    """Three neurons without biases: s(2k x1) + s(2k x2) - s(0) > 0 almost where x1 > 0 or x2 > 0."""
    w1 = 2 * k * np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    return w1, np.zeros(3), np.outer([1.0, 1.0, -1.0], [0, 1]), np.zeros(2)


def xor_network(b):
    """bump(x1 + x2) - bump(x1 - x2), where bump(z) = s(z + b) + s(b - z)."""
    w1 = np.array([[1.0, -1.0, 1.0, -1.0], [1.0, -1.0, -1.0, 1.0]])
    return w1, np.full(4, b), np.outer([1.0, 1.0, -1.0, -1.0], [0, 1]), np.zeros(2)


def three_neurons(B):
    """Weights of three hidden neurons that are XOR of signs exactly where x1 + x2 < 2B."""
    w1 = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
    return w1, np.full(3, -float(B)), np.outer([1.0, -1.0, -1.0], [1, -1]), sigmoid(-B) * np.array([1, -1])


# ---------------------------------------------------------------- tables and figures

@table
def table_widths():
    rows = []
    for hidden_dim in WIDTHS:
        case = f"{hidden_dim} neurons"
        learnt = sum(share >= 0.99 for share in found(case, "train"))
        rows.append((hidden_dim, spread(found(case, "test"), "{:.1%}"), f"{learnt} of {len(SEEDS)}"))
    return markdown(["neurons", "test accuracy", "99 % of the training points"], rows)


@figure
def figure_widths():
    """Accuracy over hidden neurons, a mark for each of the first weights, with and without biases."""
    fig, (axes,) = new_figure(1, width=8.8, height=4.4)
    jitter = np.linspace(-0.13, 0.13, len(SEEDS))
    for share, name in ((5 / 8, "best line"), (3 / 4, "without biases, at most")):
        axes.axhline(share, color="gray", linewidth=1, linestyle=":")
        axes.text(6.45, share + 0.006, name, color="gray", fontsize=10, ha="right")
    for widths, end, shift, style, color, label in ((WIDTHS, "", -0.18, "D", PURPLE, "with biases"),
                                                    (WITHOUT, ", no biases", 0.18, "x", RED, "without")):
        marks = np.ravel([found(f"{hidden_dim} neurons{end}", "test") for hidden_dim in widths])
        places = np.array([WIDTHS.index(hidden_dim) for hidden_dim in widths])
        axes.plot(np.add.outer(places + shift, jitter).ravel(), marks, style, color=color, markersize=4, alpha=0.7,
                  label=label)
    axes.set(title="accuracy on test points", xlabel="hidden neurons", xticks=range(len(WIDTHS)), xticklabels=WIDTHS,
             xlim=(-0.5, 6.5))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.legend(frameon=False, loc="upper left")
    save(fig, "widths")


@figure
def figure_three_neurons():
    """What three neurons say of the plane, right of the line and left of it."""
    fig, panels = new_figure(3, width=9.6, height=3.6, sharey=True, subplot_kw={"aspect": "equal"})
    for axes, B in zip(panels, (1, 1.5, 3), strict=True):
        z2 = forward(common.plane(3.3), *three_neurons(B))[2]
        common.show_levels(axes, (z2[:, 1] > z2[:, 0]).astype(float), 3.3)
        axes.plot([2 * B - 3.3, 3.3], [3.3, 2 * B - 3.3], color="black", linestyle="--")
        axes.set(title=f"B = {B}", xlabel="x1", xlim=(-3.3, 3.3), ylim=(-3.3, 3.3))
    panels[0].set_ylabel("x2")
    save(fig, "three_neurons")


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
