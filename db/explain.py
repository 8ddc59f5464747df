"""SQLite's errors as ours: what is wrong with the catalog and what to do about it."""

from __future__ import annotations

import os
import sqlite3
from typing import Final

from .beside import list_backups
from .errors import CatalogBroken, CatalogBusy, CatalogError, CatalogFull, CatalogUnreadable

BROKEN: Final = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

# A disk without room is not always told as SQLITE_FULL: making the -wal or -shm file fails too.
PERHAPS_FULL: Final = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
LEAST_ROOM: Final = 1 << 20

NOT_OUR_FAULT: Final = (sqlite3.IntegrityError, sqlite3.ProgrammingError)
"""What is no trouble with the file but a mistake of the program."""


def primary_code(error: BaseException) -> int:
    """Drop the details from an extended result code; 0 where the error carries none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def explain(error: BaseException, path: bytes, remedy: str = "") -> CatalogError:
    """Turn an error of SQLite or the operating system into one that names the catalog."""
    code = primary_code(error)
    if code in BROKEN:
        return CatalogBroken(
            path, f"this is no catalog or a damaged one ({error})", list_backups(path)
        )
    if code == sqlite3.SQLITE_FULL or (code in PERHAPS_FULL and _is_full(path)):
        return CatalogFull(path)
    if code in BUSY:
        return CatalogBusy(path)
    remedy = remedy or "check its disk, free space and the folder's permissions"
    return CatalogUnreadable(path, f"the catalog cannot be used ({error})", remedy)


def _is_full(path: bytes) -> bool:
    try:
        room = os.statvfs(os.path.dirname(path))
    except OSError:
        return False
    return room.f_bavail * room.f_frsize < LEAST_ROOM
