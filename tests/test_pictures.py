"""The pictures, drawn, written, opened again and looked at."""
from unittest.mock import Mock

import imageio.v3 as iio
import matplotlib.style
import numpy as np
import pytest
from matplotlib.figure import Figure

import utils
from docs.experiments import deep_mlp
from scratch_mlp import Snapshot, forward, inference, load_XOR_data
from tests.checks import history_of

PICTURES = ["accuracy.gif", "all.gif", "all.png", "boundary.gif", "loss.gif"]
OLD = [*PICTURES, "notes.txt"]
X, Y = load_XOR_data()
utils.import_packages()
LOW, HIGH = X.min(axis=0) - 0.07 * np.ptp(X, axis=0), X.max(axis=0) + 0.07 * np.ptp(X, axis=0)


@pytest.fixture(scope="module")
def history():
    """Of a training; the last outputs are moved, so that they are no mirror images of each other."""
    *before, last = history_of(num_epochs=2000, num_frames=8, learning_rate=2.0)
    w1, b1, w2, b2 = last.weights
    return [*before, last._replace(weights=(w1, b1, w2, b2 + [1, 0]))]


@pytest.fixture(scope="module")
def drawn(history):
    """The frames as they are drawn, RGB."""
    with matplotlib.style.context(["default", utils.STYLE]):
        return np.array([np.asarray(frame, int) for frame in utils.draw_frames(history, forward, X, Y)])


@pytest.fixture(scope="module")
def folder(history, tmp_path_factory):
    """A folder, made by draw and given as a str, with the pictures as they are written."""
    folder = tmp_path_factory.mktemp("the pictures") / "made" / "here"
    utils.draw(history, forward, X, Y, str(folder), 66)
    return folder


@pytest.fixture(scope="module")
def frames(folder):
    """The frames as people see them, RGB."""
    return iio.imread(folder / "all.gif", mode="RGB").astype(int)


def durations(path):
    return [iio.immeta(path, index=i)["duration"] for i in range(iio.improps(path, index=...).n_images)]


def column_and_row(x1, x2):
    """Where a frame shows the point (x1, x2)."""
    share = (np.transpose([x1, x2]) - LOW) / (HIGH - LOW)
    return (62 + 400 * share[..., 0]).astype(int), (396 - 350 * share[..., 1]).astype(int)


def rgb(colours):
    return np.array(255 * np.asarray(colours)[..., :3], int)


def shown(history, i, X=X, Y=Y):
    """The axes of boundary, accuracy and loss, as they show snapshot i."""
    figure, show = utils.make_figure(history, forward, X, Y)
    show(i)
    figure.canvas.draw()
    return figure.axes


def words(axes):
    return [text.get_text() for text in axes.texts]


def ticks(axis):
    """{place: words} of the ticks that are seen."""
    low, high = axis.get_view_interval()
    found = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
    return {round(place, 9): text.get_text() for place, text in found if low <= place <= high}


def test_a_frame_equals_a_full_drawing(history, drawn):
    """In which all that changes is above all that stays."""
    with matplotlib.style.context(["default", utils.STYLE]):
        figure, show = utils.make_figure(history, forward, X, Y)
        for artist in figure.findobj(lambda artist: artist.get_animated()):
            artist.set(animated=False, zorder=artist.get_zorder() + 10)
        for i in (0, 3, 8):
            show(i)
            figure.canvas.draw()
            assert np.array_equal(np.asarray(figure.canvas.buffer_rgba())[..., :3], drawn[i])


def test_the_film_shows_the_frames_as_they_are_drawn(folder, frames, drawn):
    """But for the rounding of colours at edges; what does not change does not flicker; the still is the last frame."""
    difference = np.abs(frames - drawn).max(axis=3)
    assert difference.max() < 80
    assert (difference > 18).mean(axis=(1, 2)).max() < 0.04
    static = (drawn == drawn[0]).all(axis=(0, 3))
    assert static.mean() > 0.5
    assert (frames == frames[0]).all(axis=(0, 3))[static].all()
    assert np.array_equal(iio.imread(folder / "all.png"), frames[-1])


def test_regions_have_the_tints_of_the_predicted_classes(history, frames):
    """At places away from points and lines, as strong as the network is sure there, but for rounding."""
    places = np.random.RandomState(0).uniform(LOW, HIGH, (300, 2))
    places = [place for place in places if np.abs(X - place).max(axis=1).min() > 0.2]
    assert len(places) > 50
    for s, frame in zip(history, frames, strict=True):
        *_, z2, h2 = forward(np.array(places), *s.weights)
        tints = 1 - (0.06 + 0.54 * np.ptp(h2, axis=1))[:, None] * (1 - utils.COLOURS[z2.argmax(axis=1)])
        for place, expected in zip(places, rgb(tints), strict=True):
            column, row = column_and_row(*place)
            line = (frame[row - 4:row + 5, column - 4:column + 5].max(axis=2) < 100).any()
            assert line or np.abs(expected - frame[row, column]).max() <= 25


