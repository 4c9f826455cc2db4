"""Trains networks of many widths and settings from many first weights: python -m docs.experiments.what_it_can_learn.

It stores what the tables and figures of what-it-can-learn.md are made of; five minutes.
"""
from statistics import NormalDist

import numpy as np
from matplotlib.ticker import PercentFormatter

from docs.experiments import common
from docs.experiments.common import BLUE, GREEN, ORANGE, SEEDS, figure, markdown, new_figure, save, spread, table
from scratch_mlp import accuracy, forward, initialize_weights, load_XOR_data, loss, run_epoch

MADE_WITH = "--learning_rate 1 --num_epochs 20000"          # unless a run says otherwise
WIDTHS, DEFAULT = (1, 2, 3, 4, 5, 10, 50), "--hidden_dim 10"

# The runs of each table: {what is in the first column: the flags}
WITH_BIASES = {f"{hidden_dim}": f"--hidden_dim {hidden_dim}" for hidden_dim in WIDTHS}
WITHOUT = {f"{name}, no biases": f"{flags} --use_bias False" for name, flags in WITH_BIASES.items()}
RATES = {rate: DEFAULT if rate == 1 else f"--learning_rate {rate}" for rate in (0.1, 1, 10, 100, 1000)}
BATCHES = {10: "--batch_size 10 --num_epochs 667", 30: "--batch_size 30 --num_epochs 2000", 300: DEFAULT}
PENALTIES = {"default": DEFAULT} | {f"`{flags}`": flags for flags in (
    f"--penalty {penalty} --reg_coeff {strength}" for penalty in ("l2", "l1") for strength in (0.1, 1))}
STUCK = {name: f"{flags} --learning_rate 10" for name, flags in (WITH_BIASES | WITHOUT).items()
         if name in ("2", "3", "4", "10, no biases")}


