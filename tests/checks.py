"""What must be true of scratch_mlp, as functions of the module, so that the tests can ask it of broken copies too."""
import json
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import numpy as np

import scratch_mlp
from docs.experiments.drawings import numbers_of_a_step

PROJECT = Path(__file__).resolve().parents[1]
SOURCE = (PROJECT / "scratch_mlp.py").read_text(encoding="utf-8")
WORKED_EXAMPLE = json.loads(Path(__file__).with_name("worked_example.json").read_text())

# All settings by name, so that no test depends on a default, which everyone is invited to edit
SETTINGS = {
    "hidden_dim": 10, "learning_rate": 1.0, "num_epochs": 20_000, "num_samples": 300, "reg_coeff": 1e-4,
    "use_bias": True, "num_test_samples": 1000, "data_seed": 0, "weight_seed": 2017, "batch_size": 0, "lr_decay": 0.0,
    "clip_norm": 0.0, "num_frames": 100, "frame_ms": 100, "output_dir": "plots",
}


def settings(m=scratch_mlp, **changes):
    """The Hyperparameters of a module with SETTINGS, but for these changes."""
    return m.Hyperparameters(**SETTINGS | changes)


def history_of(m=scratch_mlp, **changes):
    """The snapshots of a training with SETTINGS, but for these changes."""
    hp = settings(m, **changes)
    test_points = m.load_XOR_data(hp.num_test_samples, hp.data_seed + 1)
    return list(m.train(*m.load_XOR_data(hp.num_samples, hp.data_seed), *test_points, hp))


def random_network(m, seed, N=7, hidden_dim=4, scale=1.0):
    """Points with their classes, and weights of which none is zero: zeros hide mistakes."""
    random = np.random.RandomState(seed)
    X, y = m.load_XOR_data(N, seed)
    return X, y, [scale * random.randn(*shape) for shape in ((2, hidden_dim), (hidden_dim,), (hidden_dim, 2), (2,))]


def loss_of(m, X, y, reg_coeff=0.0):
    """The loss on these points, as a function of w1, b1, w2, b2."""
    return lambda w1, b1, w2, b2: m.loss(y, m.forward(X, w1, b1, w2, b2)[-1], w1, w2, reg_coeff)


def complex_step(L, weights, step=1e-30):
    """The gradient of L(*weights): Im L(w + i step) / step, to the last digits, as nothing cancels (Squire & Trapp)."""
    gradients = [np.zeros_like(weight) for weight in weights]
    for k, gradient in enumerate(gradients):
        for index in np.ndindex(gradient.shape):
            moved = [weight.astype(complex) for weight in weights]
            moved[k][index] += 1j * step
            gradient[index] = L(*moved).imag / step
    return gradients


def relative_error(found, true, floor=0.0):
    """The largest difference over the largest entry; differences up to `floor` are not counted."""
    return max(0.0, np.max(np.abs(found - true)) - floor) / np.max(np.abs(true))


def check_gradient(m, X, y, weights, reg_coeff, floor=0.0):
    """Each of the four arrays agrees with the complex step to 12 digits."""
    z1, h1, z2, h2 = m.forward(X, *weights)
    gradients = m.backward(X, y, h1, h2, weights[0], weights[2], reg_coeff)
    slopes = complex_step(loss_of(m, X, y, reg_coeff), weights)
    for name, found, true in zip(("dL_dw1", "dL_db1", "dL_dw2", "dL_db2"), gradients, slopes, strict=True):
        assert found.shape == true.shape, name
        assert relative_error(found, true, floor) < 1e-12, name


def check_gradients(m):
    """Without a penalty, and with one of the strength of one point and of all N."""
    for reg_coeff in (0.0, 1.0, 7.0):
        check_gradient(m, *random_network(m, seed=1), reg_coeff)


