"""Brings the docs up to date, or with --check says what is not: python docs/make.py [--check].

It is docs/experiments/publish.py, started in the project's folder, so that its imports are found.
"""
import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    command = [sys.executable, "-m", "docs.experiments.publish", *sys.argv[1:]]
    sys.exit(subprocess.call(command, cwd=Path(__file__).resolve().parent.parent))
