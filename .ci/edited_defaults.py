"""Edits defaults in copies of the project, as users do: python .ci/edited_defaults.py, some minutes.

The tests have to stay green, and docs/make.py --check has to say what is not published; once it is, both are green.
"""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
EDITS = {"hidden_dim": "8", "learning_rate": "1.5", "num_epochs": "8_000", "num_samples": "250"}


def edit(folder):
    """Change the default of each of these settings in the script of a folder."""
    path = folder / "scratch_mlp.py"
    source = path.read_text(encoding="utf-8")
    for name, value in EDITS.items():
        source, count = re.subn(rf"(?m)^(    {name}: \w+ = )\S+", rf"\g<1>{value}", source)
        assert count == 1, name
    path.write_text(source, encoding="utf-8")


def expect(status, folder, *command):
    """Run a command of the project in a folder, which has to end with this status; returns what it prints."""
    done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True)
    assert done.returncode == status, f"{command}: status {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


def main():
    """All that has to be so in a copy in which these defaults are edited."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder, "copy")
        shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__"))
        edit(folder)
        expect(0, folder, "-m", "pytest", "-q", "-x")
        said = expect(1, folder, "docs/make.py", "--check").splitlines()
        assert all(f"{name} = " in said[0] for name in EDITS), said
        expect(0, folder, "docs/make.py")
        expect(0, folder, "docs/make.py", "--check")
        expect(0, folder, "-m", "pytest", "-q", "-x")
    print("edited defaults: the tests are green, --check says so, and once they are published, both are green")


if __name__ == "__main__":
    main()
