"""What the scripts of the docs share: paths, figures, tables, and results over many seeds, which are stored.

Results are stored in docs/experiments/results, with versions, seeds and settings; tables and figures are made of them.
"""
import argparse
import contextlib
import hashlib
import io
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import imageio.v3 as iio
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

import utils
from scratch_mlp import Hyperparameters, forward, train

DOCS = Path(__file__).resolve().parent.parent
PICTURES, RESULTS = DOCS / "pictures", DOCS / "experiments" / "results"
PUBLISHED = json.loads((DOCS / "published.json").read_text(encoding="utf-8"))      # the settings of all pages
np.empty(2**21)     # freed again; now Linux keeps what a step frees, and many neurons train twice as fast

RED, PURPLE = "#c1121f", "#7a3192"                  # not those of the classes, which always mean the classes
SEEDS = (2017, *range(20))                          # of the first weights: the default, and twenty others


# ---------------------------------------------------------------- figures and tables

def save(figure, name):
    """Save a figure, if it is another one than the one that is there."""
    path = PICTURES / f"{name}.png"
    unfinished = path.with_suffix(".part.png")
    figure.savefig(unfinished, dpi=100)
    if is_another(unfinished, path):
        unfinished.replace(path)
        print(path)
    unfinished.unlink(missing_ok=True)


def frames_and_time(film):
    return (iio.improps(film, index=...).n_images, iio.immeta(film, index=0)["duration"]) if film.exists() else None


def save_film(history, X, y, name, frame_ms=100):
    """Save all.gif and all.png of a history as NAME.gif and NAME.png, if frames, time or the last frame are others."""
    with tempfile.TemporaryDirectory() as folder:
        with contextlib.redirect_stdout(io.StringIO()):
            utils.draw(history, forward, X, y, folder, frame_ms)
        film, still = Path(folder, "all.gif"), Path(folder, "all.png")
        if (is_another(still, PICTURES / f"{name}.png")
                or frames_and_time(film) != frames_and_time(PICTURES / f"{name}.gif")):
            for kind in ("gif", "png"):
                shutil.copyfile(Path(folder, f"all.{kind}"), PICTURES / f"{name}.{kind}")
                print(PICTURES / f"{name}.{kind}")


def difference(one, other, side=40):
    """How far two pictures differ, of 255, in each square of so many pixels, an array; infinite if the sizes differ."""
    pictures = [iio.imread(path)[..., :3].astype(float) for path in (one, other) if path.exists()]
    if len(pictures) < 2 or pictures[0].shape != pictures[1].shape:
        return np.array(np.inf)
    change = pictures[0] - pictures[1]
    rows, columns = (size // side * side for size in change.shape[:2])
    squares = change[:rows, :columns].reshape(rows // side, side, columns // side, side, 3)
    return np.abs(squares.mean(axis=(1, 3)))


def is_another(picture, published):
    """Whether they differ in a square or more by what one sees, as one digit for another."""
    return difference(picture, published).max() > 0.3


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
    side = int(np.sqrt(len(values)))
    axes.imshow(values.reshape(side, side), cmap=ListedColormap(utils.CONFIDENCE), vmin=0, vmax=1, origin="lower",
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


# ---------------------------------------------------------------- results over many seeds

def published(flags=""):
    """The published settings, with these flags of the command line; whatever the defaults of scratch_mlp.py are now."""
    arguments = [f"--{name}={value}" for name, value in PUBLISHED.items()]
    return utils.read_settings(Hyperparameters, arguments + flags.split())


def train_with(flags=""):
    """The history of a run with the published settings and these flags."""
    with np.errstate(over="ignore", invalid="ignore"):
        return list(train(published(flags)))


def measured(experiments):
    """{experiment: {case: {quantity: its value for each of the seeds}}}, of {experiment: (measure, cases, seeds)}.

    measure(case, seed) is {quantity: value}. On all cores, in this order, with a line of progress.
    """
    jobs = [(name, case, seed) for name, (_, cases, seeds) in experiments.items() for case in cases for seed in seeds]
    os.environ["OPENBLAS_NUM_THREADS"] = "1"        # as many processes as cores; more threads get in the way
    pool = ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=signal.signal,
                               initargs=(signal.SIGINT, signal.SIG_IGN))
    try:
        futures = {pool.submit(experiments[name][0], case, seed): (name, case, seed) for name, case, seed in jobs}
        found = {}
        for future in as_completed(futures):
            found[futures[future]] = future.result()
            print(f"\r{len(found)} of {len(jobs)} runs", end="", flush=True)
        print()
    finally:
        pool.shutdown(cancel_futures=True)
    return {name: {case: {quantity: [found[name, case, seed][quantity] for seed in seeds]
                          for quantity in found[name, case, seeds[0]]} for case in cases}
            for name, (_, cases, seeds) in experiments.items()}


def short(value):
    """A number with six digits, others as they are: runs on other machines differ in the last ones."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def checksum(experiments):
    """Of the results of all experiments, so that a number that is changed by hand does not go unnoticed."""
    return hashlib.sha256(json.dumps(experiments).encode()).hexdigest()[:16]


def store(name, results):
    """Write {experiment: {case: {quantity: values}}} as JSON, a case in a line, with what it is from and a checksum."""
    results = {experiment: {case: {quantity: [short(value) for value in values] for quantity, values in found.items()}
                            for case, found in cases.items()} for experiment, cases in results.items()}
    about = {"python": platform.python_version(), "numpy": np.__version__, "settings": PUBLISHED,
             "checksum": checksum(results)}
    lines = [f'"about": {json.dumps(about)}']
    for experiment, cases in results.items():
        rows = ",\n".join(f"  {json.dumps(case)}: {json.dumps(found)}" for case, found in cases.items())
        lines.append(f"{json.dumps(experiment)}: {{\n{rows}\n}}")
    unfinished = RESULTS / f"{name}.part"
    unfinished.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    unfinished.replace(RESULTS / f"{name}.json")


@cache
def stored(name):
    """What `store` wrote under this name."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def other_settings(name):
    """{name: value} of the settings, with which these results were measured, that are published with other values."""
    then = stored(name)["about"]["settings"].items()
    return {name: value for name, value in then
            if PUBLISHED.get(name) != value and name not in ("num_frames", "frame_ms")}


TABLES, FIGURES = {}, {}                            # {name: function}, of all scripts that are imported


def table(make):
    """Decorates a function that returns a table in Markdown, for the place <!-- make: its name --> of a page."""
    TABLES[make.__name__.removeprefix("table_")] = make
    return make


def figure(make):
    """Decorates a function that saves a figure under its own name."""
    FIGURES[make.__name__.removeprefix("figure_")] = make
    return make


def main(name, experiments, doc):
    """What the script of a page does: measure and store its experiments, {name: (measure, cases, seeds)}."""
    argparse.ArgumentParser(description=doc).parse_args()
    try:
        store(name, measured(experiments))
    except KeyboardInterrupt:
        print("\ninterrupted: what was stored before is as it was")
        sys.exit(130)
    print("stored; now python docs/make.py brings the page up to date")
