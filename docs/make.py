"""Makes every figure, GIF and table of the docs: python docs/make.py, a minute or two.

A table stands in a page between two comments, <!-- make: name --> and <!-- end -->, and is written by the function
table_name of one of the scripts beside this file. What takes long is not measured anew, but read from docs/results,
where the script of the page has stored it. `python docs/make.py --check` compares all tables with those in the pages.
"""
import argparse
import re
import sys

import common
import exercise_figures
import exploding_and_vanishing
import matplotlib.style
import tutorial
import what_it_can_learn
import why_75_percent
import why_it_exploded

SCRIPTS = (tutorial, exercise_figures, what_it_can_learn, why_75_percent, why_it_exploded, exploding_and_vanishing)
FIGURES, TABLES = ({name: make for script in SCRIPTS for name, make in common.named(prefix, vars(script)).items()}
                   for prefix in ("figure_", "table_"))


def pages():
    return [common.DOCS.parent / "README.md", *sorted(common.DOCS.glob("*.md"))]


def filled(page):
    """The text of a page with all its tables made anew."""
    return re.sub(r"(<!-- make: (\w+) -->\n).*?(<!-- end -->)", lambda part: f"{part[1]}{TABLES[part[2]]()}\n{part[3]}",
                  page.read_text(encoding="utf-8"), flags=re.DOTALL)


def main():
    """Make all, or with --check compare the tables; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare the tables with those in the pages")
    if parser.parse_args().check:
        drifted = [page.name for page in pages() if filled(page) != page.read_text(encoding="utf-8")]
        print(f"drifted: {', '.join(drifted)}" if drifted else "all tables are as they should be")
        return 1 if drifted else 0
    common.PICTURES.mkdir(exist_ok=True)
    with matplotlib.style.context(["default", {"font.size": 12}]):
        for make_figure in FIGURES.values():
            make_figure()
    tutorial.make_gifs()
    for page in pages():
        page.write_text(filled(page), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
