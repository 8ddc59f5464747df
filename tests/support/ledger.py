"""A look into a catalog past every layer: which rows it has, by plain SQL, at any moment."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

ROWS = (
    "SELECT p.id, r.path, f.relpath, p.name, p.state, p.error, p.attempts, p.size, p.analyzed_at"
    " FROM photo p JOIN folder f ON f.id = p.folder_id JOIN root r ON r.id = f.root_id"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One photo's row."""

    id: int
    path: bytes
    state: str
    error: str | None
    attempts: int
    size: int
    analyzed_at: int | None


class Ledger:
    """The rows of a catalog that need not exist yet."""

    def __init__(self, catalog: Path) -> None:
        self.catalog = catalog

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a question; none where there is no catalog or no table yet."""
        if not self.catalog.exists():
            return []
        connection = sqlite3.connect(f"file:{self.catalog}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise
        finally:
            connection.close()

    def change(self, sql: str, *values: Any) -> int:
        """Change rows behind the program's back, as time or a damage would; count them."""
        connection = sqlite3.connect(self.catalog, timeout=10)
        try:
            with connection:
                return connection.execute(sql, values).rowcount
        finally:
            connection.close()

    def rows(self, under: bytes | str | Path = b"/") -> dict[bytes, Row]:
        """Return the rows at or below a path, by path; a path that has two rows is an error."""
        top = os.fsencode(under).rstrip(b"/")
        found: dict[bytes, Row] = {}
        for number, root, relpath, name, *rest in self.ask(ROWS):
            path = os.path.join(root, relpath, name)
            if path == top or path.startswith(top + b"/"):
                assert path not in found, f"two rows for {path!r}"
                found[path] = Row(number, path, *rest)
        return found

    def row(self, path: bytes | str | Path) -> Row | None:
        """Return the row of one path."""
        return self.rows(path).get(os.fsencode(path))

    def states(self, under: bytes | str | Path) -> dict[str, str]:
        """Return the states below a folder by the path relative to it."""
        top = os.fsencode(under)
        return {
            os.fsdecode(os.path.relpath(path, top)): row.state
            for path, row in self.rows(under).items()
        }

    def count(self, state: str | None = None) -> int:
        """Count the rows of a state, or all."""
        where = "" if state is None else " WHERE state = ?"
        values = () if state is None else (state,)
        found = self.ask(f"SELECT count(*) FROM photo{where}", *values)  # noqa: S608
        return found[0][0] if found else 0

    def check(self) -> str:
        """Return what SQLite says of the file's integrity: "ok"."""
        return str(self.ask("PRAGMA integrity_check")[0][0])
