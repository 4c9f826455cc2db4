"""Trains networks of many widths and settings from many first weights: python -m docs.experiments.what_it_can_learn.

It stores what the tables and figures of what-it-can-learn.md are made of; five minutes.
"""
import sys
from statistics import NormalDist

import numpy as np
from matplotlib.ticker import PercentFormatter

from docs.experiments import common
from docs.experiments.common import BLUE, GREEN, ORANGE, SEEDS, figure, markdown, new_figure, save, spread, table
from scratch_mlp import accuracy, backward, forward, initialize_weights, load_XOR_data, loss, minibatches, run_epoch

MADE_WITH = "--learning_rate 1 --num_epochs 20000"          # unless a run says otherwise
WIDTHS, DEFAULT = (1, 2, 3, 4, 5, 10, 50), "--hidden_dim 10"
WITH_BIASES, WITHOUT = ([f"--hidden_dim {hidden_dim}{biases}" for hidden_dim in WIDTHS]
                        for biases in ("", " --use_bias False"))
RATES = {rate: DEFAULT if rate == 1 else f"--learning_rate {rate}" for rate in (0.1, 1, 10, 100, 1000)}
BATCHES = {10: "--batch_size 10 --num_epochs 667", 30: "--batch_size 30 --num_epochs 2000", 300: DEFAULT}
NOISY = "--batch_size 10 --num_epochs 667 --learning_rate 10"
DECAYS = ("--lr_decay 0.001", "--num_epochs 3045", NOISY, f"{NOISY} --lr_decay 0.01")
PENALTIES = tuple(f"--penalty {penalty} --reg_coeff {strength}" for penalty in ("l2", "l1") for strength in (0.1, 1))
FAST = "--learning_rate 1000 --num_epochs 5000"
DIVERGING = f"{FAST} --reg_coeff 1"
CLIPS = (FAST, f"{FAST} --clip_norm 0.001", DIVERGING, f"{DIVERGING} --clip_norm 0.001")
STUCK = tuple(f"--hidden_dim {case} --learning_rate 10" for case in ("2", "3", "4", "10 --use_bias False"))


