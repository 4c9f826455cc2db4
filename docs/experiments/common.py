"""What the scripts of the docs share: paths, figures, tables, and results over many seeds, which are stored."""
import contextlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
import types
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import matplotlib
import matplotlib.ft2font
import numpy as np
import PIL
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from PIL import Image, ImageSequence

import utils
from scratch_mlp import Hyperparameters, forward, load_XOR_data, train

DOCS = Path(__file__).resolve().parent.parent
PUBLISHED_PICTURES, PUBLISHED_RESULTS = DOCS / "pictures", DOCS / "experiments" / "results"
PICTURES, RESULTS = PUBLISHED_PICTURES, PUBLISHED_RESULTS           # where to save; elsewhere, if this is a check
PUBLISHED = json.loads((DOCS / "published.json").read_text(encoding="utf-8"))      # the settings of all pages

RED, PURPLE = "#c1121f", "#7a3192"                  # not those of the classes, which always mean the classes
SEEDS = (2017, *range(20))                          # of the first weights: the default, and twenty others


# ---------------------------------------------------------------- figures and tables

def versions():
    """Of all that draws: with the same ones, a picture comes out the same."""
    freetype = matplotlib.ft2font.__freetype_version__
    return (f"NumPy {np.__version__}, matplotlib {matplotlib.__version__}, FreeType {freetype}, "
            f"Pillow {PIL.__version__}\n")


def frames_of(path, side):
    """The frames of a file (rows, columns, 3), each square of this side one pixel."""
    with Image.open(path) as picture:
        return [np.asarray(frame.convert("RGB").reduce(side), np.int16) for frame in ImageSequence.Iterator(picture)]


def same_pictures(found, published):
    """Whether all frames agree: within 2 of 255 in each pixel, if the same versions drew them; else, and where rounding
    is shown, within 50 in the mean of each square of 30 pixels."""
    same = (PUBLISHED_PICTURES / "versions.txt").read_text(encoding="utf-8") == versions()
    side, limit = (1, 2) if same and published.name != "differences.png" else (30, 50)
    found, published = frames_of(found, side), frames_of(published, side)
    return len(found) == len(published) and all(
        one.shape == other.shape and np.abs(one - other).max() <= limit
        for one, other in zip(found, published, strict=True))


def save(figure, name):
    """Save a figure as NAME.png."""
    figure.savefig(PICTURES / f"{name}.png", dpi=100)


def save_film(history, X, y, name, frame_ms=100, kinds=("gif", "png")):
    """Save all.gif and all.png of a history as NAME.gif and NAME.png, or one of them."""
    with tempfile.TemporaryDirectory() as folder:
        with contextlib.redirect_stdout(io.StringIO()):
            utils.draw(history, forward, X, y, folder, frame_ms)
        for kind in kinds:
            shutil.copyfile(Path(folder, f"all.{kind}"), PICTURES / f"{name}.{kind}")


def new_figure(columns, width=None, height=4, rows=1, **panels):
    """A figure of this size, in hundreds of pixels, with rows of panels, and their axes."""
    figure = Figure(figsize=(width or 4.4 * columns, height), layout="constrained")
    return figure, np.atleast_1d(figure.subplots(rows, columns, **panels))


def plane(limit, size=300):
    """The points of a square about the origin, (size^2, 2)."""
    side = np.linspace(-limit, limit, size)
    return np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)


def show_levels(axes, values, limit):
    """Values between 0 and 1 over the plane, in ten levels from blue to orange."""
    levels = [*utils.TINTS[::-1, 0], *utils.TINTS[:, 1]]
    side = int(np.sqrt(len(values)))
    axes.imshow(values.reshape(side, side), cmap=ListedColormap(levels), vmin=0, vmax=1, origin="lower",
                extent=(-limit, limit, -limit, limit), interpolation_stage="data")     # ten colours, a small file


