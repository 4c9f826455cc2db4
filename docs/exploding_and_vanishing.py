"""Measures gradients layer by layer, and steps that diverge: python docs/exploding_and_vanishing.py, a minute or two.

It prints the tables of the page, exploding-and-vanishing.md, and stores what it measured in docs/results.
"""
import sys
from statistics import median

import common
import numpy as np
from common import BLUE, GREEN, ORANGE, SEEDS, markdown, new_figure, save, spread
from deep_mlp import ACTIVATIONS, backward, forward, initialize, normal, orthogonal, uniform
from matplotlib.colors import LogNorm
from matplotlib.ticker import PercentFormatter

import scratch_mlp
from scratch_mlp import Hyperparameters, clip_factor, initialize_weights, load_XOR_data, minibatches

GAINS = (0.577, 1, 2, 4, 8, 10.149, 12, 16, 32)             # the first is that of scratch_mlp.py
WIDTHS = (10, 50, 200)
DEPTH = 12
SHOWN_GAINS, SHOWN_WIDTH = (0.577, 1, 4, 10.149, 32), 200
MAP_DEPTHS = (2, 3, 4, 6, 8, 12)

STEPS, RATE = 500, 10.0
DEFAULT_GAIN = 3**-0.5
SETTINGS = {                                                # of deep networks that are trained
    "default": {},
    "gain 4": {"gain": 4},
    "tanh, gain 1": {"activation": "tanh", "gain": 1, "learning_rate": 2.0},
    "ReLU, gain √2": {"activation": "relu", "gain": 2**0.5, "learning_rate": 2.0},
}
DEPTHS = (1, 2, 3, 4, 5, 6)
RATIO = "first over last layer"
REMEDIES = {        # settings of a network of six hidden layers, which number they change, and what they leave as it is
    "none": ({}, None, None),
    "`learning_rate` 1 for 10": ({"learning_rate": 1.0}, "first step", "the ratio of the layers"),
    "`learning_rate` 100 for 10": ({"learning_rate": 100.0}, "first step", "the ratio"),
    "`lr_decay` 0.01": ({"lr_decay": 0.01}, "last step", "the ratio"),
    "`clip_norm` 0.01": ({"clip_norm": 0.01}, "longest step", "the ratio; steps that are too short"),
    "two hidden layers": ({"depth": 2}, RATIO, "the factor per layer"),
    "`reg_coeff` 0.1": ({"reg_coeff": 0.1}, f"{RATIO}, trained", "the first steps; it makes the rest worse"),
    "`penalty` l1, `reg_coeff` 0.01": (
        {"reg_coeff": 0.01, "penalty": "l1"}, f"{RATIO}, trained", "the first steps; it makes the rest worse"),
    "gain 4": (SETTINGS["gain 4"], RATIO, "the slope, at most 1/4"),
    "orthogonal first weights": ({"draw": orthogonal}, RATIO, "the slope; all but the scatter"),
    "tanh, gain 1": (SETTINGS["tanh, gain 1"], RATIO, "the need of a gain that fits"),
    "ReLU, gain √2": (SETTINGS["ReLU, gain √2"], RATIO, "the need of a gain that fits"),
    "residual": ({"residual": True, "learning_rate": 2.0}, RATIO, "the slope; it adds a way around it"),
    "cross-entropy": ({"error": "cross-entropy"}, "delta of the output", "the ratio"),
    "minibatches of 10": ({"batch_size": 10}, "noise", "the ratio"),
    "minibatches of 100": ({"batch_size": 100}, "noise", "the ratio"),
}
CURVED = {"3 neurons": 3, "10 neurons": 10, "50 neurons": 50}
MULTIPLES = (0.1, 0.5, 0.9, 1.1, 2, 5, 20, 100)             # of 2 over the largest curvature
NEAR_TWO = (1.9, 1.99, 2.01, 2.1)


# ---------------------------------------------------------------- depth: the prediction