@np.errstate(over="ignore", invalid="ignore")
def train_evenly(flags, seed):
    """(epoch, loss, accuracy) at a hundred and one epochs, equally far apart, and the last weights."""
    hp = common.published(f"{MADE_WITH} {flags} --weight_seed {seed}")
    X, y = load_XOR_data(hp.num_samples, hp.data_seed)
    weights = initialize_weights(2, hp.hidden_dim, 2, seed)
    rng, history = np.random.default_rng(seed), []
    looked_at = {i * hp.num_epochs // 100 for i in range(101)}
    for epoch in range(hp.num_epochs + 1):
        if epoch > 0:
            run_epoch(X, y, *weights, epoch - 1, rng, hp)
        if epoch in looked_at:
            L = loss(y, forward(X, *weights)[-1], weights[0], weights[2], hp.reg_coeff, hp.penalty)
            history.append((epoch, float(L), accuracy(X, y, *weights)))
            if not np.isfinite(L):
                break
    return history, weights


def learn(flags, seed):
    """What comes of such a training, on training points and on fresh ones."""
    history, weights = train_evenly(flags, seed)
    epoch, L, train_accuracy = history[-1]
    sizes = np.abs(np.append(weights[0], weights[2]))
    with np.errstate(over="ignore", invalid="ignore"):
        fresh = accuracy(*load_XOR_data(1000, 1), *weights)
    return {"train": train_accuracy, "fresh": fresh, "loss": L if np.isfinite(L) else None,
            "epochs": next((epoch for epoch, L, share in history if share >= 0.99), None),
            "largest": float(sizes.max()), "near zero": float(np.mean(sizes < 0.01))}


EXPERIMENTS = {"widths": (learn, WITH_BIASES + WITHOUT),
               "rates": (learn, [flags for flags in RATES.values() if flags != DEFAULT]),
               "batches": (learn, [flags for flags in BATCHES.values() if flags != DEFAULT]),
               "decays": (learn, DECAYS), "penalties": (learn, PENALTIES), "clips": (learn, CLIPS),
               "stuck": (learn, STUCK)}


def found(flags):
    """{quantity: its values} of the runs with these flags."""
    stored = common.stored("what_it_can_learn")
    return next(stored[experiment][flags] for experiment in EXPERIMENTS if flags in stored[experiment])


# ---------------------------------------------------------------- tables

HEADS = "train", "fresh", "reach 99 %", "epochs to it"
COLUMNS = {                                         # what is under a head: the quantity, and its form
    "train": ("train", "{:.1%}"), "fresh": ("fresh", "{:.1%}"), "loss": ("loss", "{:.4f}", "not finite"),
    "epochs to it": ("epochs",), "largest weight": ("largest", "{:.2g}"),
    "share between -0.01 and 0.01": ("near zero", "{:.0%}"),
}


def cells(flags, *heads):
    """What is in the columns under these heads."""
    run = found(flags)
    reached = f"{sum(epoch is not None for epoch in run['epochs'])} of {len(SEEDS)}"
    return [reached if head == "reach 99 %" else spread(run[COLUMNS[head][0]], *COLUMNS[head][1:]) for head in heads]


def runs_table(all_flags, *heads):
    return markdown(["settings", *heads], [("default" if flags == DEFAULT else f"`{flags}`", *cells(flags, *heads))
                                           for flags in all_flags])


@table
def table_widths():
    return markdown(["neurons", "biases", *HEADS],
                    [(hidden_dim, biases, *cells(flags, *HEADS))
                     for biases, runs in (("yes", WITH_BIASES), ("no", WITHOUT))
                     for hidden_dim, flags in zip(WIDTHS, runs, strict=True)])


@table
def table_rates():
    return markdown(["`learning_rate`", *HEADS], [(rate, *cells(flags, *HEADS)) for rate, flags in RATES.items()])


def noise(batches):
    """How far the gradients of these batches are from that of all points, relative to that: root mean square."""
    weights = initialize_weights(2, 10, 2)

    def gradient(X, y):
        z1, h1, z2, h2 = forward(X, *weights)
        return np.concatenate([g.ravel() for g in backward(X, y, h1, h2, weights[0], weights[2])])
    exact = gradient(*load_XOR_data())
    errors = [gradient(X, y) - exact for X, y in batches]
    return np.sqrt(np.mean(np.sum(np.square(errors), axis=1)) / np.sum(exact**2))


def measured_noise(batch_size, draws=300):
    rng = np.random.default_rng(0)
    return noise([minibatches(*load_XOR_data(), batch_size, rng)[0] for _ in range(draws)])


def expected_noise(batch_size):
    """From that of single points, sigma: sigma sqrt((N - B) / (B (N - 1))), B of N points, each taken once."""
    N, sigma = 300, noise(minibatches(*load_XOR_data(), 1))
    return sigma * np.sqrt((N - batch_size) / (batch_size * (N - 1)))


@table
def table_batches():
    rows = []
    for size, flags in BATCHES.items():
        epochs = found(flags)["epochs"]
        steps = [epoch and epoch * -(-300 // size) for epoch in epochs]
        rows.append((size, f"{measured_noise(size):.2f}", f"{expected_noise(size):.2f}", *cells(flags, "fresh"),
                     spread(steps), spread(epochs)))
    return markdown(["points in a step", "noise", "in theory", "fresh", "steps to 99 %", "epochs to 99 %"], rows)


@table
def table_decays():
    return runs_table((DEFAULT, *DECAYS), "train", "fresh", "loss", "reach 99 %")


@table
def table_penalties():
    return runs_table((DEFAULT, *PENALTIES), "train", "fresh", "largest weight", "share between -0.01 and 0.01")


@table
def table_clips():
    return runs_table(CLIPS, "train", "fresh", "loss")


@table
def table_stuck():
    return markdown(["settings", "lowest loss", "median", "highest", "fresh"],
                    [(f"`{flags}`", *(f"{sorted(found(flags)['loss'])[i]:.3f}" for i in (0, len(SEEDS) // 2, -1)),
                      *cells(flags, "fresh")) for flags in STUCK])


def even_plane(size=200):
    """Points spread over the plane as the standard normal law is: each stands for the same share of it."""
    side = np.array([NormalDist().inv_cdf((i + 0.5) / size) for i in range(size)])
    X = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    return X, (X[:, 0] > 0) ^ (X[:, 1] > 0)


def best_cut(height, label):
    """The best accuracy of one class below some height and the other class above."""
    ones_below = np.cumsum(label[np.argsort(height, kind="stable")])
    right = ones_below + np.arange(len(label), 0, -1) - 1 - (ones_below[-1] - ones_below)
    return max(right.max(), len(label) - right.min()) / len(label)


@table
def table_lines():
    X, label = even_plane()
    along = [X @ (np.cos(angle), np.sin(angle)) for angle in np.linspace(0, np.pi / 2, 91)]
    line, strip = (max(best_cut(height(a), label) for a in along) for height in (np.asarray, np.abs))
    return markdown(["what decides", "best accuracy found", "in theory"],
                    [("always the same class", f"{max(label.mean(), 1 - label.mean()):.1%}", "1/2"),
                     ("one line, over 91 directions and all offsets", f"{line:.1%}", "5/8"),
                     ("a strip about the origin, over 91 directions and all widths", f"{strip:.1%}", "3/4"),
                     ("a network without biases", "", "at most 3/4")])


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
    for axes, which, points in zip(panels, ("train", "fresh"), ("training", "fresh"), strict=True):
        for runs, shift, style, color, label in ((WITH_BIASES, -0.18, "s", ORANGE, "with biases"),
                                                 (WITHOUT, 0.18, "o", BLUE, "without")):
            axes.plot(shift + np.concatenate([place + jitter for place in range(len(WIDTHS))]),
                      np.concatenate([found(flags)[which] for flags in runs]), style,
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
            epochs, losses, _ = zip(*train_evenly(flags, seed)[0], strict=True)
            axes.plot(epochs, losses, color=GREEN, alpha=0.8, linewidth=1.2)
        axes.axhline(1 / 4, color="gray", linewidth=1, linestyle=":")
        axes.set(title=title, xlabel="epoch", ylim=(0, 0.29), xticks=(0, 5000, 10_000, 15_000, 20_000))
    panels[0].set(ylabel="loss")
    save(fig, "stuck")


if __name__ == "__main__":
    sys.exit(common.main("what_it_can_learn", EXPERIMENTS, __doc__))
