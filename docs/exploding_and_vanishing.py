"""Measures gradients layer by layer, and steps that diverge: python docs/exploding_and_vanishing.py, three minutes.

It prints the tables of the page, exploding-and-vanishing.md, and stores what it measured in docs/results.
"""
import sys
from statistics import median

import common
import numpy as np
from common import BLUE, GREEN, ORANGE, SEEDS, markdown, new_figure, save, spread
from deep_mlp import ACTIVATIONS, backward, forward, initialize, normal, orthogonal
from matplotlib.colors import TwoSlopeNorm
from matplotlib.ticker import PercentFormatter

import scratch_mlp
from scratch_mlp import Hyperparameters, clip_factor, initialize_weights, load_XOR_data, minibatches

GAINS = (0.577, 1, 2, 4, 8, 10.149, 12, 16, 32)             # the first is that of scratch_mlp.py
WIDTHS = (10, 50, 200)
DEPTH = 12
SHOWN_GAINS, SHOWN_WIDTH = (0.577, 1, 4, 10.149, 32), 200
MAP_DEPTHS, MAP_WIDTH = (2, 3, 4, 6, 8, 12), 50

STEPS, RATE = 500, 10.0
SETTINGS = {                                                # of deep networks that are trained
    "default": {},
    "gain 4": {"gain": 4},
    "tanh, gain 1": {"activation": "tanh", "gain": 1, "learning_rate": 2.0},
    "ReLU, gain √2": {"activation": "relu", "gain": 2**0.5, "learning_rate": 2.0},
}
DEPTHS = (1, 2, 3, 4, 5, 6)
DELAYS = {                                                  # what takes longer
    "default, 3 hidden layers": {"depth": 3, "steps": 5000},
    "default, 6 hidden layers": {"depth": 6, "steps": 5000},
    "residual, 6 hidden layers": {"residual": True, "learning_rate": 2.0, "steps": 1500},
}
RATIO, TRAINED = "first over last layer", "first over last layer, trained"
REMEDIES = {                                # settings of a network of six hidden layers, and a number that they change
    "none": ({}, None),
    "`learning_rate` 1 instead of 10": ({"learning_rate": 1.0}, "first step"),
    "`learning_rate` 100 instead of 10": ({"learning_rate": 100.0}, "first step"),
    "`lr_decay` 0.01": ({"lr_decay": 0.01}, "last step"),
    "`clip_norm` 0.01": ({"clip_norm": 0.01}, "longest step"),
    "two hidden layers": ({"depth": 2}, RATIO),
    "`reg_coeff` 0.1": ({"reg_coeff": 0.1}, TRAINED),
    "`penalty` l1, `reg_coeff` 0.01": ({"reg_coeff": 0.01, "penalty": "l1"}, TRAINED),
    "gain 4": (SETTINGS["gain 4"], RATIO),
    "orthogonal, same gain": ({"draw": orthogonal}, RATIO),
    "orthogonal, gain 4": ({"draw": orthogonal, "gain": 4}, RATIO),
    "tanh, same gain": ({"activation": "tanh", "learning_rate": 2.0}, RATIO),
    "tanh, gain 1": (SETTINGS["tanh, gain 1"], RATIO),
    "ReLU, same gain": ({"activation": "relu", "learning_rate": 2.0}, RATIO),
    "ReLU, gain √2": (SETTINGS["ReLU, gain √2"], RATIO),
    "residual": ({"residual": True, "learning_rate": 2.0}, RATIO),
    "cross-entropy": ({"error": "cross-entropy"}, "delta of the output"),
    "minibatches of 10": ({"batch_size": 10}, "noise"),
    "minibatches of 100": ({"batch_size": 100}, "noise"),
}
CURVED = {"3 neurons": 3, "10 neurons": 10, "50 neurons": 50}
MULTIPLES = (0.1, 0.5, 0.9, 1.1, 2, 5, 20, 100)             # of 2 over the largest curvature
FOLLOWED = (0.9, 2)                                         # of these, the curvature at the end, too
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


def delta_sizes(width, depth, gain, seed):
    """The root mean square of dL_dz in each hidden layer, the first one first, at normal first weights."""
    X, y = load_XOR_data(100)
    ws, bs = initialize((2, *[width] * depth, 2), gain, seed, normal)
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
    """First over last hidden layer, for many depths; None where the outputs are so sure that all deltas are zero."""
    sizes = {depth: delta_sizes(MAP_WIDTH, depth, float(case), seed) for depth in MAP_DEPTHS}
    return {str(depth): s[0] / s[-1] if s[-1] else None for depth, s in sizes.items()}


