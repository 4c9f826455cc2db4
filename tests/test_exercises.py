"""Each exercise of the docs: its answer is computed here, by running what it is about, and slips get their hints."""
import json
import os
import re
import signal
import subprocess
import sys
from fractions import Fraction
from functools import cache
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
from checks import module_of, settings
from test_mutants import SOURCE, run_checks

from scratch_mlp import (
    accuracy,
    backward,
    forward,
    initialize_weights,
    load_XOR_data,
    loss,
    run_epoch,
    train,
)

DOCS = Path(__file__).parent.with_name("docs")
sys.path.append(str(DOCS))
import exercise_figures  # noqa: E402
import exercises  # noqa: E402

PAGE = (DOCS / "exercises.md").read_text(encoding="utf-8")
X, y = load_XOR_data()


# ---------------------------------------------------------------- predictions

def loss_at_zero():
    zeros = [0 * weight for weight in initialize_weights(2, 10, 2)]
    return loss(y, forward(X, *zeros)[-1], zeros[0], zeros[2])


@cache
def runs():
    return exercise_figures.ordered_runs(1)


def panels():
    letters = {flags: letter for letter, (flags, _) in zip("abcd", runs(), strict=True)}
    return "".join(letters[f"--{setting}"] for setting in (
        "learning_rate 0.5", "reg_coeff 3", "learning_rate 5", "use_bias False"))


def rate_of_the_mean():
    w1, b1, w2, b2 = initialize_weights(2, 10, 2)
    z1, h1, z2, h2 = forward(X[:50], w1, b1, w2, b2)
    of_mean = backward(X[:50], y[:50], h1, h2, w1, w2)[0]
    of_sum = sum(backward(X[n:n + 1], y[n:n + 1], h1[n:n + 1], h2[n:n + 1], w1, w2)[0] for n in range(50))
    assert np.ptp(of_sum / of_mean) < 1e-9
    return 0.003 * (of_sum / of_mean)[0, 0]


def penalty_of_twice_the_points():
    """The gradient is linear in reg_coeff: where is that of twice the points what that of the points was?"""
    def gradient(times, reg_coeff):
        points, classes = np.tile(X, (times, 1)), np.tile(y, (times, 1))
        z1, h1, z2, h2 = forward(points, w1, b1, w2, b2)
        return backward(points, classes, h1, h2, w1, w2, reg_coeff)[0][0, 0]
    w1, b1, w2, b2 = initialize_weights(2, 10, 2)
    return (gradient(1, 1e-4) - gradient(2, 0)) / (gradient(2, 1) - gradient(2, 0))


def kinds_of_neurons():
    weights = [0 * weight for weight in initialize_weights(2, 10, 2)]
    for epoch in range(2000):
        run_epoch(X, y, *weights, epoch, None, settings())
    assert np.abs(weights[0]).min() > 0.1
    return np.unique(weights[0].round(9), axis=1).shape[1]


def diverging_rate():
    """Where the factor of a step, at weights whose outputs are what they should be, is -1; and training agrees."""
    weights = initialize_weights(2, 10, 2)
    before = weights[0].copy()
    run_epoch(X, forward(X, *weights)[-1], *weights, 0, None, settings(reg_coeff=3.0, learning_rate=1.0))
    rate = 2 / (1 - weights[0] / before)[0, 0]
    for factor, finite in ((0.9, True), (1.1, False)):
        with np.errstate(over="ignore", invalid="ignore"):
            *_, last = train(settings(reg_coeff=3.0, learning_rate=factor * rate, num_epochs=4500, num_frames=0))
        assert np.isfinite(last.loss) == finite
    return rate


def share_of_or():
    """Three neurons without biases come as near as one likes: s(k x1) + s(k x2) > s(0), where k is large."""
    points, _ = load_XOR_data(10_000, seed=1)
    either = np.eye(2)[(points > 0).any(axis=1).astype(int)]
    w2 = np.outer([1, 1, -1], [-1, 1])
    with np.errstate(over="ignore"):
        shares = [accuracy(points, either, k * np.eye(2, 3), np.zeros(3), w2, np.zeros(2)) for k in (1, 10, 100, 1e4)]
    assert shares == sorted(shares)
    return round(shares[-1], 3)


