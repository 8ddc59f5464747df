"""Folders that all processes of one run of the tests share."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

CONVERT = """
import sys
from pathlib import Path
from phototagd.models.analyzer import load_analyzer
from phototagd.models.settings import ModelSettings
settings = ModelSettings(precision="f32", threads=2, cache_directory=Path(sys.argv[1]))
load_analyzer(settings, print).self_test()
"""
REPORTS = "reports.txt"


def shared_folder(factory: pytest.TempPathFactory, name: str, fill: Callable[[Path], None]) -> Path:
    """Return a folder that the first process which asks for it fills, and the others wait for."""
    own = factory.getbasetemp()
    top = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder = top / name
    with (top / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            partial = top / f"{name}.partial"
            fill(partial)
            partial.rename(folder)
    return folder


def converted_models(factory: pytest.TempPathFactory) -> Path:
    """Return a cache with the default models, and what was reported while they were converted.

    Each process has its own, with links to the one that was made once: they do not mix what they
    remember.
    """
    once = shared_folder(factory, "converted-models", _convert)
    own = factory.mktemp("models-cache", numbered=True)
    return Path(shutil.copytree(once, own, copy_function=_link, dirs_exist_ok=True))


def _link(source: str, target: str) -> None:
    if source.endswith(".json"):  # written anew by whoever has it
        shutil.copy2(source, target)
    else:
        os.link(source, target)


def _convert(folder: Path) -> None:
    folder.mkdir()
    with (folder / REPORTS).open("w") as reports:
        subprocess.run([sys.executable, "-c", CONVERT, folder], stdout=reports, check=True)