@np.errstate(over="ignore")
def train_deep(X, y, ws, bs, hp, steps, kind, error):
    """Gradient descent like scratch_mlp.run_epoch's, for so many steps or a few more: changes ws and bs in place.

    Returns the length of each step.
    """
    rng, epoch, lengths = np.random.default_rng(hp.weight_seed), 0, []
    while len(lengths) < steps:
        for X_batch, y_batch in minibatches(X, y, hp.batch_size, rng):
            hs = forward(X_batch, ws, bs, **kind)
            dL_dws, dL_dbs, dL_dzs = backward(y_batch, hs, ws, **kind, error=error, penalty=hp.penalty,
                                              reg_coeff=hp.reg_coeff * len(X_batch) / len(X))
            rate = hp.learning_rate / (1 + hp.lr_decay * epoch)
            if hp.clip_norm:
                rate *= clip_factor((*dL_dws, *dL_dbs), hp.clip_norm)
            for weight, gradient in zip((*ws, *bs), (*dL_dws, *dL_dbs), strict=True):
                weight -= rate * gradient
            lengths.append(rate * np.sqrt(sum(np.vdot(g, g) for g in (*dL_dws, *dL_dbs))))
        epoch += 1
    return lengths


def noise(X, y, ws, bs, batch_size, kind, draws=30):
    """How far dL_dw of the first layer is from that of all points, for one minibatch, relative to that."""
    rng = np.random.default_rng(0)
    exact = backward(y, forward(X, ws, bs, **kind), ws, **kind)[0][0]
    errors = [backward(y_batch, forward(X_batch, ws, bs, **kind), ws, **kind)[0][0] - exact
              for X_batch, y_batch in (minibatches(X, y, batch_size, rng)[0] for _ in range(draws))]
    return rms(np.array(errors)) / rms(exact)


def measure_training(settings, seed):
    """A deep network of ten neurons a layer, at its first weights and after training without a penalty.

    settings: depth, gain, draw, activation, residual, error, steps; all others are those of Hyperparameters.
    """
    settings = {"depth": 6, "learning_rate": RATE, "reg_coeff": 0.0, "penalty": "l2", "batch_size": 0, "lr_decay": 0.0,
                "clip_norm": 0.0, "steps": STEPS, "error": "squared"} | settings
    depth, steps, error = (settings.pop(name) for name in ("depth", "steps", "error"))
    first = {name: settings.pop(name) for name in ("gain", "draw") if name in settings}
    kind = {name: settings.pop(name) for name in ("activation", "residual") if name in settings}
    hp = Hyperparameters(weight_seed=seed, **settings)
    X, y = load_XOR_data()
    ws, bs = initialize((2, *[10] * depth, 2), seed=seed, **first)
    w1, noisy = ws[0].copy(), noise(X, y, ws, bs, hp.batch_size, kind) if hp.batch_size else 0.0

    def sizes():
        return [rms(dL_dz) for dL_dz in backward(y, forward(X, ws, bs, **kind), ws, **kind, error=error)[2]]
    before, lengths, after = sizes(), train_deep(X, y, ws, bs, hp, steps, kind, error), sizes()
    outputs = forward(X, ws, bs, **kind)[-1]
    return {"train": float(np.mean(outputs.argmax(axis=1) == y.argmax(axis=1))), "moved": rms(ws[0] - w1) / rms(w1),
            RATIO: before[0] / before[-2], TRAINED: after[0] / after[-2] if after[-2] else None,
            "delta of the output": before[-1], "noise": noisy,
            "first step": float(lengths[0]), "last step": float(lengths[-1]), "longest step": float(max(lengths))}


def measure_depths(case, seed):
    name, depth = case.rsplit(", ", 1)
    measured = measure_training({**SETTINGS[name], "depth": int(depth)}, seed)
    return {quantity: measured[quantity] for quantity in ("train", "moved")}


def measure_delays(case, seed):
    return {"train": measure_training(DELAYS[case], seed)["train"]}


def measure_remedies(case, seed):
    settings, changed = REMEDIES[case]
    measured = measure_training(settings, seed)
    return {quantity: value for quantity, value in measured.items()
            if quantity in ("train", TRAINED) or changed in (None, quantity)}


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


@np.errstate(over="ignore")
def descent(flat, rate, num_steps, X, y, reg_coeff):
    """The vector after gradient descent from here, and the losses on the way, before each step and after the last."""
    losses = []
    for _ in range(num_steps):
        loss, gradient = loss_and_gradient(flat, X, y, reg_coeff)
        losses.append(loss)
        flat = flat - rate * gradient
    return flat, np.array([*losses, loss_and_gradient(flat, X, y, reg_coeff)[0]])


def measure_rates(case, seed):
    """The loss after 300 steps at rates below and above 2 / curvature, the share of the steps at which it rises, and
    for those FOLLOWED rate times curvature / 2 at the end."""
    problem = *load_XOR_data(), 1e-4
    flat = first_vector(CURVED[case], seed)
    curvature = largest_curvature(flat, *problem)
    measured = {"curvature": float(curvature)}
    for multiple in MULTIPLES:
        end, losses = descent(flat, multiple * 2 / curvature, 300, *problem)
        measured |= {f"loss at {multiple}": float(losses[-1]),
                     f"rises at {multiple}": float(np.mean(np.diff(losses) > 0))}
        if multiple in FOLLOWED:
            measured[f"end at {multiple}"] = float(multiple * largest_curvature(end, *problem) / curvature)
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
    measured = {"gradient": float(np.linalg.norm(gradient)), "flattest": float(np.abs(curvatures).min())}
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
    "delays": (measure_delays, list(DELAYS)),
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
    return markdown(["network", "`learning_rate`", *(f"{depth} hidden" for depth in DEPTHS)],
                    [(name, f"{settings.get('learning_rate', RATE):g}",
                      *(learnt(found("depths")[f"{name}, {depth}"]["train"]) for depth in DEPTHS))
                     for name, settings in SETTINGS.items()])