def markdown(heads, rows):
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def spread(values, form):
    """The median of the values, with the lowest and the highest, if these look different."""
    ordered = [form.format(value) for value in sorted(values)]
    lowest, median, highest = ordered[0], ordered[len(ordered) // 2], ordered[-1]
    return f"{median} ({lowest} to {highest})" if lowest != highest else median


def module_of(source):
    """The module that this source text, of scratch_mlp.py or of a changed copy, is."""
    module = types.ModuleType("changed")
    module.__file__ = str(DOCS.parent / "scratch_mlp.py")
    sys.modules["changed"] = module                 # dataclasses look their module up by name
    exec(compile(source, "changed", "exec"), module.__dict__)
    return module


# ---------------------------------------------------------------- results over many seeds

def published(flags=""):
    """The published settings, with these flags of the command line; whatever the defaults of scratch_mlp.py are now."""
    arguments = [f"--{name}={value}" for name, value in PUBLISHED.items()]
    return utils.read_settings(Hyperparameters, arguments + flags.split())


def train_with(flags="", load_data=load_XOR_data):
    """The history of a run with the published settings and these flags."""
    hp = published(flags)
    points, test_points = load_data(hp.num_samples, hp.data_seed), load_data(hp.num_test_samples, hp.data_seed + 1)
    with np.errstate(over="ignore", invalid="ignore"):
        return list(train(*points, *test_points, hp))


def measure(scripts):
    """Store what the EXPERIMENTS of these scripts measure, {name: (function, cases, seeds)}, on all cores.

    function(case, seed) is {quantity: value}.
    """
    os.environ["OPENBLAS_NUM_THREADS"] = "1"        # as many processes as cores; more threads get in the way
    with ProcessPoolExecutor(None, get_context("spawn"), save_pictures_in, (PICTURES,)) as pool:
        running = [{name: {case: pool.map(function, repeat(case), seeds) for case in cases}
                    for name, (function, cases, seeds) in script.EXPERIMENTS.items()} for script in scripts]
        for script, experiments in zip(scripts, running, strict=True):
            found = {name: {case: by_quantity(list(runs)) for case, runs in cases.items()}
                     for name, cases in experiments.items()}
            path = RESULTS / f"{script.__name__.rpartition('.')[2]}.json"
            path.write_text(re.sub(r"\n +(?=[-\dN\]])", " ", json.dumps(found, indent=1)) + "\n", encoding="utf-8")


def save_pictures_in(folder):
    global PICTURES
    PICTURES = folder


def same_results(found, published):
    """Whether two files of results have the same cases, and the same numbers but for rounding."""
    found, published = (json.loads(path.read_text(encoding="utf-8")) for path in (found, published))
    numbers = [{(name, case, quantity): values for name, cases in results.items() for case, by_name in cases.items()
                for quantity, values in by_name.items()} for results in (found, published)]
    return numbers[0].keys() == numbers[1].keys() and all(
        np.allclose(values, numbers[1][key], rtol=1e-3, equal_nan=True) for key, values in numbers[0].items())


def by_quantity(runs):
    """{quantity: its values}, of one {quantity: value} for each run; six digits, as machines differ in more."""
    return {quantity: [float(f"{run[quantity]:.6g}") for run in runs] for quantity in runs[0]}


@cache
def stored(script):
    """{name: {case: {quantity: its values, one for each seed}}}, as `measure` stored it."""
    return json.loads((PUBLISHED_RESULTS / f"{script}.json").read_text(encoding="utf-8"))


TABLES, FIGURES = {}, {}                            # {name: function}, of all scripts that are imported


def table(make):
    """Decorates a function that returns a table in Markdown, for the place <!-- make: its name --> of a page."""
    TABLES[make.__name__.removeprefix("table_")] = make
    return make


def figure(make):
    """Decorates a function that saves a figure under its own name."""
    FIGURES[make.__name__.removeprefix("figure_")] = make
    return make
