"""The roots of one run: whether they can be believed, and what walks and events say of them.

Absence is not deletion. A photo is marked as missing only at the end of a complete walk of a root
that is proven to be the same and present, or when an event says that just this file or folder went.
A walk that would lose more than half of a root is held until its owner confirms.
"""

from __future__ import annotations

import itertools
import logging
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..db.errors import CatalogError
from ..db.paths import join, relative_to
from ..db.reader import CatalogReader
from ..db.records import FileEntry, FolderChange
from ..db.states import RootState
from .printable import printable
from .watching.mounts import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from ..db.catalog import Catalog
    from ..db.records import RootFolder, RootRecord
    from .config import RootSettings
    from .watching.ignores import Ignores
    from .watching.mounts import RootIdentity
    from .watching.scan import Listing, Walk
    from .watching.scanner import ScanRequest
    from .watching.settle import StableFile

logger = logging.getLogger(__name__)

MOST_LOST_UNASKED = 20  # photos; fewer are never held as suspect


@dataclass(slots=True)
class Root:
    """A folder that this run watches: ``prefix`` (empty: all) of the catalog's root ``id``.

    ``key`` is its number in this run; two folders may belong to one root of the catalog.
    """

    key: int
    id: int
    path: bytes
    prefix: bytes
    watch: str
    state: RootState = RootState.OK
    identity: RootIdentity | None = None
    known_mounts: frozenset[bytes] = frozenset()
    last_scan: float | None = None
    error: str | None = None
    gone: dict[bytes, dict[int, bytes]] = field(default_factory=dict)  # by walk: ids, old paths

    @property
    def top(self) -> bytes:
        """The absolute path of what is watched."""
        return join(self.path, self.prefix)

    @property
    def is_served(self) -> bool:
        """Tell whether the root is there, so that what is seen in it counts."""
        return self.state not in (RootState.OFFLINE, RootState.MISSING)


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of a root."""

    root: Root
    relpath: bytes


class Library:
    """Keeps the catalog equal to the roots; belongs to the thread that writes the catalog."""

    def __init__(
        self,
        catalog: Catalog,
        path: bytes,
        settings: Collection[RootSettings],
        ignores: Ignores,
        on_pending: Callable[[], None],
    ) -> None:
        self._catalog = catalog
        self._path = path
        self.ignores = ignores
        self._on_pending = on_pending
        self._keys = itertools.count()
        self.roots: dict[int, Root] = {}
        self._real_paths: dict[bytes, bytes] = {}
        self.update(settings)

    def update(self, settings: Collection[RootSettings]) -> list[Root]:
        """Take these roots for the library's; return those that are not among them any more."""
        before = self.roots
        real = self._resolve(entry.path for entry in settings)
        for entry in settings:  # first all of them: one may lie in, or take in, another
            self._catalog.add_root(real[entry.path])
        places = [(self._catalog.add_root(real[entry.path]), entry) for entry in settings]
        records = {record.id: record for record in self._catalog.root_records()}
        known = {(root.id, root.prefix): root for root in before.values()}
        after: dict[tuple[int, bytes], Root] = {}
        for place, entry in places:
            name = (place.id, place.prefix)
            if name in after or any(_covers(other, place) for other, _ in places):
                continue
            root = known.get(name) or self._new_root(place, records[place.id])
            root.watch = entry.watch
            after[name] = root
        self.roots = {root.key: root for root in after.values()}
        return [root for name, root in known.items() if name not in after]

    def _resolve(self, paths: Iterable[bytes]) -> dict[bytes, bytes]:
        """Find real paths; what does not answer is where it was, or where it seems to be."""
        found, guesses = resolve(paths)
        for path in sorted(guesses):
            logger.warning("%s: the disk does not answer", printable(path))
        self._real_paths = guesses | self._real_paths | found
        return self._real_paths

    def _new_root(self, place: RootFolder, record: RootRecord) -> Root:
        root = Root(next(self._keys), place.id, place.path, place.prefix, "auto", record.state)
        root.known_mounts = frozenset(record.mounts)
        return root

    def locate(self, folder: bytes) -> Place | None:
        """Return which root a folder belongs to, or None if it is left out."""
        for root in self.roots.values():
            relpath = relative_to(folder, root.path)
            if relpath is None or (root.prefix and relative_to(relpath, root.prefix) is None):
                continue
            return None if self.ignores.is_ignored_path(relpath) else Place(root, relpath)
        return None

    def see_root(self, root: Root, identity: RootIdentity | None, error: str | None) -> bool:
        """Take in how a root looks now; tell whether it needs a full walk."""
        record = next(r for r in self._catalog.root_records() if r.id == root.id)
        root.error = error
        was_served = root.is_served
        state = self._judge(root, record.is_mount, identity)
        if state is not root.state:
            self._set_state(root, state)
            reason = f": {root.error}" if root.error else ""
            logger.warning("%s: %s%s", printable(root.top), state, reason)
        if identity is None or not root.is_served:
            root.identity = None
            return False
        is_changed = root.identity is None or (
            (root.identity.device, root.identity.inode) != (identity.device, identity.inode)
        )
        root.identity = identity
        if not root.prefix:
            self._remember(root, identity)
        return is_changed or not was_served

    def take_confirmed(self) -> list[Root]:
        """Return the roots whose loss the owner has confirmed since they became suspect."""
        suspects = [root for root in self.roots.values() if root.state is RootState.SUSPECT]
        if not suspects:
            return []
        states = {record.id: record.state for record in self._catalog.root_records()}
        confirmed = [root for root in suspects if states[root.id] is RootState.CONFIRMED]
        for root in confirmed:
            root.state = RootState.CONFIRMED
        return confirmed

    def take_listing(
        self, root: Root, walk_under: bytes, listing: Listing, unsettled: Collection[bytes] = ()
    ) -> FolderChange:
        """Make the catalog's rows of one folder equal to its listing; who is gone is kept back."""
        if listing.error is not None or listing.is_absent_mount or not root.is_served:
            return FolderChange()
        doubtful = {*unsettled, *listing.doubtful}
        change = self._catalog.reconcile_folder(
            root.id, listing.relpath, listing.files, doubtful, is_gone=self.is_gone
        )
        if change.gone:
            paths = self._catalog.photo_paths(change.gone)
            root.gone.setdefault(walk_under, {}).update(paths)
        if change.new or change.changed or change.returned:
            self._on_pending()
        return change

    @contextmanager
    def open_known(self) -> Iterator[Callable[[ScanRequest, Listing], bool]]:
        """Ask, on a scanner's own thread, whether a folder is just as the catalog knows it.

        Most are, and those need not pass through the one thread that writes.
        """
        try:
            reader = CatalogReader.open(self._path)
        except CatalogError:
            yield lambda _request, _listing: False
            return

        def is_known(request: ScanRequest, listing: Listing) -> bool:
            root = self.roots.get(request.root_id)
            if root is None or listing.error is not None or listing.doubtful:
                return False
            try:
                return reader.is_as_known(root.id, listing.relpath, listing.files)
            except CatalogError:
                return False

        with reader:
            yield is_known

    def finish_walk(self, root: Root, walk: Walk) -> int:
        """Mark what a complete walk did not find as missing; return how many photos that are.

        If that is more than half of those that its last whole walk saw, it becomes suspect instead.
        """
        noted = root.gone.pop(walk.under, {})
        if not walk.is_complete or not root.is_served or not self._is_same_root(root, walk):
            return 0
        known = self._catalog.folder_names(root.id, walk.under)
        gone = set(self._catalog.gone_folders_photos(root.id, walk.vanished(known)))
        # A photo that was found elsewhere since has another path now.
        gone.update(dict(noted.items() & self._catalog.photo_paths(noted).items()))
        is_full = walk.under == root.prefix
        if is_full:
            root.last_scan = time.time()
        if self._is_suspicious(root, gone):
            self._set_state(root, RootState.SUSPECT)
            logger.warning(
                "%s: %d photos are gone at once; nothing is marked until you confirm it with"
                " `phototag confirm-missing`",
                printable(root.top),
                len(gone),
            )
            return 0
        missing = self._catalog.mark_missing(gone)
        if is_full:
            self._catalog.note_scan(root.id, time.time())
            if root.state is not RootState.OK:
                self._set_state(root, RootState.OK)
        return missing

    def observe(self, file: StableFile) -> bool:
        """Enter one stable file; tell whether it waits for its analysis now."""
        place = self.locate(os.path.dirname(file.path))
        if place is None or not place.root.is_served:
            return False
        name = os.path.basename(file.path)
        if self.ignores.is_ignored_file(join(place.relpath, name)):
            return False
        entry = FileEntry(name, file.size, file.mtime_ns, file.inode, file.sidecar)
        is_pending = self._catalog.observe_file(
            place.root.id, place.relpath, entry, is_gone=self.is_gone
        )
        if is_pending:
            self._on_pending()
        return is_pending

    def photos_beside(self, sidecar: bytes) -> list[bytes]:
        """Return the paths of the known photos that a sidecar belongs to."""
        folder, name = os.path.split(sidecar)
        place = self.locate(folder)
        if place is None or not place.root.is_served:
            return []
        names = self._catalog.photos_beside(place.root.id, place.relpath, name)
        return [join(folder, photo) for photo in names]

    def forget_file(self, place: Place, name: bytes) -> bool:
        """Mark a file as missing that an event reported and that is not there.

        False, and nothing is marked, where its disk may be gone instead: a walk will judge.
        """
        if not _is_in_place(place):
            return False
        self._catalog.file_gone(place.root.id, place.relpath, name)
        return True

    def forget_folder(self, place: Place) -> bool:
        """Do the same with all photos at and below a folder."""
        if place.relpath == place.root.prefix or not _is_in_place(place):
            return False
        self._catalog.mark_folder_missing(place.root.id, place.relpath)
        return True

    def is_gone(self, path: bytes) -> bool:
        """Tell whether a file is certainly not at this place any more."""
        place = self.locate(os.path.dirname(path))
        if place is not None and place.root.identity is None:  # away, or it has never answered
            return False
        try:
            os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return place is None or _is_in_place(place)
        except OSError:
            return False
        return False

    def _judge(
        self, root: Root, was_mount: bool | None, identity: RootIdentity | None
    ) -> RootState:
        if identity is None:
            is_absent = root.error is None or root.error == os.strerror(2)
            return RootState.MISSING if is_absent else RootState.OFFLINE
        if not root.prefix and was_mount and not identity.is_mount and identity.is_empty:
            root.error = "the disk is not mounted"
            return RootState.OFFLINE
        return root.state if root.is_served else RootState.OK

    def _remember(self, root: Root, identity: RootIdentity) -> None:
        """Store which mounts belong to the root; those that are away stay known."""
        root.known_mounts |= frozenset(identity.mounts)
        self._catalog.set_root(
            root.id,
            device=identity.device,
            inode=identity.inode,
            is_mount=identity.is_mount,
            mounts=tuple(sorted(root.known_mounts)),
        )

    def _is_same_root(self, root: Root, walk: Walk) -> bool:
        """Tell whether a walk saw the root last looked at, not what stands in its place."""
        seen, known = walk.identity, root.identity
        if seen is None or known is None:
            return False
        return (seen.device, seen.inode, seen.is_mount) == (
            known.device,
            known.inode,
            known.is_mount,
        )

    def _is_suspicious(self, root: Root, gone: Collection[int]) -> bool:
        """Compare with what the last whole walk saw: another disk brings photos of its own."""
        if root.state is RootState.CONFIRMED or len(gone) <= MOST_LOST_UNASKED:
            return False
        record = next(r for r in self._catalog.root_records() if r.id == root.id)
        seen = record.last_scan_at
        lost = self._catalog.count_added(gone, seen)
        return lost * 2 > self._catalog.count_present(root.id, root.prefix, seen)

    def _set_state(self, root: Root, state: RootState) -> None:
        root.state = state
        if root.is_served or not root.prefix:  # a part that is away says nothing about the rest
            self._catalog.set_root_state(root.id, state)


def _is_in_place(place: Place) -> bool:
    """Tell whether a place is on the disk that it was on when its root was last looked at."""
    root, known = place.root, place.root.identity
    if known is None:
        return False
    mounts = (
        join(root.path, m) for m in root.known_mounts if relative_to(place.relpath, m) is not None
    )
    try:
        status = os.lstat(root.top)
        are_mounted = all(
            os.lstat(mount).st_dev != os.lstat(os.path.dirname(mount)).st_dev for mount in mounts
        )
    except OSError:
        return False
    return are_mounted and (status.st_dev, status.st_ino) == (known.device, known.inode)


def _covers(other: RootFolder, place: RootFolder) -> bool:
    """Tell whether another folder of the same root takes this one in."""
    return (
        other.id == place.id
        and other.prefix != place.prefix
        and (not other.prefix or relative_to(place.prefix, other.prefix) is not None)
    )