def test_points_are_where_their_coordinates_say(frames):
    """The colour of its class is in the middle of each point that has no other near it."""
    alone = [n for n in range(300) if (np.abs(X - X[n]).max(axis=1) < 0.2).sum() == 1]
    assert len(alone) > 30
    columns, rows = column_and_row(*X[alone].T)
    assert np.array_equal(frames[-1, rows, columns], rgb(utils.COLOURS)[Y[alone].argmax(axis=1)])


def test_the_boundary_is_where_both_logits_are_equal(history, frames):
    """At each of its points; and the pixels there are dark."""
    points, s = np.concatenate(shown(history, 8)[0].collections[0].get_segments()), history[8]
    z2 = forward(points, *s.weights)[2]
    assert len(points) > 100
    assert np.abs(z2[:, 1] - z2[:, 0]).max() < 0.1
    for place in points[::20]:
        column, row = column_and_row(*place)
        if 70 < column < 450 and 55 < row < 390 and np.abs(X - place).max(axis=1).min() > 0.25:
            assert frames[8][row - 1:row + 2, column - 1:column + 2].max(axis=2).min() < 80


@pytest.mark.parametrize(("w2", "b2"), [(0, [0, 1]), (0, [0, 0]), (np.nan, [0, 0])])
@pytest.mark.filterwarnings("error")
def test_no_boundary_where_all_is_one_class(w2, b2):
    """And grey, where no output is a number."""
    history = [Snapshot(0, 0.25, 0.5, 0.5, (np.ones((2, 1)), np.zeros(1), np.full((1, 2), w2), np.array(b2)))]
    assert shown(history, 0)[0].collections[0].get_segments() == []
    frame, = utils.draw_frames(history, forward, X, Y)
    r, g, b = frame.getpixel((70, 60))
    assert (r == g == b < 220) == (w2 != 0)


def test_curves_and_numbers(history):
    """And all words stay in the square of their panel."""
    s, (boundary, accuracy, loss) = history[5], shown(history, 5)
    for axes, panel in zip((boundary, accuracy, loss), ((0, 0, 480, 480), (480, 240, 880, 480), (480, 0, 880, 240)),
                           strict=True):
        (left, bottom), (right, top) = axes.get_tightbbox().get_points()
        assert panel[0] <= left < right <= panel[2]
        assert panel[1] <= bottom < top <= panel[3]
    assert words(accuracy) == ["guessing", "Accuracy  train ", f"{s.train_accuracy:.1%}", "test ",
                               f"{s.test_accuracy:.1%}"]
    assert words(loss) == ["guessing", "Loss ", f"{s.loss:.4g}"]
    num_wrong = np.sum(forward(X, *s.weights)[2].argmax(axis=1) != Y.argmax(axis=1))
    assert words(boundary) == ["wrong of 300: ", f"{num_wrong}", "Epoch ", f"{s.epoch}"]
    assert [axes.lines[0].get_ydata()[0] for axes in (accuracy, loss)] == [1 / 2, 1 / 4]
    numbers, curves = [*accuracy.texts[2::2], loss.texts[2]], [*accuracy.lines[1:], *loss.lines[1:]]
    for number, curve, name in zip(numbers, curves, ("train_accuracy", "test_accuracy", "loss"), strict=True):
        assert number.get_color() == curve.get_color() == (utils.TEST if "test" in name else utils.TRAIN)["color"]
        assert list(zip(*curve.get_data(), strict=True)) == [(s.epoch, getattr(s, name)) for s in history[:6]]
        assert curve.get_markevery() == [-1]


def test_axes_of_the_curves(history):
    """Frames are equally far apart, on an axis that says so; each tick stands where it says."""
    boundary, accuracy, loss = shown(history, 8)
    for axes in (accuracy, loss):
        places = axes.transData.transform([(s.epoch, 0.5) for s in history])[:, 0]
        np.testing.assert_allclose(np.diff(places), np.diff(places).mean(), rtol=0.03)
        assert axes.get_xlabel() == "epoch (cube-root scale)"
        assert axes.get_xlim() == pytest.approx((0, 2120))
        assert ticks(axes.xaxis) == {0: "0", 40: "40", 200: "200", 800: "800", 2000: "2k"}
    assert accuracy.get_ylim() == (pytest.approx(min(s.test_accuracy for s in history) - 0.12), 1.02)
    assert ticks(accuracy.yaxis) == {0.4: "40%", 0.6: "60%", 0.8: "80%", 1: "100%"}
    assert ticks(loss.yaxis) == {0: "0.0", 0.1: "0.1", 0.2: "0.2"}
    axes = Figure().add_subplot()
    utils.accuracy_panel(axes, [Snapshot(epoch, 0.25, 0.05, 0.4, None) for epoch in (0, 15_300)], K=4)
    assert axes.get_ylim() == (0, 1.02)
    assert set(ticks(axes.xaxis)) == {0, 300, 2000, 6000, 15_000}, "one tick is near the end, whatever this is"


