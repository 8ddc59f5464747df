"""Readings by other models, made aside, and what they would change."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..db.evidence import as_stored

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from ..db.catalog import Catalog
    from ..db.records import PendingPhoto, PhotoRecord, RetagPhoto, Verdict
    from ..models.results import Analysis, ModelVersion
    from .analysis_run import Analysed, AnalysisRun
    from .fusing import Fuser

AT_ONCE = 50


@dataclass(slots=True)
class Progress:
    """How many photos were read by the new models, how many of them looked at for it."""

    staged: int = 0
    looked_at: int = 0
    left_out: dict[bytes, str] = field(default_factory=dict)


@dataclass(slots=True)
class Difference:
    """Which photos would gain, and which would lose a name; the first of them as examples."""

    gained: list[bytes] = field(default_factory=list)
    lost: list[bytes] = field(default_factory=list)


class Retagger:
    """Makes readings by other models aside; what was made before an interruption is there."""

    def __init__(
        self, catalog: Catalog, run: AnalysisRun, fuser: Fuser, models: Collection[ModelVersion]
    ) -> None:
        self._catalog = catalog
        self._run = run
        self._fuser = fuser
        self._models = models
        self.progress = Progress()

    def work(self, ids: Collection[int] | None, make_way: Callable[[], None]) -> Iterator[Progress]:
        """Read all photos that these models have not read, or those of `ids`; yield after each.

        `make_way` is called between batches, to wait while something else is more urgent.
        """
        after = 0
        while photos := self._catalog.model_sets.next_to_retag(self._models, after, AT_ONCE, ids):
            make_way()
            for photo in photos:
                if not photo.missing:
                    self._stage(photo, photo.analysis)
                    yield self.progress
            by_id = {photo.photo.id: photo for photo in photos if photo.missing}
            for done in self._run.analyse(photo.photo for photo in by_id.values()):
                self._take(by_id[done.photo.id], done)
                yield self.progress
            after = photos[-1].photo.id

    def _take(self, photo: RetagPhoto, done: Analysed) -> None:
        self.progress.looked_at += 1
        if done.analysis is None or done.fingerprint is None:
            self.progress.left_out[photo.photo.path] = done.reason
        elif done.fingerprint != photo.fingerprint:
            self.progress.left_out[photo.photo.path] = "it is another picture by now"
        else:
            # What the classifier said of the boxes of other detectors stays for going back.
            known = done.analysis.crops
            others = tuple(crop for crop in photo.analysis.crops if crop not in known)
            self._stage(photo, replace(done.analysis, crops=known + others))

    def _stage(self, photo: RetagPhoto, analysis: Analysis) -> None:
        stored = as_stored(analysis)
        reading = self._fuser.read(stored, photo.verdicts)
        self.progress.staged += self._catalog.model_sets.stage(
            photo.photo.id,
            photo.fingerprint,
            stored,
            reading,
            rules=self._fuser.digest,
            verdicts=photo.verdicts,
        )


def compare(
    photos: Iterable[PhotoRecord],
    run: AnalysisRun,
    fuser: Fuser,
    verdicts_on: Callable[[bytes], tuple[Verdict, ...]],
) -> Iterator[tuple[PhotoRecord, set[str], set[str]]]:
    """Yield photos with the shown names that they would gain and lose; stores nothing."""
    by_id = {photo.id: photo for photo in photos}
    for done in run.analyse(map(_as_pending, by_id.values())):
        if done.analysis is None or done.fingerprint is None:
            continue
        photo = by_id[done.photo.id]
        reading = fuser.read(as_stored(done.analysis), verdicts_on(done.fingerprint))
        new = {tag.name for tag in reading.tags if tag.shown}
        old = {tag.name for tag in photo.tags if tag.shown}
        yield photo, new - old, old - new


def sum_up(
    changes: Iterable[tuple[PhotoRecord, set[str], set[str]]],
) -> dict[str, Difference]:
    """Return what changes by name, the names that change most first."""
    found: dict[str, Difference] = defaultdict(Difference)
    for photo, gained, lost in changes:
        for name in gained:
            found[name].gained.append(photo.path)
        for name in lost:
            found[name].lost.append(photo.path)
    most = sorted(found.items(), key=lambda one: (-len(one[1].gained) - len(one[1].lost), one[0]))
    return dict(most)


def _as_pending(photo: PhotoRecord) -> PendingPhoto:
    from ..db.records import PendingPhoto

    return PendingPhoto(
        photo.id, photo.path, photo.size, photo.mtime_ns, photo.inode, photo.attempts
    )
