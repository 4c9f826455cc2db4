"""Brick 1: one layer. Its decision boundary is a straight line, and no straight line separates the classes of XOR."""
import numpy as np

# data: 300 points of the plane; the class is 1 if exactly one coordinate is positive, else 0
X = np.random.RandomState(0).randn(300, 2)                      # (N, 2), a row for each point
label = np.logical_xor(X[:, 0] > 0, X[:, 1] > 0).astype(int)    # (N,), the class of each point
y = np.eye(2)[label]                                            # (N, 2), row 0 or row 1 of the identity matrix
N = len(X)

# first weights: random, within 1 / sqrt(number of inputs); the biases start at 0
w = np.random.RandomState(2017).uniform(-1, 1, (2, 2)) / np.sqrt(2)
b = np.zeros(2)
learning_rate = 5


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(X):
    """From points to outputs: a weighted sum of the inputs for each class, plus a bias; then the sigmoid."""
    z = X @ w + b                                               # (N, 2), @ is the matrix product; each row gets b
    h = sigmoid(z)                                              # (N, 2), between 0 and 1
    return z, h


for epoch in range(201):
    z, h = forward(X)
    if epoch % 50 == 0:
        loss = np.sum((y - h)**2) / (2 * N)                     # how wrong the outputs are
        accuracy = np.mean(z.argmax(axis=1) == label)           # the predicted class is the one with the larger z
        print(f"epoch {epoch:4d}   loss {loss:.4f}   accuracy {accuracy:.1%}")

    dL_dh = (h - y) / N                                         # (N, 2), how the loss changes with each output
    dL_dz = dL_dh * h * (1 - h)                                 # (N, 2), ... with each weighted sum
    dL_dw = X.T @ dL_dz                                         # (2, 2), ... with each weight
    dL_db = dL_dz.sum(axis=0)                                   # (2,), ... with each bias
    w -= learning_rate * dL_dw                                  # a step: change each weight, so that the loss falls
    b -= learning_rate * dL_db

print("\npredictions in the plane, class 0 as . and class 1 as #")
for x2 in np.linspace(3, -3, 13):                               # rows from top to bottom
    places = np.array([[x1, x2] for x1 in np.linspace(-3, 3, 31)])
    z, h = forward(places)
    print("".join(".#"[k] for k in z.argmax(axis=1)))
