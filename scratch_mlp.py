# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy>=1.23.2", "matplotlib>=3.6.0", "imageio>=2.28.0"]
# ///
"""Train a small multilayer perceptron on XOR, every derivative written out by hand.

    z1 = X w1 + b1     h1 = sigmoid(z1)     z2 = h1 w2 + b2     h2 = sigmoid(z2)

    L = 1/(2N) sum (y - h2)^2  +  reg_coeff/N sum R(w)       over w1 and w2;  R(w) = w^2/2 or |w|

    N points, one in a row     X   (N, D)   coordinates      w1  (D, H)   b1  (H,)   added to each row of X w1
    D = 2 coordinates          h1  (N, H)   hidden neurons   w2  (H, K)   b2  (K,)   added to each row of h1 w2
    H = hidden_dim neurons     h2  (N, K)   outputs
    K = 2 classes              y   (N, K)   what h2 should be, one-hot

dL_dw1 is the derivative of the loss L with respect to w1, and has its shape; likewise all the others.
Read from top to bottom: settings, data, forward, loss, backward, training. Change a setting, run it again:

    python scratch_mlp.py
    python scratch_mlp.py --hidden_dim 3 --use_bias False
"""
import sys
from dataclasses import dataclass, field, fields
from functools import cache
from numbers import Integral, Real
from pathlib import Path

import numpy as np


def setting(default, allowed, meaning):
    """A field of Hyperparameters; `allowed` is (lowest, highest) for a number, else the choices."""
    return field(default=default, metadata={"allowed": allowed, "meaning": meaning})


@dataclass(frozen=True)
class Hyperparameters:
    """All settings: edit a default here, or say --name value. A value that is not allowed raises ValueError.

    Each is setting(default, what is allowed, its meaning and what is sensible).
    """

    # the points
    num_samples:      int   = setting(300, (1, 10_000), "training points; 50 to 1000")
    num_test_samples: int   = setting(1000, (1, 10_000), "fresh points, never trained on; 1000 or more")
    data_seed:        int   = setting(0, (0, 2**32 - 2), "draws the training points; data_seed + 1, the fresh ones")

    # the network
    hidden_dim:       int   = setting(10, (1, 1000), "hidden neurons; 4 to 50")
    use_bias:         bool  = setting(True, (True, False), "False: b1 = b2 = 0, as in the 2017 article; no XOR then")
    weight_seed:      int   = setting(2017, (0, 2**32 - 1), "draws the first weights and the order of the minibatches")

    # the training
    num_epochs:       int   = setting(20_000, (0, 10**9), "passes over the training points; 1000 to 1000000")
    batch_size:       int   = setting(0, (0, 10_000), "points in a step; 0: all of them, else 10 to 100")
    shuffle:          bool  = setting(True, (True, False), "a new order of the points each epoch, for minibatches")
    learning_rate:    float = setting(1.0, (0, 1e6), "a step is learning_rate times the gradient; 0.1 to 5")
    lr_decay:         float = setting(0.0, (0, 1e6), "rate at epoch t: learning_rate / (1 + lr_decay t); 0 to 0.01")
    reg_coeff:        float = setting(1e-4, (0, 1e6), "strength of the penalty on the weights; 0: none, else up to 1")
    penalty:          str   = setting("l2", ("l2", "l1"), "l2: 1/2 sum w^2, small weights; l1: sum |w|, many near 0")
    clip_norm:        float = setting(0.0, (0, 1e6), "cap on the norm of all gradients; 0: off, else 0.01 to 1")

    # the pictures
    num_frames:       int   = setting(100, (0, 1000), "frames, besides the one of epoch 0; 0: no pictures")
    frame_ms:         int   = setting(100, (20, 10_000), "milliseconds a frame is shown, in tens; 50 to 500")
    output_dir:       str   = setting(str(Path(__file__).with_name("plots")), None, "folder for the pictures")

    def __post_init__(self):
        for f in fields(self):
            check(f.name, getattr(self, f.name), f.type, f.metadata["allowed"])
        if self.batch_size > self.num_samples:
            raise ValueError(f"batch_size = {self.batch_size}: must be at most num_samples = {self.num_samples}")
        if self.frame_ms % 10:
            raise ValueError(f"frame_ms = {self.frame_ms}: must be a multiple of 10, a GIF's unit of time")


