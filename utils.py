"""All that is not the algorithm: the program around it, the settings, the progress, the pictures.

Nothing here imports scratch_mlp: a network comes as its history, a list of snapshots, and as the function `forward`.
"""
import argparse
import contextlib
import inspect
import math
import os
import re
import sys
import tempfile
import typing
from functools import partial
from pathlib import Path

import numpy as np

LIMITS = {                                          # lowest and highest of the settings, with their types
    "hidden_dim": (1, 1000), "learning_rate": (0.0, 1e308), "num_epochs": (0, 10**9), "num_samples": (1, 10_000),
    "reg_coeff": (0.0, 1e308), "num_test_samples": (1, 10_000), "data_seed": (0, 2**32 - 2),
    "weight_seed": (0, 2**32 - 2), "batch_size": (0, 10**9), "lr_decay": (0.0, 1e308), "clip_norm": (0.0, 1e308),
    "num_frames": (0, 1000), "frame_ms": (20, 10_000)}

PANEL = 400                                         # pixels, the width and the height of each of the three panels
GIF_COLUMNS = {                                     # the columns of a frame that each GIF shows
    "accuracy": slice(0, PANEL), "boundary": slice(PANEL, 2 * PANEL), "loss": slice(2 * PANEL, 3 * PANEL),
    "all": slice(0, 3 * PANEL)}
GRID = 100                                          # the network is asked at GRID x GRID points of the plane

# Blue and orange, unlike red and green, look different to everyone; markers and dashes tell them apart without colour
CLASSES = (("class 0", "o", "#0072b2"), ("class 1", "s", "#e69f00"))
CONFIDENCE = ("#5aa5d6", "#7fb9df", "#a3cde9", "#c5dff1", "#e3eff8",
              "#fdf3dd", "#fbe5b8", "#f8d690", "#f5c766", "#f1b53b")
TRAIN, TEST = {"color": "black", "linestyle": "-"}, {"color": "#009e73", "linestyle": "--"}
STYLE = {"font.size": 14, "xtick.labelsize": 13, "ytick.labelsize": 13, "axes.linewidth": 1.2, "lines.linewidth": 2.2}


# ---------------------------------------------------------------- the program

@contextlib.contextmanager
def program():
    """Around the script's run: Ctrl-C ends it with status 130; a full disk and the like with one line, status 1."""
    if sys.version_info < (3, 10):
        sys.exit("error: Python 3.10 or newer is needed")
    if "ipykernel" not in sys.modules:
        os.environ["MPLBACKEND"] = "agg"            # `!python` inherits that of a notebook, which may not be installed
    try:
        with np.errstate(over="ignore", invalid="ignore"):      # `watch` says when a loss is not finite
            yield
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, MemoryError) as error:
        if sys.stdout is sys.__stdout__:
            sys.stdout = None   # else Python tries to print again; a closed pipe, as after `| head`, needs no words
        sys.exit(1 if isinstance(error, BrokenPipeError) else f"error: {error or 'out of memory'}")


def watch(snapshots, hp):
    """Collect the snapshots of a training, or those until Ctrl-C, and print about ten; returns history, exit status."""
    history, num_lines = [], 0
    try:
        for s in snapshots:
            history.append(s)
            if s.epoch + 0.5 >= hp.num_epochs * (num_lines / 10)**2 or not math.isfinite(s.loss):   # epochs are rounded
                num_lines += 1
                print(f"epoch {s.epoch:>9}   loss {s.loss:<9.4g}   "
                      f"train {s.train_accuracy:6.1%}   test {s.test_accuracy:6.1%}", flush=True)
    except KeyboardInterrupt:
        if not history:
            raise
        print(f"interrupted: the last snapshot is that of epoch {history[-1].epoch}", flush=True)
        return history, 130
    last = history[-1]
    if math.isfinite(last.loss):
        return history, 0
    advice = "a lower learning_rate or reg_coeff" if len(history) > 1 else "other data, or other first weights"
    return history, f"error: the loss is {last.loss} at epoch {last.epoch}: try {advice}"


# ---------------------------------------------------------------- the settings

