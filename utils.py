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

LIMITS = {                                          # lowest and highest; what is not listed may be any number
    "hidden_dim": (1, 1000), "learning_rate": (0.0, 1e308), "num_epochs": (0, 10**9), "num_samples": (1, 10_000),
    "reg_coeff": (0.0, 1e308), "num_test_samples": (1, 10_000), "data_seed": (0, 2**32 - 2),
    "weight_seed": (0, 2**32 - 2), "batch_size": (0, 10**9), "lr_decay": (0.0, 1e308), "clip_norm": (0.0, 1e308),
    "num_frames": (0, 1000), "frame_ms": (20, 10_000)}

PARTS = {                                           # of the frames (i, row, column): what each GIF shows
    "all": np.s_[:], "boundary": np.s_[:, :, :480], "accuracy": np.s_[:, :240, 480:], "loss": np.s_[:, 240:, 480:]}
AXES = (62, 84, 400, 350), (540, 294, 318, 140), (540, 54, 318, 140)        # their left, bottom, width, height, pixels
GRID = 100                                          # the network is asked at GRID x GRID points of the plane

# At most four classes: the colour-blind can tell the colours (red, green, blue, opacity) apart, too; markers need none
MARKERS, COLOURS = "os^D", np.array([(0, .45, .7, 1), (.88, .44, 0, 1), (.53, .13, .33, 1), (.2, .2, .2, 1)])
TINTS = 1 - np.linspace(0.06, 0.6, 5)[:, None, None] * (1 - COLOURS)        # (5, 4, 4), of regions: from unsure to sure
RIGHT = {"markersize": 6.5, "markeredgecolor": "white", "markeredgewidth": 0.8}
WRONG = {"markersize": 7.5, "markeredgecolor": "black", "markeredgewidth": 1.7}
TRAIN, TEST = {"color": "black", "linestyle": "-"}, {"color": (0, .47, .35, 1), "linestyle": "--"}
INKS = np.vstack([COLOURS, TEST["color"]])
# One palette for all frames keeps the files small: greys, and each ink alone, with white, and with black
PALETTE = np.uint8(255 * np.vstack([*np.linspace([0] * 4, 1, 10), INKS, (INKS + 1) / 2, INKS / 2, *TINTS])[:, :3])
STYLE = {"font.size": 13, "axes.linewidth": 1.2, "lines.linewidth": 2.6}


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
        sys.exit(1 if isinstance(error, BrokenPipeError) else f"error: {str(error) or 'out of memory'}")


def watch(snapshots, hp):
    """Collect the snapshots of a training, or those until Ctrl-C, and print ten; returns history, what to exit with."""
    history, num_lines = [], 0
    try:
        for s in snapshots:
            history.append(s)
            if s.epoch + 0.5 >= hp.num_epochs * (num_lines / 10)**3 or not math.isfinite(s.loss):   # rounded cubes, too
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
        if kind not in (int, float, bool, str) or kind is str and not isinstance(defaults.get(name), str):
            parser.error(f"{name}: its type must be int, float, bool, or str for a text in quotes")
        meaning = f"{comments.get(name, '')} (default: {defaults.get(name)})".replace("%", "%%")    # % is argparse's
        parser.add_argument(f"--{name}", default=str(defaults.get(name)), help=meaning, metavar=kind.__name__.upper(),
                            type=str if kind is str else partial(convert, kind, *LIMITS.get(name, (-1e308, 1e308))))
    return Settings(**vars(parser.parse_args(arguments)))


def comments_of(Settings):
    """{name: comment} of the settings, from the end of the line of each; {} where the source cannot be found."""
    with contextlib.suppress(OSError, TypeError):   # as in python - < scratch_mlp.py
        return dict(re.findall(r"^ +(\w+):.*? # (.*)$", inspect.getsource(Settings), re.MULTILINE))
    return {}


def convert(kind, lowest, highest, text):
    """The value that a text stands for; raises ArgumentTypeError, for argparse, if it is not allowed."""
    with contextlib.suppress(KeyError, ValueError):
        value = {"true": True, "false": False}[text.lower()] if kind is bool else kind(text)
        if lowest <= value <= highest:
            return value
    number = f"a {'whole ' if kind is int else ''}number from {lowest} to {highest}"
    raise argparse.ArgumentTypeError(f"must be {'True or False' if kind is bool else number}, not {text!r}")


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
    if np.ndim(X) == np.ndim(y) == 2 and (X.shape[1] != 2 or y.shape[1] > 4):
        sys.exit(f"error: pictures show 2 coordinates and 2 to 4 classes, not {X.shape[1]} and {y.shape[1]}; {instead}")
    try:
        import_packages()
        Path(folder).expanduser().mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=Path(folder).expanduser()).close()
    except ImportError as error:
        sys.exit(f"error: {error}: install what requirements.txt lists, {instead}")
    except (OSError, RuntimeError, ValueError) as error:        # as of "/proc", "~nobody" and "\0"
        sys.exit(f"error: output_dir = {folder!r}: {getattr(error, 'strerror', None) or error}; {instead}")