def check(name, value, kind, allowed):
    """Raise ValueError, in one line, if the value is not of the kind (int, float, bool or str) or not allowed."""
    if kind in (int, float):
        lowest, highest = allowed
        is_number = isinstance(value, {int: Integral, float: Real}[kind]) and not isinstance(value, bool)
        good = is_number and lowest <= value <= highest
        must_be = f"a {'whole ' if kind is int else ''}number from {lowest} to {highest:.10g}"
    elif allowed:
        good = isinstance(value, kind) and value in allowed
        must_be = " or ".join(map(str, allowed))
    else:
        good = isinstance(value, (str, Path)) and str(value).strip()
        must_be = "the name of a folder"
    if not good:
        raise ValueError(f"{name} = {' '.join(str(value).split())[:60]}: must be {must_be}")


# ---------------------------------------------------------------- data and first weights

def load_XOR_data(N=300, seed=0):
    """Draw N points of the plane, X (N, 2), each coordinate standard normal, and their classes, y (N, 2), one-hot.

    The class is XOR(x1 > 0, x2 > 0): y is [1, 0] for class 0 and [0, 1] for class 1. With the same seed, a larger N
    only adds rows. Raises ValueError if N is negative or seed is not in 0 .. 2^32 - 1.
    """
    X = np.random.RandomState(seed).randn(N, 2)
    label = np.logical_xor(X[:, 0] > 0, X[:, 1] > 0).astype(int)
    return X, np.eye(2)[label]                      # row 0 or 1 of the identity matrix for each point


def initialize_weights(input_dim, hidden_dim, output_dim, seed=2017):
    """Draw w1 (D, H), then w2 (H, K), uniform in [-1, 1] / sqrt(number of inputs); b1 (H,) and b2 (K,) start at zero.

    Random, since equal neurons would get equal gradients and stay equal for ever; small, since far from 0 a sigmoid
    is flat, and its gradient all but zero. Raises ValueError if a dimension is negative or seed not in 0 .. 2^32 - 1.
    """
    rng = np.random.RandomState(seed)
    w1 = rng.uniform(-1, 1, (input_dim, hidden_dim)) / np.sqrt(input_dim)
    w2 = rng.uniform(-1, 1, (hidden_dim, output_dim)) / np.sqrt(hidden_dim)
    return w1, np.zeros(hidden_dim), w2, np.zeros(output_dim)


# ---------------------------------------------------------------- forward

def sigmoid(z):
    """s(z) = 1 / (1 + exp(-z)) = exp(z) / (1 + exp(z)), entry by entry; its derivative is s (1 - s).

    z may be complex, as the tests need it. It is capped at 700, since exp overflows beyond 709; s is 1.0 either way.
    """
    exp_z = np.exp(np.minimum(z, 700.0))
    return exp_z / (1.0 + exp_z)


def forward(X, w1, b1, w2, b2):
    """From points X (N, D) to outputs h2 (N, K); returns all that lies on the way, too: z1, h1, z2, h2.

    h2 is in (0, 1). Trained on one-hot y, its column k estimates the probability of class k, each on its own: the
    columns need not add up to 1.
    """
    z1 = X.dot(w1) + b1                             # (N, H)
    h1 = sigmoid(z1)                                # (N, H)
    z2 = h1.dot(w2) + b2                            # (N, K)
    h2 = sigmoid(z2)                                # (N, K)
    return z1, h1, z2, h2


def inference(X, w1, b1, w2, b2):
    """The class of each point, (N,): 0 or 1, that of the larger output."""
    z1, h1, z2, h2 = forward(X, w1, b1, w2, b2)
    return h2.argmax(axis=1)


def confidence(X, w1, b1, w2, b2):
    """Half the difference of the outputs, plus 1/2: from 0, sure of class 0, to 1, sure of class 1, shape (N,).

    It is 1/2 on the decision boundary, where both outputs are equal.
    """
    z1, h1, z2, h2 = forward(X, w1, b1, w2, b2)
    return (1 + h2[:, 1] - h2[:, 0]) / 2


