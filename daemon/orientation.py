"""EXIF's orientation 1..8: reading it, and taking boxes from the upright picture to the stored one.

See CIPA DC-008 (Exif), tag 0x0112.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..models.results import Box

if TYPE_CHECKING:
    from PIL.Image import Image

TAG = 0x0112
# What Pillow's readers let through for broken files, apart from its own errors.
PILLOW_ERRORS = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError)

TURNED = (5, 6, 7, 8)
FLIPPED_SIDEWAYS = (2, 3, 6, 7)
FLIPPED_UPSIDE_DOWN = (3, 4, 7, 8)
UNDONE_BY = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}


def orientation_of(image: Image) -> int:
    """Return an opened picture's orientation; broken metadata says nothing about it."""
    try:
        value = image.getexif().get(TAG, 1)
    except PILLOW_ERRORS:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def to_stored(box: Box, orientation: int) -> Box:
    """Return a box of the upright picture relative to the pixels as the file stores them.

    >>> to_stored(Box(0.0, 0.25, 0.5, 1.0), 6)
    Box(left=0.25, top=0.5, right=1.0, bottom=1.0)
    """
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    if orientation in FLIPPED_UPSIDE_DOWN:
        top, bottom = 1 - bottom, 1 - top
    if orientation in FLIPPED_SIDEWAYS:
        left, right = 1 - right, 1 - left
    if orientation in TURNED:
        left, top, right, bottom = top, left, bottom, right
    return Box(left, top, right, bottom)