def mean_field(gain, activation="sigmoid"):
    """q, the variance of z in a wide random network, and the factor per layer of the delta (Schoenholz et al., 2017).

    q = gain^2 E[s(sqrt(q) Z)^2], chi = gain^2 E[s'(sqrt(q) Z)^2], Z standard normal: sums over a grid that is
    fine enough for gains up to 100. (At a gain of 10, Gauss-Hermite quadrature with 100 nodes is off by 2 %.)
    """
    s, ds_dz = ACTIVATIONS[activation]
    Z = np.linspace(-9, 9, 4001)
    density = np.exp(-Z**2 / 2) / np.sum(np.exp(-Z**2 / 2))
    q = 1.0
    for _ in range(300):
        q = gain**2 * np.sum(density * s(np.sqrt(q) * Z)**2)
    chi = gain**2 * np.sum(density * ds_dz(s(np.sqrt(q) * Z))**2)
    return q, np.sqrt(chi)


# ---------------------------------------------------------------- depth: the measurements

def rms(values):
    return float(np.sqrt(np.mean(values**2)))


def delta_sizes(width, depth, gain, seed, draw=normal):
    """The root mean square of dL_dz in each hidden layer, the first one first, at first weights."""
    X, y = load_XOR_data(100)
    ws, bs = initialize((2, *[width] * depth, 2), gain, seed, draw)
    dL_dws, dL_dbs, dL_dzs = backward(y, forward(X, ws, bs), ws)
    return [rms(dL_dz) for dL_dz in dL_dzs[:-1]]


def measure_layers(case, seed):
    """Layer by layer, over that of the last one."""
    sizes = delta_sizes(SHOWN_WIDTH, DEPTH, float(case), seed)
    return {f"layer {i}": size / sizes[-1] for i, size in enumerate(sizes, start=1)}


def measure_factors(case, seed):
    """The geometric mean of the factors from layer to layer, but for the first, whose input is of another kind."""
    gain, width = case.split(", ")
    sizes = delta_sizes(int(width), DEPTH, float(gain), seed)
    return {"factor": (sizes[1] / sizes[-1])**(1 / (DEPTH - 2))}


def measure_map(case, seed):
    """First over last hidden layer, for networks of many depths."""
    sizes = {depth: delta_sizes(10, depth, float(case), seed) for depth in MAP_DEPTHS}
    return {str(depth): s[0] / s[-1] for depth, s in sizes.items()}


def parts_of(depth=6, gain=DEFAULT_GAIN, draw=uniform, activation="sigmoid", residual=False, error="squared",
             **training):
    """The settings of a deep network as arguments: of initialize, of forward, of backward besides, of training."""
    first = {"widths": (2, *[10] * depth, 2), "gain": gain, "draw": draw}
    return first, {"activation": activation, "residual": residual}, {"error": error}, training


def descend(X, y, ws, bs, hp, kind, error):
    """Gradient descent like scratch_mlp.run_epoch's for STEPS steps or a few more: changes ws and bs in place.

    Returns the length of each step.
    """
    rng, epoch, lengths = np.random.default_rng(hp.weight_seed), 0, []
    while len(lengths) < STEPS:
        batches = minibatches(X, y, hp.batch_size, rng)
        for X_batch, y_batch in batches:
            hs = forward(X_batch, ws, bs, **kind)
            dL_dws, dL_dbs, dL_dzs = backward(y_batch, hs, ws, **kind, **error, penalty=hp.penalty,
                                              reg_coeff=hp.reg_coeff / len(batches))
            rate = hp.learning_rate / (1 + hp.lr_decay * epoch)
            if hp.clip_norm:
                rate *= clip_factor((*dL_dws, *dL_dbs), hp.clip_norm)
            for weight, gradient in zip((*ws, *bs), (*dL_dws, *dL_dbs), strict=True):
                weight -= rate * gradient
            lengths.append(rate * np.sqrt(sum(np.vdot(g, g) for g in (*dL_dws, *dL_dbs))))
        epoch += 1
    return lengths


