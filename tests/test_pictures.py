"""The pictures, drawn, written, opened again and looked at."""
import os
import signal
from pathlib import Path

import imageio.v3 as iio
import matplotlib.style
import numpy as np
import pytest

import utils
from docs.lab.checks import settings
from scratch_mlp import Snapshot, forward, load_XOR_data, train

WHITE = [255, 255, 255]
PICTURES = ["accuracy.gif", "all.gif", "all.png", "boundary.gif", "loss.gif"]
NO_WEIGHTS = np.zeros((2, 1)), np.zeros(1), np.zeros((1, 2)), np.zeros(2)


@pytest.fixture(scope="module")
def history():
    return list(train(settings(num_epochs=2000, num_frames=8, learning_rate=2.0)))


@pytest.fixture(scope="module")
def frames(history):
    """The frames as they are drawn, RGB."""
    with matplotlib.style.context(["default", utils.STYLE]):
        return np.array([frame[..., :3].copy() for frame in utils.draw_frames(history, forward, *load_XOR_data())])


@pytest.fixture(scope="module")
def folder(history, tmp_path_factory):
    """A folder, made by draw and given as a str, with the pictures as they are written."""
    folder = tmp_path_factory.mktemp("the pictures") / "made" / "here"
    utils.draw(history, forward, *load_XOR_data(), str(folder), 70)
    return folder


def durations(path):
    return [iio.immeta(path, index=i)["duration"] for i in range(iio.improps(path, index=...).n_images)]


def test_a_frame_equals_a_full_drawing(history, frames):
    with matplotlib.style.context(["default", utils.STYLE]):
        figure, show = utils.make_figure(history, forward, *load_XOR_data())
        for artist in figure.findobj(lambda artist: artist.get_animated()):
            artist.set_animated(False)
        for i in (0, 3, 8):
            show(i)
            figure.canvas.draw()
            assert np.array_equal(np.asarray(figure.canvas.buffer_rgba())[..., :3], frames[i])


def test_the_folder_holds_the_pictures_and_no_more(folder):
    assert sorted(path.name for path in folder.iterdir()) == PICTURES


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
        assert (np.abs(one - other).max(axis=2) > 8).mean() < 0.06
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


def column_and_row(x1, x2):
    """Where the boundary panel of a frame shows the point (x1, x2)."""
    limit = 1.08 * np.abs(load_XOR_data()[0]).max()
    return int(475 + 270 * (x1 + limit) / (2 * limit)), int(70 + 270 * (limit - x2) / (2 * limit))


def rgb(colour):
    return [int(colour[i:i + 2], 16) for i in (1, 3, 5)]


def test_regions_have_the_colours_of_the_confidence(history, frames):
    """At places away from all points and lines, the level of what the network says of just this place."""
    X, y = load_XOR_data()
    places = [place for place in np.random.RandomState(0).uniform(-3, 3, (300, 2))
              if np.abs(X - place).max(axis=1).min() > 0.25]
    assert len(places) > 50
    for s, frame in zip(history, frames, strict=True):
        h2 = forward(np.array(places), s.w1, s.b1, s.w2, s.b2)[-1]
        for place, sure in zip(places, utils.confidence(h2), strict=True):
            near = {int(10 * min(0.999, max(0, sure + nudge))) for nudge in (-0.02, 0, 0.02)}
            column, row = column_and_row(*place)
            line = (frame[row - 2:row + 3, column - 2:column + 3].max(axis=2) < 100).any()
            assert line or frame[row, column].tolist() in [rgb(utils.CONFIDENCE[level]) for level in near]


def test_points_are_where_their_coordinates_say(frames):
    """Its colour is in the middle of each point that no later one hides."""
    X, y = load_XOR_data()
    X, y = np.concatenate([X[y[:, k] == 1] for k in range(2)]), np.concatenate([y[y[:, k] == 1] for k in range(2)])
    alone = [n for n in range(300) if (np.abs(X - X[n]).max(axis=1) < 0.2).sum() == 1]
    assert len(alone) > 30
    for n in alone:
        column, row = column_and_row(*X[n])
        assert frames[-1][row, column].tolist() == rgb(utils.CLASSES[int(y[n, 1])][2])


