"""Brick 4: test points, which are never trained on; and the same network without its biases, which cannot learn it."""
import numpy as np

learning_rate = 5


def load_XOR_data(N, seed):
    """N points of the plane; the class is 1 if exactly one coordinate is positive, else 0."""
    X = np.random.RandomState(seed).randn(N, 2)                 # (N, 2), a row for each point
    label = np.logical_xor(X[:, 0] > 0, X[:, 1] > 0).astype(int)
    return X, np.eye(2)[label]                                  # (N, 2), row 0 or row 1 of the identity matrix


def initialize_weights(H):
    """First weights: random, within 1 / sqrt(number of inputs); the biases start at 0."""
    rng = np.random.RandomState(2017)
    w1, b1 = rng.uniform(-1, 1, (2, H)) / np.sqrt(2), np.zeros(H)
    w2, b2 = rng.uniform(-1, 1, (H, 2)) / np.sqrt(H), np.zeros(2)
    return w1, b1, w2, b2


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(X, w1, b1, w2, b2):
    """From points to outputs, through two layers: the outputs of the hidden layer are the inputs of the next."""
    z1 = X @ w1 + b1                                            # (N, H)
    h1 = sigmoid(z1)                                            # (N, H)
    z2 = h1 @ w2 + b2                                           # (N, 2)
    h2 = sigmoid(z2)                                            # (N, 2)
    return z1, h1, z2, h2


def accuracy(X, y, w1, b1, w2, b2):
    z1, h1, z2, h2 = forward(X, w1, b1, w2, b2)
    return np.mean(z2.argmax(axis=1) == y.argmax(axis=1))


def backward(X, y, h1, h2, w1, w2):
    """How the loss changes with each weight, by the chain rule: from the loss back to the inputs."""
    dL_dh2 = (h2 - y) / len(X)                                  # (N, 2)
    dh2_dz2 = h2 * (1 - h2)                                     # (N, 2)
    dL_dz2 = dL_dh2 * dh2_dz2                                   # (N, 2)
    dL_dw2 = h1.T @ dL_dz2                                      # (H, 2)
    dL_db2 = dL_dz2.sum(axis=0)                                 # (2,)
    dL_dh1 = dL_dz2 @ w2.T                                      # (N, H)
    dh1_dz1 = h1 * (1 - h1)                                     # (N, H)
    dL_dz1 = dL_dh1 * dh1_dz1                                   # (N, H)
    dL_dw1 = X.T @ dL_dz1                                       # (2, H)
    dL_db1 = dL_dz1.sum(axis=0)                                 # (H,)
    return dL_dw1, dL_db1, dL_dw2, dL_db2


def train(X, y, w1, b1, w2, b2, use_bias):
    """2000 steps; changes the numbers inside the arrays of the weights. Without biases, b1 and b2 stay 0."""
    for epoch in range(2000):
        z1, h1, z2, h2 = forward(X, w1, b1, w2, b2)
        dL_dw1, dL_db1, dL_dw2, dL_db2 = backward(X, y, h1, h2, w1, w2)
        if not use_bias:
            dL_db1 = dL_db2 = 0
        w1 -= learning_rate * dL_dw1
        b1 -= learning_rate * dL_db1
        w2 -= learning_rate * dL_dw2
        b2 -= learning_rate * dL_db2


X, y = load_XOR_data(300, seed=0)                               # training points
X_test, y_test = load_XOR_data(1000, seed=1)                    # test points
print("predictions in the plane, class 0 as . and class 1 as #")
for use_bias in (True, False):
    weights = initialize_weights(H=10)
    train(X, y, *weights, use_bias)
    print("\nwith biases" if use_bias else "\nwithout biases", end=": ")
    print(f"train {accuracy(X, y, *weights):.1%}, test {accuracy(X_test, y_test, *weights):.1%}")
    for x2 in np.linspace(3, -3, 13):
        places = np.array([[x1, x2] for x1 in np.linspace(-3, 3, 31)])
        z1, h1, z2, h2 = forward(places, *weights)
        print("".join(".#"[k] for k in z2.argmax(axis=1)))
