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
import warnings
from dataclasses import MISSING, fields
from functools import partial
from pathlib import Path

import numpy as np

LIMITS = {                                          # of the settings: type, lowest, highest
    "hidden_dim": (int, 1, 1000), "learning_rate": (float, 0, 1e6), "num_epochs": (int, 0, 10**9),
    "num_samples": (int, 1, 10_000), "reg_coeff": (float, 0, 1e6), "use_bias": (bool, False, True),
    "num_test_samples": (int, 1, 10_000), "data_seed": (int, 0, 2**32 - 2), "weight_seed": (int, 0, 2**32 - 1),
    "batch_size": (int, 0, 10_000), "lr_decay": (float, 0, 1e6), "clip_norm": (float, 0, 1e6),
    "num_frames": (int, 0, 1000), "frame_ms": (int, 20, 10_000)}
TYPES = {"int": int, "float": float, "bool": bool, "str": str}      # of settings that a user adds

PANEL = 400                                         # pixels, the width and the height of each of the three panels
PARTS = {"accuracy": slice(0, PANEL), "boundary": slice(PANEL, 2 * PANEL), "loss": slice(2 * PANEL, 3 * PANEL),
         "all": slice(0, 3 * PANEL)}                # the columns of a frame that each GIF shows
GRID = 100                                          # the network is asked at GRID x GRID points of the plane

# Blue and orange, unlike red and green, look different to everyone; markers and dashes tell them apart without colour
CLASSES = (("class 0", "o", "#0072b2"), ("class 1", "s", "#e69f00"))
CONFIDENCE = ("#5aa5d6", "#7fb9df", "#a3cde9", "#c5dff1", "#e3eff8",
              "#fdf3dd", "#fbe5b8", "#f8d690", "#f5c766", "#f1b53b")
TRAIN, TEST = {"color": "black", "linestyle": "-"}, {"color": "#009e73", "linestyle": "--"}
STYLE = {"font.size": 14, "xtick.labelsize": 13, "ytick.labelsize": 13, "axes.linewidth": 1.2, "lines.linewidth": 2.2,
         "axes.axisbelow": True}                    # the ticks under all that changes


# ---------------------------------------------------------------- the program

@contextlib.contextmanager
def program():
    """Around the script's run: Ctrl-C ends it with status 130; a full disk and the like with one line, status 1."""
    if sys.version_info < (3, 10):
        sys.exit("error: Python 3.10 or newer is needed")
    if "ipykernel" not in sys.modules:
        os.environ["MPLBACKEND"] = "agg"                        # no window; `!python` inherits that of a notebook
    try:
        with np.errstate(over="ignore", invalid="ignore"):      # `watch` says when a loss is not finite
            yield
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, MemoryError) as error:
        sys.stdout = None                                       # else Python tries once more to print what it could not
        nobody_reads_on = isinstance(error, BrokenPipeError)    # as after `| head`
        sys.exit(1 if nobody_reads_on else f"error: {error}")


def watch(snapshots, hp):
    """Collect the snapshots of a training, or those until Ctrl-C, and print about ten; returns history, exit status."""
    history, num_lines = [], 0
    try:
        for s in snapshots:
            history.append(s)
            if s.epoch + 0.5 >= hp.num_epochs * (num_lines / 10)**2 or not math.isfinite(s.loss):
                num_lines += 1
                print(f"epoch {s.epoch:>9}   loss {s.loss:<9.4g}   "
                      f"train {s.train_accuracy:6.1%}   test {s.test_accuracy:6.1%}", flush=True)
    except KeyboardInterrupt:
        if not history:
            raise
        print(f"interrupted: the last snapshot is that of epoch {history[-1].epoch}", flush=True)
        return history, 130
    if math.isfinite(s.loss):
        return history, 0
    cause = "a lower learning_rate or reg_coeff" if len(history) > 1 else "other data, or other first weights"
    return history, f"error: the loss is {s.loss} at epoch {s.epoch}: try {cause}"


# ---------------------------------------------------------------- the settings

def read_settings(Settings, arguments=None):
    """The Settings, a dataclass, as flags --name value change them. A bad flag or default ends the program."""
    parser = argparse.ArgumentParser(description="Train a small neural network on XOR.", allow_abbrev=False,
                                     usage="%(prog)s [--name value ...]")
    for name, value in vars(Settings).items():
        if not name.startswith("_") and name not in Settings.__annotations__:
            parser.error(f"{name} has no type: write {name}: {type(value).__name__} = {value}")
    comments = comments_of(Settings)
    for f in fields(Settings):
        own_type = getattr(f.type, "__name__", str(f.type))
        kind, lowest, highest = LIMITS.get(f.name, (TYPES.get(own_type), -math.inf, math.inf))
        if kind is None:
            parser.error(f"{f.name} is of the type {own_type}: must be int, float, bool or str")
        words = f"{comments.get(f.name, '')} (default: {f.default})".replace("%", "%%")
        parser.add_argument(f"--{f.name}", type=partial(convert, kind, lowest, highest), default=str(f.default),
                            required=f.default is MISSING, metavar=kind.__name__.upper(), help=words)
    return Settings(**vars(parser.parse_args(arguments)))


