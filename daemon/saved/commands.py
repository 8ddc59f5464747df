"""Runs the commands of ``[on_match]`` one after the other, on a thread of its own.

Once means never twice. The begin is written down before a command starts, so one that a crash of
the daemon or of the computer has cut off is told, and not run again: how far it came is not known.
A program that cannot be started has done nothing: the photo waits until it can be. At an orderly
end of the daemon the command that runs has some seconds to finish, then it is ended.
"""

from __future__ import annotations

import contextlib
import errno
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
from ..output.moments import taken_iso
from ..printable import printable, printable_text
from .templates import fill

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...db.records import MatchRun, PhotoRecord

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.25
GRACE_SECONDS: Final = 5.0  # for the command that runs when the daemon is to end
END_SECONDS: Final = 2.0  # between asking a command to end and ending it
MOST_KEPT: Final = 2000  # bytes of what a command prints
# What belongs to the daemon alone: a command that is a service's tool would speak for it.
OWN_VARIABLES: Final = ("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC")


@dataclass(frozen=True, slots=True)
class Job:
    """A command for one photo, and the seconds that it may take."""

    run: MatchRun
    command: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Ran:
    """The command of a match has ended; ``problem`` tells what went wrong.

    With ``has_begun`` False nothing was run, and the photo is still to have its command.
    """

    run: MatchRun
    problem: str = ""
    has_begun: bool = True


class CannotStartError(Exception):
    """A program that cannot be started: not there, not allowed, not one."""


class CommandRunner:
    """The thread; at most one job at a time is handed to it."""

    def __init__(self, path: bytes, put: Callable[[Ran], None]) -> None:
        self._path = path
        self._put = put
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._last: Ran | None = None
        self._thread = threading.Thread(target=self._work, name="on-match")

    @property
    def has_failed(self) -> bool:
        """Whether the thread has ended before its time."""
        is_wanted = self._thread.ident is not None and not self._stopping.is_set()
        return is_wanted and not self._thread.is_alive()

    def start(self) -> None:
        """Begin to wait for jobs."""
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Run a command; ``Ran`` tells when it has ended."""
        self._jobs.put(job)

    def stop(self) -> Ran | None:
        """End the command that runs, and the thread; return what became of the last job."""
        self._stopping.set()
        self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join()
        return self._last

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._last = ran = self._do(job)
            if ran.problem:
                logger.warning("on_match.%s: %s", job.run.name, ran.problem)
            self._put(ran)

    def _do(self, job: Job) -> Ran:
        try:
            with CatalogReader.open(self._path) as reader:
                photos = reader.photos_by_id([job.run.photo_id])
        except CatalogError as error:
            return Ran(job.run, str(error), has_begun=False)
        if not photos or photos[0].state is PhotoState.MISSING or self._stopping.is_set():
            return Ran(job.run, has_begun=False)
        path = printable(photos[0].path)
        logger.info("on_match.%s: %s", job.run.name, path)
        arguments = fill(job.command, _values(photos[0], job.run.name))
        try:
            problem = execute(arguments, job.seconds, self._stopping)
        except CannotStartError as error:
            return Ran(job.run, str(error), has_begun=False)
        return Ran(job.run, f"{path}: {problem}" if problem else "")


def execute(arguments: tuple[bytes, ...], seconds: float, stopping: threading.Event) -> str:
    """Run a program to its end, its deadline or ours; return what went wrong, or nothing.

    Raises CannotStartError for a program that no photo could be given to.
    """
    try:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={key: value for key, value in os.environ.items() if key not in OWN_VARIABLES},
            process_group=0,
        )
    except OSError as error:
        if error.errno == errno.E2BIG:  # for this photo only
            return "its path and labels are too long for a command"
        reason = error.strerror or str(error)
        raise CannotStartError(f"{printable(arguments[0])} cannot be started: {reason}") from None
    except ValueError as error:  # as E2BIG: a name with the sign NUL
        return f"its path and labels cannot be given to a command: {error}"
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
    said, is_stopping = b"", False
    out = process.stdout
    if out is None:  # for the types: it is always a pipe
        return said, False
    with out, selectors.DefaultSelector() as selector:
        selector.register(out, selectors.EVENT_READ)
        while time.monotonic() < deadline:
            if stopping.is_set() and not is_stopping:
                is_stopping, deadline = True, min(deadline, time.monotonic() + GRACE_SECONDS)
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
    """End a program and all that it has started in its group, as far as that is possible.

    One that became another user's may not be ended by us, and one that a dead disk holds cannot be.
    """
    if process.poll() is None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_SECONDS)


def _values(photo: PhotoRecord, search: str) -> dict[str, bytes]:
    labels = [tag.name for tag in photo.tags if tag.shown]
    return {
        "path": photo.path,
        "name": os.path.basename(photo.path),
        "labels": ",".join(labels).encode(),
        "search": search.encode(),
        "date": (taken_iso(photo) or "").encode(),
    }
