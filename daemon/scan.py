"""Walking folders: which photos lie where. The scan is the truth, events only make it quick."""

from __future__ import annotations

import os
import stat
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..db.records import FileEntry
from .formats import format_of_name, suffix_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Folders that hold no photos of their owner, each with the reason.
IGNORED_FOLDERS = {
    b"@eaDir": "Synology's thumbnails",
    b"#recycle": "Synology's trash",
    b"@Recycle": "QNAP's trash",
    b"$RECYCLE.BIN": "Windows' trash",
    b"System Volume Information": "Windows' own",
    b"lost+found": "what fsck found",
    b"__MACOSX": "resource forks in archives made on a Mac",
}


@dataclass(frozen=True, slots=True)
class Listing:
    """The photos of one folder, its path relative to the root (empty for the root itself).

    ``error`` says why the folder could not be read; then nothing is known about it or below it.
    ``others`` counts the files that are no photos, by suffix.
    """

    relpath: bytes
    files: tuple[FileEntry, ...] = ()
    others: Counter[bytes] = field(default_factory=Counter)
    error: str | None = None


@dataclass(slots=True)
class Walk:
    """What one walk has seen so far of a root, at and below ``under``."""

    under: bytes
    seen: set[bytes] = field(default_factory=set)
    unreadable: dict[bytes, str] = field(default_factory=dict)
    others: Counter[bytes] = field(default_factory=Counter)

    def note(self, listing: Listing) -> None:
        """Take in one folder's listing."""
        if listing.error is None:
            self.seen.add(listing.relpath)
            self.others.update(listing.others)
        else:
            self.unreadable[listing.relpath] = listing.error

    def vanished(self, known: Iterable[bytes]) -> list[bytes]:
        """Return those of the known folders that are gone; where nothing was readable, none."""
        return [
            relpath
            for relpath in known
            if relpath not in self.seen and not self._is_hidden(relpath)
        ]

    def _is_hidden(self, relpath: bytes) -> bool:
        above = relpath
        while above and above not in self.unreadable:
            above = os.path.dirname(above)
        return above in self.unreadable


def is_ignored_folder(name: bytes) -> bool:
    """Tell whether a folder of this name is left out: hidden, or one of ``IGNORED_FOLDERS``."""
    return name.startswith(b".") or name in IGNORED_FOLDERS


def is_photo_name(name: bytes) -> bool:
    """Tell whether a file of this name counts as a photo; hidden ones (``._x.jpg``) do not."""
    return not name.startswith(b".") and format_of_name(name) is not None


def is_ignored_path(relpath: bytes) -> bool:
    """Tell whether a folder relative to its root lies in an ignored one."""
    return any(is_ignored_folder(part) for part in relpath.split(b"/") if part)


def walk(root: bytes, under: bytes = b"") -> Iterator[Listing]:
    """List a folder of a root and all below it, one ``Listing`` a folder, parents first.

    Symbolic links are not followed: their targets are photos where they really lie.
    """
    stack = [under]
    while stack:
        relpath = stack.pop()
        listing, folders = list_folder(root, relpath)
        yield listing
        stack.extend(sorted(folders, reverse=True))


def list_folder(root: bytes, relpath: bytes) -> tuple[Listing, list[bytes]]:
    """List one folder: its photos, and its folders' paths relative to the root."""
    files: list[FileEntry] = []
    others: Counter[bytes] = Counter()
    folders: list[bytes] = []
    try:
        with os.scandir(os.path.join(root, relpath)) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if not is_ignored_folder(entry.name):
                        folders.append(os.path.join(relpath, entry.name))
                elif is_photo_name(entry.name):
                    files.extend(_found(entry))
                elif not entry.name.startswith(b"."):
                    others[suffix_of(entry.name)] += 1
    except OSError as error:
        return Listing(relpath, error=error.strerror or str(error)), []
    return Listing(relpath, tuple(files), others), folders


def _found(entry: os.DirEntry[bytes]) -> Iterator[FileEntry]:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:  # deleted since it was listed
        return
    if stat.S_ISREG(status.st_mode):
        yield FileEntry(entry.name, status.st_size, status.st_mtime_ns, status.st_ino)