def comments_of(Settings):
    """{name: comment} of the settings, from the end of the line of each; {} where the source cannot be found."""
    try:
        return dict(re.findall(r"^ +(\w+):.*?  # (.*)$", inspect.getsource(Settings), re.MULTILINE))
    except (OSError, TypeError):                    # as in python - < scratch_mlp.py
        return {}


def convert(kind, lowest, highest, text):
    """The value that a text stands for; raises ArgumentTypeError, for argparse, if it is not allowed."""
    with contextlib.suppress(ValueError, KeyError):
        value = {"true": True, "false": False}[text.lower()] if kind is bool else kind(text)
        if kind is str or lowest <= value <= highest:
            return value
    allowed = "True or False" if kind is bool else f"a {'whole ' * (kind is int)}number from {lowest} to {highest:.10g}"
    raise argparse.ArgumentTypeError(f"must be {allowed}, not {text!r}")


# ---------------------------------------------------------------- the pictures

def import_matplotlib():
    """Import what the functions below need; not at the top of the file, as --help and --num_frames 0 do without."""
    global Image, iio, matplotlib
    import imageio.v3 as iio
    import matplotlib.backends.backend_agg
    import matplotlib.figure
    import matplotlib.style
    import matplotlib.ticker
    from PIL import Image


def check_pictures(X, y, folder):
    """End the program now, and not after the training, if these points cannot be drawn, or nothing in this folder."""
    instead = "or draw nothing, with --num_frames 0"
    if np.ndim(X) == np.ndim(y) == 2 and (X.shape[1] != 2 or y.shape[1] > 2):
        sys.exit(f"error: pictures show 2 coordinates and 2 classes, not {X.shape[1]} and {y.shape[1]}; {instead}")
    try:
        import_matplotlib()
        with tempfile.TemporaryFile(dir=make_folder(folder)):
            pass
    except ImportError as error:
        sys.exit(f"error: {error}: install what requirements.txt lists, {instead}")
    except OSError as error:
        sys.exit(f"error: output_dir = {folder}: {error.strerror}; {instead}")


