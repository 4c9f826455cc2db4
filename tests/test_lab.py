"""The lab: a right network is right in any style, each slip is named as itself, and each broken file explained."""
import io
import random
import re
import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest

import scratch_mlp
from docs.experiments import worksheet
from docs.experiments.exercise_figures import network_with, report_of
from docs.lab import check
from docs.lab.slips import BRICKS, no_penalty, results, same, slips_of, source_of
from tests.checks import PROJECT

STARTER = (PROJECT / "docs" / "lab" / "my_mlp.py").read_text(encoding="utf-8")
BLANK = re.compile(r"(?<=return |.... = )\.\.\.(?= *#|\n)")
FILLED = """1 / (1 + np.exp(-z)); X @ w1 + b1; sigmoid(z1); h1 @ w2 + b2; sigmoid(z2)
np.sum((y - h2)**2) / (2 * len(y)) + reg_coeff / (2 * len(y)) * (np.sum(w1**2) + np.sum(w2**2))
(h2 - y) / len(X); dL_dh2 * h2 * (1 - h2); h1.T @ dL_dz2 + reg_coeff / len(X) * w2; dL_dz2.sum(axis=0)
dL_dz2 @ w2.T; dL_dh1 * h1 * (1 - h1); X.T @ dL_dz1 + reg_coeff / len(X) * w1; dL_dz1.sum(axis=0)
w1 - learning_rate * dL_dw1; b1 - learning_rate * dL_db1; w2 - learning_rate * dL_dw2; b2 - learning_rate * dL_db2
forward(X, *weights); backward(X, y, h1, h2, w1, w2, reg_coeff); step(weights, gradients, learning_rate)"""
LINES = re.split("; |\n", FILLED)
PENALTY = re.compile(r" \+ reg_coeff / .*")
RIGHT = network_with("forward", ())


def filled(count=None):
    """The starter with its first blanks filled."""
    lines = iter(LINES[:count])
    return BLANK.sub(lambda blank: next(lines, "..."), STARTER)


def states(output):
    return re.findall(rf"^(?:{'|'.join(BRICKS)}) +(\w.*)$", output.partition("\n\n")[0], re.MULTILINE)


def test_from_the_starter_to_the_end_nothing_right_is_called_wrong():
    """With the penalty, and without it; then a slip is explained first, and compared without the penalty."""
    for count in range(len(LINES)):
        for text in (filled(count), PENALTY.sub("", filled(count))):
            status, output = report_of(text)
            assert status == 1
            assert set(states(output)) <= {"right", "unfinished", "right without its penalty"}, output
            assert "    still to do: " in output
    assert report_of(filled()) == (0, "".join(f"{b:<10}right\n" for b in BRICKS) +
                                   "\nAll is right: you have written a neural network.\n")
    text = filled().replace("/ (2 * len(y)) +", "/ len(y) +").replace(LINES[0], "...")
    status, output = report_of(PENALTY.sub("", text))
    assert states(output) == ["unfinished", "right", "wrong", "right without its penalty", "right", "right"]
    assert "loss is wrong:\n    1/2 is missing from the squared error\n    still to do: the penalty in the lo" in output
    assert "the loss of the small problem (see docs/lab.md):\n    expected   yours\n" in output
    assert "penalty, as reg_coeff is not handed to backward" in report_of(network_with("train", no_penalty("train")))[1]


# ---------------------------------------------------------------- slips

def named(brick, slips):
    """The slips that are named in the report of a file with these slips."""
    status, output = report_of(network_with(brick, slips))
    assert status == 1
    assert states(output) == ["wrong" if name == brick else "right" for name in BRICKS]
    said = [line.strip() for line in output.splitlines()]
    return tuple(slip for slip in slips_of(brick) if slip[0] in said)


@pytest.mark.parametrize("brick", BRICKS)
def test_each_slip_is_named_as_itself(brick):
    assert len(slips_of(brick)) > 6
    for slip in slips_of(brick):
        lost = [right for right, _ in slip[1] if source_of(brick).count(right) != 1]
        assert not lost, f"docs/lab/slips.json: {lost} is not in {brick} now; write there what stands in its place"
        if not slip[0].startswith("still to do"):
            assert named(brick, (slip,)) == (slip,)