def noise(X, y, ws, bs, hp, kind, error, draws=30):
    """How far dL_dw of the first layer is from that of all points, for one minibatch, relative to that."""
    rng = np.random.default_rng(0)
    exact = backward(y, forward(X, ws, bs, **kind), ws, **kind, **error)[0][0]
    errors = [backward(y_batch, forward(X_batch, ws, bs, **kind), ws, **kind, **error)[0][0] - exact
              for X_batch, y_batch in (minibatches(X, y, hp.batch_size, rng)[0] for _ in range(draws))]
    return rms(np.array(errors)) / rms(exact)


def measure_training(settings, seed):
    """A deep network at its first weights and after training."""
    first, kind, error, training = parts_of(**settings)
    hp = Hyperparameters(**{"learning_rate": RATE, "weight_seed": seed} | training)
    X, y = load_XOR_data()
    ws, bs = initialize(**first, seed=seed)
    w1 = ws[0].copy()

    def sizes():
        return [rms(dL_dz) for dL_dz in backward(y, forward(X, ws, bs, **kind), ws, **kind, **error)[2]]
    before = sizes()
    lengths = descend(X, y, ws, bs, hp, kind, error)
    after = sizes()
    outputs = forward(X, ws, bs, **kind)[-1]
    return {"train": float(np.mean(outputs.argmax(axis=1) == y.argmax(axis=1))), "moved": rms(ws[0] - w1) / rms(w1),
            RATIO: before[0] / before[-2], f"{RATIO}, trained": after[0] / after[-2] if after[-2] else None,
            "delta of the output": before[-1], "noise": noise(X, y, *initialize(**first, seed=seed), hp, kind, error),
            "first step": float(lengths[0]), "last step": float(lengths[-1]), "longest step": float(max(lengths))}


def measure_depths(case, seed):
    name, depth = case.rsplit(", ", 1)
    measured = measure_training({**SETTINGS[name], "depth": int(depth)}, seed)
    return {quantity: measured[quantity] for quantity in ("train", "moved")}


def measure_remedies(case, seed):
    settings, changed, left = REMEDIES[case]
    measured = measure_training(settings, seed)
    return {quantity: value for quantity, value in measured.items()
            if quantity == "train" or changed in (None, quantity)}


# ---------------------------------------------------------------- time: the network of scratch_mlp.py

def unpacked(flat):
    """w1 (2, H), b1 (H,), w2 (H, 2), b2 (2,), of which this is the vector, (5 H + 2,)."""
    H = len(flat) // 5
    w1, b1, w2, b2 = np.split(flat, (2 * H, 3 * H, 5 * H))
    return w1.reshape(2, H), b1, w2.reshape(H, 2), b2


def first_vector(hidden_dim, seed):
    return np.concatenate([weight.ravel() for weight in initialize_weights(2, hidden_dim, 2, seed)])


def loss_and_gradient(flat, X, y, reg_coeff):
    w1, b1, w2, b2 = unpacked(flat)
    z1, h1, z2, h2 = scratch_mlp.forward(X, w1, b1, w2, b2)
    gradients = scratch_mlp.backward(X, y, h1, h2, w1, w2, reg_coeff)
    return scratch_mlp.loss(y, h2, w1, w2, reg_coeff), np.concatenate([gradient.ravel() for gradient in gradients])


def hessian(flat, X, y, reg_coeff):
    """All second derivatives of the loss, (5 H + 2, 5 H + 2): the derivative of the gradient, by the complex step."""
    return np.array([loss_and_gradient(flat + 1e-30j * unit, X, y, reg_coeff)[1].imag / 1e-30
                     for unit in np.eye(len(flat))])


def largest_curvature(flat, *problem):
    return np.linalg.eigvalsh(hessian(flat, *problem))[-1]


