"""Writes broken.py, a copy of scratch_mlp.py with one wrong line, for exercise 7 or 8: python docs/lab/bugs.py 7."""
import argparse
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scratch_mlp.py"
BUGS = {"7": ("(X[rows], y[rows])", "(X[rows], y[np.sort(rows)])"), "8": ("accuracy(X_test, y_test", "accuracy(X, y")}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exercise", choices=BUGS)
    right, wrong = BUGS[parser.parse_args().exercise]
    Path("broken.py").write_text(SCRIPT.read_text(encoding="utf-8").replace(right, wrong), encoding="utf-8")
