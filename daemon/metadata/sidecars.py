"""What lies beside a photo: the contents of its sidecars, and the version that counts as read."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from .. import decode
from ..errors import PhotoError
from ..version import find_sidecars, sidecar_paths

LIMITS: Final = decode.Limits(max_bytes=4 << 20)


def read_sidecars(photo: bytes) -> tuple[list[bytes], int]:
    """Return what the sidecars of a photo hold, as far as it can be read, and their version.

    The version is that before the reading: what changes meanwhile is seen by the next walk.
    """
    version = find_sidecars(photo)
    contents = []
    for path in sidecar_paths(photo):
        with suppress(PhotoError):
            contents.append(decode.read_photo(path, LIMITS).data)
    return contents, version
