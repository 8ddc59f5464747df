"""Replacing a file so that at every moment it is whole, the old one or the new one.

The new content is written beside the file, synced and read back; the old file keeps a second name
until the new one is in its place. Temporary names begin with a dot and end with no photo's suffix,
so that no watcher takes them for photos.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import logging
import os
import secrets
import stat
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..printable import printable
from .errors import Busy, Hindered, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

MARK: Final = b".phototag-"
MOST_NAME_BYTES: Final = 200  # of the file's own name in a temporary one
CHUNK: Final = 1 << 18
# No folder can be synced there, or not by us: one that may be written to need not be readable.
UNSYNCABLE: Final = (errno.EINVAL, errno.ENOTSUP, errno.EROFS, errno.EACCES)
# These say nothing of the file: a mount, a disk or a folder's rights can be mended.
HINDRANCES: Final = (errno.EROFS, errno.EACCES, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE)

# ioctl_iflags(2); the number is the same on all 64-bit systems that Python knows flags of.
FS_IOC_GETFLAGS: Final = 0x80086601
IMMUTABLE_FLAGS: Final = 0x10 | 0x20  # immutable, append only


@dataclass(frozen=True, slots=True)
class Original:
    """A file as it was read: its bytes and what the system said of it at that moment."""

    path: bytes
    data: bytes
    status: os.stat_result
    sha256: bytes


def read_original(path: bytes, most_bytes: int) -> Original:
    """Read a regular file whole, following no link; raises Refused, Busy or FileNotFoundError."""
    descriptor = _open(path)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Refused("it is not a regular file")
        if status.st_size > most_bytes:
            raise Refused(f"it is larger than {most_bytes >> 20} MiB")
        with open(descriptor, "rb", buffering=0, closefd=False) as file:
            data = file.read(status.st_size + 1)
        if len(data) != status.st_size or not _is_same(os.fstat(descriptor), status):
            raise Busy("it changed while it was being read")
    except OSError as error:
        raise _refusal("it cannot be read", error) from None
    finally:
        os.close(descriptor)
    return Original(path, data, status, hashlib.sha256(data).digest())


def check_writable(original: Original) -> None:
    """Raise Refused for a file that its owner has locked, or whose copy would lose something.

    Raises Hindered where nothing can be written.
    """
    status, path = original.status, original.path
    if status.st_nlink > 1:
        raise Refused(f"it has {status.st_nlink} hard links, and the others would keep the old one")
    if _is_immutable(path):
        raise Refused("it is marked as immutable")
    if not status.st_mode & 0o222:
        raise Refused("it is read-only")
    if not os.access(path, os.W_OK):
        raise (Refused if _has_open_folder(path) else Hindered)("it is read-only")
    check_folder(path)


def check_folder(path: bytes) -> None:
    """Raise Hindered if no file can be made beside this one."""
    if not _has_open_folder(path):
        raise Hindered("its folder is not writable")


def check_settled(original: Original, seconds: float) -> None:
    """Raise Busy for a file that was changed within the last seconds, or is open for writing."""
    newest = max(original.status.st_mtime, original.status.st_ctime)
    age = time.time() - newest
    if 0 <= age < seconds:
        raise Busy("it was changed a moment ago", seconds - age)
    descriptor = _open(original.path)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        if error.errno == errno.EAGAIN:
            raise Busy("a program has it open for writing") from None
        # Other people's files and some file systems know no leases; the later checks remain.
    finally:
        os.close(descriptor)


def replace(original: Original, data: bytes, *, keep_mtime: bool) -> os.stat_result:
    """Put new content in place of a file and return the new file's status.

    Raises Busy if the file changed since it was read, then it stands as it was; Refused if the
    system does not let everything be kept; nothing is left behind in either case.
    """
    beside = _beside(original.path, secrets.token_hex(4).encode())
    try:
        _stage(original, data, beside, keep_mtime=keep_mtime)
        return _swap(original, beside)
    except OSError as error:
        raise _refusal("it cannot be replaced", error) from None
    finally:
        _remove(beside)


def create(path: bytes, data: bytes, like: os.stat_result) -> os.stat_result:
    """Make a file that is not there yet, with owner and mode of another; raises Busy or Refused."""
    beside = _beside(path, secrets.token_hex(4).encode())
    try:
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            _write(descriptor, data)
            os.fchmod(descriptor, stat.S_IMODE(like.st_mode) & 0o666)
            with contextlib.suppress(PermissionError):  # only root gives files away
                os.fchown(descriptor, like.st_uid, like.st_gid)
            os.fsync(descriptor)
            _check_content(descriptor, data)
            status = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        _link_new(beside, path)
        sync_folder(path)
    except OSError as error:
        raise _refusal("it cannot be written", error) from None
    finally:
        _remove(beside)
    return status


def delete(original: Original) -> None:
    """Remove a file if it still is what was read; raises Busy or Refused."""
    try:
        if not _is_unchanged(original, original.path):
            raise Busy("it changed meanwhile")
        os.unlink(original.path)
        sync_folder(original.path)
    except OSError as error:
        raise _refusal("it cannot be removed", error) from None


def sync_folder(path: bytes) -> None:
    """Make the names in a file's folder durable, where the system lets it.

    Never raises: the names are changed by then, and after a crash either of both files is whole.
    """
    folder = os.path.dirname(path)
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in UNSYNCABLE:
            logger.warning("%s: cannot be synced: %s", printable(folder), error.strerror)


def leftovers(path: bytes) -> Iterator[bytes]:
    """Yield the temporary files that an interrupted replacement of this file has left."""
    folder, start = os.path.dirname(path), _start_of(path)
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(start):
                yield entry.path


def is_second_name(path: bytes) -> bool:
    """Tell whether a temporary name is that of the owner's file, not of a new version of it."""
    return path.endswith(MARK + b"old")


