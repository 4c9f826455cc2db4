"""The figures, GIFs and tables of the README and of the first four pages; `python docs/make.py` makes them."""
import contextlib
import io
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from matplotlib.ticker import PercentFormatter

import scratch_mlp
import utils
from docs.experiments import common
from docs.experiments.common import (
    BLUE,
    GREEN,
    ORANGE,
    PUBLISHED,
    figure,
    markdown,
    new_figure,
    plane,
    save,
    show_levels,
    table,
    train_with,
)
from docs.lab import checks
from docs.lab.bugs import BUGS, SOURCE
from scratch_mlp import Hyperparameters, forward, initialize_weights, load_XOR_data, sigmoid

RUNS = {"three": "--hidden_dim 3", "fifty": "--hidden_dim 50", "default": ""}


history_of = cache(train_with)


# ---------------------------------------------------------------- the GIFs

def make_gifs():
    """For each of the runs, all.gif and all.png under the name of the run, if the last frame has changed."""
    for name, flags in RUNS.items():
        with tempfile.TemporaryDirectory() as folder:
            X, y = load_XOR_data(PUBLISHED["num_samples"], PUBLISHED["data_seed"])
            utils.draw(history_of(flags), forward, X, y, folder, PUBLISHED["frame_ms"])
            if common.difference(Path(folder, "all.png"), common.PICTURES / f"{name}.png") > 0.05:
                for kind in ("gif", "png"):
                    shutil.copyfile(Path(folder, f"all.{kind}"), common.PICTURES / f"{name}.{kind}")


# ---------------------------------------------------------------- the figures

@figure
def figure_points():
    """XOR as a truth table, with a line that fails, and as points of the plane."""
    figure, (corners, gauss) = new_figure(2)
    table = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    utils.add_points(corners, table, np.eye(2)[table[:, 0] ^ table[:, 1]], markersize=14)
    corners.plot([-0.4, 0.9], [0.9, -0.4], color="black")
    corners.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xticks=(0, 1), yticks=(0, 1), xlabel="x1", ylabel="x2",
                title="XOR of two bits, and a line that fails", aspect="equal")
    utils.add_points(gauss, *load_XOR_data())
    gauss.axhline(0, color="black", linewidth=1)
    gauss.axvline(0, color="black", linewidth=1)
    gauss.set(xlabel="x1", ylabel="x2", title="XOR of two signs", aspect="equal")
    figure.legend(*gauss.get_legend_handles_labels(), loc="outside lower center", ncol=2, frameon=False)
    save(figure, "points")


@figure
def figure_sigmoid():
    """The sigmoid and its slope, which is flat far from zero."""
    figure, (curve, slope) = new_figure(2)
    z = np.linspace(-8, 8, 400)
    s = sigmoid(z)
    curve.plot(z, s, color="black")
    curve.set(xlabel="z", title="s(z), between 0 and 1")
    slope.plot(z, s * (1 - s), color="black")
    slope.set(xlabel="z", title="its slope s(z) (1 - s(z)), at most 1/4", ylim=(0, 0.26))
    save(figure, "sigmoid")


@figure
def figure_units():
    """What one neuron sees, straight; what three of them, and the whole network, make of it, bent."""
    last, limit = history_of("")[-1], 3.3
    points = plane(limit)
    z1, h1, z2, h2 = forward(points, last.w1, last.b1, last.w2, last.b2)
    figure, panels = new_figure(4, width=11, height=3.3, sharey=True)
    steepest = np.argsort(-np.abs(last.w2[:, 1] - last.w2[:, 0]))[:3]
    for axes, neuron in zip(panels, steepest, strict=False):
        show_levels(axes, h1[:, neuron], limit)
        axes.set(title=f"hidden neuron {neuron}", xlabel="x1")
    show_levels(panels[3], utils.confidence(h2), limit)
    panels[3].set(title=f"all {PUBLISHED['hidden_dim']} together", xlabel="x1")
    panels[0].set(ylabel="x2")
    save(figure, "units")


@figure
def figure_step():
    """The loss of the worked example along the step: as the gradient predicts, and as it is."""
    X, y = load_XOR_data(1)
    weights = initialize_weights(2, 3, 2)
    gradients = checks.hand_derived(scratch_mlp, X, y, weights, 0.0, "l2")
    rates = np.linspace(0, 8, 100)
    stepped = [[w - rate * g for w, g in zip(weights, gradients, strict=True)] for rate in rates]
    along = [checks.loss_at(scratch_mlp, X, y, weights, 0.0, "l2") for weights in stepped]
    slope = sum(np.sum(g**2) for g in gradients)
    figure, (axes,) = new_figure(1)
    axes.plot(rates, along[0] - rates * slope, color=GREEN, linestyle="--", label="predicted: a straight line")
    axes.plot(rates, along, color="black", label="the loss as it is")
    axes.set(xlabel="learning rate", title="the loss after one step", ylim=(0, 0.31))
    axes.legend(frameon=False)
    save(figure, "step")


def differences(step):
    """The relative error of dL/dw1[0, 0], by forward, central and complex difference with this step."""
    X, y, weights = checks.random_network(scratch_mlp, seed=1)
    true = checks.hand_derived(scratch_mlp, X, y, weights, 1.0, "l2")[0][0, 0]

    def moved(by):
        w1 = weights[0].astype(complex)
        w1[0, 0] += by
        return checks.loss_at(scratch_mlp, X, y, [w1, *weights[1:]], 1.0, "l2")
    found = ((moved(step) - moved(0)).real / step, (moved(step) - moved(-step)).real / (2 * step),
             moved(1j * step).imag / step)
    return [abs(value / true - 1) for value in found]


