"""The writer's engine: how a connection to the catalog is opened and how it begins."""

from __future__ import annotations

import os
import re
import sqlite3
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine, event, make_url
from sqlalchemy.pool import QueuePool

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Engine

BUSY_SECONDS: Final = 10.0

# NORMAL may lose the last commits when the power fails, never the catalog: lost rows are work
# done twice. What must not be done twice is committed durably (`Transactions.begin`). The size
# limit gives disk space back after a long reader let the WAL grow.
PRAGMAS: Final = (
    "PRAGMA synchronous = NORMAL",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -16000",
    "PRAGMA foreign_keys = ON",
)


def sqlite_path(target: bytes | str) -> bytes | None:
    """Give the file behind a path or a sqlite URL, or None where the target is another database.

    Raises ValueError for a sqlite URL without a file.
    """
    if isinstance(target, bytes):
        return os.path.abspath(target)
    if not re.match(r"[a-z][a-z0-9]*(\+[a-z0-9_]+)?://", target):
        return os.path.abspath(os.fsencode(target))
    url = make_url(target)
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:":
        raise ValueError("a catalog needs a file")
    return os.path.abspath(os.fsencode(url.database))


def open_engine(target: bytes | str, *, migrating: bool = False, wal: bool | None = True) -> Engine:
    """Make the one writer's engine for a path or a database URL; it holds one connection.

    For a migration the connection keeps SQLite's own settings: with foreign keys on, recreating
    a table would cascade, and a file that turns out not to be ours must stay as it was. `wal` is
    False where processes cannot share memory, as on a network file system: a journal file does
    there what the log does elsewhere; None leaves what there is.
    """
    path = sqlite_path(target)
    if path is None:
        return create_engine(str(target), pool_size=1, max_overflow=0)
    pragmas = () if migrating else (*_journal(wal), *PRAGMAS)
    engine = create_engine(
        "sqlite://",
        creator=lambda: _connect(path, pragmas),
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
    )
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _journal(wal: bool | None) -> tuple[str, ...]:
    return () if wal is None else (f"PRAGMA journal_mode = {'WAL' if wal else 'DELETE'}",)


def _connect(path: bytes, pragmas: Iterable[str]) -> sqlite3.Connection:
    """Open the file by its bytes: a URL could not carry a name that is not UTF-8."""
    # The pool hands the one connection to one thread at a time, not always to the same one.
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        for pragma in pragmas:
            connection.execute(pragma)
    except BaseException:
        connection.close()
        raise
    return connection


def _begin_immediate(connection: Connection) -> None:
    """Take the write lock at once: a transaction that reads first fails without waiting."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def sqlite_error(error: BaseException) -> sqlite3.Error | None:
    """Find SQLite's own error in one that SQLAlchemy may have wrapped."""
    original: Any = getattr(error, "orig", error)
    return original if isinstance(original, sqlite3.Error) else None
