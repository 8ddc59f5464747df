"""Builds a catalog of photos that do not exist, as large as wanted, to time searches in.

    python benchmarks/million_photos.py CATALOG [--photos 1000000] [--seed 1]

The catalog is made by the program itself, then filled by plain SQL with the rows that the writer
would have written, and some of them are compared with what reader and writer make of them. Prints
what it takes: time, and the size of each table and index.
"""

# The text is made of constants and names of columns.
# ruff: noqa: S608

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import struct
import sys
import time
from collections import Counter
from contextlib import closing
from math import ceil
from pathlib import Path
from typing import Any, Final

from synthetic_library import Library, Seen, Shot

from phototagd.db.catalog import Catalog
from phototagd.db.reader import CatalogReader
from phototagd.db.states import (
    KIND_BITS,
    METADATA_VERSION,
    MOST_COUNTED,
    area_of,
    camera_name,
    cell_of,
    label_key,
    month_of,
    name_key,
    shape_of,
    spots_of,
    text_key,
)

NANOSECONDS: Final = 1_000_000_000
AT_ONCE: Final = 20_000
ROOTS: Final = (b"/srv/photos", b"/srv/phones")
SUFFIXES: Final = ("", "-wal", "-shm", ".lock", ".status.json")
BUILDING: Final = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA cache_size = -300000",
    "PRAGMA temp_store = FILE",
)
RULES: Final = "0123456789abcdef"
MODELS: Final = (("efficientnet-lite3-imagenet", "a" * 64), ("ssd-mobilenet-v2-coco", "b" * 64))
HEARD: Final = {"label": ("label", 0.35), "parent": ("sums", 0.45), "object": ("detection", 0.5)}
SEEN: Final = "label_id, taken_at, photo_id, confidence, times, kind, largest, spots"
PLAIN: Final = {  # the tables of most rows, which are tuples instead of dicts
    "temp.seen": SEEN,
    "photo_tag": "photo_id, label_id, kind, confidence, rule, threshold, shown",
    "detection": 'photo_id, n, label_id, model_id, confidence, "left", top, "right", bottom',
    "evidence": "photo_id, model_id, data",
}


