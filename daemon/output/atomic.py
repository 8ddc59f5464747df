"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def written_whole(path: bytes) -> Iterator[IO[bytes]]:
    """Give a file to write; it takes the place of `path` when nothing went wrong meanwhile.

    Raises OSError. A link is followed, the permissions are those of any new file or of the old one;
    what is no regular file (`/dev/stdout`, a pipe) is written as it is.
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
            os.fchmod(descriptor, _mode(path))
            os.fsync(descriptor)
        os.replace(partial, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(partial)
        raise


def _mode(path: bytes) -> int:
    with contextlib.suppress(OSError):
        return os.stat(path).st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
