"""A folder that holds one symbolic link for each photo of a saved search.

The folder is ours if it was new or empty when we took it: a marker file in it names the search and
lists the links with what they point to. Only what the marker lists, and is as listed, is ever taken
away or replaced: no file, no folder, no link that somebody else has made. The list is written
before a link is, so that a crash leaves none that we would not know.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import itertools
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self, TypeAlias

from ...db.paths import relative_to
from ...db.states import label_key
from ..printable import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from types import TracebackType

Link: TypeAlias = tuple[bytes, bytes]  # its name, and what it points to
MARKER: Final = b".phototag-links"
PARTIAL: Final = MARKER + b".part"
HEAD: Final = b"links of a saved search of phototag"
READ: Final = os.O_RDONLY | os.O_NONBLOCK
LONGEST_NAME: Final = 255
# What the folder's file system cannot take is said of one photo, not of the folder.
UNFIT: Final = (errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL)

REMEDIES: Final = {
    errno.EACCES: "let the user of the daemon write there",
    errno.EPERM: "choose a folder on a disk that can hold symbolic links",
    errno.ENOENT: "make the folder again, empty, or save the search without it",
    errno.ENOTDIR: "make room for the folder, or save the search without it",
    errno.ELOOP: "make room for the folder, or save the search without it",
    errno.ENOSPC: "make room on its disk",
    errno.EDQUOT: "make room on its disk",
    errno.EROFS: "mount its disk for writing; for a service, open the folder by ReadWritePaths=",
}
TRY_AGAIN: Final = "it is tried again by itself"


class LinkError(Exception):
    """A folder whose links cannot be kept, why, and what mends it."""

    def __init__(self, folder: bytes, reason: str, remedy: str = TRY_AGAIN) -> None:
        self.place = printable(folder)
        super().__init__(f"{self.place}: {reason}; {remedy}")
        self.reason, self.remedy = reason, remedy


@dataclass(frozen=True, slots=True)
class LinkChange:
    """How many links were made, how many taken away; `unfit` photos' names cannot be made there."""

    made: int = 0
    removed: int = 0
    unfit: int = 0


