"""What docs/lab.md shows: a report of the checker, and the picture of an exercise."""
import contextlib
import io
import tempfile
from pathlib import Path
from string import ascii_lowercase

from docs.experiments.common import figure, new_figure, save, table, train_with
from docs.lab import check
from docs.lab.slips import BRICKS, broken_source, slips_of

CURVES = (                                          # as the exercise asks for them
    "--num_epochs 4000 --learning_rate 0.5",
    "--num_epochs 4000 --learning_rate 1 --reg_coeff 3",
    "--num_epochs 4000 --learning_rate 5",
    "--num_epochs 4000 --learning_rate 1 --use_bias False",
)


# ---------------------------------------------------------------- the lab

def network_with(brick, slips):
    """A file my_mlp.py in which all is right, but for these slips in one brick."""
    sources = [broken_source(name, slips if name == brick else ()) for name in BRICKS]
    return "\n\n".join(["import numpy as np\n", *sources])


def report_of(text):
    """The exit status, and what the checker prints, of a file with this text (without a process of its own)."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as output:
        path = Path(folder, "my_mlp.py")
        path.write_text(text, encoding="utf-8")
        status = check.run(path, 20, lambda function, *arguments: function(*arguments))
    return status, output.getvalue()


@table
def table_report():
    """The report of a file in which the error is not divided by N."""
    slip = next(slip for slip in slips_of("backward") if slip[0].startswith("1/N is missing from the error"))
    return f"```\n{report_of(network_with('backward', [slip]))[1]}```"


@table
def table_num_slips():
    return str(sum(len(slips_of(brick)) for brick in BRICKS))


# ---------------------------------------------------------------- the exercises

def ordered_runs(num_frames=100):
    """(settings, history) of each of the CURVES, from the highest loss at the end to the lowest."""
    runs = [(flags, train_with(f"{flags} --num_frames {num_frames}")) for flags in CURVES]
    return sorted(runs, key=lambda run: -run[1][-1].loss)


@figure
def figure_curves():
    """Four losses over epochs, without saying of which settings they are."""
    curves, panels = new_figure(4, width=12, height=3.2, sharey=True)
    for letter, axes, (_, history) in zip(ascii_lowercase, panels, ordered_runs(), strict=False):
        axes.plot([s.epoch for s in history], [s.loss for s in history], color="black", linewidth=2)
        axes.set(title=letter, xlabel="epoch", xticks=(0, 2000, 4000), ylim=(0, 0.3))
    panels[0].set_ylabel("loss")
    save(curves, "curves")
