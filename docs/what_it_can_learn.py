"""Trains networks of many widths and settings from many first weights: python docs/what_it_can_learn.py, five minutes.

It prints the tables of the page, what-it-can-learn.md, and stores what it measured in docs/results.
"""
import sys
from statistics import NormalDist

import common
import numpy as np
from common import BLUE, GREEN, ORANGE, SEEDS, markdown, new_figure, save, spread
from matplotlib.ticker import PercentFormatter

import utils
from scratch_mlp import (
    Hyperparameters,
    Snapshot,
    accuracy,
    backward,
    forward,
    initialize_weights,
    load_XOR_data,
    loss,
    minibatches,
    run_epoch,
)

# Unless a run says otherwise
MADE_WITH = "--hidden_dim 10 --learning_rate 1 --num_epochs 20000 --num_samples 300 --reg_coeff 0.0001 --use_bias True"

WIDTHS = (1, 2, 3, 4, 5, 10, 50)
RATES = (0.1, 1, 10, 100, 1000)
BATCHES = {10: 667, 30: 2000}                               # size: the epochs in which it takes 20,000 steps
NOISY = "--batch_size 10 --num_epochs 667 --learning_rate 10"
DECAYS = ("--lr_decay 0.001", "--num_epochs 3045", NOISY, f"{NOISY} --lr_decay 0.01")
PENALTIES = tuple(f"--penalty {penalty} --reg_coeff {strength}" for penalty in ("l2", "l1") for strength in (0.1, 1))
FAST = "--learning_rate 1000 --num_epochs 5000"
DIVERGING = f"{FAST} --reg_coeff 1"
CLIPS = (FAST, f"{FAST} --clip_norm 0.001", DIVERGING, f"{DIVERGING} --clip_norm 0.001")
STUCK = (*(f"--hidden_dim {hidden_dim} --learning_rate 10" for hidden_dim in (2, 3, 4)),
         "--hidden_dim 10 --use_bias False --learning_rate 10")


def of_width(hidden_dim, use_bias=True):
    return f"--hidden_dim {hidden_dim}" + ("" if use_bias else " --use_bias False")


DEFAULT = of_width(10)


