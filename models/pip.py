"""The command that installs a package into this installation of the program."""

from __future__ import annotations

import importlib.util
import shlex
import sys


def pip_install(*words: str) -> str:
    """Return the command for requirements and options of ``pip install``, for a shell.

    Where there is no pip beside us (environments made by uv, the Debian package) another Python's
    pip does it: ``pip --python``.
    """
    has_own = importlib.util.find_spec("pip") is not None
    pip = [sys.executable, "-m", "pip"] if has_own else ["pip", "--python", sys.executable]
    return shlex.join([*pip, "install", *words])