class Filler:
    """Fills the tables of an empty catalog; `n` of every name is counted on the way."""

    def __init__(self, connection: sqlite3.Connection, library: Library) -> None:
        self._connection = connection
        self._library = library
        self._rows: dict[str, list[Any]] = {table: [] for table in PLAIN}
        self._labels: dict[str, int] = {}
        self._kinds: Counter[int] = Counter()
        self._keywords: dict[str, int] = {}
        self._lenses: dict[str, int] = {}
        self._places: dict[tuple[str, str, int | None], tuple[int, dict[str, Any]]] = {}
        self._counts: dict[str, Counter[int]] = {
            table: Counter() for table in ("label", "keyword", "camera", "lens", "place")
        }
        self.photos = 0

    def fill(self, photos: int) -> None:
        """Write this many photos and all that belongs to them."""
        self._connection.execute(f"CREATE TEMP TABLE seen ({SEEN})")
        self._write_first()
        for number, folder in enumerate(self._library.folders(), start=1):
            relpath = os.fsencode(folder.relpath)
            self._add("folder", id=number, root_id=folder.root + 1, relpath=relpath)
            names: set[str] = set()
            for shot in self._library.shots(folder):
                if self.photos == photos:
                    break
                if shot.name not in names:
                    names.add(shot.name)
                    self._add_photo(number, shot)
            if len(self._rows["photo"]) > AT_ONCE:
                self._flush()
        self._write_names()
        self._flush()
        self._connection.execute(
            f"INSERT INTO sighting ({SEEN}) SELECT {SEEN} FROM temp.seen"
            " ORDER BY label_id, taken_at, photo_id"
        )
        self._connection.execute("DROP TABLE temp.seen")
        self._connection.commit()

    def mark_twins(self) -> None:
        """Mark the photos whose pixels are those of another; needs the index of fingerprints."""
        self._connection.execute(
            "UPDATE photo SET twin = 1 WHERE fingerprint IN (SELECT fingerprint FROM photo"
            " WHERE fingerprint IS NOT NULL GROUP BY fingerprint HAVING count(*) > 1)"
        )
        self._connection.commit()

    def _write_first(self) -> None:
        for number, path in enumerate(ROOTS, start=1):
            self._add("root", id=number, path=path, is_mount=0, state="ok", last_scan_at=None)
        for number, (name, digest) in enumerate(MODELS, start=1):
            self._add("model", id=number, name=name, digest=digest)
        self._add("model", id=3, name="nanodet-plus-m-1.5x-416-coco", digest="c" * 64)
        for number, models in enumerate(([1, 2], [1, 3]), start=1):
            self._add("model_set", id=number, models=json.dumps(models))

    def _write_names(self) -> None:
        counts = self._counts
        for name, key in self._labels.items():
            n, kinds = counts["label"][key], self._kinds[key]
            self._add("label", id=key, name=name, key=label_key(name), n=n, kinds=kinds)
        for name, key in self._keywords.items():
            self._add("keyword", id=key, name=name, key=label_key(name), n=counts["keyword"][key])
        for place, camera in enumerate(self._library.cameras, start=1):
            name = camera_name(camera.make, camera.model)
            self._add(
                "camera",
                id=place,
                name=name,
                key=text_key(name),
                make=camera.make,
                model=camera.model,
                n=counts["camera"][place],
            )
        for name, key in self._lenses.items():
            self._add("lens", id=key, name=name, key=text_key(name), n=counts["lens"][key])
        for key, row in self._places.values():
            self._add("place", id=key, **row, n=counts["place"][key])

    def _add_photo(self, folder: int, shot: Shot) -> None:
        self.photos += 1
        photo = self.photos
        camera = None if shot.camera is None else shot.camera + 1
        lens = None if shot.lens is None else _number(self._lenses, shot.lens)
        country, region, city = self._place_ids(shot)
        self._count_things(camera, lens, (country, region, city))
        is_read = shot.fingerprint is not None
        self._add(
            "photo",
            id=photo,
            folder_id=folder,
            name=os.fsencode(shot.name),
            size=shot.size,
            mtime_ns=shot.taken_at * NANOSECONDS + photo % 1000,
            inode=1_000_000 + photo,
            fingerprint=shot.fingerprint,
            format=shot.format or None,
            width=shot.width,
            height=shot.height,
            state=shot.state,
            taken_at=shot.taken_at,
            analyzed_at=shot.added_at + 600 if is_read else None,
            added_at=shot.added_at,
            **_trouble(shot),
            urgent=0,
            set_id=(1 if photo % 50 else 2) if is_read else None,
            rules=RULES if is_read else None,
            suffix=shot.suffix,
            name_key=name_key(os.fsencode(shot.name)),
            read_by=METADATA_VERSION if is_read else 0,
            taken_source=("camera" if camera else "file") if is_read else None,
            month=month_of(shot.taken_at),
            camera_id=camera,
            lens_id=lens,
            country_id=country,
            region_id=region,
            city_id=city,
            iso=shot.iso,
            f_number=shot.f_number,
            focal=shot.focal,
            rating=shot.rating,
            latitude=shot.latitude,
            longitude=shot.longitude,
            cell=None if shot.latitude is None else cell_of(shot.latitude, shot.longitude or 0.0),
            shape=_shape(shot),
            pair_id=photo + 1 if shot.is_raw_half else None,
            twin=0,
            untagged=int(shot.state == "done" and not shot.seen),
            sidecar=0,
        )
        self._add_details(photo, shot)
        if is_read:
            self._add_reading(photo, shot)
        for keyword in shot.keywords:
            key = _number(self._keywords, keyword)
            self._counts["keyword"][key] += 1
            self._add("photo_keyword", keyword_id=key, taken_at=shot.taken_at, photo_id=photo)

    def _count_things(
        self, camera: int | None, lens: int | None, places: tuple[int | None, ...]
    ) -> None:
        things = [("camera", camera), ("lens", lens), *(("place", place) for place in places)]
        for table, key in things:
            if key is not None:
                self._counts[table][key] += 1

    def _add_details(self, photo: int, shot: Shot) -> None:
        if shot.camera is None and shot.title is None:
            return
        self._add(
            "photo_detail",
            photo_id=photo,
            taken_us=shot.taken_us,
            taken_offset=60 if shot.taken_us is not None else None,
            exposure=shot.exposure,
            focal_35mm=None if shot.focal is None else round(shot.focal * 1.5),
            altitude=shot.altitude,
            software=None,
            title=shot.title,
            caption=None,
            dropped=None,
        )

    def _add_reading(self, photo: int, shot: Shot) -> None:
        place, detector = 0, 2 if photo % 50 else 3
        heard, found, boxes = [], [], self._rows["detection"]
        for seen in shot.seen:
            key = _number(self._labels, seen.name)
            self._counts["label"][key] += 1
            self._kinds[key] |= KIND_BITS[seen.kind]
            self._add_tag(photo, shot.taken_at, key, seen)
            for *sides, sure in seen.boxes:
                boxes.append((photo, place, key, detector, sure, *sides))
                found += [key, _fraction(sure), *map(_fraction, sides)]
                place += 1
            if not seen.boxes:
                heard += [key, _fraction(seen.confidence)]
        self._add_evidence(photo, 1, heard, [])
        self._add_evidence(photo, detector, [], found)

    def _add_tag(self, photo: int, taken_at: int, key: int, seen: Seen) -> None:
        rule, threshold = HEARD[seen.kind]
        is_shown = int(seen.kind != "parent")
        self._rows["photo_tag"].append(
            (photo, key, seen.kind, seen.confidence, rule, threshold, is_shown)
        )
        spots, largest = 0, 0.0
        for left, top, right, bottom, _ in seen.boxes:
            spots |= spots_of(left, top, right, bottom)
            largest = max(largest, area_of(left, top, right, bottom))
        times = min(max(len(seen.boxes), 1), MOST_COUNTED)
        kind, area = KIND_BITS[seen.kind], ceil(10_000 * largest)
        self._rows["temp.seen"].append(
            (key, taken_at, photo, seen.confidence, times, kind, area, spots)
        )

    def _add_evidence(self, photo: int, model: int, heard: list[int], found: list[int]) -> None:
        labels, boxes = len(heard) // 2, len(found) // 6
        layout = "<BHHH" + "IH" * labels + "IHHHHH" * boxes
        data = struct.pack(layout, 1, labels, boxes, 0, *heard, *found)
        self._rows["evidence"].append((photo, model, data))

    def _place_ids(self, shot: Shot) -> tuple[int | None, int | None, int | None]:
        if shot.town is None:
            return None, None, None
        town = self._library.towns[shot.town]
        country = self._place("country", town.country, town.code, None)
        region = self._place("region", town.region, None, country)
        return country, region, self._place("city", town.name, None, region)

    def _place(self, kind: str, name: str, code: str | None, parent: int | None) -> int:
        known = self._places.get((kind, name, parent))
        if known is None:
            key = len(self._places) + 1
            row = {"kind": kind, "name": name, "key": text_key(name)}
            known = self._places[kind, name, parent] = (
                key,
                row | {"code": code, "parent_id": parent},
            )
        return known[0]

    def _add(self, table: str, **row: Any) -> None:
        self._rows.setdefault(table, []).append(row)

    def _flush(self) -> None:
        for table, rows in self._rows.items():
            if rows:
                plain = PLAIN.get(table)
                columns = plain or ", ".join(rows[0])
                places = ", ".join("?" if plain else f":{name}" for name in columns.split(", "))
                sql = f"INSERT INTO {table} ({columns}) VALUES ({places})"
                self._connection.executemany(sql, rows)
                rows.clear()
        self._connection.commit()


