"""What of ours stands in which file, and what is about to be written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, update

from .errors import PhotoUnknown
from .metadata_rows import file_date
from .tables import PhotoKeywordRow, PhotoRow, SightingRow, TagFileRow, TagIntentRow

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from .records import FileEntry, TagFile

LISTS = ("items", "copied", "removed", "models")
PLAIN = ("path", "state", "reason", "before", "after", "size", "mtime_ns", "written_at", "original")

# Built once, since they run for every photo; deleting and inserting is every database's upsert.
IS_PHOTO = select(PhotoRow.id).where(PhotoRow.id == bindparam("photo"))
SOURCE = select(PhotoRow.taken_source).where(PhotoRow.id == bindparam("photo"))
INSERTIONS = {table: insert(table) for table in (TagFileRow, TagIntentRow)}
DELETIONS = {
    table: delete(table).where(
        table.photo_id == bindparam("photo"), table.target == bindparam("which")
    )
    for table in (TagFileRow, TagIntentRow)
}
RENEWAL, DATE = (
    update(PhotoRow)
    .where(PhotoRow.id == bindparam("photo"))
    .values({name: bindparam(name) for name in names})
    for names in (("size", "mtime_ns", "inode"), ("taken_at", "month"))
)
SIDECAR = (
    update(PhotoRow)
    .where(PhotoRow.id == bindparam("photo"), PhotoRow.sidecar == bindparam("before"))
    .values(sidecar=bindparam("after"))
)
MOVES = tuple(
    update(table)
    .where(table.photo_id == bindparam("photo"), table.taken_at != bindparam("when"))
    .values(taken_at=bindparam("when"))
    for table in (SightingRow, PhotoKeywordRow)
)


def intend(connection: Connection, photo_id: int, file: TagFile) -> None:
    """Note a write that is about to happen, in place of one noted before."""
    _require_photo(connection, photo_id)
    _put(connection, TagIntentRow, photo_id, file)


def record(
    connection: Connection,
    photo_id: int,
    file: TagFile,
    entry: FileEntry | None,
    sidecars: tuple[int, int] | None,
) -> None:
    """Note what stands in a file now.

    `entry` is the photo's own file, if that was replaced, `sidecars` the version of what lies
    beside it before and after, if that was written.
    """
    _require_photo(connection, photo_id)
    _put(connection, TagFileRow, photo_id, file)
    drop_intent(connection, photo_id, file.target)
    if entry is not None:
        _renew(connection, photo_id, entry)
    if sidecars is not None:
        before, after = sidecars
        # What somebody else has written before is still to be read.
        connection.execute(SIDECAR, {"photo": photo_id, "before": before, "after": after})


def drop_intent(connection: Connection, photo_id: int, target: str) -> None:
    """Forget a write that did not happen."""
    connection.execute(DELETIONS[TagIntentRow], {"photo": photo_id, "which": target})


def _require_photo(connection: Connection, photo_id: int) -> None:
    if connection.scalar(IS_PHOTO, {"photo": photo_id}) is None:
        raise PhotoUnknown(photo_id)


def _put(
    connection: Connection,
    table: type[TagFileRow | TagIntentRow],
    photo_id: int,
    file: TagFile,
) -> None:
    connection.execute(DELETIONS[table], {"photo": photo_id, "which": file.target})
    columns: dict[str, Any] = {name: getattr(file, name) for name in PLAIN}
    columns |= {name: json.dumps(getattr(file, name)) for name in LISTS}
    columns |= {"photo_id": photo_id, "target": file.target}
    connection.execute(INSERTIONS[table], columns)


def _renew(connection: Connection, photo_id: int, entry: FileEntry) -> None:
    """Take our own new version of a photo for known, so that no walk sees a change in it.

    A date that is the file's goes on being that, in the search indexes as well.
    """
    columns = {"size": entry.size, "mtime_ns": entry.mtime_ns, "inode": entry.inode}
    connection.execute(RENEWAL, columns | {"photo": photo_id})
    if connection.scalar(SOURCE, {"photo": photo_id}) in (None, "file"):
        date = file_date(entry.mtime_ns)
        connection.execute(DATE, date | {"photo": photo_id})
        for move in MOVES:
            connection.execute(move, {"photo": photo_id, "when": date["taken_at"]})
