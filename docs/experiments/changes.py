"""The changes of docs/use-it.md, made in scratch_mlp.py in memory, and what comes out of them."""
import re
from pathlib import Path

import scratch_mlp
from docs.experiments.common import DOCS, SEEDS, markdown, module_of, spread, stored, table
from docs.experiments.what_it_can_learn import SETTINGS
from scratch_mlp import load_XOR_data

PAGE = (DOCS / "use-it.md").read_text(encoding="utf-8")
DIFFS = dict(re.findall(r"^### ([^\n]*)$(?:(?!^##).)*?^```diff\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
EPOCHS = 2000, 10_000


def changed(name):
    """The module that scratch_mlp.py becomes by a change; @@ is between the parts of a diff. Comments do not count."""
    source = Path(scratch_mlp.__file__).read_text(encoding="utf-8")
    lines = [re.sub(r" +# .*", "", line) for line in source.splitlines()]
    for part in DIFFS[name].split("@@\n") if name in DIFFS else []:
        old, new = ([line[1:] for line in part.splitlines() if line[0] != sign] for sign in "+-")
        places = [n for n in range(len(lines)) if lines[n:n + len(old)] == old]
        if len(places) != 1:
            raise ValueError(f"docs/use-it.md, {name}: these lines are not once in scratch_mlp.py: " + "\n".join(old))
        lines[places[0]:places[0] + len(old)] = new
    return module_of("\n".join(lines))


def learn(case, seed):
    """The test accuracies after fewer and after more epochs."""
    settings = SETTINGS | {"hidden_dim": 10, "use_bias": True, "learning_rate": 1.0, "weight_seed": seed}
    m = changed(case)
    runs = {epochs: m.train(*load_XOR_data(300), *load_XOR_data(1000, seed=1),
                            m.Hyperparameters(**settings | {"num_epochs": epochs})) for epochs in EPOCHS}
    return {f"{epochs} epochs": list(run)[-1].test_accuracy for epochs, run in runs.items()}


EXPERIMENTS = {"changes": (learn, ("as it is", *DIFFS), SEEDS[:5])}


@table
def table_changes():
    """The test accuracies of each change: the median, with the lowest and the highest."""
    rows = [[case, *(spread(found[f"{epochs} epochs"], "{:.1%}") for epochs in EPOCHS)]
            for case, found in stored("changes")["changes"].items()]
    return markdown(["change", *(f"test, {epochs} epochs" for epochs in EPOCHS)], rows)
