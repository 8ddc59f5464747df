"""Times what the catalog costs a new photo: asked for, not known, recorded.

    python benchmarks/record_cost.py [--photos 2000]

Each photo has a camera, a lens, a place, five to eleven tags and up to five boxes; the rest of the
daemon is left out. Seconds of the processor are printed beside those of the clock, since a busy
machine moves the latter. Take turns with another checkout to compare the two.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from phototagd.db.catalog import Catalog
from phototagd.db.records import FileEntry, Metadata, PhotoFacts, Place
from phototagd.models.results import (
    Analysis,
    Box,
    Detection,
    Label,
    ModelVersion,
    Reading,
    Tag,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

MODELS = (ModelVersion("classifier", "c1"), ModelVersion("detector", "d1"))
NAMES = tuple(f"thing {number}" for number in range(900))
AT_ONCE = 4  # photos that are asked for together
FOLDER = 100  # photos in one


def make_analysis(chance: Random) -> tuple[Analysis, Reading]:
    """Make what models say of a photo, and the reading that believes some of it."""
    labels = tuple(Label(chance.choice(NAMES), chance.random(), "classifier") for _ in range(8))
    boxes = tuple(
        Detection(chance.choice(NAMES[:80]), chance.random(), Box(0.1, 0.2, 0.6, 0.7), "detector")
        for _ in range(chance.randrange(6))
    )
    tags = {one.name: Tag(one.name, one.confidence, "object", "detected", 0.25) for one in boxes}
    for label in labels[:3]:
        tags.setdefault(label.name, Tag(label.name, label.confidence, "label", "leaf", 0.25))
    for name in chance.sample(NAMES[:100], 2):
        tags.setdefault(name, Tag(name, 0.5, "parent", "implied", 0.25, shown=False))
    return Analysis(labels, boxes, MODELS), Reading(tuple(tags.values()), boxes)


def make_facts(chance: Random, number: int) -> PhotoFacts:
    """Make what a file says of itself: 12 cameras, 36 lenses, 40 towns."""
    camera, town = chance.randrange(12), chance.randrange(40)
    metadata = Metadata(
        taken_at=1_500_000_000 + number * 60,
        taken_source="camera",
        make=f"Maker {camera % 4}",
        model=f"Model {camera}",
        lens=f"Lens {camera} {chance.randrange(3)}",
        iso=chance.choice((100, 200, 400)),
        f_number=2.8,
        exposure=1 / 60,
        focal=35.0,
        latitude=town * 1.1,
        longitude=town * 2.1,
        place=Place("PT", f"Land {town % 5}", f"Region {town % 20}", f"Town {town}"),
    )
    mark, words = chance.randbytes(16), ("family",) if number % 12 == 0 else ()
    return PhotoFacts(1, number, number, mark, "JPEG", 4000, 3000, words, metadata)


def record(catalog: Catalog, work: Sequence[tuple[PhotoFacts, Analysis, Reading]]) -> None:
    """Take photos from the queue and record what is known of them."""
    for start in range(0, len(work), AT_ONCE):
        some = work[start : start + AT_ONCE]
        photos = catalog.queue.next_pending(len(some))
        for photo, (facts, said, reading) in zip(photos, some, strict=True):
            catalog.find_analyzed(facts.fingerprint or b"", MODELS, photo.id)
            catalog.record_reading(photo.id, facts, said, reading, rules="r", verdicts=())


def main() -> None:
    """Fill a catalog and print milliseconds a photo."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--photos", type=int, default=2000)
    number = parser.parse_args().photos
    chance = Random(3)  # noqa: S311
    work = [(make_facts(chance, n), *make_analysis(chance)) for n in range(number)]
    with tempfile.TemporaryDirectory() as name, Catalog.open(bytes(Path(name, "c.db"))) as catalog:
        root = catalog.add_root(os.fsencode(Path(name).resolve())).id
        for start in range(0, number, FOLDER):
            names = range(start, min(start + FOLDER, number))
            entries = [FileEntry(b"IMG_%07d.jpg" % n, 1, n, n) for n in names]
            catalog.reconcile_folder(root, b"album %d" % start, entries)
        catalog.intern_labels(NAMES)
        warm = number // 10
        record(catalog, work[:warm])
        start_wall, start_cpu = time.perf_counter(), time.process_time()
        record(catalog, work[warm:])
        wall, cpu = time.perf_counter() - start_wall, time.process_time() - start_cpu
    each = 1000 / (number - warm)
    sys.stdout.write(f"{wall * each:.2f} ms a photo, {cpu * each:.2f} of the processor\n")


if __name__ == "__main__":
    main()
