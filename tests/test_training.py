"""What is drawn, what is learnt, and what cannot be."""
import numpy as np
import pytest

import scratch_mlp
from scratch_mlp import accuracy, initialize_weights, load_XOR_data, sigmoid, train
from tests.checks import history_of, loss_of, settings


def last_of(**changes):
    """The last snapshot of a training."""
    return history_of(**{"num_frames": 1} | changes)[-1]


def test_data():
    X, y = load_XOR_data()
    assert X.shape == y.shape == (300, 2)
    assert y.tolist() == [[0, 1] if (x1 > 0) != (x2 > 0) else [1, 0] for x1, x2 in X]
    np.testing.assert_array_equal(load_XOR_data(1000)[0][:300], X)
    assert not np.array_equal(load_XOR_data(seed=1)[0], X)


def test_first_weights():
    weights = initialize_weights(4, 1000, 3)
    assert [weight.shape for weight in weights] == [(4, 1000), (1000,), (1000, 3), (3,)]
    largest = [np.abs(weight).max() for weight in weights]
    np.testing.assert_allclose(largest, [1 / np.sqrt(4), 0, 1 / np.sqrt(1000), 0], rtol=0.02)


def test_sigmoid_at_any_z():
    """Right where exp(-z) overflows, too; NumPy's warning of that is left to be seen."""
    z = np.array([-np.inf, -700, -40, -1, 0, 1, 800, 1e308, np.inf])
    expected = [0, np.exp(-700), np.exp(-40), 0.2689414213699951, 0.5, 0.7310585786300049, 1, 1, 1]
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(sigmoid(z), expected, rtol=1e-15)
    with pytest.warns(RuntimeWarning, match="overflow"):
        assert sigmoid(np.array([-800.0])) == 0


@pytest.mark.parametrize("batch_size", [0, 7])
def test_same_settings_same_bits_however_many_snapshots(batch_size):
    few, *same = (last_of(num_epochs=50, batch_size=batch_size, num_frames=num_frames) for num_frames in (1, 5, 5))
    for last in same:
        assert last[:4] == few[:4]
        assert all(map(np.array_equal, last.weights, few.weights))


@pytest.mark.parametrize(("num_epochs", "num_frames", "epochs"), [
    (50, 5, [0, 3, 11, 26, 50]), (3, 100, [0, 1, 2, 3]), (0, 100, [0]), (0, 0, [0]),
    (1000, 0, [0, 1, 8, 27, 64, 125, 216, 343, 512, 729, 1000]),
])
def test_epochs_of_the_snapshots(num_epochs, num_frames, epochs):
    history = history_of(num_epochs=num_epochs, num_frames=num_frames)
    assert [snapshot.epoch for snapshot in history] == epochs
    for snapshot in history:
        assert [type(value) for value in snapshot[:4]] == [int, float, float, float]


def test_minibatches_are_drawn_anew_for_each_epoch(monkeypatch):
    """In an order that belongs to weight_seed."""
    seen, minibatches = [], scratch_mlp.minibatches

    def recording(X, y, batch_size, rng):
        parts = minibatches(X, y, batch_size, rng)
        seen.append(str(np.concatenate([X_batch for X_batch, _ in parts])))
        return parts
    monkeypatch.setattr(scratch_mlp, "minibatches", recording)
    for weight_seed in (1, 2, 1):
        last_of(num_epochs=2, batch_size=30, num_samples=60, weight_seed=weight_seed)
    assert len({*seen[:4]}) == 4
    assert seen[4:] == seen[:2]


def test_the_first_snapshot_is_that_of_the_settings():
    first, = history_of(num_epochs=0, data_seed=5, weight_seed=6, reg_coeff=2.0)
    weights = initialize_weights(2, 10, 2, 6)
    assert first.loss == loss_of(scratch_mlp, *load_XOR_data(300, 5), 2.0)(*weights)
    assert first.test_accuracy == accuracy(*load_XOR_data(1000, 6), *weights)


@pytest.mark.slow
@pytest.mark.parametrize("weight_seed", range(20))
def test_ten_neurons_learn_from_any_first_weights(weight_seed):
    assert last_of(weight_seed=weight_seed, learning_rate=2.0, num_epochs=10_000).train_accuracy >= 0.99


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_loss_that_is_not_finite_ends_the_training():
    *before, last = history_of(learning_rate=1000.0, reg_coeff=1000.0, num_epochs=5000)
    assert 0 < len(before) < 20
    assert all(np.isfinite(snapshot.loss) for snapshot in before)
    assert not np.isfinite(last.loss)


@pytest.mark.parametrize(("number", "bad", "wanted"), [
    (0, [[1.0, np.nan]] * 5, "X must be .*finite"), (2, np.full((5, 2), np.inf), "X must be .*finite"),
    (0, np.zeros(5), "X must be"), (0, np.zeros((0, 2)), "X must be"), (0, np.zeros((5, 2, 2)), "X must be"),
    (1, np.ones((5, 1)), "one-hot"), (1, np.arange(5), "one-hot"), (1, np.eye(6), "one-hot"),
    (1, np.full((5, 2), 0.5), "one-hot"), (1, 2 * np.eye(5), "one-hot"), (3, np.ones((5, 2)), "one-hot"),
])
def test_data_that_is_refused(number, bad, wanted):
    """Whatever is wrong with points or labels, for training or for tests, one error says what is wanted."""
    data = [*load_XOR_data(5), *load_XOR_data(5)]
    data[number] = bad
    with pytest.raises(ValueError, match=wanted):
        next(train(*data, settings()))


def test_three_classes_and_four_coordinates_are_learnt():
    X = np.random.RandomState(0).randn(300, 4)
    y = np.eye(3)[X[:, :3].argmax(axis=1)]
    *_, last = train(X[:200], y[:200], X[200:], y[200:], settings(num_epochs=2000, learning_rate=2.0, num_frames=0))
    assert [weight.shape for weight in last.weights] == [(4, 10), (10,), (10, 3), (3,)]
    assert last.train_accuracy > last.test_accuracy > 0.85
