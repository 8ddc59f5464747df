"""Tags as the program writes them: real catalog, real tagger, the scribe in this process."""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from collections import deque
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from PIL import Image

from phototagd.daemon.metadata.keywords import read_keywords
from phototagd.daemon.tagging.orders import Commit, TagPlan, decode, encode
from phototagd.daemon.tagging.scribe import Scribe
from phototagd.daemon.tagging.scribe_plan import ScribePlan
from phototagd.daemon.tagging.setup import TARGETS, make_job
from phototagd.daemon.tagging.tagger import Tagger
from phototagd.daemon.tagging.tags import TagRules
from phototagd.daemon.version import file_version, sidecar_paths
from phototagd.db.catalog import Catalog
from phototagd.db.reader import CatalogReader
from phototagd.db.records import FileEntry, PhotoFacts
from phototagd.models.results import Analysis, ModelVersion, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from phototagd.daemon.tagging.orders import NamedBox
    from phototagd.daemon.tagging.tagger import TagJob, TagReport
    from phototagd.db.records import PhotoRecord, TagFile

MODEL = ModelVersion("model", "m1")
RULES = TagRules()


class ScribeHere:
    """The scribe as the tagger sees it; what is said goes through its language all the same."""

    def __init__(self, plan: ScribePlan) -> None:
        self.scribe = Scribe(plan)
        self.answers: deque[Any] = deque()
        self.at_commit: AbstractContextManager[Any] | None = None
        self.is_running = True

    def start(self) -> None:
        """Nothing is to be started."""

    def stop(self) -> None:
        """Nothing is to be stopped."""

    def release(self) -> None:
        """Give the locked roots free, as the end of a process does."""
        held = self.scribe._locks._held
        while held:
            os.close(held.popitem()[1])

    def send(self, order: Any) -> None:
        """Do an order; ``at_commit`` surrounds the next one that touches the disk."""
        with ExitStack() as around:
            if isinstance(order, Commit) and self.at_commit is not None:
                around.enter_context(self.at_commit)
                self.at_commit = None
            answer = self.scribe.handle(decode(encode(order)))
        if answer is not None:
            self.answers.append(decode(encode(answer)))


class Desk:
    """A library below ``top/photos`` with a catalog beside it, and a way to write its tags."""

    def __init__(self, top: Path, **plan: Any) -> None:
        self.root, self.path = top / "photos", top / "catalog.db"
        self.root.mkdir(exist_ok=True)
        self.catalog = Catalog.open(os.fsencode(self.path))
        self.place = self.catalog.add_root(os.fsencode(self.root))
        settings = {"settle_seconds": 0.0, "keep_mtime": True, "merge_sidecars": False}
        self.scribe = ScribeHere(ScribePlan(**settings | {"use_exiftool": False} | plan))
        self.reports: list[TagReport] = []
        self.tagger = Tagger(self.catalog, self.scribe, self.reports.append)  # type: ignore[arg-type]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.catalog.close()
        self.scribe.release()

    def add(self, name: str, data: bytes) -> Path:
        """Put a photo into the library and its analysis into the catalog."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.index(path)
        return path

    def index(self, path: Path) -> None:
        """Enter a photo as it is now, as the daemon does after a change."""
        relpath, name = os.path.split(os.fsencode(path.relative_to(self.root)))
        version = file_version(path.stat())
        self.catalog.observe_file(self.place.id, relpath, FileEntry(name, *version))
        data = path.read_bytes()
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data)) as image:
            pixels = hashlib.sha256(image.convert("RGB").tobytes()).digest()
            size = image.size
        kind = "PNG" if path.suffix == ".png" else "JPEG"
        places = map(Path, map(os.fsdecode, sidecar_paths(os.fsencode(path))))
        sidecars = [place.read_bytes() for place in places if place.exists()]
        keywords = read_keywords(data, kind, sidecars)
        facts = PhotoFacts(*version, pixels, kind, *size, keywords)
        photo_id = self.record(path).id
        seen = Analysis((), (), (MODEL,))
        self.catalog.record_reading(photo_id, facts, seen, Reading((), ()), rules="r1")

    def record(self, path: Path) -> PhotoRecord:
        """Return what the catalog knows of a photo."""
        with CatalogReader.open(os.fsencode(self.path)) as reader:
            found = reader.photo(os.fsencode(path))
            assert found is not None, path
            return found

    def write(
        self,
        path: Path,
        *tags: str,
        to: str = "exif",
        boxes: Sequence[NamedBox] = (),
        again: bool = False,
        is_dry: bool = False,
    ) -> list[TagReport]:
        """Give a photo these tags and return what became of its files."""
        paths = tuple(("thing", tag) for tag in tags)
        plan = TagPlan(tags, paths, tuple(boxes))
        return self._do(path, plan, to, again=again, is_dry=is_dry)

    def job(self, path: Path, *tags: str) -> TagJob:
        """Return what would be written."""
        plan = TagPlan(tags, tuple(("thing", tag) for tag in tags), ())
        return self._job(path, plan, "exif", again=False, is_dry=False)

    def take_back(self, path: Path, to: str = "both") -> list[TagReport]:
        """Take out everything of ours."""
        return self._do(path, None, to)

    def files(self, path: Path) -> dict[str, TagFile]:
        """Return the ledger's rows of a photo by target."""
        return {file.target: file for file in self.record(path).tag_files}

    def intents(self) -> list[tuple[int, bytes, TagFile]]:
        """Return the writes that were begun and not recorded."""
        with CatalogReader.open(os.fsencode(self.path)) as reader:
            return reader.tag_intents()

    def recover(self) -> None:
        """Do what a program does at its start."""
        for photo_id, path, intent in self.intents():
            self.tagger.recover(photo_id, path, os.fsencode(self.root), intent)
        self._pump()

    def _do(
        self,
        path: Path,
        plan: TagPlan | None,
        to: str,
        *,
        again: bool = False,
        is_dry: bool = False,
    ) -> list[TagReport]:
        self.reports.clear()
        self.tagger.submit(self._job(path, plan, to, again=again, is_dry=is_dry))
        self._pump()
        return [*self.reports]

    def _job(
        self, path: Path, plan: TagPlan | None, to: str, *, again: bool, is_dry: bool
    ) -> TagJob:
        with CatalogReader.open(os.fsencode(self.path)) as reader:
            (photo,) = reader.photos_by_id([self.record(path).id])
            job = make_job(
                reader, photo, RULES, TARGETS[to], undo=plan is None, again=again, is_dry=is_dry
            )
        return replace(job, plan=plan)

    def _pump(self) -> None:
        while self.scribe.answers:
            self.tagger.handle(self.scribe.answers.popleft())
        assert self.tagger.is_idle


def kinds(reports: Sequence[TagReport]) -> list[str]:
    """Return what became of each file, in one word."""
    return [report.kind for report in reports]


def is_settled(desk: Desk, path: Path) -> bool:
    """Tell whether the catalog has a photo as it lies there, so that no walk sees a change."""
    known = desk.record(path)
    return (known.size, known.mtime_ns, known.inode) == file_version(path.stat())
