"""What surrounds a program under test: mounts, limits of the kernel, other programs.

Where something is not permitted or not installed, the test is skipped with the reason.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Self

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def need(program: str) -> str:
    """Return where a program lies, or skip the test."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def in_user_namespace(script: str) -> list[str]:
    """Return the start of a command that runs in a user namespace after a shell script.

    The program that follows it is the process that was started: it keeps its pid.
    """
    unshare = need("unshare")
    trial = subprocess.run(
        [unshare, "-Ur", "sh", "-c", script], capture_output=True, text=True, check=False
    )
    if trial.returncode:
        pytest.skip(f"user namespaces or their limits are not permitted: {trial.stderr.strip()}")
    return [unshare, "-Ur", "sh", "-c", f'{script}; exec "$@"', "sh"]


class Mounts:
    """What was mounted, taken away again at the end."""

    def __init__(self) -> None:
        self._points: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for point in reversed(self._points):
            subprocess.run(["umount", "-l", point], capture_output=True, check=False)

    def tmpfs(self, point: Path, size: str = "64m") -> Path:
        """Mount an empty file system in memory."""
        return self._mount(point, "-t", "tmpfs", "-o", f"size={size}", "tmpfs")

    def bind(self, source: Path, point: Path) -> Path:
        """Show a folder, or another file system's top, at a second place."""
        return self._mount(point, "--bind", source)

    def read_only(self, point: Path) -> None:
        """Make a bind mount read-only."""
        subprocess.run(["mount", "-o", "remount,ro,bind", point], check=True)

    def bindfs(self, source: Path, point: Path) -> Path:
        """Show a folder through FUSE: the nearest thing to a network mount."""
        bindfs = need("bindfs")
        point.mkdir(parents=True, exist_ok=True)
        self._run(point, [bindfs, "--no-allow-other", source, point])
        return point

    def server(self, point: Path) -> int:
        """Return the process that serves a FUSE mount."""
        command = ["pgrep", "-f", f"bindfs.* {point}$"]
        (pid,) = subprocess.run(command, capture_output=True, check=True).stdout.split()
        return int(pid)

    def unmount(self, point: Path, *, lazily: bool = False) -> None:
        """Take a mount away now."""
        subprocess.run(["umount", *(["-l"] if lazily else []), point], check=True)
        with contextlib.suppress(ValueError):
            self._points.remove(point)

    def _mount(self, point: Path, *arguments: str | Path) -> Path:
        point.mkdir(parents=True, exist_ok=True)
        self._run(point, [need("mount"), *arguments, point])
        return point

    def _run(self, point: Path, command: list[str | Path]) -> None:
        # bindfs stays behind as a process: it must not hold on to a pipe of ours.
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"mounting is not permitted here: status {done.returncode}")
        self._points.append(point)


def watch_inodes(pid: int) -> set[int]:
    """Return the inodes of all folders that the kernel watches for a process."""
    return {int(fields["ino"], 16) for fields in _watches(pid)}


def watch_masks(pid: int) -> set[int]:
    """Return which events the kernel reports to a process."""
    return {int(fields["mask"], 16) for fields in _watches(pid)}


def _watches(pid: int) -> list[dict[str, str]]:
    found = []
    for name in os.listdir(f"/proc/{pid}/fdinfo"):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/fdinfo/{name}") as file:
            found += [
                dict(word.split(":", 1) for word in line.split()[1:] if ":" in word)
                for line in file
                if line.startswith("inotify ")
            ]
    return found
