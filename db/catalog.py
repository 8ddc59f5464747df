"""The catalog's one writer: every change has a name here and is one short transaction."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Self

from sqlalchemy import func, select

from . import folders, presence, queue, recording, roots, tag_queue, upkeep
from .engine import sqlite_path
from .explain import explain
from .lock import CatalogLock
from .migrate import bring_up_to_date
from .model_sets import ModelSets
from .names import Names
from .opening import open_for_reading
from .readings import Readings
from .saved import SavedSearches
from .states import PhotoState, RootState
from .tables import PhotoRow
from .tags import Tags
from .transaction import CHUNK, Transactions, chunks
from .waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType

    from sqlalchemy import Connection

    from ..models.results import Analysis, ModelVersion, Reading
    from .records import (
        FileEntry,
        FolderChange,
        PhotoFacts,
        RootFolder,
        RootRecord,
        Verdict,
    )


class Catalog:
    """The writer of a catalog; a process has one and uses it from one thread at a time.

    >>> with Catalog.open(b"/var/lib/phototag/catalog.db") as catalog:  # doctest: +SKIP
    ...     root = catalog.add_root(b"/srv/photos")
    """

    def __init__(
        self,
        transactions: Transactions,
        lock: CatalogLock | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._transactions = transactions
        self._lock = lock
        self._clock = clock
        self._names = Names()
        self.model_sets = ModelSets(transactions, self._names, self._now)
        self.queue = Waiting(transactions, self._names)
        self.readings = Readings(transactions, self._names, self._now)
        self.saved = SavedSearches(transactions, self._now)
        self.tags = Tags(transactions, self._now)

    @classmethod
    def open(
        cls,
        target: bytes | str,
        *,
        exclusive: bool = True,
        wal: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> Self:
        """Open a path or a database URL for writing; create or migrate it where needed.

        Not exclusive, for one short change beside the writer, it takes no lock and neither creates
        nor migrates. `wal` is False on a network file system, which cannot share memory.

        Raises CatalogLocked, CatalogLost for one that was there once and is not, CatalogTooNew,
        CatalogBroken, CatalogFull, CatalogBusy or CatalogUnreadable; if not exclusive also
        CatalogAbsent and CatalogTooOld.
        """
        path = sqlite_path(target)
        if not exclusive:
            if path is not None:
                open_for_reading(path).close()
            return cls(Transactions(target, exclusive=False, wal=wal), None, clock)
        lock = None if path is None else _lock_beside(path)
        try:
            bring_up_to_date(target, may_create=lock is None or not lock.is_noted)
            transactions = Transactions(target, exclusive=True, wal=wal)
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        if lock is not None:
            lock.note_made()
        return cls(transactions, lock, clock)

    def close(self) -> None:
        """Close the connection and let the lock go; may be called twice."""
        self._transactions.close()
        if self._lock is not None:
            self._lock.release()

    def is_in_place(self) -> bool:
        """Tell whether the catalog's file still is the one that was opened.

        Every change looks, too, and raises CatalogVanished.
        """
        return self._transactions.is_in_place

    def checkpoint(self) -> int:
        """Move the write-ahead log into the file; give the bytes that readers keep in it."""
        path = self._transactions.path
        return 0 if path is None else upkeep.checkpoint(path)

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
        with self._begin() as connection:
            return roots.add_root(connection, path)

    def roots(self) -> list[RootFolder]:
        """List all roots by path."""
        with self._begin() as connection:
            return roots.list_roots(connection)

    def root_records(self) -> list[RootRecord]:
        """List all roots by path with what is known of them."""
        with self._begin() as connection:
            return roots.list_records(connection)

    def set_root(
        self, root_id: int, *, device: int, inode: int, is_mount: bool, mounts: Iterable[bytes]
    ) -> None:
        """Remember which folder a root is, and all mount points below it, relative to it.

        A mount point that is not named is forgotten, and what it held may then be missing.
        """
        with self._begin() as connection:
            roots.set_identity(connection, root_id, device=device, inode=inode, is_mount=is_mount)
            roots.set_mounts(connection, root_id, mounts)

    def set_root_state(self, root_id: int, state: RootState) -> None:
        """Set how far a root can be believed."""
        with self._begin() as connection:
            roots.set_state(connection, root_id, state)

    def confirm_missing(self, root_id: int) -> bool:
        """Allow the next whole walk of a suspect root to believe it; False for any other root."""
        with self._begin() as connection:
            return roots.set_state(
                connection, root_id, RootState.CONFIRMED, only_from=RootState.SUSPECT
            )

    def note_scan(self, root_id: int, when: float) -> None:
        """Remember when a root was walked completely."""
        with self._begin() as connection:
            roots.set_last_scan(connection, root_id, int(when))

    def folder_names(self, root_id: int, under: bytes = b"") -> list[bytes]:
        """List the folders at or below `under` that hold a photo not known to be missing."""
        with self._begin() as connection:
            return presence.folder_names(connection, root_id, under)

    def reconcile_folder(
        self,
        root_id: int,
        relpath: bytes,
        entries: Sequence[FileEntry],
        unsettled: Collection[bytes] = (),
        *,
        is_gone: Callable[[bytes], bool] = folders.never,
    ) -> FolderChange:
        """Make the complete listing of one folder's photo files the truth about it.

        Unknown and changed files become pending; a missing one that is back unchanged gets its
        state back. Results stay until new ones replace them. Files that are gone are told, not
        marked: that is for `mark_missing`, when a whole walk has shown how many they are.

        Files named in `unsettled` are there, but may be growing, or could not be looked at: nothing
        is said of them.

        An unknown file with inode, size and time of a known one is that photo, moved, if the known
        one has left its place. In this folder the listing tells; of any other place `is_gone` is
        asked with the absolute path, and must not say so of a place that may only be hidden.
        """
        with self._begin() as connection:
            return folders.reconcile(
                connection, root_id, relpath, entries, unsettled, self._now(), is_gone
            )

    def gone_folders_photos(self, root_id: int, relpaths: Collection[bytes]) -> tuple[int, ...]:
        """Give the ids of the photos in exactly these folders that are not missing yet."""
        found: list[int] = []
        for some in chunks(relpaths):
            with self._begin() as connection:
                found += presence.photos_of_folders(connection, root_id, some)
        return tuple(found)

    def photo_paths(self, ids: Collection[int]) -> dict[int, bytes]:
        """Give the absolute paths of photos as they are known now."""
        found: dict[int, bytes] = {}
        for some in chunks(ids):
            with self._begin() as connection:
                found |= presence.photo_paths(connection, some)
        return found

    def count_present(self, root_id: int, under: bytes = b"", until: int | None = None) -> int:
        """Count the photos at or below a folder, added until a time, that are not missing."""
        with self._begin() as connection:
            return presence.count_present(connection, root_id, under, until)

    def count_added(self, ids: Collection[int], until: int | None = None) -> int:
        """Count those of these photos that were added until a time; None: all."""
        return self._transactions.in_chunks(
            ids, lambda connection, some: presence.count_added(connection, some, until)
        )

    def mark_missing(self, ids: Collection[int]) -> int:
        """Mark photos as missing; they keep their results. Count those that were not yet."""
        now = self._now()
        return self._transactions.in_chunks(
            ids, lambda connection, some: presence.mark_missing(connection, some, now)
        )

    def mark_folder_missing(self, root_id: int, relpath: bytes) -> int:
        """Mark all photos at and below a folder as missing and count them."""
        with self._begin() as connection:
            return presence.mark_folder_missing(connection, root_id, relpath, self._now())

    def purge_missing(self, before: int) -> int:
        """Forget photos that are missing since before a time, with their results; count them.

        Only in roots in order: elsewhere one may have come back without anyone seeing it.
        """
        purged = 0
        while True:
            with self._begin() as connection:
                number = presence.purge(connection, before, CHUNK)
            purged += number
            if number < CHUNK:
                return purged

    def observe_file(
        self,
        root_id: int,
        relpath: bytes,
        entry: FileEntry,
        *,
        is_gone: Callable[[bytes], bool] = folders.never,
    ) -> bool:
        """Note one file that was seen; say whether it is pending now, and then one of the next.

        An unknown one may be a known photo under another name, see `reconcile_folder`.
        """
        with self._begin() as connection:
            return folders.observe(connection, root_id, relpath, entry, self._now(), is_gone)

    def file_gone(self, root_id: int, relpath: bytes, name: bytes) -> bool:
        """Mark one file as missing; False where it is not known or missing already."""
        with self._begin() as connection:
            now = self._now()
            return presence.mark_file_missing(connection, root_id, relpath, name, now) > 0

    def photos_beside(self, root_id: int, relpath: bytes, sidecar: bytes) -> list[bytes]:
        """Give the names of the photos of a folder that a sidecar of this name belongs to."""
        with self._begin() as connection:
            return folders.photos_beside(connection, root_id, relpath, sidecar)

    def find_analyzed(
        self, fingerprint: bytes, models: Collection[ModelVersion], photo_id: int = 0
    ) -> int | None:
        """Find a photo of the same pixels that exactly these models have analysed.

        If that photo is one of them, it is found before all others.
        """
        with self._begin() as connection:
            return recording.find_analyzed(connection, self._names, fingerprint, models, photo_id)

    def record_reading(
        self,
        photo_id: int,
        facts: PhotoFacts,
        analysis: Analysis,
        reading: Reading,
        *,
        rules: str,
        verdicts: tuple[Verdict, ...] | None = None,
        queue_tags: bool = False,
    ) -> bool:
        """Store what the models say, and what is believed, in place of before; the photo is done.

        `rules` is a digest of the rules by which the reading was made. What other models said of
        the same pixels stays beside. Metadata and keywords become those of `facts`, less the tags
        of ours that the photo's files are known to hold. With `queue_tags` its tags wait to be
        written.

        False, and nothing is stored, where the verdicts that the reading obeys are given, and there
        are others by now. A photo that vanished meanwhile stays missing. Raises PhotoUnknown, or
        ValueError for results of a model that `analysis.models` does not name.
        """
        stamp = recording.Stamp(rules, self._now(), verdicts)
        with self._begin() as connection:
            is_recorded = recording.record_reading(
                connection, self._names, photo_id, facts, analysis, reading, stamp
            )
            if is_recorded and queue_tags:
                tag_queue.queue_one(connection, photo_id)
        return is_recorded

    def record_copy(
        self, photo_id: int, facts: PhotoFacts, source_id: int, *, queue_tags: bool = False
    ) -> None:
        """Store another photo's results as this one's; the source may be the photo itself.

        Keywords and metadata are those of `facts`, as in `record_reading`. Raises PhotoUnknown.
        """
        now = self._now()
        with self._begin() as connection:
            recording.record_copy(connection, photo_id, facts, source_id, now)
            if queue_tags:
                tag_queue.queue_one(connection, photo_id)

    def record_failure(
        self,
        photo_id: int,
        facts: PhotoFacts | None,
        reason: str,
        state: PhotoState = PhotoState.FAILED,
        *,
        counted: bool = True,
    ) -> PhotoState:
        """Store why a photo has no results; give its state, which may be dead after many failures.

        It loses the results of an earlier content. A failure that is not counted says nothing of
        the photo (its disk did not answer): it keeps them, and is tried again soon.
        """
        now = self._now()
        with self._begin() as connection:
            if not counted:
                return queue.record_hindrance(connection, photo_id, reason, now)
            return queue.record_failure(connection, photo_id, facts, reason, state, now)

    def intern_labels(self, names: Iterable[str]) -> None:
        """Make names known before any photo shows them, so that a search accepts them."""
        with self._begin() as connection:
            self._names.labels(connection, names)

    def count_pending(self) -> int:
        """Count the photos that wait for their analysis."""
        waiting = select(func.count()).where(PhotoRow.state == PhotoState.PENDING.value)
        with self._begin() as connection:
            return connection.scalar(waiting) or 0

    def counts(self) -> dict[PhotoState, int]:
        """Count the photos by state; a state without photos is left out."""
        number = select(PhotoRow.state, func.count()).group_by(PhotoRow.state)
        with self._begin() as connection:
            return {PhotoState(state): count for state, count in connection.execute(number)}

    def _begin(self) -> AbstractContextManager[Connection]:
        return self._transactions.begin()

    def _now(self) -> int:
        return int(self._clock())


def _lock_beside(path: bytes) -> CatalogLock:
    lock = CatalogLock(path)
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise explain(error, path) from error
    return lock