def read_settings(Settings, arguments=None):
    """The Settings, a dataclass, as flags --name value change them. A bad flag or default ends the program."""
    parser = argparse.ArgumentParser(description="Train a small neural network on XOR.", allow_abbrev=False,
                                     usage="%(prog)s [--name value ...]")
    types, defaults, comments = typing.get_type_hints(Settings), vars(Settings), comments_of(Settings)
    for name, value in defaults.items():
        if name not in types and not name.startswith("_") and not callable(value):
            parser.error(f"{name} has no type: write {name}: int = 10, or float, bool or str for int")
    for name, kind in types.items():
        limits = LIMITS.get(name, (-1e308, 1e308))
        allowed = [type(limits[0])] if name in LIMITS else [int, float, bool, str]
        if kind not in allowed:
            parser.error(f"{name}: its type must be {' or '.join(each.__name__ for each in allowed)}")
        meaning = f"{comments.get(name, '')} (default: {defaults.get(name)})".replace("%", "%%")    # % is argparse's
        parser.add_argument(f"--{name}", type=partial(convert, kind, *limits), default=str(defaults.get(name)),
                            metavar=kind.__name__.upper(), help=meaning)
    return Settings(**vars(parser.parse_args(arguments)))


def comments_of(Settings):
    """{name: comment} of the settings, from the end of the line of each; {} where the source cannot be found."""
    try:
        return dict(re.findall(r"^ +(\w+):.*? # (.*)$", inspect.getsource(Settings), re.MULTILINE))
    except (OSError, TypeError):                    # as in python - < scratch_mlp.py
        return {}


def convert(kind, lowest, highest, text):
    """The value that a text stands for; raises ArgumentTypeError, for argparse, if it is not allowed."""
    if kind is str:
        return text
    with contextlib.suppress(KeyError, ValueError):
        value = {"true": True, "false": False}[text.lower()] if kind is bool else kind(text)
        if lowest <= value <= highest:
            return value
    number = "whole number" if kind is int else "number"
    allowed = "True or False" if kind is bool else f"a {number} from {lowest} to {highest}"
    raise argparse.ArgumentTypeError(f"must be {allowed}, not {text!r}")


# ---------------------------------------------------------------- the pictures

def import_packages():
    """Import what the functions below need; not at the top of the file, as --help and --num_frames 0 do without."""
    global Image, contourpy, iio, matplotlib
    import contourpy
    import imageio.v3 as iio
    import matplotlib.backends.backend_agg
    import matplotlib.figure
    import matplotlib.style
    import matplotlib.ticker
    from PIL import Image


def check_pictures(X, y, folder):
    """End the program before the training if points cannot be drawn, a package is missing, or the folder is no good."""
    instead = "or draw nothing, with --num_frames 0"
    if np.ndim(X) == np.ndim(y) == 2 and (X.shape[1] != 2 or y.shape[1] > 2):
        sys.exit(f"error: pictures show 2 coordinates and 2 classes, not {X.shape[1]} and {y.shape[1]}; {instead}")
    try:
        import_packages()
        tempfile.TemporaryFile(dir=make_folder(folder)).close()
    except ImportError as error:
        sys.exit(f"error: {error}: install what requirements.txt lists, {instead}")
    except OSError as error:
        sys.exit(f"error: output_dir = {folder}: {error.strerror or error}; {instead}")


