"""Repeats the explosion of the 2017 article, with its own gradient: python -m docs.experiments.why_it_exploded.

It stores what takes long of why-it-exploded.md; some minutes. The article's gradient is here and in no other place.
As there, no biases, gradients are sums over the points, not means, and the points are fifty.
"""
import contextlib
import io
from itertools import islice

import numpy as np

from docs.experiments import common
from docs.experiments.common import RED, figure, markdown, new_figure, save, spread, table
from docs.lab.checks import snapshot
from scratch_mlp import PENALTIES, backward, forward, initialize_weights, load_XOR_data, loss

POINTS, DEFAULT_SEED, COUNT = 50, 2017, "{:,.0f}"


def data_gradient(X, y, w1, w2):
    """The gradient of N times the loss without penalty: dw1 (D, H), dw2 (H, K)."""
    z1, h1, z2, h2 = forward(X, w1, 0.0, w2, 0.0)
    dL_dw1, dL_db1, dL_dw2, dL_db2 = backward(X, y, h1, h2, w1, w2)
    return len(X) * dL_dw1, len(X) * dL_dw2


def article_term(w, reg_coeff):
    """The bug: a number, which is added to every entry of the gradient."""
    return reg_coeff * np.sum(w**2)


def right_term(w, reg_coeff):
    """The derivative of reg_coeff/2 sum w^2, an array."""
    R, dR_dw = PENALTIES["l2"]
    return reg_coeff * dR_dw(w)


def descend(seed, hidden_dim=50, rate=0.003, reg_coeff=0.01, term=article_term):
    """Yields w1, w2 after each iteration, endlessly: the same two arrays, changed in place."""
    X, y = load_XOR_data(POINTS)
    w1, b1, w2, b2 = initialize_weights(2, hidden_dim, 2, seed)
    while True:
        dw1, dw2 = data_gradient(X, y, w1, w2)
        w1 -= rate * (dw1 + term(w1, reg_coeff))
        w2 -= rate * (dw2 + term(w2, reg_coeff))
        yield w1, w2


def angle_and_speed(w, rate, reg_coeff):
    """theta_0, where the weights w start, and by how much theta grows in an iteration; they explode at pi/2."""
    n, m, V = w.size, w.mean(), np.sum((w - w.mean())**2)
    return -np.arctan(m * np.sqrt(n / V)), rate * reg_coeff * np.sqrt(n * V)


def predicted_time(w, rate, reg_coeff):
    """The iteration t* at which the law says that weights w explode, if there were no data."""
    theta, speed = angle_and_speed(w, rate, reg_coeff)
    return (np.pi / 2 - theta) / speed


def law_of_the_mean(t, w, rate, reg_coeff):
    """m(t), the mean of the weights at iteration t, if there were no data."""
    theta, speed = angle_and_speed(w, rate, reg_coeff)
    return -np.sqrt(np.mean((w - w.mean())**2)) * np.tan(theta + speed * t)


@np.errstate(over="ignore", invalid="ignore")
def explode(settings, seed, limit):
    """The first iteration after which w1, which goes before w2, is not finite; None, if not before this limit."""
    for iteration, (w1, _) in enumerate(islice(descend(seed, **settings), limit), 1):
        if not np.isfinite(w1).all():
            return iteration
    return None


def predicted_with_data(seed, rate, reg_coeff, limit, tiny=1e-8, every=100):
    """The iteration at which the law with data says that w1 explodes; None, if not before this limit.

    Two other runs tell V and the pull of the data on the mean: one without the bug, one with a tiny bug.
    """
    deviation = before = 0.0
    runs = [descend(seed, rate=rate, reg_coeff=some) for some in (0.0, tiny)]
    for t, ((w, _), (w_tiny, _)) in enumerate(islice(zip(*runs, strict=True), limit)):
        if t % every or t == 0:
            continue
        n, mean, small = w.size, w.mean(), w_tiny.mean() - w.mean()
        V = np.sum((w - mean)**2)
        pulled_back = small - before + every * rate * tiny * (V + n * mean**2)
        pull, before = -2 * pulled_back / (small + before), small
        for _ in range(10):
            push = every * rate * reg_coeff * (V + n * (mean + deviation)**2)
            deviation -= (push + pull * deviation) / 10
        if deviation < -1e3:
            return t
    return None


# The cases of the experiments
UNCHANGED = "nothing"                               # {name: keyword arguments of descend}
LAW = {UNCHANGED: {}} | {f"{name} = {value:g}": {name: value} for name, values in (
    ("rate", (0.01,)), ("reg_coeff", (0.001, 0.1)), ("hidden_dim", (5, 100))) for value in values}
PENALTIES_OF_ARTICLE = {"1e-4": 200_000, "1e-5": 1_000_000, "1e-6": 3_000_000}      # and iterations to look at
RUNS = {"three": {"hidden_dim": 3, "reg_coeff": 0.0}, "exploding": {"reg_coeff": 1e-4}, "cured": {"reg_coeff": 1e-6},
        "right": {"reg_coeff": 1e-4, "term": right_term}}


