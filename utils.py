"""All that is not the algorithm: the command line, the pictures, and the files they go to.

It knows a network only as a history, a list of snapshots with .epoch .loss .train_accuracy .test_accuracy .w1 .b1 .w2
.b2, and as a function confidence(points, w1, b1, w2, b2). Only what draws or writes imports matplotlib and imageio.
"""
import argparse
import contextlib
import math
import os
import signal
import sys
import tempfile
from dataclasses import fields
from pathlib import Path

import numpy as np

PANEL = 400                                         # pixels, the width and the height of each of the three panels
PARTS = {"accuracy": slice(0, PANEL), "boundary": slice(PANEL, 2 * PANEL), "loss": slice(2 * PANEL, 3 * PANEL),
         "all": slice(0, 3 * PANEL)}                # the columns of a frame that each GIF shows
LAST_FRAME_MS = 2000
GRID = 100                                          # the network is asked at GRID x GRID points of the plane
SHOWN_POINTS = 300                                  # more would hide the regions
AS_BEFORE = 44                                      # the number that stands for no colour, after those of the palette

# Blue and orange, unlike red and green, look different to everyone; markers and dashes tell them apart without colour
CLASSES = (("class 0", "o", "#0072b2"), ("class 1", "s", "#e69f00"))
CONFIDENCE = ("#5aa5d6", "#7fb9df", "#a3cde9", "#c5dff1", "#e3eff8",
              "#fdf3dd", "#fbe5b8", "#f8d690", "#f5c766", "#f1b53b")
TRAIN, TEST = {"color": "black", "linestyle": "-"}, {"color": "#009e73", "linestyle": "--"}
STYLE = {"font.size": 14, "xtick.labelsize": 13, "ytick.labelsize": 13, "axes.linewidth": 1.2, "lines.linewidth": 2.2,
         "axes.axisbelow": True}                    # the ticks under all that changes


# ---------------------------------------------------------------- the command line

class Parser(argparse.ArgumentParser):
    """Raises what is wrong as a ValueError of one line, and prints its help by `say`."""

    def error(self, message):
        raise ValueError(f"{message} (--help lists the settings)")

    def print_help(self, file=None):
        say(self.format_help())


def parse_settings(Settings, arguments):
    """The Settings, a dataclass whose fields have a meaning in their metadata, with a flag --field value for each.

    Raises ValueError, in one line, for an unknown flag, a flag without a value, a value that Settings refuses.
    """
    parser = Parser(description="Train a small neural network on XOR, and draw how it learns.", allow_abbrev=False)
    for f in fields(Settings):
        help_line = f"{f.metadata['meaning']} (default: {f.default})".replace("%", "%%")
        parser.add_argument(f"--{f.name}", default=argparse.SUPPRESS, metavar=f.type.__name__.upper(), help=help_line)
    flags = {f"--{f.name}" for f in fields(Settings)}
    texts = vars(parser.parse_args(join_values(arguments, flags)))
    return Settings(**{f.name: parse_value(texts[f.name], f.type) for f in fields(Settings) if f.name in texts})


def join_values(arguments, flags):
    """--field value as --field=value, so that argparse takes any value, -1e-3 too, for a value."""
    joined = []
    for argument in arguments:
        if joined and joined[-1] in flags and argument not in flags | {"-h", "--help"}:
            joined[-1] += "=" + argument
        else:
            joined.append(argument)
    return joined


def parse_value(text, kind):
    """The value of this kind that the text stands for, or else the text itself, for Settings to refuse."""
    if kind is bool:
        return {"True": True, "False": False}.get(text, text)
    try:
        return kind(text)
    except ValueError:
        return text


def say(text, stream=None):
    """Print a line at once, in ASCII where the terminal knows no other letters, to nowhere once nobody reads it."""
    stream = stream or sys.stdout
    try:
        print(text, file=stream, flush=True)
    except UnicodeEncodeError:
        print(str(text).encode("ascii", "backslashreplace").decode(), file=stream, flush=True)
    except OSError:                                 # as in `| head`; then the rest of the output goes to nowhere, too
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def fail(status, error):
    """Say in one line what is wrong; returns the exit status."""
    if sys.stderr:
        say(f"{Path(sys.argv[0]).name}: error: {error}", sys.stderr)
    return status


