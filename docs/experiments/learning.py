"""Figures of networks that learn, and of what they have learnt; `python docs/make.py` draws them."""
from functools import cache
from itertools import product

import numpy as np
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

import utils
from docs.experiments.common import figure, new_figure, plane, published, save, save_film, show_levels, train_with
from scratch_mlp import forward, inference, initialize_weights, load_XOR_data, sigmoid, train

LIMIT = 3.3                                         # the plane is shown from -LIMIT to LIMIT
GRID = {"width": 8.8, "sharex": True, "sharey": True, "subplot_kw": {"xticks": (-2, 0, 2), "yticks": (-2, 0, 2)}}

history_of = cache(train_with)


def training_points(load_data=load_XOR_data):
    """X and y with which the runs of the published settings are trained."""
    hp = published()
    return load_data(hp.num_samples, hp.data_seed)


def show_line(axes, values, limit=LIMIT, linestyle="-"):
    """A line where these values at the points of the plane are 0."""
    side = np.linspace(-limit, limit, int(np.sqrt(len(values))))
    axes.contour(side, side, values.reshape(len(side), -1), levels=[0], colors="black", linewidths=1.6,
                 linestyles=linestyle)


def show_network(axes, weights, limit=LIMIT):
    """What the network w1, b1, w2, b2 predicts in the plane: its confidence in colours, the decision boundary black."""
    z1, h1, z2, h2 = forward(plane(limit), *weights)
    show_levels(axes, (1 + h2[:, 1] - h2[:, 0]) / 2, limit)
    show_line(axes, z2[:, 1] - z2[:, 0], limit)


def one_weight(value):
    """The loss of brick 1's untrained network, had its weight w[0, 0] this value, and the derivative dL_dw[0, 0]."""
    X, y = load_XOR_data()
    w = initialize_weights(2, 2, 2)[0].astype(type(value))
    w[0, 0] = value
    h = sigmoid(X @ w)
    dL_dz = (h - y) / len(X) * h * (1 - h)
    return np.sum((y - h)**2) / (2 * len(X)), (X.T @ dL_dz)[0, 0]


def descent(learning_rate, steps=7):
    """The values of w[0, 0] before and after each step of gradient descent, which changes this weight alone."""
    path = [initialize_weights(2, 2, 2)[0][0, 0]]
    for _ in range(steps):
        path.append(path[-1] - learning_rate * one_weight(path[-1])[1])
    return path


RATES = {0.5: "steps too short", 5: "right", 60: "steps too long"}


@figure
def figure_valley():
    """The loss as a function of one weight, and a descent from the same start with three learning rates."""
    figure, panels = new_figure(3, width=8.8, height=3.7, sharey=True)
    weights = np.linspace(-1.5, 1.9, 100)
    for axes, (rate, verdict) in zip(panels, RATES.items(), strict=True):
        path = descent(rate)
        axes.plot(weights, [one_weight(weight)[0] for weight in weights], color="0.6", linewidth=2)
        axes.plot(path, [one_weight(weight)[0] for weight in path], "o-", color="black", markersize=4, linewidth=1)
        axes.annotate("start", (path[0], one_weight(path[0])[0]), (-1.45, 0.272), arrowprops={"arrowstyle": "->"})
        axes.set(title=f"learning rate {rate}:\n{verdict}", xlabel="w[0, 0]")
    panels[0].set(ylabel="loss")
    save(figure, "valley")


@cache
def four_neurons():
    """w1, b1, w2, b2 of a trained network; its hidden neurons are put in order, first those that lower class 0."""
    w1, b1, w2, b2 = history_of("--hidden_dim 4")[-1].weights
    order = np.argsort(w2[:, 0])
    return w1[:, order], b1[order], w2[order], b2


def first_neurons(count, weights):
    """The network with so many of its hidden neurons: b2 gets the mean of the others' part over the training points."""
    w1, b1, w2, b2 = weights
    z1, h1, z2, h2 = forward(training_points()[0], *weights)
    return w1[:, :count], b1[:count], w2[:count], b2 + h1.mean(axis=0)[count:] @ w2[count:]


@figure
def figure_neurons():
    """Top: h1 of each neuron, in the colour of the class that it raises. Bottom: the first 1, 2, 3, 4 together."""
    figure, panels = new_figure(4, height=4.9, rows=2, **GRID)
    weights = w1, b1, w2, b2 = four_neurons()
    z1, h1, z2, h2 = forward(plane(LIMIT), *weights)
    for j, (alone, together) in enumerate(panels.T):
        show_levels(alone, (1 + np.sign(w2[j, 1] - w2[j, 0]) * h1[:, j]) / 2, LIMIT)
        show_line(alone, z1[:, j], linestyle="--")
        show_network(together, first_neurons(j + 1, weights))
        utils.add_points(together, *training_points(), markersize=2.5, markeredgewidth=0.3)
        alone.set(title=f"neuron {j}")
        together.set(title=" + ".join(map(str, range(j + 1))) if j else "0 alone", xlabel="x1")
    for axes in panels[:, 0]:
        axes.set(ylabel="x2")
    save(figure, "neurons")


FRAMES = 23, 36, -1                                 # early, later, and the last
STILLS = {2: "--hidden_dim 2", 3: "--hidden_dim 3", 10: "--hidden_dim 10", 50: "--hidden_dim 50"}