def test_the_boundary_is_where_both_logits_are_equal(history, frames):
    """At each of its points; and between the dark pixels and any place, the class changes."""
    axes = shown(history, 8)[1]
    points, s = axes.patches[0].get_path().vertices, history[8]
    z1, h1, z2, h2 = forward(points, s.w1, s.b1, s.w2, s.b2)
    assert len(points) > 100
    assert np.abs(z2[:, 1] - z2[:, 0]).max() < 0.1
    for x1, x2 in points[::20]:
        column, row = column_and_row(x1, x2)
        if 480 < column < 740 and 75 < row < 335 and np.abs(load_XOR_data()[0] - (x1, x2)).max(axis=1).min() > 0.25:
            assert frames[8][row - 1:row + 2, column - 1:column + 2].max(axis=2).min() < 80


@pytest.mark.filterwarnings("error")
def test_no_boundary_where_all_is_one_class():
    for w2, b2 in ((np.zeros((1, 2)), np.array([0.0, 1.0])), (np.zeros((1, 2)), np.zeros(2)), (np.nan, 0.0)):
        weights = np.ones((2, 1)), np.zeros(1), w2 * np.ones((1, 2)), b2 * np.ones(2)
        axes = shown([Snapshot(0, 0.25, 0.5, 0.5, *weights)], 0)[1]
        assert len(axes.patches[0].get_path()) == 0


def test_first_and_last_frame(frames):
    """At first pale, of no opinion, and no curve; in the end both strong colours, and a long curve."""
    first, last = frames[0, 72:328, 477:743], frames[-1, 72:328, 477:743]
    for colour in map(rgb, (utils.CONFIDENCE[0], utils.CONFIDENCE[-1])):
        assert (first == colour).all(axis=2).sum() == 0
        assert (last == colour).all(axis=2).mean() > 0.05
    loss = frames[:, 75:325, 880:1140]
    dark = (loss.max(axis=3) < 50).sum(axis=(1, 2))
    assert list(dark) == sorted(dark)
    assert dark[-1] > dark[0] + 200


@pytest.mark.parametrize("changes", [
    {"num_epochs": 0},                                                          # one frame
    {"num_epochs": 60, "num_samples": 1},                                       # one point, of one class
    {"num_epochs": 60, "learning_rate": 0.0},                                   # nothing moves
    {"num_epochs": 600, "learning_rate": 1000.0, "reg_coeff": 1.0},             # slowly to 1e308
    {"num_epochs": 60, "learning_rate": 1e6, "reg_coeff": 1e6},                 # at once to nan
    {"num_epochs": 60, "learning_rate": 1e6, "reg_coeff": 0.0, "num_samples": 3},
])
@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value", "ignore:divide by zero")
def test_pictures_of_odd_runs(changes, tmp_path):
    hp = settings(num_frames=6, **changes)
    history = list(train(hp))
    utils.draw(history, forward, *load_XOR_data(hp.num_samples), tmp_path, hp.frame_ms)
    assert iio.imread(tmp_path / "all.png").shape == (400, 1200, 3)
    assert sum(durations(tmp_path / "all.gif")) == (len(history) - 1) * 100 + 2000


def test_a_loss_of_zero_can_be_drawn(tmp_path):
    history = [Snapshot(epoch, loss, 1.0, 1.0, *NO_WEIGHTS) for epoch, loss in ((0, 0.25), (1, 0.0))]
    utils.draw(history, forward, *load_XOR_data(), tmp_path, 100)
    assert (tmp_path / "all.gif").exists()


@pytest.fixture
def old_pictures(tmp_path):
    """A folder in which there is something already, to be left as it is."""
    for name in (*PICTURES, "notes.txt"):
        (tmp_path / name).write_text("old")
    yield tmp_path
    assert len(list(tmp_path.iterdir())) == 6
    assert {path.read_text() for path in tmp_path.iterdir()} == {"old"}


def after_calls(function, number, then):
    """The function, but that the call of this number does something else."""
    calls = []

    def counting(*arguments, **options):
        calls.append(arguments)
        return then(*arguments) if len(calls) == number else function(*arguments, **options)
    return counting


def test_old_pictures_survive_a_full_disk(history, old_pictures, monkeypatch):
    """The third file cannot be written: the error says where."""
    def full(*arguments):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(Path, "write_bytes", after_calls(Path.write_bytes, 3, full))
    with pytest.raises(OSError, match="cannot take the pictures: .*No space left") as error:
        utils.draw(history[:2], forward, *load_XOR_data(), old_pictures, 100)
    assert str(error.value).startswith(f"{old_pictures} ")


