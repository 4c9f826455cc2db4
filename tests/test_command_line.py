"""The script as people run it: another process, another folder, another terminal."""
import math
import os
import re
import signal
import subprocess
import sys
from unittest.mock import Mock, patch

import imageio.v3 as iio
import matplotlib
import numpy as np
import pytest

import utils
from scratch_mlp import Snapshot, forward, load_XOR_data
from tests.checks import PROJECT, SETTINGS, history_of, settings

SCRIPT = PROJECT / "scratch_mlp.py"
PICTURES = ["accuracy.gif", "all.gif", "all.png", "boundary.gif", "loss.gif"]
QUICK = ["--num_epochs", 200, "--num_frames", 4]
ENDLESS = ["--num_epochs", 10**9]
posix = pytest.mark.skipif(os.name != "posix", reason="signals and devices as POSIX has them")


def start(*arguments, program=(SCRIPT,), **options):
    """The script, with all settings named, so that an edited default changes nothing here, and with these flags."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True,
               "env": os.environ | {"PYTHONUNBUFFERED": ""}} | options
    if os.name == "posix":                          # else Ctrl-C stays ignored where the tests run under nohup
        options.setdefault("preexec_fn", lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    named = [f"--{name}={value}" for name, value in SETTINGS.items() if name != "output_dir"]
    return subprocess.Popen([sys.executable, *program, *named, *map(str, arguments)], **options)


def finish(process):
    """Exit status, standard output, standard error of a process, which gets ten minutes to end."""
    with process:
        try:
            output, errors = process.communicate(timeout=600)
        finally:
            process.kill()
    return process.returncode, output, errors


def run(*arguments, **options):
    return finish(start(*arguments, **options))


def run_without(packages, *arguments, **options):
    """Run the script where these packages are not installed."""
    program = (f"import sys, runpy; sys.modules.update(dict.fromkeys({packages})); sys.argv = sys.argv[1:]; "
               f"sys.path.insert(0, {str(PROJECT)!r}); runpy.run_path(sys.argv[0], run_name='__main__')")
    return run(*arguments, program=("-c", program, SCRIPT), **options)


def is_error(errors, message):
    """Whether this is a single line that begins with this message."""
    return errors.startswith(f"error: {message}") and errors.count("\n") == 1


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_run(tmp_path):
    """From another folder, into a folder with a space that is not there yet: progress, then the paths; nothing else."""
    flags = "--num_epochs=27000", "--num_frames=30", "--num_samples=5", "--output_dir=my plots/xor"
    status, output, errors = run(*flags, cwd=tmp_path)
    assert (status, errors) == (0, "")
    assert output.isascii()
    progress, drawing, paths = output.splitlines()[:-6], output.splitlines()[-6], output.splitlines()[-5:]
    assert [int(line.split()[1]) for line in progress] == [27 * i**3 for i in range(11)]
    assert all(word in line for line in progress for word in ("epoch", "loss", "train", "test"))
    assert drawing == "drawing 31 frames"
    assert paths == [str(tmp_path.resolve() / "my plots" / "xor" / name) for name in PICTURES]
    assert names(tmp_path / "my plots" / "xor") == PICTURES


def test_no_display_a_notebooks_backend_and_a_home_folder(tmp_path):
    """The pictures are, byte for byte, those of the points, the training and the time that the flags name."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment |= {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "HOME": str(tmp_path),
                    "USERPROFILE": str(tmp_path), "MPLCONFIGDIR": matplotlib.get_cachedir()}
    flags = "--num_samples=50", "--data_seed=5", "--frame_ms=50", "--output_dir=~/B\u00e4ume"
    status, output, errors = run(*QUICK, *flags, env=environment, cwd=tmp_path)
    assert (status, errors) == (0, "")
    history = history_of(num_epochs=200, num_frames=4, num_samples=50, data_seed=5)
    utils.draw(history, forward, *load_XOR_data(50, 5), tmp_path / "expected", 50)
    assert names(tmp_path) == ["B\u00e4ume", "expected"]
    for path in (tmp_path / "expected").iterdir():
        assert path.read_bytes() == (tmp_path / "B\u00e4ume" / path.name).read_bytes()


