"""Walking folders: which photos lie where. The scan is the truth, events only make it quick."""

from __future__ import annotations

import os
import stat
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...db.records import FileEntry
from ..formats import FORMATS, format_of_name, suffix_of
from ..version import file_version, find_sidecars, is_sidecar_name, sidecar_paths
from .ignores import MARKERS, Ignores, has_marker_above
from .mounts import RootIdentity, identify, is_empty_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

FolderKey = tuple[int, int]  # st_dev, st_ino

NOTHING_MOUNTED = "nothing is mounted here now"

_SUFFIXES = frozenset(suffix for entry in FORMATS for suffix in entry.suffixes)


@dataclass(frozen=True, slots=True)
class Listing:
    """The photos of one folder, its path relative to the root (empty for the root itself).

    ``error`` says why the folder could not be read; then nothing is known about it or below it.
    ``doubtful`` names files that are listed but cannot be looked at: neither there nor gone.
    ``others`` counts the files that are no photos, by suffix.
    """

    relpath: bytes
    files: tuple[FileEntry, ...] = ()
    others: Counter[bytes] = field(default_factory=Counter)
    error: str | None = None
    doubtful: tuple[bytes, ...] = ()
    key: FolderKey | None = None
    is_absent_mount: bool = False


class Walk:
    """One walk over a folder of a root and all below it; remembers what it has seen.

    Symbolic links are not followed: their targets are photos where they really lie. Folders that
    are left out are not listed at all, so that photos known there count as vanished.
    ``prefix`` is the part of the root that belongs to the library: what is there must stay the
    same place during the walk. ``known_mounts`` are the mounts below the root that were seen at
    another time: where one is away, its empty folder says nothing about the photos.
    """

    def __init__(
        self,
        root: bytes,
        under: bytes = b"",
        *,
        prefix: bytes = b"",
        ignores: Ignores | None = None,
        known_mounts: Collection[bytes] = (),
    ) -> None:
        self.root = root
        self.under = under
        self.prefix = prefix
        self.identity: RootIdentity | None = None  # of root/prefix, at the start
        self.is_complete = False
        self.folders: dict[bytes, FolderKey] = {}
        self.unreadable: dict[bytes, str] = {}
        self.absent_mounts: list[bytes] = []
        self.others: Counter[bytes] = Counter()
        self._ignores = ignores or Ignores()
        self._known_mounts = known_mounts

    def listings(self) -> Iterator[Listing]:
        """List one folder after another, parents first.

        ``is_complete`` is true after the last one if the root was the same place all the time.
        """
        try:
            self.identity = identify(self.root, self.prefix)
        except OSError as error:
            yield self._note(Listing(self.under, error=_reason(error)))
            return
        for relpath in self._find_absent_mounts(self.identity.mounts):
            self.absent_mounts.append(relpath)
            yield self._note(Listing(relpath, error=NOTHING_MOUNTED, is_absent_mount=True))
        if not self._is_left_out():
            yield from self._descend()
        self.is_complete = self._is_still_there(self.identity)

    def vanished(self, known: Iterable[bytes]) -> list[bytes]:
        """Return those of the known folders that are gone; where nothing was readable, none."""
        if not self.is_complete:
            return []
        return [
            relpath
            for relpath in known
            if relpath not in self.folders and not self._is_hidden(relpath)
        ]

    def _descend(self) -> Iterator[Listing]:
        stack = [self.under]
        while stack:
            relpath = stack.pop()
            if self._is_hidden(relpath):
                continue
            listing, folders = list_folder(self.root, relpath, self._ignores)
            if listing is not None:
                yield self._note(listing)
                stack.extend(sorted(folders, reverse=True))

    def _note(self, listing: Listing) -> Listing:
        relpath = listing.relpath
        if listing.error is None and listing.key is not None:
            self.folders[relpath] = listing.key
            self.others.update(listing.others)
        else:
            self.unreadable[relpath] = listing.error or ""
        for name in listing.doubtful:  # it may be a folder
            self.unreadable[os.path.join(relpath, name)] = "cannot be looked at"
        return listing

    def _is_left_out(self) -> bool:
        return self._ignores.is_ignored_path(self.under) or has_marker_above(self.root, self.under)

    def _find_absent_mounts(self, mounted: Collection[bytes]) -> list[bytes]:
        away = sorted(relpath for relpath in self._known_mounts if relpath not in mounted)
        return [
            relpath for relpath in away if relpath and _is_nothing(os.path.join(self.root, relpath))
        ]

    def _is_hidden(self, relpath: bytes) -> bool:
        above = relpath
        while above and above not in self.unreadable:
            above = os.path.dirname(above)
        return above in self.unreadable

    def _is_still_there(self, before: RootIdentity) -> bool:
        try:
            return before.is_same_place(identify(self.root, self.prefix))
        except OSError:
            return False


