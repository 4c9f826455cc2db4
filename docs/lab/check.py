"""Says which bricks of your network are right, and which slip is in the first that is not.

    python docs/lab/check.py my_mlp.py

It runs docs/lab/report.py, with the project in the path, so that its imports are found.
"""
import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
    runpy.run_module("docs.lab.report", run_name="__main__")
