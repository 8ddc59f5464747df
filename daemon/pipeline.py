"""The way of one photo: pending in the catalog, identified, known or analysed, recorded.

One thread owns the pipeline and with it the catalog. When the child dies, the photos in flight
are tried again one by one, so that exactly the guilty one is marked.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..db.evidence import as_stored
from ..db.states import PhotoState
from .errors import RecognizerError
from .messages import (
    Analyze,
    Analyzed,
    Died,
    Drop,
    Failed,
    Identified,
    Identify,
    Ready,
    Refused,
    Reply,
    Report,
)
from .monitoring.stages import Stopwatch
from .printable import printable
from .second_pass import SecondPass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..db.catalog import Catalog
    from ..db.records import PendingPhoto, PhotoFacts, Verdict
    from ..models.results import Analysis, ModelVersion, Reading
    from .fusing import Fuser
    from .monitoring.stages import StageTimes
    from .worker import Worker

logger = logging.getLogger(__name__)

MOST_DEATHS_IN_A_ROW = 3
LONGEST_LOAD_SECONDS = 1800.0  # of the models, which may have to be prepared first
MOST_SECOND = 2  # photos of the second pass in the child: a new one waits for no more


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one photo. ``reading`` is None for known pictures and for failures."""

    path: bytes
    state: PhotoState
    reason: str = ""
    reading: Reading | None = None
    is_copy: bool = False
    seconds: float = 0.0


@dataclass(slots=True)
class _Flight:
    photo: PendingPhoto
    started: float
    facts: PhotoFacts | None = None
    is_second: bool = False
    seconds: dict[str, float] = field(default_factory=dict)  # by stage


@dataclass(slots=True)
class _Line:
    """The photos with the child by their request's number, and those it had when it died."""

    flights: dict[int, _Flight] = field(default_factory=dict)
    suspects: deque[PendingPhoto] = field(default_factory=deque)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def photo_ids(self) -> set[int]:
        """Return the ids of all photos that are being dealt with."""
        return {f.photo.id for f in self.flights.values()} | {p.id for p in self.suspects}


