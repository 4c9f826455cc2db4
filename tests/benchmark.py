"""Speed and memory, as a table: python -m tests.benchmark, some minutes. Limits in seconds are for a fast machine.

Rivals are measured in the same run, by turns, and must arrive at the same loss; PyTorch and JAX only where installed.
"""
import contextlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import utils
from docs.lab.checks import settings
from scratch_mlp import forward, initialize_weights, load_XOR_data, loss, run_epoch, train

PROJECT = Path(__file__).resolve().parent.parent
HP = settings(learning_rate=2.0, num_epochs=10_000)             # the defaults as they are published
RATE, REG = HP.learning_rate, HP.reg_coeff
SCRIPT = [PROJECT / "scratch_mlp.py", "--learning_rate", RATE, "--num_epochs", HP.num_epochs]


# ---------------------------------------------------------------- the same training, written otherwise

def floor_step(N):
    """The equations of a step, written into arrays that are there already; returns (step, weights)."""
    X, y = load_XOR_data(N)
    w1, b1, w2, b2 = weights = initialize_weights(2, HP.hidden_dim, 2)
    h1, t1, h2, t2 = (np.empty((N, columns)) for columns in (HP.hidden_dim, HP.hidden_dim, 2, 2))
    g1, p1, g2, p2, c1, c2 = map(np.empty_like, (w1, w1, w2, w2, b1, b2))

    def step():
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
    return step, lambda: weights


def project_step(N):
    """The step of scratch_mlp.py; returns (step, weights)."""
    X, y = load_XOR_data(N)
    weights = initialize_weights(2, HP.hidden_dim, 2)
    return lambda: run_epoch(X, y, *weights, 0, None, HP), lambda: weights


def torch_step(N):
    """The step in eager PyTorch, with autograd and its optimiser; returns (step, weights)."""
    import torch
    X, y = map(torch.from_numpy, load_XOR_data(N))
    w1, b1, w2, b2 = weights = [torch.from_numpy(w).requires_grad_() for w in initialize_weights(2, HP.hidden_dim, 2)]
    optimizer = torch.optim.SGD(weights, lr=RATE)

    def step():
        h2 = torch.sigmoid(torch.sigmoid(X @ w1 + b1) @ w2 + b2)
        L = ((y - h2)**2).sum() / (2 * N) + REG / (2 * N) * ((w1**2).sum() + (w2**2).sum())
        optimizer.zero_grad()
        L.backward()
        optimizer.step()
    return step, lambda: [w.detach().numpy() for w in weights]


def train_with_torch():
    step, weights = torch_step(HP.num_samples)
    for _ in range(HP.num_epochs):
        step()
    return weights()


def train_with_jax():
    import jax
    jax.config.update("jax_enable_x64", True)
    X, y = load_XOR_data(HP.num_samples)

    def jax_loss(weights):
        w1, b1, w2, b2 = weights
        h2 = jax.nn.sigmoid(jax.nn.sigmoid(X @ w1 + b1) @ w2 + b2)
        return ((y - h2)**2).sum() / (2 * len(X)) + REG / (2 * len(X)) * ((w1**2).sum() + (w2**2).sum())

    def step(epoch, weights):
        return [w - RATE * g for w, g in zip(weights, jax.grad(jax_loss)(weights), strict=True)]
    loop = jax.jit(lambda weights: jax.lax.fori_loop(0, HP.num_epochs, step, weights))
    return [np.asarray(w) for w in loop(list(initialize_weights(2, HP.hidden_dim, 2)))]


def loss_of(weights):
    X, y = load_XOR_data(HP.num_samples)
    w1, b1, w2, b2 = weights
    return loss(y, forward(X, w1, b1, w2, b2)[-1], w1, w2, REG)


# ---------------------------------------------------------------- how it is measured

def is_installed(package):
    return importlib.util.find_spec(package) is not None


def best_steps(N):
    """Microseconds of a step of each way to write it, the best of ten rounds in which each has its turn."""
    ways = {"project": project_step, "floor": floor_step} | ({"torch": torch_step} if is_installed("torch") else {})
    made = {name: way(N) for name, way in ways.items()}
    best = dict.fromkeys(made, np.inf)
    for _ in range(10):
        for name, (step, _) in made.items():
            began = time.perf_counter()
            for _ in range(1000):
                step()
            best[name] = min(best[name], (time.perf_counter() - began) * 1e3)
    for _, weights in made.values():                # all have made the same number of steps
        for mine, theirs in zip(made["project"][1](), weights(), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-6)
    return best


