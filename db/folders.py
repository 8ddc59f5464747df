"""Making the catalog equal to what a folder holds: new, changed, moved and returned photos."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, insert, select, text, update

from .metadata_rows import file_date
from .pairs import find_pairs, photos_of_stem, stem_of
from .paths import join
from .prepared import Prepared
from .records import FolderChange
from .states import PRESENT_FILES, SERVED_ROOTS, PhotoState, name_key, suffix_of
from .tables import FolderRow, PhotoRow, RootRow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from sqlalchemy import Connection

    from .records import FileEntry

MOST_AT_ONCE = 500  # inodes in one question
# A move that is not seen here costs reading the file once: its picture is known.
MOST_CANDIDATES = 2000

PRESENT = text(PRESENT_FILES)


FOLDER = select(FolderRow.id).where(
    FolderRow.root_id == bindparam("root"), FolderRow.relpath == bindparam("relpath")
)


def never(_path: bytes) -> bool:
    """Believe of no path that its file is gone."""
    return False


class _Known(NamedTuple):
    """A photo as the catalog knows it, in the columns that a listing is compared with."""

    id: int
    name: bytes
    size: int
    mtime_ns: int
    inode: int
    sidecar: int
    state: str
    analyzed_at: int | None


FILE = ("size", "mtime_ns", "inode", "sidecar")
FILLED = (*FILE, "folder_id", "state", "added_at", "name", "suffix", "name_key", *file_date(0))
NEW = Prepared(insert(PhotoRow).values({name: bindparam(name) for name in FILLED}))
KNOWN = tuple(getattr(PhotoRow, name) for name in _Known._fields)
OF_FOLDER = select(*KNOWN).where(PhotoRow.folder_id == bindparam("folder"))
OF_NAME = OF_FOLDER.where(PhotoRow.name == bindparam("photo"))
OF_INODES = (
    select(*KNOWN, PhotoRow.folder_id, FolderRow.relpath, RootRow.path)
    .join(FolderRow, FolderRow.id == PhotoRow.folder_id)
    .join(RootRow, RootRow.id == FolderRow.root_id)
    .where(
        RootRow.state.in_([state.value for state in SERVED_ROOTS]),
        PhotoRow.inode.in_(bindparam("inodes", expanding=True)),
    )
    .order_by(PhotoRow.analyzed_at.is_(None), PhotoRow.id)
    .limit(MOST_CANDIDATES)
)


class _Elsewhere(NamedTuple):
    """A photo that may be the same file as a new one, and the place where it was."""

    known: _Known
    folder_id: int
    path: bytes


def reconcile(
    connection: Connection,
    root_id: int,
    relpath: bytes,
    listed: Sequence[FileEntry],
    unsettled: Collection[bytes],
    now: int,
    is_gone: Callable[[bytes], bool],
) -> FolderChange:
    """Make a folder's complete listing the truth, but for what is gone; that is only told."""
    if not unsettled and _is_as_known(connection, root_id, relpath, listed):
        return FolderChange(unchanged=len(listed))
    entries = [entry for entry in listed if entry.name not in unsettled]
    folder_id = _folder(connection, root_id, relpath)
    if folder_id is None and not entries:
        return FolderChange()
    if folder_id is None:
        folder_id = _add_folder(connection, root_id, relpath)
    known = _known(connection, folder_id)
    there = {entry.name: entry for entry in listed}

    def has_left(place: _Elsewhere) -> bool:
        if place.folder_id != folder_id:
            return is_gone(place.path)
        if place.known.name in unsettled:
            return False
        entry = there.get(place.known.name)
        return entry is None or _identity(place.known) != _identity(entry)

    change = _apply(connection, folder_id, known, entries, now, has_left)
    gone = set(known) - set(there) - set(unsettled)
    return replace(change, gone=tuple(known[name].id for name in gone if _is_present(known[name])))


