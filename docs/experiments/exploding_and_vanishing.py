"""Measures deltas layer by layer, and what networks of one to six hidden layers learn.

python -m docs.experiments.exploding_and_vanishing stores what exploding-and-vanishing.md shows; half a minute.
"""
from statistics import median

import numpy as np

from docs.experiments import common
from docs.experiments.common import SEEDS, figure, markdown, new_figure, save, table
from docs.experiments.deep_mlp import backward, forward, initialize, step
from scratch_mlp import load_XOR_data, sigmoid

# The cases of an experiment: {name: arguments}
GAINS, WIDTHS, DEPTH = (0.577, 1, 4, 10.149, 32), (10, 200), 12      # the first gain is that of scratch_mlp.py
LAYERS = {f"gain {gain}, {width} neurons": (width, DEPTH, gain) for gain in GAINS for width in WIDTHS}

STEPS, DEPTHS = 500, (1, 2, 3, 6)
NETWORKS = {                                                         # gain, activation, learning rate
    "sigmoid, default gain": (3**-0.5, "sigmoid", 10.0),
    "sigmoid, gain 4": (4, "sigmoid", 10.0),
    "tanh, gain 1": (1, "tanh", 2.0),
    "ReLU, gain √2": (2**0.5, "relu", 2.0),
}
TRAINED = {f"{name}, {depth}": (depth, *network) for name, network in NETWORKS.items() for depth in DEPTHS}


def mean_field(gain):
    """Of a wide random network: q, the variance of z; the factor per layer of the delta (Schoenholz et al., 2017)."""
    Z = np.linspace(-9, 9, 4001)                                     # standard normal: E is a sum over this grid
    density = np.exp(-Z**2 / 2) / np.sum(np.exp(-Z**2 / 2))
    q = 1.0
    for _ in range(300):
        h = sigmoid(np.sqrt(q) * Z)
        q = gain**2 * np.sum(density * h**2)
    return q, np.sqrt(gain**2 * np.sum(density * (h * (1 - h))**2))


def delta_sizes(width, depth, gain, seed, activation="sigmoid"):
    """The root mean square of dL_dz in each hidden layer, the first one first, at the first weights."""
    X, y = load_XOR_data()
    ws, bs = initialize((2, *[width] * depth, 2), gain, seed)
    dL_dzs = backward(y, forward(X, ws, bs, activation), ws, activation)[2]
    return [float(np.sqrt(np.mean(dL_dz**2))) for dL_dz in dL_dzs[:-1]]


def measure_layers(case, seed):
    """Layer by layer, divided by that of the last one."""
    sizes = delta_sizes(*LAYERS[case], seed)
    return {f"layer {i}": size / sizes[-1] for i, size in enumerate(sizes, start=1)}


def measure_depths(case, seed):
    """The accuracy on the points with which a network of ten neurons in each hidden layer is trained."""
    depth, gain, activation, learning_rate = TRAINED[case]
    X, y = load_XOR_data()
    ws, bs = initialize((2, *[10] * depth, 2), gain, seed)
    for _ in range(STEPS):
        step(X, y, ws, bs, learning_rate, activation)
    outputs = forward(X, ws, bs, activation)[-1]
    return {"train": float(np.mean(outputs.argmax(axis=1) == y.argmax(axis=1)))}


EXPERIMENTS = {"layers": (measure_layers, LAYERS, SEEDS), "depths": (measure_depths, TRAINED, SEEDS)}


def found(experiment, case, quantity):
    """Its values, one for each of the first weights."""
    return common.stored("exploding_and_vanishing")[experiment][case][quantity]


def factors(gain, width):
    """Per layer: the geometric mean, without the step to layer 1, whose inputs are points and not neurons."""
    return [ratio**(1 / (DEPTH - 2)) for ratio in found("layers", f"gain {gain}, {width} neurons", "layer 2")]


@table
def table_factors():
    narrow, wide = WIDTHS
    return markdown(["gain", "predicted", f"{narrow} neurons", f"{wide} neurons"],
                    [(gain, f"{mean_field(gain)[1]:.3f}", f"{median(factors(gain, narrow)):.2f}",
                      f"{median(factors(gain, wide)):.3f}") for gain in GAINS])


@table
def table_depths():
    rows = []
    for name, (gain, activation, _) in NETWORKS.items():
        sizes = [delta_sizes(10, 6, gain, seed, activation) for seed in SEEDS]
        ratio = median(first / last for first, *between, last in sizes)
        learnt = [sum(share >= 0.95 for share in found("depths", f"{name}, {depth}", "train")) for depth in DEPTHS]
        rows.append((name, f"{ratio:.5f}", *learnt))
    return markdown(["network", "delta of layer 1 over layer 6", *(f"{depth} hidden" for depth in DEPTHS)], rows)


@figure
def figure_layers():
    """The delta layer by layer: predicted lines, measured marks."""
    fig, (axes,) = new_figure(1, width=7, height=4.6)
    layers = range(1, DEPTH + 1)
    for gain in GAINS:
        case, predicted = f"gain {gain}, {max(WIDTHS)} neurons", mean_field(gain)[1]
        axes.semilogy(layers, [predicted**(DEPTH - layer) for layer in layers], color="black", linewidth=1)
        measured = [median(found("layers", case, f"layer {layer}")) for layer in layers]
        axes.semilogy(layers, measured, "D", color="black", ms=5)
        axes.text(0.7, measured[0], f"gain {gain}", ha="right", va="center")
    axes.set(title="delta of a layer / delta of the last one, 200 neurons", xlabel="hidden layer", xticks=layers,
             xlim=(-2, 12.5))
    save(fig, "layers")


if __name__ == "__main__":
    common.main("exploding_and_vanishing", EXPERIMENTS, __doc__)
