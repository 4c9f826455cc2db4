"""What is drawn, what is learnt, and what cannot be."""
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

import scratch_mlp
from docs.lab.checks import CHECKS, check_worked_example, epoch_steps, random_network, settings
from scratch_mlp import inference, initialize_weights, load_XOR_data, sigmoid, train

WEIGHT_SEEDS = range(20)
SHORT = {"num_epochs": 50, "num_frames": 5}


def last_of(**changes):
    """The last snapshot of a training."""
    return list(train(settings(num_frames=0, **changes)))[-1]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_check(check):
    check(scratch_mlp)


@pytest.mark.parametrize("use_bias", [True, False])
def test_worked_example(use_bias):
    check_worked_example(scratch_mlp, use_bias)


def test_data():
    X, y = load_XOR_data()
    assert X.shape == y.shape == (300, 2)
    assert y.tolist() == [[0, 1] if (x1 > 0) != (x2 > 0) else [1, 0] for x1, x2 in X]
    np.testing.assert_array_equal(load_XOR_data(1000)[0][:300], X)
    assert not np.array_equal(load_XOR_data(seed=1)[0], X)
    assert load_XOR_data(0)[1].shape == (0, 2)


def test_first_weights():
    w1, b1, w2, b2 = initialize_weights(4, 1000, 3)
    assert [w.shape for w in (w1, b1, w2, b2)] == [(4, 1000), (1000,), (1000, 3), (3,)]
    assert 0.49 < np.abs(w1).max() <= 1 / np.sqrt(4)
    assert 0.031 < np.abs(w2).max() <= 1 / np.sqrt(1000)
    np.testing.assert_allclose([w1.std(), w2.std()], [1 / np.sqrt(3 * 4), 1 / np.sqrt(3 * 1000)], rtol=0.03)
    assert not b1.any()
    assert not b2.any()


@pytest.mark.parametrize(("function", "arguments"), [
    (load_XOR_data, (-1,)), (load_XOR_data, (3, -1)),
    (initialize_weights, (2, -1, 2)), (initialize_weights, (2, 3, 2, 2**32)),
])
def test_what_cannot_be_drawn_raises(function, arguments):
    with pytest.raises(ValueError, match="negative|Seed"):
        function(*arguments)


def test_sigmoid_at_any_z():
    """Right where exp(-z) overflows, too; NumPy's warning of that is left to be seen."""
    z = np.array([-np.inf, -700, -40, -1, 0, 1, 800, 1e308, np.inf])
    expected = [0, np.exp(-700), np.exp(-40), 0.2689414213699951, 0.5, 0.7310585786300049, 1, 1, 1]
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(sigmoid(z), expected, rtol=1e-15)
    assert np.isnan(sigmoid(np.array([np.nan])))
    with pytest.warns(RuntimeWarning, match="overflow"):
        assert sigmoid(np.array([-800.0])) == 0


def test_same_settings_same_bits():
    for changes in ({}, {"batch_size": 7}):
        for one, other in zip(*(train(settings(**SHORT | changes)) for _ in range(2)), strict=True):
            assert all(np.array_equal(mine, theirs) for mine, theirs in zip(one, other, strict=True))


@pytest.mark.parametrize(("num_epochs", "num_frames", "epochs"), [
    (50, 5, [0, 2, 8, 18, 32, 50]), (3, 100, [0, 1, 2, 3]), (10, 3, [0, 1, 4, 10]),
    (50, 0, [0, 50]), (0, 100, [0]), (0, 0, [0]),
])
def test_epochs_of_the_snapshots(num_epochs, num_frames, epochs):
    history = list(train(settings(num_epochs=num_epochs, num_frames=num_frames)))
    assert [snapshot.epoch for snapshot in history] == epochs
    with pytest.raises(AttributeError):
        history[0].loss = 0.0
    for snapshot in history:
        assert [type(value) for value in snapshot[:4]] == [int, float, float, float]


def test_pictures_do_not_change_what_is_learnt():
    few, many = (list(train(settings(num_epochs=50, num_frames=num_frames)))[-1] for num_frames in (0, 50))
    assert np.array_equal(few.w1, many.w1)


