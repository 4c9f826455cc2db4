"""Measures gradients layer by layer, and steps that diverge: python -m docs.experiments.exploding_and_vanishing.

It stores what the tables and figures of exploding-and-vanishing.md are made of; three minutes.
"""
import sys
from dataclasses import replace
from statistics import median

import numpy as np
from matplotlib.colors import TwoSlopeNorm
from matplotlib.ticker import PercentFormatter

import scratch_mlp
from docs.experiments import common
from docs.experiments.common import BLUE, GREEN, ORANGE, SEEDS, figure, markdown, new_figure, save, spread, table
from docs.experiments.deep_mlp import ACTIVATIONS, backward, forward, initialize, normal, orthogonal, uniform
from scratch_mlp import clip_factor, initialize_weights, load_XOR_data, minibatches

# The cases of an experiment: {name: keyword arguments}
GAINS, WIDTHS = (0.577, 1, 2, 4, 8, 10.149, 12, 16, 32), (10, 50, 200)     # the first gain is that of scratch_mlp.py
DEPTH, MAP_DEPTHS = 12, (2, 3, 4, 6, 8, 12)
LAYERS = {f"{gain}": {"gain": gain, "width": 200} for gain in (0.577, 1, 4, 10.149, 32)}
FACTORS = {f"{gain}, {width}": {"gain": gain, "width": width} for gain in GAINS for width in WIDTHS}
MAP = {f"{gain}": {"gain": gain, "width": 50} for gain in GAINS}

STEPS, RATE, DEPTHS = 500, 10.0, (1, 2, 3, 4, 5, 6)
TANH, RELU = ({"activation": name, "learning_rate": 2.0} for name in ("tanh", "relu"))
RESIDUAL = {"residual": True, "learning_rate": 2.0}
NETWORKS = {"default": {}, "gain 4": {"gain": 4}, "tanh, gain 1": {**TANH, "gain": 1},
            "ReLU, gain √2": {**RELU, "gain": 2**0.5}}
DEEP = {f"{name}, {depth}": {**network, "depth": depth} for name, network in NETWORKS.items() for depth in DEPTHS}
MOVED = {f"default, {depth}": depth for depth in DEPTHS}
DELAYS = {f"default, {depth} hidden layers": {"depth": depth, "steps": 5000} for depth in (3, 6)} | {
    "residual, 6 hidden layers": {**RESIDUAL, "steps": 1500}}
RATIO, TRAINED = "first over last layer", "first over last layer, trained"
REMEDIES = {                                                # the number that each changes, and its keyword arguments
    "none": (None, {}),
    "`learning_rate` 1 instead of 10": ("first step", {"learning_rate": 1.0}),
    "`learning_rate` 100 instead of 10": ("first step", {"learning_rate": 100.0}),
    "`lr_decay` 0.01": ("last step", {"lr_decay": 0.01}),
    "`clip_norm` 0.01": ("longest step", {"clip_norm": 0.01}),
    "two hidden layers": (RATIO, {"depth": 2}),
    "`reg_coeff` 0.1": (TRAINED, {"reg_coeff": 0.1}),
    "`penalty` l1, `reg_coeff` 0.01": (TRAINED, {"reg_coeff": 0.01, "penalty": "l1"}),
    "gain 4": (RATIO, NETWORKS["gain 4"]),
    "orthogonal, same gain": (RATIO, {"draw": orthogonal}),
    "orthogonal, gain 4": (RATIO, {"draw": orthogonal, "gain": 4}),
    "tanh, same gain": (RATIO, TANH),
    "tanh, gain 1": (RATIO, NETWORKS["tanh, gain 1"]),
    "ReLU, same gain": (RATIO, RELU),
    "ReLU, gain √2": (RATIO, NETWORKS["ReLU, gain √2"]),
    "residual": (RATIO, RESIDUAL),
    "cross-entropy": ("delta of the output", {"error": "cross-entropy"}),
    "minibatches of 10": ("noise", {"batch_size": 10}),
    "minibatches of 100": ("noise", {"batch_size": 100}),
}

HIDDEN = {"3 neurons": {"hidden_dim": 3}, "10 neurons": {"hidden_dim": 10}, "50 neurons": {"hidden_dim": 50}}
MULTIPLES = (0.1, 0.5, 0.9, 1.1, 2, 5, 20, 100)             # of 2 over the largest curvature
FOLLOWED = (0.9, 2)                                         # of these, the curvature at the end, too
NEAR_TWO = (1.9, 1.99, 2.01, 2.1)