# ---------------------------------------------------------------- loss

PENALTIES = {                                       # R(w), |w| being w sign(w), for complex w too; and dR/dw
    "l2": (lambda w: w**2 / 2, lambda w: w),
    "l1": (lambda w: w * np.sign(w.real), np.sign),
}


def loss(y, h2, w1, w2, reg_coeff=0.0, penalty="l2"):
    """L = 1/(2N) sum (y - h2)^2 + reg_coeff/N (sum R(w1) + sum R(w2)), a number.

    The first sum is over N points and K outputs; biases are not penalised. "l2" is the penalty of ridge regression,
    reg_coeff/(2N) sum w^2, and "l1" that of the lasso, reg_coeff/N sum |w|. Raises KeyError for another penalty.
    """
    N = len(y)
    R, dR_dw = PENALTIES[penalty]
    return np.sum((y - h2)**2) / (2 * N) + reg_coeff / N * (np.sum(R(w1)) + np.sum(R(w2)))


# ---------------------------------------------------------------- backward

@cache
def ones(N):
    """(N,) ones; their product with a matrix sums its rows. Kept once made, as each step needs them."""
    return np.ones(N)


def backward(X, y, h1, h2, w1, w2, reg_coeff=0.0, penalty="l2", N=None):
    """The gradient of `loss`: dL_dw1 (D, H), dL_db1 (H,), dL_dw2 (H, K), dL_db2 (K,), by the chain rule from the loss
    back to the weights (backpropagation: Rumelhart, Hinton & Williams, 1986).

    A sigmoid acts entry by entry, hence *. As z2[n, k] = sum_h h1[n, h] w2[h, k] + b2[k], matrix products sum:
        dL_dw2[h, k] = sum_n h1[n, h] dL_dz2[n, k]      dL_dh1[n, h] = sum_k dL_dz2[n, k] w2[h, k]
    N is the number of rows, if it is not given. Raises KeyError for a penalty that is not in PENALTIES.
    """
    N = N or len(X)
    R, dR_dw = PENALTIES[penalty]
    dz_db = ones(len(X))                                           # (N,)

    dL_dh2 = (h2 - y) / N                                          # (N, K)
    dh2_dz2 = h2 * (1.0 - h2)                                      # (N, K)
    dL_dz2 = dL_dh2 * dh2_dz2                                      # (N, K)
    dL_dw2 = h1.T.dot(dL_dz2) + reg_coeff / N * dR_dw(w2)          # (H, K)
    dL_db2 = dz_db.dot(dL_dz2)                                     # (K,)

    dL_dh1 = dL_dz2.dot(w2.T)                                      # (N, H)
    dh1_dz1 = h1 * (1.0 - h1)                                      # (N, H)
    dL_dz1 = dL_dh1 * dh1_dz1                                      # (N, H)
    dL_dw1 = X.T.dot(dL_dz1) + reg_coeff / N * dR_dw(w1)           # (D, H)
    dL_db1 = dz_db.dot(dL_dz1)                                     # (H,)
    return dL_dw1, dL_db1, dL_dw2, dL_db2


# ---------------------------------------------------------------- training

@dataclass(frozen=True)
class Snapshot:
    """The network after `epoch` passes over the training points, its loss and its accuracies (0 to 1) at that time."""

    epoch: int
    loss: float
    train_accuracy: float
    test_accuracy: float
    w1: np.ndarray                                  # copies, of the shapes above
    b1: np.ndarray
    w2: np.ndarray
    b2: np.ndarray


def minibatches(X, y, batch_size, rng=None):
    """The points of each step of one epoch, as a list of (X, y) in which each point comes once.

    All in one step if batch_size is 0; else in batches, the last of which may be smaller, and in a random order if
    there is an rng, NumPy's random generator.
    """
    if batch_size == 0:
        return [(X, y)]
    rows = rng.permutation(len(X)) if rng else np.arange(len(X))
    batches = [rows[start:start + batch_size] for start in range(0, len(X), batch_size)]
    return [(X[batch], y[batch]) for batch in batches]


