"""The way of one photo: what is recorded obeys what people say by then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from catalog_samples import MODELS, add_photos, analysis, facts

from phototagd.daemon import pipeline as pipeline_module
from phototagd.daemon.config import load_config
from phototagd.daemon.errors import RecognizerError
from phototagd.daemon.fusing import make_fuser
from phototagd.daemon.messages import Analyzed, Died, Identified, Identify, Ready, Refused
from phototagd.daemon.monitoring.stages import StageTimes
from phototagd.daemon.pipeline import Outcome, Pipeline
from phototagd.db.catalog import Catalog
from phototagd.db.reader import CatalogReader
from phototagd.db.states import VerdictKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MARK = b"pixels"


class Child:
    """Takes requests and gives no answers: the test says what it says."""

    def __init__(self) -> None:
        self.asked: list[object] = []
        self.killed: list[str] = []

    def start(self) -> None:
        """Be there."""

    def stop(self) -> None:
        """Be gone."""

    def kill(self, reason: str) -> None:
        """Keep the reason."""
        self.killed.append(reason)

    def send(self, request: object) -> None:
        """Keep a request."""
        self.asked.append(request)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(bytes(tmp_path / "catalog.db")) as found:
        yield found


def make_pipeline(
    catalog: Catalog, child: Child, *, window: int = 4, is_ready: bool = True
) -> Pipeline:
    outcomes: list[Outcome] = []
    pipeline = Pipeline(
        catalog,
        child,  # type: ignore[arg-type]  # all of a worker that is needed here
        make_fuser(load_config(None, {"PHOTOTAG_CATALOG_PATH": "/nowhere"})),
        window=window,
        deadline_seconds=60,
        stages=StageTimes(),
        on_outcome=outcomes.append,
    )
    pipeline.start()
    if is_ready:
        pipeline.handle(Ready(MODELS, (), (), ()))
    return pipeline


def names(path: Path, photo: int) -> set[str]:
    with CatalogReader.open(bytes(path)) as reader:
        (found,) = reader.photos_by_id([photo])
    return {tag.name for tag in found.tags}


@pytest.mark.parametrize("is_late", [False, True])
def test_a_verdict_holds_for_a_photo_that_is_being_analysed(
    tmp_path: Path, catalog: Catalog, *, is_late: bool
) -> None:
    (photo,) = add_photos(catalog, [b"a.jpg"])
    child = Child()
    pipeline = make_pipeline(catalog, child)
    if not is_late:
        catalog.readings.set_verdict(MARK, "dog", VerdictKind.REJECT)
    pipeline.feed()
    pipeline.handle(Identified(0, facts(fingerprint=MARK)))
    if is_late:
        catalog.readings.set_verdict(MARK, "dog", VerdictKind.REJECT)
    pipeline.handle(Analyzed(0, analysis(dog=[0.9], cat=[0.9]), is_current=True))

    assert names(tmp_path / "catalog.db", photo) >= {"cat"}
    assert "dog" not in names(tmp_path / "catalog.db", photo)
    assert pipeline.is_idle is False
    pipeline.feed()
    assert pipeline.is_idle


def test_the_child_is_given_more_before_half_of_its_window_is_empty(catalog: Catalog) -> None:
    add_photos(catalog, [b"%d.jpg" % number for number in range(9)])
    child = Child()
    pipeline = make_pipeline(catalog, child, window=4)

    def finish(number: int) -> int:
        pipeline.handle(Identified(number, facts(fingerprint=b"%d" % number)))
        pipeline.handle(Analyzed(number, analysis(cat=[0.9]), is_current=True))
        pipeline.feed()
        return sum(isinstance(request, Identify) for request in child.asked)

    pipeline.feed()
    assert [finish(number) for number in range(9)] == [4, 6, 6, 8, 8, 9, 9, 9, 9]


def test_only_deaths_without_an_answer_between_end_the_daemon(catalog: Catalog) -> None:
    add_photos(catalog, [b"%d.jpg" % number for number in range(4)])
    pipeline = make_pipeline(catalog, Child(), window=1)
    for number in range(4):
        pipeline.feed()
        pipeline.handle(Identified(number, facts(fingerprint=b"%d" % number)))
        pipeline.handle(Analyzed(number, analysis(cat=[0.9]), is_current=True))
        pipeline.handle(Died("it crashed (SIGKILL)"))
        pipeline.handle(Ready(MODELS, (), (), ()))

    pipeline.handle(Died("it crashed (SIGKILL)"))
    with pytest.raises(RecognizerError, match="does not start"):
        pipeline.handle(Died("it crashed (SIGKILL)"))


def test_models_that_worked_in_this_run_may_work_again(catalog: Catalog) -> None:
    fresh = make_pipeline(catalog, Child(), is_ready=False)
    with pytest.raises(RecognizerError) as at_first:
        fresh.handle(Refused("the weights cannot be read"))
    used = make_pipeline(catalog, Child())
    used.handle(Died("it crashed (SIGKILL)"))
    with pytest.raises(RecognizerError) as later:
        used.handle(Refused("the weights cannot be read"))

    assert at_first.value.is_permanent
    assert not later.value.is_permanent


class Clock:
    """A stand-in for the module `time` that stands still."""

    now = 1000.0

    def monotonic(self) -> float:
        """Give the time that the test says it is."""
        return self.now


def test_the_deadline_does_not_count_the_wait_for_others(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(pipeline_module, "time", clock)
    add_photos(catalog, [b"%d.jpg" % number for number in range(9)])
    child = Child()
    pipeline = make_pipeline(catalog, child, window=4)
    pipeline.feed()

    def look(seconds: float) -> tuple[int, bool]:
        clock.now += seconds
        pipeline.check_deadline()
        return len(child.killed), pipeline.is_stuck()

    for number in (0, 1):
        assert look(50) == (0, False)
        pipeline.handle(Identified(number, facts(fingerprint=b"%d" % number)))
    assert look(59) == (0, False)
    assert look(2) == (1, False)
    assert look(60) == (2, True)


def test_a_photo_that_hangs_while_others_are_answered_is_not_waited_for_without_end(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(pipeline_module, "time", clock)
    add_photos(catalog, [b"%d.jpg" % number for number in range(99)])
    child = Child()
    pipeline = make_pipeline(catalog, child, window=4)
    for number in range(1, 20):
        pipeline.feed()
        clock.now += 20
        pipeline.check_deadline()
        if child.killed:
            break
        pipeline.handle(Identified(number, facts(fingerprint=b"%d" % number)))
        pipeline.handle(Analyzed(number, analysis(cat=[0.9]), is_current=True))

    assert number * 20 == 4 * 60 + 20