def test_points_and_axes_of_the_boundary(history):
    """Of 900 points, some third; the wrong ones with a black edge; all are counted."""
    (points, labels), s = load_XOR_data(900), history[5]
    boundary, is_wrong = shown(history, 5, points, labels)[0], inference(points, *s.weights) != labels.argmax(axis=1)
    assert sum(len(line.get_xydata()) for line in boundary.lines) == 300
    for n, (line, edge) in enumerate(zip(boundary.lines[:4], ["white"] * 2 + ["black"] * 2, strict=True)):
        expected = points[(labels[:, n % 2] == 1) & (is_wrong == (n > 1))].tolist()
        assert len(expected) / 4 < len(line.get_xydata()) < len(expected) / 2
        assert all(point in expected for point in line.get_xydata().tolist())
        assert (line.get_marker(), line.get_markeredgecolor()) == ("os"[n % 2], edge)
    assert words(boundary)[:2] == ["wrong of 900: ", str(is_wrong.sum())]
    assert (boundary.get_xlabel(), boundary.get_ylabel()) == ("x1 (training points)", "x2")
    key = [text.get_text() for text in boundary.get_legend().get_texts()]
    assert key == ["class 0", "class 1", "wrong", "pale: unsure"]
    handles = boundary.get_legend().legend_handles
    assert [handle.get_marker() for handle in handles] == ["o", "s", "o", "s"]
    assert np.array_equal(handles[-1].get_color(), utils.TINTS[0, 0])
    assert {-2: "\u22122", 0: "0", 2: "2"}.items() <= ticks(boundary.xaxis).items()


def test_colours_and_line_follow_the_predicted_class_where_all_outputs_are_one():
    """And what is not a number is grey."""
    z2, h2 = np.array([[50.0, 60], [60, 50], [np.nan, 1], [50, 50]]), np.ones((4, 2))
    h2[2, 0] = np.nan
    blue, orange = rgb(utils.TINTS[0, :2])
    assert utils.colours_of(z2, h2)[:, :3].tolist() == [[*orange], [*blue], [178] * 3, [*blue]]


def test_four_classes_anywhere():
    """Each has its colour around its own points, and a line is between each two that are neighbours."""
    corners = np.array([[1000.0, -5], [1002, -5], [1000, -4], [1002.3, -4.1]])

    def nearest(points, scale):
        distances = np.linalg.norm((points[:, None] - corners) * (1, 2), axis=2)
        return -scale * distances, np.eye(4)[distances.argmin(axis=1)]
    axes = Figure().add_subplot()
    utils.boundary_panel(axes, [Snapshot(0, 0.1, 1, 1, (5,))], nearest, corners, np.eye(4))(0)
    lines = np.concatenate(axes.collections[0].get_segments())
    z2 = nearest(lines, 1)[0]
    assert np.ptp(np.sort(z2, axis=1)[:, -2:], axis=1).max() < 0.01
    between = set(map(tuple, np.sort(z2.argsort(axis=1)[:, -2:], axis=1).tolist()))
    assert {(0, 1), (0, 2), (1, 3), (2, 3)} <= between
    colours = axes.images[0].get_array()[[10, 10, 90, 90], [10, 90, 10, 90], :3]
    assert np.abs(colours.astype(int) - rgb(utils.TINTS[-1])).max() <= 1
    assert [line.get_marker() for line in axes.lines[:4]] == [*"os^D"]


@pytest.mark.parametrize(("losses", "scale", "limits", "last"), [
    ([0.25, 2.6e-4], "linear", (0, 0.275), 2.6e-4),
    ([0.25, 2.4e-4], "log", (1.2e-4, 0.5), 2.4e-4),
    ([0.25, 0.0], "log", (5e-13, 0.5), 0.0),
    ([0.25, 1e50, np.inf], "log", (0.125, 2e50), 2e50),
    ([0.25, 1e300, np.nan], "log", (0.125, 2e100), 2e100),
    ([np.nan], "linear", (0, 0.275), 0.275),
])
def test_axis_of_the_loss(losses, scale, limits, last):
    """Linear for a common run; logarithmic for a loss that spans a lot; what is no number is at the upper edge."""
    axes = Figure().add_subplot()
    show = utils.loss_panel(axes, [Snapshot(i, loss, None, None, None) for i, loss in enumerate(losses)], K=2)
    show(len(losses) - 1)
    axes.figure.draw_without_rendering()
    assert axes.get_yscale() == scale
    assert axes.get_ylim() == pytest.approx(limits)
    assert axes.lines[1].get_ydata()[-1] == pytest.approx(last)
    assert words(axes)[-1] == f"{losses[-1]:.4g}"


