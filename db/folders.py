"""Making the catalog equal to what a folder holds: new, changed, missing and returned photos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, case, insert, or_, select, true, update

from .paths import below
from .records import FolderChange
from .states import PhotoState
from .tables import FolderRow, PhotoRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from .records import FileEntry

NANOSECONDS = 1_000_000_000


class _Known(NamedTuple):
    """A photo as the catalog knows it, in the columns that a listing is compared with."""

    id: int
    name: bytes
    size: int
    mtime_ns: int
    inode: int
    state: str
    analyzed_at: int | None


def reconcile(
    connection: Connection,
    root_id: int,
    relpath: bytes,
    listed: Sequence[FileEntry],
    unsettled: Collection[bytes],
    now: int,
) -> FolderChange:
    """Make a folder's complete listing the truth; writes nothing where nothing differs."""
    entries = [entry for entry in listed if entry.name not in unsettled]
    folder_id = _folder(connection, root_id, relpath)
    known = {} if folder_id is None else _known(connection, folder_id)
    if folder_id is None and entries:
        folder_id = _add_folder(connection, root_id, relpath)
    if folder_id is None:
        return FolderChange()
    change = _apply(connection, folder_id, known, entries, now)
    gone = set(known) - {entry.name for entry in listed}
    ids = [known[name].id for name in gone if known[name].state != PhotoState.MISSING]
    _mark_missing(connection, ids)
    return FolderChange(
        change.new, change.changed, change.unchanged, len(ids), returned=change.returned
    )


def observe(
    connection: Connection, root_id: int, relpath: bytes, entry: FileEntry, now: int
) -> bool:
    """Note one file without a word on the others of its folder; say whether it is pending now."""
    folder_id = _folder(connection, root_id, relpath)
    if folder_id is None:
        folder_id = _add_folder(connection, root_id, relpath)
    _apply(connection, folder_id, _known(connection, folder_id, entry.name), [entry], now)
    state = _known(connection, folder_id, entry.name)[entry.name].state
    return state == PhotoState.PENDING


def mark_file_missing(connection: Connection, root_id: int, relpath: bytes, name: bytes) -> int:
    """Mark one file as missing; 0 where it is not known or missing already."""
    place = and_(FolderRow.root_id == root_id, FolderRow.relpath == relpath)
    return _mark_where(connection, place, PhotoRow.name == name)


def mark_folder_missing(connection: Connection, root_id: int, relpath: bytes) -> int:
    """Mark all photos at and below a folder as missing and count them."""
    return _mark_where(connection, _at_or_below(root_id, relpath), true())


def folder_names(connection: Connection, root_id: int, under: bytes) -> list[bytes]:
    """List the folders at or below `under` that hold a photo not known to be missing."""
    present = select(PhotoRow.id).where(
        PhotoRow.folder_id == FolderRow.id, PhotoRow.state != PhotoState.MISSING
    )
    names = select(FolderRow.relpath).where(_at_or_below(root_id, under), present.exists())
    return list(connection.scalars(names.order_by(FolderRow.relpath)))


def _at_or_below(root_id: int, relpath: bytes) -> ColumnElement[bool]:
    here = FolderRow.root_id == root_id
    if not relpath:
        return here
    first, last = below(relpath)
    inside = and_(FolderRow.relpath >= first, FolderRow.relpath < last)
    return and_(here, or_(FolderRow.relpath == relpath, inside))


def _folder(connection: Connection, root_id: int, relpath: bytes) -> int | None:
    place = and_(FolderRow.root_id == root_id, FolderRow.relpath == relpath)
    return connection.scalar(select(FolderRow.id).where(place))


def _add_folder(connection: Connection, root_id: int, relpath: bytes) -> int:
    row = insert(FolderRow).values(root_id=root_id, relpath=relpath).returning(FolderRow.id)
    return connection.execute(row).scalar_one()


