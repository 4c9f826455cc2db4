"""Each exercise of the docs: its answer is computed here, by running what it is about, and slips get their hints."""
import functools
import json
import re

import numpy as np
import pytest

import scratch_mlp
from docs.experiments import common, exercise_figures
from docs.lab import exercises
from docs.lab.bugs import SOURCE, run_checks
from docs.lab.checks import PROJECT, module_of, settings
from docs.lab.exercises import EXERCISES, broken_program, judge

PAGE = (PROJECT / "docs" / "lab.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (\d+)\. (.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
NUMBERS = {n: exercises.KINDS["number"][0](e["answer"]) for n, e in EXERCISES.items() if e["kind"] == "number"}
EDITED = {"learning_rate": 9.0, "reg_coeff": 5.0, "use_bias": False, "batch_size": 7, "lr_decay": 1.0, "clip_norm": 0.1}
right_training = functools.cache(lambda hp, train=scratch_mlp.train: list(train(hp)))      # once for all bugs


def printed(number, monkeypatch):
    """What the section of the exercise makes a reader print, after most defaults of scratch_mlp.py were edited."""
    monkeypatch.setattr(scratch_mlp, "Hyperparameters", functools.partial(scratch_mlp.Hyperparameters, **EDITED))
    names = {}
    for session in re.findall(r"```pycon\n(.*?)```", PAGE.partition("\n## ")[0] + SECTIONS[number], re.DOTALL):
        exec(re.sub(r"^(>>>|\.\.\.) ?", "", session, flags=re.MULTILINE), names)
    return eval(re.search(r"print\s`(.*?)`", SECTIONS[number])[1].replace("ANSWER", str(NUMBERS[number])), names)


def flags(number):
    return re.findall(r"^python scratch_mlp.py --num_frames 10 (.*)$", SECTIONS[number], re.MULTILINE)


@pytest.mark.parametrize(("number", "answer_of"), [
    ("1", float), ("3", np.median), ("4", lambda change: 0.0002 if change < 1e-12 else None),
    ("5", lambda w1: np.unique(w1, axis=1).shape[1]), ("7", lambda share: round(share, 1)), ("8", int)])
def test_what_is_printed(number, answer_of, monkeypatch):
    assert answer_of(printed(number, monkeypatch)) == pytest.approx(float(NUMBERS[number]), rel=1e-9)


@pytest.mark.parametrize(("factor", "is_finite"), [(0.95, True), (1.05, False)])
def test_diverging_rate(factor, is_finite):
    end = f"--num_frames 0 --num_epochs 5000 --learning_rate {factor * float(NUMBERS['6'])}"
    last = common.train_with(f"{flags('6')[0]} {end}")[-1]
    assert np.isfinite(last.loss) == is_finite


def test_panels():
    assert flags("2") == list(exercise_figures.CURVES)
    runs = exercise_figures.ordered_runs(1)
    letters = {words: letter for letter, (words, _) in zip("abcd", runs, strict=True)}
    assert "".join(letters[words] for words in flags("2")) == EXERCISES["2"]["answer"]
    assert min(-np.diff([history[-1].loss for _, history in runs])) > 0.003        # plain, on other machines, too


@pytest.mark.parametrize("number", "12345678")
def test_slips(number):
    exercise = EXERCISES[number]
    assert judge(number, exercise["answer"]) is None
    assert {slip: judge(number, slip) for slip in exercise["slips"]} == exercise["slips"]
    assert judge(number, "abcd" if number == "2" else "77") == exercise["hint"]


def test_by_hand(tmp_path):
    def hint(**weights):
        weights = {name: np.asarray(weight).tolist() for name, weight in weights.items()}
        (tmp_path / "weights.json").write_text(json.dumps(weights))
        return judge("9", str(tmp_path / "weights.json"))
    answer = EXERCISES["9"]["answer"]
    *_, last = scratch_mlp.train(settings(hidden_dim=4, num_frames=0, num_epochs=5000))
    assert hint(**answer) is None
    assert "outputs are exchanged" in hint(**answer | {"w2": np.negative(answer["w2"])})
    assert "outputs surer" in hint(**answer | {"w2": np.sign(answer["w2"])})
    assert EXERCISES["9"]["hint"] in hint(**{name: getattr(last, name) for name in answer})
    assert hint(**json.loads(re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1])).startswith(("49", "50"))