def check_loss(m):
    """The numbers of `loss`, summed here one by one."""
    X, y, weights = random_network(m, seed=2)
    h2 = m.forward(X, *weights)[-1]
    error = sum((y[n, k] - h2[n, k])**2 for n in range(7) for k in range(2)) / 14
    penalty = 3.0 / 14 * sum(w * w for w in np.append(weights[0], weights[2]))
    assert abs(m.loss(y, h2, weights[0], weights[2], 3.0) - (error + penalty)) < 1e-12


def check_worked_example(m):
    """The article's step, to the 8 decimals it prints: one point, three neurons, no biases, learning rate 0.001."""
    printed = {name: np.array(value) for name, value in WORKED_EXAMPLE["printed"].items()}
    printed |= {name: np.array(fact["right"]) for name, fact in WORKED_EXAMPLE["printed_wrongly"].items()}
    X, y = (rows[:1] for rows in m.load_XOR_data(300))
    weights, L = m.initialize_weights(2, 3, 2), loss_of(m, X, y)
    mine = numbers_of_a_step(X, y, *weights, m) | {"w1": weights[0], "w2": weights[2]}
    steps, = steps_from(m, X, y, weights, learning_rate=0.001, reg_coeff=0.0, use_bias=False)
    after = [weight + step for weight, step in zip(weights, steps, strict=True)]
    mine |= {"w1_after": after[0], "w2_after": after[2]}
    assert printed.keys() <= mine.keys()
    for name, value in printed.items():
        np.testing.assert_allclose(mine[name], value, rtol=0, atol=5.1e-9, err_msg=name)
    exact = WORKED_EXAMPLE["not_printed"]
    np.testing.assert_allclose([L(*weights), L(*after)], [exact["loss_before"], exact["loss_after"]], rtol=1e-14)


def steps_from(m, X, y, weights, num_epochs=1, **changes):
    """What each epoch of a training from these weights, with these settings, adds to each of them."""
    hp = settings(m, num_epochs=num_epochs, **changes)
    with patch.object(m, "initialize_weights", lambda *_: [weight.copy() for weight in weights]):
        history = [snapshot.weights for snapshot in m.train(X, y, X, y, hp)]
    return [[after - before for before, after in zip(*pair, strict=True)] for pair in pairwise(history)]


def check_step(m):
    """A step is - learning_rate times the gradient of `loss` at the old weights; biases not used stay as they are."""
    for use_bias in (True, False):
        X, y, weights = random_network(m, seed=3)
        steps, = steps_from(m, X, y, weights, learning_rate=0.5, reg_coeff=2.0, use_bias=use_bias)
        gradients = complex_step(loss_of(m, X, y, 2.0), weights)
        for k, (step, gradient) in enumerate(zip(steps, gradients, strict=True)):
            expected = -0.5 * gradient if use_bias or k in (0, 2) else 0 * gradient
            np.testing.assert_allclose(step, expected, rtol=0, atol=1e-14)


def check_decay_and_clipping(m):
    """The rate at epoch t is learning_rate / (1 + lr_decay t); clip_norm caps the joint norm of what is trained."""
    X, y, weights = random_network(m, seed=4)
    norm = np.sqrt(sum(np.sum(gradient**2) for gradient in complex_step(loss_of(m, X, y, 7.0), weights)))
    plain, = steps_from(m, X, y, weights, reg_coeff=7.0)
    for clip_norm, factor in ((norm / 5, 1 / 10), (2 * norm, 1 / 2)):
        steps, = steps_from(m, X, y, weights, reg_coeff=7.0, clip_norm=clip_norm, learning_rate=0.5)
        for step, unchanged in zip(steps, plain, strict=True):
            np.testing.assert_allclose(step, factor * unchanged, rtol=1e-12)
    steps, = steps_from(m, X, y, weights, reg_coeff=7.0, clip_norm=norm / 5, use_bias=False)
    np.testing.assert_allclose(np.sqrt(sum(np.sum(step**2) for step in steps)), norm / 5, rtol=1e-12)
    tiny = 1e-7                                     # so that the weights stay as good as the same
    first, *_, seventh = steps_from(m, X, y, weights, num_epochs=7, lr_decay=0.5, learning_rate=tiny)
    for step, before in zip(seventh, first, strict=True):
        np.testing.assert_allclose(step, before / 4, rtol=1e-4)