def same_networks():
    rng = np.random.default_rng(0)
    w1, b1, w2, b2 = rng.normal(size=(2, 3)), rng.normal(size=3), rng.normal(size=(3, 2)), rng.normal(size=2)
    reached = set()
    for order, signs in product(permutations(range(3)), product((-1, 1), repeat=3)):
        order, signs = list(order), np.array(signs)
        turned = w2[order][signs < 0].sum(axis=0)
        changed = w1[:, order] * signs, b1[order] * signs, w2[order] * signs[:, None], b2 + turned
        np.testing.assert_allclose(forward(X, *changed)[-1], forward(X, w1, b1, w2, b2)[-1])
        reached.add(tuple(changed[1]))
    return len(reached)


ANSWERS = {                                         # how each is found, and the slips that have hints of their own
    "1": (loss_at_zero, ("1/2", "1/8", "75")),
    "2": (panels, ("cbda", "dacb")),
    "3": (rate_of_the_mean, ("0.9", "0.00006", "0.003")),
    "4": (penalty_of_twice_the_points, ("0.0001", "0.00005")),
    "5": (kinds_of_neurons, ("10", "0", "2")),
    "6": (diverging_rate, ("100", "2/3", "400")),
    "7": (share_of_or, ("75%", "7/8", "0.5")),
    "8": (same_networks, ("6", "8", "14", "18")),
}
BUGS = {number: exercise for number, exercise in exercises.EXERCISES.items() if exercise["kind"] == "line"}
NUMBERS = [number for number in ANSWERS if number != "2"]


def exact(value):
    """The short fraction that a number is but for rounding."""
    fraction = Fraction(value).limit_denominator(10_000)
    assert abs(fraction - Fraction(value)) < 1e-9 * fraction
    return fraction


@pytest.mark.parametrize("number", NUMBERS)
def test_prediction(number):
    find, slips = ANSWERS[number]
    answer = exact(find())
    assert exercises.digest(number, answer) == exercises.EXERCISES[number]["right"]
    plain = float(answer)
    for spelling in (f"{answer}", f"+{answer}", f"{plain}", f"{plain:e}", f"{100 * plain:.10g}%"):
        assert exercises.judge(number, spelling) == (True, exercises.unpack(exercises.EXERCISES[number]["why"]))
    for factor in (0.5, 0.99, 1.01, 2, 3, 10, -1):
        assert not exercises.judge(number, f"{plain * factor:f}")[0]
    check_slips(number, slips)


def test_panels():
    """Their order is plain, so that it is the same on other machines."""
    answer = panels()
    assert exercises.digest("2", answer) == exercises.EXERCISES["2"]["right"]
    losses = [history[-1].loss for _, history in runs()]
    assert all(higher > 1.01 * lower for higher, lower in zip(losses, losses[1:], strict=False))
    assert exercises.judge("2", ", ".join(answer.upper()))[0]
    assert [letters for letters in map("".join, permutations("abcd")) if exercises.judge("2", letters)[0]] == [answer]
    check_slips("2", ANSWERS["2"][1])


def check_slips(number, slips):
    exercise = exercises.EXERCISES[number]
    said = [exercises.judge(number, slip) for slip in slips]
    assert said == [(False, hint) for hint in exercise["slips"].values()]
    assert len({exercise["hint"], *exercise["slips"].values()}) == len(slips) + 1


# ---------------------------------------------------------------- by hand

def by_hand(steepness, tilt=0.0):
    """Two bumps, one over each diagonal, the second tilted; the difference of their heights decides."""
    w1 = np.array([[1.0, -1.0, 1.0, -1.0], [1.0, -1.0, -1.0, 1.0]])
    w1[:, 2:] += tilt * np.array([1, -1])
    w2 = steepness * np.outer([1, 1, -1, -1], [-1, 1])
    return json.dumps({"w1": w1.tolist(), "b1": [1] * 4, "w2": w2.tolist(), "b2": [0, 0]})


