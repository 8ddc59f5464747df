"""The mark in pictures that we draw: only these may be drawn anew under the same name."""

from __future__ import annotations

from typing import Any

MARK = b"drawn by phototag"
_SOFTWARE = 0x0131


def mark() -> dict[str, Any]:
    """Return what Pillow is to save a picture with; it ignores what a format has no place for."""
    from PIL import Image

    exif = Image.Exif()
    exif[_SOFTWARE] = MARK.decode()
    return {"comment": MARK, "exif": exif}
