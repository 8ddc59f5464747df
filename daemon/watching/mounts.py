"""What is mounted where, and what paths lead to; a dead server holds nobody up for long.

Mounts are read from ``/proc/self/mountinfo``, which never waits. See proc(5) for its format. Where
there is none (macOS) nothing counts as mounted.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOUNTINFO = "/proc/self/mountinfo"
HUNG_SECONDS: Final = 10.0  # without an answer of the disk; one that wakes up needs some

# File systems whose changes are made elsewhere: the kernel here has no events for them.
NETWORK_TYPES = frozenset(
    {
        "9p", "afs", "acfs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs2", "glusterfs", "gpfs",
        "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "prl_fs", "pvfs2", "smb2", "smb3",
        "smbfs", "vboxsf", "virtiofs", "vmhgfs",
    }
)  # fmt: skip

# FUSE drivers of disks in this machine; whatever else comes by FUSE may change behind our back.
LOCAL_FUSE_TYPES = frozenset(
    {"fuseblk", "fuse.exfat", "fuse.ntfs", "fuse.ntfs-3g", "fuse.lowntfs-3g", "fuse.ext2"}
)

_MOST_STEPS = 1000  # of a path with all its links, which may lead in a circle
_ESCAPE = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo; ``device`` is the (major, minor) of its file system."""

    id: int
    parent: int
    device: tuple[int, int]
    point: bytes
    is_read_only: bool
    fstype: str
    source: bytes


class MountTable:
    """The mounts of this process's view of the file system at one moment."""

    def __init__(self, mounts: Iterable[Mount]) -> None:
        self._mounts = tuple(mounts)
        self._children: dict[int, list[Mount]] = {}
        for mount in self._mounts:
            self._children.setdefault(mount.parent, []).append(mount)
        self._top = self._find_top()

    def find(self, path: bytes) -> Mount:
        """Return the mount that a real absolute path lies on, going down as a lookup does.

        Of two mounts on the same parent the one nearer to ``/`` hides the other.
        """
        here = self._top
        while True:
            steps = [
                mount
                for mount in self._children.get(here.id, ())
                if mount.id != here.id and _holds(mount.point, path)
            ]
            if not steps:
                return here
            here = min(steps, key=lambda mount: len(mount.point))

    def below(self, path: bytes) -> tuple[Mount, ...]:
        """Return the mounts that can be reached strictly below a path."""
        return tuple(
            mount
            for mount in self._mounts
            if mount.point != path
            and _holds(path, mount.point)
            and self.find(mount.point).id == mount.id
        )

    def is_point(self, path: bytes) -> bool:
        """Tell whether something is mounted exactly here."""
        return self.find(path).point == path

    def devices(self) -> frozenset[tuple[int, int]]:
        """Return the devices of all mounted file systems."""
        return frozenset(mount.device for mount in self._mounts)

    def _find_top(self) -> Mount:
        ids = {mount.id for mount in self._mounts}
        for mount in self._mounts:
            if mount.point == b"/" and mount.parent not in ids - {mount.id}:
                return mount
        return _NO_MOUNT


# What a path lies on where the table does not tell.
_NO_MOUNT = Mount(-1, -1, (0, 0), b"/", is_read_only=False, fstype="unknown", source=b"")


@dataclass(frozen=True, slots=True)
class RootIdentity:
    """By what a root, or its part that belongs to the library, is recognised.

    ``mounts`` are the mounts below, relative to the root.

    ``is_empty`` is only looked at where nothing is mounted: an empty folder that was a mount
    point is a disk that is away.
    """

    device: int
    inode: int
    is_mount: bool
    is_empty: bool
    fstype: str
    is_read_only: bool
    mounts: tuple[bytes, ...] = ()

    def is_same_place(self, other: RootIdentity | None) -> bool:
        """Tell whether absence below may be believed: nothing was swapped, mounted or unmounted."""
        return other is not None and (
            (self.device, self.inode, self.is_mount, self.mounts)
            == (other.device, other.inode, other.is_mount, other.mounts)
        )


def read_mounts() -> MountTable:
    """Read the table as it is now."""
    try:
        with open(MOUNTINFO, "rb") as file:
            return MountTable(map(parse_line, file.read().splitlines()))
    except FileNotFoundError:
        return MountTable(())


