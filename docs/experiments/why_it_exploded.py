"""Repeats the explosion of the 2017 article, with its own gradient: python -m docs.experiments.why_it_exploded.

It stores what takes long of why-it-exploded.md; a minute or two. The article's gradient is here and in no other place.
As there, no biases, gradients are sums over the points, not means, and the points are fifty.
"""
from itertools import count, islice

import numpy as np

from docs.experiments import common
from docs.experiments.common import BLUE, ORANGE, SEEDS, figure, markdown, new_figure, save, spread, table
from scratch_mlp import PENALTIES, backward, clip_factor, forward, initialize_weights, load_XOR_data, loss

POINTS, DEFAULT_SEED, LIMIT, COUNT = 50, 2017, 10_000, "{:,.0f}"


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


def descend(seed, hidden_dim=50, rate=0.003, reg_coeff=0.01, term=article_term, decay=1.0, clip=np.inf):
    """Yields w1, w2 after each iteration, endlessly: the same two arrays, changed in place.

    The rate is multiplied by decay in each iteration; clip is the largest norm of both gradients together.
    """
    X, y = load_XOR_data(POINTS)
    w1, b1, w2, b2 = initialize_weights(2, hidden_dim, 2, seed)
    for t in count():
        dw1, dw2 = data_gradient(X, y, w1, w2)
        dw1 += term(w1, reg_coeff)
        dw2 += term(w2, reg_coeff)
        step = rate * decay**t * clip_factor((dw1, dw2), clip)
        w1 -= step * dw1
        w2 -= step * dw2
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
    """The first iteration after which w1, which goes before w2, is not finite, or its mean after `limit` iterations."""
    for iteration, (w1, _) in enumerate(islice(descend(seed, **settings), limit), 1):
        if not np.isfinite(w1).all():
            return {"iteration": iteration, "mean w1": None}
    return {"iteration": None, "mean w1": float(w1.mean())}


# The cases of the experiments: {name: keyword arguments of descend}
UNCHANGED = "nothing"
LAW = {UNCHANGED: {}} | {f"{name} = {value:g}": {name: value} for name, values in (
    ("rate", (0.001, 0.01)), ("reg_coeff", (0.001, 0.1)), ("hidden_dim", (5, 10, 100))) for value in values}
TRIALS = {
    "none": {},
    "rate times 0.999^t": {"decay": 0.999},
    "rate times 0.9992^t": {"decay": 0.9992},
    "L1 penalty, same bug": {"term": lambda w, reg_coeff: reg_coeff * np.sum(np.abs(w))},
    "gradient clipped at 1": {"clip": 1.0},
    "the right gradient": {"term": right_term},
}


def measure_law(case, seed):
    settings = {"rate": 0.003, "reg_coeff": 0.01, "hidden_dim": 50} | LAW[case]
    w1, b1, w2, b2 = initialize_weights(2, settings["hidden_dim"], 2, seed)
    return {"iteration": explode(settings, seed, 100_000)["iteration"],
            "predicted": float(predicted_time(w1, settings["rate"], settings["reg_coeff"]))}


def measure_trial(case, seed):
    return explode(TRIALS[case], seed, LIMIT)


EXPERIMENTS = {"law": (measure_law, LAW), "trials": (measure_trial, TRIALS)}


@table
def table_law():
    return markdown(["changed", "predicted", "measured", "measured / predicted"],
                    [(case if case == UNCHANGED else f"`{case}`", spread(run["predicted"], COUNT),
                      spread(run["iteration"], COUNT), spread(np.divide(run["iteration"], run["predicted"]), "{:.2f}"))
                     for case, run in common.stored("why_it_exploded")["law"].items()])


@table
def table_trials():
    rows = []
    for remedy, run in common.stored("why_it_exploded")["trials"].items():
        alive = [mean for mean in run["mean w1"] if mean is not None]
        rows.append((remedy, f"{len(SEEDS) - len(alive)} of {len(SEEDS)}", spread(run["iteration"], COUNT),
                     spread(alive, "{:.2g}") if alive else ""))
    return markdown(["remedy", "explode", "in iteration", "mean of `w1` of the others at the end"], rows)


@figure
@np.errstate(over="ignore", invalid="ignore")
def figure_explosion():
    """The loss and the mean of w1 over iterations, with the article's gradient and with the right one, and the law."""
    fig, (losses, means) = new_figure(2, width=11)
    X, y = load_XOR_data(POINTS)
    for term, color, line, label in ((article_term, ORANGE, "--", "article's gradient"),
                                     (right_term, BLUE, "-", "right gradient")):
        run = islice(enumerate(descend(DEFAULT_SEED, term=term, reg_coeff=1e-4), 1), 99, 110_000, 100)
        iteration, total, mean = np.transpose([(t, loss(y, forward(X, w1, 0.0, w2, 0.0)[-1], w1, w2, 1e-4), w1.mean())
                                               for t, (w1, w2) in run])
        losses.plot(iteration, total, line, color=color, linewidth=2)
        means.plot(iteration, mean, line, color=color, linewidth=2, label=label)
    means.plot(iteration, law_of_the_mean(iteration, initialize_weights(2, 50, 2)[0], 0.003, 1e-4), color="black",
               linewidth=1, linestyle=":", label="the law, without data")
    losses.set(title="loss", xlabel="iteration", ylim=(0.19, 0.33), xticks=range(0, 110_001, 25_000))
    means.set(title="mean of w1", xlabel="iteration", ylim=(-6, 1), xticks=range(0, 110_001, 25_000))
    means.legend(frameon=False, loc="lower left")
    save(fig, "explosion")


if __name__ == "__main__":
    common.main("why_it_exploded", EXPERIMENTS, __doc__)