@pytest.mark.parametrize(("number", "wrong", "wrong_with_penalty"), [
    ("10", "w1 b1", "w1 b1"), ("11", "w1 b1 w2 b2", "w1 b1 w2 b2"), ("12", "", "w1"), ("13", "", ""), ("14", "", "")])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_bug(number, wrong, wrong_with_penalty, monkeypatch):
    """One line is changed, the checks catch it, only its number is right; the symptoms are as the page says."""
    program, line = broken_program(number)
    assert [a == b for a, b in zip(SOURCE.splitlines(), program.splitlines(), strict=True)].count(False) == 1
    assert [at for at in range(len(SOURCE.splitlines()) + 1) if judge(number, str(at)) is None] == [line]
    assert [judge(number, str(line + away)).startswith("It is near. ") for away in (-11, -1, 1, 11)] == [0, 1, 1, 0]
    with pytest.raises(AssertionError):
        run_checks(module_of(program))
    monkeypatch.setattr(scratch_mlp, "train", right_training)
    lines = list(exercises.symptoms(module_of(program)))
    for row, names in zip(lines[1:3], (wrong, wrong_with_penalty), strict=True):
        found = re.findall(r"dL_d(\w\d) ([\d.e+-]+)", row)
        assert " ".join(name for name, error in found if float(error) > 1e-12) == names
    ends = np.array([re.findall(r"(?:loss|train|test) ([\d.]+)", row) for row in lines[3:] if "test" in row], float)
    mine, right = ends[::2], ends[1::2]
    assert {"10": np.allclose(mine[:, 0], right[:, 0], atol=0.002) and (mine != right).any(),
            "11": np.allclose(mine[:, 0], right[:, 0] / 2, rtol=0.01) and (mine[:, 1:] == right[:, 1:]).all(),
            "12": (mine == right).all(),
            "13": mine[2, 0] > 0.24 and mine[2, 1] < 60 and (mine[:2] == right[:2]).all(),
            "14": (mine[:, :2] == right[:, :2]).all() and (mine[:, 2] != right[:, 2]).all()}[number]


def test_asking_and_answering(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(scratch_mlp, "train", right_training)
    assert [exercises.main(words.split()) for words in ("", "13", "7 100 %", "5 10")] == [0, 0, 0, 1]
    assert (output := capsys.readouterr().out).endswith(f"right: {EXERCISES['7']['why']}\nwrong: {judge('5', '10')}\n")
    assert re.findall(r"^(\d+)\. ", output, re.MULTILINE) == [*SECTIONS, "13"] == [*EXERCISES, "13"]
    assert (tmp_path / "broken.py").read_text(encoding="utf-8") == broken_program("13")[0]


@pytest.mark.parametrize(("words", "said"), [
    ("0", "invalid choice: '0'"), ("1 x", "ANSWER = x: must be a number"), ("1 1/0", "number"), ("1 --x", "--x"),
    ("9 nowhere", "No such file"), ("9 scratch_mlp.py", "JSON"), ("9 shapes", r"\(2,4\)"), ("10 x", "a line"),
    ("12", r"exercise 12: this line is no longer in scratch_mlp.py, .*dL_dw1 = X\.T .*docs/lab/patches/12\.patch")])
def test_bad_usage_and_a_changed_script(words, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(exercises.checks, "PROJECT", tmp_path)
    (tmp_path / "scratch_mlp.py").write_text(SOURCE.replace("dL_dw1 = X.T", "dL_dw1 = +X.T"), encoding="utf-8")
    (tmp_path / "shapes").write_text('{"w1": [1, 2, 3]}')
    with pytest.raises(SystemExit, match="2"):
        exercises.main(words.split())
    assert re.fullmatch(f".*{said}.*\n", "".join(capsys.readouterr()))
