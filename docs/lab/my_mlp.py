"""Your network. Put your own code in the place of each `...`, from top to bottom, and after each function run

    python docs/lab/check.py my_mlp.py

There are N points, D inputs, H hidden neurons and K outputs; w1 is (D, H), b1 (H,), w2 (H, K), b2 (K,). The comment
after a line is the shape of what it makes. Each function begins with the name of its section in docs/index.md.
"""
import numpy as np


def sigmoid(z):
    """Brick 1: one layer. 1 / (1 + e^-z), for each number in the array z."""
    return ...                                      # as z


def forward(X, w1, b1, w2, b2):
    """Brick 2: a hidden layer. From the points X (N, D) to the outputs h2 (N, K)."""
    z1 = ...                                        # (N, H)
    h1 = ...                                        # (N, H)
    z2 = ...                                        # (N, K)
    h2 = ...                                        # (N, K)
    return z1, h1, z2, h2


def loss(y, h2, w1, w2, reg_coeff=0.0):
    """Brick 1: one layer. 1/(2N) sum (y - h2)^2 + reg_coeff/(2N) (sum w1^2 + sum w2^2).

    Begin with the first part, the squared error. The second part is the penalty: The whole script.
    """
    return ...                                      # one number


def backward(X, y, h1, h2, w1, w2, reg_coeff=0.0):
    """Brick 3: backpropagation. The gradient of the loss; first without the penalty, which adds something to dL_dw."""
    dL_dh2 = ...                                    # (N, K)
    dL_dz2 = ...                                    # (N, K)
    dL_dw2 = ...                                    # (H, K)
    dL_db2 = ...                                    # (K,)

    dL_dh1 = ...                                    # (N, H)
    dL_dz1 = ...                                    # (N, H)
    dL_dw1 = ...                                    # (D, H)
    dL_db1 = ...                                    # (H,)
    return dL_dw1, dL_db1, dL_dw2, dL_db2


def step(weights, gradients, learning_rate):
    """The step, with all its numbers. The four weights after one step; the arrays that are given stay as they are."""
    w1, b1, w2, b2 = weights
    dL_dw1, dL_db1, dL_dw2, dL_db2 = gradients
    w1 = ...                                        # (D, H)
    b1 = ...                                        # (H,)
    w2 = ...                                        # (H, K)
    b2 = ...                                        # (K,)
    return w1, b1, w2, b2


def train(X, y, weights, num_epochs, learning_rate, reg_coeff=0.0):
    """Brick 1: one layer. The loop: the four weights after so many epochs, each of them one step on all points.

    reg_coeff is for `backward`.
    """
    for epoch in range(num_epochs):
        w1, b1, w2, b2 = weights
        z1, h1, z2, h2 = ...
        gradients = ...
        weights = ...
    return weights
