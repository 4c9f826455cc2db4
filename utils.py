"""All that is not the algorithm: the program around it, the progress, the settings, the pictures and their files.

Nothing here imports scratch_mlp: a network comes as its history, a list of snapshots, and as the function `forward`.
"""
import argparse
import contextlib
import importlib
import inspect
import io
import math
import os
import sys
import tempfile
import tokenize
from dataclasses import MISSING, fields
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
AS_BEFORE = 0                                       # the number in the palette that leaves a pixel as it was

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
    """Around the script's run: Ctrl-C (status 130), a full disk and the like (1) end it with one line."""
    if sys.version_info < (3, 10):
        sys.exit(fail(1, "Python 3.10 or newer is needed"))
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")       # some terminals know no letters but ASCII
    if "ipykernel" not in sys.modules:
        os.environ["MPLBACKEND"] = "agg"                        # no window; `!python` inherits that of a notebook
    np.empty(2**21)     # 16 MB freed at once: now Linux keeps what a step frees; twice as fast with 50 neurons
    try:
        with np.errstate(over="ignore", invalid="ignore"):      # `watch` says when a loss is not finite
            yield
    except KeyboardInterrupt:
        say("interrupted")
        sys.exit(130)
    except (OSError, MemoryError, NotImplementedError) as error:
        sys.exit(fail(1, error))


