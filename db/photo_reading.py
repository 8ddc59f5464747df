"""How the reader makes records of photos from rows, in a few questions for any number of them."""

# The text is made of constants, every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .paths import join
from .photo_record import PhotoRecord
from .search import CompiledSearch
from .states import PhotoState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .search.facts import Execute

MOST_NAMED: Final = 500
COLUMNS: Final = (
    "width",
    "height",
    "format",
    "error",
    "attempts",
    "size",
    "mtime_ns",
    "taken_at",
    "analyzed_at",
    "next_try_at",
    "missing_since",
    "fingerprint",
    "rules",
    "suffix",
)
PHOTOS: Final = (
    "WITH hit AS ({hits}) SELECT p.id, r.path, f.relpath, p.name, p.state, p.inode,"
    " coalesce(p.taken_source, 'file'), "
    + ", ".join(f"p.{column}" for column in COLUMNS)
    + " FROM hit CROSS JOIN photo p CROSS JOIN folder f CROSS JOIN root r"
    " WHERE p.id = hit.photo_id AND f.id = p.folder_id AND r.id = f.root_id ORDER BY {order}"
)


def read_photos(execute: Execute, search: CompiledSearch, *, details: bool) -> list[PhotoRecord]:
    """Give what is known of the hits of a search, in its order."""
    sql = PHOTOS.format(hits=search.hits, order=search.order)
    rows = execute(sql, search.parameters)
    known: Mapping[int, Mapping[str, Any]] = {}
    if details:
        from .photo_details import read_details

        known = read_details(execute, _by_ids([row[0] for row in rows], search))
    return [
        PhotoRecord(
            id=photo_id,
            path=join(bytes(root), bytes(relpath), bytes(name)),
            state=PhotoState(state),
            inode=inode % (1 << 64),
            taken_source=source,
            **known.get(photo_id, {}),
            **dict(zip(COLUMNS, columns, strict=True)),
        )
        for photo_id, root, relpath, name, state, inode, source, *columns in rows
    ]


def _by_ids(ids: list[int], search: CompiledSearch) -> CompiledSearch:
    """Spare the next questions the search, where its hits are few enough to be named."""
    return search if len(ids) > MOST_NAMED else name_photos(ids, search.order)


def name_photos(ids: list[int], order: str) -> CompiledSearch:
    """Make a search that finds the photos with these ids."""
    named = {f"i{n}": photo_id for n, photo_id in enumerate(ids)}
    listed = ", ".join(f":{name}" for name in named) or "NULL"
    hits = f"SELECT id AS photo_id FROM photo WHERE id IN ({listed})"
    return CompiledSearch(hits, order, {**named})
