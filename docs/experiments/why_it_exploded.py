"""The explosion of the 2017 article, with its own gradient, and what depth does to a gradient: why-it-exploded.md.

The article's gradient is here and nowhere else. As there, no biases, fifty points, gradients that are sums, no means.
"""
import math
from itertools import islice
from statistics import median

import numpy as np

from docs.experiments import common, deep_mlp
from docs.experiments.common import RED, SEEDS, figure, markdown, new_figure, save, spread, table
from scratch_mlp import Snapshot, accuracy, forward, initialize_weights, load_XOR_data, loss, sigmoid

POINTS, SEED = 50, 2017


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
    return reg_coeff * w


def descend(seed=SEED, hidden_dim=50, rate=0.003, reg_coeff=0.01, term=article_term):
    """Yields w1, w2 after each iteration, until w1 is not finite: the same two arrays, changed in place."""
    X, y = load_XOR_data(POINTS)
    w1, b1, w2, b2 = initialize_weights(2, hidden_dim, 2, seed)
    while math.isfinite(w1[0, 0]):                  # the bug moves all of a layer alike, and w1 goes before w2
        dw1, dw2 = data_gradient(X, y, w1, w2)
        w1 -= rate * (dw1 + term(w1, reg_coeff))
        w2 -= rate * (dw2 + term(w2, reg_coeff))
        yield w1, w2


RUNS = {                                            # {what is run: arguments of descend, the name of its film}
    "3 neurons, no penalty": ({"hidden_dim": 3, "reg_coeff": 0.0}, "article_three"),
    "50 neurons, 1e-4, the article's gradient": ({"reg_coeff": 1e-4}, "article_exploding"),
    "50 neurons, 1e-4, the right gradient": ({"reg_coeff": 1e-4, "term": right_term}, ""),
    "50 neurons, 1e-6, the article's gradient": ({"reg_coeff": 1e-6}, "article_cured")}


@np.errstate(over="ignore", invalid="ignore")
def measure_run(case, seed, limit=1_000_000):
    """How many iterations it lasts, at most a million, and the last loss and accuracies; saves its film."""
    (X, y), (X_new, y_new), (settings, film), history = load_XOR_data(POINTS), load_XOR_data(1000, 1), RUNS[case], []
    looked_at = {round(limit * (i / 80)**3) for i in range(81)}
    for t, (w1, w2) in enumerate(islice(descend(seed, **settings), limit), 1):
        if t in looked_at or not math.isfinite(w1[0, 0]):
            weights = w1.copy(), np.zeros(w1.shape[1]), w2.copy(), np.zeros(2)
            L = float(loss(y, forward(X, *weights)[-1], w1, w2, settings["reg_coeff"]))
            history.append(Snapshot(t, L, accuracy(X, y, *weights), accuracy(X_new, y_new, *weights), weights))
    if film:
        common.save_film(history, X, y, film)
    last = history[-1]
    return {"iterations": last.epoch, "loss": last.loss, "old": last.train_accuracy, "new": last.test_accuracy}


def angle_and_speed(w, rate, reg_coeff):
    """theta_0, where the weights w start, and by how much theta grows in an iteration; they explode at pi/2."""
    n, m, V = w.size, w.mean(), np.sum((w - w.mean())**2)
    return -np.arctan(m * np.sqrt(n / V)), rate * reg_coeff * np.sqrt(n * V)


def law_of_the_mean(t, w, rate, reg_coeff):
    """m(t), the mean of the weights at iteration t, if there were no data."""
    theta, speed = angle_and_speed(w, rate, reg_coeff)
    return -np.sqrt(np.mean((w - w.mean())**2)) * np.tan(theta + speed * t)


def predicted_time(seed=SEED, hidden_dim=50, rate=0.003, reg_coeff=0.01):
    """The iteration t* at which the law says that w1 explodes, if there were no data."""
    theta, speed = angle_and_speed(initialize_weights(2, hidden_dim, 2, seed)[0], rate, reg_coeff)
    return (np.pi / 2 - theta) / speed


@np.errstate(over="ignore", invalid="ignore")
def explode(seed=SEED, **settings):
    """The iteration after which w1 is not finite."""
    return sum(1 for _ in descend(seed, **settings))


