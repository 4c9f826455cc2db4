"""Trains networks of many widths and settings from many first weights: python -m docs.experiments.what_it_can_learn.

It stores what the tables and figures of what-it-can-learn.md are made of; two minutes.
"""
from statistics import NormalDist

import numpy as np
from matplotlib.ticker import PercentFormatter

from docs.experiments import common
from docs.experiments.common import PURPLE, RED, SEEDS, figure, markdown, new_figure, save, spread, table
from scratch_mlp import forward, inference, sigmoid

WIDTHS = (1, 2, 3, 4, 5, 10, 50)
WITH_BIASES = {hidden_dim: f"--hidden_dim {hidden_dim}" for hidden_dim in WIDTHS}       # {neurons: the flags}
WITHOUT = {hidden_dim: f"--hidden_dim {hidden_dim} --use_bias False" for hidden_dim in (3, 10)}


def learn(flags, seed):
    """The accuracies of a network so trained."""
    *_, last = common.train_with(f"{flags} --weight_seed {seed} --num_frames 0")
    return {"train": last.train_accuracy, "test": last.test_accuracy}


def even_grid(side):
    """Points (side^2, 2) that are spread as normal ones are, and whether their class is one."""
    places = [NormalDist().inv_cdf((i + 0.5) / side) for i in range(side)]
    X = np.stack(np.meshgrid(places, places), axis=-1).reshape(-1, 2)
    return X, (X[:, 0] > 0) != (X[:, 1] > 0)


@np.errstate(over="ignore")
def search(case, seed, tries=6000):
    """The accuracy to which so many neurons come by random changes, small and large, that are kept if not worse."""
    (X, one), random, best = even_grid(50), np.random.default_rng(seed), 0.0
    weights = [random.normal(0, 2, shape) for shape in ((2, int(case)), int(case), (int(case), 2), 2)]
    for _ in range(tries):
        scale = 10 ** random.uniform(-3, 0.5)
        moved = [w + scale * random.normal(size=w.shape) * random.integers(2, size=w.shape) for w in weights]
        share = np.mean(inference(X, *moved) == one)
        if share >= best:
            weights, best = moved, share
    X, one = even_grid(400)                         # on so fine a grid, the best strip has 75.0 %
    return {"accuracy": float(np.mean(inference(X, *weights) == one))}


def three_neurons(B):
    """Weights of three hidden neurons that are XOR of signs exactly where x1 + x2 < 2B."""
    w1 = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
    f = np.array([1.0, -1.0, -1.0])
    return w1, np.full(3, -float(B)), np.outer(f, [1, -1]), sigmoid(-B) * np.array([1, -1])


EXPERIMENTS = {"trainings": (learn, [*WITH_BIASES.values(), *WITHOUT.values()], SEEDS),
               "searches": (search, ["2"], SEEDS)}


def found(flags):
    """{quantity: its values} of the runs with these flags."""
    return common.stored("what_it_can_learn")["trainings"][flags]


@table
def table_widths():
    rows = []
    for hidden_dim, flags in WITH_BIASES.items():
        learnt = sum(share >= 0.99 for share in found(flags)["train"])
        rows.append((hidden_dim, spread(found(flags)["test"], "{:.1%}"), f"{learnt} of {len(SEEDS)}"))
    return markdown(["neurons", "test accuracy", "99 % of the training points"], rows)


@table
def table_search():
    return spread(common.stored("what_it_can_learn")["searches"]["2"]["accuracy"], "{:.1%}")


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
def figure_widths():
    """Accuracy over hidden neurons, a mark for each of the first weights, with and without biases."""
    fig, (axes,) = new_figure(1, width=8.8, height=4.4)
    jitter = np.linspace(-0.13, 0.13, len(SEEDS))
    for share, name in ((5 / 8, "best line"), (3 / 4, "without biases, at most")):
        axes.axhline(share, color="gray", linewidth=1, linestyle=":")
        axes.text(6.45, share + 0.006, name, color="gray", fontsize=10, ha="right")
    for runs, shift, style, color, label in ((WITH_BIASES, -0.18, "D", PURPLE, "with biases"),
                                             (WITHOUT, 0.18, "x", RED, "without")):
        marks = np.ravel([found(flags)["test"] for flags in runs.values()])
        places = np.array([WIDTHS.index(hidden_dim) for hidden_dim in runs])
        axes.plot(np.add.outer(places + shift, jitter).ravel(), marks, style, color=color, markersize=4, alpha=0.7,
                  label=label)
    axes.set(title="accuracy on test points", xlabel="hidden neurons", xticks=range(len(WIDTHS)), xticklabels=WIDTHS,
             xlim=(-0.5, 6.5))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.legend(frameon=False, loc="upper left")
    save(fig, "widths")


if __name__ == "__main__":
    common.main("what_it_can_learn", EXPERIMENTS, __doc__)
