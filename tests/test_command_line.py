"""The script as people run it: another process, another folder, another terminal."""
import os
import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import imageio.v3 as iio
import pytest

import utils
from scratch_mlp import Hyperparameters, train

SCRIPT = Path(__file__).parent.with_name("scratch_mlp.py")
PICTURES = ["accuracy.gif", "boundary.gif", "loss.gif", "all.gif", "all.png"]
QUICK = ["--num_epochs", "200", "--num_frames", "4"]
ENDLESS = ["--num_epochs", "1000000000"]
LONG = ["--num_epochs", "200000", "--num_frames", "1000", "--num_samples", "5"]
posix = pytest.mark.skipif(os.name != "posix", reason="signals and devices as POSIX has them")


def start(*arguments, **options):
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
    return subprocess.Popen([sys.executable, SCRIPT, *map(str, arguments)], **options)


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
    status, output, errors = run("--num_epochs", 300, "--num_frames", 30, "--output_dir", "my plots/xor", cwd=tmp_path)
    assert (status, errors) == (0, "")
    assert output.isascii()
    progress, drawing, paths = output.splitlines()[:-6], output.splitlines()[-6], output.splitlines()[-5:]
    assert [int(line.split()[1]) for line in progress] == list(range(0, 301, 30))
    assert all(word in line for line in progress for word in ("epoch", "loss", "train", "fresh"))
    assert drawing == "drawing 31 frames"
    assert paths == [str(Path("my plots/xor", name)) for name in PICTURES]
    assert names(tmp_path / "my plots" / "xor") == sorted(PICTURES)


def test_the_default_folder_is_beside_the_script():
    assert Hyperparameters().output_dir == str(SCRIPT.parent / "plots")


def test_a_second_run_replaces_the_pictures_and_leaves_the_rest(tmp_path):
    run(*QUICK, "--output_dir", tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in PICTURES}
    (tmp_path / "notes.txt").write_text("mine")
    run(*QUICK, "--output_dir", tmp_path, "--hidden_dim", "3")
    assert names(tmp_path) == sorted([*PICTURES, "notes.txt"])
    assert all((tmp_path / name).read_bytes() != before[name] for name in PICTURES)