# ---------------------------------------------------------------- the product over layers

def mean_field(gain, activation="sigmoid"):
    """Of a wide random network: q, the variance of z; the factor per layer of the delta (Schoenholz et al., 2017)."""
    s, ds_dz = ACTIVATIONS[activation]
    Z = np.linspace(-9, 9, 4001)                            # standard normal: means over it are sums over this grid
    density = np.exp(-Z**2 / 2) / np.sum(np.exp(-Z**2 / 2))
    q = 1.0
    for _ in range(300):
        q = gain**2 * np.sum(density * s(np.sqrt(q) * Z)**2)
    return q, np.sqrt(gain**2 * np.sum(density * ds_dz(s(np.sqrt(q) * Z))**2))


def rms(values):
    return float(np.sqrt(np.mean(values**2)))


def delta_sizes(width, depth, gain, seed):
    """The root mean square of dL_dz in each hidden layer, the first one first, at normal first weights."""
    X, y = load_XOR_data(100)
    ws, bs = initialize((2, *[width] * depth, 2), gain, seed, normal)
    return [rms(dL_dz) for dL_dz in backward(y, forward(X, ws, bs), ws)[2][:-1]]


def measure_layers(case, seed):
    """Layer by layer, over that of the last one."""
    sizes = delta_sizes(**LAYERS[case], depth=DEPTH, seed=seed)
    return {f"layer {i}": size / sizes[-1] for i, size in enumerate(sizes, start=1)}


def measure_factors(case, seed):
    """The geometric mean of the factors from layer to layer, but for the first, whose input is of another kind."""
    sizes = delta_sizes(**FACTORS[case], depth=DEPTH, seed=seed)
    return {"factor": (sizes[1] / sizes[-1])**(1 / (DEPTH - 2))}


def measure_map(case, seed):
    """First over last hidden layer, for many depths; None where the outputs are so sure that all deltas are zero."""
    sizes = {depth: delta_sizes(**MAP[case], depth=depth, seed=seed) for depth in MAP_DEPTHS}
    return {str(depth): s[0] / s[-1] if s[-1] else None for depth, s in sizes.items()}


@np.errstate(over="ignore")
def train_deep(X, y, ws, bs, hp, steps, kind, error):
    """Like scratch_mlp.run_epoch, ws and bs in place, for so many steps or a few more: the length of each."""
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
            lengths.append(float(rate * np.sqrt(sum(np.vdot(g, g) for g in (*dL_dws, *dL_dbs)))))
        epoch += 1
    return lengths


def noise(X, y, ws, bs, batch_size, kind, draws=30):
    """How far dL_dw of the first layer is from that of all points, for one minibatch, relative to that."""
    rng = np.random.default_rng(0)
    exact, *errors = (backward(y_batch, forward(X_batch, ws, bs, **kind), ws, **kind)[0][0] for X_batch, y_batch in
                      ((X, y), *(minibatches(X, y, batch_size, rng)[0] for _ in range(draws))))
    return rms(np.array(errors) - exact) / rms(exact)


def measure_training(seed, depth=6, gain=3**-0.5, draw=uniform, activation="sigmoid", residual=False, error="squared",
                     steps=STEPS, **settings):
    """Ten neurons a layer, at the first weights and after training; settings are those of Hyperparameters."""
    hp = replace(common.published(), **{"learning_rate": RATE, "reg_coeff": 0.0, "weight_seed": seed, **settings})
    kind = {"activation": activation, "residual": residual}
    X, y = load_XOR_data()
    ws, bs = initialize((2, *[10] * depth, 2), gain, seed, draw)

    def sizes():
        return [rms(dL_dz) for dL_dz in backward(y, forward(X, ws, bs, **kind), ws, **kind, error=error)[2]]
    before, w1 = sizes(), ws[0].copy()
    noisy = noise(X, y, ws, bs, hp.batch_size, kind) if hp.batch_size else 0.0
    lengths = train_deep(X, y, ws, bs, hp, steps, kind, error)
    after, outputs = sizes(), forward(X, ws, bs, **kind)[-1]
    return {"train": float(np.mean(outputs.argmax(axis=1) == y.argmax(axis=1))), "moved": rms(ws[0] - w1) / rms(w1),
            RATIO: before[0] / before[-2], TRAINED: after[0] / after[-2] if after[-2] else None,
            "delta of the output": before[-1], "noise": noisy,
            "first step": lengths[0], "last step": lengths[-1], "longest step": max(lengths)}


