"""The catalog's one writer: every change has a name here and is one short transaction."""

from __future__ import annotations

import os
import sqlite3
import time
from typing import TYPE_CHECKING, Self

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from . import folders, recording, roots
from .engine import open_engine, sqlite_path
from .lock import CatalogLock
from .migrate import bring_up_to_date, explain
from .paths import join
from .records import PendingPhoto
from .states import PhotoState
from .tables import FolderRow, PhotoRow, RootRow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from types import TracebackType

    from sqlalchemy import Engine

    from ..models.results import Analysis, ModelVersion
    from .records import FileEntry, FolderChange, PhotoFacts, RootFolder


class Catalog:
    """The writer of a catalog; a process has one and uses it from one thread at a time.

    >>> with Catalog.open(b"/var/lib/phototag/catalog.db") as catalog:  # doctest: +SKIP
    ...     root = catalog.add_root(b"/srv/photos")
    """

    def __init__(
        self, engine: Engine, lock: CatalogLock | None, clock: Callable[[], float] = time.time
    ) -> None:
        self._engine = engine
        self._lock = lock
        self._clock = clock

    @classmethod
    def open(cls, target: bytes | str, *, clock: Callable[[], float] = time.time) -> Self:
        """Open a path or a database URL for writing; create or migrate it where needed.

        Raises CatalogLocked, CatalogTooNew, CatalogBroken, CatalogUnreadable, or OSError where
        the folder cannot be made or the lock not be written.
        """
        path = sqlite_path(target)
        lock = None if path is None else _lock_beside(path)
        try:
            bring_up_to_date(target)
            return cls(_connected(target), lock, clock)
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    def close(self) -> None:
        """Close the connection and let the lock go; may be called twice."""
        self._engine.dispose()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def add_root(self, path: bytes) -> RootFolder:
        """Add a root by its absolute, real path; raises ValueError for any other.

        A path inside a known root gives that root and the way to it; known roots inside the new
        one are absorbed, their photos keep ids and labels.
        """
        with self._engine.begin() as connection:
            return roots.add_root(connection, path)

    def roots(self) -> list[RootFolder]:
        """List all roots by path."""
        with self._engine.begin() as connection:
            return roots.list_roots(connection)

    def folder_names(self, root_id: int, under: bytes = b"") -> list[bytes]:
        """List the folders at or below `under` that hold a photo not known to be missing."""
        with self._engine.begin() as connection:
            return folders.folder_names(connection, root_id, under)

    def reconcile_folder(
        self,
        root_id: int,
        relpath: bytes,
        entries: Sequence[FileEntry],
        unsettled: Collection[bytes] = (),
    ) -> FolderChange:
        """Make the complete listing of one folder's photo files the truth about it.

        Unknown and changed files become pending, files that are gone missing; a missing one that
        is back unchanged gets its state back. Results stay until new ones replace them. Files
        named in `unsettled` are there, but may be growing: nothing is said of them.
        """
        with self._engine.begin() as connection:
            return folders.reconcile(connection, root_id, relpath, entries, unsettled, self._now())

    def mark_folder_missing(self, root_id: int, relpath: bytes) -> int:
        """Mark all photos at and below a folder as missing and count them."""
        with self._engine.begin() as connection:
            return folders.mark_folder_missing(connection, root_id, relpath)

    def observe_file(self, root_id: int, relpath: bytes, entry: FileEntry) -> bool:
        """Note one file that was seen; say whether it is pending now."""
        with self._engine.begin() as connection:
            return folders.observe(connection, root_id, relpath, entry, self._now())

    def file_gone(self, root_id: int, relpath: bytes, name: bytes) -> bool:
        """Mark one file as missing; False where it is not known or missing already."""
        with self._engine.begin() as connection:
            return folders.mark_file_missing(connection, root_id, relpath, name) > 0

    def next_pending(self, limit: int, exclude: Collection[int] = ()) -> list[PendingPhoto]:
        """Give the newest photos that wait for an analysis, without those in `exclude`."""
        waiting = (
            select(
                PhotoRow.id,
                PhotoRow.name,
                PhotoRow.size,
                PhotoRow.mtime_ns,
                PhotoRow.inode,
                PhotoRow.attempts,
                FolderRow.relpath,
                RootRow.path,
            )
            .join(FolderRow, FolderRow.id == PhotoRow.folder_id)
            .join(RootRow, RootRow.id == FolderRow.root_id)
            .where(PhotoRow.state == PhotoState.PENDING.value, PhotoRow.id.not_in(exclude))
            .order_by(PhotoRow.mtime_ns.desc(), PhotoRow.id.desc())
            .limit(limit)
        )
        with self._engine.begin() as connection:
            rows = connection.execute(waiting).all()
        return [
            PendingPhoto(
                id=row.id,
                path=join(row.path, row.relpath, row.name),
                size=row.size,
                mtime_ns=row.mtime_ns,
                inode=row.inode,
                attempts=row.attempts,
            )
            for row in rows
        ]

    def find_analyzed(self, fingerprint: bytes, models: Collection[ModelVersion]) -> int | None:
        """Find a photo of the same pixels that exactly these models have analysed."""
        with self._engine.begin() as connection:
            return recording.find_analyzed(connection, fingerprint, models)

    def record_analysis(self, photo_id: int, facts: PhotoFacts, analysis: Analysis) -> None:
        """Store what the models say in place of what they said before; the photo is done.

        A photo that vanished meanwhile stays missing. Raises PhotoUnknown, or ValueError for
        results of a model that `analysis.models` does not name.
        """
        with self._engine.begin() as connection:
            recording.record_analysis(connection, photo_id, facts, analysis, self._now())

    def record_copy(self, photo_id: int, facts: PhotoFacts, source_id: int) -> None:
        """Store another photo's results as this one's; the source may be the photo itself."""
        with self._engine.begin() as connection:
            recording.record_copy(connection, photo_id, facts, source_id, self._now())

    def record_failure(
        self,
        photo_id: int,
        facts: PhotoFacts | None,
        reason: str,
        state: PhotoState = PhotoState.FAILED,
    ) -> None:
        """Store why a photo has no results; it loses those of an earlier content."""
        with self._engine.begin() as connection:
            recording.record_failure(connection, photo_id, facts, reason, state)

    def intern_labels(self, names: Iterable[str]) -> None:
        """Make names known before any photo shows them, so that a search accepts them."""
        with self._engine.begin() as connection:
            recording.intern_labels(connection, names)

    def counts(self) -> dict[PhotoState, int]:
        """Count the photos by state; a state without photos is left out."""
        number = select(PhotoRow.state, func.count()).group_by(PhotoRow.state)
        with self._engine.begin() as connection:
            return {PhotoState(state): count for state, count in connection.execute(number)}

    def _now(self) -> int:
        return int(self._clock())


def _lock_beside(path: bytes) -> CatalogLock:
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    lock = CatalogLock(path)
    lock.acquire()
    return lock


def _connected(target: bytes | str) -> Engine:
    """Open the one connection now: what is wrong with it belongs to the start."""
    engine = open_engine(target)
    try:
        engine.connect().close()
    except (DBAPIError, sqlite3.Error) as error:
        engine.dispose()
        raise explain(error, sqlite_path(target) or os.fsencode(target)) from error
    return engine