@posix
def test_a_reader_who_leaves_early(tmp_path):
    """As with `| head -1`: it ends, and complains of nothing."""
    process = start("--num_epochs=1000000", "--num_frames=1000", "--num_samples=5", "--output_dir", tmp_path)
    assert process.stdout.readline().startswith("epoch ")
    process.stdout.close()
    assert (process.wait(timeout=600), process.stderr.read()) == (1, "")
    process.stderr.close()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_a_full_disk_behind_the_output(tmp_path):
    with open("/dev/full", "w") as full:
        status, _, errors = run(*QUICK, "--output_dir", tmp_path, stdout=full)
    assert (status, errors) == (1, "error: [Errno 28] No space left on device\n")


@pytest.mark.parametrize("num_frames", [0, 1, 7, 15, 25, 99, 1000])
def test_about_ten_lines_of_progress(num_frames, capsys):
    hp = settings(num_frames=num_frames, num_epochs=1000)
    expected = history_of(num_frames=num_frames, num_epochs=1000, num_samples=2)
    assert utils.watch(iter(expected), hp) == (expected, 0)
    lines = capsys.readouterr().out.splitlines()
    assert min(num_frames, 5) < len(lines) <= 11
    assert lines[-1].startswith("epoch      1000 ")


def test_no_pictures_need_numpy_only(tmp_path):
    status, output, errors = run_without(["matplotlib", "imageio"], "--num_frames", 0, "--num_epochs", 30, cwd=tmp_path)
    assert (status, errors) == (0, "")
    assert [line.split()[1] for line in output.splitlines()][:4] == ["0", "1", "2", "4"]
    assert names(tmp_path) == []


@pytest.mark.parametrize("package", ["matplotlib", "imageio"])
def test_a_missing_package_is_said_before_the_training(package, tmp_path):
    status, output, errors = run_without([package], *ENDLESS, "--num_frames", 1, "--output_dir", "xor", cwd=tmp_path)
    assert (status, output) == (1, "")
    assert re.fullmatch(f"error: .*{package}.* requirements.txt.* --num_frames 0\n", errors)
    assert names(tmp_path) == []


@pytest.mark.parametrize(("error", "status"), [
    (KeyboardInterrupt(), 130), (OSError(28, "No space left"), "error: [Errno 28] No space left"),
    (MemoryError("Unable to allocate"), "error: Unable to allocate"), (MemoryError(), "error: out of memory"),
])
def test_what_ends_the_program(error, status, monkeypatch):
    monkeypatch.setattr(sys, "stdout", sys.stdout)  # which is given up
    with pytest.raises(SystemExit) as ended, utils.program():
        utils.watch(map(Mock(side_effect=error), "x"), settings())
    assert ended.value.code == status


def test_an_old_python(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))
    with pytest.raises(SystemExit, match="error: Python 3.10 or newer is needed"), utils.program():
        raise AssertionError("not reached")


def test_what_is_advised():
    history = [Snapshot(epoch, loss, 0.5, 0.5, None) for epoch, loss in ((0, 0.25), (7, math.nan))]
    assert utils.watch(history, settings())[1].endswith("nan at epoch 7: try a lower learning_rate or reg_coeff")
    assert utils.watch(history[1:], settings())[1].endswith("nan at epoch 7: try other data, or other first weights")


def test_the_backend_of_a_notebook_stays(monkeypatch):
    """In its own process; a process of its own, as after `!python`, gets one that needs no notebook."""
    for modules, backend in (({"ipykernel": None}, "inline"), ({}, "agg")):
        monkeypatch.setenv("MPLBACKEND", "inline")
        with patch.dict(sys.modules, modules), utils.program():
            assert os.environ["MPLBACKEND"] == backend


def test_a_script_from_standard_input():
    with open(SCRIPT, encoding="utf-8") as source:
        assert run("--num_frames=0", "--num_epochs=0", program=["-"], stdin=source, cwd=PROJECT)[::2] == (0, "")