def measure_depths(case, seed):
    measured = measure_training(seed, **(DEEP | DELAYS)[case])
    return {quantity: measured[quantity] for quantity in ("train", "moved") if quantity == "train" or case in MOVED}


def measure_remedies(case, seed):
    """What the remedy changes; without one, all that any of them changes."""
    changed, settings = REMEDIES[case]
    kept = {"train", TRAINED, changed} if changed else {"train", *(changed for changed, _ in REMEDIES.values())}
    return {name: value for name, value in measure_training(seed, **settings).items() if name in kept}


# ---------------------------------------------------------------- the product over steps

def first_vector(hidden_dim, seed):
    """The first weights of scratch_mlp.py, w1 (2, H), b1 (H,), w2 (H, 2) and b2 (2,), as one vector, (5 H + 2,)."""
    return np.concatenate([weight.ravel() for weight in initialize_weights(2, hidden_dim, 2, seed)])


def loss_and_gradient(flat, X, y, reg_coeff):
    H = len(flat) // 5
    w1, b1, w2, b2 = np.split(flat, (2 * H, 3 * H, 5 * H))
    w1, w2 = w1.reshape(2, H), w2.reshape(H, 2)
    z1, h1, z2, h2 = scratch_mlp.forward(X, w1, b1, w2, b2)
    gradients = scratch_mlp.backward(X, y, h1, h2, w1, w2, reg_coeff)
    return scratch_mlp.loss(y, h2, w1, w2, reg_coeff), np.concatenate([gradient.ravel() for gradient in gradients])


def hessian(flat, X, y, reg_coeff):
    """All second derivatives of the loss, (5 H + 2, 5 H + 2): the derivative of the gradient, by the complex step."""
    return np.array([loss_and_gradient(flat + 1e-30j * unit, X, y, reg_coeff)[1].imag / 1e-30
                     for unit in np.eye(len(flat))])


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
    """Rates below and above 2 / curvature: the loss after 300 steps, and the share of the steps at which it rises."""
    problem = *load_XOR_data(), 1e-4
    flat = first_vector(**HIDDEN[case], seed=seed)
    curvature = np.linalg.eigvalsh(hessian(flat, *problem))[-1]
    measured = {"curvature": float(curvature)}
    for multiple in MULTIPLES:
        end, losses = descent(flat, multiple * 2 / curvature, 300, *problem)
        measured |= {f"loss at {multiple}": float(losses[-1]),
                     f"rises at {multiple}": float(np.mean(np.diff(losses) > 0))}
        if multiple in FOLLOWED:
            last = np.linalg.eigvalsh(hessian(end, *problem))[-1]
            measured[f"end at {multiple}"] = float(multiple * last / curvature)
    return measured


def measure_minimum(case, seed):
    """From a minimum, moved by a millionth along the direction of the largest curvature: where to?"""
    problem = *load_XOR_data(), 0.1
    lowest, _ = descent(first_vector(**HIDDEN[case], seed=seed), 10.0, 20_000, *problem)
    for _ in range(4):                                      # Newton's steps, to the last digits
        lowest = lowest - np.linalg.lstsq(hessian(lowest, *problem), loss_and_gradient(lowest, *problem)[1])[0]
    curvatures, directions = np.linalg.eigh(hessian(lowest, *problem))
    measured, direction = {}, directions[:, -1]
    for product in NEAR_TWO:
        rate = product / curvatures[-1]
        near, _ = descent(lowest + 1e-6 * direction, rate, 20, *problem)
        far, losses = descent(near, rate, 3000, *problem)
        once, twice = (descent(far, rate, n, *problem)[0] for n in (1, 2))
        measured |= {f"growth at {product}": float(abs(direction @ (near - lowest)) / 1e-6)**(1 / 20),
                     f"rise at {product}": float(losses[-1] - loss_and_gradient(lowest, *problem)[0]),
                     f"one step at {product}": float(np.linalg.norm(once - far)),
                     f"two steps at {product}": float(np.linalg.norm(twice - far))}
    return measured


EXPERIMENTS = {"layers": (measure_layers, LAYERS), "factors": (measure_factors, FACTORS), "map": (measure_map, MAP),
               "depths": (measure_depths, DEEP), "delays": (measure_depths, DELAYS),
               "remedies": (measure_remedies, REMEDIES), "rates": (measure_rates, HIDDEN),
               "minimum": (measure_minimum, ["3 neurons"])}


