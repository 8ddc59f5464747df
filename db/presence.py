"""Photos that are there and photos that are missing; nothing here looks at a disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, update

from .keywords import discount_photos
from .metadata_rows import forget_photos
from .pairs import find_pairs, part
from .paths import below, join
from .states import PhotoState, RootState
from .tables import FolderRow, LabelRow, PhotoRow, RootRow, SightingRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

IS_PRESENT = PhotoRow.state != PhotoState.MISSING


def mark_file_missing(
    connection: Connection, root_id: int, relpath: bytes, name: bytes, now: int
) -> int:
    """Mark one file as missing; 0 where it is not known or missing already."""
    place = and_(FolderRow.root_id == root_id, FolderRow.relpath == relpath)
    return _mark(connection, and_(_in_folders(place), PhotoRow.name == name), now)


def mark_folder_missing(connection: Connection, root_id: int, relpath: bytes, now: int) -> int:
    """Mark all photos at and below a folder as missing and count them."""
    return _mark(connection, _in_folders(_at_or_below(root_id, relpath)), now)


def mark_missing(connection: Connection, ids: Sequence[int], now: int) -> int:
    """Mark these photos as missing and count those that were not yet."""
    return _mark(connection, PhotoRow.id.in_(ids), now)


def folder_names(connection: Connection, root_id: int, under: bytes) -> list[bytes]:
    """List the folders at or below `under` that hold a photo not known to be missing."""
    present = select(PhotoRow.id).where(PhotoRow.folder_id == FolderRow.id, IS_PRESENT)
    names = select(FolderRow.relpath).where(_at_or_below(root_id, under), present.exists())
    return list(connection.scalars(names.order_by(FolderRow.relpath)))


def photos_of_folders(connection: Connection, root_id: int, relpaths: Sequence[bytes]) -> list[int]:
    """Give the ids of the photos in exactly these folders that are not missing yet."""
    place = and_(FolderRow.root_id == root_id, FolderRow.relpath.in_(relpaths))
    return list(connection.scalars(select(PhotoRow.id).where(_in_folders(place), IS_PRESENT)))


def photo_paths(connection: Connection, ids: Sequence[int]) -> dict[int, bytes]:
    """Give the absolute paths of photos; an unknown id is left out."""
    places = (
        select(PhotoRow.id, RootRow.path, FolderRow.relpath, PhotoRow.name)
        .join(FolderRow, FolderRow.id == PhotoRow.folder_id)
        .join(RootRow, RootRow.id == FolderRow.root_id)
        .where(PhotoRow.id.in_(ids))
    )
    return {key: join(*parts) for key, *parts in connection.execute(places)}


def count_present(connection: Connection, root_id: int, under: bytes, until: int | None) -> int:
    """Count the photos at or below a folder, added until a time, that are not missing."""
    place = _in_folders(_at_or_below(root_id, under))
    return _count(connection, and_(place, IS_PRESENT), until)


def count_added(connection: Connection, ids: Sequence[int], until: int | None) -> int:
    """Count those of these photos that were added until a time; None: all."""
    return _count(connection, PhotoRow.id.in_(ids), until)


def _count(connection: Connection, which: ColumnElement[bool], until: int | None) -> int:
    number = select(func.count()).select_from(PhotoRow).where(which)
    if until is not None:
        number = number.where(PhotoRow.added_at <= until)
    return connection.execute(number).scalar_one()


def purge(connection: Connection, before: int, limit: int) -> int:
    """Forget some photos that are missing since before a time, with all that was said of them.

    Only in roots that are there: elsewhere a photo may have come back without anyone seeing it.
    """
    old = (
        select(PhotoRow.id, PhotoRow.folder_id)
        .join(FolderRow, FolderRow.id == PhotoRow.folder_id)
        .join(RootRow, RootRow.id == FolderRow.root_id)
        .where(
            PhotoRow.missing_since < before,
            PhotoRow.state == PhotoState.MISSING.value,
            RootRow.state == RootState.OK.value,
        )
        .limit(limit)
    )
    rows = connection.execute(old).all()
    ids = [row.id for row in rows]
    _discount_labels(connection, ids)
    discount_photos(connection, ids)
    halves = part(connection, ids)
    forget_photos(connection, ids)
    for folder_id, name in halves:
        find_pairs(connection, folder_id, [name])
    _remove_empty_folders(connection, sorted({row.folder_id for row in rows}))
    return len(ids)


def _discount_labels(connection: Connection, ids: Sequence[int]) -> None:
    """Take photos out of the labels' counts before their rows go."""
    number = func.count().label("number")
    counts = select(SightingRow.label_id, number).where(SightingRow.photo_id.in_(ids))
    for label_id, count in connection.execute(counts.group_by(SightingRow.label_id)).all():
        label = update(LabelRow).where(LabelRow.id == label_id)
        connection.execute(label.values(n=LabelRow.n - count))


def _remove_empty_folders(connection: Connection, ids: Sequence[int]) -> None:
    photo = select(PhotoRow.id).where(PhotoRow.folder_id == FolderRow.id)
    connection.execute(delete(FolderRow).where(FolderRow.id.in_(ids), ~photo.exists()))


def _at_or_below(root_id: int, relpath: bytes) -> ColumnElement[bool]:
    here = FolderRow.root_id == root_id
    if not relpath:
        return here
    first, last = below(relpath)
    inside = and_(FolderRow.relpath >= first, FolderRow.relpath < last)
    return and_(here, or_(FolderRow.relpath == relpath, inside))


def _in_folders(place: ColumnElement[bool]) -> ColumnElement[bool]:
    return PhotoRow.folder_id.in_(select(FolderRow.id).where(place))


def _mark(connection: Connection, which: ColumnElement[bool], now: int) -> int:
    gone = update(PhotoRow).where(which, IS_PRESENT)
    return connection.execute(gone.values(**_went_missing(now))).rowcount


def _went_missing(now: int) -> dict[str, Any]:
    """Give the columns of a photo that vanished.

    Only a done photo's kept results belong to its last content: any other is without the time of
    an analysis, and so pending again when it returns.
    """
    is_done = PhotoRow.state == PhotoState.DONE
    return {
        "state": PhotoState.MISSING.value,
        "analyzed_at": case((is_done, PhotoRow.analyzed_at), else_=None),
        "next_try_at": None,
        "urgent": 0,
        "missing_since": now,
    }