def check_minibatches(m):
    """Each point comes once, with its label, in parts of nearly one size; an epoch adds the steps of all the parts, and
    their gradients, each weighted with its share of the points, make the gradient of `loss`."""
    X, y, weights = random_network(m, seed=5, N=20)
    whole, tiny = complex_step(loss_of(m, X, y, 5.0), weights), 1e-7   # so that the weights stay as good as the same
    for batch_size, sizes in ((0, [20]), (20, [20]), (7, [7, 7, 6]), (19, [10, 10]), (6, [5] * 4), (1, [1] * 20)):
        parts = m.minibatches(X, y, batch_size, np.random.default_rng(1))
        assert [len(part) for part, _ in parts] == sizes
        rows = np.concatenate([np.column_stack(part) for part in parts])
        assert sorted(rows.tolist()) == sorted(np.column_stack([X, y]).tolist())
        assert (rows[:, :2] == X).all() == (batch_size == 0)
        gradients = [complex_step(loss_of(m, *part, 5.0 * len(part[0]) / 20), weights) for part in parts]
        steps, = steps_from(m, X, y, weights, weight_seed=1, batch_size=batch_size, reg_coeff=5.0, learning_rate=tiny)
        for k, step in enumerate(steps):
            np.testing.assert_allclose(step / -tiny, sum(g[k] for g in gradients), rtol=0, atol=2e-5)
            mean = sum(size / 20 * g[k] for size, g in zip(sizes, gradients, strict=True))
            np.testing.assert_allclose(mean, whole[k], rtol=0, atol=1e-14)


def check_snapshots(m):
    """What a snapshot says is so of the weights it holds, and these are its own."""
    history = history_of(m, num_samples=40, num_test_samples=50, num_epochs=90, num_frames=4, reg_coeff=1.0)
    assert [snapshot.epoch for snapshot in history] == [0, 1, 11, 38, 90]
    for first, found in zip(m.initialize_weights(2, 10, 2), history[0].weights, strict=True):
        assert np.array_equal(first, found)
    (X, y), (X_test, y_test) = m.load_XOR_data(40, 0), m.load_XOR_data(50, 1)
    for s in history:
        assert s.loss == loss_of(m, X, y, 1.0)(*s.weights)
        assert s.train_accuracy == np.mean(m.forward(X, *s.weights)[2].argmax(axis=1) == y.argmax(axis=1))
        assert s.test_accuracy == np.mean(m.forward(X_test, *s.weights)[2].argmax(axis=1) == y_test.argmax(axis=1))
    losses = [snapshot.loss for snapshot in history]
    assert losses == sorted(losses, reverse=True), "small steps of gradient descent never climb"


def check_learning(m):
    """A short run learns XOR, and says so of points whose class is XOR."""
    *_, last = history_of(m, num_epochs=2000, learning_rate=2.0, num_frames=1)
    assert last.train_accuracy > 0.97
    corners = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    assert m.inference(corners, *last.weights).tolist() == [0, 1, 1, 0]


def check_ties(m):
    """Three neurons without biases whose outputs all round to 1.0: their logits are right on at most 3/4 of mirrored
    points, as they must; the `argmax` of the outputs is on more than 97 %."""
    weights = 150 * np.eye(2, 3), np.zeros(3), np.array([[-40.0, -80], [-40, -80], [80, 162]]), np.zeros(2)
    X, y = m.load_XOR_data(1000)
    X, y = np.concatenate([X, -X]), np.concatenate([y, y])
    assert np.mean(m.forward(X, *weights)[3].argmax(axis=1) == y.argmax(axis=1)) > 0.97
    assert m.accuracy(X, y, *weights) < 0.76


CHECKS = (check_gradients, check_loss, check_worked_example, check_step, check_decay_and_clipping, check_minibatches,
          check_snapshots, check_learning, check_ties)


def run_checks(module):
    for check in CHECKS:
        check(module)
