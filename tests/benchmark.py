"""Speed and memory, as a table: python tests/benchmark.py, some minutes. Limits in seconds are for a fast machine.

The floor of a step is measured in the same run, by turns, and must arrive at the same weights.
"""
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))        # the project, whose modules are imported below

import numpy as np

from docs.experiments.common import published
from scratch_mlp import initialize_weights, load_XOR_data, train
from tests.checks import PROJECT

HP = published()
RATE, REG = HP.learning_rate, HP.reg_coeff
SCRIPT = [PROJECT / "scratch_mlp.py", "--learning_rate", RATE, "--num_epochs", HP.num_epochs]


def floor_steps(X, y, count):
    """The equations of so many steps, written into arrays that are there already; returns the weights."""
    N = len(X)
    w1, b1, w2, b2 = initialize_weights(2, HP.hidden_dim, 2)
    h1, t1, h2, t2 = (np.empty((N, columns)) for columns in (HP.hidden_dim, HP.hidden_dim, 2, 2))
    g1, p1, g2, p2, c1, c2 = map(np.empty_like, (w1, w1, w2, w2, b1, b2))
    for _ in range(count):
        np.add(np.dot(X, w1, out=h1), b1, out=h1)
        np.exp(np.negative(h1, out=h1), out=h1)
        np.divide(1.0, np.add(1.0, h1, out=h1), out=h1)
        np.add(np.dot(h1, w2, out=h2), b2, out=h2)
        np.exp(np.negative(h2, out=h2), out=h2)
        np.divide(1.0, np.add(1.0, h2, out=h2), out=h2)

        np.divide(np.subtract(h2, y, out=t2), float(N), out=t2)
        np.multiply(t2, h2, out=t2)
        np.multiply(t2, np.subtract(1.0, h2, out=h2), out=t2)
        np.add(np.dot(h1.T, t2, out=g2), np.multiply(w2, REG / N, out=p2), out=g2)
        np.sum(t2, axis=0, out=c2)
        np.dot(t2, w2.T, out=t1)
        np.multiply(t1, h1, out=t1)
        np.multiply(t1, np.subtract(1.0, h1, out=h1), out=t1)
        np.add(np.dot(X.T, t1, out=g1), np.multiply(w1, REG / N, out=p1), out=g1)
        np.sum(t1, axis=0, out=c1)

        np.subtract(w1, np.multiply(g1, RATE, out=g1), out=w1)
        np.subtract(b1, np.multiply(c1, RATE, out=c1), out=b1)
        np.subtract(w2, np.multiply(g2, RATE, out=g2), out=w2)
        np.subtract(b2, np.multiply(c2, RATE, out=c2), out=b2)
    return w1, b1, w2, b2


def project_steps(X, y, count):
    """The steps of scratch_mlp.py; returns the weights."""
    *_, last = train(X, y, X, y, replace(HP, num_epochs=count, num_frames=1))
    return last.weights


def best_steps(N, count=2000):
    """Microseconds of a step of either way to write it, the best of ten rounds in which each has its turn."""
    best, (X, y) = {}, load_XOR_data(N)
    for _ in range(10):
        found = []
        for steps in (project_steps, floor_steps):
            began = time.perf_counter()
            found.append(steps(X, y, count))
            microseconds = (time.perf_counter() - began) / count * 1e6
            best[steps] = min(best.get(steps, np.inf), microseconds)
        for mine, theirs in zip(*found, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-6)
    return best[project_steps], best[floor_steps]


def best_run(*flags, rounds=3):
    """Least seconds and most MB of the script with these flags."""
    seconds, megabytes = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        process = subprocess.Popen([sys.executable, *map(str, [*SCRIPT, *flags])], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0, flags
        seconds.append(time.perf_counter() - began)
        megabytes.append(usage.ru_maxrss / (1024 if sys.platform == "linux" else 2**20))
    return min(seconds), max(megabytes)


def row(what, measured, at_most=""):
    print(f"| {what} | {measured} | {at_most} |", flush=True)


def benchmark_runs():
    with tempfile.TemporaryDirectory() as folder:
        million, _ = best_run("--output_dir", folder, "--num_epochs", 10**6, "--num_samples", 50, rounds=1)
        seconds, megabytes = best_run("--output_dir", folder)
        size = Path(folder, "all.gif").stat().st_size / 1e6
    row("`--help`", f"{best_run('--help')[0]:.2f} s", "0.3 s")
    row("default run in all", f"{seconds:.1f} s", "3 s")
    row("default run in all, memory", f"{megabytes:.0f} MB", "250 MB")
    row("one million epochs on 50 points", f"{million:.1f} s", "36 s")
    row("`all.gif` of the default run", f"{size:.2f} MB", "1 MB")


def benchmark_steps():
    for N in (50, 300):
        project, floor = best_steps(N)
        row(f"step, {N} points", f"{project:.0f} us")
        row(f"step, {N} points / the same in NumPy with `out=`", f"{project / floor:.2f}", "1.4")


if __name__ == "__main__":
    print("| what | measured | at most |\n| --- | --- | --- |")
    benchmark_runs()                                # first: the memory of a process is never less than its parent's
    benchmark_steps()
