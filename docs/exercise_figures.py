"""The picture of docs/exercises.md."""
from string import ascii_lowercase

from common import new_figure, save, train_with

CURVES = ("--learning_rate 0.5", "--reg_coeff 3", "--learning_rate 5", "--use_bias False")  # as asked for


def ordered_runs(num_frames=100):
    """(settings, history) of each of the CURVES, from the highest loss at the end to the lowest."""
    runs = [(flags, train_with(f"{flags} --num_epochs 4000 --num_frames {num_frames}")) for flags in CURVES]
    return sorted(runs, key=lambda run: -run[1][-1].loss)


def figure_curves():
    """Four losses over epochs, without saying of which settings they are."""
    figure, panels = new_figure(4, width=12, height=3.2, sharey=True)
    for letter, axes, (_, history) in zip(ascii_lowercase, panels, ordered_runs(), strict=False):
        axes.plot([s.epoch for s in history], [s.loss for s in history], color="black", linewidth=2)
        axes.set(title=letter, xlabel="epoch", xticks=(0, 2000, 4000), ylim=(0, 0.3))
    panels[0].set_ylabel("loss")
    save(figure, "curves")
