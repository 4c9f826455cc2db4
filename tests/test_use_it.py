"""What docs/use-it.md shows to change and to type: each change has a right gradient; the cells of a notebook run."""
import inspect
import os
import re
import subprocess
import sys
import types

import numpy as np
import pytest

from docs.experiments import changes
from tests.checks import PROJECT


@pytest.mark.parametrize("reg_coeff", [0.0, 7.0])
@pytest.mark.parametrize("name", changes.DIFFS)
def test_the_gradient_of_a_change(name, reg_coeff):
    """Each array agrees with the central difference, of random weights and three classes."""
    m, random = changes.changed(name), np.random.default_rng(0)
    parameters = [*inspect.signature(m.forward).parameters][1:]                 # w1, b1, ...
    results = [letter + parameter[1:] for parameter in parameters[::2] for letter in "zh"]
    values = {"X": random.normal(size=(7, 2)), "y": np.eye(3)[random.integers(3, size=7)], "reg_coeff": reg_coeff}
    weights = [random.normal(size=first.shape) for first in m.initialize_weights(2, 4, 3)]

    def call(function):
        values.update(zip(results, m.forward(values["X"], *weights), strict=True))
        return function(*(values[parameter] for parameter in inspect.signature(function).parameters))
    values |= dict(zip(parameters, weights, strict=True))
    for weight, found in zip(weights, call(m.backward), strict=True):
        measured = np.zeros_like(weight)
        for index in np.ndindex(weight.shape):
            old = weight[index]
            for sign in (1, -1):
                weight[index] = old + sign * 1e-6
                measured[index] += sign * call(m.loss) / 2e-6
            weight[index] = old
        np.testing.assert_allclose(found, measured, rtol=1e-6, atol=1e-8)


def test_a_diff_that_no_longer_applies_is_named(monkeypatch):
    monkeypatch.setitem(changes.DIFFS, "tanh", "-    h1 = tan(z1)\n+    h1 = np.tanh(z1)\n")
    with pytest.raises(ValueError, match=r"use-it.md, tanh: these lines are not once in scratch_mlp.py: +h1 = tan\("):
        changes.changed("tanh")


def test_the_cells_of_a_notebook_run(tmp_path, monkeypatch):
    """In the folder of a copy; %run is a run of the script, and Image shows a file that is there."""
    shown = []
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(version_info=(9, 0)))
    monkeypatch.setitem(sys.modules, "IPython.display", types.SimpleNamespace(Image=shown.append))
    for name in ("scratch_mlp.py", "utils.py"):
        (tmp_path / name).write_bytes((PROJECT / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    cells, names = re.findall(r"^```ipython\n(.*?)^```$", changes.PAGE, re.MULTILINE | re.DOTALL), {}
    assert len(cells) == 3
    for cell in cells:
        for command in re.findall(r"^%run (.*)$", cell, re.MULTILINE):
            subprocess.run([sys.executable, *command.split()], check=True)
        exec(re.sub(r"^%.*", "", cell, flags=re.MULTILINE), names)
    assert shown == ["plots/all.gif", "plots/mine/all.gif"]
    assert all(os.path.exists(path) for path in shown)