def say(text):
    """Print a line at once; to nowhere once nobody reads on, as after `| head`."""
    try:
        print(text, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def fail(status, error):
    """Say in one line what is wrong; returns the exit status."""
    print(f"{Path(sys.argv[0]).name}: error: {' '.join(str(error).split())}", file=sys.stderr)
    return status


def check_pictures(folder):
    """End the program now, and not after the training, if no pictures can be drawn, or written to the folder."""
    try:
        for package in ("matplotlib", "imageio.v3"):
            importlib.import_module(package)
        open_folder(folder)
    except ImportError as error:
        sys.exit(fail(1, f"{error}: install what requirements.txt lists, or draw nothing, with --num_frames 0"))
    except ValueError as error:
        sys.exit(fail(2, error))


def watch(snapshots, hp):
    """Collect the snapshots of a training, or those until Ctrl-C, and print about ten; returns history, exit status."""
    history, num_lines = [], 0
    try:
        for snapshot in snapshots:
            history.append(snapshot)
            is_finite = math.isfinite(snapshot.loss)
            if snapshot.epoch + 0.5 >= hp.num_epochs * (num_lines / 10)**2 or not is_finite:
                num_lines += 1
                say(f"epoch {snapshot.epoch:>9}   loss {snapshot.loss:<9.4g}   "
                    f"train {snapshot.train_accuracy:6.1%}   test {snapshot.test_accuracy:6.1%}")
    except KeyboardInterrupt:
        if not history:
            raise
        say(f"interrupted: the last snapshot is that of epoch {history[-1].epoch}")
        return history, 130
    if is_finite:
        return history, 0
    return history, fail(1, f"the loss is {snapshot.loss} at epoch {snapshot.epoch}: "
                            f"try a lower learning_rate or reg_coeff")


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
        parser.add_argument(f"--{f.name}", type=converter(kind, lowest, highest), default=str(f.default),
                            required=f.default is MISSING, metavar=kind.__name__.upper(), help=words)
    return Settings(**vars(parser.parse_args(arguments)))


def comments_of(Settings):
    """{name: comment} of the settings, from the end of the line of each; {} where the source cannot be found."""
    try:
        lines = io.StringIO(inspect.getsource(Settings))
    except (OSError, TypeError):                    # as in python - < scratch_mlp.py
        return {}
    return {token.line.partition(":")[0].strip(): token.string.lstrip("# ")
            for token in tokenize.generate_tokens(lines.readline) if token.type == tokenize.COMMENT}


def converter(kind, lowest, highest):
    """The function that makes a value of a text, as argparse wants one: it raises ArgumentTypeError if not allowed."""
    meant = {bool: "True or False", str: "a name", int: f"a whole number from {lowest} to {highest}",
             float: f"a number from {lowest} to {highest:g}"}[kind]

    def convert(text):
        with contextlib.suppress(ValueError, KeyError):
            value = {"true": True, "false": False}[text.lower()] if kind is bool else kind(text)
            if value.strip() if kind is str else lowest <= value <= highest:
                return value
        raise argparse.ArgumentTypeError(f"must be {meant}, not {text!r}")
    return convert


# ---------------------------------------------------------------- the pictures

def draw(history, forward, X, y, folder, frame_ms=100):
    """Draw a frame for each snapshot with the points X (N, 2), y (N, 2); write the GIFs and all.png; print their paths.

    Raises OSError if a file cannot be written. Then, or after Ctrl-C, each picture that was there is whole.
    """
    if (X.shape[1], y.shape[1]) != (2, 2):
        raise NotImplementedError(f"the pictures show 2 coordinates and 2 classes, not {X.shape[1]} and {y.shape[1]}")
    import matplotlib.style
    folder = open_folder(folder)
    say(f"drawing {len(history)} frames")
    with matplotlib.style.context(["default", STYLE]):
        drawn = to_palette(draw_frames(history, forward, X, y), len(history))
    for path in write_files(folder, encode(*drawn, round(frame_ms, -1))):       # a GIF counts in hundredths of a second
        say(path.resolve())


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
    """Words that end at x, y (in sides of the axes), and after them the text, empty yet, of a number: returns that."""
    axes.text(x, y, words + " ", transform=axes.transAxes, ha="right", **properties)
    return axes.text(x, y, "", transform=axes.transAxes, animated=True, **properties)


def add_points(axes, X, y, **properties):
    """The points X (N, 2), each with the marker and the colour of its class, y (N, 2)."""
    for (name, marker, colour), of_class in zip(CLASSES, y.T == 1, strict=True):
        look = {"markersize": 5, "markeredgecolor": "black", "markeredgewidth": 0.6} | properties
        axes.plot(*X[of_class].T, marker, color=colour, label=name, **look)


def curves_panel(axes, history, title, curves):
    """Curves (words, place of a number, its format, values, style) over epochs; returns what shows them up to i."""
    from matplotlib.ticker import EngFormatter
    epochs = [snapshot.epoch for snapshot in history]
    last, top = max(1, epochs[-1]), axes.get_ylim()[1]          # where a loss of inf or nan is shown
    axes.set_xscale("function", functions=(np.sqrt, np.square))     # here snapshots are equally far apart
    ticks = {round(float(f"{share * last:.0e}")) for share in (0, 0.01, 0.1, 0.4, 1)}       # one digit and zeros
    axes.set(xlabel="epoch (square-root scale)", xticks=sorted(ticks), xlim=(0, 1.06 * last))
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
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
    from matplotlib.ticker import PercentFormatter
    train, test = [s.train_accuracy for s in history], [s.test_accuracy for s in history]
    axes = add_panel(figure, 0, ylim=(math.floor(10 * min(train + test) - 0.1) / 10, 1.02))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
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
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure
    from matplotlib.patches import PathPatch
    limit = 1.08 * np.abs(X).max()
    centres = limit * ((2 * np.arange(GRID) + 1) / GRID - 1)
    plane = np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 2)
    axes = add_panel(figure, 1, xlabel="x1", ylabel="x2")
    nothing, sketch = np.zeros((GRID, GRID)), Figure().add_subplot()        # the sketch is never shown
    regions = axes.imshow(nothing, cmap=ListedColormap(CONFIDENCE).with_extremes(bad="0.7"), vmin=0, vmax=1,
                          origin="lower", extent=(-limit, limit, -limit, limit), animated=True, zorder=1,
                          interpolation="bilinear", interpolation_stage="data")
    boundary = axes.add_patch(PathPatch(zero_line(sketch, centres, nothing), fill=False, linewidth=1.6, animated=True))
    add_points(axes, X, y, animated=True)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 0.98), ncol=2, frameon=False, handletextpad=0)
    epoch = add_number(axes, "Boundary at epoch", 0.72, 1.16)

    def show(i):
        s = history[i]
        z1, h1, z2, h2 = forward(plane, *s.weights)
        regions.set_data(confidence(h2).reshape(GRID, GRID))
        boundary.set_path(zero_line(sketch, centres, (z2[:, 1] - z2[:, 0]).reshape(GRID, GRID)))
        epoch.set_text(s.epoch)
    return show


def confidence(h2):
    """From 0, sure of class 0, to 1, sure of class 1, (N,): 1/2 where both outputs are equal."""
    return (1 + h2[:, 1] - h2[:, 0]) / 2


def zero_line(axes, side, values):
    """The path on which values at the points of a grid are 0, if there is any; the axes stay empty."""
    import matplotlib.path
    if not values.min() < 0 < values.max():
        return matplotlib.path.Path(np.empty((0, 2)))           # contour() would warn
    contour = axes.contour(side, side, values, levels=[0], colors="black")
    contour.remove()
    return contour.get_paths()[0]


