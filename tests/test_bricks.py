"""Each brick of docs/bricks runs alone, with NumPy and no more, and shows what its first line says."""
import re
import subprocess
import sys

import numpy as np
import pytest

import scratch_mlp
from docs.experiments.tutorial import BRICKS, run_brick


@pytest.fixture(scope="module")
def bricks():
    """The names that each brick has defined, and what it has printed; {number: (names, output)}."""
    return {number: run_brick(path) for number, path in enumerate(BRICKS, start=1)}


def progress(output):
    """{epoch: (loss, accuracy)} as it was printed."""
    rows = re.findall(r"epoch +(\d+)   loss (\S+)   accuracy (\S+)%", output)
    return {int(epoch): (float(loss), float(accuracy)) for epoch, loss, accuracy in rows}


def rows_of_plane(output):
    return re.findall(r"^[.#]{31}$", output, re.MULTILINE)


@pytest.mark.parametrize("path", BRICKS, ids=lambda path: path.stem)
def test_a_brick_stands_alone(path, tmp_path):
    """In an empty folder it runs, with NumPy and no more, and writes nothing."""
    done = subprocess.run([sys.executable, "-I", path], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert not list(tmp_path.iterdir())
    assert set(re.findall(r"^(?:import|from) (\w+)", path.read_text(), re.MULTILINE)) <= {"numpy", "time"}


def test_one_layer_fails(bricks):
    """It stops learning at the 69 % of the best line; in each row of the plane the class changes once at most."""
    names, output = bricks[1]
    assert 66 < progress(output)[200][1] < 70
    assert abs(progress(output)[200][0] - progress(output)[100][0]) < 1e-3
    assert all(len(re.findall(r"\.+|#+", row)) <= 2 for row in rows_of_plane(output))


def test_a_hidden_layer_learns(bricks):
    names, output = bricks[2]
    assert progress(output)[600][1] > 95
    assert any(len(re.findall(r"\.+|#+", row)) == 3 for row in rows_of_plane(output))


def test_backpropagation_is_the_same(bricks):
    """The weights of brick 2 on the way; the gradient that it measures."""
    names, output = bricks[3]
    assert progress(output)[600] == progress(bricks[2][1])[600]
    for measured, computed in zip(names["measured"], names["computed"], strict=True):
        assert np.abs(measured - computed).max() < 1e-10


def test_test_points_and_biases(bricks):
    """With biases it learns; without, at most three quarters; its gradient is that of scratch_mlp.py."""
    names, output = bricks[4]
    (train, test), (train_without, test_without) = re.findall(r"train (\S+)%, test (\S+)%", output)
    assert float(train) > 98
    assert float(test) > 94
    assert max(float(train_without), float(test_without)) < 75
    X, y = scratch_mlp.load_XOR_data(300, 0)
    assert np.array_equal(names["X"], X)
    assert np.array_equal(names["y"], y)
    w1, b1, w2, b2 = names["weights"]
    z1, h1, z2, h2 = names["forward"](X, w1, b1, w2, b2)
    gradients = [backward(X, y, h1, h2, w1, w2) for backward in (names["backward"], scratch_mlp.backward)]
    for mine, theirs in zip(*gradients, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-18)