@pytest.mark.parametrize(("name", "rows", "columns"), [
    ("all", slice(480), slice(880)), ("boundary", slice(480), slice(480)),
    ("accuracy", slice(240), slice(480, 880)), ("loss", slice(240, 480), slice(480, 880))])
def test_gif(folder, frames, name, rows, columns):
    """Its part of the frames, size, time and endless loop."""
    path = folder / f"{name}.gif"
    assert np.array_equal(iio.imread(path, mode="RGB"), frames[:, rows, columns])
    assert frames.shape == (9, 480, 880, 3)
    assert iio.immeta(path)["loop"] == 0
    assert sum(durations(path)) == 8 * 70 + 2000
    assert durations(path)[-1] == 2000


@pytest.mark.parametrize("changes", [
    {"num_epochs": 0},                                                          # one frame
    {"num_epochs": 60, "num_samples": 1, "learning_rate": 0.0},                 # one point, and nothing moves
    {"num_epochs": 600, "learning_rate": 1000.0, "reg_coeff": 1.0},             # slowly to 1e308
    {"num_epochs": 60, "learning_rate": 1e6, "reg_coeff": 1e6},                 # at once to nan
])
@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value", "ignore:divide by zero")
def test_pictures_of_odd_runs(changes, tmp_path):
    history = history_of(num_frames=4, **changes)
    utils.draw(history, forward, *load_XOR_data(changes.get("num_samples", 300)), tmp_path)
    assert iio.imread(tmp_path / "all.png").shape == (480, 880, 3)
    assert sum(durations(tmp_path / "all.gif")) == (len(history) - 1) * 100 + 2000


@pytest.fixture
def old_pictures(tmp_path):
    """A folder in which there is something already."""
    for name in OLD:
        (tmp_path / name).write_text("old")
    return tmp_path


def test_the_same_bytes_replace_the_pictures_and_a_users_style_changes_nothing(history, folder, old_pictures):
    """Other files stay as they are."""
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black", "lines.linewidth": 9}):
        utils.draw(history, forward, X, Y, old_pictures, 66)
    expected = {path.name: path.read_bytes() for path in folder.iterdir()} | {"notes.txt": b"old"}
    assert {path.name: path.read_bytes() for path in old_pictures.iterdir()} == expected


@pytest.mark.parametrize(("function", "error"), [
    ("pathlib.Path.write_bytes", OSError(28, "No space left on device")),
    ("pathlib.Path.write_bytes", KeyboardInterrupt()),
    ("os.replace", PermissionError(13, "Access is denied")),
])
def test_old_pictures_survive(function, error, history, old_pictures, monkeypatch):
    """A full disk, Ctrl-C, or what Windows says of a picture that another program shows; and nothing is left over."""
    monkeypatch.setattr(function, mock := Mock(side_effect=error))
    with pytest.raises(type(error)):
        utils.draw(history[:2], forward, X, Y, old_pictures)
    if function == "os.replace":
        hidden = mock.call_args.args[0].parent
        assert (hidden.parent, hidden.name[0]) == (old_pictures, "."), "from another disk, a file can be torn"
    assert {path.name: path.read_text() for path in old_pictures.iterdir()} == dict.fromkeys(OLD, "old")


def test_a_network_of_another_kind_can_be_drawn(tmp_path):
    """Three hidden layers: forward gives logits and outputs last, and the weights are what forward takes."""
    ws, bs = deep_mlp.initialize((2, 5, 5, 5, 2), gain=4)

    def logits_and_outputs(points, ws, bs):
        *_, last, outputs = deep_mlp.forward(points, ws, bs)
        return last @ ws[-1] + bs[-1], outputs
    utils.draw([Snapshot(0, 0.25, 0.5, 0.5, (ws, bs))], logits_and_outputs, X, Y, tmp_path)
    colours = set(map(tuple, iio.imread(tmp_path / "all.png")[50:390, 70:450].reshape(-1, 3)))
    assert set(map(tuple, rgb(utils.TINTS).reshape(-1, 3))) & colours
    assert iio.improps(tmp_path / "all.gif", index=...).n_images == 1