@pytest.mark.parametrize(("brick", "count"), [
    ("forward", 10), ("loss", 10), ("backward", 4), ("train", 10),
    pytest.param("backward", 200, marks=pytest.mark.slow)])
def test_pairs_of_slips_are_named_as_both(brick, count):
    """Or, for few, by others that do the same, or one only: after h2 * 1 - h2, another slip in z2 changes nothing."""
    pairs = random.Random(count).sample([*combinations(slips_of(brick), 2)], 2 * count)
    pairs = [pair for pair in pairs if results(brick, pair)][:count]
    found = [named(brick, pair) for pair in pairs]
    assert sum(map(tuple.__eq__, found, pairs)) > 0.6 * len(pairs) > 0.5 * count
    for one, other in zip(found, pairs, strict=True):
        assert {*one} <= {*other} or all(map(same, results(brick, one), results(brick, other)))


# ---------------------------------------------------------------- other styles

STYLES = """
def forward(points, A, a, B, b):
    first = np.einsum("nd,dh->nh", points, A) + a[None, :]
    second = np.dot(sigmoid(first), B) + b.reshape(1, -1)
    return [first, sigmoid(first), second, sigmoid(second)]

def loss(y, h2, w1, w2, reg_coeff=0.0):
    total = 0.5 * reg_coeff * sum(np.linalg.norm(w)**2 for w in (w1, w2))
    for label, output in zip(y, h2):
        total += 0.5 * np.dot(label - output, label - output)
    return total / y.shape[0]

def backward(X, y, h1, h2, w1, w2, reg_coeff=0.0):
    g1, c1, g2, c2 = reg_coeff * w1, 0, reg_coeff * w2, 0
    for x, label, hidden, output in zip(X, y, h1, h2):
        d2 = (output - label) * output * (1 - output)
        d1 = w2 @ d2 * hidden * (1 - hidden)
        g1, c1, g2, c2 = g1 + np.outer(x, d1), c1 + d1, g2 + np.outer(hidden, d2), c2 + d2
    return [gradient / len(X) for gradient in (g1, c1, g2, c2)]

def step(weights, gradients, learning_rate): return [w - learning_rate * g for w, g in zip(weights, gradients)]

def train(X, y, weights, num_epochs, learning_rate, reg_coeff=0.0):
    weights = [np.array(w) for w in weights]
    for _ in range(num_epochs):
        _, h1, _, h2 = forward(X, *weights)
        for w, gradient in zip(weights, backward(X, y, h1, h2, weights[0], weights[2], reg_coeff)):
            w -= learning_rate * gradient
        print(loss(y, h2, weights[0], weights[2], reg_coeff))
    return weights
"""


@pytest.mark.parametrize("style", re.split(r"\n\n(?=def)", STYLES))
def test_other_styles_are_right(style):
    assert report_of(f"{RIGHT}\n{style}")[0] == 0


def test_bricks_that_are_right_by_themselves_only():
    """A sigmoid of two axes, which all others get, and a hidden layer of one point at a time, which needs one axis."""
    lines = """def sigmoid(z): return np.array([[1 / (1 + np.exp(-number)) for number in row] for row in z])
def forward(X, w1, b1, w2, b2):
    h1 = np.array([sigmoid(x @ w1 + b1) for x in X])
    return X @ w1 + b1, h1, h1 @ w2 + b2, 1 / (1 + np.exp(-(h1 @ w2 + b2)))"""
    status, output = report_of(f"{RIGHT}\n{lines}")
    assert (status, {*states(output)}) == (1, {"right"})
    assert "\neach brick is right by itself, but they do not run together:\n    line " in output


# ---------------------------------------------------------------- broken files

