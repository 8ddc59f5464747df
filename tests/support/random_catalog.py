"""A catalog with all that is odd in libraries, once in the database and once as plain values."""

from __future__ import annotations

import os
import random
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from catalog_samples import RULES, SECOND
from known_photos import Frame, Library, Photo, Seen
from odd_library import (
    ARRIVALS,
    BOXES,
    CAMERAS,
    DATES,
    FOLDERS,
    FORMATS,
    HOME,
    KEYWORDS,
    LENSES,
    MODELS,
    NAMES,
    PLACES,
    ROOTS,
    SAVED,
    STEMS,
    SURENESS,
    TODAYS,
    UNSEEN,
    ZONE_NAME,
    clock,
    wall,
)  # fmt: skip

from phototagd.db.catalog import Catalog
from phototagd.db.records import FileEntry, Metadata, PhotoFacts
from phototagd.db.states import PhotoState
from phototagd.models.results import Analysis, Box, Detection, Label, Reading, Tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date


@contextmanager
def in_the_zone() -> Iterator[None]:
    """Let this process be in the catalog's zone and home meanwhile."""
    kept = {name: os.environ.get(name) for name in ("TZ", "HOME")}
    os.environ |= {"TZ": ZONE_NAME, "HOME": os.fsdecode(HOME)}
    time.tzset()
    try:
        yield
    finally:
        for name, value in kept.items():
            os.environ.pop(name, None)
            os.environ |= {} if value is None else {name: value}
        time.tzset()