class Pipeline:
    """Feeds the child from the catalog's queue and records what comes back.

    ``fuser`` makes of each analysis what is believed; another one may take its place any time.
    With ``queue_tags`` each photo that is done waits for its tags to be written, with
    ``has_second_pass`` photos are looked at again when nothing else waits (see `SecondPass`).
    """

    def __init__(
        self,
        catalog: Catalog,
        worker: Worker,
        fuser: Fuser,
        *,
        window: int,
        deadline_seconds: float,
        on_outcome: Callable[[Outcome], None],
        stages: StageTimes,
    ) -> None:
        self._catalog = catalog
        self._worker = worker
        self.fuser = fuser
        self._window = window
        self._deadline = deadline_seconds
        self._on_outcome = on_outcome
        self._stages = stages
        self._line = _Line()
        self._report: Callable[[str], None] = logger.info
        self._models: tuple[ModelVersion, ...] | None = None
        self._thorough: tuple[ModelVersion, ...] = ()
        self._deaths = 0
        self._has_worked = False
        self._answered = 0.0
        self._started = time.monotonic()
        self._queue_is_empty = False
        self._put_off: set[int] = set()
        self._second = SecondPass(catalog)
        self.queue_tags = self.has_second_pass = False

    @property
    def is_ready(self) -> bool:
        """Tell whether the child has loaded its models."""
        return self._models is not None

    @property
    def models(self) -> tuple[ModelVersion, ...]:
        """The models that the child has loaded; empty until it is ready."""
        return self._models or ()

    @property
    def _wanted_models(self) -> tuple[ModelVersion, ...]:
        """The models that should have seen every photo in the end."""
        return self._thorough or self.models

    @property
    def is_idle(self) -> bool:
        """Tell whether every photo of the queue has been dealt with; a second pass may go on."""
        is_busy = any(not flight.is_second for flight in self._line.flights.values())
        return self._queue_is_empty and not is_busy and not self._line.suspects

    def start(self, report: Callable[[str], None] = logger.info) -> None:
        """Start the child; photos are fed once it is ready. ``report`` gets its sentences."""
        self._report = report
        self._start_child()

    def wake(self) -> None:
        """Say that the catalog's queue may hold photos again, or newer versions of some."""
        self._queue_is_empty = False
        self._put_off.clear()

    def feed(self) -> None:
        """Give the child as many photos as the window allows; one at a time while suspects wait."""
        if not self.is_ready:
            return
        flights, suspects = self._line.flights, self._line.suspects
        if suspects:
            if not flights:
                self._send(suspects.popleft())
            return
        room = self._window - len(flights)
        # Half a window keeps the child busy, and the catalog is asked once for several photos.
        if 2 * room >= self._window and not self._queue_is_empty:
            photos = self._catalog.queue.next_pending(room, self._line.photo_ids() | self._put_off)
            self._queue_is_empty = not photos
            for photo in photos:
                self._send(photo)
        if self._queue_is_empty and self.has_second_pass and len(flights) < MOST_SECOND:
            for photo in self._second.take(MOST_SECOND - len(flights), self._line.photo_ids()):
                self._send(photo, is_second=True)

    def give_up_flights(self) -> None:
        """Forget the photos with the child; the catalog could not take their results."""
        for number in self._line.flights:
            self._worker.send(Drop(number))
        self._line.flights.clear()
        self._second.walk_again()
        self.wake()

    def is_stuck(self) -> bool:
        """Tell whether the child neither answers nor was ended for that."""
        if not self.is_ready:
            return time.monotonic() - self._started > LONGEST_LOAD_SECONDS
        return self._is_late(2 * self._deadline)

    def check_deadline(self) -> None:
        """Kill the child if a photo takes too long; its end then arrives as Died."""
        if self._is_late(self._deadline):
            self._worker.kill(f"it took longer than {self._deadline:g} s (worker.deadline_seconds)")

    def handle(self, reply: Reply) -> None:
        """Take in what the child said. Raises RecognizerError if it will never work."""
        match reply:
            case Report(text=text):
                self._report(text)
            case Ready():
                self._take_ready(reply)
            case Refused(reason=reason):
                raise RecognizerError(reason, is_permanent=not self._has_worked)
            case Died(reason=reason):
                self._take_death(reason)
            case Identified() | Analyzed() | Failed():
                self._take_answer(reply)

    def _start_child(self) -> None:
        self._started = time.monotonic()
        self._worker.start()

    def _is_late(self, limit: float) -> bool:
        """Tell whether a photo takes longer than ``limit`` seconds, its turn not counted.

        Photos wait for each other: while others are answered, each of the window has so long.
        """
        now = time.monotonic()
        starts = [flight.started for flight in self._line.flights.values()]
        if not starts:
            return False
        oldest = min(starts)
        return now - max(oldest, self._answered) > limit or now - oldest > self._window * limit

    def _take_answer(self, reply: Identified | Analyzed | Failed) -> None:
        self._deaths, self._answered = 0, time.monotonic()
        flight = self._line.flights.get(reply.id)
        if flight is None:  # it was given up meanwhile
            return
        match reply:
            case Identified(id=number, facts=facts):
                flight.seconds |= reply.seconds
                self._take_identified(number, flight, facts)
            case Analyzed():
                _add(flight.seconds, reply.seconds)
                self._take_analyzed(flight, reply)
            case Failed():
                self._take_failed(flight, reply)

    def _send(self, photo: PendingPhoto, *, is_second: bool = False) -> None:
        number = next(self._line.numbers)
        self._line.flights[number] = _Flight(photo, time.monotonic(), is_second=is_second)
        self._worker.send(Identify(number, photo.path))

    def _take_ready(self, ready: Ready) -> None:
        for notice in ready.notices if self._models is None else ():
            logger.warning("%s", notice)
        self._has_worked = True
        self._models, self._thorough = ready.models, ready.thorough_models
        self._second.want(self._wanted_models)
        self._catalog.intern_labels(self.fuser.vocabulary(ready.vocabulary))

    def _take_identified(self, number: int, flight: _Flight, facts: PhotoFacts) -> None:
        mark = facts.fingerprint
        source = self._find_known(mark, flight) if mark else None
        if source is None:
            flight.facts = facts
            is_thorough = flight.is_second and bool(self._thorough)
            self._worker.send(Analyze(number, is_thorough=is_thorough))
            return
        self._worker.send(Drop(number))
        # What was only read again for its metadata has its tags.
        is_new = not flight.is_second or source != flight.photo.id
        queue_tags = self.queue_tags and is_new
        watch = Stopwatch()
        self._catalog.record_copy(flight.photo.id, facts, source, queue_tags=queue_tags)
        watch.lap("record")
        flight.seconds |= watch.seconds
        if not flight.is_second and self._wanted_models != self.models:
            self._second.add(flight.photo, ())  # its source may have had one look only
        self._land(number, PhotoState.DONE, is_copy=True)

    def _find_known(self, mark: bytes, flight: _Flight) -> int | None:
        """Find a photo of the same pixels that the wanted models have seen, or those of now.

        Best the photo itself: it may only have been read again.
        """
        photo_id = flight.photo.id
        known = self._catalog.find_analyzed(mark, self._wanted_models, photo_id)
        if known is None and not flight.is_second and self._wanted_models != self.models:
            known = self._catalog.find_analyzed(mark, self.models, photo_id)
        return known

    def _take_analyzed(self, flight: _Flight, reply: Analyzed) -> None:
        if flight.facts is None:
            raise RecognizerError("it analysed a photo that it had not identified")
        if not reply.is_current:
            self._put_off.add(flight.photo.id)
            self._land(reply.id, PhotoState.PENDING, "it changed while it was analysed")
            return
        watch = Stopwatch()
        analysis = as_stored(reply.analysis)
        reading = self._record(flight.photo.id, flight.facts, analysis)
        watch.lap("record")
        flight.seconds |= watch.seconds
        self._second.add(flight.photo, analysis.models)
        self._land(reply.id, PhotoState.DONE, reading=reading)

    def _record(self, photo_id: int, facts: PhotoFacts, analysis: Analysis) -> Reading:
        """Record what is believed; people have said nothing of almost every picture."""
        verdicts: tuple[Verdict, ...] = ()
        while True:
            reading = self.fuser.read(analysis, verdicts)
            if self._catalog.record_reading(
                photo_id,
                facts,
                analysis,
                reading,
                rules=self.fuser.digest,
                verdicts=verdicts,
                queue_tags=self.queue_tags,
            ):
                return reading
            verdicts = self._catalog.readings.verdicts(facts.fingerprint or b"")

    def _take_failed(self, flight: _Flight, reply: Failed) -> None:
        if flight.is_second:  # what is known of it stands
            logger.warning("%s: second look: %s", printable(flight.photo.path), reply.reason)
            self._second.leave(flight.photo.id)
            del self._line.flights[reply.id]
            return
        state = PhotoState(reply.state)
        if state in (PhotoState.PENDING, PhotoState.MISSING):
            # A file that is gone is for the next walk to judge: its disk may be gone instead.
            self._put_off.add(flight.photo.id)
        else:
            state = self._catalog.record_failure(
                flight.photo.id, None, reply.reason, state, counted=reply.is_counted
            )
        self._land(reply.id, state, reply.reason)

    def _take_death(self, reason: str) -> None:
        flights = self._line.flights
        self._deaths = 0 if flights else self._deaths + 1
        if self._deaths >= MOST_DEATHS_IN_A_ROW:
            raise RecognizerError(f"the recogniser does not start: {reason}")
        # First of all, since the catalog may not be able to take anything in now.
        self._models = None
        self._worker.stop()
        self._start_child()
        for flight in flights.values():
            if flight.is_second:
                self._second.leave(flight.photo.id)
        if len(flights) == 1:
            ((number, flight),) = flights.items()
            self._take_failed(flight, Failed(number, PhotoState.FAILED, reason))
            return
        suspects = [flight.photo for flight in flights.values() if not flight.is_second]
        if suspects:
            logger.warning("%s; trying its %d photos again one by one", reason, len(suspects))
        self._line.suspects.extend(suspects)
        flights.clear()

    def _land(
        self,
        number: int,
        state: PhotoState,
        reason: str = "",
        *,
        reading: Reading | None = None,
        is_copy: bool = False,
    ) -> None:
        """Take a photo out of the air and tell what became of it."""
        flight = self._line.flights.pop(number)
        seconds = time.monotonic() - flight.started
        self._stages.observe_all(flight.seconds | {"whole": seconds})
        self._on_outcome(Outcome(flight.photo.path, state, reason, reading, is_copy, seconds))


def _add(seconds: dict[str, float], more: Mapping[str, float]) -> None:
    """Add what was measured later: a stage may have a part in each of a photo's two passes."""
    for stage, duration in more.items():
        seconds[stage] = seconds.get(stage, 0.0) + duration