@figure
def figure_stills():
    """Stills of four films: the boundary is straight at first, then bends, if there are neurons enough."""
    figure, panels = new_figure(3, height=11.6, rows=4, **GRID)
    for row, (hidden_dim, flags) in zip(panels, STILLS.items(), strict=True):
        row[0].set(ylabel=f"{hidden_dim} neurons")
        for axes, frame in zip(row, FRAMES, strict=True):
            s = history_of(flags)[frame]
            show_network(axes, s.weights)
            utils.add_points(axes, *training_points(), markersize=3, markeredgewidth=0.3)
            axes.set(title=f"epoch {s.epoch}: {s.train_accuracy:.0%}")
    save(figure, "stills")


def cut(weights):
    """Where both logits are equal in the unit cube of h1: a polygon, its corners in order, (C, 3)."""
    w1, b1, w2, b2 = weights
    normal, offset, corners = w2[:, 1] - w2[:, 0], b2[1] - b2[0], []
    for j, ends in product(range(3), product((0.0, 1.0), repeat=2)):    # the twelve edges of the cube
        corner = np.insert(ends, j, 0)
        corner[j] = -(corner @ normal + offset) / normal[j]
        if 0 <= corner[j] <= 1:
            corners.append(corner)
    x, y, _ = np.transpose(corners - np.mean(corners, axis=0))
    return np.array(corners)[np.argsort(np.arctan2(y, x))]


@figure
def figure_folding():
    """The plane as a sheet in the space of three hidden neurons, and the cut between the classes, while it learns."""
    view = {"projection": "3d", "proj_type": "ortho", "elev": 40, "azim": 60}
    figure, panels = new_figure(2, width=8.8, height=8, rows=2, subplot_kw=view)
    X, y = training_points()
    looks = dict.fromkeys(("xlim", "ylim", "zlim", "xticks", "yticks", "zticks"), (0, 1))
    looks |= {"xlabel": "h1[0]", "ylabel": "h1[1]", "zlabel": "h1[2]"}
    for axes, frame in zip(panels.ravel(), (0, *FRAMES), strict=True):
        s = history_of(STILLS[3])[frame]
        axes.computed_zorder = False
        axes.add_collection3d(Poly3DCollection([cut(s.weights)], facecolor=(0, 0, 0, 0.25), edgecolor="black"))
        sheet = forward(plane(LIMIT, 49), *s.weights)[1].reshape(49, 49, 3)
        axes.plot_wireframe(*np.moveaxis(sheet, -1, 0), rcount=9, ccount=9, color="0.55", linewidth=0.6, zorder=1)
        utils.add_points(axes, forward(X, *s.weights)[1], y, markersize=4, markeredgewidth=0.4)
        axes.set(title=f"epoch {s.epoch}: {s.train_accuracy:.0%}", **looks)
    save(figure, "folding")


def mistakes(weights):
    """The test points whose class the network gets wrong, with their labels: X (M, 2), y (M, 2)."""
    hp = published()
    X, y = load_XOR_data(hp.num_test_samples, hp.data_seed + 1)
    wrong = inference(X, *weights) != y.argmax(axis=1)
    return X[wrong], y[wrong]


@figure
def figure_mistakes():
    """The test points that the default run gets wrong; from nearby, also the points that it has learnt from."""
    figure, (far, near) = new_figure(2, height=4.4)
    weights = history_of("")[-1].weights
    utils.add_points(near, *training_points(), markersize=5, markeredgecolor="white")
    X, y = mistakes(weights)
    far.set(title=f"{len(X)} mistakes on test points", ylabel="x2")
    near.set(title="nearby, with training points")
    for axes, limit in ((far, LIMIT), (near, 1)):
        show_network(axes, weights, limit)
        utils.add_points(axes, X, y, **utils.WRONG)
        axes.axhline(0, color="black", linewidth=1, linestyle=":")
        axes.axvline(0, color="black", linewidth=1, linestyle=":")
        axes.set(xlim=(-limit, limit), ylim=(-limit, limit), xlabel="x1")
    save(figure, "mistakes")


def load_circle_data(N=300, seed=0):
    """The points of load_XOR_data; of class 1 inside a circle."""
    X, y = load_XOR_data(N, seed)
    label = (X[:, 0]**2 + X[:, 1]**2 < 1.4).astype(int)
    return X, np.eye(2)[label]


def spiral(N=400, seed=0):
    """N points (N, 2) around 1000 on three arms of a spiral, and the arm of each, (N,), a whole number from 0."""
    random, label = np.random.RandomState(seed), np.arange(N) % 3
    radius = random.uniform(0.05, 1, N)
    angle = 4 * radius + 2 * np.pi / 3 * label + 0.15 * random.randn(N)
    return 1000 + 300 * np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1), label


@figure
def figure_spiral():
    """The last frame of a training with scaled points of three classes."""
    points, label = (values[np.random.default_rng(0).permutation(700)] for values in spiral(700))
    X, y = (points - points[:300].mean(axis=0)) / points[:300].std(axis=0), np.eye(3)[label]
    hp = published()
    save_film(list(train(X[:300], y[:300], X[300:], y[300:], hp)), X[:300], y[:300], "spiral", kinds=["png"])


@figure
def figure_circle():
    """What the network learns if class 1 is inside a circle."""
    figure, (axes,) = new_figure(1, width=5, height=5)
    last = train_with(load_data=load_circle_data)[-1]
    show_network(axes, last.weights)
    utils.add_points(axes, *training_points(load_circle_data))
    axes.set(xlabel="x1", ylabel="x2", title=f"train {last.train_accuracy:.1%}, test {last.test_accuracy:.1%}")
    save(figure, "circle")
