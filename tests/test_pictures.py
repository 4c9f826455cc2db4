"""The pictures, drawn, written, opened again and looked at."""
import os
import signal
from pathlib import Path

import imageio.v3 as iio
import matplotlib.style
import numpy as np
import pytest

import utils
from scratch_mlp import Hyperparameters, Snapshot, confidence, load_XOR_data, train

HP = Hyperparameters(num_epochs=2000, num_frames=8, frame_ms=70)
WHITE = [255, 255, 255]


@pytest.fixture(scope="module")
def history():
    return train(HP)


@pytest.fixture(scope="module")
def frames(history):
    """The frames as they are drawn, RGB."""
    with matplotlib.style.context(["default", utils.STYLE]):
        return np.array([frame[..., :3].copy() for frame in utils.draw_frames(history, confidence, *load_XOR_data())])


@pytest.fixture(scope="module")
def folder(history, tmp_path_factory):
    """A folder with the pictures as they are written."""
    folder = tmp_path_factory.mktemp("the pictures")
    utils.draw(history, confidence, *load_XOR_data(), folder, HP.frame_ms)
    return folder


def durations(path):
    return [iio.immeta(path, index=i)["duration"] for i in range(iio.improps(path, index=...).n_images)]


def test_a_frame_equals_a_full_drawing(history, frames):
    with matplotlib.style.context(["default", utils.STYLE]):
        figure, show = utils.make_figure(history, confidence, *load_XOR_data())
        for artist in figure.findobj(lambda artist: artist.get_animated()):
            artist.set_animated(False)
        for i in (0, 3, 8):
            show(i)
            figure.canvas.draw()
            assert np.array_equal(np.asarray(figure.canvas.buffer_rgba())[..., :3], frames[i])


def test_the_folder_holds_the_pictures_and_no_more(folder):
    assert sorted(path.name for path in folder.iterdir()) == [
        "accuracy.gif", "all.gif", "all.png", "boundary.gif", "loss.gif"]


@pytest.mark.parametrize(("name", "left", "right"), [("accuracy", 0, 400), ("boundary", 400, 800), ("loss", 800, 1200),
                                                     ("all", 0, 1200)])
def test_gif(folder, frames, name, left, right):
    """Size, time, endless loop, and the frames as they were drawn, but for the rounding of colours at edges."""
    path = folder / f"{name}.gif"
    seen = iio.imread(path, mode="RGB")
    assert seen.shape == (9, 400, right - left, 3)
    assert iio.immeta(path)["loop"] == 0
    assert sum(durations(path)) == 8 * 70 + 2000
    assert durations(path)[-1] == 2000
    drawn = frames[:, :, left:right].astype(int)
    for one, other in zip(seen, drawn, strict=True):
        assert one[0, 0].tolist() == one[-1, -1].tolist() == WHITE
        assert np.abs(one - other).max() < 80
        assert (np.abs(one - other).max(axis=2) > 8).mean() < 0.05
    static = (drawn == drawn[0]).all(axis=(0, 3))
    assert static.mean() > 0.5
    assert (seen == seen[0]).all(axis=(0, 3))[static].all(), "what does not change flickers"


def test_the_still_is_the_last_frame(folder):
    assert np.array_equal(iio.imread(folder / "all.png"), iio.imread(folder / "all.gif", mode="RGB")[-1])


def test_only_what_changes_is_written(folder):
    """A curve grows by a few pixels: nine frames of it take much less than nine whole pictures."""
    frames = iio.imread(folder / "loss.gif", mode="RGB")
    whole = [len(iio.imwrite("<bytes>", frame, extension=".gif")) for frame in frames]
    assert (folder / "loss.gif").stat().st_size < sum(whole) / 3


