"""Train a small neural network on XOR with NumPy alone, every derivative written out by hand.

The network is a multilayer perceptron (MLP) of two layers. A layer takes weighted sums of its inputs, adds a bias to
each, and applies the sigmoid, s(z) = 1 / (1 + exp(-z)), to each sum z.

    forward    z1 = X w1 + b1     h1 = s(z1)     z2 = h1 w2 + b2     h2 = s(z2)
    loss       L = 1/(2N) sum (y - h2)^2 + reg_coeff/(2N) (sum w1^2 + sum w2^2)
    backward   dL_dw1, the derivative of L with respect to w1, has the shape of w1; likewise for all the others
    step       w1 <- w1 - learning_rate dL_dw1; likewise for b1, w2 and b2

    X   (N, D)  points n = 1 ... N, coordinates d       w1  (D, H)  weights, b1  (H,)  biases of the hidden layer
    h1  (N, H)  outputs of the hidden neurons j         w2  (H, K)  weights, b2  (K,)  biases of the output layer
    h2  (N, K)  outputs, one for each class k           y   (N, K)  labels: what the outputs should be

Run it, look at the pictures, change a number below, and run it again:

    python scratch_mlp.py
    python scratch_mlp.py --hidden_dim 50

The tutorial, docs/index.md, builds it one brick at a time. The network, its names and its first weights are those of
the article "One LEGO at a time" by Omar U. Florez (2017).
"""
import math
import sys
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

# ---------------------------------------------------------------- settings


@dataclass(frozen=True)
class Hyperparameters:
    """All settings: change a number here, or give --name value on the command line. After the ; are good values."""

    hidden_dim: int = 10             # hidden neurons; 5 to 50, fewer often fail
    learning_rate: float = 2.0       # a step is this times the gradient; 0.5 to 5
    num_epochs: int = 10_000         # passes over the training points; 2000 to 1000000
    num_samples: int = 300           # training points; 100 to 1000
    reg_coeff: float = 1e-4          # strength of the penalty on large weights; 0: none, else up to 0.1
    use_bias: bool = True            # False: b1 = b2 = 0, as in the article; without biases, it cannot learn this XOR

    # points and first weights
    num_test_samples: int = 1000     # test points, never trained on; 1000 or more
    data_seed: int = 0               # draws the training points; data_seed + 1 draws the test points
    weight_seed: int = 2017          # draws the first weights, and the points of each minibatch

    # training
    batch_size: int = 0              # most points in one step, a minibatch of them; 0: all, else 10 to 100
    lr_decay: float = 0.0            # after t epochs the rate is learning_rate / (1 + lr_decay t); 0 to 0.001
    clip_norm: float = 0.0           # a gradient with a larger norm is shortened to this; 0: never, else 0.005 to 0.1

    # pictures
    num_frames: int = 100            # frames of a GIF after that of epoch 0; 0: no pictures
    frame_ms: int = 100              # milliseconds for each frame, rounded to tens; 50 to 500
    output_dir: str = "plots"        # folder for the pictures


# ---------------------------------------------------------------- data and first weights

def load_XOR_data(N=300, seed=0):
    """Draw N points X (N, 2), standard normal, with labels y (N, 2): [1, 0] for class 0, and [0, 1] for class 1, where
    exactly one coordinate is positive. With the same seed, a larger N adds rows at the end.
    """
    X = np.random.RandomState(seed).randn(N, 2)
    label = np.logical_xor(X[:, 0] > 0, X[:, 1] > 0).astype(int)
    return X, np.eye(2)[label]                      # one-hot: row 0 or row 1 of the identity matrix


def initialize_weights(input_dim, hidden_dim, output_dim, seed=2017):
    """Draw w1 (D, H) and w2 (H, K), uniform in [-1, 1] / sqrt(number of inputs); the biases b1 (H,) and b2 (K,) are 0.

    They are random, as equal neurons would stay equal; small, as far from 0 the sigmoid is flat, so learning is slow.
    """
    rng = np.random.RandomState(seed)
    w1 = rng.uniform(-1, 1, (input_dim, hidden_dim)) / np.sqrt(input_dim)
    w2 = rng.uniform(-1, 1, (hidden_dim, output_dim)) / np.sqrt(hidden_dim)
    return w1, np.zeros(hidden_dim), w2, np.zeros(output_dim)


