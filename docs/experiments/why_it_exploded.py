"""Repeats the explosion of the 2017 article, with its own gradient: python -m docs.experiments.why_it_exploded.

It stores what takes long of why-it-exploded.md; four minutes. The article's gradient is here and in no other place.
As there, no biases, gradients are sums over the points, not means, and the points are fifty.
"""
import math
from itertools import islice
from statistics import median

import numpy as np

from docs.experiments import common
from docs.experiments.common import RED, SEEDS, figure, markdown, new_figure, save, spread, table
from docs.lab.checks import snapshot
from scratch_mlp import PENALTIES, forward, initialize_weights, load_XOR_data, loss, sigmoid

POINTS, DEFAULT_SEED, COUNT = 50, 2017, "{:,.0f}"
EVERY = 100                                         # iterations from one look at the companions of the law to the next


def data_gradient(X, y, w1, w2):
    """The gradient of N times the loss without biases and penalty: dw1 (D, H), dw2 (H, K)."""
    h1 = sigmoid(X @ w1)
    h2 = sigmoid(h1 @ w2)
    dz2 = (h2 - y) * h2 * (1 - h2)
    dz1 = dz2 @ w2.T * h1 * (1 - h1)
    return X.T @ dz1, h1.T @ dz2


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


def exploded(w):
    """Whether the weights are no numbers any more. As the bug moves all of a layer alike, the first one tells."""
    return not math.isfinite(w[0, 0])


@np.errstate(over="ignore", invalid="ignore")
def explode(settings, seed, limit):
    """The first iteration after which w1, which goes before w2, is not finite; None, if not before this limit."""
    run = enumerate(islice(descend(seed, **settings), limit), 1)
    return next((iteration for iteration, (w1, _) in run if exploded(w1)), None)


