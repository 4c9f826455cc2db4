"""Brings the docs up to date with scratch_mlp.py: python docs/make.py. It publishes the defaults that stand there.

Between <!-- make: name --> and <!-- end --> a page has what the function table_name of a script in docs/experiments
returns, or the published setting of this name. A block ```pycon is a session, which is executed. A picture is what
figure_name saves. All this is made with the settings of docs/published.json. What takes minutes is read from results.
"""
import argparse
import contextlib
import doctest
import functools
import io
import json
import os
import re
import sys
import tempfile
from dataclasses import fields
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))        # the project, whose modules are imported below

import matplotlib.style
import numpy as np

import scratch_mlp
from docs.experiments import (
    changes,
    common,
    drawings,
    exercise_figures,
    network_film,
    tutorial,
    what_it_can_learn,
    why_it_exploded,
    worksheet,
)

EXPERIMENTS = (why_it_exploded, what_it_can_learn, changes)
SCRIPTS = (tutorial, drawings, exercise_figures, worksheet, *EXPERIMENTS)    # tables and figures are those of common


def pages():
    """README first, then all pages of the docs."""
    return [common.DOCS.parent / "README.md", *sorted(common.DOCS.rglob("*.md"))]


def brought_up_to_date(text):
    """The text of a page with all tables and the output of all sessions made anew."""
    def made(part):
        name = part[2]
        return part[1] + (common.TABLES[name]() if name in common.TABLES else str(common.PUBLISHED[name])) + part[3]
    names = {}
    text = re.sub(r"(<!-- make: (\w+) -->\n?).*?(\n?<!-- end -->)", made, text, flags=re.DOTALL)
    published = functools.partial(scratch_mlp.Hyperparameters, **common.PUBLISHED)
    with patch.object(scratch_mlp, "Hyperparameters", published), np.printoptions(), empty_folder():
        return re.sub(r"(?<=```pycon\n).*?(?=```\n)", lambda block: run_session(block[0], names), text, flags=re.DOTALL)


@contextlib.contextmanager
def empty_folder():
    """For a while, the current folder is an empty one: a session may write files."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def run_session(session, names):
    """A session as a prompt would show it, with the output that it has now; what it defines is added to the names."""
    shown = []
    for example in doctest.DocTestParser().get_examples(session):
        first, *more = example.source.splitlines()
        shown += [f">>> {first}", *(f"... {line}".rstrip() for line in more)]
        if more and more[-1].startswith(" "):
            shown.append("...")                     # at a real prompt, an empty line ends a block
        with contextlib.redirect_stdout(io.StringIO()) as output:
            exec(compile(example.source, "<session>", "single"), names)
        shown += output.getvalue().replace(os.getcwd(), "/home/me/scratch_mlp").replace(os.sep, "/").splitlines()
    return "\n".join(shown) + "\n"


def edited_defaults():
    """{name: default} of the settings whose default is not the published one."""
    defaults = {f.name: f.default for f in fields(scratch_mlp.Hyperparameters) if f.name != "output_dir"}
    return {name: value for name, value in defaults.items() if value != common.PUBLISHED.get(name)}


def draw_pictures():
    """Draw all figures, and the films but those of the article, which `measure` draws."""
    with matplotlib.style.context(["default", {"font.size": 12}]):
        for make_figure in common.FIGURES.values():
            make_figure()
    tutorial.make_film()
    network_film.make_network_film()


def complaints(measure=False):
    """What is not as it should be, a line each."""
    edited = ", ".join(f"{name} = {value}" for name, value in edited_defaults().items())
    if edited:
        yield f"not the published settings: {edited}; put them back, or publish them with python docs/make.py"
    for page in pages():
        text = page.read_text(encoding="utf-8")
        if brought_up_to_date(text) != text:
            yield f"{page.relative_to(common.DOCS.parent)}: a table or a session is old; run python docs/make.py"
    with tempfile.TemporaryDirectory() as folder, patch.multiple(common, PICTURES=Path(folder), RESULTS=Path(folder)):
        if measure:
            common.measure(EXPERIMENTS)
        draw_pictures()
        for path in sorted(Path(folder).iterdir()):
            same, place = ((common.same_results, common.PUBLISHED_RESULTS) if path.suffix == ".json" else
                           (common.same_pictures, common.PUBLISHED_PICTURES))
            if not same(path, place / path.name):
                yield (f"{(place / path.name).relative_to(common.DOCS.parent)} is not what is made now; "
                       f"run python docs/make.py{' --measure' if measure else ''}")


def contents():
    """{path: bytes} of all that this program makes or changes."""
    files = [*pages(), *common.PICTURES.iterdir(), *common.RESULTS.iterdir(), common.DOCS / "published.json"]
    return {path: path.read_bytes() for path in files}


def make(measure):
    """Publish the defaults of scratch_mlp.py, make all that is derived from them, and say what has changed."""
    before = contents()
    names = {f.name for f in fields(scratch_mlp.Hyperparameters)}
    published = {name: value for name, value in common.PUBLISHED.items() if name in names} | edited_defaults()
    common.PUBLISHED.clear()
    common.PUBLISHED.update(published)
    (common.DOCS / "published.json").write_text(json.dumps(published, indent=1) + "\n", encoding="utf-8")
    if measure:
        common.measure(EXPERIMENTS)
    draw_pictures()
    (common.PICTURES / "versions.txt").write_text(common.versions(), encoding="utf-8")
    made = {page: brought_up_to_date(page.read_text(encoding="utf-8")) for page in pages()}
    for page, text in made.items():
        page.write_text(text, encoding="utf-8")
    changed = [path for path, content in contents().items() if before.get(path) != content]
    print("\n".join(f"changed: {path.relative_to(common.DOCS.parent)}" for path in changed) or "nothing has changed")


def main():
    """Make all, or with --check say what is not as it should be; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, say what is not up to date")
    parser.add_argument("--measure", action="store_true", help="measure all results anew, too, for some minutes")
    chosen = parser.parse_args()
    if chosen.check:
        lines = list(complaints(chosen.measure))
        print("\n".join(lines) or f"all {'' if chosen.measure else 'but what --measure makes '}is up to date")
        return 1 if lines else 0
    make(chosen.measure)
    return 0


if __name__ == "__main__":
    sys.exit(main())