def observe(
    connection: Connection,
    root_id: int,
    relpath: bytes,
    entry: FileEntry,
    now: int,
    is_gone: Callable[[bytes], bool],
) -> bool:
    """Note one file without a word on the others of its folder; say whether it is pending now.

    If it is, it goes before all that walks have found.
    """
    folder_id = _folder(connection, root_id, relpath)
    if folder_id is None:
        folder_id = _add_folder(connection, root_id, relpath)
    known = _known(connection, folder_id, entry.name)
    _apply(connection, folder_id, known, [entry], now, lambda place: is_gone(place.path))
    waiting = update(PhotoRow).where(
        PhotoRow.folder_id == folder_id,
        PhotoRow.name == entry.name,
        PhotoRow.state == PhotoState.PENDING.value,
    )
    return connection.execute(waiting.values(urgent=1)).rowcount > 0


def photos_beside(
    connection: Connection, root_id: int, relpath: bytes, sidecar: bytes
) -> list[bytes]:
    """Give the names of the photos of a folder that a sidecar belongs to.

    `IMG_1.jpg.xmp` is one of `IMG_1.jpg`, `IMG_1.xmp` of all photos with that stem.
    """
    folder_id = _folder(connection, root_id, relpath)
    if folder_id is None:
        return []
    stem = stem_of(sidecar)
    same_stem = photos_of_stem(connection, folder_id, stem)
    return [row.name for row in same_stem] + [*_known(connection, folder_id, stem)]


def _is_as_known(
    connection: Connection, root_id: int, relpath: bytes, listed: Sequence[FileEntry]
) -> bool:
    """Compare a listing with the rows as they are; anything odd, such as a folded inode, differs.

    This is the whole of almost every walk: one question, no conversion, one comparison of sets.
    """
    place = {"root_id": root_id, "relpath": relpath}
    # The driver's own tuples: making rows of them would take three times as long.
    cursor = connection.execute(PRESENT, place).cursor
    return cursor is not None and set(cursor.fetchall()) == set(listed)


def _folder(connection: Connection, root_id: int, relpath: bytes) -> int | None:
    return connection.scalar(FOLDER, {"root": root_id, "relpath": relpath})


def _add_folder(connection: Connection, root_id: int, relpath: bytes) -> int:
    row = insert(FolderRow).values(root_id=root_id, relpath=relpath).returning(FolderRow.id)
    return connection.execute(row).scalar_one()


def _known(
    connection: Connection, folder_id: int, name: bytes | None = None
) -> dict[bytes, _Known]:
    place = {"folder": folder_id, "photo": name}
    rows = connection.execute(OF_FOLDER if name is None else OF_NAME, place)
    return {row.name: row for row in map(_Known._make, rows)}


def _apply(
    connection: Connection,
    folder_id: int,
    known: dict[bytes, _Known],
    entries: Sequence[FileEntry],
    now: int,
    has_left: Callable[[_Elsewhere], bool],
) -> FolderChange:
    """Write what the entries say of themselves; rows without an entry stay as they are.

    Rows that have left their place are taken out of `known`.
    """
    moves = _find_moves(connection, [e for e in entries if e.name not in known], has_left)
    for _, place in moves:
        if place.folder_id == folder_id:
            known.pop(place.known.name, None)
    _update_moved(connection, folder_id, moves)
    arrived = {entry.name for entry, _ in moves}
    new = [e for e in entries if e.name not in known and e.name not in arrived]
    old = [(known[entry.name], entry) for entry in entries if entry.name in known]
    changed = [(row, entry) for row, entry in old if not _is_same(row, entry)]
    changed += [(p.known, entry) for entry, p in moves if p.known.sidecar != entry.sidecar]
    returned = [row for row, entry in old if not _is_present(row) and _is_same(row, entry)]
    _insert_new(connection, folder_id, new, now)
    _update_changed(connection, changed)
    _update_returned(connection, returned)
    _find_pairs(connection, folder_id, new, moves)
    moved = tuple(place.known.id for _, place in moves)
    unchanged = sum(_is_present(row) and _is_same(row, entry) for row, entry in old)
    return FolderChange(len(new), len(changed), unchanged, len(returned), moved)


def _find_moves(
    connection: Connection,
    entries: Sequence[FileEntry],
    has_left: Callable[[_Elsewhere], bool],
) -> list[tuple[FileEntry, _Elsewhere]]:
    """Find for new files the rows of the same files under the names that they had before."""
    candidates: dict[tuple[int, int, int], list[_Elsewhere]] = {}
    for place in _rows_of_inodes(connection, sorted({entry.inode for entry in entries})):
        candidates.setdefault(_identity(place.known), []).append(place)
    moves = []
    for entry in entries:
        places = iter(candidates.get(_identity(entry), []))
        left = next((place for place in places if has_left(place)), None)
        # What was asked once is not asked again: a file may have a thousand hard links.
        candidates[_identity(entry)] = list(places)
        if left is not None:
            moves.append((entry, left))
    return moves


