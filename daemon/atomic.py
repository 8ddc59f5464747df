"""Files of ours that appear whole or not at all; photos have stricter rules, in ``tagging``."""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def written_whole(
    path: bytes, *, mode: int | None = None, is_durable: bool = True
) -> Iterator[IO[bytes]]:
    """Give a file to write; it takes the place of `path` when nothing went wrong meanwhile.

    Raises OSError. A link is followed. Without ``mode``, permissions and owner are those of the old
    file, or the permissions those of any new one. ``is_durable`` waits for the disk: after a power
    cut there is the old or the new content; what is made anew every minute needs no such care. What
    is no regular file (`/dev/stdout`, a pipe) is written as it is.
    """
    path = os.path.realpath(path)
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as file:
            yield file
        return
    descriptor, partial = tempfile.mkstemp(dir=os.path.dirname(path), prefix=b".phototag-")
    try:
        with open(descriptor, "wb") as file:
            yield file
            file.flush()
            _dress(descriptor, path, mode)
            if is_durable:
                os.fsync(descriptor)
        os.replace(partial, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(partial)
        raise


def _dress(descriptor: int, path: bytes, mode: int | None) -> None:
    """Give a new file the owner and permissions that it is for, as far as the disk has such."""
    with contextlib.suppress(OSError):
        old = os.stat(path)
        mode = old.st_mode & 0o777 if mode is None else mode
        if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
            os.fchown(descriptor, old.st_uid, old.st_gid)
    with contextlib.suppress(OSError):  # CIFS and vfat refuse; those of mkstemp are narrower
        os.fchmod(descriptor, _usual_mode() if mode is None else mode)


def _usual_mode() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
