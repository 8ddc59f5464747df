"""Roots of the library: disjoint folders, everything below them stored relative to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, insert, select, update

from .paths import is_real_absolute, join, relative_to
from .records import RootFolder
from .tables import FolderRow, RootRow

if TYPE_CHECKING:
    from sqlalchemy import Connection


def list_roots(connection: Connection) -> list[RootFolder]:
    """List all roots by path."""
    rows = connection.execute(select(RootRow.id, RootRow.path).order_by(RootRow.path))
    return [RootFolder(row.id, row.path) for row in rows]


def add_root(connection: Connection, path: bytes) -> RootFolder:
    """Add a root, or find the one that holds the path already; roots below it are absorbed.

    Raises ValueError for a path that is relative or has empty, `.` or `..` components.
    """
    if not is_real_absolute(path):
        raise ValueError(f"a root must be an absolute, real path, not {path!r}")
    known = list_roots(connection)
    for root in known:
        prefix = relative_to(path, root.path)
        if prefix is not None:
            return RootFolder(root.id, root.path, prefix)
    row = connection.execute(insert(RootRow).values(path=path).returning(RootRow.id))
    added = RootFolder(row.scalar_one(), path)
    for root in known:
        below = relative_to(root.path, path)
        if below is not None:
            _absorb(connection, root.id, added.id, below)
    return added


def _absorb(connection: Connection, inner_id: int, outer_id: int, prefix: bytes) -> None:
    """Hang a root's folders under another root; the photos do not notice.

    No two rows can meet: roots are disjoint and the outer one is new.
    """
    inner = select(FolderRow.id, FolderRow.relpath).where(FolderRow.root_id == inner_id)
    moves = [
        {"which": row.id, "place": join(prefix, row.relpath)} for row in connection.execute(inner)
    ]
    if moves:
        move = update(FolderRow).where(FolderRow.id == bindparam("which"))
        connection.execute(move.values(root_id=outer_id, relpath=bindparam("place")), moves)
    connection.execute(delete(RootRow).where(RootRow.id == inner_id))