def make_folder(name):
    """The folder of this name, made if need be; ~ is the home folder."""
    folder = Path(os.path.expanduser(name)).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def draw(history, forward, X, y, folder, frame_ms=100):
    """Draw a frame for each snapshot with the points X (N, 2), y (N, 2); write the GIFs and all.png; print their paths.

    Of any network: forward(points, *snapshot.weights)[-2:] are its logits and its outputs, (N, 2). Each file is written
    beside its place and moved there, so a file that was there stays whole. Raises OSError if one cannot be written.
    """
    import_matplotlib()
    print(f"drawing {len(history)} frames", flush=True)
    palette, colours = make_palette(), Image.new("P", (1, 1))
    colours.putpalette(palette)
    with matplotlib.style.context(["default", STYLE]):
        frames = np.stack([frame.quantize(palette=colours, dither=Image.Dither.NONE)
                           for frame in draw_frames(history, forward, X, y)])
    durations = [round(frame_ms, -1)] * (len(frames) - 1) + [2000]      # a GIF counts in hundredths of a second
    folder = make_folder(folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as unfinished:
        for name, columns in PARTS.items():
            iio.imwrite(Path(unfinished, f"{name}.gif"), np.ascontiguousarray(frames[:, :, columns]), plugin="pillow",
                        mode="P", palette=palette, optimize=True, loop=0,
                        duration=durations if len(frames) > 1 else durations[0])
        iio.imwrite(Path(unfinished, "all.png"), np.frombuffer(palette, np.uint8).reshape(-1, 3)[frames[-1]])
        for path in sorted(Path(unfinished).iterdir()):
            os.replace(path, folder / path.name)
            print(folder / path.name, flush=True)


def add_panel(figure, number, **properties):
    """The axes of panel 0, 1 or 2, from the left; all that belongs to it stays in a square, to be cut out."""
    left, bottom, side = number * PANEL + 75, 60, 270
    axes = figure.add_axes((left / (3 * PANEL), bottom / PANEL, side / (3 * PANEL), side / PANEL))
    axes.locator_params(nbins=4)
    axes.set(**properties)
    for spine in axes.spines.values():
        spine.set_animated(True)                    # else what changes would be drawn over it
    return axes


def add_number(axes, words, x, y, **properties):
    """Words that stay, left of x, y (in sides of the axes); returns a text right of it, for a number that changes."""
    axes.text(x, y, words + " ", transform=axes.transAxes, ha="right", **properties)
    return axes.text(x, y, "", transform=axes.transAxes, animated=True, **properties)


def add_points(axes, X, y, **properties):
    """The points X (N, 2), each with the marker and the colour of its class, y (N, 2)."""
    for (name, marker, colour), of_class in zip(CLASSES, y.T == 1, strict=True):
        look = {"markersize": 5, "markeredgecolor": "black", "markeredgewidth": 0.6} | properties
        axes.plot(*X[of_class].T, marker, color=colour, label=name, **look)


def curves_panel(axes, history, title, curves):
    """Curves (words, place and format of a number, values, style) over epochs; returns what shows them up to i."""
    epochs = [snapshot.epoch for snapshot in history]
    last, top = max(1, epochs[-1]), axes.get_ylim()[1]          # where a loss of inf or nan is shown
    axes.set_xscale("function", functions=(np.sqrt, np.square))     # here snapshots are equally far apart
    ticks = {round(float(f"{share * last:.0e}")) for share in (0, 0.01, 0.1, 0.4, 1)}       # one digit and zeros
    axes.set(xlabel="epoch (square-root scale)", xticks=sorted(ticks), xlim=(0, 1.06 * last))
    axes.xaxis.set_major_formatter(matplotlib.ticker.EngFormatter(sep=""))
    epoch = add_number(axes, f"{title} at epoch", 0.72, 1.16)
    lines = [axes.plot([], [], marker="o", markevery=[-1], animated=True, **style)[0] for *_, style in curves]
    numbers = [add_number(axes, words, place, 1.05, color=style["color"]) for words, place, *_, style in curves]

    def show(i):
        epoch.set_text(epochs[i])
        for line, number, (_, _, form, values, _) in zip(lines, numbers, curves, strict=True):
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
    nothing, sketch = np.zeros((GRID, GRID)), matplotlib.figure.Figure().add_subplot()      # the sketch is never shown
    cmap = matplotlib.colors.ListedColormap(CONFIDENCE)
    regions = axes.imshow(nothing, cmap=cmap.with_extremes(bad="0.7"), vmin=0, vmax=1,
                          origin="lower", extent=(-limit, limit, -limit, limit), animated=True, zorder=1,
                          interpolation="bilinear", interpolation_stage="data")
    boundary = axes.add_patch(matplotlib.patches.PathPatch(zero_line(sketch, centres, nothing), fill=False,
                                                           linewidth=1.6, animated=True))
    add_points(axes, X, y, animated=True)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 0.98), ncol=2, frameon=False, handletextpad=0)
    epoch = add_number(axes, "Boundary at epoch", 0.72, 1.16)

    def show(i):
        s = history[i]
        *_, z2, h2 = forward(plane, *s.weights)
        regions.set_data((1 + h2[:, 1] - h2[:, 0]).reshape(GRID, GRID) / 2)     # 0: sure of class 0, 1: sure of class 1
        boundary.set_path(zero_line(sketch, centres, (z2[:, 1] - z2[:, 0]).reshape(GRID, GRID)))
        epoch.set_text(s.epoch)
    return show


def zero_line(axes, side, values):
    """The path on which values at the points of a grid are 0, empty if there is none; the axes stay empty."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")                         # it warns where all values have one sign
        contour = axes.contour(side, side, values, levels=[0], colors="black")
    contour.remove()
    return contour.get_paths()[0]


def make_figure(history, forward, X, y):
    """The one figure of all frames, its axes fixed by the whole history, and the function that shows snapshot i."""
    figure = matplotlib.figure.Figure(figsize=(3 * PANEL / 100, PANEL / 100), dpi=100)
    matplotlib.backends.backend_agg.FigureCanvasAgg(figure)
    panels = [accuracy_panel(figure, history), loss_panel(figure, history),
              boundary_panel(figure, history, forward, X[:300], y[:300])]       # more points would hide the regions
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
    """The colours of all frames as one byte string, RGB: greys, levels of confidence, tints and shades of the inks."""
    inks = matplotlib.colors.to_rgba_array([TEST["color"], *(colour for name, marker, colour in CLASSES)])[:, :3]
    tints, shades = np.linspace(inks, 1, 5)[:-1], np.linspace(inks, 0, 4)[1:-1]
    colours = [*np.linspace([0] * 3, 1, 16), *matplotlib.colors.to_rgba_array(CONFIDENCE)[:, :3], *tints, *shades]
    return np.rint(255 * np.vstack(colours)).astype(np.uint8).tobytes()