def test_regions_have_the_colours_of_the_confidence(history, frames):
    """A corner of the plane, away from all points, shows the level of what the network says there."""
    X, y = load_XOR_data()
    limit = 1.08 * np.abs(X).max()
    levels = [[int(colour[i:i + 2], 16) for i in (1, 3, 5)] for colour in utils.CONFIDENCE]
    for snapshot, frame in zip(history, frames, strict=True):
        pixel = np.array([[480 - 475 + 0.5, 330 - 320 + 0.5]]) / 270 * 2 * limit - limit    # column 480, row 320
        sure = confidence(pixel, snapshot.w1, snapshot.b1, snapshot.w2, snapshot.b2)[0]
        near = {int(10 * min(0.999, max(0, sure + nudge))) for nudge in (-0.01, 0, 0.01)}
        assert frame[319, 480].tolist() in [levels[level] for level in near]


def test_first_and_last_frame(frames):
    """At first pale, of no opinion, and no curve; in the end both strong colours, and a long curve."""
    first, last = frames[0, 72:328, 477:743], frames[-1, 72:328, 477:743]
    strong = [[int(colour[i:i + 2], 16) for i in (1, 3, 5)] for colour in (utils.CONFIDENCE[0], utils.CONFIDENCE[-1])]
    for colour in strong:
        assert (first == colour).all(axis=2).sum() == 0
        assert (last == colour).all(axis=2).mean() > 0.05
    loss = frames[:, 75:325, 880:1140]
    dark = (loss.max(axis=3) < 50).sum(axis=(1, 2))
    assert list(dark) == sorted(dark)
    assert dark[-1] > dark[0] + 200


@pytest.mark.parametrize("settings", [
    {"num_epochs": 0},                                                          # one frame
    {"num_epochs": 60, "num_samples": 1},                                       # one point, of one class
    {"num_epochs": 60, "learning_rate": 0.0},                                   # nothing moves
    {"num_epochs": 600, "learning_rate": 1000.0, "reg_coeff": 1.0},             # slowly to 1e308
    {"num_epochs": 60, "learning_rate": 1e6, "reg_coeff": 1e6},                 # at once to nan
    {"num_epochs": 60, "learning_rate": 1e6, "reg_coeff": 0.0, "num_samples": 3},
])
def test_pictures_of_odd_runs(settings, tmp_path):
    hp = Hyperparameters(num_frames=6, **settings)
    history = train(hp)
    utils.draw(history, confidence, *load_XOR_data(hp.num_samples), tmp_path, hp.frame_ms)
    assert iio.imread(tmp_path / "all.png").shape == (400, 1200, 3)
    assert sum(durations(tmp_path / "all.gif")) == (len(history) - 1) * 100 + 2000


def test_a_loss_of_zero_can_be_drawn(tmp_path):
    weights = np.zeros((2, 1)), np.zeros(1), np.zeros((1, 2)), np.zeros(2)
    history = [Snapshot(epoch, loss, 1.0, 1.0, *weights) for epoch, loss in ((0, 0.25), (1, 0.0))]
    utils.draw(history, confidence, *load_XOR_data(), tmp_path, 100)
    assert (tmp_path / "all.gif").exists()


@pytest.mark.parametrize("failure", [OSError("disk full"), KeyboardInterrupt()])
def test_old_pictures_survive_a_failure(failure, history, tmp_path, monkeypatch):
    """The third picture cannot be written: those of the run before stay, all of them, and nothing else is left."""
    for name in ("accuracy.gif", "boundary.gif", "loss.gif", "all.gif", "all.png", "notes.txt"):
        (tmp_path / name).write_text("old")
    calls = []

    def failing(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise failure
        return b"new"

    monkeypatch.setattr(utils, "gif", failing)
    with pytest.raises(type(failure)):
        utils.draw(history, confidence, *load_XOR_data(), tmp_path, 100)
    assert len(list(tmp_path.iterdir())) == 6
    assert {path.read_text() for path in tmp_path.iterdir()} == {"old"}


@pytest.mark.skipif(os.name != "posix", reason="os.kill with a signal")
def test_ctrl_c_cannot_come_between_the_pictures(history, tmp_path, monkeypatch):
    """It comes while they are moved into place, and while what is left is removed; all five are there."""
    def interrupting(function):
        def wrapper(*arguments, **options):
            os.kill(os.getpid(), signal.SIGINT)
            return function(*arguments, **options)
        return wrapper

    monkeypatch.setattr(os, "replace", interrupting(os.replace))
    monkeypatch.setattr(Path, "unlink", interrupting(Path.unlink))
    utils.draw(history[:2], confidence, *load_XOR_data(), tmp_path, 100)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "accuracy.gif", "all.gif", "all.png", "boundary.gif", "loss.gif"]


