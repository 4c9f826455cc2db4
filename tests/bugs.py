"""Bugs to be planted in a copy of scratch_mlp.py, {what is wrong: (right, wrong)}; the checks have to notice each.

They are the slips of the lab, each in one layer, that keep the shapes and are wrong for two outputs, too; the bugs of
the exercises; and slips that only the script can have.
"""
import inspect

from docs.lab import bugs
from docs.lab.slips import BRICKS, broken_source, results, same, slips_of
from tests.checks import SOURCE

BUGS = {
    "z (1 - z) for the derivative of the sigmoid":
        ("h1 * (1 - h1)", "np.log(h1 / (1 - h1)) * (1 - np.log(h1 / (1 - h1)))"),
    "penalty on the biases": ("b2 -= rate * dL_db2", "b2 -= rate * (dL_db2 + hp.reg_coeff * b2)"),
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
    "last batch left out": ("for rows in parts]", "for rows in parts[:-1]]"),
    "never shuffled": ("rng.permutation(len(X))", "np.arange(len(X))"),
    "snapshots share one array": ("w1.copy(), b1.copy(), w2.copy(), b2.copy()", "w1, b1, w2, b2"),
}
BUGS |= {f"exercise {number}": bug for number, bug in bugs.BUGS.items()}


def can_be_planted(brick, slip):
    """Whether the slip changes what the brick returns for two outputs, and no shape."""
    made, right = (results(brick, slips, "penalised") for slips in ((slip,), ()))
    return made and not all(map(same, made, right)) and [a.shape for a in made] == [a.shape for a in right]


BUGS |= {says: (inspect.getsource(BRICKS[brick]), broken_source(brick, [(says, changes)]))
         for brick in ("sigmoid", "forward", "loss", "backward") for says, changes in slips_of(brick)
         if len(changes) == 1 and can_be_planted(brick, (says, changes))}


def program_with(bug):
    """scratch_mlp.py with this bug."""
    right, wrong = BUGS[bug]
    assert SOURCE.count(right) == 1, f"tests/bugs.py: {right!r} is not in scratch_mlp.py now; change it there"
    return SOURCE.replace(right, wrong)
