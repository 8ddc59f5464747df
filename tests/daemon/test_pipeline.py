"""The way of one photo: what is recorded obeys what people say by then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from catalog_samples import MODELS, add_photos, analysis, facts

from phototagd.daemon.config import load_config
from phototagd.daemon.fusing import make_fuser
from phototagd.daemon.messages import Analyzed, Identified, Identify, Ready
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

    def start(self) -> None:
        """Be there."""

    def send(self, request: object) -> None:
        """Keep a request."""
        self.asked.append(request)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(bytes(tmp_path / "catalog.db")) as found:
        yield found


def make_pipeline(catalog: Catalog, child: Child, *, window: int = 4) -> Pipeline:
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