def draw(history, forward, X, y, folder, frame_ms=100):
    """Draw a frame for each snapshot with the points X (N, 2), y (N, K); write the GIFs and all.png; print their paths.

    For any network: forward(points, *snapshot.weights)[-2:] are logits and outputs. Files get their names when whole.
    """
    import_packages()
    print(f"drawing {len(history)} frames", flush=True)
    palette_image = Image.new("P", (1, 1))
    palette_image.putpalette(PALETTE.tobytes())
    with matplotlib.style.context(["default", STYLE]):
        frames = np.stack([frame.quantize(palette=palette_image, dither=Image.Dither.NONE)
                           for frame in draw_frames(history, forward, X, y)])
    durations = [round(frame_ms, -1)] * (len(frames) - 1) + [2000]      # tens of ms; the last stays
    folder = Path(folder).expanduser().absolute()
    folder.mkdir(parents=True, exist_ok=True)
    files = {f"{name}.gif": iio.imwrite("<bytes>", frames[part], extension=".gif",
                                        plugin="pillow", palette=PALETTE.tobytes(), optimize=True, loop=0,
                                        duration=durations if len(frames) > 1 else 2000)
             for name, part in PARTS.items()}
    files["all.png"] = iio.imwrite("<bytes>", PALETTE[frames[-1]], extension=".png")
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as unfinished:
        for name, content in sorted(files.items()):
            Path(unfinished, name).write_bytes(content)
            os.replace(Path(unfinished, name), folder / name)
            print(folder / name, flush=True)


def add_number(axes, x, words, **properties):
    """Words above the axes, which end x pixels right of their left edge; returns the text of a number behind them."""
    properties |= {"xycoords": "axes fraction", "textcoords": "offset pixels", "fontsize": 15}
    axes.annotate(words + " ", (0, 1), (x, 16), ha="right", **properties)
    return axes.annotate("", (0, 1), (x, 16), animated=True, **properties)


def add_points(axes, X, y, **properties):
    """The points X (N, 2), with marker and colour of their class, y (N, K); returns a line for each class."""
    return [axes.plot(*X[y[:, k] == 1].T, MARKERS[k], color=COLOURS[k], label=f"class {k}", **RIGHT | properties)[0]
            for k in range(y.shape[1])]


def curves_panel(axes, history, guessing, side, curves):
    """Curves over epochs, and a line at what guessing gives; returns the function that shows snapshot i."""
    epochs = [snapshot.epoch for snapshot in history]
    last, top = max(1, epochs[-1]), axes.get_ylim()[1]          # at the top, a loss of inf or nan is shown
    axes.set_xscale("function", functions=(np.cbrt, lambda root: root**3))     # here snapshots are equally far apart
    ticks = {round(float(f"{share * last:.0e}")) for share in (0, 0.02, 0.12, 0.42)}    # of one digit, and zeros
    axes.set(xlabel="epoch (cube-root scale)", xlim=(0, 1.06 * last), xticks=sorted(ticks | {float(f"{last:.1e}")}))
    axes.xaxis.set_major_formatter(matplotlib.ticker.EngFormatter(sep=""))
    axes.spines[["top", "right"]].set_visible(False)
    axes.axhline(guessing, color="0.45", linestyle=":", linewidth=1.5)
    axes.text(last, guessing, "guessing", ha="right", va=side, color="0.35")
    shown = []
    for values, style, words, x, form in curves:
        line, = axes.plot([], [], marker="o", markersize=8, markevery=[-1], animated=True, clip_on=False, **style)
        shown.append((line, add_number(axes, x, words, color=style["color"]), form, values))

    def show(i):
        for line, number, form, values in shown:
            line.set_data(epochs[:i + 1], np.fmin(values[:i + 1], top))
            number.set_text(form.format(values[i]))
    return show


def accuracy_panel(axes, history, K):
    """The share of right predictions, on training and on test points; returns the function that shows snapshot i."""
    train, test = [s.train_accuracy for s in history], [s.test_accuracy for s in history]
    axes.set_ylim(max(0, min(*train, *test, 1 / K) - 0.12), 1.02)
    axes.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1, decimals=0))
    curves = (train, TRAIN, "Accuracy  train", 114, "{:.1%}"), (test, TEST, "test", 249, "{:.1%}")
    return curves_panel(axes, history, 1 / K, "top", curves)


def loss_panel(axes, history, K):
    """The loss, on a logarithmic axis if it spans a lot; returns the function that shows snapshot i."""
    losses, guessing = [s.loss for s in history], (K - 1) / (2 * K)     # the loss, if all outputs are 1 / K
    finite = [guessing, *filter(math.isfinite, losses)]
    lowest, highest = max(min(finite), 1e-12), min(max(finite), 1e100)
    linear, log = {"ylim": (0, 1.1 * highest)}, {"yscale": "log", "ylim": (lowest / 2, 2 * highest)}
    axes.set(**(log if highest > 1000 * lowest else linear))
    return curves_panel(axes, history, guessing, "bottom", [(losses, TRAIN, "Loss", 4, "{:.4g}")])


