"""Brick 2: a hidden layer. The boundary can bend, and the network learns XOR: slowly, as its gradient is measured."""
import numpy as np

# data: 300 points of the plane; the class is 1 if exactly one coordinate is positive, else 0
X = np.random.RandomState(0).randn(300, 2)                      # (N, 2), a row for each point
label = np.logical_xor(X[:, 0] > 0, X[:, 1] > 0).astype(int)    # (N,), the class of each point
y = np.eye(2)[label]                                            # (N, 2), row 0 or row 1 of the identity matrix
N, H = len(X), 5                                                # points, hidden neurons

# first weights: random, within 1 / sqrt(number of inputs); the biases start at 0
rng = np.random.RandomState(2017)
w1, b1 = rng.uniform(-1, 1, (2, H)) / np.sqrt(2), np.zeros(H)
w2, b2 = rng.uniform(-1, 1, (H, 2)) / np.sqrt(H), np.zeros(2)
learning_rate = 5


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(X):
    """From points to outputs, through two layers: the outputs of the hidden layer are the inputs of the next."""
    z1 = X @ w1 + b1                                            # (N, H)
    h1 = sigmoid(z1)                                            # (N, H)
    z2 = h1 @ w2 + b2                                           # (N, 2)
    h2 = sigmoid(z2)                                            # (N, 2)
    return z1, h1, z2, h2


def loss():
    z1, h1, z2, h2 = forward(X)
    return np.sum((y - h2)**2) / (2 * N)


def measured_gradient(w):
    """How the loss changes with each entry of w: move the entry a little up and a little down, and compare."""
    gradient = np.zeros_like(w)
    for index in np.ndindex(w.shape):
        old = w[index]
        w[index] = old + 1e-5                                   # w is w1, b1, w2 or b2 itself, so loss() changes
        above = loss()
        w[index] = old - 1e-5
        below = loss()
        w[index] = old
        gradient[index] = (above - below) / 2e-5
    return gradient


for epoch in range(601):
    if epoch % 100 == 0:
        z1, h1, z2, h2 = forward(X)
        accuracy = np.mean(z2.argmax(axis=1) == label)
        print(f"epoch {epoch:4d}   loss {loss():.4f}   accuracy {accuracy:.1%}")

    dL_dw1, dL_db1, dL_dw2, dL_db2 = [measured_gradient(w) for w in (w1, b1, w2, b2)]
    w1 -= learning_rate * dL_dw1
    b1 -= learning_rate * dL_db1
    w2 -= learning_rate * dL_dw2
    b2 -= learning_rate * dL_db2

print("\npredictions in the plane, class 0 as . and class 1 as #")
for x2 in np.linspace(3, -3, 13):                               # rows from top to bottom
    places = np.array([[x1, x2] for x1 in np.linspace(-3, 3, 31)])
    z1, h1, z2, h2 = forward(places)
    print("".join(".#"[k] for k in z2.argmax(axis=1)))