@np.errstate(over="ignore")
def learn(flags, seed):
    """What comes of such a training. Whether it has reached 99 % is looked at a hundred times, equally far apart."""
    hp = common.published(f"{MADE_WITH} {flags} --weight_seed {seed}")
    X, y = load_XOR_data(hp.num_samples, hp.data_seed)
    w1, b1, w2, b2 = weights = initialize_weights(2, hp.hidden_dim, 2, seed)
    rng, reached = np.random.default_rng(seed), None
    looked_at = {i * hp.num_epochs // 100 for i in range(101)}
    for epoch in range(1, hp.num_epochs + 1):
        run_epoch(X, y, *weights, epoch - 1, rng, hp)
        if reached is None and epoch in looked_at and accuracy(X, y, *weights) >= 0.99:
            reached = epoch

    sizes = np.abs(np.append(w1, w2))
    return {"train": accuracy(X, y, *weights), "test": accuracy(*load_XOR_data(1000, 1), *weights),
            "loss": float(loss(y, forward(X, *weights)[-1], w1, w2, hp.reg_coeff, hp.penalty)),
            "epochs to 99 %": reached, "largest weight": float(sizes.max()),
            "share between -0.01 and 0.01": float(np.mean(sizes < 0.01))}


RUNS = dict.fromkeys(flags for runs in (WITH_BIASES, WITHOUT, RATES, BATCHES, PENALTIES, STUCK)
                     for flags in runs.values())
EXPERIMENTS = {"trainings": (learn, list(RUNS))}


def found(flags):
    """{quantity: its values} of the runs with these flags."""
    return common.stored("what_it_can_learn")["trainings"][flags]


# ---------------------------------------------------------------- tables

FORMS = {"train": "{:.1%}", "test": "{:.1%}", "loss": "{:.3f}", "epochs to 99 %": "{:g}", "largest weight": "{:.2g}",
         "share between -0.01 and 0.01": "{:.0%}"}


def cell(run, head):
    if head == "reach 99 %":
        return f"{len(SEEDS) - run['epochs to 99 %'].count(None)} of {len(SEEDS)}"
    return spread(run[head], FORMS[head])


def runs_table(corner, runs, *heads):
    """A row for each of the runs, beginning with its name."""
    return markdown([corner, *heads],
                    [(name, *(cell(found(flags), head) for head in heads)) for name, flags in runs.items()])


@table
def table_widths():
    return runs_table("neurons", WITH_BIASES | WITHOUT, "train", "test", "reach 99 %", "epochs to 99 %")


@table
def table_rates():
    return runs_table("`learning_rate`", RATES, "test", "reach 99 %", "epochs to 99 %")


@table
def table_batches():
    return runs_table("points in a step", BATCHES, "test", "epochs to 99 %")


@table
def table_penalties():
    return runs_table("settings", PENALTIES, "test", "largest weight", "share between -0.01 and 0.01")


@table
def table_stuck():
    return runs_table("neurons", STUCK, "loss", "test")


def even_plane(size=200):
    """Points spread over the plane as the standard normal law is: each stands for the same share of it."""
    side = np.array([NormalDist().inv_cdf((i + 0.5) / size) for i in range(size)])
    X = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    return X, (X[:, 0] > 0) ^ (X[:, 1] > 0)


def best_accuracy(cut):
    """The best share of the plane that is right, if one class is where cut(place along a direction, t) is true."""
    X, label = even_plane()
    right = [np.mean(cut(X @ (np.cos(angle), np.sin(angle)), t) == label)
             for angle in np.linspace(0, np.pi / 2, 91) for t in np.linspace(0, 3, 31)]
    return f"{max(*right, 1 - min(right)):.1%}"


@table
def table_lines():
    return markdown(["what decides", "best accuracy found, in 91 directions", "in theory"],
                    [("one line", best_accuracy(lambda along, t: along > t), "5/8"),
                     ("a strip about the origin", best_accuracy(lambda along, t: np.abs(along) < t), "3/4")])


# ---------------------------------------------------------------- figures

@figure
def figure_widths():
    """Accuracy over hidden neurons, a mark for each of the first weights, with and without biases."""
    fig, panels = new_figure(2, width=11, height=4.4, sharey=True)
    jitter = np.linspace(-0.13, 0.13, len(SEEDS))
    for share, name, place, side in ((1 / 2, "always the same class", 0.6, "left"), (5 / 8, "best line", 6.45, "right"),
                                     (3 / 4, "without biases, at most", 6.45, "right")):
        panels[1].axhline(share, color="gray", linewidth=1, linestyle=":")
        panels[1].text(place, share + 0.006, name, color="gray", fontsize=10, ha=side)
    for axes, which, points in zip(panels, ("train", "test"), ("training", "test"), strict=True):
        for runs, shift, style, color, label in ((WITH_BIASES, -0.18, "s", ORANGE, "with biases"),
                                                 (WITHOUT, 0.18, "o", BLUE, "without")):
            axes.plot(shift + np.concatenate([place + jitter for place in range(len(WIDTHS))]),
                      np.concatenate([found(flags)[which] for flags in runs.values()]), style,
                      color=color, markersize=4, alpha=0.7, label=label)
        axes.set(title=f"accuracy on {points} points", xlabel="hidden neurons", xticks=range(len(WIDTHS)),
                 xticklabels=WIDTHS)
        axes.yaxis.set_major_formatter(PercentFormatter(1))
    panels[0].legend(frameon=False, loc="center right")
    save(fig, "widths")


@figure
def figure_stuck():
    """The loss over epochs from eight first weights: a network that may get stuck, and one that cannot."""
    fig, panels = new_figure(2, width=11, sharey=True)
    runs = {"--hidden_dim 4": "4 neurons with biases: some are stuck",
            "--hidden_dim 50 --use_bias False": "50 without: all stay near 1/4"}
    for axes, (flags, title) in zip(panels, runs.items(), strict=True):
        for seed in range(8):
            history = common.train_with(f"{MADE_WITH} {flags} --weight_seed {seed}")
            axes.plot([shot.epoch for shot in history], [shot.loss for shot in history],
                      color=GREEN, alpha=0.8, linewidth=1.2)
        axes.axhline(1 / 4, color="gray", linewidth=1, linestyle=":")
        axes.set(title=title, xlabel="epoch", ylim=(0, 0.29), xticks=(0, 5000, 10_000, 15_000, 20_000))
    panels[0].set(ylabel="loss")
    save(fig, "stuck")


if __name__ == "__main__":
    common.main("what_it_can_learn", EXPERIMENTS, __doc__)
