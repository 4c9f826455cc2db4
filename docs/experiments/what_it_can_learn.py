"""Trains networks of many widths and settings from many first weights: python -m docs.experiments.what_it_can_learn.

It stores what the tables and figures of what-it-can-learn.md are made of; five minutes.
"""
import numpy as np
from matplotlib.ticker import PercentFormatter

from docs.experiments import common
from docs.experiments.common import BLUE, ORANGE, SEEDS, figure, markdown, new_figure, save, spread, table
from scratch_mlp import accuracy, initialize_weights, load_XOR_data, run_epoch

MADE_WITH = "--learning_rate 1 --num_epochs 20000"          # unless a run says otherwise
WIDTHS, DEFAULT = (1, 2, 3, 4, 5, 10, 50), "--hidden_dim 10"

# The runs of each table: {what is in the first column: the flags}
WITH_BIASES = {f"{hidden_dim}": f"--hidden_dim {hidden_dim}" for hidden_dim in WIDTHS}
WITHOUT = {f"{name}, no biases": f"{flags} --use_bias False" for name, flags in WITH_BIASES.items()}
RATES = {rate: DEFAULT if rate == 1 else f"--learning_rate {rate}" for rate in (0.1, 1, 10, 100, 1000)}
BATCHES = {10: "--batch_size 10 --num_epochs 667", 30: "--batch_size 30 --num_epochs 2000", 300: DEFAULT}


@np.errstate(over="ignore")
def learn(flags, seed):
    """What comes of such a training. Whether it has reached 99 % is looked at a hundred times, equally far apart."""
    hp = common.published(f"{MADE_WITH} {flags} --weight_seed {seed}")
    X, y = load_XOR_data(hp.num_samples, hp.data_seed)
    weights = initialize_weights(2, hp.hidden_dim, 2, seed)
    rng, reached = np.random.default_rng(seed), None
    looked_at = {i * hp.num_epochs // 100 for i in range(101)}
    for epoch in range(1, hp.num_epochs + 1):
        run_epoch(X, y, *weights, epoch - 1, rng, hp)
        if reached is None and epoch in looked_at and accuracy(X, y, *weights) >= 0.99:
            reached = epoch
    return {"train": accuracy(X, y, *weights), "test": accuracy(*load_XOR_data(1000, 1), *weights),
            "epochs to 99 %": reached}


RUNS = dict.fromkeys(flags for runs in (WITH_BIASES, WITHOUT, RATES, BATCHES) for flags in runs.values())
EXPERIMENTS = {"trainings": (learn, list(RUNS))}


def found(flags):
    """{quantity: its values} of the runs with these flags."""
    return common.stored("what_it_can_learn")["trainings"][flags]


def cell(run, head):
    if head == "reach 99 %":
        return f"{len(SEEDS) - run['epochs to 99 %'].count(None)} of {len(SEEDS)}"
    return spread(run[head], "{:g}" if head == "epochs to 99 %" else "{:.1%}")


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


@figure
def figure_widths():
    """Accuracy over hidden neurons, a mark for each of the first weights, with and without biases."""
    fig, (axes,) = new_figure(1, width=8.8, height=4.4)
    jitter, places = np.linspace(-0.13, 0.13, len(SEEDS)), np.arange(len(WIDTHS))
    for share, name in ((5 / 8, "best line"), (3 / 4, "without biases, at most")):
        axes.axhline(share, color="gray", linewidth=1, linestyle=":")
        axes.text(6.45, share + 0.006, name, color="gray", fontsize=10, ha="right")
    for runs, shift, style, color, label in ((WITH_BIASES, -0.18, "s", ORANGE, "with biases"),
                                             (WITHOUT, 0.18, "o", BLUE, "without")):
        marks = np.ravel([found(flags)["test"] for flags in runs.values()])
        axes.plot(np.add.outer(places + shift, jitter).ravel(), marks, style, color=color, markersize=4, alpha=0.7,
                  label=label)
    axes.set(title="accuracy on test points", xlabel="hidden neurons", xticks=places, xticklabels=WIDTHS)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.legend(frameon=False, loc="upper left")
    save(fig, "widths")


if __name__ == "__main__":
    common.main("what_it_can_learn", EXPERIMENTS, __doc__)