def test_a_picture_that_another_program_holds(history, old_pictures, monkeypatch):
    """As on Windows: the error says what to do."""
    def held(*arguments):
        raise PermissionError(13, "Access is denied", *arguments)
    monkeypatch.setattr(os, "replace", held)
    with pytest.raises(OSError, match="Access is denied.*if another program shows a picture, close it"):
        utils.draw(history[:2], forward, *load_XOR_data(), old_pictures, 100)


posix = pytest.mark.skipif(os.name != "posix", reason="os.kill with a signal")


@posix
@pytest.mark.parametrize("number", [1, 3, 5])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_old_pictures_survive_a_signal_between_files(sent, number, history, old_pictures, monkeypatch):
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    monkeypatch.setattr(Path, "write_bytes", after_calls(
        Path.write_bytes, number, lambda *arguments: os.kill(os.getpid(), sent)))
    with pytest.raises(SystemExit) as end:
        utils.draw(history[:2], forward, *load_XOR_data(), old_pictures, 100)
    assert end.value.code == 128 + sent
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


@posix
def test_a_signal_cannot_come_between_the_moves(history, tmp_path, monkeypatch):
    """It comes while files are moved into place, and while what is left is removed: all five are there."""
    def interrupting(function):
        def wrapper(*arguments, **options):
            os.kill(os.getpid(), signal.SIGINT)
            return function(*arguments, **options)
        return wrapper

    folder = utils.open_folder(tmp_path / "new")
    monkeypatch.setattr(os, "replace", interrupting(os.replace))
    with utils.held_signals() as stoppable:
        utils.write_files(folder, stoppable((name, b"new") for name in PICTURES))
    assert sorted(path.name for path in folder.iterdir()) == PICTURES


def test_a_long_drawing_says_how_far_it_is(capsys, monkeypatch):
    monkeypatch.setattr(utils, "PANEL", 2)
    pictures = (np.full((2, 6, 4), n % 256, np.uint8) for n in range(450))
    frames, *_ = utils.to_palette(pictures, 450)
    assert capsys.readouterr().out == "drawn 200 frames\ndrawn 400 frames\n"
    assert len(frames) == 450


def test_a_users_style_changes_nothing(history, folder, tmp_path):
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black", "lines.linewidth": 9}):
        utils.draw(history, forward, *load_XOR_data(), tmp_path, 70)
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes()


def test_each_colour_of_the_pictures_has_its_number(monkeypatch):
    """What is drawn in a colour of the palette comes out in it, but for the one that stands for no colour."""
    palette = utils.make_palette()
    assert len(np.unique(palette, axis=0)) == len(palette) == 45
    monkeypatch.setattr(utils, "PANEL", 4)
    drawn = np.full((4, 12, 4), 255, np.uint8)
    drawn.reshape(48, 4)[:44, :3] = palette[1:]
    frames, last, _ = utils.to_palette([drawn, drawn], 2)
    assert np.array_equal(last, frames[0])
    assert utils.AS_BEFORE not in frames[0]
    assert (frames[1] == utils.AS_BEFORE).all()
    assert np.abs(palette[frames[0]].astype(int) - drawn[..., :3]).max() <= 8      # five bits of each colour count
    assert palette[frames[0, -1, -1]].tolist() == WHITE
    shown_colours = [WHITE, [0, 0, 0], *map(rgb, utils.CONFIDENCE), *(rgb(colour) for _, _, colour in utils.CLASSES)]
    assert all(colour in palette[1:].tolist() for colour in shown_colours)


def shown(history, i, X_and_y=None):
    """The three axes, from the left, as they show snapshot i."""
    figure, show = utils.make_figure(history, forward, *(X_and_y or load_XOR_data()))
    show(i)
    figure.canvas.draw()
    return sorted(figure.axes, key=lambda axes: axes.get_position().x0)


def words(axes):
    return [text.get_text() for text in axes.texts]


def ticks(axis):
    """{place: words} of the ticks that are seen."""
    low, high = axis.get_view_interval()
    found = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
    return {float(place): text.get_text() for place, text in found if low <= place <= high}


