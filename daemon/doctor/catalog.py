"""The catalog: is it there, whole, of this program's schema, copied, and has it room."""

from __future__ import annotations

import os
import sqlite3
import time
from typing import TYPE_CHECKING, Final

from ...db.beside import list_backups
from ...db.errors import CatalogAbsent, CatalogBroken, CatalogError
from ...db.explain import explain
from ...db.reader import CatalogReader
from ...db.states import SCHEMA_REVISION, PhotoState, RootState
from ...db.upkeep import check
from ..housekeeping import LARGEST_WAL_BYTES
from ..indexer import check_place
from ..monitoring.report import ROOT_TROUBLES
from ..monitoring.status import LEAST_FREE_BYTES, measure
from ..output.phrases import size_text
from ..printable import count, printable
from ..watching.mounts import find_mount
from .findings import note, ok, problem
from .hiding import without_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .findings import Case, Finding

MOST_DAMAGE: Final = 10  # lines
OLD_BACKUP_DAYS: Final = 7.0
DAY_SECONDS: Final = 86_400.0


def check_catalog(case: Case) -> Iterator[Finding]:
    """Look at the catalog as any reader does: the daemon may go on writing."""
    path = case.config.catalog.path
    yield from _place(case, path)
    try:
        yield from _content(path)
        is_readable = True
    except CatalogAbsent as error:
        yield note(error.reason, error.remedy)
        is_readable = False
    except (CatalogError, sqlite3.Error) as error:
        said = explain(error, path) if isinstance(error, sqlite3.Error) else error
        yield problem(said.reason, said.remedy)
        is_readable = False
    if is_readable:
        yield from _soundness(case, path)
        yield from _backups(case, path)
    yield from _room(case, path)


def _place(case: Case, path: bytes) -> Iterator[Finding]:
    sizes = measure(path)
    folder = existing_folder(os.path.dirname(path))
    where = f"{printable(path)} on {find_mount(os.path.realpath(folder)).fstype}"
    if "catalog" in sizes:
        where += f", {size_text(sizes['catalog'])} and a log (WAL) of {size_text(sizes['wal'])}"
    yield ok(where)
    try:
        check_place(case.config)
    except CatalogError as error:
        yield problem(error.reason, error.remedy)
    if sizes["wal"] > LARGEST_WAL_BYTES:
        yield problem(
            "its log has grown: a program reads it for long",
            "end the program that holds the catalog open",
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        yield note(
            f"you may not write in {printable(folder)}: only who may can scan, watch and tag",
            "run this as the user of the daemon to see what that user sees",
        )


def _content(path: bytes) -> Iterator[Finding]:
    with CatalogReader.open(path) as reader:
        counts = reader.counts()
        roots = reader.roots()
    said = ", ".join(f"{number:,} {state}" for state, number in counts.items() if number)
    yield ok(f"schema {SCHEMA_REVISION}; photos: {said or 'none'}")
    if unsupported := counts.get(PhotoState.UNSUPPORTED, 0):
        yield note(
            f"of formats that cannot be read: {count(unsupported, 'photo')}",
            "phototag list --state unsupported says why, and which package reads them",
        )
    if dead := counts.get(PhotoState.DEAD, 0):
        yield note(f"given up: {count(dead, 'photo')}", "phototag list --state dead says why")
    for root in roots:
        if root.state not in (RootState.OK, RootState.CONFIRMED):
            remedy = ROOT_TROUBLES.get(root.state, "check the disk")
            yield problem(f"{printable(root.path)} is {root.state}", remedy)


def _soundness(case: Case, path: bytes) -> Iterator[Finding]:
    if case.is_quick:
        yield ok("not read as a whole (--quick)")
        return
    case.say("reading the whole catalog")
    damage = check(path)
    remedy = CatalogBroken(path, "", list_backups(path)).remedy
    for line in damage[:MOST_DAMAGE]:  # it quotes labels, keywords and places
        yield problem(without_names(line), remedy)
    if len(damage) > MOST_DAMAGE:
        yield problem(f"and {len(damage) - MOST_DAMAGE:,} more", "phototag db check")
    if not damage:
        yield ok("it was read as a whole and is sound")


def _backups(case: Case, path: bytes) -> Iterator[Finding]:
    backups = list_backups(path)
    if not backups:
        remedy = "phototag db backup"
        if not case.config.catalog.backups:
            remedy += "; with [catalog] backups = 3 the daemon does so every day"
        yield note("there is no backup of it", remedy)
        return
    days = (time.time() - os.path.getmtime(backups[0])) / DAY_SECONDS
    said = f"{count(len(backups), 'backup')}, the newest {days:.1f} days old"
    if days > OLD_BACKUP_DAYS:
        yield note(said, "phototag db backup; the daemon makes one a day while it runs")
    else:
        yield ok(said)


def _room(case: Case, path: bytes) -> Iterator[Finding]:
    places = {"catalog": os.path.dirname(path), "cache": os.fsencode(case.config.models.cache)}
    size = measure(path).get("catalog", 0)
    for name, place in places.items():
        folder = existing_folder(place)
        disk = os.statvfs(folder)
        free = disk.f_bavail * disk.f_frsize
        said = f"{size_text(free)} are free for the {name} ({printable(place)})"
        if free < LEAST_FREE_BYTES:
            yield problem(said, "make room on that disk; the daemon pauses meanwhile")
        elif name == "catalog" and free < size:
            yield note(f"{said}: too little for a backup of it", "make room on that disk")
        else:
            yield ok(said)
        if os.path.isdir(place) and not os.access(place, os.W_OK | os.X_OK):
            yield note(f"you may not write in {printable(place)}")


def existing_folder(folder: bytes) -> bytes:
    """Return the nearest folder at or above a place that exists."""
    while folder not in (b"/", b"") and not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return folder or b"."
