"""The script as people run it: another process, another folder, another terminal."""
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest

import utils
from docs.lab.checks import SETTINGS, settings
from scratch_mlp import Hyperparameters, forward, load_XOR_data, train

SCRIPT = Path(__file__).parent.with_name("scratch_mlp.py")
PICTURES = ["accuracy.gif", "boundary.gif", "loss.gif", "all.gif", "all.png"]
QUICK = ["--num_epochs", "200", "--num_frames", "4"]
ENDLESS = ["--num_epochs", "1000000000"]
LONG = ["--num_epochs", "1000000", "--num_frames", "1000", "--num_samples", "5"]
posix = pytest.mark.skipif(os.name != "posix", reason="signals and devices as POSIX has them")


def start(*arguments, **options):
    """The script, with all settings named, so that an edited default changes nothing here, and with these flags."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
    if os.name == "posix":                          # else Ctrl-C stays ignored where the tests run under nohup
        options.setdefault("preexec_fn", lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    named = [f"--{name}={value}" for name, value in SETTINGS.items() if name != "output_dir"]
    return subprocess.Popen([sys.executable, SCRIPT, *named, *map(str, arguments)], **options)


def run(*arguments, **options):
    """Exit status, standard output, standard error."""
    with start(*arguments, **options) as process:
        output, errors = finish(process)
    return process.returncode, output, errors


def finish(process):
    """What a process prints till its end, to which it gets a minute."""
    try:
        return process.communicate(timeout=60)
    finally:
        process.kill()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_run(tmp_path):
    """From another folder, into a folder with a space that is not there yet: progress, then the paths; nothing else."""
    status, output, errors = run("--num_epochs", 900, "--num_frames", 30, "--output_dir", "my plots/xor", cwd=tmp_path)
    assert (status, errors) == (0, "")
    assert output.isascii()
    progress, drawing, paths = output.splitlines()[:-6], output.splitlines()[-6], output.splitlines()[-5:]
    assert [int(line.split()[1]) for line in progress] == [9 * i * i for i in range(11)]
    assert all(word in line for line in progress for word in ("epoch", "loss", "train", "test"))
    assert drawing == "drawing 31 frames"
    assert paths == [str(Path("my plots/xor", name)) for name in sorted(PICTURES)]
    assert names(tmp_path / "my plots" / "xor") == sorted(PICTURES)


@posix
def test_the_default_folder_is_beside_the_script(tmp_path):
    """Beside the script itself, not beside a link to it; unless somebody has edited this default."""
    (tmp_path / "link.py").symlink_to(SCRIPT)
    program = "import importlib; print(importlib.import_module('link').Hyperparameters().output_dir)"
    found = subprocess.check_output([sys.executable, "-c", program], cwd=tmp_path, text=True)
    assert found.strip() == Hyperparameters().output_dir
    assert not found.startswith(str(tmp_path))


def test_another_run_replaces_the_pictures_and_leaves_the_rest(tmp_path):
    """With the same settings, by the same bytes; with others, by others."""
    (tmp_path / "notes.txt").write_text("mine")
    made = []
    for hidden_dim in (10, 10, 3):
        run(*QUICK, "--output_dir", tmp_path, "--hidden_dim", hidden_dim)
        made.append([(tmp_path / name).read_bytes() for name in PICTURES])
    assert made[0] == made[1]
    assert all(one != other for one, other in zip(made[1], made[2], strict=True))
    assert names(tmp_path) == sorted([*PICTURES, "notes.txt"])


def test_no_display_a_notebooks_backend_an_ascii_terminal_and_a_home_folder(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment |= {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "PYTHONIOENCODING": "ascii:strict",
                    "HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    status, output, errors = run(*QUICK, "--output_dir=~/B\u00e4ume", env=environment, cwd=tmp_path)
    assert (status, errors) == (0, "")
    assert names(tmp_path / "B\u00e4ume") == sorted(PICTURES)
    assert not (tmp_path / "~").exists()


def test_a_reader_who_leaves_early(tmp_path):
    """As with `| head -1`: the pictures are made all the same."""
    process = start(*QUICK, "--output_dir", tmp_path)
    assert process.stdout.readline().startswith("epoch ")
    process.stdout.close()
    assert (process.wait(timeout=60), process.stderr.read()) == (0, "")
    process.stderr.close()
    assert names(tmp_path) == sorted(PICTURES)


@pytest.mark.parametrize("num_frames", [0, 1, 7, 15, 25, 99, 1000])
def test_about_ten_lines_of_progress(num_frames, capsys):
    hp = settings(num_frames=num_frames, num_epochs=1000, num_samples=2)
    expected = list(train(hp))
    history, status = utils.watch(iter(expected), hp)
    lines = capsys.readouterr().out.splitlines()
    assert min(num_frames, 5) < len(lines) <= 12
    assert lines[-1].startswith("epoch      1000 ")
    assert (history, status) == (expected, 0)


def test_help_lists_each_setting_and_needs_numpy_only():
    status, output, errors = run_without("matplotlib", "--help")
    assert (status, errors) == (0, "")
    words = " ".join(output.split())
    for f in fields(Hyperparameters):
        meaning = utils.meanings(Hyperparameters)[f.name]
        assert f"--{f.name} {f.type.__name__.upper()} {meaning} (default: {f.default})" in words


@pytest.mark.parametrize("package", ["matplotlib", "imageio", "imageio.v3"])
def test_a_missing_package_is_said_before_the_training(package, tmp_path):
    status, output, errors = run_without(package, "--output_dir", "xor", cwd=tmp_path)
    assert (status, output) == (1, "")
    assert errors.startswith("scratch_mlp.py: error: ")
    assert errors.endswith("install what requirements.txt lists, or draw nothing, with --num_frames 0\n")
    assert f"'{package}'" in errors or package in errors
    assert errors.count("\n") == 1
    assert names(tmp_path) == []


@pytest.mark.parametrize("package", ["matplotlib", "imageio"])
def test_no_pictures_need_numpy_only(package, tmp_path):
    status, output, errors = run_without(package, "--num_frames", "0", "--num_epochs", "30", cwd=tmp_path)
    assert (status, errors) == (0, "")
    assert [line.split()[1] for line in output.splitlines()] == ["0", "30"]
    assert names(tmp_path) == []


def test_an_old_python(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))
    with pytest.raises(SystemExit) as end, utils.program():
        raise AssertionError("not reached")
    assert end.value.code == 1
    assert capsys.readouterr().err.endswith(": error: Python 3.10 or newer is needed\n")


@pytest.mark.parametrize(("shapes", "words"), [(((5, 2), (5, 3)), "2 and 3"), (((5, 4), (5, 2)), "4 and 2")])
def test_what_cannot_be_drawn(shapes, words, tmp_path):
    """Three classes, or four coordinates."""
    with pytest.raises(NotImplementedError, match=f"2 coordinates and 2 classes, not {words}"):
        utils.draw([], None, *(np.zeros(shape) for shape in shapes), tmp_path)


@posix
def test_too_little_memory():
    """A single line, of NumPy's own words."""
    import resource

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (2**29, 2**29))
    status, output, errors = run("--num_frames", 0, "--num_epochs", 1, "--num_samples", 10_000, "--hidden_dim", 1000,
                                 preexec_fn=limit, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"})
    assert status == 1
    assert errors.startswith("scratch_mlp.py: error: Unable to allocate")
    assert errors.count("\n") == 1


def run_without(package, *arguments, **options):
    """Run the script where this package is not installed."""
    program = (f"import sys, runpy; sys.modules[{package!r}] = None; sys.argv = sys.argv[1:]; "
               f"sys.path.insert(0, {str(SCRIPT.parent)!r}); runpy.run_path(sys.argv[0], run_name='__main__')")
    command = [sys.executable, "-c", program, SCRIPT, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, **options)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(("arguments", "message"), [
    (["--hidden_dim", "0"], "hidden_dim = 0: must be a whole number from 1 to 1000"),
    (["--learning_rate", "-1"], "learning_rate = -1: must be a number from 0 to 1000000"),
    (["--use_bias", "no"], "use_bias = no: must be True or False"),
    (["--output_dir", ""], "output_dir = : must be a name"),
    (["--output_dir", "a_file"], "output_dir = a_file: must be a folder that is there or can be made"),
    (["--output_dir", "a_file/plots"], "output_dir = a_file/plots: must be a folder"),
    (["--output_dir", "~nosuchuser/x"], "output_dir = ~nosuchuser/x: must be a folder"),
    (["--hidden", "3"], "unrecognized arguments: --hidden 3"),
    (["hidden_dim=3"], "unrecognized arguments: hidden_dim=3"),
    (["--hidden_dim"], "argument --hidden_dim: expected one argument"),
    (["--hidden_dim", "--use_bias", "False"], "argument --hidden_dim: expected one argument"),
    (["--hidden_dim", "3\n4"], "hidden_dim = 3 4: must be a whole number"),
])
def test_a_bad_setting(arguments, message, tmp_path):
    """One line that says which, what and what is allowed; status 2; nothing is touched."""
    (tmp_path / "a_file").write_text("mine")
    status, output, errors = run("--output_dir", "plots", *arguments, cwd=tmp_path)
    assert (status, output) == (2, "")
    assert errors.startswith(f"scratch_mlp.py: error: {message}")
    assert errors.count("\n") == 1
    assert names(tmp_path) == ["a_file"]
    assert (tmp_path / "a_file").read_text() == "mine"


@posix
def test_a_folder_that_cannot_be_written_is_said_before_the_training(tmp_path):
    read_only = tmp_path / "read only"
    read_only.mkdir(mode=0o555)
    folder = "/proc" if os.geteuid() == 0 else read_only    # nothing but /proc is read-only to root
    for unwritable in (folder, tmp_path / ("long" * 100)):
        status, output, errors = run(*ENDLESS, "--output_dir", unwritable)
        assert (status, output) == (1, "")
        assert errors.startswith("scratch_mlp.py: error: ")
        assert str(unwritable) in errors
        assert errors.count("\n") == 1


def test_a_loss_that_is_not_finite(tmp_path):
    """One line says where and what to try, no warning of NumPy's; the pictures show what happened."""
    status, output, errors = run("--output_dir", tmp_path,
                                 "--learning_rate", 1000, "--reg_coeff", 1, "--num_epochs", 2000)
    assert status == 1
    assert errors.startswith("scratch_mlp.py: error: the loss is inf at epoch 423: ")
    assert "learning_rate" in errors
    assert "clip_norm" in errors
    assert errors.count("\n") == 1
    assert output.count("inf") == 1
    assert output.splitlines()[-6].startswith("drawing ")
    assert names(tmp_path) == sorted(PICTURES)


def wait_for(process, beginning):
    """Read what a process prints up to the line that begins so."""
    while not (line := process.stdout.readline()).startswith(beginning):
        assert line, "the process ended too early"


@posix
def test_ctrl_c_draws_the_epochs_so_far(tmp_path):
    with start(*LONG, "--output_dir", tmp_path) as process:
        wait_for(process, "epoch     10000")
        process.send_signal(signal.SIGINT)
        output, errors = finish(process)
    assert (process.returncode, errors) == (130, "")
    words = [line.split()[0] for line in output.splitlines() if not line.startswith("epoch")]
    assert [word for word in words if word != "drawn"][:2] == ["interrupted:", "drawing"]
    assert names(tmp_path) == sorted(PICTURES)
    assert 101 <= iio.improps(tmp_path / "all.gif", index=...).n_images < 1000


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_while_drawing_ends_the_run_and_the_old_pictures_stay(name, tmp_path):
    for picture in PICTURES:
        (tmp_path / picture).write_text("old")
    with start("--num_epochs", 1000, "--num_frames", 1000, "--output_dir", tmp_path) as process:
        wait_for(process, "drawing")
        process.send_signal(getattr(signal, name))
        output, errors = finish(process)
    assert (process.returncode, errors) == (128 + getattr(signal, name), "")
    assert output == "interrupted: the pictures of the run before stay as they are\n"
    assert names(tmp_path) == sorted(PICTURES)
    assert {path.read_text() for path in tmp_path.iterdir()} == {"old"}


@posix
def test_a_signal_that_is_ignored_stays_ignored(tmp_path):
    """As under nohup."""
    def ignore():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with start(*QUICK, "--output_dir", tmp_path, preexec_fn=ignore) as process:
        wait_for(process, "drawing")
        process.send_signal(signal.SIGHUP)
        finish(process)
    assert process.returncode == 0
    assert names(tmp_path) == sorted(PICTURES)


@posix
def test_ctrl_c_without_pictures(tmp_path):
    with start(*ENDLESS, "--num_frames", 0, cwd=tmp_path) as process:
        wait_for(process, "epoch         0")
        process.send_signal(signal.SIGINT)
        output, errors = finish(process)
    assert (process.returncode, errors) == (130, "")
    assert output == "interrupted: the last snapshot is that of epoch 0\n"
    assert names(tmp_path) == []


def test_drawing_in_another_thread(tmp_path):
    """As a notebook or a server may: there, Python lets nobody hold signals."""
    hp = settings(num_epochs=20, num_frames=2)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(utils.draw, list(train(hp)), forward, *load_XOR_data(), str(tmp_path / "new" / "folder")).result()
    assert names(tmp_path / "new" / "folder") == sorted(PICTURES)


def test_a_notebook_keeps_its_backend(tmp_path, monkeypatch):
    backend = "module://matplotlib_inline.backend_inline"
    monkeypatch.setenv("MPLBACKEND", backend)
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    before = np.geterr()
    with utils.program():
        assert os.environ["MPLBACKEND"] == backend
    monkeypatch.delitem(sys.modules, "ipykernel")
    with utils.program():
        assert os.environ["MPLBACKEND"] == "agg"
    assert np.geterr() == before