def main(Settings, train, confidence, load_data):
    """Train as the command line says, print how it goes, draw what happened.

    Returns the exit status: 0; 1, the loss is not finite or a file cannot be written; 2, a bad setting; 130, Ctrl-C.
    """
    try:
        try:
            settings = parse_settings(Settings, sys.argv[1:])
            folder = open_folder(settings.output_dir) if settings.num_frames else None
        except ValueError as error:
            return fail(2, error)
        history, status = watch(train(settings), settings)
        if folder and history:
            X, y = load_data(settings.num_samples, settings.data_seed)
            draw(history, confidence, X, y, folder, settings.frame_ms)
        return status
    except KeyboardInterrupt:
        say("interrupted: the pictures of the run before stay as they are")
        return 130
    except (OSError, MemoryError) as error:
        return fail(1, error)


def open_folder(name):
    """The folder of this name (~ is home), made if need be, after writing a file in it for a moment.

    Raises ValueError if it, or a folder that it would be in, is something else, OSError if nothing can be written.
    """
    folder = Path(name).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise ValueError(f"output_dir = {name}: must be a folder, and something else is there") from None
    tempfile.TemporaryFile(dir=folder).close()
    return folder


def watch(snapshots, settings):
    """Collect the snapshots of a training and print about ten of them; returns the history and an exit status."""
    history = []
    lines_apart = math.ceil(min(settings.num_frames, settings.num_epochs) / 10) or 1
    try:
        for snapshot in snapshots:
            history.append(snapshot)
            finite = math.isfinite(snapshot.loss)
            if (len(history) - 1) % lines_apart == 0 or snapshot.epoch == settings.num_epochs or not finite:
                say(f"epoch {snapshot.epoch:>9}   loss {snapshot.loss:<9.4g}   "
                    f"train {snapshot.train_accuracy:6.1%}   fresh {snapshot.test_accuracy:6.1%}")
    except KeyboardInterrupt:
        say(f"interrupted: the last snapshot is that of epoch {history[-1].epoch}" if history else "interrupted")
        return history, 130
    if finite:
        return history, 0
    before = history[-2]
    return history, fail(1, f"the loss is {snapshot.loss} at epoch {snapshot.epoch}, and was {before.loss:.4g} "
                            f"at epoch {before.epoch}: try a lower learning_rate, or clip_norm 1")


def draw(history, confidence, X, y, folder, frame_ms):
    """Draw a frame for each snapshot, write the pictures, print their paths; raises OSError if it cannot."""
    say(f"drawing {len(history)} frames")
    with without_backend():
        import matplotlib.style
    with matplotlib.style.context(["default", STYLE]):
        frames, palette = to_palette(draw_frames(history, confidence, X, y), len(history))
    frames_ms = [frame_ms] * (len(history) - 1) + [LAST_FRAME_MS]
    for path in write_pictures(folder, frames, palette, frames_ms):
        say(path)


@contextlib.contextmanager
def without_backend():
    """Hide MPLBACKEND for a while: a notebook hands it down to `!python`, and matplotlib may not know it there."""
    backend = os.environ.pop("MPLBACKEND", None)
    try:
        yield
    finally:
        if backend:
            os.environ["MPLBACKEND"] = backend


# ---------------------------------------------------------------- the pictures

def add_panel(figure, number, **properties):
    """The axes of panel 0, 1 or 2, from the left; all that belongs to it stays in a square, to be cut out."""
    left, bottom, side = number * PANEL + 75, 60, 270
    axes = figure.add_axes((left / (3 * PANEL), bottom / PANEL, side / (3 * PANEL), side / PANEL), **properties)
    axes.locator_params(nbins=4)
    for spine in axes.spines.values():
        spine.set_animated(True)                    # else what changes would be drawn over it
    return axes


def add_number(axes, words, x, y, **properties):
    """Words that end at x, y (in sides of the axes, from the lower left corner) and, after them, the text that is
    returned, empty yet, for a number: a frame draws no more than that, and nothing moves but digits."""
    axes.text(x, y, words + " ", transform=axes.transAxes, ha="right", **properties)
    return axes.text(x, y, "", transform=axes.transAxes, animated=True, **properties)


def add_curve(axes, history, values, style):
    """A curve of values over epochs; returns the function that draws it as far as snapshot i."""
    from matplotlib.ticker import EngFormatter
    epochs = [snapshot.epoch for snapshot in history]
    axes.set(xlabel="epoch", xlim=(0, 1.03 * max(1, epochs[-1])))
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    curve, = axes.plot([], [], marker="o", markevery=[-1], animated=True, **style)
    return lambda i: curve.set_data(epochs[:i + 1], values[:i + 1])