def build(path: Path, photos: int, seed: int) -> None:
    """Make a catalog with this many photos in place of what there is."""
    for suffix in SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    Catalog.open(os.fsencode(path)).close()
    with closing(sqlite3.connect(path)) as connection:
        for pragma in BUILDING:
            connection.execute(pragma)
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        filler = Filler(connection, Library(photos, seed))
        say(f"filling {photos} photos")
        filler.fill(photos)
        say(f"filled; making {len(indexes)} indexes")
        for _, sql in sorted(indexes, key=lambda index: "fingerprint" not in index[0]):
            connection.execute(sql)
        filler.mark_twins()
        connection.execute("PRAGMA journal_mode = WAL")
    with Catalog.open(os.fsencode(path)) as catalog:
        catalog.checkpoint()


def check(path: Path, samples: int = 300) -> None:
    """Compare what was filled in with what the program makes of it; raises SystemExit."""
    with closing(sqlite3.connect(path)) as connection:
        problems = connection.execute("PRAGMA foreign_key_check").fetchmany(3)
        for table, links in (
            ("label", "sighting WHERE label_id"),
            ("keyword", "photo_keyword WHERE keyword_id"),
            ("camera", "photo WHERE camera_id"),
            ("lens", "photo WHERE lens_id"),
            ("place", "photo WHERE city_id"),
        ):
            kind = " WHERE kind = 'city'" if table == "place" else ""
            problems += connection.execute(
                f"SELECT '{table}', id, n, real FROM (SELECT id, n, (SELECT count(*) FROM {links}"
                f" = t.id) AS real FROM {table} t{kind} ORDER BY n DESC LIMIT 40 OFFSET 3)"
                " WHERE n <> real"
            ).fetchall()
        ids = [row[0] for row in connection.execute(
            "SELECT id FROM photo WHERE id % (SELECT max(id) / ? + 1 FROM photo) = 7", (samples,)
        )]  # fmt: skip
        seen: dict[int, dict[str, int]] = {}
        for photo, name, times in connection.execute(
            "SELECT s.photo_id, l.name, s.times FROM sighting s JOIN label l ON l.id = s.label_id"
            " JOIN photo p ON p.id = s.photo_id AND p.taken_at = s.taken_at"
            f" WHERE s.photo_id IN ({', '.join(map(str, ids))})"
        ):
            seen.setdefault(photo, {})[name] = times
    with CatalogReader.open(os.fsencode(path)) as reader:
        for photo in reader.photos_by_id(ids):
            boxes = Counter(one.name for one in photo.detections)
            wanted = {tag.name: min(max(boxes[tag.name], 1), MOST_COUNTED) for tag in photo.tags}
            if wanted != seen.get(photo.id, {}):
                problems.append((photo.id, wanted, seen.get(photo.id)))
    if problems:
        raise SystemExit(f"not as the writer would have written it: {problems[:5]}")


