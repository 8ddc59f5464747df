"""A child process as its parent sees it: start, feed, kill, respawn.

The child may crash, hang or eat memory; the daemon may not. Replies arrive on a reader thread
and are handed to ``on_reply``, which must only enqueue.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import IO, TYPE_CHECKING, Any

from ..models.settings import ModelSettings
from .messages import Died

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .config import Config

logger = logging.getLogger(__name__)

STOP_SECONDS = 2.0
LONGEST_REPLY = 64 << 20  # bytes; a child that a hostile photo has taken over may talk for ever
LONGEST_COMPLAINT = 64 << 10  # bytes; what is longer counts as several lines
_STDERR_LINES_KEPT = 20


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """What the child is told at its start."""

    models: ModelSettings
    max_pixels: int
    max_bytes: int
    threads: int
    memory_limit: int

    def to_json(self) -> bytes:
        """Write it as the child's first line."""
        return (
            json.dumps(
                {
                    "models": asdict(self.models),
                    "limits": {"max_pixels": self.max_pixels, "max_bytes": self.max_bytes},
                    "threads": self.threads,
                    "memory_limit": self.memory_limit,
                },
                default=str,
            ).encode()
            + b"\n"
        )


def plan_worker(config: Config) -> WorkerPlan:
    """Translate the settings for the child."""
    threads = config.worker.threads or len(os.sched_getaffinity(0))
    return WorkerPlan(
        models=model_settings(config, threads),
        max_pixels=config.decode.max_megapixels * 1_000_000,
        max_bytes=config.decode.max_file_mib << 20,
        threads=threads,
        memory_limit=config.worker.memory_limit_mib << 20,
    )


def model_settings(config: Config, threads: int = 0) -> ModelSettings:
    """Translate the settings for the models."""
    models = config.models
    return ModelSettings(
        classifier=models.classifier,
        detectors=models.detectors,
        effort=config.recognition.effort,
        engine=models.engine,
        precision=models.precision,
        threads=threads,
        weights_directory=models.directory,
        manifest_directories=(models.directory,),
        cache_directory=models.cache,
    )


@dataclass(frozen=True, slots=True)
class ChildProgram:
    """What to run and how to talk to it: a module of ours, its first line, its language.

    ``environment`` adds to our own.
    """

    module: str
    first_line: bytes
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]
    environment: Mapping[str, str] = field(default_factory=dict)


class Worker:
    """One child process at a time. All methods belong to one thread; ``on_reply`` to another."""

    def __init__(self, program: ChildProgram, on_reply: Callable[[Any], None]) -> None:
        self._program = program
        self._on_reply = on_reply
        self._process: subprocess.Popen[bytes] | None = None
        self._kill_reason = ""
        self._threads: list[threading.Thread] = []

    @property
    def pid(self) -> int | None:
        """The child's process id."""
        return None if self._process is None else self._process.pid

    @property
    def is_running(self) -> bool:
        """Tell whether a child was started and not stopped."""
        return self._process is not None

    def start(self) -> None:
        """Start a fresh child; it answers Ready, Refused or Died."""
        self._kill_reason = ""
        self._process = process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.{self._program.module}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | self._program.environment,
            process_group=0,  # a Ctrl-C in the terminal is for the parent alone
        )
        last_words: deque[str] = deque(maxlen=_STDERR_LINES_KEPT)
        complaints = threading.Thread(
            target=_keep_complaints, args=(process.stderr, last_words), name="worker-stderr"
        )
        replies = threading.Thread(
            target=self._read_replies, args=(process, complaints, last_words), name="worker-replies"
        )
        self._threads = [complaints, replies]
        for thread in self._threads:
            thread.start()
        self._write(self._program.first_line)

    def send(self, request: Any) -> None:
        """Send a request; if the child is dying, ``Died`` tells so and nothing is raised."""
        self._write(self._program.encode(request))

    def kill(self, reason: str) -> None:
        """Kill the child; ``Died`` will carry the reason."""
        self._kill_reason = reason
        if self._process is not None:
            self._process.kill()

    def stop(self) -> None:
        """End the child for good, by force if it does not go, and wait for its threads."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for thread in self._threads:
            thread.join()
        self._process = None

    def _write(self, line: bytes) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(line)
            process.stdin.flush()

    def _read_replies(
        self,
        process: subprocess.Popen[bytes],
        complaints: threading.Thread,
        last_words: deque[str],
    ) -> None:
        nonsense = ""
        with process.stdout or contextlib.nullcontext() as lines:
            for line in iter(partial(lines.readline, LONGEST_REPLY), b"") if lines else ():
                try:
                    reply = self._decode(line)
                except (ValueError, KeyError, TypeError) as error:
                    nonsense = f"it sent nonsense ({error})"
                    process.kill()
                    break
                self._on_reply(reply)
        status = process.wait()
        complaints.join()
        logger.debug("%s ended: %s", self._program.module, " | ".join(last_words))
        reason = self._kill_reason or nonsense or _describe_exit(status, last_words)
        self._on_reply(Died(reason))

    def _decode(self, line: bytes) -> Any:
        if len(line) == LONGEST_REPLY:
            raise ValueError("a line without end")
        return self._program.decode(line)


def _describe_exit(status: int, last_words: deque[str]) -> str:
    if status < 0:
        return f"it crashed ({_signal_name(-status)})"
    said = f": {last_words[-1]}" if last_words else ""
    return f"it ended with status {status}{said}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"


def _keep_complaints(stream: IO[bytes], last_words: deque[str]) -> None:
    """Keep the child's last lines; decoders complain there about every odd file."""
    with stream:
        for line in iter(partial(stream.readline, LONGEST_COMPLAINT), b""):
            text = line.decode("utf-8", "backslashreplace").rstrip()
            last_words.append(text)
            logger.debug("child: %s", text)