class LinkFolder:
    """The open and locked folder of one search; a context manager. Raises LinkError throughout.

    `is_patient` waits for another program that holds it; else that is an error, too.
    """

    def __init__(self, path: bytes, name: str, *, is_patient: bool = False) -> None:
        self._path = path
        self._name = name
        self._lock = fcntl.LOCK_EX | (0 if is_patient else fcntl.LOCK_NB)
        self._fd = -1

    def __enter__(self) -> Self:
        with _explained(self._path):
            self._fd = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(self._fd, self._lock)
        except BlockingIOError:
            os.close(self._fd)
            raise LinkError(self._path, "another program keeps its links just now") from None
        except OSError:  # some network file systems have no locks: then one goes without
            pass
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._fd)

    @property
    def version(self) -> int:
        """A number that changes whenever something comes into the folder or goes from it."""
        with _explained(self._path):
            return os.fstat(self._fd).st_mtime_ns

    def take(self) -> None:
        """Make the folder ours, unless it is already; a foreign one is refused."""
        with _explained(self._path):
            names = {os.fsencode(name) for name in os.listdir(self._fd)}
            if MARKER in names:
                self._read()
            elif names - {PARTIAL}:
                reason = "it holds other things and has no links of this search"
                raise LinkError(self._path, reason, "name a new or an empty folder")
            else:
                self._write(set())

    def update(self, photos: Iterable[bytes]) -> LinkChange:
        """Let exactly these photos have links; those that have one keep its name."""
        with _explained(self._path):
            wanted = dict.fromkeys(photos)
            there = self._list()
            ours = self._read() & there.items()
            kept = {target: name for name, target in sorted(ours, reverse=True) if target in wanted}
            old = {name: target for name, target in ours if kept.get(target) != name}
            new = _name_links((path for path in wanted if path not in kept), there.keys() - old)
            gone = old.keys() - new.keys()
            for name in gone:
                self._remove(name)
            if new:
                self._write({link for link in ours if link[0] not in gone} | new.items())
            made = [self._make(name, path, old.get(name)) for name, path in new.items()]
            return LinkChange(made.count(True), len(gone), made.count(False))

    def give_back(self) -> int:
        """Take our links and the marker away, and the folder if nothing is left in it."""
        with _explained(self._path):
            ours = self._read() & self._list().items()
            for name, _target in ours:
                self._remove(name)
            self._remove(MARKER)
            with contextlib.suppress(OSError):  # it holds something else, or is not ours to remove
                os.rmdir(self._path)
            return len(ours)

    def _list(self) -> dict[bytes, bytes | None]:
        """List what is there: what links point to, None for all else."""
        with os.scandir(self._fd) as entries:
            return {
                os.fsencode(entry.name): self._target(entry.name) if entry.is_symlink() else None
                for entry in entries
            }

    def _target(self, name: str) -> bytes | None:
        try:
            return os.fsencode(os.readlink(name, dir_fd=self._fd))
        except OSError:  # it has just gone, or is another thing by now
            return None

    def _read(self) -> set[Link]:
        """Read the marker: the links that we have made, or were about to make."""
        # By an opener: what turns out to be a folder is closed, too. A pipe may give None.
        with open(MARKER, "rb", opener=lambda *_: self._open(MARKER, READ)) as file:
            head, *fields = (file.read() or b"").split(b"\0")
        title, _, name = head.partition(b"\n")
        if title != HEAD or len(fields) % 2 != 1:
            reason = f"its {MARKER.decode()} is damaged"
            raise LinkError(self._path, reason, "empty the folder, then it is filled again")
        owner = name.decode("utf-8", "backslashreplace")
        if label_key(owner) != label_key(self._name):
            reason = f"it belongs to the saved search {owner!r}"
            raise LinkError(self._path, reason, "name a new or an empty folder")
        return set(zip(fields[:-1:2], fields[1::2], strict=True))

    def _write(self, links: Collection[Link]) -> None:
        fields = itertools.chain.from_iterable(sorted(links))
        head = HEAD + b"\n" + self._name.encode()
        self._drop_partial()
        try:
            with open(self._open(PARTIAL, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
                file.write(b"\0".join((head, *fields, b"")))
                file.flush()
                os.fsync(file.fileno())
            os.replace(PARTIAL, MARKER, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        except OSError:
            self._drop_partial()
            raise

    def _open(self, name: bytes, flags: int) -> int:
        return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644, dir_fd=self._fd)

    def _make(self, name: bytes, path: bytes, former: bytes | None) -> bool:
        """Make a link, or let one of ours point elsewhere; False if it cannot be called so."""
        try:
            if former is None:
                os.symlink(path, name, dir_fd=self._fd)
            else:
                self._drop_partial()
                os.symlink(path, PARTIAL, dir_fd=self._fd)
                os.replace(PARTIAL, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        except FileExistsError:  # somebody was quicker; the next time it gets another name
            return False
        except OSError as error:
            if error.errno not in UNFIT:
                raise
            return False
        return True

    def _remove(self, name: bytes) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._fd)

    def _drop_partial(self) -> None:
        self._remove(PARTIAL)


def make_folder(path: bytes, roots: Iterable[bytes]) -> None:
    """Make a folder for links, with those above it, unless it is there; raises LinkError.

    It may lie in a root, where walks pass links over, but be none and hold none.
    """
    for root in roots:
        if relative_to(os.path.realpath(root), path) is not None:
            reason = f"the watched folder {printable(root)} is there"
            raise LinkError(path, reason, "name another folder")
    with _explained(path):
        os.makedirs(path, exist_ok=True)


def _name_links(paths: Iterable[bytes], taken: Collection[bytes]) -> dict[bytes, bytes]:
    """Give each path a link name that is free: its file name, or with ~2, ~3 ... before the suffix.

    >>> _name_links([b"/a/x.jpg", b"/b/x.jpg", b"/c/x.jpg"], {b"x~2.jpg"})
    {b'x.jpg': b'/a/x.jpg', b'x~3.jpg': b'/b/x.jpg', b'x~4.jpg': b'/c/x.jpg'}
    """
    new: dict[bytes, bytes] = {}
    numbers: dict[bytes, int] = {}  # names that hundreds of folders share are not tried from 1
    for path in paths:
        first = os.path.basename(path)
        name, number = first, numbers.get(first, 1)
        while name in taken or name in new:
            number += 1
            name = _numbered(first, number)
        numbers[first] = number
        new[name] = path
    return new


def _numbered(name: bytes, number: int) -> bytes:
    stem, suffix = os.path.splitext(name)
    mark = b"~%d" % number
    return stem[: LONGEST_NAME - len(mark) - len(suffix)] + mark + suffix


@contextmanager
def _explained(path: bytes) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise LinkError(path, reason, REMEDIES.get(error.errno or 0, TRY_AGAIN)) from error