def found(experiment):
    """{case: {quantity: its values}} of this experiment."""
    return common.stored("exploding_and_vanishing")[experiment]


# ---------------------------------------------------------------- tables

def learnt(accuracies):
    return f"{sum(accuracy >= 0.95 for accuracy in accuracies)} of {len(accuracies)}"


@table
def table_factors():
    return markdown(["gain", "predicted", *(f"measured, {width} neurons" for width in WIDTHS)],
                    [(gain, f"{mean_field(gain)[1]:.4f}",
                      *(spread(found("factors")[f"{gain}, {width}"]["factor"], "{:.3f}") for width in WIDTHS))
                     for gain in GAINS])


@table
def table_depths():
    return markdown(["network", "`learning_rate`", *(f"{depth} hidden" for depth in DEPTHS)],
                    [(name, f"{network.get('learning_rate', RATE):g}",
                      *(learnt(found("depths")[f"{name}, {depth}"]["train"]) for depth in DEPTHS))
                     for name, network in NETWORKS.items()])


@table
def table_moved():
    return markdown(["hidden layers", "`w_1` moves by"],
                    [(depth, spread(found("depths")[case]["moved"], "{:.1g}")) for case, depth in MOVED.items()])


@table
def table_delays():
    return markdown(["network", "steps", "reach 95 %"],
                    [(case, f"{settings['steps']:,}", learnt(found("delays")[case]["train"]))
                     for case, settings in DELAYS.items()])


@table
def table_curvatures():
    return markdown(["network", "limit: 2 / curvature", "steps that rise at 0.9 of it", "at 1.1", "at 2"],
                    [(case, spread([2 / curvature for curvature in run["curvature"]], "{:.3g}"),
                      *(spread(run[f"rises at {multiple}"], "{:.0%}") for multiple in (0.9, 1.1, 2)))
                     for case, run in found("rates").items()])


@table
def table_edge():
    return markdown(["network", "loss, from 0.9", "loss, from 2", "rate / limit in the end, from 0.9", "from 2"],
                    [(case, *(spread(run[f"{what} at {multiple}"], form)
                              for what, form in (("loss", "{:.3f}"), ("end", "{:.2f}")) for multiple in FOLLOWED))
                     for case, run in found("rates").items()])


@table
def table_minimum():
    run = found("minimum")["3 neurons"]
    return markdown(["rate times curvature", "growth per step, predicted", "measured",
                     "in the end: loss above the minimum", "length of a step", "of two together"],
                    [(product, f"{abs(1 - product):.2f}", spread(run[f"growth at {product}"], "{:.3f}"),
                      *(spread([abs(round(value, 9)) for value in run[f"{what} at {product}"]], "{:.1g}")
                        for what in ("rise", "one step", "two steps"))) for product in NEAR_TWO])


@table
def table_remedies():
    runs = found("remedies")
    return markdown(["remedy", "what it changes", "without", "with", TRAINED, "accuracy"],
                    [(name, changed, spread(runs["none"][changed], "{:.2g}"), spread(runs[name][changed], "{:.2g}"),
                      spread(runs[name][TRAINED], "{:.2g}"), spread(runs[name]["train"], "{:.0%}"))
                     for name, (changed, _) in REMEDIES.items() if changed])


# ---------------------------------------------------------------- figures

COLORS, MARKERS, DASHES = (GREEN, BLUE, ORANGE, "black", "gray"), "os^Dv", ("-", "--", "-.")