def measure_law(case, seed):
    settings = {"rate": 0.003, "reg_coeff": 0.01, "hidden_dim": 50} | LAW[case]
    w1, b1, w2, b2 = initialize_weights(2, settings["hidden_dim"], 2, seed)
    return {"iteration": explode(settings, seed, 100_000),
            "predicted": float(predicted_time(w1, settings["rate"], settings["reg_coeff"]))}


def measure_article(case, seed):
    """When the article's fifty neurons explode: measured, and by both laws."""
    limit, reg_coeff = PENALTIES_OF_ARTICLE[case], float(case)
    return {"iteration": explode({"reg_coeff": reg_coeff}, seed, limit),
            "with data": predicted_with_data(seed, 0.003, reg_coeff, limit),
            "without data": float(predicted_time(initialize_weights(2, 50, 2, seed)[0], 0.003, reg_coeff))}


@np.errstate(over="ignore", invalid="ignore")
def measure_run(case, seed, iterations=1_000_000):
    """The last loss and accuracies of a run of the article; its film is put into the folder of the pictures."""
    points, new_points, history = load_XOR_data(POINTS), load_XOR_data(1000, 1), []
    looked_at = {round(iterations * (i / 100)**2) for i in range(101)}
    for t, (w1, w2) in enumerate(islice(descend(seed, **RUNS[case]), iterations), 1):
        if t in looked_at or not np.isfinite(w1).all():
            weights = w1.copy(), np.zeros(w1.shape[1]), w2.copy(), np.zeros(2)
            history.append(snapshot(t, weights, points, new_points, RUNS[case]["reg_coeff"]))
            if not np.isfinite(history[-1].loss):
                break
    with contextlib.redirect_stdout(io.StringIO()):
        common.save_film(history, *points, f"article_{case}")
    last = history[-1]
    return {"iterations": t, "loss": last.loss if np.isfinite(last.loss) else None,
            "old points": last.train_accuracy, "new points": last.test_accuracy}


EXPERIMENTS = {"law": (measure_law, LAW), "article": (measure_article, list(PENALTIES_OF_ARTICLE), (DEFAULT_SEED,)),
               "runs": (measure_run, list(RUNS), (DEFAULT_SEED,))}


@table
def table_law():
    return markdown(["changed", "predicted", "measured", "measured / predicted"],
                    [(case if case == UNCHANGED else f"`{case}`", spread(run["predicted"], COUNT),
                      spread(run["iteration"], COUNT), spread(np.divide(run["iteration"], run["predicted"]), "{:.2f}"))
                     for case, run in common.stored("why_it_exploded")["law"].items()])


@table
def table_article():
    return markdown(["penalty", "predicted without data", "predicted with data", "measured"],
                    [(case, *(f"{run[law][0]:,.0f}" for law in ("without data", "with data", "iteration")))
                     for case, run in common.stored("why_it_exploded")["article"].items()])


@table
def table_runs():
    names = {"three": "3 neurons, no penalty", "exploding": "50 neurons, 1e-4, the article's gradient",
             "right": "50 neurons, 1e-4, the right gradient", "cured": "50 neurons, 1e-6, the article's gradient"}
    rows = []
    for case, name in names.items():
        iterations, total, old, new = (found[0] for found in common.stored("why_it_exploded")["runs"][case].values())
        numbers = ["nan", "", ""] if total is None else [f"{total:.3f}", f"{old:.0%}", f"{new:.0%}"]
        rows.append((name, f"{iterations:,}", *numbers))
    return markdown(["run", "iterations", "loss", "accuracy on the 50", "accuracy on new points"], rows)


@figure
@np.errstate(over="ignore", invalid="ignore")
def figure_explosion():
    """The loss and the mean of w1 over iterations, with the article's gradient and with the right one, and the law."""
    fig, (losses, means) = new_figure(2, width=11)
    X, y = load_XOR_data(POINTS)
    for term, color, line, label in ((article_term, RED, "--", "article's gradient"),
                                     (right_term, "black", "-", "right gradient")):
        run = islice(enumerate(descend(DEFAULT_SEED, term=term, reg_coeff=1e-4), 1), 99, 110_000, 100)
        iteration, total, mean = np.transpose([(t, loss(y, forward(X, w1, 0.0, w2, 0.0)[-1], w1, w2, 1e-4), w1.mean())
                                               for t, (w1, w2) in run])
        losses.plot(iteration, total, line, color=color, linewidth=2)
        means.plot(iteration, mean, line, color=color, linewidth=2, label=label)
    means.plot(iteration, law_of_the_mean(iteration, initialize_weights(2, 50, 2)[0], 0.003, 1e-4), color="gray",
               linewidth=1.5, linestyle=":", label="the law, without data")
    losses.set(title="loss", xlabel="iteration", ylim=(0.19, 0.33), xticks=range(0, 110_001, 25_000))
    means.set(title="mean of w1", xlabel="iteration", ylim=(-6, 1), xticks=range(0, 110_001, 25_000))
    means.legend(frameon=False, loc="lower left")
    save(fig, "explosion")


if __name__ == "__main__":
    common.main("why_it_exploded", EXPERIMENTS, __doc__)
