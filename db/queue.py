"""The queue of photos that wait: who is next, who failed, and when a failed one is tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, bindparam, delete, func, insert, select, update

from .errors import PhotoUnknown
from .metadata_rows import file_columns, file_date
from .names import model_sets
from .paths import join
from .recording import drop_results
from .records import PendingPhoto
from .states import METADATA_VERSION, PLACES_READER, RETRY_SECONDS, SERVED_ROOTS, PhotoState
from .tables import FolderRow, PhotoRow, ReaderRow, RootRow

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection, Row

    from .records import PhotoFacts

GIVEN_UP = (PhotoState.FAILED.value, PhotoState.DEAD.value, PhotoState.UNSUPPORTED.value)
AS_NEW: Final = {
    "state": PhotoState.PENDING.value, "attempts": 0, "error": None, "next_try_at": None
}  # fmt: skip
OF_CONTENT: Final = ("fingerprint", "format", "width", "height", "shape")
READERS = select(ReaderRow.name, ReaderRow.version)


def _photos() -> Select[Any]:
    """Select photos whose root can be read, with what `_pending` needs."""
    columns: tuple[Any, ...] = (
        PhotoRow.id,
        PhotoRow.name,
        PhotoRow.size,
        PhotoRow.mtime_ns,
        PhotoRow.inode,
        PhotoRow.attempts,
        FolderRow.relpath,
        RootRow.path,
    )
    return (
        select(*columns)
        .join(FolderRow, FolderRow.id == PhotoRow.folder_id)
        .join(RootRow, RootRow.id == FolderRow.root_id)
        .where(RootRow.state.in_([served.value for served in SERVED_ROOTS]))
    )


# Built once, since it is asked for every few photos.
PENDING = (
    _photos()
    .where(PhotoRow.state == PhotoState.PENDING.value)
    .order_by(PhotoRow.urgent.desc(), PhotoRow.mtime_ns.desc(), PhotoRow.id.desc())
    .limit(bindparam("limit", type_=PhotoRow.id.type))
)


def next_pending(
    connection: Connection, limit: int, exclude: Collection[int]
) -> list[PendingPhoto]:
    """Give the photos that wait, whose root can be read, and that are not in `exclude`.

    Those that came one by one are first, then those that a walk found; of both the newest.
    """
    # What is left out of the text does not have to be compiled for every photo.
    rows = connection.execute(PENDING, {"limit": limit + len(exclude)}).all()
    return [_pending(row) for row in rows if row.id not in exclude][:limit]


def next_outdated(
    connection: Connection, model_ids: Collection[int], before: int | None, limit: int
) -> tuple[list[PendingPhoto], int | None]:
    """Give done photos that are to be looked at again, those that came last first.

    One of these models has not seen them, or an earlier metadata reader has read them. Looks at
    `limit` photos with ids under `before` (None: at the last ones); gives the last id that was
    looked at, too, None at the end.
    """
    wanted = frozenset(model_ids)
    enough = {key for key, asked in model_sets(connection).items() if wanted <= asked}
    rows = connection.execute(select_done(before, limit)).all()
    found = [
        _pending(row) for row in rows if row.set_id not in enough or row.read_by < METADATA_VERSION
    ]
    return found, rows[-1].id if rows else None


def select_done(before: int | None, limit: int) -> Select[Any]:
    """Select done photos with ids under `before`, those that came last first."""
    # The state is hidden, so that the walk follows the ids and sorts nothing.
    is_done = func.coalesce(PhotoRow.state, "") == PhotoState.DONE.value
    done = _photos().add_columns(PhotoRow.set_id, PhotoRow.read_by).where(is_done)
    if before is not None:
        done = done.where(PhotoRow.id < before)
    return done.order_by(PhotoRow.id.desc()).limit(limit)


def record_failure(
    connection: Connection,
    photo_id: int,
    facts: PhotoFacts | None,
    reason: str,
    state: PhotoState,
    now: int,
) -> PhotoState:
    """Store why there are no results, drop those of an earlier content; give the photo's state.

    A failed photo rests longer each time, and is dead after one failure more than there are rests.
    """
    was, attempts = _standing(connection, photo_id)
    attempts += 1
    if state is PhotoState.FAILED and attempts > len(RETRY_SECONDS):
        state = PhotoState.DEAD
    rest = RETRY_SECONDS[attempts - 1] if state is PhotoState.FAILED else None
    columns: dict[str, Any] = dict.fromkeys(OF_CONTENT)
    if facts is not None:
        columns = file_columns(facts) | file_date(facts.mtime_ns)
    columns |= {"attempts": attempts, "analyzed_at": None}
    drop_results(connection, photo_id)
    return _write_failure(connection, photo_id, was, state, columns, reason, _after(now, rest))


def record_hindrance(connection: Connection, photo_id: int, reason: str, now: int) -> PhotoState:
    """Store that a photo could not be read now, which says nothing of the photo.

    It keeps its attempts and results, and is tried again after the first rest.
    """
    was, _ = _standing(connection, photo_id)
    due = _after(now, RETRY_SECONDS[0])
    return _write_failure(connection, photo_id, was, PhotoState.FAILED, {}, reason, due)


def requeue_due(connection: Connection, now: int) -> int:
    """Queue the failed photos that have rested long enough, and count them."""
    due = update(PhotoRow).where(
        PhotoRow.next_try_at <= now, PhotoRow.state == PhotoState.FAILED.value
    )
    again = due.values(state=PhotoState.PENDING.value, next_try_at=None)
    return connection.execute(again).rowcount


def next_retry_at(connection: Connection) -> int | None:
    """Give the time at which the next failed photo has rested long enough."""
    set_ones = PhotoRow.next_try_at.is_not(None)
    return connection.scalar(select(func.min(PhotoRow.next_try_at)).where(set_ones))


def retry(connection: Connection, ids: Collection[int] | None) -> int:
    """Queue photos that were given up as if they were new, and count them; None means all."""
    given_up = update(PhotoRow).where(PhotoRow.state.in_(GIVEN_UP))
    if ids is not None:
        given_up = given_up.where(PhotoRow.id.in_(ids))
    return connection.execute(given_up.values(**AS_NEW)).rowcount


def requeue_unsupported(connection: Connection, readers: Mapping[str, str]) -> int:
    """Queue the photos that no library could read if one of these is new; count them.

    They are given with their versions, and remembered. Where the one that finds places is new,
    photos whose position has none are outdated, see `next_outdated`.
    """
    known = {row.name: row.version for row in connection.execute(READERS)}
    if known == readers:
        return 0
    connection.execute(delete(ReaderRow))
    if readers:
        rows = [{"name": name, "version": version} for name, version in readers.items()]
        connection.execute(insert(ReaderRow), rows)
    new = {name for name, version in readers.items() if known.get(name) != version}
    if PLACES_READER in new:
        is_nowhere = PhotoRow.cell.is_not(None) & PhotoRow.country_id.is_(None)
        connection.execute(update(PhotoRow).where(is_nowhere).values(read_by=0))
    if not new - {PLACES_READER}:
        return 0
    unsupported = update(PhotoRow).where(PhotoRow.state == PhotoState.UNSUPPORTED.value)
    return connection.execute(unsupported.values(**AS_NEW)).rowcount


def _pending(row: Row[Any]) -> PendingPhoto:
    return PendingPhoto(
        id=row.id,
        path=join(row.path, row.relpath, row.name),
        size=row.size,
        mtime_ns=row.mtime_ns,
        inode=row.inode,
        attempts=row.attempts,
    )


def _standing(connection: Connection, photo_id: int) -> tuple[PhotoState, int]:
    """Give a photo's state and attempts; raise PhotoUnknown where there is none."""
    columns = select(PhotoRow.state, PhotoRow.attempts).where(PhotoRow.id == photo_id)
    row = connection.execute(columns).one_or_none()
    if row is None:
        raise PhotoUnknown(photo_id)
    return PhotoState(row.state), row.attempts


def _after(now: int, rest: int | None) -> int | None:
    return None if rest is None else now + rest


def _write_failure(
    connection: Connection,
    photo_id: int,
    was: PhotoState,
    state: PhotoState,
    columns: dict[str, Any],
    reason: str,
    next_try_at: int | None,
) -> PhotoState:
    """Write a failure, but do not bring back a photo that vanished meanwhile."""
    if was is PhotoState.MISSING:
        state, next_try_at = was, None
    values = columns | {"state": state.value, "error": reason, "next_try_at": next_try_at}
    values["urgent"] = 0
    connection.execute(update(PhotoRow).where(PhotoRow.id == photo_id).values(**values))
    return state