def _known(
    connection: Connection, folder_id: int, name: bytes | None = None
) -> dict[bytes, _Known]:
    columns = select(
        PhotoRow.id,
        PhotoRow.name,
        PhotoRow.size,
        PhotoRow.mtime_ns,
        PhotoRow.inode,
        PhotoRow.state,
        PhotoRow.analyzed_at,
    ).where(PhotoRow.folder_id == folder_id)
    if name is not None:
        columns = columns.where(PhotoRow.name == name)
    return {row.name: row for row in map(_Known._make, connection.execute(columns))}


def _apply(
    connection: Connection,
    folder_id: int,
    known: Mapping[bytes, _Known],
    entries: Iterable[FileEntry],
    now: int,
) -> FolderChange:
    """Write what the entries say of themselves; rows without an entry stay as they are."""
    new = [entry for entry in entries if entry.name not in known]
    old = [(known[entry.name], entry) for entry in entries if entry.name in known]
    changed = [(row, entry) for row, entry in old if not _is_same(row, entry)]
    returned = [
        row for row, entry in old if row.state == PhotoState.MISSING and _is_same(row, entry)
    ]
    _insert_new(connection, folder_id, new, now)
    _update_changed(connection, changed)
    _update_returned(connection, returned)
    unchanged = len(old) - len(changed) - len(returned)
    return FolderChange(len(new), len(changed), unchanged, returned=len(returned))


def _is_same(row: _Known, entry: FileEntry) -> bool:
    seen = (entry.size, entry.mtime_ns, entry.inode)
    return (row.size, row.mtime_ns, row.inode) == seen


def _insert_new(
    connection: Connection, folder_id: int, entries: Sequence[FileEntry], now: int
) -> None:
    rows = [
        {
            "folder_id": folder_id,
            "name": entry.name,
            "size": entry.size,
            "mtime_ns": entry.mtime_ns,
            "inode": entry.inode,
            "state": PhotoState.PENDING.value,
            "taken_at": entry.mtime_ns // NANOSECONDS,
            "added_at": now,
        }
        for entry in entries
    ]
    if rows:
        connection.execute(insert(PhotoRow), rows)


def _update_changed(connection: Connection, changed: Sequence[tuple[_Known, FileEntry]]) -> None:
    """Queue changed files; their old results stay until new ones replace them."""
    rows = [
        {"which": row.id, "size": entry.size, "mtime_ns": entry.mtime_ns, "inode": entry.inode}
        for row, entry in changed
    ]
    if rows:
        renew = update(PhotoRow).where(PhotoRow.id == bindparam("which"))
        pending = renew.values(state=PhotoState.PENDING.value, attempts=0, error=None)
        connection.execute(pending, rows)


def _update_returned(connection: Connection, rows: Sequence[_Known]) -> None:
    """Give missing photos their state back: an analysis that is kept is still true."""
    for state, analyzed in ((PhotoState.DONE, True), (PhotoState.PENDING, False)):
        ids = [{"which": row.id} for row in rows if (row.analyzed_at is not None) is analyzed]
        if ids:
            again = update(PhotoRow).where(PhotoRow.id == bindparam("which"))
            connection.execute(again.values(state=state.value), ids)


def _went_missing() -> dict[str, Any]:
    """Give the columns of a photo that vanished.

    A pending photo's kept results belong to an older content: without the time of an analysis it
    is pending again when it returns.
    """
    pending = PhotoRow.state == PhotoState.PENDING
    return {
        "state": PhotoState.MISSING.value,
        "analyzed_at": case((pending, None), else_=PhotoRow.analyzed_at),
    }


def _mark_missing(connection: Connection, ids: Sequence[int]) -> None:
    if ids:
        gone = update(PhotoRow).where(PhotoRow.id == bindparam("which"))
        connection.execute(gone.values(**_went_missing()), [{"which": key} for key in ids])


def _mark_where(
    connection: Connection, place: ColumnElement[bool], which: ColumnElement[bool]
) -> int:
    photos = and_(
        PhotoRow.folder_id.in_(select(FolderRow.id).where(place)),
        PhotoRow.state != PhotoState.MISSING,
        which,
    )
    return connection.execute(update(PhotoRow).where(photos).values(**_went_missing())).rowcount
