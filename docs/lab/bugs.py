"""Slips of the pen, each to be planted in a copy of scratch_mlp.py; the checks have to notice it."""
from docs.lab.checks import CHECKS, PROJECT

SOURCE = (PROJECT / "scratch_mlp.py").read_text(encoding="utf-8")

BUGS = {                                         # what is wrong: (the line as it is, the line as it should not be)
    "1/N of the gradient dropped": ("dL_dh2 = (h2 - y) / N", "dL_dh2 = (h2 - y)"),
    "sign of the error": ("dL_dh2 = (h2 - y) / N", "dL_dh2 = (y - h2) / N"),
    "the article's penalty for w2": ("reg_coeff / N * dR_dw(w2)", "reg_coeff * (w2**2).sum()"),
    "the article's penalty for w1": ("reg_coeff / N * dR_dw(w1)", "reg_coeff * (w1**2).sum()"),
    "1/N of the penalty dropped": ("reg_coeff / N * dR_dw(w1)", "reg_coeff * dR_dw(w1)"),
    "penalty on the biases": ("b2 -= rate * dL_db2", "b2 -= rate * (dL_db2 + reg_coeff * b2)"),
    "penalty of w1 counted twice": ("np.sum(R(w1)) + np.sum(R(w2))", "np.sum(R(w1)) + np.sum(R(w1))"),
    "penalty not halved": ('"l2": (lambda w: w**2 / 2,', '"l2": (lambda w: w**2,'),
    "l1 with the derivative of l2": ("(np.abs, np.sign)", "(np.abs, lambda w: w)"),
    "l1 with the sizes of l2": ("(np.abs, np.sign)", "(np.square, np.sign)"),
    "loss not halved": ("/ (2 * N) + reg_coeff / N", "/ N + reg_coeff / N"),
    "w2 updated before dL_dz1": ("dL_dh1 = dL_dz2 @ w2.T", "dL_dh1 = dL_dz2 @ (w2 - dL_dw2).T"),
    "s' of h instead of z, output": ("dh2_dz2 = h2 * (1 - h2)", "dh2_dz2 = sigmoid(h2) * (1 - sigmoid(h2))"),
    "s' of h instead of z, hidden": ("dh1_dz1 = h1 * (1 - h1)", "dh1_dz1 = sigmoid(h1) * (1 - sigmoid(h1))"),
    "z (1 - z) for s'": ("dh1_dz1 = h1 * (1 - h1)", "z1 = np.log(h1 / (1 - h1)); dh1_dz1 = z1 * (1 - z1)"),
    "s' of the output forgotten": ("dL_dz2 = dL_dh2 * dh2_dz2", "dL_dz2 = dL_dh2"),
    "s' of the hidden layer forgotten": ("dL_dz1 = dL_dh1 * dh1_dz1", "dL_dz1 = dL_dh1"),
    "b1 learns from one point": ("dL_db1 = dL_dz1.sum(axis=0)", "dL_db1 = dL_dz1[0]"),
    "b2 learns from the mean": ("dL_db2 = dL_dz2.sum(axis=0)", "dL_db2 = dL_dz2.mean(axis=0)"),
    "b1 forgotten": ("z1 = X @ w1 + b1", "z1 = X @ w1"),
    "b1 never updated": ("b1 -= rate * dL_db1", "b1 -= 0"),
    "uphill": ("w1 -= rate * dL_dw1", "w1 += rate * dL_dw1"),
    "one-hot swapped": ("np.eye(2)[label]", "np.eye(2)[1 - label]"),
    "OR for XOR": ("np.logical_xor", "np.logical_or"),
    "fan out for fan in": ("/ np.sqrt(hidden_dim)", "/ np.sqrt(output_dim)"),
    "argmin for argmax": ("return z2.argmax(axis=1)", "return z2.argmin(axis=1)"),
    "class of the larger output, ties and all": ("return z2.argmax(axis=1)", "return h2.argmax(axis=1)"),
    "no bias, trained all the same": ("dL_db1 = dL_db2 = 0.0", "pass"),
    "clipping does nothing": ("return clip_norm / norm if", "return 1.0 if"),
    "clipping lengthens, too": ("if norm > clip_norm else 1.0", "if norm > 0 else 1.0"),
    "decay forgotten": ("/ (1 + hp.lr_decay * epoch)", "/ 1"),
    "penalty in full for each minibatch": ("hp.reg_coeff * len(X_batch) / len(X)", "hp.reg_coeff"),
    "minibatches too large": ("math.ceil(len(X) / batch_size)", "len(X) // batch_size"),
    "last batch left out": ("for part in parts]", "for part in parts[:-1]]"),
    "classes not shuffled with the points": ("(X[part], y[part])", "(X[part], y[:len(part)])"),
    "never shuffled": ("rng.permutation(len(X)) if rng else", "np.arange(len(X)) if rng else"),
    "snapshots share one array": ("[weight.copy() for weight in weights]", "weights"),
    "accuracy on other points": ("hp.data_seed + 1", "hp.data_seed"),
}


def run_checks(module):
    for check in CHECKS:
        check(module)
