"""What stands on the pages is executed, looked up, or compared with what made it; all with the published settings."""
import ast
import re
import shlex

import imageio.v3 as iio
import matplotlib.style
import numpy as np
import pytest
from PIL import Image

import utils
from docs import make
from docs.experiments import common, learning
from scratch_mlp import Hyperparameters, forward
from tests.checks import PROJECT, SOURCE, history_of

PAGES = {page.relative_to(PROJECT).as_posix(): page.read_text(encoding="utf-8") for page in make.pages()}
TEXTS = [path.read_text(encoding="utf-8") for folder in ("tests", "docs") for path in (PROJECT / folder).rglob("*.py")]
SLOW_FIGURES = {"explosion", "folding", "layers", "stills"}
WRITTEN = "broken.py", "in_pytorch.py", "my_mlp.py"               # by readers
each_page = pytest.mark.parametrize("name", PAGES)


def fenced(text, kind):
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def flush_left(code):
    return "\n".join(line.strip() for line in code.splitlines())


@each_page
def test_tables_and_sessions(name):
    assert make.brought_up_to_date(PAGES[name]) == PAGES[name], "run: python docs/make.py"


@each_page
def test_quoted_lines_stand_in_a_program(name):
    for block in fenced(PAGES[name], "python") if "pytorch" not in name else []:
        assert any(flush_left(block) in flush_left(text) for text in [SOURCE, *TEXTS]), (
            f"{name} quotes lines that are in no .py file now; quote the new ones:\n{block}")


@each_page
def test_commands(name):
    """Each command is one of the script with settings that it allows, or starts a file that is there."""
    commands = [line for block in fenced(PAGES[name], "sh") for line in block.splitlines()]
    commands += re.findall(r"`((?:python|uv|--)[^`\n]*)`", PAGES[name])
    for command in commands:
        words = shlex.split(command.split(" && ")[-1])
        if "scratch_mlp.py" in words or words[0].startswith("--"):
            flags = words[words.index("scratch_mlp.py") + 1:] if "scratch_mlp.py" in words else words
            utils.read_settings(Hyperparameters, [flag for flag in flags if flag != "--help"])
        elif "-c" in words:
            exec(words[-1].partition(";")[0])       # what it imports is there
        for file in words:
            assert not file.endswith(".py") or (PROJECT / file).exists() or file in WRITTEN, command


@each_page
def test_links(name):
    """To files that are there, and to headings that are there."""
    for target in re.findall(r"\]\(([^)\s]+)\)", PAGES[name]):
        file, _, anchor = target.partition("#")
        if file.startswith("http"):
            continue
        path = (PROJECT / name).parent / file if file else PROJECT / name
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings], target


def test_pictures():
    """Each has words; a GIF is small, and its last frame is beside it; no other picture is in the folder."""
    shown = {((PROJECT / name).parent / target).resolve(): words for name, text in PAGES.items()
             for words, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", text)}
    for path, words in shown.items():
        assert len(words) > 40, f"{path.name}: say in the brackets, in more than 40 letters, what is to be seen"
        if path.suffix == ".gif":
            assert path.stat().st_size < 1e6
            still = iio.imread(path.with_suffix(".png"), mode="RGB")
            frames = iio.improps(path, index=...).n_images
            assert np.array_equal(iio.imread(path, mode="RGB", index=frames - 1), still)
    stills = {path.with_suffix(".png") for path in shown if path.suffix == ".gif"}
    assert {path.resolve() for path in common.PICTURES.glob("*.[!t]*")} == set(shown) | stills


@pytest.mark.parametrize("name", sorted(common.FIGURES.keys() - SLOW_FIGURES))
def test_a_figure_is_what_its_function_draws(name, monkeypatch, tmp_path):
    monkeypatch.setattr(common, "PICTURES", tmp_path)
    with matplotlib.style.context(["default", {"font.size": 12}]):
        common.FIGURES[name]()
    assert common.same_pictures(tmp_path / f"{name}.png", common.PUBLISHED_PICTURES / f"{name}.png")


def test_the_film_of_the_readme_is_what_is_drawn(tmp_path):
    utils.draw(learning.history_of(""), forward, *learning.training_points(), tmp_path, common.PUBLISHED["frame_ms"])
    assert common.same_pictures(tmp_path / "all.gif", common.PUBLISHED_PICTURES / "default.gif")


def test_pytorch():
    """The program of the page arrives at the weights of scratch_mlp.py; where there is no torch, it compiles."""
    program, = (compile(program, "<page>", "exec") for program in fenced(PAGES["docs/deeper/pytorch.md"], "python"))
    pytest.importorskip("torch")
    *_, last = history_of(learning_rate=2.0, num_epochs=100)
    names = {}
    exec(program, names)
    for name, weight in zip(("w1", "b1", "w2", "b2"), last.weights, strict=True):
        np.testing.assert_allclose(names[name].detach().numpy(), weight, rtol=0, atol=1e-12)


def test_an_edited_default_is_said(monkeypatch):
    monkeypatch.setitem(common.PUBLISHED, "num_samples", 7)
    assert "num_samples" in make.edited_defaults()
    assert len(learning.training_points()[0]) == 7, "the pictures show other points"
    assert next(make.complaints()).startswith("not the published settings: ")


def test_one_pixel_that_differs_is_said(monkeypatch):
    published = common.PUBLISHED_PICTURES / "points.png"
    picture = Image.open(published).convert("RGB")
    versions = published.with_name("versions.txt").read_text(encoding="utf-8")
    monkeypatch.setattr(common, "versions", lambda: versions)
    monkeypatch.setattr(make, "pages", list)
    monkeypatch.setattr(make, "draw_pictures", lambda: picture.save(common.PICTURES / "points.png"))
    for grey, count in ((253, 0), (252, 1)):                # beside 255
        picture.putpixel((5, 5), (grey, grey, grey))
        assert sum("docs/pictures/points.png" in line for line in make.complaints()) == count


def test_the_scripts_own_requirements_are_those_of_the_file():
    block = re.search(r"^# /// script\n((?:# .*\n)+)# ///\n\Z", SOURCE, re.MULTILINE).group(1)
    metadata = {name: ast.literal_eval(value) for name, value in re.findall(r"^# (\S+) = (.*)$", block, re.MULTILINE)}
    lines = (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert metadata["dependencies"] == [line.partition("#")[0].strip() for line in lines]
    assert f"Python {metadata['requires-python'].removeprefix('>=')} or newer" in PAGES["README.md"]
