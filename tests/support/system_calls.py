"""System calls by which files are read and changed: one of them can be made to fail."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pytest

    Strike = Callable[[str, Callable[[], Any], tuple[Any, ...]], Any]

CALLS = (
    "close", "fchmod", "fchown", "fstat", "fsync", "getxattr", "link", "listxattr", "lseek",
    "lstat", "open", "readv", "rename", "setxattr", "unlink", "utime", "write",
)  # fmt: skip
CHANGES = (
    "fchmod", "fchown", "fsync", "link", "open", "rename", "setxattr", "unlink", "utime", "write",
)  # fmt: skip
"""The calls between which a disk can look different."""


@dataclass
class Plant:
    """A fault for one call: the number's of all calls, or of those by some names."""

    number: int
    strike: Strike
    names: tuple[str, ...] = CALLS
    seen: int = 0
    struck: str = ""

    def call(self, name: str, real: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Do a call, or what is planted for it."""
        if name not in self.names:
            return real(*args, **kwargs)
        self.seen += 1
        if self.seen != self.number:
            return real(*args, **kwargs)
        self.struck = name
        return self.strike(name, partial(real, *args, **kwargs), args)


@contextlib.contextmanager
def planted(patch: pytest.MonkeyPatch, number: int, strike: Strike, *names: str) -> Iterator[Plant]:
    """Let the call of this number (from 1) do ``strike`` instead; count from here on."""
    plant = Plant(number, strike, names or CALLS)
    with patch.context() as context:
        for name in plant.names:
            context.setattr(os, name, partial(plant.call, name, getattr(os, name)))
        yield plant


def fail(code: int) -> Strike:
    """Return a strike that raises an error; a file is closed nevertheless, as systems do."""

    def strike(name: str, call: Callable[[], Any], _args: tuple[Any, ...]) -> Any:
        if name == "close":
            call()
        raise OSError(code, os.strerror(code))

    return strike


def die(_name: str, _call: Callable[[], Any], _args: tuple[Any, ...]) -> Any:
    """End the process as ``kill -9`` does, before the call."""
    os._exit(9)


def in_child(work: Callable[[], None]) -> int:
    """Do something in a forked process and return its exit status: 0 if it came to its end."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def names_in(folder: Path) -> list[str]:
    """Return all names in a folder, hidden ones too."""
    return sorted(os.listdir(folder))