def test_by_hand(tmp_path):
    file = tmp_path / "weights.json"
    file.write_text(by_hand(1e4))
    for text in (by_hand(1e4), str(file)):
        assert exercises.judge("9", text)[0]
    for steepness, found in ((1, "100.00%"), (-1e4, "0.00%"), (0, "5"), (1e308, "")):
        right, said = exercises.judge("9", by_hand(steepness))
        assert not right
        assert said.startswith(found)
    right, said = exercises.judge("9", by_hand(1e4, tilt=0.01))         # sure, but not right in 99.9 %
    assert (right, said[:5], "the loss is 0.00" in said) == (False, "99.73", True)
    *_, last = train(settings(hidden_dim=4, num_frames=0, num_epochs=5000, learning_rate=1.0))
    trained = {name: getattr(last, name).tolist() for name in ("w1", "b1", "w2", "b2")}
    assert not exercises.judge("9", json.dumps(trained))[0]
    sample = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1]
    assert exercises.judge("9", sample)[1].startswith("5")


# ---------------------------------------------------------------- bugs

@pytest.mark.parametrize("number", BUGS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_bug(number):
    """It is in one line, the checks catch it, and only this line is the answer; others in its function are near."""
    program, line, why = exercises.broken_program(number)
    changed = [i for i, (a, b) in enumerate(zip(SOURCE.splitlines(), program.splitlines(), strict=True), 1) if a != b]
    assert changed == [line]
    assert program.splitlines()[line - 1].strip() not in PAGE + json.dumps(exercises.EXERCISES)
    with pytest.raises(AssertionError):
        run_checks(module_of(program))
    assert exercises.judge(number, str(line)) == (True, why)
    answers = {i: exercises.judge(number, str(i)) for i in (1, line - 1, line + 1)}
    assert not any(right for right, _ in answers.values())
    assert [BUGS[number]["hint"] in said for _, said in answers.values()] == [True] * 3
    assert ["right function" in said for _, said in answers.values()][0] is False
    assert any("right function" in said for _, said in answers.values())


@pytest.mark.parametrize(("number", "wrong", "wrong_with_penalty"), [
    ("10", "w1 b1", "w1 b1"), ("11", "w1 b1 w2 b2", "w1 b1 w2 b2"), ("12", "", "w1"), ("13", "", ""), ("14", "", "")])
def test_symptoms(number, wrong, wrong_with_penalty):
    """The page says which gradients are off, and what is to be seen of the trainings."""
    program, *_ = exercises.broken_program(number)
    lines = list(exercises.symptoms(module_of(program)))
    errors = {line[4:6]: line.split()[1:] for line in lines if line.startswith("dL_")}
    for column, names in enumerate((wrong, wrong_with_penalty)):
        assert " ".join(name for name, both in errors.items() if float(both[column]) > 1e-12) == names
    rows = np.array([[float(number) for number in re.findall(r"\d+\.\d+", line)] for line in lines[-3:]])
    (loss, train, test), right = rows[:, :3].T, rows[:, 3:].T
    assert {
        "10": np.allclose(loss, right[0], atol=0.002) and (loss != right[0]).any(),
        "11": np.allclose(loss, right[0] / 2, rtol=0.01) and (train == right[1]).all(),
        "12": (rows[:, :3] == rows[:, 3:]).all(),
        "13": loss[1] > 0.24 and train[1] < 60 and (rows[::2, :3] == rows[::2, 3:]).all(),
        "14": (rows[:, :2] == rows[:, 3:5]).all() and (test != right[2]).all() and test[2] == train[2],
    }[number]


def test_answers_do_not_stand_there():
    """Nor as numbers, where they are not too common, nor the bugs."""
    texts = [PAGE, Path(exercises.__file__).read_text(encoding="utf-8")]
    for exercise in exercises.EXERCISES.values():
        texts += [exercise["ask"], exercise["hint"], *exercise.get("slips", {}).values()]
    texts = "\n".join(texts)
    for number in ("1", "3", "4", "6", "8"):
        answer = exact(ANSWERS[number][0]())
        for spelling in {str(answer), f"{float(answer):.10g}", f"{float(answer):f}".rstrip("0").rstrip(".")}:
            assert not re.search(rf"(?<![\w./]){re.escape(spelling)}(?![\w/]|\.\d)", texts), (number, spelling)
    assert panels() not in texts


# ---------------------------------------------------------------- the command line

def run(*arguments, **options):
    command = [sys.executable, DOCS / "exercises.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, **options)


@pytest.fixture
def main(monkeypatch, capsys):
    """Calls main with arguments; gives the status, the output and the errors."""
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["exercises.py", *arguments])
        return exercises.main(), *capsys.readouterr()
    return call


def test_asking(main):
    """Without an answer; all are on the page, under their numbers."""
    status, listed, _ = main()
    assert status == 0
    assert len(listed.splitlines()) == len(exercises.EXERCISES)
    assert re.findall(r"^### (\d+)\.", PAGE, re.MULTILINE) == list(exercises.EXERCISES)
    for number in exercises.EXERCISES:
        assert re.search(rf"^python docs/exercises.py {number} (ANSWER|weights.json)$", PAGE, re.MULTILINE)
    for number in (*ANSWERS, "9"):
        status, asked, errors = main(number)
        assert (status, errors) == (0, "")
        assert asked.startswith(f"{number}. ")


def test_answering(main):
    assert main("5", "ten")[0] == 2
    assert main("5", "10")[:2] == (1, "wrong: " + exercises.judge("5", "10")[1] + "\n")
    for number, answer in (("5", [" 1 "]), ("7", ["100", "%"])):
        why = exercises.unpack(exercises.EXERCISES[number]["why"])
        assert main(number, *answer)[:2] == (0, f"right: {why}\n")


@pytest.mark.parametrize("arguments", [
    ("0",), ("15",), ("x",), ("1.0",), ("", "1"), ("1", "x"), ("1", ""), ("1", "nan"), ("1", "1/0"), ("1", "1e9999999"),
    ("1", "9" * 5000), ("1", "a\nb"), ("1", "-1/4"), ("1", "--x"), ("--answer", "1"), ("2", "abc"), ("2", "aabb"),
    ("9", "{"), ("9", "[]"), ("9", "1"), ("9", "{}"), ("9", "nowhere.json"), ("9", "[" * 100_000),
    ("9", by_hand(1).replace("[0, 0]", "[0, NaN]")), ("9", by_hand(1).replace("[0, 0]", "[0, null]")),
    ("9", by_hand(1).replace("[0, 0]", "[0]")), ("9", by_hand(1).replace("[0, 0]", "[0, [1]]")),
    ("9", by_hand(1).replace("[0, 0]", f"[0, {'9' * 400}]")), ("9", by_hand(1).replace("[0, 0]", "{}")),
    ("10", "0"), ("10", "100000"), ("10", "x"), ("10", "2.5"), ("10", "9" * 5000)], ids=lambda a: " ".join(a)[:30])
def test_bad_usage(main, arguments):
    status, output, errors = main(*arguments)
    assert (status, output) == (2, "")
    assert errors.startswith("exercises.py: error: ")
    assert errors.count("\n") == 1
    assert len(errors) < 400


def test_a_changed_script_is_refused(main, monkeypatch):
    monkeypatch.setattr(exercises, "source", lambda: "")
    status, output, errors = main("10")
    assert (status, output, errors.count("\n")) == (2, "", 1)


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT for one process")
def test_interrupted():
    """Ctrl-C ends it without a traceback, here while it trains: the program is printed, its symptoms are not."""
    process = subprocess.Popen([sys.executable, DOCS / "exercises.py", "10"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.communicate()[1] == ""
    assert process.returncode == -signal.SIGINT


def test_the_printed_program_runs(tmp_path):
    """From another folder, redirected; the symptoms are not in it."""
    asked = run("10", cwd=tmp_path)
    assert asked.returncode == 0
    assert "complex step" in asked.stderr
    assert asked.stdout == exercises.broken_program("10")[0]
    program = module_of(asked.stdout)
    assert len(list(program.train(settings(program, num_epochs=10, num_frames=1)))) == 2


def test_a_reader_that_goes_away():
    process = subprocess.Popen([sys.executable, DOCS / "exercises.py", "13"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 0
    assert "Error" not in errors


def test_help():
    assert run("--help").stdout.startswith("usage: exercises.py")
