"""The installation that CONTRIBUTING.md proposes runs the checkout itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from doc_pages import ROOT


def test_an_editable_installation_runs_the_modules_of_the_checkout(tmp_path: Path) -> None:
    # A strict one leaves a folder build/ in the checkout.
    checkout, venv = tmp_path / "checkout", tmp_path / "venv"
    ignored = shutil.ignore_patterns(".*", "build", "dist", "__pycache__", "*.egg-info")
    shutil.copytree(ROOT, checkout, ignore=ignored)
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    # The dependencies are those of this environment; to fetch them again would prove nothing.
    (own,) = venv.glob("lib/python3*/site-packages")
    (own / "dependencies.pth").write_text(str(Path(pytest.__file__).parents[1]))
    pip = [venv / "bin" / "pip", "--disable-pip-version-check", "install", "--no-deps"]
    subprocess.run([*pip, "-e", ".[dev]", "-C", "editable_mode=strict"], cwd=checkout, check=True)
    where = "import phototagd.daemon.cli as m, os; print(os.path.realpath(m.__file__))"
    said = subprocess.run(
        [venv / "bin" / "python", "-c", where], cwd=tmp_path, capture_output=True, check=True
    )
    assert said.stdout.decode().strip() == str(checkout / "daemon" / "cli" / "__init__.py")
    assert (venv / "bin" / "phototag").exists()