def table_moved():
    return markdown(["hidden layers", "`w_1` moves by"],
                    [(depth, spread(found("depths")[f"default, {depth}"]["moved"], "{:.1g}")) for depth in DEPTHS])


def table_delays():
    return markdown(["network", "steps", "reach 95 %"],
                    [(case, f"{settings['steps']:,}", learnt(found("delays")[case]["train"]))
                     for case, settings in DELAYS.items()])


def table_curvatures():
    def rises(run):
        return [spread(run[f"rises at {multiple}"], "{:.0%}") for multiple in (0.9, 1.1, 2)]
    return markdown(["network", "limit: 2 / curvature", "steps that rise at 0.9 of it", "at 1.1", "at 2"],
                    [(case, spread([2 / curvature for curvature in run["curvature"]], "{:.3g}"), *rises(run))
                     for case, run in found("rates").items()])


def table_edge():
    return markdown(["network", "loss, from 0.9", "loss, from 2", "rate / limit in the end, from 0.9", "from 2"],
                    [(case, *(spread(run[f"{what} at {multiple}"], form)
                              for what, form in (("loss", "{:.3f}"), ("end", "{:.2f}")) for multiple in FOLLOWED))
                     for case, run in found("rates").items()])


def table_minimum():
    run = found("minimum")["3 neurons"]

    def small(values):
        return spread([abs(round(value, 9)) for value in values], "{:.1g}")
    return markdown(["rate times curvature", "growth per step, predicted", "measured",
                     "in the end: loss above the minimum", "length of a step", "of two together"],
                    [(product, f"{abs(1 - product):.2f}", spread(run[f"growth at {product}"], "{:.3f}"),
                      *(small(run[f"{what} at {product}"]) for what in ("rise", "one step", "two steps")))
                     for product in NEAR_TWO])


def table_remedies():
    runs = found("remedies")
    rows = [(name, changed, spread(runs["none"][changed], "{:.2g}"), spread(runs[name][changed], "{:.2g}"),
             spread(runs[name][TRAINED], "{:.2g}"), spread(runs[name]["train"], "{:.0%}"))
            for name, (settings, changed) in REMEDIES.items() if changed]
    return markdown(["remedy", "what it changes", "without", "with", TRAINED, "accuracy"], rows)


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
    layers.set(title=f"delta of a layer, over the last one, {SHOWN_WIDTH} neurons", xticks=range(1, DEPTH + 1),
               xlabel="hidden layer (lines: predicted)")
    layers.title.set_fontsize(12.5)
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
    values = np.array([[median(ratio for ratio in found("map")[f"{gain}"][str(depth)] if ratio is not None)
                        for gain in GAINS] for depth in MAP_DEPTHS])
    ratios.imshow(np.log10(values), norm=TwoSlopeNorm(0, -10, 3), cmap="PuOr_r", aspect="auto", origin="lower")
    for (row, column), value in np.ndenumerate(values):
        form = ".0e" if value < 0.01 else ".2g" if value < 100 else ".0f"
        ratios.text(column, row, f"{value:{form}}", ha="center", va="center", fontsize=10,
                    color="white" if value < 1e-5 else "black")
    ratios.set(title=f"delta of the first layer, over the last one, {MAP_WIDTH} neurons", xlabel="gain",
               ylabel="hidden layers", xticks=range(len(GAINS)), xticklabels=GAINS, yticks=range(len(MAP_DEPTHS)),
               yticklabels=MAP_DEPTHS)
    ratios.title.set_fontsize(12.5)
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
            places = np.array(MULTIPLES) * 1.07**(i - 1)
            axes.vlines(places, values[:, 0], values[:, -1], color=STYLES[i][0], linewidth=1.2)
            axes.semilogx(places, np.median(values, axis=1), **style(i), label=case)
        axes.axvline(1, color="gray", linewidth=1, linestyle=":")
        axes.set(title=title, xlabel="learning rate / limit",
                 xticks=(0.1, 0.5, 1, 2, 5, 20, 100), xticklabels=("0.1", "0.5", "1", "2", "5", "20", "100"))
        axes.minorticks_off()
    panels[0].yaxis.set_major_formatter(PercentFormatter(1))
    panels[0].legend(frameon=False, loc="upper left")
    save(figure, "divergence")


if __name__ == "__main__":
    sys.exit(common.main("exploding_and_vanishing", globals()))