def make_folder(name):
    """The folder of this name, made if need be; ~ is the home folder."""
    folder = Path(os.path.abspath(os.path.expanduser(name)))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def draw(history, forward, X, y, folder, frame_ms=100):
    """Draw a frame for each snapshot with the points X (N, 2), y (N, 2); write the GIFs and all.png; print their paths.

    For any network: forward(points, *snapshot.weights)[-2:] are logits and outputs. Files get their names when whole.
    """
    import_packages()
    print(f"drawing {len(history)} frames", flush=True)
    palette = make_palette()
    palette_image = Image.new("P", (1, 1))
    palette_image.putpalette(palette.tobytes())
    with matplotlib.style.context(["default", STYLE]):
        frames = np.stack([frame.quantize(palette=palette_image, dither=Image.Dither.NONE)
                           for frame in draw_frames(history, forward, X, y)])
    durations = [round(frame_ms, -1)] * (len(frames) - 1) + [2000]      # in hundredths of a second; the last stays
    folder = make_folder(folder)
    files = {f"{name}.gif": iio.imwrite("<bytes>", np.ascontiguousarray(frames[:, :, columns]), extension=".gif",
                                        plugin="pillow", mode="P", palette=palette.tobytes(), optimize=True, loop=0,
                                        duration=durations if len(frames) > 1 else durations[0])
             for name, columns in GIF_COLUMNS.items()}
    files["all.png"] = iio.imwrite("<bytes>", palette[frames[-1]], extension=".png")
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as unfinished:
        for name, content in sorted(files.items()):
            Path(unfinished, name).write_bytes(content)
            os.replace(Path(unfinished, name), folder / name)
            print(folder / name, flush=True)


def add_panel(figure, number, **properties):
    """The axes of panel 0, 1 or 2, from the left; all that belongs to it stays in a square, to be cut out."""
    left, bottom, side = number * PANEL + 75, 60, 270
    axes = figure.add_axes((left / (3 * PANEL), bottom / PANEL, side / (3 * PANEL), side / PANEL))
    axes.locator_params(nbins=4)
    axes.set(**properties)
    for spine in axes.spines.values():
        spine.set_animated(True)                    # else what changes would be drawn over it
    return axes


def add_counter(axes, words, x, y, **properties):
    """Words that stay, left of x, y (in sides of the axes); returns a text right of it, for a number that changes."""
    axes.text(x, y, words + " ", transform=axes.transAxes, ha="right", **properties)
    return axes.text(x, y, "", transform=axes.transAxes, animated=True, **properties)


def add_points(axes, X, y, **properties):
    """The points X (N, 2), each with the marker and the colour of its class, y (N, 2)."""
    for (name, marker, colour), of_class in zip(CLASSES, y.T == 1, strict=True):
        look = {"markersize": 5, "markeredgecolor": "black", "markeredgewidth": 0.6} | properties
        axes.plot(*X[of_class].T, marker, color=colour, label=name, **look)


def curves_panel(axes, history, title, curves):
    """Curves (words, where they end, format of the number behind them, values, style); returns a function show(i)."""
    epochs = [snapshot.epoch for snapshot in history]
    last, top = max(1, epochs[-1]), axes.get_ylim()[1]          # at the top, a loss of inf or nan is shown
    axes.set_xscale("function", functions=(np.sqrt, np.square))     # here snapshots are equally far apart
    ticks = {round(float(f"{share * last:.0e}")) for share in (0, 0.01, 0.1, 0.4, 1)}       # one digit and zeros
    axes.set(xlabel="epoch (square-root scale)", xticks=sorted(ticks), xlim=(0, 1.06 * last))
    axes.xaxis.set_major_formatter(matplotlib.ticker.EngFormatter(sep=""))
    epoch = add_counter(axes, f"{title} at epoch", 0.72, 1.16)
    shown = []
    for words, x, form, values, style in curves:
        line, = axes.plot([], [], marker="o", markevery=[-1], animated=True, **style)
        shown.append((line, add_counter(axes, words, x, 1.05, color=style["color"]), form, values))

    def show(i):
        epoch.set_text(epochs[i])
        for line, number, form, values in shown:
            line.set_data(epochs[:i + 1], np.fmin(values[:i + 1], top))
            number.set_text(form.format(values[i]))
    return show


def accuracy_panel(figure, history):
    """The share of right predictions, on training and on test points; returns the function that shows snapshot i."""
    train, test = [s.train_accuracy for s in history], [s.test_accuracy for s in history]
    axes = add_panel(figure, 0, ylim=(math.floor(10 * min(train + test) - 0.1) / 10, 1.02))
    axes.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1, decimals=0))
    return curves_panel(axes, history, "Accuracy", [("-- test", 0.77, "{:.1%}", test, TEST),
                                                    ("\u2014 train", 0.2, "{:.1%}", train, TRAIN)])