def report(path: Path) -> None:
    """Print the size of each table and index, the largest first, as Markdown."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA query_only = ON")
        pages = connection.execute(
            "SELECT name, sum(pgsize) FROM dbstat WHERE aggregate = 1 GROUP BY name ORDER BY 2 DESC"
        ).fetchall()
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master"
                  " WHERE type = 'table' ORDER BY name")]  # fmt: skip
        rows = {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in tables
        }
    sys.stdout.write("| table or index | MB | rows |\n| --- | ---: | ---: |\n")
    for name, size in pages:
        if size > 1_000_000:
            sys.stdout.write(f"| {name} | {size / 1e6:.0f} | {rows.get(name, '')} |\n")
    sys.stdout.write(f"| all | {sum(size for _, size in pages) / 1e6:.0f} | |\n")


def say(text: str) -> None:
    """Print a line now."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


def _number(known: dict[str, int], name: str) -> int:
    return known.setdefault(name, len(known) + 1)


def _trouble(shot: Shot) -> dict[str, Any]:
    attempts = _attempts(shot.state)
    return {
        "attempts": attempts,
        "error": "cannot be decoded: broken data" if attempts else None,
        "next_try_at": shot.added_at + 700 if shot.state == "failed" else None,
        "missing_since": shot.added_at + 9_000_000 if shot.state == "missing" else None,
    }


def _attempts(state: str) -> int:
    return {"failed": 2, "dead": 5, "unsupported": 1}.get(state, 0)


def _shape(shot: Shot) -> int | None:
    if shot.width is None or shot.height is None:
        return None
    return shape_of(shot.width, shot.height)


def _fraction(value: float) -> int:
    return int(value * 65535 + 0.5)


def main() -> None:
    """Build, check, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("catalog", type=Path)
    parser.add_argument("--photos", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    start = time.perf_counter()
    build(options.catalog, options.photos, options.seed)
    say(f"built in {time.perf_counter() - start:.0f} s")
    check(options.catalog)
    say("checked")
    report(options.catalog)


if __name__ == "__main__":
    main()
