"""Mounts for tests, and waiting for what other threads do."""

from __future__ import annotations

import ctypes
import os
import subprocess
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_DETACH = 2  # umount2(2): MNT_DETACH


def wait_until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for a condition; fail the test when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.01)


@contextmanager
def mounted_tmpfs(point: Path) -> Iterator[None]:
    """Mount an empty file system; skip the test where that is not allowed."""
    mount_tmpfs(point)
    try:
        yield
    finally:
        unmount(point)


def mount_tmpfs(point: Path) -> None:
    """Mount an empty file system; skip the test where that is not allowed."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "none", point], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")


def unmount(point: Path) -> None:
    """Take a mount away whether it is busy or not; nothing happens where there is none."""
    subprocess.run(["umount", "-l", point], capture_output=True, check=False)


@contextmanager
def mounted_dead_server(point: Path) -> Iterator[Callable[[], None]]:
    """Mount a network file system whose server never answers: FUSE with nobody at the other end.

    Whoever looks at it waits, until the function that is handed out ends the connection: then all
    looks fail with ENOTCONN, as they do when a server has gone for good.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        server = os.open("/dev/fuse", os.O_RDWR)
    except OSError as error:
        pytest.skip(f"no FUSE here: {error}")
    options = f"fd={server},rootmode=40000,user_id=0,group_id=0".encode()
    if libc.mount(b"dead", os.fsencode(point), b"fuse.dead", 0, options):
        os.close(server)
        pytest.skip(f"mounting is not allowed here: {os.strerror(ctypes.get_errno())}")
    is_open = [True]

    def hang_up() -> None:
        if is_open:
            is_open.clear()
            os.close(server)

    try:
        yield hang_up
    finally:
        hang_up()
        libc.umount2(os.fsencode(point), _DETACH)