def make_figure(history, forward, X, y):
    """The one figure of all frames, its axes fixed by the whole history, and the function that shows snapshot i."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    figure = Figure(figsize=(3 * PANEL / 100, PANEL / 100), dpi=100)
    FigureCanvasAgg(figure)
    panels = [accuracy_panel(figure, history), loss_panel(figure, history),
              boundary_panel(figure, history, forward, X[:300], y[:300])]       # more points would hide the regions
    return figure, lambda i: [show_panel(i) for show_panel in panels]


def draw_frames(history, forward, X, y):
    """Yield the frame of each snapshot, (400, 1200, 4) RGBA."""
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
        yield np.array(canvas.buffer_rgba())


def make_palette():
    """The colours of all frames, (45, 3) RGB: no colour, greys, levels of confidence, tints and shades of the inks."""
    from matplotlib.colors import to_rgb
    inks = np.array([to_rgb(TEST["color"]), *(to_rgb(colour) for name, marker, colour in CLASSES)])
    tints, shades = np.linspace(inks, 1, 5)[:-1], np.linspace(inks, 0, 4)[1:-1]
    colours = [(1, 0, 1), *np.linspace([0] * 3, 1, 16), *map(to_rgb, CONFIDENCE), *tints, *shades]
    return np.rint(255 * np.vstack(colours)).astype(np.uint8)


def to_palette(pictures, num_pictures):
    """RGBA pictures as frames (T, 400, 1200) of palette numbers, AS_BEFORE where unchanged; the last whole; palette."""
    palette = make_palette()
    levels = np.linspace(0, 255, 32)                # of red, green and blue, by their five highest bits
    colours = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1)
    distance = np.stack([np.square(colours - colour).sum(axis=-1) for colour in palette[1:]], axis=-1)
    nearest = (1 + distance.argmin(axis=-1)).astype(np.uint8)
    frames = np.full((num_pictures, PANEL * 3 * PANEL), AS_BEFORE, np.uint8)
    before, last = 0, frames[0].copy()
    for i, picture in enumerate(pictures):
        pixels = picture.view(np.uint32).ravel()    # red, green, blue and alpha as one number
        changed = np.flatnonzero(pixels != before)
        red, green, blue, alpha = (picture.reshape(-1, 4)[changed] >> 3).T
        numbers = nearest[red, green, blue]
        frames[i, changed] = np.where(numbers == last[changed], AS_BEFORE, numbers)
        before, last[changed] = pixels, numbers
        if i % 200 == 199:
            say(f"drawn {i + 1} frames")
    return frames.reshape(-1, PANEL, 3 * PANEL), last.reshape(PANEL, -1), palette


def encode(frames, last, palette, frame_ms):
    """Yield the name and the bytes of each file: GIFs that play for ever, their last frame for 2 s; and this frame."""
    import imageio.v3 as iio
    durations = [frame_ms] * (len(frames) - 1) + [2000]
    for part, columns in PARTS.items():
        yield f"{part}.gif", iio.imwrite("<bytes>", np.ascontiguousarray(frames[:, :, columns]), extension=".gif",
                                         plugin="pillow", mode="P", palette=palette.tobytes(), transparency=AS_BEFORE,
                                         duration=durations if len(frames) > 1 else 2000, loop=0)
    yield "all.png", iio.imwrite("<bytes>", palette[last], extension=".png")


# ---------------------------------------------------------------- the files

def open_folder(name):
    """The folder of this name (~ is home), made if need be; raises ValueError or OSError if it takes no file."""
    try:
        folder = Path(name).expanduser()
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError, RuntimeError):
        raise ValueError(f"output_dir = {name}: must be a folder that is there or can be made") from None
    probe = folder / f".{os.getpid()}-probe"
    probe.touch()
    probe.unlink()
    return folder


def write_files(folder, files):
    """Write files, (name, bytes), to the folder; returns their paths. What was there stays until all are written."""
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".") as temporary:
            for name, content in files:
                Path(temporary, name).write_bytes(content)
            written = sorted(Path(temporary).iterdir())
            for path in written:
                os.replace(path, folder / path.name)
    except OSError as error:
        hint = "; if another program shows a picture, close it" if isinstance(error, PermissionError) else ""
        raise OSError(f"{folder} cannot take the pictures: {error}{hint}") from error
    return [folder / path.name for path in written]
