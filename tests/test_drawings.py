"""The drawings of the tutorial: each equation holds, each line joins what it should, each weight is on its edge."""
from unittest.mock import patch

import numpy as np
import pytest
from matplotlib.text import Text

import scratch_mlp as m
from docs.experiments import drawings

X, w1, w2 = m.load_XOR_data(1)[0], *m.initialize_weights(2, 3, 2)[::2]
TRUE = drawings.EXAMPLE | {"x": X[0], "w1": w1, "w2": w2, "dL_dz1": drawings.EXAMPLE["dL_dw1"][0] / X[0, 0],
                           "s": m.sigmoid, "loss": lambda y, h2: m.loss(y[None], h2[None], w1, w2)}
COLORED = {"forward": "", "network": "x[0]>h1[0] x[1]>h1[0]", "path_w2": "L>h2[0] h2[0]>z2[0] z2[0]>w2[0,0]",
           "paths_w1": "L>h2[0] h2[0]>z2[0] z2[0]>h1[0] L>h2[1] h2[1]>z2[1] z2[1]>h1[0] h1[0]>z1[0] z1[0]>w1[0,0]"}


def drawn(name):
    """The texts of a drawing, {first line, without blanks: place}, and {(start, end): color} of its lines."""
    with patch.object(drawings, "save") as save:
        getattr(drawings, f"figure_{name}")()
    found = save.call_args[0][0].findobj(Text)
    return ([text.get_text() for text in found],
            {text.get_text().split("\n")[0].replace(" ", ""): text.get_position() for text in found},
            {(line.get_position(), (*line.xy,)): line.arrowprops["color"] for line in found if hasattr(line, "xy")})


@pytest.mark.parametrize("name", COLORED)
def test_drawing(name):
    texts, places, lines = drawn(name)
    assert all("[" not in row for text in texts if " * " in text for row in text.split("\n")[1::3])      # numbers
    texts = [text if " = " in text else text.replace("   (N, ", ".size = (").replace("\n", " = ") for text in texts]
    for left, right in (row.split(" = ") for text in texts for row in text.split("\n") if row.count(" = ") == 1):
        np.testing.assert_allclose(eval(left.strip(), TRUE), eval(right.strip(), TRUE), rtol=7e-3, err_msg=left)
    assert {ends for ends in lines if lines[ends] in (drawings.RED, drawings.PURPLE)} == {
        tuple(places[end] for end in line.split(">")) for line in COLORED[name].split()}
    for w, source, target in (("w1", "x", "z1"), ("w2", "h1", "z2")) if name != "forward" else ():
        for (j, k), weight in np.ndenumerate(TRUE[w]):
            neuron, label = f"{target}[{k}]", f"{w}[{j},{k}]"
            if name == "network":
                neuron, label = neuron.replace("z", "h"), f"{weight:.3f}"
                assert " = ".join([neuron, *(f"{weight:.3f}" for weight in TRUE[w][:, k])]) in texts
            ends = places[f"{source}[{j}]"], places[neuron]
            assert ends in lines
            if name == "network" or label in places:
                assert places[label] == tuple(np.mean(ends, axis=0))


def test_bricks():
    texts, _, lines = drawn("bricks")
    names = {"x": TRUE["h1"][None], "w": w2, "h": TRUE["h2"][None], "y": TRUE["y"], "N": 1}
    exec("\n".join(text for text in texts if "dL" in text and "=" in text), names)
    for name, of in (("dL_dw", "dL_dw2"), ("dL_db", "dL_dz2"), ("dL_dx", "dL_dh1")):
        np.testing.assert_allclose(np.squeeze(names[name]), TRUE[of])
    for start, end in lines:
        assert start[1] != end[1] or (start[0] < end[0]) == (lines[start, end] == drawings.INK)
