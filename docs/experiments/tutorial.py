"""The GIFs, tables and some figures of the README and of the core pages; `python docs/make.py` makes them."""
import contextlib
import functools
import io
import runpy

import numpy as np

import utils
from docs.experiments import common
from docs.experiments.common import PUBLISHED, PURPLE, RED, figure, markdown, new_figure, save, table
from docs.experiments.learning import history_of, one_weight, training_points
from docs.experiments.why_it_exploded import article_term
from scratch_mlp import Hyperparameters, backward, forward, initialize_weights, load_XOR_data, sigmoid


def make_film():
    """default.gif and default.png: the film of the default run, and its last frame."""
    common.save_film(history_of(""), *training_points(), "default", PUBLISHED["frame_ms"])


@figure
def figure_points():
    """XOR as a truth table, with a line that fails, and as points of the plane."""
    figure, (corners, gauss) = new_figure(2)
    table = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    label = table[:, 0] ^ table[:, 1]
    utils.add_points(corners, table, np.eye(2)[label], markersize=14)
    for (x1, x2), of_class in zip(table, label, strict=True):
        corners.text(x1, x2 + 0.14, f"({x1}, {x2}): {of_class}", ha="center")
    corners.plot([-0.4, 0.9], [0.9, -0.4], color="black")
    corners.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xticks=(0, 1), yticks=(0, 1), xlabel="x1", ylabel="x2",
                title="XOR of two bits: a line fails", aspect="equal")
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


def differences(step, w=0.3):
    """The relative error of the derivative by one weight: the forward, the central and the complex difference."""
    (L, true), (above, _), (below, _), (aside, _) = map(one_weight, (w, w + step, w - step, w + 1j * step))
    return [abs(found / true - 1) for found in ((above - L) / step, (above - below) / (2 * step), aside.imag / step)]


@figure
def figure_differences():
    """The error of three kinds of difference over the width of the step."""
    steps = 10.0 ** np.arange(-30, 0.5, 0.25)
    errors = np.array([differences(step) for step in steps])
    figure, (axes,) = new_figure(1, width=8)
    styles = (("forward", {"color": RED, "linestyle": ":"}), ("central", {"color": PURPLE, "linestyle": "--"}),
              ("complex", {"color": "black"}))
    for (name, style), error in zip(styles, errors.T, strict=True):
        axes.loglog(steps, np.maximum(error, 1e-17), label=name, **style)
    axes.set(xlabel="step", title="relative error of dL_dw[0, 0]", ylim=(1e-17, 30))
    axes.legend(frameon=False)
    save(figure, "differences")


def figures_of(flags):
    """Accuracy on training and on test points, and the loss, at the end of a run with these flags."""
    last = history_of(flags)[-1]
    return f"{last.train_accuracy:.1%}", f"{last.test_accuracy:.1%}", f"{last.loss:.4g}"


@table
def table_main_settings():
    """The published default of the first six settings, and what scratch_mlp.py says of each."""
    meaning = utils.comments_of(Hyperparameters)
    return markdown(["setting", "default", "meaning, and what is sensible"],
                    [(f"`{name}`", f"`{PUBLISHED[name]}`", meaning.get(name, "")) for name in list(PUBLISHED)[:6]])


@functools.cache
def run_brick(path):
    """The names that a program of the ladder defines, and what it prints."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        return runpy.run_path(str(path)), output.getvalue()


def output_of(brick):
    """What a program of the ladder prints, as a block; without the line of the times, which differ from run to run."""
    lines = run_brick(brick)[1].splitlines(keepends=True)
    return f"```\n{''.join(line for line in lines if 'times as long' not in line)}```"


BRICKS = sorted((common.DOCS / "bricks").glob("*.py"))
for brick in BRICKS:
    common.TABLES[brick.stem] = functools.partial(output_of, brick)


@table
def table_progress():
    """What the default run prints, but for the paths."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        history, status = utils.watch(history_of(""), common.published())
    return f"```\n{output.getvalue()}drawing {len(history)} frames\n```"


@table
def table_results():
    runs = ["", "--hidden_dim 3", "--hidden_dim 50", "--use_bias False"]
    return markdown(["settings", "train", "test", "loss"],
                    [(f"`{flags}`" if flags else "default", *figures_of(flags)) for flags in runs])


@table
def table_trouble():
    cases = [("slow: the loss still falls at the end", "--learning_rate 0.1", "a higher learning rate"),
             ("stuck: the loss stays near 1/4, as if all outputs were 1/2", "--use_bias False",
              "a network that can do it: here, with biases"),
             ("diverging: the loss grows without end", "--learning_rate 1000 --reg_coeff 1",
              "a lower learning rate, a weaker penalty"),
             ("overfitted: test far below train", "--num_samples 50", "more points, or a penalty of 0.01")]
    return markdown(["what you see", "settings that show it", "train", "test", "loss", "what helps"],
                    [(what, f"`{flags}`", *figures_of(flags), helps) for what, flags, helps in cases])


@table
def table_bug():
    """The error of the article's penalty gradient, in its network of 50 neurons on 50 points."""
    X, y = load_XOR_data(50)
    w1, b1, w2, b2 = initialize_weights(2, 50, 2)
    z1, h1, z2, h2 = forward(X, w1, b1, w2, b2)
    plain1, _, plain2, _ = backward(X, y, h1, h2, w1, w2)
    rows = []
    for reg_coeff in (0.0001, 50):
        true1, _, true2, _ = backward(X, y, h1, h2, w1, w2, reg_coeff)
        found1, found2 = plain1 + article_term(w1, reg_coeff) / 50, plain2 + article_term(w2, reg_coeff) / 50
        pairs = (np.append(found1, found2), np.append(true1, true2)), (found1, true1)
        rows.append([reg_coeff, *(f"{np.linalg.norm(f - t) / np.linalg.norm(t):.1e}" for f, t in pairs)])
    return markdown(["`reg_coeff`", "both as one vector", "`dL_dw1` alone"], rows)
