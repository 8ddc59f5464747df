"""What people said of names and pictures: kept with the pixels, whatever becomes of the files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, bindparam, delete, insert, select, update

from .records import Verdict
from .states import VerdictKind, label_key
from .tables import PhotoRow, ReadingAsideRow, VerdictRow

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

MARKS: BindParameter[bytes] = bindparam("marks", expanding=True)
FOUND: Any = (
    select(VerdictRow.fingerprint, VerdictRow.name, VerdictRow.kind, VerdictRow.at)
    .where(VerdictRow.fingerprint.in_(MARKS))
    .order_by(VerdictRow.fingerprint, VerdictRow.key)
)


def set_verdict(
    connection: Connection, fingerprint: bytes, name: str, kind: VerdictKind | None, now: int
) -> tuple[int, ...]:
    """Write a verdict down, or take it back; give the photos of that picture.

    Their readings, also those aside, are to be made again: until then no rules have made them.
    """
    key = label_key(name)
    this = (VerdictRow.fingerprint == fingerprint, VerdictRow.key == key)
    connection.execute(delete(VerdictRow).where(*this))
    if kind is not None:
        row = {"fingerprint": fingerprint, "key": key, "name": name, "kind": kind.value, "at": now}
        connection.execute(insert(VerdictRow).values(**row))
    of_picture = PhotoRow.fingerprint == fingerprint
    connection.execute(update(PhotoRow).where(of_picture).values(rules=None))
    photos = select(PhotoRow.id).where(of_picture)
    aside = update(ReadingAsideRow).where(ReadingAsideRow.photo_id.in_(photos))
    connection.execute(aside.values(rules=None))
    return tuple(connection.scalars(photos.order_by(PhotoRow.id)))


def verdicts_of(
    connection: Connection, fingerprints: Collection[bytes]
) -> dict[bytes, tuple[Verdict, ...]]:
    """Give the verdicts on pictures by fingerprint; a picture without any is left out."""
    found: dict[bytes, tuple[Verdict, ...]] = {}
    if fingerprints:
        rows = connection.execute(FOUND, {"marks": list(fingerprints)})
        for mark, name, kind, at in rows:
            found[mark] = (*found.get(mark, ()), Verdict(name, VerdictKind(kind), at))
    return found