def _open(path: bytes) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Refused("it is a symbolic link") from None
        raise _refusal("it cannot be opened", error) from None


def _refusal(what: str, error: OSError) -> Refused:
    kind = Hindered if error.errno in HINDRANCES else Refused
    return kind(f"{what}: {error.strerror}")


def _has_open_folder(path: bytes) -> bool:
    return os.access(os.path.dirname(path), os.W_OK | os.X_OK)


def _is_immutable(path: bytes) -> bool:
    descriptor = _open(path)
    try:
        answer = fcntl.ioctl(descriptor, FS_IOC_GETFLAGS, b"\0" * 8)
    except OSError:  # a file system without flags
        return False
    finally:
        os.close(descriptor)
    return bool(struct.unpack("=L", answer[:4])[0] & IMMUTABLE_FLAGS)


def _stage(original: Original, data: bytes, beside: bytes, *, keep_mtime: bool) -> None:
    """Write the new content beside the file with all of its attributes, durable and read back."""
    descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        _write(descriptor, data)
        _copy_attributes(original, descriptor)
        if keep_mtime:
            os.utime(descriptor, ns=(original.status.st_atime_ns, original.status.st_mtime_ns))
        os.fsync(descriptor)
        _check_content(descriptor, data)
    finally:
        os.close(descriptor)


def _write(descriptor: int, data: bytes) -> None:
    view, at = memoryview(data), 0
    while at < len(view):
        at += os.write(descriptor, view[at:])


def _copy_attributes(original: Original, descriptor: int) -> None:
    """Give a new file the owner, mode and extended attributes (ACLs, labels) of another."""
    status = original.status
    fresh = os.fstat(descriptor)
    if (fresh.st_uid, fresh.st_gid) != (status.st_uid, status.st_gid):
        try:
            os.fchown(descriptor, status.st_uid, status.st_gid)
        except OSError:
            raise Refused("its owner cannot be kept") from None
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
    for name, value in _attributes(original.path).items():
        try:
            if _attribute(descriptor, name) != value:
                os.setxattr(descriptor, name, value)
        except OSError:
            raise Refused(f"its attribute {name} cannot be kept") from None
    if stat.S_IMODE(os.fstat(descriptor).st_mode) != stat.S_IMODE(status.st_mode):
        raise Refused("its mode cannot be kept")