@pytest.mark.parametrize(("D", "K"), [(2, 5), (4, 2)])
def test_only_two_coordinates_and_four_classes_can_be_drawn(D, K, tmp_path):
    with pytest.raises(SystemExit, match=f"2 coordinates and 2 to 4 classes, not {D} and {K}; .* --num_frames 0"):
        utils.check_pictures(np.zeros((5, D)), np.zeros((5, K)), tmp_path)


@pytest.mark.parametrize(("flag", "value", "status", "message"), [
    ("--hidden_dim", "0", 2, "argument --hidden_dim: must be a whole number from 1 to 1000, not '0'"),
    ("--hidden", "3", 2, "unrecognized arguments: --hidden 3"),
    ("--output_dir", "a_file", 1, "output_dir = 'a_file': "),
    ("--output_dir", "a_file/plots", 1, "output_dir = 'a_file/plots': "),
    pytest.param("--output_dir", "~no one/plots", 1, "output_dir = '~no one/plots': ", marks=posix),
])
def test_a_bad_setting(flag, value, status, message, tmp_path):
    """One line, a bad value's after the usage, that says which, what and what is allowed; nothing is touched."""
    (tmp_path / "a_file").touch()
    found, output, errors = run("--output_dir", "plots", flag, value, cwd=tmp_path)
    assert (found, output) == (status, "")
    assert is_error(errors.removeprefix("usage: scratch_mlp.py [--name value ...]\nscratch_mlp.py: "), message)
    assert flag != "--output_dir" or errors.endswith("; or draw nothing, with --num_frames 0\n")
    assert names(tmp_path) == ["a_file"]


@posix
def test_a_folder_that_cannot_be_written_is_said_before_the_training(tmp_path):
    tmp_path.chmod(0o555)
    folder = "/proc" if os.geteuid() == 0 else str(tmp_path)    # nothing but /proc is read-only to root
    status, output, errors = run(*ENDLESS, "--output_dir", folder)
    assert (status, output) == (1, "")
    assert is_error(errors, f"output_dir = '{folder}': ")


def test_a_loss_that_is_not_finite(tmp_path):
    """One line says where and what to try, no warning of NumPy's; the pictures show what happened."""
    flags = "--num_epochs=2000", "--num_frames=15", "--learning_rate=1000", "--reg_coeff=1", "--output_dir", tmp_path
    status, output, errors = run(*flags)
    assert status == 1
    assert is_error(errors, "the loss is inf at epoch 432: try a lower learning_rate or reg_coeff")
    assert output.count("inf") == 1
    assert output.splitlines()[-6] == "drawing 10 frames"
    assert names(tmp_path) == PICTURES


def interrupt(process, after):
    """Send Ctrl-C after the line that begins so; status, output from there on, errors."""
    while not (line := process.stdout.readline()).startswith(after):
        assert line, "the process ended too early"
    process.send_signal(signal.SIGINT)
    return finish(process)


@posix
def test_ctrl_c_draws_the_epochs_so_far(tmp_path):
    flags = "--num_epochs=1000000", "--num_frames=20", "--num_samples=5", "--output_dir", tmp_path
    status, output, errors = interrupt(start(*flags), after="epoch      8000")
    assert (status, errors) == (130, "")
    *epochs, interrupted, drawing = output.splitlines()[:-5]
    assert interrupted.startswith("interrupted: the last snapshot is that of epoch ")
    assert int(interrupted.split()[-1]) >= 8000
    assert drawing.startswith("drawing ")
    assert names(tmp_path) == PICTURES
    assert 3 <= iio.improps(tmp_path / "all.gif", index=...).n_images < 20


@posix
@pytest.mark.parametrize(("flags", "after", "said"), [
    ([*ENDLESS, "--num_frames", 0], "epoch         0", "interrupted: the last snapshot is that of epoch 0\n"),
    (["--num_epochs", 3000, "--num_frames", 1000], "drawing", ""),
])
def test_ctrl_c_that_leaves_the_old_pictures(flags, after, said, tmp_path):
    """In a training that draws nothing, and while pictures are drawn."""
    for name in PICTURES:
        (tmp_path / name).write_text("old")
    assert interrupt(start(*flags, "--output_dir", tmp_path), after) == (130, said, "")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys(PICTURES, "old")
