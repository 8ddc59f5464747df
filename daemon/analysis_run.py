"""Other models over known photos: analyses without a catalog, from a child process of their own."""

from __future__ import annotations

import itertools
import queue
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from .errors import RecognizerError
from .messages import (
    Analyze,
    Analyzed,
    Died,
    Failed,
    Identified,
    Identify,
    Ready,
    Refused,
    Report,
    decode_reply,
    encode,
)
from .worker import ChildProgram, Worker, plan_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from ..db.records import PendingPhoto, PhotoFacts
    from ..models.results import Analysis, ModelVersion
    from .config import Config
    from .messages import Reply

PHOTOS_PER_THREAD = 4
LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Analysed:
    """What the models say of a photo, or why they say nothing; which picture was looked at."""

    photo: PendingPhoto
    fingerprint: bytes | None = None
    analysis: Analysis | None = None
    reason: str = ""


@dataclass(slots=True)
class _Flight:
    """A photo that the child has."""

    photo: PendingPhoto
    started: float
    facts: PhotoFacts | None = None


class AnalysisRun:
    """Looks at photos with the settings' models; a context manager that ends the child."""

    def __init__(self, config: Config) -> None:
        plan = plan_worker(config)
        program = ChildProgram("recognizer", plan.to_json(), encode, decode_reply)
        self._inbox: queue.SimpleQueue[Reply] = queue.SimpleQueue()
        self._worker = Worker(program, self._inbox.put)
        self._window = plan.threads * PHOTOS_PER_THREAD
        self._deadline = config.worker.deadline_seconds
        self._flights: dict[int, _Flight] = {}
        self._suspects: deque[PendingPhoto] = deque()
        self._numbers = itertools.count()
        self._is_thorough = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._worker.stop()

    def start(self, report: Callable[[str], None]) -> tuple[ModelVersion, ...]:
        """Load the models and return their versions. Raises RecognizerError."""
        self._worker.start()
        while True:
            match self._inbox.get():
                case Report(text=text):
                    report(text)
                case Ready() as ready:
                    self._is_thorough = bool(ready.thorough_models)
                    return ready.thorough_models or ready.models
                case Refused(reason=reason) | Died(reason=reason):
                    raise RecognizerError(reason, is_permanent=True)

    def analyse(self, photos: Iterable[PendingPhoto]) -> Iterator[Analysed]:
        """Yield what the models say of photos, in the order in which they are ready.

        A child that dies costs the photo that it had alone; if it had several, they are tried again
        one by one. Raises RecognizerError if it does not start again.
        """
        waiting = iter(photos)
        while self._feed(waiting):
            try:
                reply = self._inbox.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                self._check_deadline()
                continue
            done = self._restart(reply.reason) if isinstance(reply, Died) else self._take(reply)
            if done is not None:
                yield done

    def _feed(self, waiting: Iterator[PendingPhoto]) -> bool:
        """Give the child what it has room for; False when nothing is left."""
        if self._suspects:
            if not self._flights:
                self._send(self._suspects.popleft())
            return True
        for photo in itertools.islice(waiting, self._window - len(self._flights)):
            self._send(photo)
        return bool(self._flights)

    def _send(self, photo: PendingPhoto) -> None:
        number = next(self._numbers)
        self._flights[number] = _Flight(photo, time.monotonic())
        self._worker.send(Identify(number, photo.path))

    def _take(self, reply: Reply) -> Analysed | None:
        match reply:
            case Identified(id=number, facts=facts) if number in self._flights:
                self._flights[number].facts = facts
                self._worker.send(Analyze(number, is_thorough=self._is_thorough))
            case Analyzed(id=number, analysis=analysis) if number in self._flights:
                flight = self._flights.pop(number)
                mark = flight.facts.fingerprint if flight.facts and reply.is_current else None
                reason = "" if mark else "it changed while it was analysed"
                return Analysed(flight.photo, mark, analysis, reason)
            case Failed(id=number, reason=reason) if number in self._flights:
                return Analysed(self._flights.pop(number).photo, reason=reason)
        return None

    def _check_deadline(self) -> None:
        now = time.monotonic()
        if any(now - flight.started > self._deadline for flight in self._flights.values()):
            self._worker.kill(f"it took longer than {self._deadline:g} s (worker.deadline_seconds)")

    def _restart(self, reason: str) -> Analysed | None:
        """Start the child again; the one photo that it had is given up."""
        photos = [flight.photo for flight in self._flights.values()]
        self._flights.clear()
        self._worker.stop()
        self.start(lambda _text: None)
        if len(photos) == 1:
            return Analysed(photos[0], reason=reason)
        self._suspects.extend(photos)
        return None
