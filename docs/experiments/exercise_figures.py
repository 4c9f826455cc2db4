"""The picture of docs/lab.md, and the solutions of docs/lab/solutions.md."""
import json
from string import ascii_lowercase

from docs.experiments.common import figure, new_figure, save, table, train_with
from docs.lab.exercises import EXERCISES, LAB

CURVES = (                                          # as the exercise asks for them
    "--hidden_dim 10 --num_epochs 4000 --learning_rate 0.5 --reg_coeff 0.0001 --use_bias True",
    "--hidden_dim 10 --num_epochs 4000 --learning_rate 1 --reg_coeff 3 --use_bias True",
    "--hidden_dim 10 --num_epochs 4000 --learning_rate 5 --reg_coeff 0.0001 --use_bias True",
    "--hidden_dim 10 --num_epochs 4000 --learning_rate 1 --reg_coeff 0.0001 --use_bias False",
)


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


@table
def table_solutions():
    """Each question, its answer and why; of a bug, the patch."""
    return "\n\n".join(f"**{number}.** {exercise['question']}\n\n{answer(number, exercise)}\n\n{exercise['why']}"
                       for number, exercise in EXERCISES.items())


def answer(number, exercise):
    if exercise["kind"] == "line":
        hunk = (LAB / "patches" / f"{number}.patch").read_text(encoding="utf-8").partition("@@\n")[2]
        return f"```diff\n{hunk}```"
    if exercise["kind"] == "weights":
        rows = ",\n ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in exercise["answer"].items())
        return f"```json\n{{{rows}}}\n```"
    return f"**{exercise['answer']}**"
