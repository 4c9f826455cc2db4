"""Every number, line of code, formula, command and link of the README and the docs is executed or looked up."""
import doctest
import re
import shlex
import sys
from pathlib import Path

import formulas
import formulas_deep
import formulas_experiments
import imageio.v3 as iio
import numpy as np
import pytest
from checks import settings
from test_mutants import MUTANTS, SOURCE
from test_training import WEIGHT_SEEDS

import utils
from scratch_mlp import Hyperparameters, train

PROJECT = Path(__file__).resolve().parent.parent
sys.path.append(str(PROJECT / "docs"))
import make  # noqa: E402

FORMULAS = formulas.FORMULAS | formulas_experiments.FORMULAS | formulas_deep.FORMULAS
PAGES = {page.relative_to(PROJECT).as_posix(): page.read_text(encoding="utf-8") for page in make.pages()}
TESTS, SCRIPTS = ("\n".join(path.read_text(encoding="utf-8") for path in sorted((PROJECT / folder).glob("*.py")))
                  for folder in ("tests", "docs"))
each_page = pytest.mark.parametrize("name", PAGES)

# What a sentence says in figures and no other block of its page executes, and where it is from
FACTS = {
    "README.md": [
        "Florez (2017)", "Python 3.10 or newer",                                                # test_project
        "class 1 if exactly one",                                                               # test_data
        "class 0 (blue) or class 1 (orange)",                                                   # test_pictures
        "status is 0; 1, if the loss", "2, for a bad setting; 130, after",                      # test_command_line
        f"reach 99 % on the training points from each of {len(WEIGHT_SEEDS)} other",             # test_training
        "on more than 75 % of points",                                                          # test_training
        "step to 12 digits", "to all 8 decimals", "a missing 1/N", "includes the 1/N",          # checks
        f"* {len(MUTANTS)} deliberate bugs",
    ],
    "docs/index.md": ["an S from 0 to 1", "at z = 0,"],                                         # formulas
    "docs/errata.md": [
        "(Cybenko, 1989)", "3D space",
        "XOR zero is [0, 1] | it is [1, 0]",                                                    # test_data
        "loss (y - h2)^2", "loss with 1/(2N), gradient without 1/N",                            # formulas
        "(1 - e^-z)/(1 + e^-z), called tanh(z) | tanh(z/2)",                                    # its session
    ],
    "docs/exercises.md": [
        "right, at 99.9% or more", "with a loss below 0.01",                                    # test_exercises
    ],
}


def without(text, *patterns):
    for pattern in patterns:
        text = re.sub(pattern, " ", text, flags=re.MULTILINE | re.DOTALL)
    return text


FENCED, TABLE_MADE = r"^```.*?^```$", r"<!-- make:.*?<!-- end -->"


def fenced(text, kind):
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def flush_left(code):
    return "\n".join(line.strip() for line in code.splitlines())


@each_page
def test_tables(name):
    assert make.filled(PROJECT / name) == PAGES[name], "run: python docs/make.py"


@each_page
def test_sessions(name):
    """The sessions of a page are one: what the first defines, the next can use."""
    session = doctest.DocTestParser().get_doctest("\n".join(fenced(PAGES[name], "pycon")), {}, name, name, 0)
    assert len(session.examples) == PAGES[name].count("\n>>> ")
    with np.printoptions():
        failed, tried = doctest.DocTestRunner().run(session)
    assert failed == 0


@each_page
def test_quoted_lines_are_those_of_the_script(name):
    for block in fenced(PAGES[name], "python") if name != "docs/pytorch.md" else []:
        assert flush_left(block) in flush_left(SOURCE + SCRIPTS)


def test_code_in_a_table_is_that_of_the_script():
    table = re.search(r"^\| brick .*?\n\n", PAGES["docs/index.md"], re.MULTILINE | re.DOTALL)[0]
    for code in re.findall(r"`(.*?)`", table):
        assert code in SOURCE


@each_page
def test_formulas(name):
    text = without(PAGES[name], FENCED, r"`[^`\n]*`")
    displayed = re.findall(r"\$\$(.*?)\$\$", text, re.DOTALL)
    inline = re.findall(r"\$([^$]+)\$", without(text, r"\$\$.*?\$\$"))
    for formula in displayed + [formula for formula in inline if re.search(r"\d", formula)]:
        assert formula in FORMULAS


@pytest.mark.parametrize("check", set(FORMULAS.values()), ids=lambda check: check.__name__)
def test_formula_is_true(check):
    check()


