"""The drawings of the tutorial: each equation in them holds for the numbers of the worked example."""
from unittest.mock import patch

import numpy as np
import pytest
from matplotlib.text import Text

import scratch_mlp as m
from docs.experiments import drawings

X, w1, w2 = m.load_XOR_data(1)[0], *m.initialize_weights(2, 3, 2)[::2]
TRUE = drawings.EXAMPLE | {"x": X[0], "w1": w1, "w2": w2, "dL_dz1": drawings.EXAMPLE["dL_dw1"][0] / X[0, 0],
                           "s": m.sigmoid, "loss": lambda y, h2: m.loss(y[None], h2[None], w1, w2)}


def texts_of(name):
    with patch.object(drawings, "save") as save:
        getattr(drawings, f"figure_{name}")()
    return [text.get_text() for text in save.call_args[0][0].findobj(Text)]


@pytest.mark.parametrize("name", ["forward", "network", "path_w2", "paths_w1"])
def test_equations(name):
    """Names equal what stands for them, and so do the rounded numbers below them."""
    texts = [text if " = " in text else text.replace("   (N, ", ".size = (").replace("\n", " = ")
             for text in texts_of(name)]
    equations = [row.split(" = ") for text in texts for row in text.split("\n") if row.count(" = ") == 1]
    assert len(equations) > 1
    for left, right in equations:
        np.testing.assert_allclose(eval(left.strip(), TRUE), eval(right.strip(), TRUE), rtol=7e-3, err_msg=left)


def test_bricks():
    names = {"x": TRUE["h1"][None], "w": w2, "h": TRUE["h2"][None], "y": TRUE["y"], "N": 1}
    exec("\n".join(text for text in texts_of("bricks") if "dL" in text and "=" in text), names)
    for name, of in (("dL_dw", "dL_dw2"), ("dL_db", "dL_dz2"), ("dL_dx", "dL_dh1")):
        np.testing.assert_allclose(np.squeeze(names[name]), TRUE[of])
