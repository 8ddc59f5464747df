"""The libraries that read photos, behind one interface: a module a family of formats.

Nothing here is imported by the parent process; a library is loaded with the first photo that
needs it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol, cast

from ...models.pip import pip_install
from ..errors import UnsupportedPhoto

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..formats import PhotoFormat
    from .picture import Header, Limits, Pixels


class Reader(Protocol):
    """What each module here offers. All of it may raise PhotoError or one of READ_ERRORS.

    The last two are only there where ``inspect`` gives no pixels.
    """

    def inspect(self, data: bytes, limits: Limits) -> tuple[Header, Pixels | None]:
        """Return what a photo says of itself, and its stored pixels if they make its identity.

        Limits are checked before anything is decoded.
        """
        ...

    def coded_pieces(self, data: bytes) -> Iterator[bytes | memoryview]:
        """Yield the parts of a file that make its picture, without its metadata."""
        ...

    def read_pixels(self, data: bytes, header: Header, min_side: int) -> Pixels:
        """Return the stored pixels at a scale whose short side still is ``min_side``, if any."""
        ...


def load_reader(entry: PhotoFormat) -> Reader:
    """Return the reader of a format.

    Raises UnsupportedPhoto, which tells how to install it, if the library is missing.
    """
    try:
        module = importlib.import_module(f".{entry.reader}", __name__)
    except ImportError:
        if entry.package is None:
            raise
        needed = "more packages" if " " in entry.package else "one more package"
        raise UnsupportedPhoto(
            f"{entry.name} files need {needed}: {pip_install(*entry.package.split())}"
        ) from None
    return cast("Reader", module)