def _rows_of_inodes(connection: Connection, inodes: Sequence[int]) -> Iterator[_Elsewhere]:
    """Give all photos with these inodes whose root can be read, those with results first."""
    for start in range(0, len(inodes), MOST_AT_ONCE):
        some = {"inodes": inodes[start : start + MOST_AT_ONCE]}
        for *columns, folder_id, relpath, root in connection.execute(OF_INODES, some):
            known = _Known._make(columns)
            yield _Elsewhere(known, folder_id, join(root, relpath, known.name))


def _identity(file: _Known | FileEntry) -> tuple[int, int, int]:
    return file.size, file.mtime_ns, file.inode


def _is_present(row: _Known) -> bool:
    return row.state != PhotoState.MISSING


def _is_same(row: _Known, entry: FileEntry) -> bool:
    return _identity(row) == _identity(entry) and row.sidecar == entry.sidecar


def _update_moved(
    connection: Connection, folder_id: int, moves: Sequence[tuple[FileEntry, _Elsewhere]]
) -> None:
    """Hang rows under their new names; a move proves that a missing photo is there."""
    rows = [
        {"which": place.known.id, "folder_id": folder_id, **_name_columns(entry.name)}
        for entry, place in moves
    ]
    if rows:
        move = update(PhotoRow).where(PhotoRow.id == bindparam("which"))
        columns = ("folder_id", "name", "suffix", "name_key")
        connection.execute(move.values({name: bindparam(name) for name in columns}), rows)
    _update_returned(connection, [p.known for _, p in moves if not _is_present(p.known)])


def _find_pairs(
    connection: Connection,
    folder_id: int,
    new: Sequence[FileEntry],
    moves: Sequence[tuple[FileEntry, _Elsewhere]],
) -> None:
    """Find the pairs anew where photos have come to, and where they have left."""
    touched = {folder_id: [entry.name for entry in new] + [entry.name for entry, _ in moves]}
    for _, place in moves:
        touched.setdefault(place.folder_id, []).append(place.known.name)
    for folder, names in touched.items():
        find_pairs(connection, folder, names)


def _name_columns(name: bytes) -> dict[str, Any]:
    return {"name": name, "suffix": suffix_of(name), "name_key": name_key(name)}


def _insert_new(
    connection: Connection, folder_id: int, entries: Sequence[FileEntry], now: int
) -> None:
    rows = [
        {
            "folder_id": folder_id,
            "size": entry.size,
            "mtime_ns": entry.mtime_ns,
            "inode": entry.inode,
            "sidecar": entry.sidecar,
            "state": PhotoState.PENDING.value,
            "added_at": now,
            **_name_columns(entry.name),
            **file_date(entry.mtime_ns),
        }
        for entry in entries
    ]
    if rows:
        NEW.run(connection, rows)


def _update_changed(connection: Connection, changed: Sequence[tuple[_Known, FileEntry]]) -> None:
    """Queue changed files; their old results stay until new ones replace them."""
    rows = [
        {"which": row.id, **{name: getattr(entry, name) for name in FILE}} for row, entry in changed
    ]
    if rows:
        renew = update(PhotoRow).where(PhotoRow.id == bindparam("which"))
        pending = renew.values(
            state=PhotoState.PENDING.value,
            attempts=0,
            error=None,
            next_try_at=None,
            missing_since=None,
        )
        connection.execute(pending, rows)


def _update_returned(connection: Connection, rows: Sequence[_Known]) -> None:
    """Give missing photos their state back: an analysis that is kept is still true."""
    for state, analyzed in ((PhotoState.DONE, True), (PhotoState.PENDING, False)):
        ids = [{"which": row.id} for row in rows if (row.analyzed_at is not None) is analyzed]
        if ids:
            again = update(PhotoRow).where(PhotoRow.id == bindparam("which"))
            connection.execute(again.values(state=state.value, missing_since=None), ids)