def descent(flat, rate, num_steps, X, y, reg_coeff):
    """The vector after gradient descent from here, and the losses on the way, before each step and after the last."""
    losses = []
    for _ in range(num_steps):
        loss, gradient = loss_and_gradient(flat, X, y, reg_coeff)
        losses.append(loss)
        flat = flat - rate * gradient
    return flat, np.array([*losses, loss_and_gradient(flat, X, y, reg_coeff)[0]])


def measure_rates(case, seed):
    """The loss after 300 steps at rates below and above 2 / curvature, and the share of the steps at which it rises."""
    problem = *load_XOR_data(), 1e-4
    flat = first_vector(CURVED[case], seed)
    curvature = largest_curvature(flat, *problem)
    measured = {"curvature": float(curvature)}
    for multiple in MULTIPLES:
        losses = descent(flat, multiple * 2 / curvature, 300, *problem)[1]
        measured |= {f"loss at {multiple}": float(losses[-1]),
                     f"rises at {multiple}": float(np.mean(np.diff(losses) > 0))}
    return measured


def minimum(flat, *problem):
    """The vector of a minimum, by gradient descent from here; then by Newton's steps, to the last digits."""
    lowest = descent(flat, 10.0, 20_000, *problem)[0]
    for _ in range(4):
        loss, gradient = loss_and_gradient(lowest, *problem)
        lowest = lowest - np.linalg.lstsq(hessian(lowest, *problem), gradient, rcond=None)[0]
    return lowest


def measure_minimum(case, seed):
    """From a minimum, moved by a millionth along the direction of the largest curvature: where to?"""
    problem = *load_XOR_data(), 0.1
    lowest = minimum(first_vector(CURVED[case], seed), *problem)
    loss, gradient = loss_and_gradient(lowest, *problem)
    curvatures, directions = np.linalg.eigh(hessian(lowest, *problem))
    curvature, direction = curvatures[-1], directions[:, -1]
    measured = {"curvature": float(curvature), "gradient": float(np.linalg.norm(gradient))}
    for product in NEAR_TWO:
        near = descent(lowest + 1e-6 * direction, product / curvature, 20, *problem)[0]
        far = descent(near, product / curvature, 3000, *problem)[0]
        once, twice = (descent(far, product / curvature, n, *problem)[0] for n in (1, 2))
        measured |= {f"growth at {product}": float(abs(direction @ (near - lowest)) / 1e-6)**(1 / 20),
                     f"rise at {product}": float(loss_and_gradient(far, *problem)[0] - loss),
                     f"one step at {product}": float(np.linalg.norm(once - far)),
                     f"two steps at {product}": float(np.linalg.norm(twice - far)),
                     f"product at {product}": float(product / curvature * largest_curvature(far, *problem))}
    return measured


EXPERIMENTS = {
    "layers": (measure_layers, [f"{gain}" for gain in SHOWN_GAINS]),
    "factors": (measure_factors, [f"{gain}, {width}" for gain in GAINS for width in WIDTHS]),
    "map": (measure_map, [f"{gain}" for gain in GAINS]),
    "depths": (measure_depths, [f"{name}, {depth}" for name in SETTINGS for depth in DEPTHS]),
    "remedies": (measure_remedies, list(REMEDIES)),
    "rates": (measure_rates, list(CURVED)),
    "minimum": (measure_minimum, ["3 neurons"]),
}


def found(experiment):
    """{case: {quantity: its values}} of this experiment."""
    return common.stored("exploding_and_vanishing")[experiment]


# ---------------------------------------------------------------- tables

def learnt(accuracies):
    return f"{sum(accuracy >= 0.95 for accuracy in accuracies)} of {len(accuracies)}"


def table_factors():
    return markdown(["gain", "predicted", *(f"measured, {width} neurons" for width in WIDTHS)],
                    [(gain, f"{mean_field(gain)[1]:.4f}",
                      *(spread(found("factors")[f"{gain}, {width}"]["factor"], "{:.3f}") for width in WIDTHS))
                     for gain in GAINS])