def is_photo_name(name: bytes) -> bool:
    """Tell whether a file of this name counts as a photo; hidden ones (``._x.jpg``) do not."""
    return not name.startswith(b".") and format_of_name(name) is not None


def list_folder(
    root: bytes, relpath: bytes, ignores: Ignores
) -> tuple[Listing | None, list[bytes]]:
    """List one folder: its photos, and the paths of its folders relative to the root.

    There is no listing of a folder that is gone, no folder, or marked as left out.
    """
    folder = os.path.join(root, relpath)
    try:
        status = os.lstat(folder) if relpath else os.stat(folder)
        if not stat.S_ISDIR(status.st_mode):
            raise NotADirectoryError(20, "Not a directory", folder)
        found = _read(folder)
    except OSError as error:
        if relpath and isinstance(error, (FileNotFoundError, NotADirectoryError)):
            return None, []
        return Listing(relpath, error=_reason(error)), []
    if relpath and found.is_marked:
        return None, []
    start = relpath + b"/" if relpath else b""
    folders = [start + name for name in found.folders]
    files = found.files
    if ignores.has_globs:
        files = [file for file in files if not ignores.is_ignored_file(start + file.name)]
    listing = Listing(
        relpath,
        tuple(files),
        Counter(map(suffix_of, found.others)),
        doubtful=tuple(found.doubtful),
        key=(status.st_dev, status.st_ino),
    )
    return listing, [path for path in folders if not ignores.is_ignored_folder(path)]


_DOT = ord(".")
_KIND = 0o170000  # the bits of st_mode that tell a file from a folder


@dataclass(slots=True)
class _Found:
    """What lies in one folder."""

    files: list[FileEntry] = field(default_factory=list)
    folders: list[bytes] = field(default_factory=list)
    others: list[bytes] = field(default_factory=list)
    doubtful: list[bytes] = field(default_factory=list)
    is_marked: bool = False


def _read(folder: bytes) -> _Found:
    """Read a folder in one pass, with one stat a photo. Raises OSError.

    Every library is read whole again and again: what is written out here would cost a call a file.
    """
    found = _Found()
    add_file, suffixes, make = found.files.append, _SUFFIXES, tuple.__new__
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name[0] == _DOT:
                found.is_marked |= name in MARKERS
                continue
            try:
                suffix = name[name.rfind(b".") :]
                if suffix in suffixes or suffix.lower() in suffixes:
                    status = entry.stat(follow_symlinks=False)
                    kind = status.st_mode & _KIND
                    if kind == stat.S_IFREG:
                        add_file(make(FileEntry, (name, *file_version(status), 0)))
                    elif kind == stat.S_IFDIR:
                        found.folders.append(name)
                elif entry.is_dir(follow_symlinks=False):
                    found.folders.append(name)
                else:
                    found.others.append(name)
            except FileNotFoundError:  # deleted since it was listed
                continue
            except OSError:
                found.doubtful.append(name)
    _add_sidecars(folder, found)
    return found


def _add_sidecars(folder: bytes, found: _Found) -> None:
    """Note with the photos what lies beside them; most folders have nothing of that kind.

    What a photo has is looked up by its own name: only the file system knows if it knows case.
    """
    others = (*found.others, *found.folders)
    sidecars = {name.lower() for name in others if is_sidecar_name(name)}
    if not sidecars:
        return
    found.files = [
        file._replace(sidecar=find_sidecars(os.path.join(folder, file.name)))
        if not sidecars.isdisjoint(sidecar_paths(file.name.lower()))
        else file
        for file in found.files
    ]


def _is_nothing(folder: bytes) -> bool:
    """Tell whether a mount point shows nothing: it is empty, gone or cannot be read."""
    try:
        return is_empty_folder(folder)
    except OSError:
        return True


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
