"""Catalogs for tests: short ways to fill one, and a look at its rows past every layer."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Any

from phototagd.db.records import FileEntry, PhotoFacts, TagFile
from phototagd.models.results import Analysis, Box, Detection, Label, ModelVersion

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from phototagd.db.catalog import Catalog

CLASSIFIER = ModelVersion("classifier", "c1")
DETECTOR = ModelVersion("detector", "d1")
MODELS = (CLASSIFIER, DETECTOR)
SECOND = 1_000_000_000


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


def add_photos(
    catalog: Catalog, names: list[bytes], root: bytes = b"/photos", folder: bytes = b""
) -> list[int]:
    """Add pending photos, one second apart and the last the newest, and give their ids."""
    place = catalog.add_root(root)
    entries = [entry(name, seconds=1000 + n) for n, name in enumerate(names)]
    catalog.reconcile_folder(place.id, folder, entries)
    ids = {
        os.path.relpath(photo.path, os.path.join(root, folder)): photo.id
        for photo in catalog.next_pending(10_000, [])
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
    """Give the labels whose count is not the number of photos that their results name."""
    return rows(
        path,
        "SELECT name, n FROM label WHERE n != (SELECT count(DISTINCT photo_id) FROM"
        " (SELECT photo_id, label_id FROM photo_label UNION ALL"
        "  SELECT photo_id, label_id FROM detection) WHERE label_id = label.id)",
    )


def miscounted_keywords(path: bytes | str | os.PathLike[str]) -> list[tuple[object, ...]]:
    """Give the keywords whose count is wrong or nothing, and the photos under a wrong date."""
    return rows(
        path,
        "SELECT name, n FROM keyword WHERE n < 1 OR n <> (SELECT count(*) FROM photo_keyword"
        " WHERE keyword_id = keyword.id) UNION ALL SELECT p.name, k.taken_at FROM photo_keyword k"
        " JOIN photo p ON p.id = k.photo_id WHERE k.taken_at <> p.taken_at",
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