def parse_line(line: bytes) -> Mount:
    r"""Take one line apart.

    >>> parse_line(rb"36 35 98:0 /a /mnt/my\040disk rw,noatime - ext3 /dev/root rw").point
    b'/mnt/my disk'
    """
    before, _, after = line.partition(b" - ")
    number, parent, device, _, point, options = before.split(b" ")[:6]
    fstype, source, super_options = (*after.split(b" "), b"", b"")[:3]
    major, _, minor = device.partition(b":")
    return Mount(
        int(number),
        int(parent),
        (int(major), int(minor)),
        _unescape(point),
        b"ro" in options.split(b",") or b"ro" in super_options.split(b","),
        fstype.decode("ascii", "backslashreplace"),
        _unescape(source),
    )


def resolve(paths: Iterable[bytes]) -> tuple[dict[bytes, bytes], dict[bytes, bytes]]:
    """Return the real path of each, and of those on a disk that does not answer what is known.

    That is the path behind all links but those on that disk.
    """
    found: dict[bytes, bytes] = {}
    guesses = {path: os.path.abspath(path) for path in paths}

    def look(path: bytes) -> None:
        for guess in _follow(path):
            guesses[path] = guess
        found[path] = os.path.realpath(path)

    threads = [threading.Thread(target=look, args=(path,), daemon=True) for path in guesses]
    for thread in threads:
        thread.start()
    end = time.monotonic() + HUNG_SECONDS
    for thread in threads:
        thread.join(max(end - time.monotonic(), 0.0))
    answered = dict(found)  # more may come
    return answered, {path: guesses[path] for path in guesses.keys() - answered.keys()}


def _follow(path: bytes) -> Iterator[bytes]:
    """Go along a path, link by link; yield what it is known to lead to, before each step."""
    here, rest = b"/", os.path.abspath(path).split(b"/")[:0:-1]
    for _ in range(_MOST_STEPS):
        yield os.path.normpath(os.path.join(here, *reversed(rest)))
        if not rest:
            return
        name = rest.pop()
        step = os.path.dirname(here) if name == b".." else os.path.join(here, name)
        try:
            link = os.readlink(step)
        except OSError:
            here = step
            continue
        here = b"/" if link.startswith(b"/") else here
        rest += [part for part in link.split(b"/")[::-1] if part not in (b"", b".")]


def find_mount(path: bytes) -> Mount:
    """Return the mount that a real absolute path lies on now."""
    return read_mounts().find(path)


def is_network(fstype: str) -> bool:
    """Tell whether files of such a file system may change without an event here.

    >>> is_network("nfs4"), is_network("fuse.sshfs"), is_network("fuseblk"), is_network("ext4")
    (True, True, False, False)
    """
    if fstype in LOCAL_FUSE_TYPES:
        return False
    return fstype in NETWORK_TYPES or fstype == "fuse" or fstype.startswith("fuse.")


def identify(root: bytes, prefix: bytes = b"") -> RootIdentity:
    """Look at a root, or at the part of it that ``prefix`` names; a dead mount may hang this.

    Raises OSError, NotADirectoryError among them.
    """
    top = os.path.join(root, prefix) if prefix else root
    status = os.stat(top)
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), top)
    mounts = read_mounts()
    mount = mounts.find(top)
    is_mount = mount.point == top
    start = len(root.rstrip(b"/")) + 1
    return RootIdentity(
        status.st_dev,
        status.st_ino,
        is_mount,
        not is_mount and is_empty_folder(top),
        mount.fstype,
        mount.is_read_only,
        tuple(sorted(below.point[start:] for below in mounts.below(top))),
    )


def is_empty_folder(folder: bytes) -> bool:
    """Tell whether a folder holds nothing that is not hidden. Raises OSError."""
    with os.scandir(folder) as entries:
        return all(entry.name.startswith(b".") for entry in entries)


def _holds(point: bytes, path: bytes) -> bool:
    return path == point or path.startswith(point.rstrip(b"/") + b"/")


def _unescape(text: bytes) -> bytes:
    return _ESCAPE.sub(lambda match: bytes([int(match[1], 8)]), text)