@figure
def figure_differences():
    """The error of three kinds of difference over the width of the step."""
    steps = 10.0 ** np.arange(-30, 0.5, 0.25)
    errors = np.array([differences(step) for step in steps])
    figure, (axes,) = new_figure(1, width=8)
    styles = (("forward", {"color": ORANGE, "linestyle": ":"}), ("central", {"color": BLUE, "linestyle": "--"}),
              ("complex", {"color": "black"}))
    for (name, style), error in zip(styles, errors.T, strict=True):
        axes.loglog(steps, np.maximum(error, 1e-17), label=name, **style)
    axes.set(xlabel="step", title="relative error of dL_dw1[0, 0]", ylim=(1e-17, 30))
    axes.legend(frameon=False)
    save(figure, "differences")


@figure
def figure_biases():
    """The accuracy on training points over epochs, with biases and without."""
    figure, (axes,) = new_figure(1, width=8)
    for flags, label, style in (("", "with biases", utils.TRAIN), ("--use_bias False", "without", utils.TEST)):
        history = history_of(flags)
        axes.plot([s.epoch for s in history], [s.train_accuracy for s in history], label=label, **style)
    axes.set(xlabel="epoch", title="accuracy on the training points", ylim=(0, 1.02))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.legend(frameon=False, loc="lower right")
    save(figure, "biases")


# ---------------------------------------------------------------- the tables

def figures_of(flags):
    """Accuracy on training and on test points, and the loss, at the end of a run with these flags."""
    last = history_of(flags)[-1]
    return f"{last.train_accuracy:.1%}", f"{last.test_accuracy:.1%}", f"{last.loss:.4g}"


@table
def table_settings():
    defaults = {name: f"`{value}`" for name, value in PUBLISHED.items()} | {"output_dir": "`plots`, beside the script"}
    meaning = utils.meanings(Hyperparameters)
    return markdown(["setting", "default", "meaning, and what is sensible"],
                    [(f"`{name}`", default, meaning.get(name, "")) for name, default in defaults.items()])


@table
def table_progress():
    """What the default run prints, but for the paths."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        history, status = utils.watch(history_of(""), common.published())
    return f"```\n{output.getvalue()}drawing {len(history)} frames\n```"


@table
def table_num_bugs():
    return str(len(BUGS))


@table
def table_results():
    runs = ["", "--hidden_dim 3", "--hidden_dim 50", "--use_bias False", "--use_bias False --hidden_dim 50",
            "--num_samples 50", "--batch_size 30 --num_epochs 1000", "--learning_rate 10"]
    return markdown(["settings", "train", "test", "loss"],
                    [(f"`{flags}`" if flags else "default", *figures_of(flags)) for flags in runs])


@table
def table_runs():
    return markdown(["run", "command", "train", "test", "loss"],
                    [(name, f"`python scratch_mlp.py {flags}".rstrip() + "`", *figures_of(flags))
                     for name, flags in RUNS.items()])


@table
def table_trouble():
    """What is wrong, a command that shows it, what to change first, and what that does."""
    cases = [("slow: the loss still falls at the end", "--learning_rate 0.1", "--learning_rate 2"),
             ("stuck: the loss stays near 1/4", "--use_bias False", "--use_bias True"),
             ("diverging: the loss is not finite",
              "--reg_coeff 1 --learning_rate 1000", "--reg_coeff 1 --learning_rate 2"),
             ("overfitted: test far below train", "--num_samples 50", "--num_samples 300")]
    outcome = "train, test, loss"
    return markdown(["what you see", "settings that show it", outcome, "change first", outcome],
                    [(what, f"`{flags}`", ", ".join(figures_of(flags)), f"`{change}`", ", ".join(figures_of(change)))
                     for what, flags, change in cases])


@table
def table_bug():
    """The error of the article's penalty gradient, in its network of 50 neurons on 50 points."""
    article = checks.module_of(SOURCE.replace("dR_dw(w2)", "(w2**2).sum()").replace("dR_dw(w1)", "(w1**2).sum()"))
    X, y = load_XOR_data(50)
    weights = initialize_weights(2, 50, 2)
    rows = []
    for reg_coeff in (1e-6, 1e-4, 1e-2, 1.0, 50.0):
        (found1, _, found2, _), (true1, _, true2, _) = (
            checks.hand_derived(module, X, y, weights, reg_coeff, "l2") for module in (article, scratch_mlp))
        both = np.append(found1, found2), np.append(true1, true2)
        errors = [np.linalg.norm(found - true) / np.linalg.norm(true)
                  for found, true in (both, (found1, true1), (found2, true2))]
        rows.append([f"{reg_coeff:g}", *(f"{error:.1e}" for error in errors)])
    return markdown(["`reg_coeff`", "both as one vector", "`dL_dw1` alone", "`dL_dw2` alone"], rows)


@table
def table_mutants():
    """For each slip of the pen, the check that is the first to fail."""
    return markdown(["what is wrong", "caught by"], [(slip, f"`{first_failure(slip)}`") for slip in BUGS])


def first_failure(slip):
    with np.errstate(all="ignore"):
        module = checks.module_of(SOURCE.replace(*BUGS[slip]))
        for check in checks.CHECKS:
            try:
                check(module)
            except AssertionError:
                return check.__name__
    return "none"
