"""Copies, checks and repacking of a catalog file, beside its writer and without SQLAlchemy."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Final

from .beside import list_backups
from .errors import CatalogBroken, CatalogBusy
from .explain import explain
from .opening import BUSY_SECONDS, absent_or_lost, open_for_reading

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "back_up",
    "back_up_rotating",
    "check",
    "checkpoint",
    "list_backups",
    "vacuum",
    "wal_bytes",
]

KEPT: Final = 3

COUNTED: Final = {
    "label": "SELECT label_id AS thing FROM sighting",
    "keyword": "SELECT keyword_id AS thing FROM photo_keyword",
    "camera": "SELECT camera_id AS thing FROM photo",
    "lens": "SELECT lens_id AS thing FROM photo",
    "place": "SELECT country_id AS thing FROM photo UNION ALL SELECT region_id FROM photo"
    " UNION ALL SELECT city_id FROM photo",
}
MISCOUNTED: Final = " UNION ALL ".join(
    f"SELECT '{table}', t.name, t.n, coalesce(c.number, 0) FROM {table} t"  # noqa: S608
    f" LEFT JOIN (SELECT u.thing, count(*) AS number FROM ({photos}) u GROUP BY u.thing) c"
    " ON c.thing = t.id WHERE t.n <> coalesce(c.number, 0)"
    for table, photos in COUNTED.items()
)


def back_up(path: bytes, target: bytes) -> None:
    """Copy a catalog as it is at one moment into one whole file; its writer may go on meanwhile.

    The copy takes the target's name only when it is complete, sound and on the disk. Raises
    CatalogAbsent, CatalogBroken where the copy is not sound, CatalogFull or CatalogUnreadable.
    """
    if not os.path.exists(path):
        raise absent_or_lost(path)
    unfinished = target + b".new"
    _remove(unfinished)
    try:
        _copy(path, unfinished)
        shutil.copymode(path, unfinished)
        _flush(unfinished)
        os.replace(unfinished, target)
        _flush(os.path.dirname(os.path.abspath(target)))
    except (sqlite3.Error, OSError) as error:
        raise explain(error, target if isinstance(error, OSError) else path) from error
    finally:
        _remove(unfinished)


def back_up_rotating(path: bytes, keep: int = KEPT) -> bytes:
    """Copy a catalog to `<catalog>.bak.1`, where earlier copies move on to .2, .3, ... `keep`.

    Gives the copy's name. They move only when the new copy is there.
    """
    newest = path + b".bak.1"
    fresh = path + b".bak.0"
    back_up(path, fresh)
    for number in range(keep - 1, 0, -1):
        with suppress(FileNotFoundError):
            os.replace(_numbered(path, number), _numbered(path, number + 1))
    os.replace(fresh, newest)
    return newest


def check(path: bytes) -> list[str]:
    """Look for damage in a whole catalog; give a sentence for each, none for a sound one.

    Reads everything: ten to twenty seconds a gigabyte. Raises what opening it for reading raises.
    """
    try:
        with closing(open_for_reading(path)) as connection:
            damage = _damage(connection)
            orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
            counts = connection.execute(MISCOUNTED).fetchall()
    except CatalogBroken as error:
        return [error.reason]
    except sqlite3.DatabaseError as error:
        return [f"the file is damaged ({error})"]
    lost = {(row[0], row[2]) for row in orphans}
    return [
        *damage,
        *(f"rows of {table} whose {owner} does not exist" for table, owner in sorted(lost)),
        *(f"{kind} {name!r} counts {n} photos, it has {true}" for kind, name, n, true in counts),
    ]


def vacuum(path: bytes) -> None:
    """Repack a catalog so that deleted rows give their room back to the disk.

    Needs as much room again meanwhile, and keeps a writer waiting. Raises CatalogAbsent,
    CatalogBusy, CatalogFull, CatalogBroken or CatalogUnreadable.
    """
    with _writing(path) as connection:
        connection.execute("VACUUM")
    checkpoint(path)


def checkpoint(path: bytes) -> int:
    """Move the write-ahead log into the file as far as readers allow; give the bytes left in it.

    Waits for nobody: a reader that is not done leaves the log as it is until the next time.
    """
    with suppress(CatalogBusy), _writing(path, seconds=0) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return wal_bytes(path)


def wal_bytes(path: bytes) -> int:
    """Give the size of a catalog's write-ahead log; 0 where there is none."""
    try:
        return os.path.getsize(path + b"-wal")
    except OSError:
        return 0


def _copy(source: bytes, target: bytes) -> None:
    with (
        closing(sqlite3.connect(source, timeout=BUSY_SECONDS)) as reader,
        closing(sqlite3.connect(target, isolation_level=None)) as writer,
    ):
        # All pages in one go: a copy by and by begins again whenever the writer commits.
        reader.backup(writer)
        # One file that needs no log beside it.
        writer.execute("PRAGMA journal_mode = DELETE")
        if damage := _damage(writer):
            raise CatalogBroken(source, f"the copy would be damaged ({damage[0]})")


def _damage(connection: sqlite3.Connection) -> list[str]:
    lines = [line for (line,) in connection.execute("PRAGMA quick_check(20)")]
    return [] if lines == ["ok"] else [f"damaged: {' '.join(line.split())}" for line in lines]


@contextmanager
def _writing(path: bytes, seconds: float = BUSY_SECONDS) -> Iterator[sqlite3.Connection]:
    if not os.path.exists(path):
        raise absent_or_lost(path)
    try:
        with closing(sqlite3.connect(path, timeout=seconds, isolation_level=None)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise explain(error, path) from error


def _numbered(path: bytes, number: int) -> bytes:
    return path + b".bak.%d" % number


def _flush(path: bytes) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _remove(unfinished: bytes) -> None:
    for name in (unfinished, unfinished + b"-journal", unfinished + b"-wal", unfinished + b"-shm"):
        with suppress(FileNotFoundError):
            os.unlink(name)
