"""Catalogs for tests: short ways to fill one, and a look at its rows past every layer."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from phototagd.db.records import FileEntry, PhotoFacts, TagFile
from phototagd.models.results import (
    Analysis,
    Box,
    Crop,
    Detection,
    Label,
    ModelVersion,
    Reading,
    Tag,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from phototagd.db.catalog import Catalog

CLASSIFIER = ModelVersion("classifier", "c1")
DETECTOR = ModelVersion("detector", "d1")
MODELS = (CLASSIFIER, DETECTOR)
SECOND = 1_000_000_000
RULES = "rules-1"


def entry(name: bytes, *, size: int = 10, seconds: int = 1000, inode: int = 1) -> FileEntry:
    return FileEntry(name, size, seconds * SECOND, inode)


def facts(
    *, seconds: int = 1000, fingerprint: bytes | None = b"pixels", keywords: Sequence[str] = ()
) -> PhotoFacts:
    return PhotoFacts(10, seconds * SECOND, 1, fingerprint, "JPEG", 640, 480, tuple(keywords))


def tag_file(*items: str, target: str = "exif", **fields: Any) -> TagFile:
    """Make what stands in a written photo after these tags were added to it."""
    known = {"path": b"/photos/a.jpg", "state": "written", "written_at": 5000}
    return TagFile(target=target, items=items, **known | fields)


def analysis(labels: dict[str, float] | None = None, **boxes: list[float]) -> Analysis:
    """Make an analysis: the classifier's labels, and for each detected name its confidences."""
    return Analysis(
        labels=tuple(Label(name, value, "classifier") for name, value in (labels or {}).items()),
        detections=tuple(
            Detection(name.replace("_", " "), value, Box(0.1, 0.2, 0.3, 0.4), "detector")
            for name, values in boxes.items()
            for value in values
        ),
        models=MODELS,
    )


def believe(said: Analysis, *parents: str) -> Reading:
    """Make the reading that believes all that was said: a tag a name, as sure as its best."""
    tags: dict[str, Tag] = {}
    for thing in (*said.detections, *said.labels):
        key = thing.name.casefold()
        is_box = isinstance(thing, Detection)
        kind, rule = ("object", "detected") if is_box else ("label", "leaf")
        known = tags.get(key, Tag(thing.name, thing.confidence, kind, rule, 0.25))
        sure = max(known.confidence, thing.confidence)
        tags[key] = replace(known, confidence=sure)
    best = max((tag.confidence for tag in tags.values()), default=0.0)
    above = [Tag(name, best, "parent", "implied", 0.25, shown=False) for name in parents]
    ranked = sorted([*tags.values(), *above], key=lambda tag: (-tag.confidence, tag.name))
    return Reading(tuple(ranked), said.detections)


def take_in(
    catalog: Catalog,
    photo: int,
    known: PhotoFacts,
    said: Analysis,
    *parents: str,
    rules: str = RULES,
    queue_tags: bool = False,
) -> None:
    """Record what was said of a photo, and the reading that believes all of it."""
    reading = believe(said, *parents)
    catalog.record_reading(photo, known, said, reading, rules=rules, queue_tags=queue_tags)


def add_photos(
    catalog: Catalog, names: list[bytes], root: bytes = b"/photos", folder: bytes = b""
) -> list[int]:
    """Add pending photos, one second apart and the last the newest, and give their ids."""
    place = catalog.add_root(root)
    entries = [entry(name, seconds=1000 + n) for n, name in enumerate(names)]
    catalog.reconcile_folder(place.id, folder, entries)
    ids = {
        os.path.relpath(photo.path, os.path.join(root, folder)): photo.id
        for photo in catalog.queue.next_pending(10_000, [])
        if photo.path.startswith(root)
    }
    return [ids[name] for name in names]


def rows(path: bytes | str | os.PathLike[str], sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def miscounted_labels(path: bytes | str | os.PathLike[str]) -> list[tuple[object, ...]]:
    """Give the labels whose count is not the number of photos with that tag, or is not found."""
    return rows(
        path,
        "SELECT name, n FROM label WHERE"
        " n <> (SELECT count(*) FROM photo_tag WHERE label_id = label.id)"
        " OR n <> (SELECT count(*) FROM sighting WHERE label_id = label.id)",
    )


def miscounted_keywords(path: bytes | str | os.PathLike[str]) -> list[tuple[object, ...]]:
    """Give the keywords whose count is wrong or nothing, and the photos under a wrong date."""
    return rows(
        path,
        "SELECT name, n FROM keyword WHERE n < 1 OR n <> (SELECT count(*) FROM photo_keyword"
        " WHERE keyword_id = keyword.id) UNION ALL SELECT p.name, k.taken_at FROM photo_keyword k"
        " JOIN photo p ON p.id = k.photo_id WHERE k.taken_at <> p.taken_at",
    )


def miscounted_things(path: bytes | str | os.PathLike[str]) -> list[tuple[object, ...]]:
    """Give the cameras, lenses and places whose count is wrong or nothing."""
    return rows(
        path,
        "SELECT name, n FROM camera WHERE n < 1"
        " OR n <> (SELECT count(*) FROM photo WHERE camera_id = camera.id)"
        " UNION ALL SELECT name, n FROM lens WHERE n < 1"
        " OR n <> (SELECT count(*) FROM photo WHERE lens_id = lens.id)"
        " UNION ALL SELECT name, n FROM place WHERE n < 1 OR n <> (SELECT count(*) FROM photo"
        " WHERE place.id IN (country_id, region_id, city_id))",
    )


NAMES = ("person", "dog", "cat", "banana", "dining table", "canoe", "zebra")


def random_analysis(chance: random.Random) -> Analysis:
    """Make an analysis whose confidences are exact in binary, so that sums have one value."""

    def sure() -> float:
        return chance.randrange(1, 65) / 64

    labels = {name: sure() for name in NAMES[2:] if chance.random() < 0.3}
    boxes = {
        name: [sure() for _ in range(chance.choice((1, 1, 2, 3, 8, 9, 10, 12)))]
        for name in NAMES[:5]
        if chance.random() < 0.35
    }
    return analysis(labels, **boxes)


def random_evidence(chance: random.Random) -> Analysis:
    """Make what models say of a picture with much in it: best first, with crops."""

    def box() -> Box:
        left, right = sorted((chance.random(), chance.random()))
        top, bottom = sorted((chance.random(), chance.random()))
        return Box(left, top, right, bottom)

    def labels(most: int) -> tuple[Label, ...]:
        sure = sorted((chance.random() for _ in range(chance.randrange(most))), reverse=True)
        return tuple(Label(f"class {chance.randrange(999)}", one, "classifier") for one in sure)

    sure = sorted((chance.random() for _ in range(chance.randrange(12))), reverse=True)
    seen = tuple(Detection(chance.choice(NAMES), one, box(), "detector") for one in sure)
    crops = tuple(Crop(one.name, one.box, labels(9)) for one in seen[:2])
    return Analysis(labels(25), seen, MODELS, crops)
