"""Photos with metadata, and what we read in them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from PIL import Image

from phototagd.daemon.decode import Header, PhotoFile
from phototagd.daemon.metadata.reader import read_metadata
from phototagd.daemon.metadata.source import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from phototagd.db.records import Metadata

NOW = 1_790_000_000.0  # in September 2026


def picture(kind: str = "JPEG", **options: Any) -> bytes:
    """Return a small picture as Pillow or one of its plugins writes it."""
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(out, kind, **options)
    return out.getvalue()


def read(
    data: bytes, kind: str = "JPEG", sidecars: Sequence[bytes] = (), exif: bytes = b""
) -> tuple[Metadata, tuple[str, ...]]:
    """Read a file of a format (a name in ``formats``)."""
    photo = PhotoFile(b"photo", data, len(data), 0, 0)
    return read_metadata(photo, Header(kind, "RGB", 64, 64, 1, exif), sidecars, NOW)


def metadata_of(data: bytes, kind: str = "JPEG", sidecars: Sequence[bytes] = ()) -> Metadata:
    """Read a file's metadata without its keywords."""
    return read(data, kind, sidecars)[0]


def source(**values: str | float | tuple[float, ...]) -> Source:
    """Return an EXIF block's values as the readers of fields get them."""
    made = {name: (value,) if isinstance(value, float) else value for name, value in values.items()}
    return Source("exif", made, [], NOW)