def table_depths():
    rows = [(name, f"{settings.get('learning_rate', RATE):g}",
             *(learnt(found("depths")[f"{name}, {depth}"]["train"]) for depth in DEPTHS))
            for name, settings in SETTINGS.items()]
    moved = ["default: `w_1` moves by", f"{RATE:g}",
             *(f"{median(found('depths')[f'default, {depth}']['moved']):.2g}" for depth in DEPTHS)]
    return markdown(["reach 95 %, by hidden layers", "`learning_rate`", *DEPTHS], [*rows, moved])


def table_curvatures():
    def rises(run):
        return [spread(run[f"rises at {multiple}"], "{:.0%}") for multiple in (0.9, 1.1, 2)]
    return markdown(["network", "2 / curvature at first", "rises at 0.9", "at 1.1", "at 2", "loss at 0.9", "at 2"],
                    [(case, spread([2 / curvature for curvature in run["curvature"]], "{:.3g}"), *rises(run),
                      *(f"{median(run[f'loss at {multiple}']):.4f}" for multiple in (0.9, 2)))
                     for case, run in found("rates").items()])


def table_minimum():
    run = found("minimum")["3 neurons"]
    return markdown(["rate times curvature", "growth per step, predicted", "measured",
                     "3000 steps later: loss above the minimum", "moved by one step", "by two steps"],
                    [(product, f"{abs(1 - product):.2f}", spread(run[f"growth at {product}"], "{:.3f}"),
                      *(f"{round(median(run[f'{what} at {product}']), 9):.1g}"
                        for what in ("rise", "one step", "two steps")))
                     for product in NEAR_TWO])


def table_remedies():
    runs = found("remedies")
    rows = [(name, changed, f"{median(runs['none'][changed]):.2g}", spread(runs[name][changed], "{:.2g}"), left,
             spread(runs[name]["train"], "{:.0%}"))
            for name, (settings, changed, left) in REMEDIES.items() if changed]
    return markdown(["remedy", "what it changes", "without", "with", "what it leaves", "accuracy"], rows)


# ---------------------------------------------------------------- figures

STYLES = ((GREEN, "o", "-"), (BLUE, "s", "--"), (ORANGE, "^", "-."), ("black", "D", ":"), ("gray", "v", "-"))


def style(i):
    """The i-th color, marker and dash."""
    color, marker, dash = STYLES[i]
    return {"color": color, "marker": marker, "linestyle": dash}


def draw_layers(layers):
    for i, gain in enumerate(SHOWN_GAINS):
        sizes = [median(values) for values in found("layers")[f"{gain}"].values()]
        predicted = [mean_field(gain)[1]**(DEPTH - layer) for layer in range(1, DEPTH + 1)]
        layers.semilogy(range(1, DEPTH + 1), predicted, color=STYLES[i][0], linewidth=1)
        layers.semilogy(range(1, DEPTH + 1), sizes, **style(i) | {"linestyle": ""}, label=f"gain {gain}")
    layers.set(title="delta of a layer, over the last one", xlabel="hidden layer (lines: predicted)",
               xticks=range(1, DEPTH + 1))
    layers.legend(frameon=False, loc="lower right", fontsize=11)


def draw_factors(factors):
    curve = np.geomspace(0.5, 36, 60)
    factors.loglog(curve, [mean_field(gain)[1] for gain in curve], color="black", linewidth=1, label="predicted")
    factors.axhline(1, color="gray", linewidth=1, linestyle=":")
    for i, width in enumerate(WIDTHS):
        for gain in GAINS:
            values = sorted(found("factors")[f"{gain}, {width}"]["factor"])
            place = gain * 1.04**(i - 1)
            factors.plot([place] * 2, [values[0], values[-1]], color=STYLES[i][0], linewidth=1.2)
            factors.plot(place, median(values), **style(i) | {"linestyle": ""}, markersize=5,
                         label=f"{width} neurons" if gain == GAINS[0] else None)
    factors.set(title="factor per layer", xlabel="gain", xticks=(0.577, 1, 2, 4, 10.149, 32),
                xticklabels=("0.577", "1", "2", "4", "10.149", "32"), yticks=(0.1414, 0.5, 1, 2),
                yticklabels=("0.14", "0.5", "1", "2"))
    factors.minorticks_off()
    factors.legend(frameon=False, fontsize=11)