def _attributes(path: bytes) -> dict[str, bytes]:
    try:
        names = os.listxattr(path, follow_symlinks=False)
        return {name: os.getxattr(path, name, follow_symlinks=False) for name in names}
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return {}
        raise Refused(f"its attributes cannot be read: {error.strerror}") from None


def _attribute(descriptor: int, name: str) -> bytes | None:
    try:
        return os.getxattr(descriptor, name)
    except OSError:
        return None


def _swap(original: Original, beside: bytes) -> os.stat_result:
    """Rename the new file into place while the old one keeps a second name, then look again."""
    path, old = original.path, _beside(original.path, b"old")
    status = os.lstat(beside)
    has_old = _keep_old(path, old)
    is_same = False
    try:
        is_same = _is_unchanged(original, path) and _is_in_place(original)
        if is_same:
            os.rename(beside, path)
    except BaseException:
        _remove(old)  # the photo still has its own name
        raise
    if not is_same:
        _remove(old)
        raise Busy("it changed while its new version was being made")
    if has_old and not _is_unchanged(original, old):
        os.rename(old, path)
        sync_folder(path)
        raise Busy("another program wrote into it meanwhile")
    _remove(old)
    sync_folder(path)
    return status


def _keep_old(path: bytes, old: bytes) -> bool:
    """Give the file a second name; False on file systems without hard links."""
    try:
        os.link(path, old, follow_symlinks=False)
    except FileExistsError:
        raise Refused(
            f"{os.fsdecode(os.path.basename(old))} was left beside it by a crash; look at it"
        ) from None
    except OSError as error:
        if error.errno in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK):
            return False
        raise
    return True


def _is_unchanged(original: Original, path: bytes) -> bool:
    """Tell whether the file of this name is the one that was read, byte for byte.

    One that cannot be read is not. Its ctime says nothing: its second name has changed that.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            now, then = os.fstat(descriptor), original.status
            is_same_file = (now.st_dev, now.st_ino) == (then.st_dev, then.st_ino)
            is_same_time = now.st_mtime_ns == then.st_mtime_ns
            return is_same_file and is_same_time and _has_content(descriptor, original.data)
        finally:
            os.close(descriptor)
    except OSError:
        return False


def _is_in_place(original: Original) -> bool:
    """Tell, at the last moment before the rename, whether the name still leads to that file."""
    now, then = os.lstat(original.path), original.status
    return (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns) == (
        then.st_dev, then.st_ino, then.st_size, then.st_mtime_ns,
    )  # fmt: skip


def _is_same(now: os.stat_result, then: os.stat_result) -> bool:
    def version(s: os.stat_result) -> tuple[int, ...]:
        return (s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns)

    return version(now) == version(then)


def _check_content(descriptor: int, data: bytes) -> None:
    if not _has_content(descriptor, data):
        raise Refused("the disk gave back other bytes than were written")


def _has_content(descriptor: int, data: bytes) -> bool:
    """Compare a file with what it should hold, in pieces that stay in the processor's cache."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    piece = memoryview(bytearray(CHUNK))
    at = 0
    while count := os.readv(descriptor, [piece]):
        if not data.startswith(piece[:count], at):
            return False
        at += count
    return at == len(data)


def _link_new(beside: bytes, path: bytes) -> None:
    """Give a finished file its name unless another has it by now."""
    try:
        os.link(beside, path)
    except FileExistsError:
        raise Busy("another program has made it meanwhile") from None
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP):
            raise
        if os.path.lexists(path):
            raise Busy("another program has made it meanwhile") from None
        os.rename(beside, path)


def _start_of(path: bytes) -> bytes:
    return b"." + os.path.basename(path)[:MOST_NAME_BYTES] + MARK


def _beside(path: bytes, end: bytes) -> bytes:
    return os.path.join(os.path.dirname(path), _start_of(path) + end)


def _remove(path: bytes) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)