def test_curves_and_numbers(history):
    accuracy, boundary, loss = shown(history, 5)
    s = history[5]
    assert words(accuracy) == ["Accuracy at epoch ", "781", "-- test ", f"{s.test_accuracy:.1%}",
                               "\u2014 train ", f"{s.train_accuracy:.1%}"]
    assert words(boundary) == ["Boundary at epoch ", "781"]
    assert words(loss) == ["Loss at epoch ", "781", "\u2014 loss ", f"{s.loss:.4g}"]
    for axes, name, colour in ((accuracy, "train_accuracy", "black"), (accuracy, "test_accuracy", "#009e73"),
                               (loss, "loss", "black")):
        curve, = (line for line in axes.lines if line.get_color() == colour)
        x, y = curve.get_data()
        assert list(x) == [0, 31, 125, 281, 500, 781]
        assert list(y) == [getattr(snapshot, name) for snapshot in history[:6]]
        assert curve.get_markevery() == [-1]
        low, high = axes.get_ylim()
        assert all(low <= getattr(snapshot, name) <= high for snapshot in history)


def test_axes_of_the_curves(history):
    """Frames are equally far apart, on an axis that says so; each tick stands where it says."""
    accuracy, boundary, loss = shown(history, 8)
    for axes in (accuracy, loss):
        places = axes.transData.transform([(s.epoch, 0.5) for s in history])[:, 0]
        np.testing.assert_allclose(np.diff(places), np.diff(places).mean(), rtol=0.02)
        assert axes.get_xlabel() == "epoch (square-root scale)"
        assert axes.get_xlim() == pytest.approx((0, 2120))
        assert ticks(axes.xaxis) == {0: "0", 20: "20", 200: "200", 800: "800", 2000: "2k"}
    assert accuracy.get_ylim() == (0.4, 1.02)
    assert list(ticks(accuracy.yaxis).values()) == ["40%", "60%", "80%", "100%"]
    for axes, unit in ((accuracy, "%"), (loss, "")):
        for place, text in ticks(axes.yaxis).items():
            assert float(text.removesuffix(unit)) == pytest.approx(place * (100 if unit else 1))


def test_points(history):
    X, y = load_XOR_data()
    boundary = shown(history, 0)[1]
    for k, (line, colour, marker) in enumerate(zip(boundary.lines, ("#0072b2", "#e69f00"), "os", strict=True)):
        assert np.array_equal(line.get_xydata(), X[y[:, k] == 1])
        assert (line.get_color(), line.get_marker(), line.get_label()) == (colour, marker, f"class {k}")
    limit = 1.08 * np.abs(X).max()
    assert boundary.get_xlim() == boundary.get_ylim() == pytest.approx((-limit, limit))
    assert boundary.images[0].get_extent() == pytest.approx((-limit, limit, -limit, limit))
    assert (boundary.get_xlabel(), boundary.get_ylabel()) == ("x1", "x2")
    assert [text.get_text() for text in boundary.get_legend().get_texts()] == ["class 0", "class 1"]
    assert [handle.get_color() for handle in boundary.get_legend().legend_handles] == ["#0072b2", "#e69f00"]
    assert ticks(boundary.xaxis) == ticks(boundary.yaxis) == {-2: "\u22122", 0: "0", 2: "2"}
    many = shown(history, 0, load_XOR_data(1000))[1]
    assert sum(len(line.get_xydata()) for line in many.lines) == 300


def test_axis_of_the_loss():
    """Linear for a common run; logarithmic for a loss that spans a lot; what is no number is at the upper edge."""
    for losses, scale, limits, last in (([0.25, 0.01], "linear", (0, 0.2625), 0.01),
                                        ([0.25, 1e-4], "log", (5e-5, 0.5), 1e-4),
                                        ([0.25, 1e50, np.inf], "log", (0.125, 2e50), 2e50),
                                        ([0.25, 1e300, np.nan], "log", (0.125, 2e200), 2e200),
                                        ([np.nan], "linear", (0, 1.05), 1.05)):
        history = [Snapshot(i, loss, 1.0, 0.7, *NO_WEIGHTS) for i, loss in enumerate(losses)]
        axes = shown(history, len(losses) - 1)[2]
        assert axes.get_yscale() == scale
        assert axes.get_ylim() == pytest.approx(limits)
        assert axes.lines[0].get_ydata()[-1] == pytest.approx(last)
        assert words(axes)[-1] == f"{losses[-1]:.4g}"


def test_weights_that_are_not_numbers_are_grey():
    weights = [np.full(shape, np.nan) for shape in ((2, 3), (3,), (3, 2), (2,))]
    history = [Snapshot(0, 0.25, 0.5, 0.5, *weights)]
    with matplotlib.style.context(["default", utils.STYLE]):
        frame = next(utils.draw_frames(history, forward, *load_XOR_data()))
    assert frame[80, 490, :3].tolist() == [178, 178, 178]