def train_evenly(flags, seed):
    """The history of a training with these flags, from the first weights of this seed: like that of `train`, but its
    snapshots are equally spaced."""
    hp = utils.read_settings(Hyperparameters, f"{MADE_WITH} {flags} --weight_seed {seed}".split())
    X, y = load_XOR_data(hp.num_samples, hp.data_seed)
    X_test, y_test = load_XOR_data(hp.num_test_samples, hp.data_seed + 1)
    weights = initialize_weights(2, hp.hidden_dim, 2, hp.weight_seed)
    rng = np.random.default_rng(hp.weight_seed)
    snapshot_epochs = {i * hp.num_epochs // 100 for i in range(101)}
    history = []
    with np.errstate(over="ignore", invalid="ignore"):
        for epoch in range(hp.num_epochs + 1):
            if epoch in snapshot_epochs:
                w1, b1, w2, b2 = [weight.copy() for weight in weights]
                L = float(loss(y, forward(X, *weights)[-1], w1, w2, hp.reg_coeff, hp.penalty))
                history.append(Snapshot(epoch, L, accuracy(X, y, *weights), accuracy(X_test, y_test, *weights),
                                        w1, b1, w2, b2))
                if not np.isfinite(L):
                    break
            run_epoch(X, y, *weights, epoch, rng, hp)
    return history


def learn(flags, seed):
    """What comes of such a training."""
    history = train_evenly(flags, seed)
    last = history[-1]
    weights = np.abs(np.append(last.w1, last.w2))
    return {"train": last.train_accuracy, "fresh": last.test_accuracy,
            "loss": last.loss if np.isfinite(last.loss) else None,
            "epochs": next((s.epoch for s in history if s.train_accuracy >= 0.99), None),
            "largest": float(weights.max()), "near zero": float(np.mean(weights < 0.01))}


EXPERIMENTS = {
    "widths": (learn, [of_width(hidden_dim, use_bias) for use_bias in (True, False) for hidden_dim in WIDTHS]),
    "rates": (learn, [f"--learning_rate {rate}" for rate in RATES if rate != 1]),
    "batches": (learn, [f"--batch_size {size} --num_epochs {epochs}" for size, epochs in BATCHES.items()]),
    "decays": (learn, DECAYS),
    "penalties": (learn, PENALTIES),
    "clips": (learn, CLIPS),
    "stuck": (learn, STUCK),
}


def found(flags):
    """{quantity: its values} of the runs with these flags."""
    stored = common.stored("what_it_can_learn")
    return next(stored[experiment][flags] for experiment in EXPERIMENTS if flags in stored[experiment])


# ---------------------------------------------------------------- tables

def percent(values):
    return spread(values, "{:.1%}")


def reached(epochs):
    return f"{sum(epoch is not None for epoch in epochs)} of {len(epochs)}"


def flags_cell(flags):
    return "default" if flags == DEFAULT else f"`{flags}`"


def accuracies(flags):
    """The cells of the accuracy on training and on fresh points."""
    return percent(found(flags)["train"]), percent(found(flags)["fresh"])


def arrival(flags):
    """The cells of how many reach 99 %, and after how many epochs."""
    epochs = found(flags)["epochs"]
    return reached(epochs), spread(epochs)


def losses(flags):
    return spread(found(flags)["loss"], "{:.4f}", never="not finite")


def table_widths():
    return markdown(["neurons", "biases", "train", "fresh", "reach 99 %", "epochs to it"],
                    [(hidden_dim, "yes" if use_bias else "no", *accuracies(flags), *arrival(flags))
                     for use_bias in (True, False) for hidden_dim in WIDTHS
                     for flags in (of_width(hidden_dim, use_bias),)])


def table_rates():
    runs = {rate: DEFAULT if rate == 1 else f"--learning_rate {rate}" for rate in RATES}
    return markdown(["`learning_rate`", "train", "fresh", "reach 99 %", "epochs to it"],
                    [(rate, *accuracies(flags), *arrival(flags)) for rate, flags in runs.items()])


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


def table_batches():
    runs = {size: f"--batch_size {size} --num_epochs {epochs}" for size, epochs in BATCHES.items()} | {300: DEFAULT}
    rows = []
    for size, flags in runs.items():
        epochs = found(flags)["epochs"]
        steps = [epoch and epoch * -(-300 // size) for epoch in epochs]
        rows.append((size, f"{measured_noise(size):.2f}", f"{expected_noise(size):.2f}", percent(found(flags)["fresh"]),
                     spread(steps), spread(epochs)))
    return markdown(["points in a step", "noise", "in theory", "fresh", "steps to 99 %", "epochs to 99 %"], rows)


def table_decays():
    return markdown(["settings", "train", "fresh", "loss", "reach 99 %"],
                    [(flags_cell(flags), *accuracies(flags), losses(flags), reached(found(flags)["epochs"]))
                     for flags in (DEFAULT, *DECAYS)])


def table_penalties():
    return markdown(["settings", "train", "fresh", "largest weight", "share between -0.01 and 0.01"],
                    [(flags_cell(flags), *accuracies(flags), spread(found(flags)["largest"], "{:.2g}"),
                      spread(found(flags)["near zero"], "{:.0%}")) for flags in (DEFAULT, *PENALTIES)])


def table_clips():
    return markdown(["settings", "train", "fresh", "loss"],
                    [(flags_cell(flags), *accuracies(flags), losses(flags)) for flags in CLIPS])


def table_stuck():
    """The losses of runs that may get stuck, and of runs that cannot learn."""
    rows = []
    for flags in STUCK:
        ordered = sorted(found(flags)["loss"])
        rows.append((f"`{flags}`", *(f"{ordered[i]:.3f}" for i in (0, len(ordered) // 2, -1)),
                     percent(found(flags)["fresh"])))
    return markdown(["settings", "lowest loss", "median", "highest", "fresh"], rows)


def even_plane(size=200):
    """Points spread over the plane as the standard normal law is: each stands for the same share of it."""
    side = np.array([NormalDist().inv_cdf((i + 0.5) / size) for i in range(size)])
    X = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    return X, (X[:, 0] > 0) ^ (X[:, 1] > 0)


def best_cuts(X, label, angle):
    """The best accuracy of one line across this direction, and of a strip that is symmetric about the origin."""
    along = X @ (np.cos(angle), np.sin(angle))
    best = []
    for height in (along, np.abs(along)):
        ones_below = np.cumsum(label[np.argsort(height, kind="stable")])
        right = ones_below + np.arange(len(X), 0, -1) - 1 - (ones_below[-1] - ones_below)
        best.append(max(right.max(), len(X) - right.min()) / len(X))
    return best


def table_lines():
    """What can be said without a network, or with a crippled one."""
    X, label = even_plane()
    lines, strips = np.array([best_cuts(X, label, angle) for angle in np.linspace(0, np.pi / 2, 91)]).T
    return markdown(["what decides", "best accuracy found", "in theory"],
                    [("always the same class", f"{max(label.mean(), 1 - label.mean()):.1%}", "1/2"),
                     ("one line, over 91 directions and all offsets", f"{lines.max():.1%}", "5/8"),
                     ("a strip about the origin, over 91 directions and all widths", f"{strips.max():.1%}", "3/4"),
                     ("a network without biases", "", "at most 3/4")])


# ---------------------------------------------------------------- figures

def figure_widths():
    """Accuracy over hidden neurons, a mark for each of the first weights, with and without biases."""
    figure, panels = new_figure(2, width=11, height=4.4, sharey=True)
    jitter = np.linspace(-0.13, 0.13, len(SEEDS))
    for share, name, place in ((1 / 2, "always the same class", 0.6), (5 / 8, "best line", 6.45),
                               (3 / 4, "without biases, at most", 6.45)):
        panels[1].axhline(share, color="gray", linewidth=1, linestyle=":")
        panels[1].text(place, share + 0.006, name, color="gray", fontsize=10, ha="left" if place < 1 else "right")
    for axes, which, title in zip(panels, ("train", "fresh"), ("training points", "fresh points"), strict=True):
        for use_bias, shift, marker, color, label in ((True, -0.18, "s", ORANGE, "with biases"),
                                                      (False, 0.18, "o", BLUE, "without")):
            for place, hidden_dim in enumerate(WIDTHS):
                axes.plot(place + shift + jitter, found(of_width(hidden_dim, use_bias))[which], marker,
                          color=color, markersize=4, alpha=0.7, label=label if place == 0 else None)
        axes.set(title=f"accuracy on {title}", xlabel="hidden neurons", xticks=range(len(WIDTHS)), xticklabels=WIDTHS)
        axes.yaxis.set_major_formatter(PercentFormatter(1))
    panels[0].legend(frameon=False, loc="center right")
    save(figure, "widths")


def figure_stuck():
    """The loss over epochs from eight first weights: a network that may get stuck, and one that cannot."""
    figure, panels = new_figure(2, width=11, sharey=True)
    for axes, flags, title in zip(panels, (of_width(4), of_width(50, False)),
                                  ("4 neurons with biases: some are stuck", "50 without: all stay near 1/4"),
                                  strict=True):
        for seed in range(8):
            history = train_evenly(flags, seed)
            axes.plot([s.epoch for s in history], [s.loss for s in history], color=GREEN, alpha=0.8, linewidth=1.2)
        axes.axhline(1 / 4, color="gray", linewidth=1, linestyle=":")
        axes.set(title=title, xlabel="epoch", ylim=(0, 0.29), xticks=(0, 5000, 10_000, 15_000, 20_000))
    panels[0].set(ylabel="loss")
    save(figure, "stuck")


if __name__ == "__main__":
    sys.exit(common.main("what_it_can_learn", globals()))
