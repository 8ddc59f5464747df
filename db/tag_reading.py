"""Questions about tags in files, in plain SQL; see `reader`."""

# The text is made of constants, every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .paths import join
from .records import TagFile, TagStats
from .states import TagState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Execute: TypeAlias = Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]]

MOST_REASONS: Final = 10
COLUMNS: Final = (
    "target",
    "path",
    "state",
    "written_at",
    "reason",
    "items",
    "copied",
    "removed",
    "before",
    "after",
    "size",
    "mtime_ns",
    "models",
    "original",
)
LISTS: Final = ("items", "copied", "removed", "models")
BYTES: Final = ("path", "before", "after", "original")

_ASKED: Final = ", ".join(f"t.{column}" for column in COLUMNS)
TAG_FILES: Final = (
    f"WITH hit AS ({{hits}}) SELECT hit.photo_id, {_ASKED} FROM hit CROSS JOIN tag_file t"
    " WHERE t.photo_id = hit.photo_id ORDER BY hit.photo_id, t.target"
)
FILES: Final = f"SELECT {_ASKED} FROM tag_file t WHERE t.photo_id = :photo ORDER BY t.target"
INTENTS: Final = f"SELECT {_ASKED} FROM tag_intent t WHERE t.photo_id = :photo ORDER BY t.target"
ALL_INTENTS: Final = (
    f"SELECT t.photo_id, r.path, f.relpath, p.name, {_ASKED} FROM tag_intent t"
    " JOIN photo p ON p.id = t.photo_id JOIN folder f ON f.id = p.folder_id"
    " JOIN root r ON r.id = f.root_id ORDER BY t.photo_id, t.target"
)
# Of several that are missing, the one that was exactly this file is its past.
PAST: Final = (
    f"SELECT {_ASKED} FROM photo p CROSS JOIN photo q CROSS JOIN tag_file t"
    " WHERE p.id = :photo AND q.fingerprint = p.fingerprint AND q.id <> p.id"
    " AND q.state = 'missing' AND t.photo_id = q.id"
    " ORDER BY q.size = p.size AND q.mtime_ns = p.mtime_ns DESC, t.written_at DESC, q.id DESC"
)
NUMBERS: Final = (
    "SELECT state, target, reason, count(*) FROM tag_file GROUP BY state, target, reason"
)
MISSING_NUMBERS: Final = (
    "SELECT t.state, t.target, t.reason, count(*) FROM photo p CROSS JOIN tag_file t"
    " WHERE p.missing_since IS NOT NULL AND t.photo_id = p.id"
    " GROUP BY t.state, t.target, t.reason"
)
WAITING: Final = (
    "SELECT (SELECT count(*) FROM tag_job) - (SELECT count(*) FROM photo p CROSS JOIN tag_job j"
    " WHERE p.missing_since IS NOT NULL AND j.photo_id = p.id)"
)


def tag_file(*values: Any) -> TagFile:
    """Make a record of the values of `COLUMNS`."""
    fields = dict(zip(COLUMNS, values, strict=True))
    fields |= {name: tuple(json.loads(fields[name])) for name in LISTS}
    fields |= {name: bytes(fields[name]) for name in BYTES if fields[name] is not None}
    return TagFile(**fields)


def ledger(execute: Execute, photo_id: int) -> tuple[tuple[TagFile, ...], tuple[TagFile, ...]]:
    """Give a photo's files and intents; where it has no files, those that it left when it moved."""
    photo = {"photo": photo_id}
    files = [tag_file(*row) for row in execute(FILES, photo)]
    intents = tuple(tag_file(*row) for row in execute(INTENTS, photo))
    if not files:
        past = [tag_file(*row) for row in execute(PAST, photo)]
        latest = {file.target: file for file in reversed(past)}
        files = [latest[target] for target in sorted(latest)]
    return tuple(files), intents


def intents(execute: Execute) -> list[tuple[int, bytes, TagFile]]:
    """Give all writes that were begun and not recorded, with their photo's id and path."""
    return [
        (photo_id, join(bytes(root), bytes(relpath), bytes(name)), tag_file(*columns))
        for photo_id, root, relpath, name, *columns in execute(ALL_INTENTS, {})
    ]


def tag_stats(execute: Execute) -> TagStats:
    """Count the tags in files; the caller sees to it that all questions see one state."""
    numbers: Counter[tuple[str, str, str | None]] = Counter()
    for sql, sign in ((NUMBERS, 1), (MISSING_NUMBERS, -1)):
        for state, target, reason, number in execute(sql, {}):
            numbers[state, target, reason] += sign * number
    written: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for (state, target, reason), number in numbers.items():
        if state == TagState.WRITTEN:
            written[target] += number
        elif state == TagState.REFUSED:
            refused[reason or ""] += number
    ((waiting,),) = execute(WAITING, {})
    frequent = sorted((+refused).items(), key=lambda pair: (-pair[1], pair[0]))
    return TagStats(dict(+written), tuple(frequent[:MOST_REASONS]), waiting)