DEPTHS, STEPS = (1, 2, 3, 6), 500
NETWORKS = {                                                         # gain, activation, learning rate
    "sigmoid, default gain": (3**-0.5, "sigmoid", 10.0), "sigmoid, gain 4": (4, "sigmoid", 10.0),
    "tanh, gain 1": (1, "tanh", 2.0), "ReLU, gain √2": (2**0.5, "relu", 2.0)}
TRAINED = {f"{name}, {depth}": (depth, *network) for name, network in NETWORKS.items() for depth in DEPTHS}


def learn(case, seed):
    """The accuracy on the points with which a network of ten neurons in each hidden layer is trained."""
    depth, gain, activation, learning_rate = TRAINED[case]
    X, y = load_XOR_data()
    ws, bs = deep_mlp.initialize((2, *[10] * depth, 2), gain, seed)
    for _ in range(STEPS):
        deep_mlp.step(X, y, ws, bs, learning_rate, activation)
    outputs = deep_mlp.forward(X, ws, bs, activation)[-1]
    return {"train": float(np.mean(outputs.argmax(axis=1) == y.argmax(axis=1)))}


EXPERIMENTS = {"runs": (measure_run, RUNS, [SEED]), "depths": (learn, TRAINED, SEEDS)}


# ---------------------------------------------------------------- tables and figures

@table
def table_runs():
    rows = []
    for case, run in common.stored("why_it_exploded")["runs"].items():
        iterations, total, old, new = (values[0] for values in run.values())
        ends = [f"{total:.3f}", f"{old:.0%}", f"{new:.0%}"] if math.isfinite(total) else ["nan", "", ""]
        rows.append((case, f"{iterations:,.0f}", *ends))
    return markdown(["run, penalty", "iterations", "loss", "accuracy on the 50", "accuracy on new points"], rows)


@table
def table_law():
    rows = []
    for name, value in (("nothing", None), ("rate", 0.01), ("reg_coeff", 0.1), ("hidden_dim", 20), ("hidden_dim", 100)):
        changed = {name: value} if value else {}
        predicted, measured = ([time(seed, **changed) for seed in SEEDS] for time in (predicted_time, explode))
        rows.append((f"`{name} = {value:g}`" if value else name, f"{median(predicted):,.0f}", f"{median(measured):,}",
                     spread(np.divide(measured, predicted), "{:.2f}")))
    return markdown(["changed", "predicted", "measured", "measured / predicted"], rows)


@table
def table_depths():
    rows, stored = [], common.stored("why_it_exploded")["depths"]
    for name, (gain, activation, _) in NETWORKS.items():
        ratio = median(deep_mlp.delta_sizes(10, 6, gain, seed, activation)[0] for seed in SEEDS)
        learnt = [sum(share >= 0.95 for share in stored[f"{name}, {depth}"]["train"]) for depth in DEPTHS]
        rows.append((name, f"{ratio:.5f}", *learnt))
    return markdown(["network", "delta of layer 1 over layer 6", *(f"{depth} hidden" for depth in DEPTHS)], rows)


@figure
@np.errstate(over="ignore", invalid="ignore")
def figure_explosion():
    """The loss and the mean of w1 over iterations, with the article's gradient and with the right one, and the law."""
    fig, (losses, means) = new_figure(2, width=11)
    X, y = load_XOR_data(POINTS)
    for term, color, line, label in ((article_term, RED, "--", "article's gradient"),
                                     (right_term, "black", "-", "right gradient")):
        run = islice(enumerate(descend(term=term, reg_coeff=1e-4), 1), 99, 110_000, 100)
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


@figure
def figure_layers():
    """The delta layer by layer, in wide networks of several gains; the first one is that of scratch_mlp.py."""
    fig, (axes,) = new_figure(1, width=7, height=4.5)
    for gain in (0.577, 1, 4, 10, 32):
        sizes = np.median([deep_mlp.delta_sizes(200, 12, gain, seed) for seed in SEEDS], axis=0)
        axes.semilogy(range(1, 13), sizes, "D-", color="black", markersize=5, linewidth=1)
        axes.text(0.7, sizes[0], f"gain {gain}", ha="right", va="center")
    axes.set(title="delta of a layer / delta of the last one, 200 neurons", xlabel="hidden layer", xticks=range(1, 13),
             xlim=(-2, 12.5))
    save(fig, "layers")
