"""The pictures, drawn, written, opened again and looked at."""
from unittest.mock import Mock

import imageio.v3 as iio
import matplotlib.style
import numpy as np
import pytest
from matplotlib.figure import Figure

import utils
from docs.experiments import deep_mlp
from scratch_mlp import Snapshot, forward, load_XOR_data
from tests.checks import history_of

PICTURES = ["accuracy.gif", "all.gif", "all.png", "boundary.gif", "loss.gif"]
OLD = [*PICTURES, "notes.txt"]
X, Y = load_XOR_data()
utils.import_packages()
LIMIT = 1.08 * np.abs(X).max()                      # the boundary panel shows the plane from -LIMIT to LIMIT


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
    """Where the boundary panel of a frame shows the point (x1, x2)."""
    return (475 + 135 * (1 + x1 / LIMIT)).astype(int), (70 + 135 * (1 - x2 / LIMIT)).astype(int)


def rgb(colour):
    return list(bytes.fromhex(colour[1:]))


def shown(history, i, X=X, Y=Y):
    """The three axes, from the left, as they show snapshot i."""
    figure, show = utils.make_figure(history, forward, X, Y)
    show(i)
    figure.canvas.draw()
    return sorted(figure.axes, key=lambda axes: axes.get_position().x0)


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
    assert (difference > 8).mean(axis=(1, 2)).max() < 0.06
    static = (drawn == drawn[0]).all(axis=(0, 3))
    assert static.mean() > 0.5
    assert (frames == frames[0]).all(axis=(0, 3))[static].all()
    assert np.array_equal(iio.imread(folder / "all.png"), frames[-1])


def test_regions_have_the_colours_of_the_confidence(history, frames):
    """At places away from points and lines, the level of what the network says of this place, but for rounding."""
    places = [place for place in np.random.RandomState(0).uniform(-3, 3, (300, 2))
              if np.abs(X - place).max(axis=1).min() > 0.25]
    assert len(places) > 50
    for s, frame in zip(history, frames, strict=True):
        h2 = forward(np.array(places), *s.weights)[-1]
        for place, (of_class_0, of_class_1) in zip(places, h2, strict=True):
            sure = (1 + of_class_1 - of_class_0) / 2
            near = {int(10 * min(0.999, max(0, sure + nudge))) for nudge in (-0.02, 0, 0.02)}
            column, row = column_and_row(*place)
            line = (frame[row - 2:row + 3, column - 2:column + 3].max(axis=2) < 100).any()
            colours = [rgb(utils.CONFIDENCE[level]) for level in near]
            assert line or np.abs(colours - frame[row, column]).max(axis=1).min() <= 8


def test_points_are_where_their_coordinates_say(frames):
    """The colour of its class is in the middle of each point that has no other near it."""
    alone = [n for n in range(300) if (np.abs(X - X[n]).max(axis=1) < 0.2).sum() == 1]
    assert len(alone) > 30
    columns, rows = column_and_row(*X[alone].T)
    colours = np.array([rgb(colour) for name, marker, colour in utils.CLASSES])
    assert np.array_equal(frames[-1, rows, columns], colours[Y[alone].argmax(axis=1)])


def test_the_boundary_is_where_both_logits_are_equal(history, frames):
    """At each of its points; and the pixels there are dark."""
    points, s = np.concatenate(shown(history, 8)[1].collections[0].get_segments()), history[8]
    z2 = forward(points, *s.weights)[2]
    assert len(points) > 100
    assert np.abs(z2[:, 1] - z2[:, 0]).max() < 0.1
    for place in points[::20]:
        column, row = column_and_row(*place)
        if 480 < column < 740 and 75 < row < 335 and np.abs(X - place).max(axis=1).min() > 0.25:
            assert frames[8][row - 1:row + 2, column - 1:column + 2].max(axis=2).min() < 80


@pytest.mark.parametrize(("w2", "b2"), [(0, [0, 1]), (0, [0, 0]), (np.nan, [0, 0])])
@pytest.mark.filterwarnings("error")
def test_no_boundary_where_all_is_one_class(w2, b2):
    """And grey, where no output is a number."""
    history = [Snapshot(0, 0.25, 0.5, 0.5, (np.ones((2, 1)), np.zeros(1), np.full((1, 2), w2), np.array(b2)))]
    assert shown(history, 0)[1].collections[0].get_segments() == []
    frame, = utils.draw_frames(history, forward, X, Y)
    assert (frame.getpixel((490, 80)) == (178, 178, 178)) == (w2 != 0)