@dataclass
class Filler:
    """Fills a catalog photo by photo, and writes down what it should know in the end."""

    catalog: Catalog
    chance: random.Random
    photos: dict[int, Photo] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    known: dict[int, PhotoFacts] = field(default_factory=dict)

    def read(self, photo: Photo) -> Photo:
        """Record a reading for a photo that waits, and give what is known of it then."""
        facts, photo = self.facts(photo)
        analysis, reading, tags, models = self.said()
        self.catalog.record_reading(photo.id, facts, analysis, reading, rules=RULES)
        self.known[photo.id] = facts
        return replace(photo, state="done", tags=tags, models=models)

    def seen(self, photo: Photo) -> tuple[int, FileEntry]:
        """Give the photo's root, and its file as a listing shows it."""
        was = self.known[photo.id]
        entry = FileEntry(photo.name, was.size, was.mtime_ns, was.inode)
        return self.catalog.add_root(photo.root).id, entry

    def facts(self, photo: Photo) -> tuple[PhotoFacts, Photo]:
        """Make what reading a photo's file shows."""
        chance = self.chance
        suffix = os.path.splitext(photo.name)[1]
        names = [name for end, name in FORMATS if end == suffix]
        width, height = chance.choice(((640, 480), (480, 640), (500, 500), (6000, 4000), (1, 2)))
        mark = chance.choice(
            (None, *(sha256(b"%d" % (n * n // 90)).digest() for n in range(40, 120)))
        )
        keywords = tuple(chance.sample(KEYWORDS, chance.choice((0, 0, 1, 2, 3))))
        metadata, photo = self.metadata(photo)
        facts = PhotoFacts(
            photo.size, self.known[photo.id].mtime_ns, self.known[photo.id].inode,
            mark, chance.choice(names), width, height, keywords, metadata,
        )  # fmt: skip
        there = tuple(word.replace("\udcff", "?") for word in keywords if word.strip())
        return facts, replace(
            photo, fingerprint=mark, format=facts.format, width=width, height=height, keywords=there
        )

    def metadata(self, photo: Photo) -> tuple[Metadata, Photo]:
        """Make what a camera wrote, most of it not there."""
        chance = self.chance
        taken = chance.choice((None, *DATES, chance.randrange(wall(2023), wall(2024, 3, 5))))
        make, model, camera = chance.choice((*CAMERAS, (None, None, None)))
        place, latitude, longitude = chance.choice((*PLACES, *((None, None, None),) * 6))
        lens = chance.choice((*LENSES, None, None))
        iso = chance.choice((None, 50, 100, 800, 1600, 3200, 204_800))
        f_number = chance.choice((None, 1.6, 2.8, 2.8, 4.0, 0.95, 22.0))
        focal = chance.choice((None, 4.2, 24.0, 50.0, 70.0, 100.0, 600.5))
        rating = chance.choice((None, None, -1, 0, 3, 4, 5))
        source = "file" if taken is None else chance.choice(("camera", "xmp"))
        metadata = Metadata(
            taken_at=taken, taken_source=source, make=make, model=model, lens=lens, iso=iso,
            f_number=f_number, focal=focal, latitude=latitude, longitude=longitude, place=place,
            rating=rating, taken_us=chance.choice((None, 999_999)),
            taken_offset=chance.choice((None, 0, 840, -720)), title=chance.choice((None, "dog")),
        )  # fmt: skip
        file_time = self.known[photo.id].mtime_ns // SECOND
        return metadata, replace(
            photo, taken_at=clock(file_time) if taken is None else taken, dated_by=source,
            camera=camera, lens=lens, iso=iso, f_number=f_number, focal=focal, rating=rating,
            latitude=latitude, longitude=longitude,
            country_code=place and place.country_code, country=place and place.country,
            region=place and place.region, city=place and place.city,
        )  # fmt: skip

    def said(self) -> tuple[Analysis, Reading, tuple[Seen, ...], tuple[str, ...]]:
        """Make a reading: tags of all kinds with boxes, and boxes without their tag."""
        chance = self.chance
        models = chance.choice(MODELS)
        picked = chance.sample(NAMES, chance.choice((0, 0, 1, 2, 4, 8)))
        tags = tuple(self._tag(name) for name in picked)
        stray = [self._frame()] if chance.random() < 0.2 else []
        owned = [(tag.name, frame) for tag in tags for frame in tag.frames]
        owned += [(chance.choice((*UNSEEN, "dog")), one) for one in stray if "dog" not in picked]
        chance.shuffle(owned)
        detections = tuple(
            Detection(
                name.upper() if chance.random() < 0.2 else name, one.confidence,
                Box(one.left, one.top, one.right, one.bottom), models[-1].name,
            )
            for name, one in owned
        )  # fmt: skip
        self.names |= {*picked, *(one.name for one in detections)}
        labels = tuple(Label(tag.name, tag.confidence, models[0].name) for tag in tags[:1])
        believed = tuple(Tag(tag.name, tag.confidence, tag.kind, "rule", 0.25) for tag in tags)
        analysis = Analysis(labels, detections, models)
        return analysis, Reading(believed, detections), tags, tuple(one.name for one in models)

    def _tag(self, name: str) -> Seen:
        chance = self.chance
        kind = chance.choice(("object", "object", "object", "label", "parent"))
        number = chance.choice((1, 1, 2, 3, 8, 9, 10, 12)) if kind == "object" else 0
        number = 2 if chance.random() < 0.05 else number
        frames = tuple(self._frame() for _ in range(number))
        return Seen(name, kind, chance.choice(SURENESS), frames)

    def _frame(self) -> Frame:
        return Frame(self.chance.choice(SURENESS), *self.chance.choice(BOXES))


def make_catalog(path: str, seed: int, photos: int = 300, today: date = TODAYS[0]) -> Library:
    """Write a catalog of about so many photos, and say what a search should know of it."""
    chance = random.Random(seed)  # noqa: S311
    now = [0]
    saved = {name.casefold(): query for name, (_, query) in SAVED.items()}
    with Catalog.open(path, clock=lambda: now[0]) as catalog:
        filler = Filler(catalog, chance)
        catalog.intern_labels(UNSEEN)
        filler.names |= set(UNSEEN)
        _add_files(filler, photos, now)
        now[0] = wall(2024, 3, 2, 15, 30)
        _meet_fates(filler)
        for name, (text, _) in SAVED.items():
            catalog.saved.save(name, text)
    known = tuple(_with_pairs(filler.photos))
    return Library(known, frozenset(filler.names), today, clock, HOME, saved)


def _add_files(filler: Filler, number: int, now: list[int]) -> None:
    """Let the catalog see files in several walks, each a little later than the last."""
    chance = filler.chance
    there: dict[tuple[bytes, bytes], dict[bytes, FileEntry]] = {}
    for n in range(number):
        place = (chance.choice(ROOTS), chance.choice(FOLDERS[:5] if n % 3 else FOLDERS))
        stem = chance.choice(STEMS) + (b"" if chance.random() < 0.2 else b"_%d" % (n // 2))
        suffixes = [chance.choice(FORMATS)[0]]
        if chance.random() < 0.2:
            suffixes = [chance.choice((b".jpg", b".HEIC")), chance.choice((b".NEF", b".cr2"))]
        held = there.setdefault(place, {})
        for end, suffix in enumerate(chance.sample(suffixes, len(suffixes))):
            name = stem + suffix
            held.setdefault(name, _entry(chance, name, inode=2 * n + end + 100))
    for (root, folder), entries in there.items():
        listed = list(entries.values())
        for part in (listed[: len(listed) // 2], listed):
            now[0] = chance.choice(ARRIVALS)
            filler.catalog.reconcile_folder(filler.catalog.add_root(root).id, folder, part)
            _note(filler, root, folder, part, now[0])


def _entry(chance: random.Random, name: bytes, inode: int) -> FileEntry:
    seconds = chance.choice((*DATES, 1_700_000_000))
    size = chance.choice((0, 1, 1500, 999_999, 10**6, 10**7, 10**7, 2**20, 2**40))
    return FileEntry(name, size, seconds * SECOND + chance.choice((0, 999_999_999)), inode)


def _stem(name: bytes) -> bytes:
    return os.path.splitext(name)[0]


def _is_raw(name: bytes) -> bool:
    return os.path.splitext(name)[1].lower() in (b".cr2", b".nef", b".dng")


def _note(filler: Filler, root: bytes, folder: bytes, part: list[FileEntry], now: int) -> None:
    by_path = {photo.path: photo for photo in filler.catalog.queue.next_pending(10_000)}
    for one in part:
        photo_id = by_path[b"/".join(bit for bit in (root, folder, one.name) if bit)].id
        if photo_id not in filler.photos:
            taken_at = clock(one.mtime_ns // SECOND)
            filler.photos[photo_id] = Photo(
                photo_id, root, folder, one.name, "pending", one.size, taken_at, now
            )
            filler.known[photo_id] = PhotoFacts(one.size, one.mtime_ns, one.inode)


def _meet_fates(filler: Filler) -> None:
    """Let each photo become what it is to be, in an order of chance."""
    fates: tuple[Callable[[Filler, Photo], Photo], ...] = (
        *(Filler.read,) * 14, _stay_pending, _fail, _fail_known, _fail_later, _be_hindered,
        _vanish_unread, _vanish, _return, _change, _move, _read_twice, _read_metadata_twice,
        _copy, _copy,
    )  # fmt: skip
    for photo_id in filler.chance.sample(list(filler.photos), len(filler.photos)):
        meet = filler.chance.choice(fates)
        filler.photos[photo_id] = meet(filler, filler.photos[photo_id])


def _stay_pending(_filler: Filler, photo: Photo) -> Photo:
    return photo


def _fail(filler: Filler, photo: Photo) -> Photo:
    state = filler.chance.choice((PhotoState.FAILED, PhotoState.DEAD, PhotoState.UNSUPPORTED))
    filler.catalog.record_failure(photo.id, None, "cut off", state)
    return replace(photo, state=str(state))


def _fail_known(filler: Filler, photo: Photo) -> Photo:
    """Fail behind the reading of the file's header: what it says is known, and nothing else."""
    known = replace(filler.facts(photo)[0], fingerprint=None)
    filler.catalog.record_failure(photo.id, known, "no memory", PhotoState.FAILED)
    return replace(
        photo, state="failed", format=known.format, width=known.width, height=known.height
    )


def _fail_later(filler: Filler, photo: Photo) -> Photo:
    """Be read, then be another file that cannot be: what is known is that of no file any more."""
    changed = _change(filler, photo)
    filler.catalog.record_failure(photo.id, None, "cut off", PhotoState.DEAD)
    file_time = filler.known[photo.id].mtime_ns // SECOND
    return Photo(
        photo.id, photo.root, photo.folder, photo.name, "dead", changed.size, clock(file_time),
        photo.added_at,
    )  # fmt: skip


def _be_hindered(filler: Filler, photo: Photo) -> Photo:
    """Fail for a reason that says nothing of the photo, which keeps its results."""
    photo = filler.read(photo)
    filler.catalog.record_failure(photo.id, None, "no answer", counted=False)
    return replace(photo, state="failed")


def _vanish_unread(filler: Filler, photo: Photo) -> Photo:
    root_id, _ = filler.seen(photo)
    filler.catalog.file_gone(root_id, photo.folder, photo.name)
    return replace(photo, state="missing")


def _vanish(filler: Filler, photo: Photo) -> Photo:
    return _vanish_unread(filler, filler.read(photo))


def _return(filler: Filler, photo: Photo) -> Photo:
    photo = _vanish(filler, photo)
    root_id, entry = filler.seen(photo)
    filler.catalog.observe_file(root_id, photo.folder, entry)
    return replace(photo, state="done")


def _change(filler: Filler, photo: Photo) -> Photo:
    """Be another file than before, which keeps what was known until it is read again."""
    photo = filler.read(photo)
    root_id, entry = filler.seen(photo)
    filler.catalog.observe_file(root_id, photo.folder, entry._replace(size=entry.size + 1))
    return replace(photo, state="pending", size=entry.size + 1)


def _move(filler: Filler, photo: Photo) -> Photo:
    photo = filler.read(photo)
    root_id, entry = filler.seen(photo)
    folder, name = b"moved/here", b"%d_%s" % (photo.id, photo.name)
    entry = entry._replace(name=name)
    filler.catalog.observe_file(root_id, folder, entry, is_gone=lambda _path: True)
    return replace(photo, folder=folder, name=name)


def _read_twice(filler: Filler, photo: Photo) -> Photo:
    return filler.read(filler.read(photo))


def _read_metadata_twice(filler: Filler, photo: Photo) -> Photo:
    photo = filler.read(photo)
    facts, again = filler.facts(photo)
    facts = replace(facts, fingerprint=photo.fingerprint)
    filler.catalog.record_copy(photo.id, facts, photo.id)
    return replace(again, fingerprint=photo.fingerprint)


def _copy(filler: Filler, photo: Photo) -> Photo:
    """Take over the results of another photo of the same pixels."""
    photo = filler.read(photo)
    source = filler.chance.choice(
        [p for p in filler.photos.values() if p.state == "done"] or [photo]
    )
    facts, photo = filler.facts(photo)
    facts = replace(facts, fingerprint=source.fingerprint)
    filler.catalog.record_copy(photo.id, facts, source.id)
    return replace(photo, fingerprint=source.fingerprint, tags=source.tags, models=source.models)


def _with_pairs(photos: dict[int, Photo]) -> Iterator[Photo]:
    """Give each RAW photo its picture: of those with its name beside it the first by name."""
    pictures: dict[tuple[bytes, bytes, bytes], Photo] = {}
    for one in sorted(photos.values(), key=lambda photo: photo.name):
        if not _is_raw(one.name):
            pictures.setdefault((one.root, one.folder, _stem(one.name)), one)
    for photo in photos.values():
        other = pictures.get((photo.root, photo.folder, _stem(photo.name)))
        yield replace(photo, pair=other.id) if other and _is_raw(photo.name) else photo