def test_same_settings_same_pictures(tmp_path):
    for folder in ("one", "two"):
        run(*QUICK, "--output_dir", tmp_path / folder)
    for name in PICTURES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_no_display_and_a_notebooks_backend(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    status, output, errors = run(*QUICK, "--output_dir", tmp_path, env=environment)
    assert (status, errors) == (0, "")


def test_a_terminal_that_knows_but_ascii(tmp_path):
    environment = os.environ | {"PYTHONIOENCODING": "ascii:strict"}
    folder = tmp_path / "B\u00e4ume"
    status, output, errors = run(*QUICK, "--output_dir", folder, env=environment)
    assert (status, errors) == (0, "")
    assert names(folder) == sorted(PICTURES)


def test_a_reader_who_leaves_early(tmp_path):
    """As with `| head -1`: the pictures are made all the same."""
    process = start(*QUICK, "--output_dir", tmp_path)
    assert process.stdout.readline().startswith("epoch ")
    process.stdout.close()
    assert (process.wait(timeout=60), process.stderr.read()) == (0, "")
    process.stderr.close()
    assert names(tmp_path) == sorted(PICTURES)


@posix
def test_a_home_folder(tmp_path):
    (tmp_path / "xor").mkdir()
    status, output, errors = run(*QUICK, "--output_dir=~/xor", env=os.environ | {"HOME": str(tmp_path)}, cwd=tmp_path)
    assert (status, errors) == (0, "")
    assert names(tmp_path / "xor") == sorted(PICTURES)
    assert not (tmp_path / "~").exists()


@posix
def test_errors_that_nobody_reads(tmp_path):
    """The status is right, and a loss that is not finite is drawn, where standard error cannot be written."""
    diverging = ["--learning_rate", 1000, "--reg_coeff", 1, "--num_epochs", 2000, "--output_dir", tmp_path]
    with open("/dev/full", "w") as full:
        assert run("--hidden_dim", 0, stderr=full)[0] == 2
        assert run(*diverging, stderr=full)[0] == 1
    assert names(tmp_path) == sorted(PICTURES)


@posix
def test_errors_are_not_output():
    """Where standard error is closed, nothing is said, least of all on standard output."""
    command = ["sh", "-c", '"$@" 2>&-', "sh", sys.executable, SCRIPT, "--hidden_dim", "0"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("num_frames", [1, 7, 15, 25, 99, 1000])
def test_about_ten_lines_of_progress(num_frames, capsys):
    hp = Hyperparameters(num_frames=num_frames, num_epochs=1000, num_samples=2)
    history, status = utils.watch(iter(train(hp)), hp)
    lines = capsys.readouterr().out.splitlines()
    assert min(num_frames, 5) < len(lines) <= 12
    assert lines[-1].startswith("epoch      1000 ")
    assert (len(history), status) == (num_frames + 1, 0)


@posix
def test_output_that_cannot_be_written(tmp_path):
    for arguments in (["--help"], [*QUICK, "--output_dir", tmp_path]):
        with open("/dev/full", "w") as full:
            assert run(*arguments, stdout=full) == (0, None, "")


def test_help_lists_each_setting_and_needs_numpy_only():
    status, output, errors = run_without("matplotlib", "imageio", "--help")
    assert (status, errors) == (0, "")
    words = " ".join(output.split())
    for f in fields(Hyperparameters):
        assert f"--{f.name} {f.type.__name__.upper()} {f.metadata['meaning']} (default:" in words


def test_no_pictures_need_numpy_only(tmp_path):
    status, output, errors = run_without("matplotlib", "imageio", "--num_frames", "0", "--num_epochs", "30",
                                         cwd=tmp_path)
    assert (status, errors) == (0, "")
    assert [line.split()[1] for line in output.splitlines()] == ["0", "30"]
    assert names(tmp_path) == []


def run_without(package, other_package, *arguments, **options):
    """Run the script where these packages are not installed."""
    program = (f"import sys, runpy; sys.modules[{package!r}] = sys.modules[{other_package!r}] = None; "
               f"sys.argv = sys.argv[1:]; sys.path.insert(0, {str(SCRIPT.parent)!r}); "
               f"runpy.run_path(sys.argv[0], run_name='__main__')")
    command = [sys.executable, "-c", program, SCRIPT, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, **options)
    return done.returncode, done.stdout, done.stderr


def test_each_field_is_a_flag_that_takes_a_value():
    for f in fields(Hyperparameters):
        for arguments in ([f"--{f.name}", str(f.default)], [f"--{f.name}={f.default}"]):
            assert utils.parse_settings(Hyperparameters, arguments) == Hyperparameters()
    changed = utils.parse_settings(Hyperparameters, ["--use_bias", "False", "--reg_coeff", "1e-6", "--penalty", "l1"])
    assert changed == Hyperparameters(use_bias=False, reg_coeff=1e-6, penalty="l1")


@pytest.mark.parametrize(("arguments", "message"), [
    *((["--hidden_dim", value], f"hidden_dim = {value}: must be a whole number from 1 to 1000")
      for value in ("0", "-3", "2.5", "nan", "ten", "1e3", "1001", "9" * 50, "", "-1e-3")),
    *((["--learning_rate", value], f"learning_rate = {float(value)}: must be a number from 0 to 1000000")
      for value in ("-1", "-1e-3", "nan", "inf", "-inf", "1e300")),
    (["--learning_rate", "fast"], "learning_rate = fast: must be a number from 0 to 1000000"),
    (["--use_bias", "no"], "use_bias = no: must be True or False"),
    (["--penalty", "l3"], "penalty = l3: must be l2 or l1"),
    (["--batch_size", "301"], "batch_size = 301: must be at most num_samples = 300"),
    (["--frame_ms", "25"], "frame_ms = 25: must be a multiple of 10"),
    (["--output_dir", ""], "output_dir = : must be the name of a folder"),
    (["--output_dir", "a_file"], "output_dir = a_file: must be a folder, and something else is there"),
    (["--output_dir", "a_file/plots"], "output_dir = a_file/plots: must be a folder"),
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
    assert errors.startswith("scratch_mlp.py: error: the loss is inf at epoch 420, and was 1.058e+294 at epoch 400: ")
    assert "learning_rate" in errors
    assert "clip_norm" in errors
    assert errors.count("\n") == 1
    assert output.count("inf") == 1
    assert names(tmp_path) == sorted(PICTURES)


def wait_for(process, beginning):
    """Read what a process prints up to the line that begins so."""
    while not (line := process.stdout.readline()).startswith(beginning):
        assert line, "the process ended too early"


@posix
def test_ctrl_c_draws_the_epochs_so_far(tmp_path):
    with start(*LONG, "--output_dir", tmp_path) as process:
        wait_for(process, "epoch     20000")
        process.send_signal(signal.SIGINT)
        output, errors = finish(process)
    assert (process.returncode, errors) == (130, "")
    words = [line.split()[0] for line in output.splitlines() if not line.startswith("epoch")]
    assert words[:2] == ["interrupted:", "drawing"]
    assert len(words) == 7
    assert names(tmp_path) == sorted(PICTURES)
    assert 101 <= iio.improps(tmp_path / "all.gif", index=...).n_images < 1000


@posix
def test_ctrl_c_twice_ends_at_once_and_the_old_pictures_stay(tmp_path):
    for name in PICTURES:
        (tmp_path / name).write_text("old")
    with start(*LONG, "--output_dir", tmp_path) as process:
        wait_for(process, "epoch     20000")
        process.send_signal(signal.SIGINT)
        wait_for(process, "drawing")
        process.send_signal(signal.SIGINT)
        output, errors = finish(process)
    assert (process.returncode, errors) == (130, "")
    assert output == "interrupted: the pictures of the run before stay as they are\n"
    assert names(tmp_path) == sorted(PICTURES)
    assert {path.read_text() for path in tmp_path.iterdir()} == {"old"}


@posix
def test_ctrl_c_without_pictures(tmp_path):
    with start(*ENDLESS, "--num_frames", 0, cwd=tmp_path) as process:
        wait_for(process, "epoch         0")
        process.send_signal(signal.SIGINT)
        output, errors = finish(process)
    assert (process.returncode, errors) == (130, "")
    assert output == "interrupted: the last snapshot is that of epoch 0\n"
    assert names(tmp_path) == []