def loss_panel(figure, history):
    """The loss, on a logarithmic axis if it spans a lot; returns the function that shows snapshot i."""
    losses = [s.loss for s in history]
    finite = [value for value in losses if math.isfinite(value)] or [1]
    lowest, highest = max(min(finite), 1e-12), min(max(finite), 1e200)
    linear, log = {"ylim": (0, 1.05 * highest)}, {"yscale": "log", "ylim": (lowest / 2, 2 * highest)}
    axes = add_panel(figure, 2, **(log if highest > 1000 * lowest else linear))
    return curves_panel(axes, history, "Loss", [("\u2014 loss", 0.48, "{:.4g}", losses, TRAIN)])


def boundary_panel(figure, history, forward, X, y):
    """The plane as the network sees it, and the decision boundary; returns the function that shows snapshot i."""
    limit = 1.08 * np.abs(X).max()
    centres = limit * ((2 * np.arange(GRID) + 1) / GRID - 1)
    plane = np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 2)
    axes = add_panel(figure, 1, xlabel="x1", ylabel="x2")
    cmap = matplotlib.colors.ListedColormap(CONFIDENCE)
    regions = axes.imshow(np.zeros((GRID, GRID)), cmap=cmap.with_extremes(bad="0.7"), vmin=0, vmax=1,
                          origin="lower", extent=(-limit, limit, -limit, limit), animated=True,
                          interpolation="bilinear", interpolation_stage="data")
    boundary = matplotlib.collections.LineCollection([], colors="black", linewidths=1.6, animated=True)
    axes.add_collection(boundary)
    add_points(axes, X, y, animated=True)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 0.98), ncol=2, frameon=False, handletextpad=0)
    epoch = add_counter(axes, "Boundary at epoch", 0.72, 1.16)

    def show(i):
        s = history[i]
        *_, z2, h2 = forward(plane, *s.weights)
        regions.set_data((1 + h2[:, 1] - h2[:, 0]).reshape(GRID, GRID) / 2)     # 0: sure of class 0, 1: sure of class 1
        boundary.set_segments(zero_lines(centres, z2[:, 1] - z2[:, 0]))
        epoch.set_text(s.epoch)
    return show


def zero_lines(side, values):
    """The lines, arrays (n, 2), along which the values are 0; they belong to a square grid with this side."""
    return contourpy.contour_generator(side, side, values.reshape(len(side), len(side))).lines(0)


def make_figure(history, forward, X, y):
    """The one figure of all frames, its axes fixed by the whole history, and the function that shows snapshot i."""
    figure = matplotlib.figure.Figure(figsize=(3 * PANEL / 100, PANEL / 100), dpi=100)
    matplotlib.backends.backend_agg.FigureCanvasAgg(figure)
    every = math.ceil(len(X) / 300)                 # more points would hide the regions
    panels = [accuracy_panel(figure, history), loss_panel(figure, history),
              boundary_panel(figure, history, forward, X[::every], y[::every])]
    return figure, lambda i: [show_panel(i) for show_panel in panels]


def draw_frames(history, forward, X, y):
    """Yield the frame of each snapshot, a Pillow image."""
    figure, show = make_figure(history, forward, X, y)
    canvas = figure.canvas
    canvas.draw()
    background = canvas.copy_from_bbox(figure.bbox)             # all that never changes: drawn once (blitting)
    changing = sorted(figure.findobj(lambda artist: artist.get_animated()), key=lambda artist: artist.get_zorder())
    for i in range(len(history)):
        show(i)
        canvas.restore_region(background)
        for artist in changing:
            artist.draw(canvas.get_renderer())
        yield Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def make_palette():
    """One palette for all frames keeps the files small: greys, levels of confidence, tints and shades of the inks."""
    inks = matplotlib.colors.to_rgba_array([TEST["color"], *(colour for name, marker, colour in CLASSES)])[:, :3]
    tints, shades = np.linspace(inks, 1, 5)[:-1], np.linspace(inks, 0, 4)[1:-1]
    colours = [*np.linspace([0] * 3, 1, 16), *matplotlib.colors.to_rgba_array(CONFIDENCE)[:, :3], *tints, *shades]
    return np.rint(255 * np.vstack(colours)).astype(np.uint8)