def clip_factor(gradients, clip_norm):
    """min(1, clip_norm / |g|), where |g| is the norm of all gradients together (Pascanu, Mikolov & Bengio, 2013)."""
    norm = np.sqrt(sum(np.sum(gradient**2) for gradient in gradients))
    return clip_norm / norm if norm > clip_norm else 1.0


def run_epoch(X, y, w1, b1, w2, b2, epoch, rng, hp):
    """One pass over the points: changes w1, b1, w2, b2 in place, by a step of gradient descent for each minibatch.

    All B minibatches divide by their mean size N/B, and use reg_coeff/B. So, at the same weights, the mean of their
    losses is `loss`, and the mean of their gradients is its gradient, even if the last one is smaller.
    """
    batches = minibatches(X, y, hp.batch_size, rng)
    mean_size, reg_coeff = len(X) / len(batches), hp.reg_coeff / len(batches)
    epoch_rate = hp.learning_rate / (1 + hp.lr_decay * epoch)

    for X_batch, y_batch in batches:
        z1, h1, z2, h2 = forward(X_batch, w1, b1, w2, b2)
        dL_dw1, dL_db1, dL_dw2, dL_db2 = backward(X_batch, y_batch, h1, h2, w1, w2, reg_coeff, hp.penalty, mean_size)
        if not hp.use_bias:
            dL_db1 = dL_db2 = 0.0
        rate = epoch_rate
        if hp.clip_norm:
            rate *= clip_factor((dL_dw1, dL_db1, dL_dw2, dL_db2), hp.clip_norm)
        w1 -= rate * dL_dw1
        b1 -= rate * dL_db1
        w2 -= rate * dL_dw2
        b2 -= rate * dL_db2


def accuracy(X, y, parameters):
    """The share of the points whose class is inferred rightly, 0 to 1; the parameters are w1, b1, w2, b2."""
    return np.mean(inference(X, *parameters) == y.argmax(axis=1))


def take_snapshot(epoch, X, y, X_test, y_test, parameters, hp):
    """The network as it is now; the parameters are w1, b1, w2, b2."""
    w1, b1, w2, b2 = (parameter.copy() for parameter in parameters)
    z1, h1, z2, h2 = forward(X, w1, b1, w2, b2)
    return Snapshot(epoch, float(loss(y, h2, w1, w2, hp.reg_coeff, hp.penalty)),
                    accuracy(X, y, parameters), accuracy(X_test, y_test, parameters), w1, b1, w2, b2)


def snapshot_epochs(num_epochs, num_frames):
    """0, then num_frames more (at least one), equally spaced, up to num_epochs; fewer if there are fewer epochs."""
    num_intervals = max(1, min(num_frames, num_epochs))
    return sorted({i * num_epochs // num_intervals for i in range(num_intervals + 1)})


def snapshots(hp):
    """Train as the Hyperparameters hp say, and yield a Snapshot at each of the `snapshot_epochs`, once it is there.

    A snapshot whose loss is not finite is the last one.
    """
    X, y = load_XOR_data(hp.num_samples, hp.data_seed)
    X_test, y_test = load_XOR_data(hp.num_test_samples, hp.data_seed + 1)
    parameters = initialize_weights(X.shape[1], hp.hidden_dim, y.shape[1], hp.weight_seed)
    rng = np.random.default_rng(hp.weight_seed) if hp.shuffle else None
    np.empty(2**21)     # for speed only: after 16 MB are freed, Linux keeps what a step frees for the next one

    epoch = 0
    for snapshot_epoch in snapshot_epochs(hp.num_epochs, hp.num_frames):
        with np.errstate(over="ignore", invalid="ignore"):
            while epoch < snapshot_epoch:
                run_epoch(X, y, *parameters, epoch, rng, hp)
                epoch += 1
            snapshot = take_snapshot(epoch, X, y, X_test, y_test, parameters, hp)
        yield snapshot
        if not np.isfinite(snapshot.loss):
            return


def train(hyperparameters):
    """Train as the Hyperparameters say; returns the history, the list of all `snapshots`."""
    return list(snapshots(hyperparameters))


if __name__ == "__main__":
    import utils
    sys.exit(utils.main(Hyperparameters, snapshots, confidence, load_XOR_data))     # read the flags, train, draw
