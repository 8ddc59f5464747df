"""Runs the commands of ``[on_match]`` one after the other, on a thread of its own."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import selectors
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ...db.errors import CatalogError
from ...db.reader import CatalogReader
from ...db.states import PhotoState
from ..logs import printable, printable_text
from ..output.moments import taken_iso
from .templates import fill

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...db.records import MatchRun, PhotoRecord

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.25
END_SECONDS: Final = 2.0  # between asking a command to end and ending it
MOST_KEPT: Final = 2000  # bytes of what a command prints


@dataclass(frozen=True, slots=True)
class Job:
    """A command for one photo, and the seconds that it may take."""

    run: MatchRun
    command: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Ran:
    """The command of a match has ended; ``problem`` tells what went wrong."""

    run: MatchRun
    problem: str = ""


class CommandRunner:
    """The thread; at most one job at a time is handed to it."""

    def __init__(self, path: bytes, put: Callable[[Ran], None]) -> None:
        self._path = path
        self._put = put
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="on-match")

    def start(self) -> None:
        """Begin to wait for jobs."""
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Run a command; ``Ran`` tells when it has ended."""
        self._jobs.put(job)

    def stop(self) -> None:
        """End the command that runs, and the thread."""
        self._stopping.set()
        self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None and not self._stopping.is_set():
            problem = self._do(job)
            if problem:
                logger.warning("on_match.%s: %s", job.run.name, problem)
            self._put(Ran(job.run, problem))

    def _do(self, job: Job) -> str:
        try:
            with CatalogReader.open(self._path) as reader:
                photos = reader.photos_by_id([job.run.photo_id])
        except CatalogError as error:
            return str(error)
        if not photos or photos[0].state is PhotoState.MISSING:
            return "the photo is gone"
        arguments = fill(job.command, _values(photos[0], job.run.name))
        logger.info("on_match.%s: %s", job.run.name, printable(photos[0].path))
        problem = execute(arguments, job.seconds, self._stopping)
        return f"{printable(photos[0].path)}: {problem}" if problem else ""


def execute(arguments: tuple[bytes, ...], seconds: float, stopping: threading.Event) -> str:
    """Run a program to its end, its deadline or ours; return what went wrong, or nothing."""
    try:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return f"{printable(arguments[0])} cannot be started: {reason}"
    said = b""
    try:
        said, is_ended = _follow(process, time.monotonic() + seconds, stopping)
    finally:
        _end(process)
    if said:
        text = printable_text(said.decode("utf-8", "backslashreplace").strip())
        logger.info("%s said: %s", printable(os.path.basename(arguments[0])), text)
    if not is_ended:
        return "ended with the daemon" if stopping.is_set() else f"took longer than {seconds:g} s"
    if process.returncode < 0:
        return f"was ended by signal {-process.returncode}"
    return f"exit code {process.returncode}" if process.returncode else ""


def _follow(
    process: subprocess.Popen[bytes], deadline: float, stopping: threading.Event
) -> tuple[bytes, bool]:
    """Read what a program says until it ends; return the beginning, and whether it has ended."""
    said = b""
    out = process.stdout
    if out is None:  # for the types: it is always a pipe
        return said, False
    with out, selectors.DefaultSelector() as selector:
        selector.register(out, selectors.EVENT_READ)
        while time.monotonic() < deadline and not stopping.is_set():
            # A child of its own may keep the pipe open longer than it lives itself.
            is_ended = process.poll() is not None
            if selector.get_map() and selector.select(0 if is_ended else LOOK_SECONDS):
                piece = os.read(out.fileno(), 65536)
                said += piece[: MOST_KEPT - len(said)]
                if not piece:
                    selector.unregister(out)
            elif is_ended:
                return said, True
            elif not selector.get_map():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(LOOK_SECONDS)
    return said, False


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and all that it has started in its group."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _values(photo: PhotoRecord, search: str) -> dict[str, bytes]:
    labels = [tag.name for tag in photo.tags if tag.shown]
    return {
        "path": photo.path,
        "name": os.path.basename(photo.path),
        "labels": ",".join(labels).encode(),
        "search": search.encode(),
        "date": (taken_iso(photo) or "").encode(),
    }