def test_curves_and_numbers(history):
    """And all words stay in the square of their panel."""
    accuracy, boundary, loss = shown(history, 5)
    for k, axes in enumerate((accuracy, boundary, loss)):
        assert (axes.get_tightbbox().get_points() // 400 == (k, 0)).all()
    s = history[5]
    assert words(accuracy) == ["Accuracy at epoch ", "781", "-- test ", f"{s.test_accuracy:.1%}",
                               "\u2014 train ", f"{s.train_accuracy:.1%}"]
    assert words(boundary) == ["Boundary at epoch ", "781"]
    assert words(loss) == ["Loss at epoch ", "781", "\u2014 loss ", f"{s.loss:.4g}"]
    numbers, curves = [*accuracy.texts[3::2], loss.texts[3]], [*accuracy.lines, *loss.lines]
    for number, curve, name in zip(numbers, curves, ("test_accuracy", "train_accuracy", "loss"), strict=True):
        assert number.get_color() == curve.get_color() == ("#009e73" if name == "test_accuracy" else "black")
        assert list(zip(*curve.get_data(), strict=True)) == [(s.epoch, getattr(s, name)) for s in history[:6]]
        assert curve.get_markevery() == [-1]


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
    utils.accuracy_panel(figure := Figure(), [Snapshot(0, 0.25, 0.5, 0.4, None)])
    assert figure.axes[0].get_ylim() == (0.3, 1.02), "a curve that starts on the axis would not be seen"
    utils.loss_panel(figure := Figure(), [Snapshot(epoch, 0.4, None, None, None) for epoch in (0, 1234)])
    assert set(ticks(figure.axes[0].xaxis)) == {0, 10, 100, 500, 1000}
    assert set(ticks(figure.axes[0].yaxis)) == {0, 0.2, 0.4}
    assert ticks(accuracy.yaxis) == {0.4: "40%", 0.6: "60%", 0.8: "80%", 1: "100%"}
    assert ticks(loss.yaxis) == {0: "0.0", 0.1: "0.1", 0.2: "0.2"}


def test_points_and_axes_of_the_boundary(history):
    """Of 900 points, each third."""
    points, labels = load_XOR_data(900)
    boundary = shown(history, 0, points, labels)[1]
    for k, (line, marker) in enumerate(zip(boundary.lines, "os", strict=True)):
        assert np.array_equal(line.get_xydata(), points[::3][labels[::3, k] == 1])
        assert (line.get_marker(), line.get_label()) == (marker, f"class {k}")
    assert (boundary.get_xlabel(), boundary.get_ylabel()) == ("x1", "x2")
    assert [text.get_text() for text in boundary.get_legend().get_texts()] == ["class 0", "class 1"]
    assert [handle.get_color() for handle in boundary.get_legend().legend_handles] == ["#0072b2", "#e69f00"]
    assert ticks(boundary.xaxis) == ticks(boundary.yaxis) == {-2: "\u22122", 0: "0", 2: "2"}


@pytest.mark.parametrize(("losses", "scale", "limits", "last"), [
    ([0.25, 2.6e-4], "linear", (0, 0.2625), 2.6e-4),
    ([0.25, 2.4e-4], "log", (1.2e-4, 0.5), 2.4e-4),
    ([0.25, 0.0], "log", (5e-13, 0.5), 0.0),
    ([0.25, 1e50, np.inf], "log", (0.125, 2e50), 2e50),
    ([0.25, 1e300, np.nan], "log", (0.125, 2e200), 2e200),
    ([np.nan], "linear", (0, 1.05), 1.05),
])
def test_axis_of_the_loss(losses, scale, limits, last):
    """Linear for a common run; logarithmic for a loss that spans a lot; what is no number is at the upper edge."""
    figure = Figure()
    show = utils.loss_panel(figure, [Snapshot(i, loss, None, None, None) for i, loss in enumerate(losses)])
    show(len(losses) - 1)
    figure.draw_without_rendering()
    axes, = figure.axes
    assert axes.get_yscale() == scale
    assert axes.get_ylim() == pytest.approx(limits)
    assert axes.lines[0].get_ydata()[-1] == pytest.approx(last)
    assert words(axes)[-1] == f"{losses[-1]:.4g}"


@pytest.mark.parametrize(("name", "left", "right"), [("accuracy", 0, 400), ("boundary", 400, 800), ("loss", 800, 1200),
                                                     ("all", 0, 1200)])
def test_gif(folder, frames, name, left, right):
    """Its part of the frames, size, time and endless loop."""
    path = folder / f"{name}.gif"
    assert np.array_equal(iio.imread(path, mode="RGB"), frames[:, :, left:right])
    assert frames.shape == (9, 400, 1200, 3)
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
    assert iio.imread(tmp_path / "all.png").shape == (400, 1200, 3)
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
    colours = set(map(tuple, iio.imread(tmp_path / "all.png")[75:335, 480:740].reshape(-1, 3)))
    assert {tuple(rgb(colour)) for colour in utils.CONFIDENCE} & colours
    assert iio.improps(tmp_path / "all.gif", index=...).n_images == 1
