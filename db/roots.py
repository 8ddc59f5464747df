"""Roots of the library: disjoint folders, everything below them stored relative to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, insert, select, update

from .paths import is_real_absolute, join, relative_to
from .records import RootFolder, RootRecord
from .states import RootState
from .tables import FolderRow, MountRow, RootRow

if TYPE_CHECKING:
    from collections.abc import Iterable

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


def list_records(connection: Connection) -> list[RootRecord]:
    """List all roots by path with what is known of them."""
    mounts: dict[int, list[bytes]] = {}
    places = select(MountRow.root_id, MountRow.relpath).order_by(MountRow.relpath)
    for row in connection.execute(places):
        mounts.setdefault(row.root_id, []).append(row.relpath)
    columns = (RootRow.device, RootRow.inode, RootRow.is_mount, RootRow.last_scan_at)
    rows = select(RootRow.id, RootRow.path, RootRow.state, *columns).order_by(RootRow.path)
    return [
        RootRecord(
            id=row.id,
            path=row.path,
            state=RootState(row.state),
            device=row.device,
            inode=row.inode,
            is_mount=bool(row.is_mount),
            last_scan_at=row.last_scan_at,
            mounts=tuple(mounts.get(row.id, ())),
        )
        for row in connection.execute(rows)
    ]


def set_identity(
    connection: Connection, root_id: int, *, device: int, inode: int, is_mount: bool
) -> None:
    """Remember which folder a root is."""
    root = update(RootRow).where(RootRow.id == root_id)
    connection.execute(root.values(device=device, inode=inode, is_mount=int(is_mount)))


def set_mounts(connection: Connection, root_id: int, mounts: Iterable[bytes]) -> None:
    """Put the mount points below a root in place of those known before."""
    connection.execute(delete(MountRow).where(MountRow.root_id == root_id))
    rows = [{"root_id": root_id, "relpath": relpath} for relpath in sorted(set(mounts))]
    if rows:
        connection.execute(insert(MountRow), rows)


def set_state(
    connection: Connection, root_id: int, state: RootState, only_from: RootState | None = None
) -> bool:
    """Set how far a root can be believed; say whether there was one to set."""
    root = update(RootRow).where(RootRow.id == root_id)
    if only_from is not None:
        root = root.where(RootRow.state == only_from.value)
    return connection.execute(root.values(state=state.value)).rowcount > 0


def set_last_scan(connection: Connection, root_id: int, when: int) -> None:
    """Remember when a root was walked completely."""
    connection.execute(update(RootRow).where(RootRow.id == root_id).values(last_scan_at=when))


def _absorb(connection: Connection, inner_id: int, outer_id: int, prefix: bytes) -> None:
    """Hang a root's folders and mounts under another root; the photos do not notice.

    No two rows can meet: roots are disjoint and the outer one is new.
    """
    inner = select(FolderRow.id, FolderRow.relpath).where(FolderRow.root_id == inner_id)
    moves = [
        {"which": row.id, "place": join(prefix, row.relpath)} for row in connection.execute(inner)
    ]
    if moves:
        move = update(FolderRow).where(FolderRow.id == bindparam("which"))
        connection.execute(move.values(root_id=outer_id, relpath=bindparam("place")), moves)
    _absorb_mounts(connection, inner_id, outer_id, prefix)
    connection.execute(delete(RootRow).where(RootRow.id == inner_id))


def _absorb_mounts(connection: Connection, inner_id: int, outer_id: int, prefix: bytes) -> None:
    """Keep what would tell an absent disk from deleted photos; the inner root may be one itself."""
    (inner,) = [record for record in list_records(connection) if record.id == inner_id]
    places = [join(prefix, relpath) for relpath in inner.mounts] + [prefix] * inner.is_mount
    connection.execute(delete(MountRow).where(MountRow.root_id == inner_id))
    if places:
        rows = [{"root_id": outer_id, "relpath": place} for place in places]
        connection.execute(insert(MountRow), rows)