def add_points(axes, X, y, **properties):
    """The points X (N, 2), each with the marker and the colour of its class, y (N, 2)."""
    for (name, marker, colour), of_class in zip(CLASSES, y.T == 1, strict=True):
        look = {"markersize": 5, "markeredgecolor": "black", "markeredgewidth": 0.6} | properties
        axes.plot(*X[of_class].T, marker, color=colour, label=name, **look)


def accuracy_panel(figure, history):
    """The share of right answers, on training and on fresh points; returns the function that shows snapshot i."""
    from matplotlib.ticker import PercentFormatter
    train = [snapshot.train_accuracy for snapshot in history]
    test = [snapshot.test_accuracy for snapshot in history]
    axes = add_panel(figure, 0, ylim=(math.floor(10 * min(train + test) - 0.1) / 10, 1.02))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    test_to, train_to = add_curve(axes, history, test, TEST), add_curve(axes, history, train, TRAIN)
    epoch = add_number(axes, "Accuracy at epoch", 0.72, 1.16)
    train_number = add_number(axes, "\u2014 train", 0.2, 1.05, color=TRAIN["color"])
    test_number = add_number(axes, "-- fresh", 0.77, 1.05, color=TEST["color"])

    def show(i):
        train_to(i)
        test_to(i)
        epoch.set_text(history[i].epoch)
        train_number.set_text(f"{train[i]:.1%}")
        test_number.set_text(f"{test[i]:.1%}")
    return show


def boundary_panel(figure, history, confidence, X, y):
    """The plane as the network sees it, in ten levels of confidence; returns the function that shows snapshot i."""
    from matplotlib.colors import ListedColormap
    X, y = X[:SHOWN_POINTS], y[:SHOWN_POINTS]
    limit = 1.08 * np.abs(X).max()
    centres = limit * ((2 * np.arange(GRID) + 1) / GRID - 1)
    plane = np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 2)
    axes = add_panel(figure, 1, xlabel="x1", ylabel="x2")
    region = axes.imshow(np.zeros((GRID, GRID)), cmap=ListedColormap(CONFIDENCE).with_extremes(bad="0.7"), vmin=0,
                         vmax=1, origin="lower", extent=(-limit, limit, -limit, limit), animated=True,
                         interpolation="bilinear", interpolation_stage="data", zorder=1)
    add_points(axes, X, y, animated=True)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 0.98), ncol=2, frameon=False, handletextpad=0)
    epoch = add_number(axes, "Boundary at epoch", 0.72, 1.16)

    def show(i):
        snapshot = history[i]
        seen = confidence(plane, snapshot.w1, snapshot.b1, snapshot.w2, snapshot.b2)
        region.set_data(seen.reshape(GRID, GRID))
        epoch.set_text(snapshot.epoch)
    return show


def loss_panel(figure, history):
    """The loss, on a logarithmic axis if it spans a lot, but no more than 12 decades up to a million times the first.

    Returns the function that shows snapshot i.
    """
    losses = [snapshot.loss for snapshot in history]
    finite = [value for value in losses if math.isfinite(value)]
    highest = min(max(finite), 1e6 * losses[0])
    lowest = max(min(finite), highest / 1e12)
    axes = add_panel(figure, 2)
    if highest > 1000 * lowest:
        axes.set(yscale="log", ylim=(lowest / 2, highest * 2))
    else:
        axes.set(ylim=(0, 1.05 * highest))
    loss_to = add_curve(axes, history, losses, TRAIN)
    epoch, number = add_number(axes, "Loss at epoch", 0.66, 1.16), add_number(axes, "\u2014 loss", 0.48, 1.05)

    def show(i):
        loss_to(i)
        epoch.set_text(history[i].epoch)
        number.set_text(f"{losses[i]:.4g}")
    return show


