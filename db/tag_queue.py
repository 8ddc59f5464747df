"""The queue of photos whose tags wait to be written."""

# The text is made of constants, every value is a parameter.

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, insert, literal, select, text, update

from .paths import join
from .prepared import Prepared
from .records import PendingPhoto
from .states import SERVED_ROOTS, PhotoState
from .tables import FolderRow, PhotoRow, RootRow, TagJobRow
from .tag_reading import WAITING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

AT_ONCE: Final = 0
"""The time before all others: what a photo's analysis queues goes before what a person did."""

SERVED: Final = ", ".join(f"'{state}'" for state in SERVED_ROOTS)
# As text, because only CROSS JOIN keeps the planner from beginning with a million photos.
READY: Final = (
    " FROM tag_job j CROSS JOIN photo p CROSS JOIN folder f CROSS JOIN root r"
    " WHERE p.id = j.photo_id AND f.id = p.folder_id AND r.id = f.root_id"
    f" AND p.state = '{PhotoState.DONE}'"
    f" AND r.state IN ({SERVED})"
)
NEXT = (
    text(
        "SELECT p.id, p.name, p.size, p.mtime_ns, p.inode, j.attempts, f.relpath, r.path"
        f"{READY} AND j.not_before <= :now AND j.photo_id NOT IN :exclude"
        " ORDER BY j.not_before, j.photo_id LIMIT :limit"
    )
    .bindparams(bindparam("exclude", expanding=True))
    .columns(
        PhotoRow.id,
        PhotoRow.name,
        PhotoRow.size,
        PhotoRow.mtime_ns,
        PhotoRow.inode,
        TagJobRow.attempts,
        FolderRow.relpath,
        RootRow.path,
    )
)
NEXT_AT = text(f"SELECT j.not_before{READY} ORDER BY j.not_before LIMIT 1")
INSERTION = Prepared(insert(TagJobRow))
DELETION = Prepared(delete(TagJobRow).where(TagJobRow.photo_id == bindparam("photo")))
PUT_OFF = (
    update(TagJobRow)
    .where(TagJobRow.photo_id == bindparam("photo"))
    .values(not_before=bindparam("until"), attempts=TagJobRow.attempts + 1)
)


def queue_one(connection: Connection, photo_id: int) -> None:
    """Queue a photo whose analysis is new; it has a new start where it waited already."""
    finish(connection, photo_id)
    INSERTION.run(connection, {"photo_id": photo_id, "not_before": AT_ONCE, "attempts": 0})


def queue_many(connection: Connection, ids: Sequence[int], now: int) -> int:
    """Queue photos as if they were new to the queue, and count those that there are."""
    connection.execute(delete(TagJobRow).where(TagJobRow.photo_id.in_(ids)))
    known = select(PhotoRow.id, literal(now), literal(0)).where(PhotoRow.id.in_(ids))
    columns = ["photo_id", "not_before", "attempts"]
    return connection.execute(insert(TagJobRow).from_select(columns, known)).rowcount


def count_waiting(connection: Connection) -> int:
    """Count the photos that wait; those that are missing wait for nothing."""
    waiting: int = connection.exec_driver_sql(WAITING).scalar_one()
    return waiting


def next_jobs(
    connection: Connection, limit: int, exclude: Collection[int], now: float
) -> list[PendingPhoto]:
    """Give the done photos that wait the longest, whose root can be read, not in `exclude`."""
    asked = {"limit": limit, "exclude": list(exclude), "now": math.floor(now)}
    return [
        PendingPhoto(
            id=row.id,
            path=join(row.path, row.relpath, row.name),
            size=row.size,
            mtime_ns=row.mtime_ns,
            inode=row.inode,
            attempts=row.attempts,
        )
        for row in connection.execute(NEXT, asked)
    ]


def next_at(connection: Connection) -> int | None:
    """Give the time from which the next photo may be written; it may have passed."""
    first: int | None = connection.scalar(NEXT_AT)
    return first


def put_off(connection: Connection, photo_id: int, until: float) -> None:
    """Let a photo wait until a time, and count the attempt."""
    connection.execute(PUT_OFF, {"photo": photo_id, "until": math.ceil(until)})


def end_rests(connection: Connection, now: int) -> None:
    """Give the photos that were put off a new start."""
    resting = update(TagJobRow).where(TagJobRow.not_before > now)
    connection.execute(resting.values(not_before=now, attempts=0))


def finish(connection: Connection, photo_id: int) -> None:
    """Take a photo out of the queue, if it is there."""
    DELETION.run(connection, {"photo": photo_id})