def best_processes(commands, rounds=3):
    """Least seconds, most MB, and output of each command, from some rounds in which each has its turn."""
    best = dict.fromkeys(commands, (np.inf, 0, ""))
    megabyte = 1024 if sys.platform == "linux" else 2**20
    for _ in range(rounds):
        for name, arguments in commands.items():
            began = time.perf_counter()
            process = subprocess.Popen([sys.executable, *map(str, arguments)], stdout=subprocess.PIPE, text=True,
                                       cwd=PROJECT)
            output = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            assert status == 0, name
            seconds, memory, _ = best[name]
            best[name] = (min(seconds, time.perf_counter() - began), max(memory, usage.ru_maxrss / megabyte), output)
    return best


def best_frame(rounds=3):
    """Milliseconds a frame to draw, quantise and write the four GIFs of the default run."""
    history, data = list(train(HP)), load_XOR_data(HP.num_samples)
    seconds = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(None):
            began = time.perf_counter()
            utils.draw(history, forward, *data, folder, HP.frame_ms)
            seconds.append(time.perf_counter() - began)
    return min(seconds) / len(history) * 1e3


# ---------------------------------------------------------------- the table

def row(what, measured, at_most):
    print(f"| {what} | {measured} | {at_most} |", flush=True)


def benchmark_steps():
    for N in (50, 300):
        best = best_steps(N)
        row(f"step, {N} points", f"{best['project']:.0f} us", "")
        row(f"step, {N} points / the same in NumPy with `out=`", f"{best['project'] / best['floor']:.2f}", "1.4")
        if "torch" in best:
            row(f"step, {N} points / the same in PyTorch", f"{best['project'] / best['torch']:.2f}", "0.20")


def benchmark_processes():
    rivals = {name: ["-m", "tests.benchmark", name] for name in ("torch", "jax") if is_installed(name)}
    script = [*SCRIPT, "--num_frames", 0]
    best = best_processes({"project": script, "wide": [*script, "--hidden_dim", 50]} | rivals)
    seconds = {name: measured[0] for name, measured in best.items()}
    row("training in all, no pictures", f"{seconds['project']:.1f} s", "")
    row("training in all, no pictures, 50 neurons", f"{seconds['wide']:.1f} s", "")
    final_loss = loss_of(project_weights())
    for name, title, at_most in (("torch", "eager PyTorch", "0.25"), ("jax", "a jitted JAX loop", "1.00")):
        if name in rivals:
            assert abs(float(best[name][2]) - final_loss) < 1e-9
            row(f"training in all, no pictures / {title}", f"{seconds['project'] / seconds[name]:.2f}", at_most)


def project_weights():
    last = list(train(HP))[-1]
    return last.w1, last.b1, last.w2, last.b2


def benchmark_runs():
    with tempfile.TemporaryDirectory() as folder:
        script = [*SCRIPT, "--output_dir", folder]
        million = best_processes({"million": [*script, "--num_epochs", 10**6, "--num_samples", 50]}, 1)["million"]
        best = best_processes({"default": script, "help": [*script, "--help"]})
        size = Path(folder, "all.gif").stat().st_size / 1e6
    row("`--help`", f"{best['help'][0]:.2f} s", "0.3 s")
    row("default run in all", f"{best['default'][0]:.1f} s", "3 s")
    row("default run in all, memory", f"{best['default'][1]:.0f} MB", "200 MB")
    row("one million epochs on 50 points", f"{million[0]:.1f} s", "36 s")
    row("one million epochs on 50 points, memory", f"{million[1]:.0f} MB", "200 MB")
    row("a frame, drawn, quantised and written to four GIFs", f"{best_frame():.0f} ms", "20 ms")
    row("`all.gif` of the default run", f"{size:.2f} MB", "1 MB")


if __name__ == "__main__":
    rivals = {"torch": train_with_torch, "jax": train_with_jax}
    if sys.argv[1:]:
        print(loss_of(rivals[sys.argv[1]]()))
    else:
        row("what", "measured", "at most")
        row("---", "---", "---")
        benchmark_runs()                            # first: the memory of a process is never less than its parent's
        benchmark_processes()
        benchmark_steps()