# ---------------------------------------------------------------- forward, and the loss

def sigmoid(z):
    """s(z) = 1 / (1 + exp(-z)), entry by entry, between 0 and 1; its derivative is s (1 - s)."""
    return 1 / (1 + np.exp(-z))


def forward(X, w1, b1, w2, b2):
    """From points X (N, D) to outputs h2 (N, K), with all that is computed on the way: z1, h1, z2, h2."""
    z1 = X @ w1 + b1                                # (N, H)
    h1 = sigmoid(z1)                                # (N, H)
    z2 = h1 @ w2 + b2                               # (N, K), the logits
    h2 = sigmoid(z2)                                # (N, K)
    return z1, h1, z2, h2


def inference(X, w1, b1, w2, b2):
    """The predicted class of each point, (N,): that of the largest logit z2, as all outputs h2 can round to 1.0."""
    z1, h1, z2, h2 = forward(X, w1, b1, w2, b2)
    return z2.argmax(axis=1)


def accuracy(X, y, w1, b1, w2, b2):
    """The share of the points, 0 to 1, whose class is predicted correctly."""
    return float(np.mean(inference(X, w1, b1, w2, b2) == y.argmax(axis=1)))


def loss(y, h2, w1, w2, reg_coeff=0.0):
    """L = 1/(2N) sum (y - h2)^2 + reg_coeff/(2N) (sum w1^2 + sum w2^2), a number; biases are not penalized."""
    N = len(y)
    return np.sum((y - h2)**2) / (2 * N) + reg_coeff / (2 * N) * (np.sum(w1**2) + np.sum(w2**2))


# ---------------------------------------------------------------- backward

def backward(X, y, h1, h2, w1, w2, reg_coeff=0.0):
    """The gradient of the loss, by the chain rule: backpropagation (Rumelhart, Hinton & Williams, 1986).

    z2[n, k] = sum_j h1[n, j] w2[j, k] + b2[k]. So dL_dw2[j, k] = sum_n h1[n, j] dL_dz2[n, k], that is, h1.T @ dL_dz2
    (and the penalty), and dL_dh1[n, j] = sum_k dL_dz2[n, k] w2[j, k], that is, dL_dz2 @ w2.T.
    """
    N = len(X)

    dL_dh2 = (h2 - y) / N                                      # (N, K)
    dh2_dz2 = h2 * (1 - h2)                                    # (N, K)
    dL_dz2 = dL_dh2 * dh2_dz2                                  # (N, K)
    dL_dw2 = h1.T @ dL_dz2 + reg_coeff / N * w2                # (H, K), a sum over n
    dL_db2 = dL_dz2.sum(axis=0)                                # (K,), a sum over n

    dL_dh1 = dL_dz2 @ w2.T                                     # (N, H), a sum over k
    dh1_dz1 = h1 * (1 - h1)                                    # (N, H)
    dL_dz1 = dL_dh1 * dh1_dz1                                  # (N, H)
    dL_dw1 = X.T @ dL_dz1 + reg_coeff / N * w1                 # (D, H), a sum over n
    dL_db1 = dL_dz1.sum(axis=0)                                # (H,), a sum over n
    return dL_dw1, dL_db1, dL_dw2, dL_db2


# ---------------------------------------------------------------- training

def minibatches(X, y, batch_size, rng):
    """All points as one part (X, y); if batch_size > 0, shuffled in ceil(N / batch_size) parts of nearly equal size."""
    if batch_size == 0:
        return [(X, y)]
    parts = np.array_split(rng.permutation(len(X)), math.ceil(len(X) / batch_size))
    return [(X[rows], y[rows]) for rows in parts]


def clip_factor(gradients, clip_norm):
    """min(1, clip_norm / |g|), with |g| the norm of all gradients as one vector (Pascanu, Mikolov & Bengio, 2013)."""
    norm = np.sqrt(sum(np.sum(gradient**2) for gradient in gradients))
    return clip_norm / norm if norm > clip_norm else 1.0


