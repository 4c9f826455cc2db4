"""network.gif and network.png: a small network while it learns, and what each of its neurons answers over the plane."""
import matplotlib.style
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

import utils
from docs.experiments import common
from docs.experiments.common import RED, plane
from docs.experiments.learning import LIMIT, history_of, training_points
from scratch_mlp import forward

SIZE = 900, 450                                     # pixels of a frame
LAYERS = (                                          # the neurons of each layer: their names, and their middles
    {"x1": (52, 300), "x2": (52, 180)}, {f"h1[{j}]": (218, 390 - 104 * j) for j in range(4)},
    {"class 0: h2[0]": (384, 300), "class 1: h2[1]": (384, 180)})
ONES = (52, 55), (218, 20)                          # where the lines of the biases start
GRID = 40                                           # each neuron is asked at GRID x GRID points
PALETTE = np.vstack([utils.PALETTE, np.linspace([50] * 3, [255] * 3, 6), np.linspace((193, 18, 31), [255] * 3, 4)])


def add_picture(axes, x, y, name):
    """A picture of the output of a neuron, still empty, with its middle here."""
    axes.text(x, y + 44, name, ha="center", fontsize=11, zorder=4, bbox={"facecolor": "white", "lw": 0, "pad": 0})
    extent = x - 40, x + 40, y - 40, y + 40
    axes.plot(*np.take(extent, [[0, 1, 1, 0, 0], [2, 2, 3, 3, 2]]), color="black", linewidth=1, zorder=3)
    return axes.imshow(np.zeros((GRID, GRID)), extent=extent, origin="lower", cmap="gray_r", vmin=0, vmax=1.2, zorder=2)


def network_panel(axes):
    """The network 2-4-2, its biases as weights of ones; returns the function that shows these weights."""
    pictures = [add_picture(axes, *middle, name) for layer in LAYERS for name, middle in layer.items()]
    lines = [axes.plot(*zip(start, end, strict=True), zorder=1)[0] for below, one, above in
             zip(LAYERS, ONES, LAYERS[1:], strict=False) for start in (*below.values(), one) for end in above.values()]
    for x, y in ONES:
        axes.text(x, y, "1", ha="center", va="center", bbox={"facecolor": "white", "pad": 4}, zorder=3)
    axes.text(384, 30, "black: weight > 0\nred: weight < 0\ndark: output near 1", ha="center", fontsize=11)
    axes.set(xlim=(0, SIZE[0]), ylim=(0, SIZE[1]), aspect="auto", frame_on=False, xticks=(), yticks=())

    def show(*weights):
        z1, h1, z2, h2 = forward(points := plane(LIMIT, GRID), *weights)
        for picture, answers in zip(pictures, [*(points.T / LIMIT + 1) / 2, *h1.T, *h2.T], strict=True):
            picture.set_data(answers.reshape(GRID, GRID))
        for line, weight in zip(lines, np.concatenate(weights, axis=None), strict=True):
            line.set(linewidth=0.6 * abs(weight), color="black" if weight > 0 else RED)
    return show


@matplotlib.style.context(["default", utils.STYLE])
def make_network_film():
    """Train four hidden neurons, and save what can be seen of them."""
    history, frames = history_of("--hidden_dim 4 --num_frames 60"), []
    utils.import_packages()
    canvas = FigureCanvasAgg(figure := Figure(figsize=np.divide(SIZE, 100), dpi=100))
    show_network = network_panel(figure.add_axes((0, 0, 1, 1)))
    boundary = figure.add_axes(np.divide((495, 84, 390, 326), 2 * SIZE))
    show_boundary = utils.boundary_panel(boundary, history, forward, *training_points())
    for artist in figure.findobj():
        artist.set_animated(False)
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.uint8(PALETTE).tobytes())
    for i, snapshot in enumerate(history):
        show_network(*snapshot.weights)
        show_boundary(i)
        canvas.draw()
        frame = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        frames.append(frame.quantize(palette=palette, dither=Image.Dither.NONE))
    frames[0].save(common.PICTURES / "network.gif", save_all=True, append_images=frames[1:], loop=0, optimize=True,
                   duration=[200] * (len(frames) - 1) + [2000])
    frames[-1].save(common.PICTURES / "network.png")