def figure_layers():
    """The delta layer by layer, and the factor per layer over the gain: predicted lines, measured marks."""
    figure, (layers, factors) = new_figure(2, width=11, height=4.6)
    draw_layers(layers)
    draw_factors(factors)
    save(figure, "layers")


def draw_ratios(ratios):
    values = np.array([[median(found("map")[f"{gain}"][str(depth)]) for gain in GAINS] for depth in MAP_DEPTHS])
    ratios.imshow(values, norm=LogNorm(1e-11, 1e11), cmap="PuOr_r", aspect="auto", origin="lower")
    for (row, column), value in np.ndenumerate(values):
        ratios.text(column, row, f"{value:.2g}" if value > 0.01 else f"{value:.0e}", ha="center", va="center",
                    fontsize=10, color="white" if value < 1e-5 else "black")
    ratios.set(title="delta of the first layer, over the last one", xlabel="gain", ylabel="hidden layers",
               xticks=range(len(GAINS)), xticklabels=GAINS, yticks=range(len(MAP_DEPTHS)), yticklabels=MAP_DEPTHS)
    ratios.tick_params(axis="x", labelsize=10.5)


def draw_learning(learning):
    jitter = np.linspace(-0.07, 0.07, len(SEEDS))
    for i, name in enumerate(SETTINGS):
        for depth in DEPTHS:
            learning.plot(depth + 0.19 * (i - 1.5) + jitter, found("depths")[f"{name}, {depth}"]["train"],
                          **style(i) | {"linestyle": ""}, markersize=4, alpha=0.7, label=name if depth == 1 else None)
    learning.set(title=f"accuracy after {STEPS} steps", xlabel="hidden layers", xticks=DEPTHS, ylim=(0.4, 1.03))
    learning.yaxis.set_major_formatter(PercentFormatter(1))
    learning.legend(frameon=False, loc="center right", fontsize=11, bbox_to_anchor=(1, 0.45))


def figure_depths():
    """First over last layer, over depth and gain; and what is learnt, over depth."""
    figure, (ratios, learning) = new_figure(2, width=11, height=4.6, width_ratios=(1.15, 1))
    draw_ratios(ratios)
    draw_learning(learning)
    save(figure, "depths")


def figure_divergence():
    """What comes of rates below and above 2 / curvature."""
    figure, panels = new_figure(2, width=11, height=4.2)
    for axes, what, title in zip(panels, ("rises", "loss"), ("share of the steps at which the loss rises",
                                                             "loss after 300 steps"), strict=True):
        for i, (case, run) in enumerate(found("rates").items()):
            values = np.sort([run[f"{what} at {multiple}"] for multiple in MULTIPLES])
            axes.fill_between(MULTIPLES, values[:, 0], values[:, -1], color=STYLES[i][0], alpha=0.12, linewidth=0)
            axes.semilogx(MULTIPLES, np.median(values, axis=1), **style(i), label=case)
        axes.axvline(1, color="gray", linewidth=1, linestyle=":")
        axes.set(title=title, xlabel="learning rate times curvature at first / 2",
                 xticks=(0.1, 0.5, 1, 2, 5, 20, 100), xticklabels=("0.1", "0.5", "1", "2", "5", "20", "100"))
        axes.minorticks_off()
    panels[0].yaxis.set_major_formatter(PercentFormatter(1))
    panels[1].legend(frameon=False, loc="lower right")
    save(figure, "divergence")


if __name__ == "__main__":
    sys.exit(common.main("exploding_and_vanishing", globals()))