def check_data(X, y):
    """Raise ValueError unless X (N, D) holds finite numbers, and y (N, K) is one-hot: in each row one 1, the rest 0."""
    if np.ndim(X) != 2 or len(X) == 0 or not np.isfinite(X).all():
        raise ValueError("X must be an array (N, D) of finite numbers, with a row for each point")
    has_rows = np.ndim(y) == 2 and len(y) == len(X) and y.shape[1] >= 2
    if not has_rows or not np.isin(y, (0, 1)).all() or not (y.sum(axis=1) == 1).all():
        raise ValueError("y must be one-hot, an array (N, K) with K >= 2: np.eye(K)[label] of labels (N,), 0 to K-1")


class Snapshot(NamedTuple):
    """The network after `epoch` epochs: its loss, its accuracies on training and test points, and its weights then."""

    epoch: int
    loss: float
    train_accuracy: float
    test_accuracy: float
    weights: tuple                   # w1, b1, w2, b2


def train(X, y, X_test, y_test, hp):
    """Train as the Hyperparameters say; yields a Snapshot of the first weights, and after some of the epochs.

    These epochs are round(num_epochs (i / num_frames)^3), i = 1 ... num_frames (or 10, if num_frames is 0): closer
    together early, when more changes. After a loss that is not finite it stops. Bad data raises ValueError.
    """
    check_data(X, y)
    check_data(X_test, y_test)
    w1, b1, w2, b2 = initialize_weights(X.shape[1], hp.hidden_dim, y.shape[1], hp.weight_seed)
    rng = np.random.default_rng(hp.weight_seed)                # shuffles the minibatches
    num_frames = hp.num_frames or 10
    snapshot_epochs = {round(hp.num_epochs * (i / num_frames)**3) for i in range(num_frames + 1)}

    for epoch in range(hp.num_epochs + 1):
        if epoch in snapshot_epochs:
            weights = w1.copy(), b1.copy(), w2.copy(), b2.copy()   # as w1 -= ... will change w1 itself
            outputs = forward(X, *weights)[-1]
            L = float(loss(y, outputs, w1, w2, hp.reg_coeff))
            yield Snapshot(epoch, L, accuracy(X, y, *weights), accuracy(X_test, y_test, *weights), weights)
            if epoch == hp.num_epochs or not math.isfinite(L):
                return

        for X_batch, y_batch in minibatches(X, y, hp.batch_size, rng):
            z1, h1, z2, h2 = forward(X_batch, w1, b1, w2, b2)
            # backward divides reg_coeff by the points of the batch, the loss by all points: this factor corrects it
            batch_reg_coeff = hp.reg_coeff * len(X_batch) / len(X)
            dL_dw1, dL_db1, dL_dw2, dL_db2 = backward(X_batch, y_batch, h1, h2, w1, w2, batch_reg_coeff)
            if not hp.use_bias:
                dL_db1 = dL_db2 = 0.0                          # the biases stay 0

            rate = hp.learning_rate / (1 + hp.lr_decay * epoch)
            if hp.clip_norm > 0:
                rate *= clip_factor((dL_dw1, dL_db1, dL_dw2, dL_db2), hp.clip_norm)    # as if each were shorter
            w1 -= rate * dL_dw1
            b1 -= rate * dL_db1
            w2 -= rate * dL_dw2
            b2 -= rate * dL_db2


if __name__ == "__main__":
    import utils

    with utils.program():                                      # Ctrl-C, or a full disk, ends it with one line
        hp = utils.read_settings(Hyperparameters)              # the numbers above, or those of the command line
        X, y = load_XOR_data(hp.num_samples, hp.data_seed)
        X_test, y_test = load_XOR_data(hp.num_test_samples, hp.data_seed + 1)
        if hp.num_frames > 0:
            utils.check_pictures(X, y, hp.output_dir)          # what cannot be drawn is said before the training
        history, status = utils.watch(train(X, y, X_test, y_test, hp), hp)     # train, and print some lines
        if hp.num_frames > 0:
            utils.draw(history, forward, X, y, hp.output_dir, hp.frame_ms)     # forward: for outputs at any point
        sys.exit(status)                                       # 0, or what went wrong

# /// script
# requires-python = ">=3.10"
# dependencies = ["numpy>=1.23.2", "matplotlib>=3.8.0", "imageio>=2.28.0", "pillow>=10.3.0"]
# ///