def test_shuffle_changes_the_order_of_minibatches_only():
    shuffled, ordered = (last_of(num_epochs=50, batch_size=30, shuffle=shuffle) for shuffle in (True, False))
    assert shuffled.loss != ordered.loss
    whole, same = (last_of(num_epochs=50, shuffle=shuffle) for shuffle in (True, False))
    assert whole.loss == same.loss
    weights = initialize_weights(2, 10, 2)
    X, y = load_XOR_data()
    for epoch in range(50):
        scratch_mlp.run_epoch(X, y, *weights, epoch, None, settings(batch_size=30))
    assert np.array_equal(weights[0], ordered.w1)


def test_l1_brings_weights_to_zero():
    """Under l1 a weight that is not needed ends within a step of zero, to and fro; under l2 it never gets there."""
    near_zero = {}
    for penalty in ("l1", "l2"):
        last = last_of(penalty=penalty, num_epochs=6000, reg_coeff=0.3)
        near_zero[penalty] = np.sum(np.abs(np.concatenate([last.w1.ravel(), last.w2.ravel()])) < 1.1 * 0.3 / 300)
    assert near_zero["l1"] >= 10
    assert near_zero["l2"] <= 2


def test_a_stronger_penalty_makes_smaller_weights():
    norms = [np.linalg.norm(last_of(num_epochs=2000, reg_coeff=reg_coeff).w1) for reg_coeff in (0.0, 0.1, 10.0)]
    assert norms[0] > norms[1] > norms[2]


def final_accuracy(weight_seed):
    return last_of(weight_seed=weight_seed, learning_rate=2.0, num_epochs=10_000).train_accuracy


@pytest.mark.slow
def test_ten_neurons_learn_from_any_first_weights():
    with ProcessPoolExecutor(2) as pool:
        accuracies = list(pool.map(final_accuracy, WEIGHT_SEEDS))
    assert min(accuracies) >= 0.99


@given(seed=st.integers(0, 10_000), hidden_dim=st.integers(1, 40), scale=st.floats(0.01, 30))
@examples(deadline=None, derandomize=True)
def test_without_biases_no_weights_beat_75_percent(seed, hidden_dim, scale):
    """On points reflected in the origin, half of each class: whatever w1 and w2 are, and b2, too."""
    X, y, (w1, b1, w2, b2) = random_network(scratch_mlp, seed, 400, hidden_dim, scale)
    X, y = balanced_and_reflected(X, y)
    for output_bias in (0 * b2, b2):
        assert np.mean(inference(X, w1, 0 * b1, w2, output_bias) == y.argmax(axis=1)) <= 0.75


def balanced_and_reflected(X, y):
    """As many points of class 0 as of class 1, each together with its reflection in the origin."""
    each = int(min(y.sum(axis=0)))
    rows = np.concatenate([np.flatnonzero(y[:, k] == 1)[:each] for k in range(2)])
    return np.concatenate([X[rows], -X[rows]]), np.concatenate([y[rows], y[rows]])


def test_without_biases_training_does_not_help():
    last = last_of(use_bias=False, num_epochs=5000)
    assert not last.b1.any()
    assert not last.b2.any()
    X, y = balanced_and_reflected(*load_XOR_data(2000, seed=3))
    assert np.mean(inference(X, last.w1, last.b1, last.w2, last.b2) == y.argmax(axis=1)) <= 0.75


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_loss_that_is_not_finite_ends_the_training():
    history = list(train(settings(learning_rate=1000.0, reg_coeff=1000.0, num_epochs=5000)))
    assert 1 < len(history) < 20
    assert all(np.isfinite(snapshot.loss) for snapshot in history[:-1])
    assert not np.isfinite(history[-1].loss)


def test_clipping_bounds_a_step_that_would_diverge():
    assert np.isfinite(last_of(learning_rate=1000.0, reg_coeff=1000.0, num_epochs=5000, clip_norm=1e-3).loss)


def test_one_point_in_each_step_and_the_longest_steps_allowed():
    X, y, weights = random_network(scratch_mlp, seed=7)
    for changes in ({"batch_size": 1}, {"learning_rate": 1e6}, {"learning_rate": 0.0}):
        assert all(np.isfinite(step).all() for step in epoch_steps(scratch_mlp, X, y, weights, **changes))
