"""Each brick of docs/bricks runs alone, with NumPy and no more. (What it prints is compared with the tutorial.)"""
import re
import subprocess
import sys

import numpy as np
import pytest

import scratch_mlp
from docs.experiments.tutorial import BRICKS, run_brick


@pytest.mark.parametrize("path", BRICKS, ids=lambda path: path.stem)
def test_a_brick_stands_alone(path, tmp_path):
    """In an empty folder it runs, and writes nothing."""
    done = subprocess.run([sys.executable, "-I", path], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert not list(tmp_path.iterdir())
    assert set(re.findall(r"^(?:import|from) (\w+)", path.read_text(), re.MULTILINE)) <= {"numpy", "time"}


def test_backpropagation_makes_the_steps_that_were_measured():
    lines = [dict(re.findall(r"(epoch +\d+)(.*)", run_brick(path)[1])) for path in BRICKS[1:3]]
    assert lines[0]["epoch  600"] == lines[1]["epoch  600"]


def test_the_last_brick_has_the_points_and_the_gradient_of_the_script():
    names, _ = run_brick(BRICKS[3])
    X, y = scratch_mlp.load_XOR_data(300, 0)
    assert np.array_equal(names["X"], X)
    assert np.array_equal(names["y"], y)
    w1, b1, w2, b2 = names["weights"]
    z1, h1, z2, h2 = names["forward"](X, w1, b1, w2, b2)
    gradients = [backward(X, y, h1, h2, w1, w2) for backward in (names["backward"], scratch_mlp.backward)]
    for mine, theirs in zip(*gradients, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-18)