def make_figure(history, confidence, X, y):
    """The one figure of all frames, its axes fixed by the whole history, and the function that shows snapshot i."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    figure = Figure(figsize=(3 * PANEL / 100, PANEL / 100), dpi=100)
    FigureCanvasAgg(figure)
    panels = [accuracy_panel(figure, history), boundary_panel(figure, history, confidence, X, y),
              loss_panel(figure, history)]

    def show(i):
        for show_panel in panels:
            show_panel(i)
    return figure, show


def draw_frames(history, confidence, X, y):
    """Yield the frame of each snapshot, (400, 1200, 4) RGBA; the next one overwrites it.

    What never changes is drawn once; a frame draws only the rest over it (blitting), from the lowest to the highest.
    """
    figure, show = make_figure(history, confidence, X, y)
    canvas = figure.canvas
    canvas.draw()
    background = canvas.copy_from_bbox(figure.bbox)
    changing = sorted(figure.findobj(lambda artist: artist.get_animated()), key=lambda artist: artist.get_zorder())
    for i in range(len(history)):
        show(i)
        canvas.restore_region(background)
        for artist in changing:
            artist.draw(canvas.get_renderer())
        yield np.asarray(canvas.buffer_rgba())


# ---------------------------------------------------------------- the files

def make_palette():
    """The colours of all frames, (AS_BEFORE, 3) RGB: greys, levels of confidence, tints and shades of the others."""
    from matplotlib.colors import to_rgb
    inks = np.array([to_rgb(TEST["color"]), *(to_rgb(colour) for name, marker, colour in CLASSES)])
    greys = np.linspace((0, 0, 0), (1, 1, 1), 16)
    tints = [1 - share * (1 - inks) for share in (0.25, 0.5, 0.75, 1)]
    shades = [share * inks for share in (0.33, 0.67)]
    colours = np.concatenate([greys, [to_rgb(colour) for colour in CONFIDENCE], *tints, *shades])
    return np.rint(255 * colours).astype(np.uint8)


def find_nearest(palette):
    """The number of the colour of the palette that is nearest to each of 2^15 colours, of 5 bits each of R, G and B."""
    five_bits = np.arange(2**15)[:, None] >> (10, 5, 0) & 31
    rgb = five_bits << 3 | five_bits >> 2           # 31 becomes 255: white stays white
    palette = palette.astype(float)
    distance = np.square(palette).sum(axis=1) - 2 * rgb @ palette.T     # less |rgb|^2, the same for all of the palette
    return distance.argmin(axis=1).astype(np.uint8)


def to_palette(pictures, num_pictures):
    """RGBA pictures as frames (T, 400, 1200) of numbers of colours, AS_BEFORE where a pixel is as before, and their
    palette. As all frames have the same, without dithering, what does not change does not flicker."""
    palette = make_palette()
    nearest = find_nearest(palette)
    frames = np.full((num_pictures, 3 * PANEL * PANEL), AS_BEFORE, np.uint8)
    before = 0
    for frame, picture in zip(frames, pictures, strict=True):
        pixels = picture.view(np.uint32).ravel()
        changed = np.flatnonzero(pixels != before)
        red, green, blue = (picture.reshape(-1, 4)[changed, :3] >> 3).astype(np.uint16).T
        frame[changed] = nearest[red << 10 | green << 5 | blue]
        before = pixels.copy()
    return frames.reshape(-1, PANEL, 3 * PANEL), palette


def last_frame(frames):
    """The last frame, whole: each pixel as it was last changed."""
    whole = frames[0].copy()
    for changes in frames[1:]:
        np.copyto(whole, changes, where=changes != AS_BEFORE)
    return whole


def gif(frames, palette, frames_ms):
    """A GIF, as bytes, that plays for ever, each frame being shown for as many milliseconds."""
    import imageio.v3 as iio
    return iio.imwrite("<bytes>", np.ascontiguousarray(frames), extension=".gif", plugin="pillow", mode="P",
                       palette=palette.tobytes() + b"\0\0\0", transparency=AS_BEFORE, loop=0,
                       duration=frames_ms if len(frames_ms) > 1 else frames_ms[0])


def write_pictures(folder, frames, palette, frames_ms):
    """Write the GIFs and all.png; returns their paths. Raises OSError if that cannot be.

    They are written under temporary names and then moved into place, so that the pictures of an earlier run stay
    whole if that fails or is interrupted.
    """
    import imageio.v3 as iio
    temporary = {}                                  # the path where each picture is until all are written
    try:
        for part, columns in PARTS.items():
            temporary[folder / f"{part}.gif"] = path = folder / f".{os.getpid()}-{part}.gif"
            path.write_bytes(gif(frames[:, :, columns], palette, frames_ms))
        temporary[folder / "all.png"] = path = folder / f".{os.getpid()}-all.png"
        path.write_bytes(iio.imwrite("<bytes>", palette[last_frame(frames)], extension=".png"))
        with uninterrupted():
            for path, written in temporary.items():
                os.replace(written, path)
    finally:
        with uninterrupted():
            for written in temporary.values():
                written.unlink(missing_ok=True)
    return list(temporary)


@contextlib.contextmanager
def uninterrupted():
    """Ignore Ctrl-C for a moment."""
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