def boundary_panel(axes, history, forward, X, y):
    """The plane as the network sees it, its boundary and the points; returns the function that shows snapshot i."""
    margin = 0.07 * np.ptp(X, axis=0) + 1e-9
    low, high = X.min(axis=0) - margin, X.max(axis=0) + margin
    sides = (low + (high - low) * (np.arange(GRID)[:, None] + 0.5) / GRID).T
    plane = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2)
    regions = axes.imshow(np.zeros((GRID, GRID, 4)), extent=(low[0], high[0], low[1], high[1]), origin="lower",
                          aspect="auto", interpolation="bilinear", animated=True)
    axes.spines[:].set_animated(True)               # else the regions would be drawn over them
    boundary = axes.add_collection(matplotlib.collections.LineCollection([], colors="black", lw=2, animated=True))
    show_points = mark_points(axes, history, forward, X, y)
    epoch = add_number(axes, 18, "Epoch")

    def show(i):
        *_, z2, h2 = forward(plane, *history[i].weights)
        regions.set_data(colours_of(z2, h2).reshape(GRID, GRID, 4))
        boundary.set_segments(boundary_lines(*sides, z2))
        show_points(i)
        epoch.set_text(history[i].epoch)
    return show


def mark_points(axes, history, forward, X, y):
    """The points, with a black edge where the network is wrong; returns the function that marks them for snapshot i."""
    right, wrong = (add_points(axes, X, y, animated=True, **look) for look in (RIGHT, WRONG))
    edge, = axes.plot([], [], "o", color="white", label="wrong", **WRONG)
    pale, = axes.plot([], [], "s", color=TINTS[0, 0], markeredgecolor="0.5", markersize=9, label="pale: unsure")
    axes.legend(handles=[*right, edge, pale], loc="upper center", bbox_to_anchor=(0.44, -0.11), ncols=6, frameon=False,
                fontsize=13 if len(right) == 2 else 9, handlelength=1, handletextpad=0.3, columnspacing=0.8)
    axes.set(xlabel="x1 (training points)", ylabel="x2")
    axes.locator_params(nbins=4)
    shown = np.random.RandomState(0).permutation(len(X)) < 300      # more points would hide the regions
    num_wrong = add_number(axes, 362, f"wrong of {len(X)}:")

    def show(i):
        is_right = forward(X, *history[i].weights)[-2].argmax(axis=1) == y.argmax(axis=1)
        for lines, some in ((right, shown & is_right), (wrong, shown & ~is_right)):
            for line, of_class in zip(lines, y.T == 1, strict=True):
                line.set_data(*X[some & of_class].T)
        num_wrong.set_text(np.sum(~is_right))
    return show


def colours_of(z2, h2):
    """The colours (N, 4) of points: of the predicted class, the larger its output beside the next, the stronger."""
    second, best = np.sort(h2, axis=1)[:, -2:].T
    palest, strongest = TINTS[[0, -1]][:, z2.argmax(axis=1)]
    colours = palest + (best - second)[:, None] * (strongest - palest)
    return np.uint8(255 * np.where(np.isfinite(colours), colours, 0.7))     # grey, where an output is no number


def boundary_lines(x, y, z2):
    """The lines, arrays (n, 2), between the predicted classes; z2 (N, K) are the logits at the grid of x and y."""
    leads = [z2[:, k] - np.delete(z2, k, axis=1).max(axis=1) for k in range(z2.shape[1] - 1)]
    return [line for lead in leads for line in contourpy.contour_generator(x, y, lead.reshape(GRID, GRID)).lines(0)]


def make_figure(history, forward, X, y):
    """The one figure of all frames, its axes fixed by the whole history, and the function that shows snapshot i."""
    figure = matplotlib.figure.Figure(figsize=(8.8, 4.8), dpi=100)
    matplotlib.backends.backend_agg.FigureCanvasAgg(figure)     # the figure keeps it; without it, nothing can be drawn
    boundary, accuracy, loss = (figure.add_axes(np.divide(place, (880, 480, 880, 480))) for place in AXES)
    panels = [boundary_panel(boundary, history, forward, X, y), accuracy_panel(accuracy, history, y.shape[1]),
              loss_panel(loss, history, y.shape[1])]
    return figure, lambda i: [show_panel(i) for show_panel in panels]


def draw_frames(history, forward, X, y):
    """Yield the frame of each snapshot, a Pillow image."""
    figure, show = make_figure(history, forward, X, y)
    canvas = figure.canvas
    canvas.draw()
    background = canvas.copy_from_bbox(figure.bbox)             # all that never changes: drawn once (blitting)
    changing = figure.findobj(lambda artist: artist.get_animated())
    for i in range(len(history)):
        show(i)
        canvas.restore_region(background)
        for artist in changing:
            artist.draw(canvas.get_renderer())
        yield Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