def pull_of_the_data(seed, limit, rate=0.003, tiny=1e-8, faster=5):
    """At each look up to a limit of iterations: V of w1, its mean, and by how much the data takes back its deviation.

    Two other runs tell, one without the bug, one with a tiny bug. Their steps are five times as long, and fewer.
    """
    runs, before = [descend(seed, rate=rate * faster, reg_coeff=some) for some in (0.0, tiny)], 0.0
    for (w, _), (w_tiny, _) in islice(zip(*runs, strict=True), EVERY // faster, limit // faster, EVERY // faster):
        n, mean, small = w.size, w.mean(), w_tiny.mean() - w.mean()
        V = np.sum((w - mean)**2)
        taken_back = small - before + EVERY * rate * tiny * (V + n * mean**2)
        yield V, mean, -2 * taken_back / (small + before)
        before = small


def predicted_with_data(pulls, n, rate, reg_coeff):
    """The iteration at which the law with data says that n weights explode; None, if the pulls end before."""
    deviation = 0.0
    for i, (V, mean, pull) in enumerate(pulls, 1):
        for _ in range(10):
            push = EVERY * rate * reg_coeff * (V + n * (mean + deviation)**2)
            deviation -= (push + pull * deviation) / 10
        if deviation < -1e3:
            return i * EVERY
    return None


# The cases of the experiments
UNCHANGED = "nothing"                               # {name: keyword arguments of descend}
LAW = {UNCHANGED: {}} | {f"{name} = {value:g}": {name: value} for name, values in (
    ("rate", (0.01,)), ("reg_coeff", (0.1,)), ("hidden_dim", (5, 100))) for value in values}
MILLION = 1_000_000
# {name: (iterations at most, keyword arguments of descend)}
RUNS = {"cured": (3 * MILLION, {"reg_coeff": 1e-6}), "right": (MILLION, {"reg_coeff": 1e-4, "term": right_term}),
        "three": (MILLION, {"hidden_dim": 3, "reg_coeff": 0.0}), "between": (MILLION, {"reg_coeff": 1e-5}),
        "exploding": (MILLION, {"reg_coeff": 1e-4})}
SHOWN = {                                           # {run whose film is on the page: its name there}
    "three": "3 neurons, no penalty", "exploding": "50 neurons, 1e-4, the article's gradient",
    "right": "50 neurons, 1e-4, the right gradient", "cured": "50 neurons, 1e-6, the article's gradient"}
BUGS = {"1e-4": "exploding", "1e-5": "between", "1e-6": "cured"}         # {penalty: the run that has the bug with it}


def measure_law(case, seed):
    settings = {"rate": 0.003, "reg_coeff": 0.01, "hidden_dim": 50} | LAW[case]
    w1, b1, w2, b2 = initialize_weights(2, settings["hidden_dim"], 2, seed)
    return {"iteration": explode(settings, seed, 100_000),
            "predicted": float(predicted_time(w1, settings["rate"], settings["reg_coeff"]))}


def measure_prediction(case, seed):
    """When the law with data says that the article's fifty neurons explode, for each penalty."""
    pulls = list(pull_of_the_data(seed, 3 * MILLION))
    return {penalty: predicted_with_data(pulls, 100, 0.003, float(penalty)) for penalty in BUGS}


@np.errstate(over="ignore", invalid="ignore")
def measure_run(case, seed):
    """When it explodes, if so, and the last loss and accuracies of its film, which is put into the pictures' folder."""
    limit, settings = RUNS[case]
    points, new_points, history = load_XOR_data(POINTS), load_XOR_data(1000, 1), []
    looked_at = {round(min(limit, MILLION) * (i / 100)**2) for i in range(101)}
    for t, (w1, w2) in enumerate(islice(descend(seed, **settings), limit), 1):
        ended = exploded(w1)
        if t in looked_at or (ended and t < MILLION):
            weights = w1.copy(), np.zeros(w1.shape[1]), w2.copy(), np.zeros(2)
            history.append(snapshot(t, weights, points, new_points, settings["reg_coeff"]))
        if ended:
            break
    if case in SHOWN:
        common.save_film(history, *points, f"article_{case}")
    last = history[-1]
    return {"explodes": t if ended else None, "iterations": last.epoch,
            "loss": last.loss if np.isfinite(last.loss) else None,
            "old points": last.train_accuracy, "new points": last.test_accuracy}


EXPERIMENTS = {"with data": (measure_prediction, ["50 neurons"], (DEFAULT_SEED,)),      # what takes long comes first
               "runs": (measure_run, RUNS, (DEFAULT_SEED,)), "law": (measure_law, LAW, SEEDS)}


@table
def table_law():
    return markdown(["changed", "predicted", "measured", "measured / predicted"],
                    [(case if case == UNCHANGED else f"`{case}`",
                      *(COUNT.format(median(run[quantity])) for quantity in ("predicted", "iteration")),
                      spread(np.divide(run["iteration"], run["predicted"]), "{:.2f}"))
                     for case, run in common.stored("why_it_exploded")["law"].items()])


@table
def table_article():
    stored, first_w1 = common.stored("why_it_exploded"), initialize_weights(2, 50, 2, DEFAULT_SEED)[0]
    return markdown(["penalty", "predicted without data", "predicted with data", "measured"],
                    [(penalty, *map(COUNT.format, (predicted_time(first_w1, 0.003, float(penalty)),
                                                   stored["with data"]["50 neurons"][penalty][0],
                                                   stored["runs"][case]["explodes"][0])))
                     for penalty, case in BUGS.items()])


@table
def table_runs():
    stored, rows = common.stored("why_it_exploded")["runs"], []
    for case, name in SHOWN.items():
        _, iterations, total, old, new = (values[0] for values in stored[case].values())
        numbers = ["nan", "", ""] if total is None else [f"{total:.3f}", f"{old:.0%}", f"{new:.0%}"]
        rows.append((name, f"{iterations:,}", *numbers))
    return markdown(["run, penalty", "iterations", "loss", "accuracy on the 50", "accuracy on new points"], rows)


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
