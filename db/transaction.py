"""The writer's transactions: short, on the file that it opened, with errors that say what to do."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager, nullcontext, suppress
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

from sqlalchemy.exc import DBAPIError

from .engine import open_engine, sqlite_error, sqlite_path
from .errors import CatalogVanished
from .explain import NOT_OUR_FAULT, explain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import Connection, Engine

Thing = TypeVar("Thing")

CHUNK: Final = 500  # rows in one transaction; so many parameters every database takes


class Transactions:
    """Opens one connection and hands out transactions on it; for one thread at a time.

    Raises CatalogBroken, CatalogUnreadable, ... where the connection cannot be opened.
    """

    def __init__(self, target: bytes | str, *, exclusive: bool, wal: bool) -> None:
        self.path = sqlite_path(target)
        self._name = self.path or os.fsencode(target)
        # One that is not alone leaves the kind of journal as it is.
        self.engine: Engine = open_engine(target, wal=wal if exclusive else None)
        try:
            self.engine.connect().close()
            self._identity = self._look()
        except (DBAPIError, sqlite3.Error, OSError) as error:
            self.engine.dispose()
            raise explain(sqlite_error(error) or error, self._name) from error

    @property
    def is_in_place(self) -> bool:
        """Tell whether the catalog's path still names the file that was opened."""
        try:
            return self._look() == self._identity
        except OSError:
            return False

    @contextmanager
    def begin(self, *, is_durable: bool = False) -> Iterator[Connection]:
        """Make all that happens inside one transaction; if durable, a power cut undoes it no more.

        Raises CatalogVanished, CatalogFull, CatalogBusy, CatalogBroken or CatalogUnreadable; the
        catalog is as it was before then, and can be used again when the reason is gone.
        """
        if not self.is_in_place:
            raise CatalogVanished(self._name)
        waits = self._waiting_for_disk() if is_durable else nullcontext()
        try:
            with waits, self.engine.begin() as connection:
                yield connection
        except (DBAPIError, sqlite3.Error) as error:
            original = sqlite_error(error)
            if original is None or isinstance(original, NOT_OUR_FAULT):
                raise
            raise explain(original, self._name) from error

    def in_chunks(self, ids: Iterable[int], change: Callable[[Connection, list[int]], int]) -> int:
        """Change many rows in several short transactions, and count them."""
        changed = 0
        for some in chunks(ids):
            with self.begin() as connection:
                changed += change(connection, some)
        return changed

    def close(self) -> None:
        """Close the connection; may be called twice."""
        self.engine.dispose()

    @contextmanager
    def _waiting_for_disk(self) -> Iterator[None]:
        """Let commits wait until they are on the disk, which `open_engine` does not ask for."""
        self._set_synchronous("FULL")
        try:
            yield
        finally:
            with suppress(sqlite3.Error):  # what follows is slower then
                self._set_synchronous("NORMAL")

    def _set_synchronous(self, level: str) -> None:
        if self.path is not None:
            with closing(self.engine.raw_connection()) as connection:
                connection.cursor().execute(f"PRAGMA synchronous = {level}")

    def _look(self) -> tuple[int, int] | None:
        """Give what tells a file from one that took its name; None for a database server."""
        # Only stat: whoever opens and closes the file itself drops SQLite's locks on it.
        if self.path is None:
            return None
        status = os.stat(self.path)
        return status.st_dev, status.st_ino


def chunks(things: Iterable[Thing]) -> Iterator[list[Thing]]:
    """Cut into pieces that fit into one statement and one short transaction."""
    rest = iter(things)
    while some := list(islice(rest, CHUNK)):
        yield some
