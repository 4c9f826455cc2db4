"""What the scripts of the docs share: paths, figures, tables, and results over many seeds, which are stored.

Results are stored in docs/results, with the versions and seeds that they are from; tables and figures are made of them.
"""
import argparse
import json
import os
import platform
import signal
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path

DOCS = Path(__file__).resolve().parent
PICTURES, RESULTS = DOCS / "pictures", DOCS / "results"
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")          # as many processes as cores; more threads get in the way
sys.path[:0] = [str(DOCS.parent), str(DOCS.parent / "tests")]

import numpy as np  # noqa: E402
from matplotlib.colors import ListedColormap  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

import utils  # noqa: E402
from scratch_mlp import Hyperparameters, train  # noqa: E402

np.empty(2**21)     # freed again; now Linux keeps what a step frees, and many neurons train twice as fast

BLUE, ORANGE, GREEN = utils.CLASSES[0][2], utils.CLASSES[1][2], utils.TEST["color"]
SEEDS = (2017, *range(20))                          # of the first weights: the default, and twenty others


# ---------------------------------------------------------------- figures and tables

def save(figure, name):
    figure.savefig(PICTURES / f"{name}.png", dpi=100)
    print(PICTURES / f"{name}.png")


def new_figure(columns, width=None, height=4, **panels):
    """A figure of this size, in hundreds of pixels, with a row of panels, and their axes."""
    figure = Figure(figsize=(width or 4.4 * columns, height), layout="constrained")
    return figure, np.atleast_1d(figure.subplots(1, columns, **panels))


def plane(limit, size=300):
    """The points of a square about the origin, (size^2, 2)."""
    side = np.linspace(-limit, limit, size)
    return np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)


def show_levels(axes, values, limit):
    """Values between 0 and 1 over the plane, in ten levels from blue to orange."""
    side = int(np.sqrt(len(values)))
    axes.imshow(values.reshape(side, side), cmap=ListedColormap(utils.CONFIDENCE), vmin=0, vmax=1, origin="lower",
                extent=(-limit, limit, -limit, limit))


def markdown(heads, rows):
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def spread(values, form="{:g}", never="never"):
    """The median of the values, with the lowest and the highest; None, of what never came about, is above all."""
    ordered = sorted(np.inf if value is None else value for value in values)
    lowest, median, highest = (
        never if np.isinf(ordered[i]) else form.format(ordered[i]) for i in (0, len(ordered) // 2, -1))
    return f"{median} ({lowest} to {highest})" if lowest != highest else median


# ---------------------------------------------------------------- results over many seeds

def train_with(flags):
    """The history of a run with these flags of the command line."""
    with np.errstate(over="ignore", invalid="ignore"):
        return list(train(utils.read_settings(Hyperparameters, flags.split())))


def over_seeds(measure, cases, label):
    """{case: {quantity: its value for each of the SEEDS}}, where measure(case, seed) is {quantity: value}.

    On all cores, with a line of progress.
    """
    jobs = [(case, seed) for case in cases for seed in SEEDS]
    pool = ProcessPoolExecutor(initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN))
    try:
        futures = {pool.submit(measure, *job): job for job in jobs}
        found = {}
        for future in as_completed(futures):
            found[futures[future]] = future.result()
            print(f"\r{label}: {len(found)} of {len(jobs)} runs", end="", flush=True)
        print()
    finally:
        pool.shutdown(cancel_futures=True)
    return {case: {quantity: [found[case, seed][quantity] for seed in SEEDS] for quantity in found[case, SEEDS[0]]}
            for case in cases}


def short(value):
    """A number with six digits, others as they are: runs on other machines differ in the last ones."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def store(name, results):
    """Write {experiment: {case: {quantity: values}}} to docs/results, a case in a line, with versions and seeds."""
    about = {"seeds": SEEDS, "python": platform.python_version(), "numpy": np.__version__}
    lines = [f'"about": {json.dumps(about)}']
    for experiment, cases in results.items():
        rows = ",\n".join(
            f"  {json.dumps(case)}: " + json.dumps({key: [short(v) for v in values] for key, values in found.items()})
            for case, found in cases.items())
        lines.append(f"{json.dumps(experiment)}: {{\n{rows}\n}}")
    RESULTS.mkdir(exist_ok=True)
    unfinished = RESULTS / f"{name}.part"
    unfinished.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    unfinished.replace(RESULTS / f"{name}.json")


@cache
def stored(name):
    """What `store` wrote under this name."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def named(prefix, names):
    """Those functions among the names of a module whose names begin like this, by the rest of their names."""
    return {name.removeprefix(prefix): f for name, f in names.items() if name.startswith(prefix)}


def main(name, names, arguments=None):
    """What the script of a page does: make its EXPERIMENTS, {name: (measure, cases)}, store them, print its tables."""
    argparse.ArgumentParser(description=names["__doc__"]).parse_args(arguments)
    try:
        store(name, {experiment: over_seeds(measure, cases, experiment)
                     for experiment, (measure, cases) in names["EXPERIMENTS"].items()})
    except KeyboardInterrupt:
        print("\ninterrupted: what was stored before is as it was")
        return 130
    for title, table in named("table_", names).items():
        print(f"\n{title}\n{table()}")
    return 0