@figure
def figure_layers():
    """The delta layer by layer, and the factor per layer over the gain: predicted lines, measured marks."""
    fig, (layers, factors) = new_figure(2, width=11, height=4.6)
    places, ticks, curve = range(1, DEPTH + 1), (0.577, 1, 2, 4, 10.149, 32), np.geomspace(0.5, 36, 60)
    for (case, run), color, marker in zip(found("layers").items(), COLORS, MARKERS, strict=True):
        predicted = mean_field(LAYERS[case]["gain"])[1]
        layers.semilogy(places, [predicted**(DEPTH - layer) for layer in places], color=color, linewidth=1)
        layers.semilogy(places, [median(run[f"layer {i}"]) for i in places], marker, color=color, label=f"gain {case}")
    layers.set_title("delta of a layer, over the last one, 200 neurons", fontsize=12.5)
    layers.set(xticks=places, xlabel="hidden layer (lines: predicted)")
    layers.legend(frameon=False, loc="lower right", fontsize=11)
    factors.loglog(curve, [mean_field(gain)[1] for gain in curve], color="black", linewidth=1, label="predicted")
    factors.axhline(1, color="gray", linewidth=1, linestyle=":")
    for i, width in enumerate(WIDTHS):
        values = np.sort([found("factors")[f"{gain}, {width}"]["factor"] for gain in GAINS])
        places = np.array(GAINS) * 1.04**(i - 1)
        factors.plot([places, places], [values[:, 0], values[:, -1]], color=COLORS[i], linewidth=1.2)
        factors.plot(places, np.median(values, axis=1), MARKERS[i], color=COLORS[i], ms=5, label=f"{width} neurons")
    factors.set(title="factor per layer", xlabel="gain", xticks=ticks, xticklabels=ticks,
                yticks=(0.1414, 0.5, 1, 2), yticklabels=("0.14", "0.5", "1", "2"))
    factors.minorticks_off()
    factors.legend(frameon=False, fontsize=11)
    save(fig, "layers")


@figure
def figure_depths():
    """First over last layer, over depth and gain; and what is learnt, a mark for each of the first weights."""
    fig, (ratios, learning) = new_figure(2, width=11, height=4.6, width_ratios=(1.15, 1))
    values = np.array([[median(ratio for ratio in found("map")[gain][f"{depth}"] if ratio is not None) for gain in MAP]
                       for depth in MAP_DEPTHS])
    ratios.imshow(np.log10(values), norm=TwoSlopeNorm(0, -10, 3), cmap="PuOr_r", aspect="auto", origin="lower")
    for (row, column), value in np.ndenumerate(values):
        form = ".0e" if value < 0.01 else ".2g" if value < 100 else ".0f"
        ratios.text(column, row, f"{value:{form}}", ha="center", va="center", fontsize=10,
                    color="white" if value < 1e-5 else "black")
    ratios.set_title("delta of the first layer, over the last one, 50 neurons", fontsize=12.5)
    ratios.set(xlabel="gain", ylabel="hidden layers", xticks=range(len(MAP)), xticklabels=MAP,
               yticks=range(len(MAP_DEPTHS)), yticklabels=MAP_DEPTHS)
    ratios.tick_params(axis="x", labelsize=10.5)
    for i, name in enumerate(NETWORKS):
        places = [depth + 0.19 * (i - 1.5) + np.linspace(-0.07, 0.07, len(SEEDS)) for depth in DEPTHS]
        shares = [found("depths")[f"{name}, {depth}"]["train"] for depth in DEPTHS]
        learning.plot(np.ravel(places), np.ravel(shares), MARKERS[i], color=COLORS[i], ms=4, alpha=0.7, label=name)
    learning.set(title=f"accuracy after {STEPS} steps", xlabel="hidden layers", xticks=DEPTHS, ylim=(0.4, 1.03))
    learning.yaxis.set_major_formatter(PercentFormatter(1))
    learning.legend(frameon=False, loc="center right", fontsize=11, bbox_to_anchor=(1, 0.45))
    save(fig, "depths")


@figure
def figure_divergence():
    """What comes of rates below and above 2 / curvature."""
    fig, panels = new_figure(2, width=11, height=4.2)
    ticks = (0.1, 0.5, 1, 2, 5, 20, 100)
    titles = {"rises": "share of the steps at which the loss rises", "loss": "loss after 300 steps"}
    for axes, (what, title) in zip(panels, titles.items(), strict=True):
        for i, (case, run) in enumerate(found("rates").items()):
            values = np.sort([run[f"{what} at {multiple}"] for multiple in MULTIPLES])
            places = np.array(MULTIPLES) * 1.07**(i - 1)
            axes.vlines(places, values[:, 0], values[:, -1], color=COLORS[i], linewidth=1.2)
            axes.semilogx(places, np.median(values, axis=1), MARKERS[i] + DASHES[i], color=COLORS[i], label=case)
        axes.axvline(1, color="gray", linewidth=1, linestyle=":")
        axes.set(title=title, xlabel="learning rate / limit", xticks=ticks, xticklabels=ticks)
        axes.minorticks_off()
    panels[0].yaxis.set_major_formatter(PercentFormatter(1))
    panels[0].legend(frameon=False, loc="upper left")
    save(fig, "divergence")


if __name__ == "__main__":
    sys.exit(common.main("exploding_and_vanishing", EXPERIMENTS, __doc__))
