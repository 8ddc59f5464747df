"""How the reader opens an SQLite catalog: read only, and without SQLAlchemy's half second."""

from __future__ import annotations

import contextlib
import grp
import os
import sqlite3
import stat
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_from_bytes

from .beside import list_backups
from .errors import (
    CatalogAbsent,
    CatalogBroken,
    CatalogError,
    CatalogLost,
    CatalogTooNew,
    CatalogTooOld,
    CatalogUnreadable,
)
from .explain import BROKEN, explain, primary_code
from .lock import was_made
from .states import KNOWN_REVISIONS, SCHEMA_REVISION

if TYPE_CHECKING:
    from collections.abc import Iterator

BUSY_SECONDS: Final = 10.0
PRAGMAS: Final = (
    "PRAGMA query_only = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -16000",
)


def open_for_reading(path: bytes) -> sqlite3.Connection:
    """Open an existing catalog of this program's schema; never creates or changes a file.

    Raises CatalogAbsent, CatalogLost, CatalogTooOld, CatalogTooNew, CatalogBroken, CatalogBusy or
    CatalogUnreadable.
    """
    _require_file(path)
    try:
        return _checked(path, "mode=ro")
    except sqlite3.Error as error:
        if not _is_at_rest(path) or primary_code(error) in BROKEN:
            raise explain_reading(error, path) from error
    # Where the folder cannot be written, SQLite cannot make the -shm file that a WAL catalog
    # needs. Without a -wal file no writer has it open, and the file alone is the whole truth.
    try:
        return _checked(path, "mode=ro&immutable=1")
    except sqlite3.Error as error:
        raise explain_reading(error, path) from error


@contextlib.contextmanager
def one_snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Let all questions inside see the same catalog, whatever the writer does meanwhile."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:  # some errors of the disk have ended it
            connection.execute("ROLLBACK")


def explain_reading(error: sqlite3.Error, path: bytes) -> CatalogError:
    """Turn SQLite's error into one that says what to do."""
    remedy = "it can be read while the daemon runs, or with write permission on its folder"
    return explain(error, path, remedy)


def absent_or_lost(path: bytes) -> CatalogError:
    """Tell a catalog that was never made from one that was, and is not there."""
    return CatalogLost(path, list_backups(path)) if was_made(path) else CatalogAbsent(path)


def unreachable(path: bytes, error: OSError) -> CatalogUnreadable:
    """Say that a catalog's folder lets nobody in, or only a group: then which one."""
    remedy = "ask its owner for access, or run this as the user of the daemon"
    with contextlib.suppress(OSError, KeyError):
        folder = os.stat(os.path.dirname(path))
        if folder.st_mode & stat.S_IXGRP and folder.st_gid not in (0, *os.getgroups()):
            group = grp.getgrgid(folder.st_gid).gr_name
            remedy = f"it is for the group {group}: sudo usermod -aG {group} NAME, then a new login"
    return CatalogUnreadable(path, f"it cannot be reached: {error.strerror}", remedy)


def _require_file(path: bytes) -> None:
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        raise absent_or_lost(path) from None
    except OSError as error:
        raise unreachable(path, error) from None


def _checked(path: bytes, options: str) -> sqlite3.Connection:
    uri = f"file:{quote_from_bytes(os.path.abspath(path))}?{options}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        for pragma in PRAGMAS:
            connection.execute(pragma)
        _check_schema(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_schema(connection: sqlite3.Connection, path: bytes) -> None:
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    if not tables:
        raise absent_or_lost(path)
    if "alembic_version" not in tables:
        raise CatalogBroken(path, "this is another program's database", list_backups(path))
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    found = row[0] if row else None
    if found is None or found in KNOWN_REVISIONS[:-1]:
        raise CatalogTooOld(path)
    if found != SCHEMA_REVISION:
        raise CatalogTooNew(path, found, SCHEMA_REVISION)


def _is_at_rest(path: bytes) -> bool:
    return not os.path.exists(path + b"-wal")