def test_no_formula_is_left_over():
    assert all(formula in "".join(PAGES.values()) for formula in FORMULAS)


@each_page
def test_numbers_in_sentences(name):
    """Each is in a block that is executed on the same page, or a fact of the list above."""
    executed = " ".join(re.findall(f"{FENCED}|{TABLE_MADE}", PAGES[name], re.MULTILINE | re.DOTALL))
    text = without(PAGES[name], FENCED, TABLE_MADE, r"\$\$.*?\$\$", r"\$[^$]+\$", r"`[^`\n]*`", r"\]\([^)]*\)",
                   r"^\d+\. ", r"^## References.*", r"^\| what .*?\n\n")
    text = " ".join(text.split())
    for fact in ("the 2017 article", "hy 75 percent", *FACTS.get(name, ())):
        text = text.replace(fact, " ")
    for number in re.findall(r"(?<![\w.^])\d+(?:\.\d+)?", text):
        assert re.search(rf"(?<![\d.]){re.escape(number)}(?![\d])", executed), number


@each_page
def test_names(name):
    """Each name with a digit in it, such as dL_dw1, is one of a script, of a test or of the article."""
    known = set(re.findall(r"\w+", SOURCE + TESTS + SCRIPTS)) | {"W2", "dz2", "dh2", "L1", "L2"}
    text = without(PAGES[name], FENCED, TABLE_MADE, r"\$\$.*?\$\$", r"\$[^$]+\$")
    for word in re.findall(r"\b[A-Za-z_]+\d\w*", text):
        assert word in known, word


@each_page
def test_commands(name):
    """Each command is one of the script with settings that it allows, or names a file that is there or made by one."""
    commands = [line for block in fenced(PAGES[name], "sh") for line in block.splitlines()]
    commands += re.findall(r"`((?:python|uv|--)[^`\n]*)`", PAGES[name])
    made = [command.split(" > ")[-1] for command in commands if " > " in command]
    for command in commands:
        words = shlex.split(command.split(" && ")[-1])
        flags = words[words.index("scratch_mlp.py") + 1:] if "scratch_mlp.py" in words else words
        if words[0].startswith("--") or "scratch_mlp.py" in words:
            utils.read_settings(Hyperparameters, [flag for flag in flags if flag != "--help"])
        else:
            files = [word for word in words if word.endswith(".py")]
            assert files or words[-1] in ("pytest", "python3")
            assert all(file in made or (PROJECT / file).exists() for file in files)


@each_page
def test_links(name):
    """To files that are there, and to headings that are there."""
    for target in re.findall(r"\]\(([^)]+)\)", PAGES[name]):
        file, _, anchor = target.partition("#")
        path = (PROJECT / name).parent / file if file else PROJECT / name
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings], target


@each_page
def test_names_of_tests(name):
    for test in re.findall(r"`((?:test|check)_\w+)`", PAGES[name]):
        assert f"def {test}(" in TESTS, test


@each_page
def test_pictures(name):
    """Each has words for those who cannot see it; a GIF is small, and its last frame is beside it."""
    for words, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", PAGES[name]):
        path = (PROJECT / name).parent / target
        assert len(words) > 40
        if path.suffix == ".gif":
            assert path.stat().st_size < 1e6
            assert iio.improps(path, index=...).n_images == 101
            still = iio.imread(path.with_suffix(".png"), mode="RGB")
            assert np.array_equal(iio.imread(path, mode="RGB", index=100), still)


def test_what_is_said_of_the_bug():
    """The first line passes at one in ten thousand, the second at one in a hundred; w1 alone, and the last, do not."""
    first, second, *_, last = (list(map(float, re.findall(r"[\d.e+-]+", line)))
                               for line in make.TABLES["bug"]().splitlines()[2:])
    assert first[1] < 1e-4
    assert second[1] < 1e-2
    assert second[2] > 0.1
    assert min(last[1:]) > 1


def test_pytorch():
    """Both programs of the page arrive at the weights of scratch_mlp.py."""
    pytest.importorskip("torch")
    *_, last = train(settings(learning_rate=2.0, num_epochs=100, num_frames=0))
    programs = fenced(PAGES["docs/pytorch.md"], "python")
    assert len(programs) == 2
    for program in programs:
        names = {}
        exec(program, names)
        for weight in ("w1", "b1", "w2", "b2"):
            np.testing.assert_allclose(names[weight].detach().numpy(), getattr(last, weight), rtol=0, atol=1e-12)