@pytest.mark.parametrize(("lines", "said"), [
    ("del step", "step is wrong:\n    there is no function step\n"),
    ("def forward(X): return X", "takes 1 positional argument but 5 were given\n"),
    ("def forward(X, w1, *a): return w1 @ X", "the left side of @ has 5 columns, the right side 7 rows\n    sha"),
    ("def loss(*a): pass", "loss is wrong:\n    it returns None: is there a return at its end?\n"),
    ("def loss(y, *a): return np.sum(y) / N", "not defined: it is len(y)\n    shapes: y (N, K); N = 7"),
    ("from scratch_mlp import loss", "loss is imported from scratch_mlp: it should be your own\n"),
    ("def step(ws, gradients, rate): return [w - rate * g for w, g in zip(ws, gradients)][::-1]",
     "step is wrong:\n    wrong: w1, b1, w2, b2\n"),
    ("def sigmoid(z): return z.T", "shape of s(z): expected (N, H), yours (H, N)\n"),
    ("def sigmoid(z): return 1 / (1 + np.exp(-z.astype('f4')))", "s(z) is right to a few digits only"),
    ("def sigmoid(z):\n z *= -1\n return 1 / (1 + np.exp(z))", "it changes z in place, as w -= ... and w[0] = ... do"),
    ("def sigmoid(z):\n print(z.shape)\n return z - 1", "in the judged problem:\n    (7, 5)\n\n    wrong: s(z)\n"),
    ("h1 = sigmoid(z1", "cannot be loaded:\nline 51, column 13: '(' was never closed\n    h1 = sigmoid(z1\n"),
    ("exit()", "cannot be loaded:\nline 51, in <module>:\n    exit()\nSystemExit: it ends the program\n")])
def test_what_a_file_may_do(lines, said, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    status, output = report_of(f"{RIGHT}\n{lines}\n")
    assert status == (2 if "cannot be loaded" in output else 1)
    assert said in output
    assert len(output) < 2000


def test_processes(tmp_path):
    """What hangs or ends its process, and what is not there; from another folder, all at once."""
    cases = {"hangs.py": (1, f"{RIGHT}\ndef loss(*a):\n print('x')\n while 1: pass", "\n    x\n\n    line 53, in"),
             "ends.py": (1, f"{RIGHT}\ndef step(*a):\n  import os; os._exit(0)", "step is wrong:\n    no"),
             "hangs_at_once.py": (2, "while True: pass", "cannot be loaded:\nline 1, in <module>"),
             "starter.py": (1, STARTER, "sigmoid is unfinished"), "nowhere.py": (2, None, "there is no file")}
    running = {}
    for name, (_, text, _) in cases.items():
        if text:
            (tmp_path / name).write_text(text, encoding="utf-8")
        seconds = "200" if name == "starter.py" else "8"        # enough on a busy machine, too
        command = [sys.executable, PROJECT / "docs" / "lab" / "check.py", name, "--seconds", seconds]
        running[name] = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    for name, (status, text, said) in cases.items():
        output, _ = running[name].communicate(timeout=600)
        assert (running[name].returncode, said in output) == (status, True), output
        assert text is None or (tmp_path / name).read_text(encoding="utf-8") == text


def test_film(tmp_path, capsys):
    def ask(function, *arguments):
        return function(*arguments)
    assert report_of(RIGHT)[0] == 0
    assert len(check.trained(tmp_path / "mine.py", ask, num_epochs=8)) == 9
    said = capsys.readouterr().out
    assert re.search(r"^It is right on \d\d\.\d% of its 300 points, and on \d\d\.\d% of others", said, re.MULTILINE)
    report_of(f"{RIGHT}\ndef train(*a): return 1 / 0")
    assert check.trained(tmp_path / "mine.py", ask) == []
    assert capsys.readouterr().out.endswith("No film:\nZeroDivisionError: division by zero\n")


# ---------------------------------------------------------------- pages

def test_sections_are_there():
    tutorial = (PROJECT / "docs" / "index.md").read_text(encoding="utf-8")
    sections = {*check.SECTIONS.values(), *re.findall(r'^    """(.*?)\. ', STARTER, re.MULTILINE)}
    assert len(sections) > 6
    for section in sections:
        assert re.search(rf"^#+ {re.escape(section)}$", tutorial, re.MULTILINE), section


def test_the_worksheet_can_be_done_by_hand(monkeypatch):
    """With sigmoids of two digits, as on the sheet, all comes out as in the key, within 0.002."""
    key = worksheet.key()
    monkeypatch.setattr(scratch_mlp, "sigmoid", lambda z: np.round(1 / (1 + np.exp(-z)), 2))
    for name, value in worksheet.key().items():
        np.testing.assert_allclose(value, key[name], rtol=0, atol=0.002)
    assert set(np.round(np.append(key["z1"], key["z2"]), 2)) == {-1.1, 0, 1.1}