def test_a_users_style_changes_nothing(history, folder, tmp_path):
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black", "lines.linewidth": 9}):
        utils.draw(history, confidence, *load_XOR_data(), tmp_path, HP.frame_ms)
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes()


def test_the_palette_leaves_a_number_for_as_before():
    palette = utils.make_palette()
    assert len(palette) == utils.AS_BEFORE
    assert len(np.unique(palette, axis=0)) == len(palette)


def shown(history, i):
    """The three axes as they show snapshot i."""
    figure, show = utils.make_figure(history, confidence, *load_XOR_data())
    show(i)
    return figure.axes


def words(axes):
    return [text.get_text() for text in axes.texts]


def test_curves_and_numbers(history):
    accuracy, boundary, loss = shown(history, 5)
    s = history[5]
    assert words(accuracy) == ["Accuracy at epoch ", "1250", "\u2014 train ", f"{s.train_accuracy:.1%}",
                               "-- fresh ", f"{s.test_accuracy:.1%}"]
    assert words(boundary) == ["Boundary at epoch ", "1250"]
    assert words(loss) == ["Loss at epoch ", "1250", "\u2014 loss ", f"{s.loss:.4g}"]
    epochs = [0, 250, 500, 750, 1000, 1250]
    for axes, name, colour in ((accuracy, "train_accuracy", "black"), (accuracy, "test_accuracy", "#009e73"),
                               (loss, "loss", "black")):
        curve, = (line for line in axes.lines if line.get_color() == colour)
        x, y = curve.get_data()
        assert list(x) == epochs
        assert list(y) == [getattr(snapshot, name) for snapshot in history[:6]]
        assert curve.get_markevery() == [-1]
        low, high = axes.get_ylim()
        assert all(low <= getattr(snapshot, name) <= high for snapshot in history)


def test_points(history):
    X, y = load_XOR_data()
    boundary = shown(history, 0)[1]
    for k, (line, colour, marker) in enumerate(zip(boundary.lines, ("#0072b2", "#e69f00"), "os", strict=True)):
        assert np.array_equal(line.get_xydata(), X[y[:, k] == 1])
        assert (line.get_color(), line.get_marker(), line.get_label()) == (colour, marker, f"class {k}")
    many = utils.make_figure(history, confidence, *load_XOR_data(1000))[0].axes[1]
    assert sum(len(line.get_xydata()) for line in many.lines) == 300


def test_axis_of_the_loss():
    """Linear for a common run; logarithmic for a loss that spans a lot; at most a million times the first."""
    weights = np.zeros((2, 1)), np.zeros(1), np.zeros((1, 2)), np.zeros(2)
    for losses, scale, limits in (([0.25, 0.01], "linear", (0, 0.2625)), ([0.25, 1e-4], "log", (5e-5, 0.5)),
                                  ([0.25, 1e200, np.inf], "log", (0.125, 5e5))):
        axes = shown([Snapshot(i, loss, 1.0, 0.7, *weights) for i, loss in enumerate(losses)], 1)[2]
        assert axes.get_yscale() == scale
        assert axes.get_ylim() == pytest.approx(limits)


def test_weights_that_are_not_numbers_are_grey():
    weights = [np.full(shape, np.nan) for shape in ((2, 3), (3,), (3, 2), (2,))]
    history = [Snapshot(0, 0.25, 0.5, 0.5, *weights)]
    with matplotlib.style.context(["default", utils.STYLE]):
        frame = next(utils.draw_frames(history, confidence, *load_XOR_data()))
    assert frame[80, 490, :3].tolist() == [178, 178, 178]
