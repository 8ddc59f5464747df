"""The command that remedies name: it must work where the program is installed."""

from __future__ import annotations

import importlib.util
import shlex
import subprocess
import sys
import venv
import zipfile
from typing import TYPE_CHECKING

import pytest

from phototagd.models import pip
from phototagd.models.pip import pip_install

if TYPE_CHECKING:
    from pathlib import Path

HAS_PIP = importlib.util.find_spec("pip") is not None


def make_wheel(folder: Path) -> Path:
    path = folder / "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("tiny.py", "")
        wheel.writestr("tiny-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1")
        wheel.writestr(
            "tiny-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any"
        )
        wheel.writestr("tiny-1.dist-info/RECORD", "")
    return path


@pytest.mark.skipif(not HAS_PIP, reason="there is no pip beside this Python")
def test_our_own_pip_installs_where_there_is_one() -> None:
    command = shlex.split(pip_install("--no-deps", "some<5"))

    assert command == [sys.executable, "-m", "pip", "install", "--no-deps", "some<5"]


@pytest.mark.skipif(not HAS_PIP, reason="there is no pip beside this Python")
def test_another_pip_installs_into_an_environment_without_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wheel = make_wheel(tmp_path)
    venv.create(tmp_path / "venv", with_pip=False)
    ours, bare = sys.executable, str(tmp_path / "venv/bin/python")
    with monkeypatch.context() as within:
        within.setattr(pip.sys, "executable", bare)
        within.setattr(pip.importlib.util, "find_spec", lambda _: None)
        said = pip_install("--no-index", str(wheel))

    name, *arguments = shlex.split(said)
    assert name == "pip"
    subprocess.run([ours, "-m", "pip", *arguments], check=True, capture_output=True)
    subprocess.run([bare, "-c", "import tiny"], check=True)
