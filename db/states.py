"""The states of a photo and the numbers that writer and reader must agree on."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import Final


class PhotoState(StrEnum):
    """Where a photo stands; the values are what the catalog stores."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    MISSING = "missing"
    UNSUPPORTED = "unsupported"


KNOWN_REVISIONS: Final = ("0001",)
"""Every schema this program can bring up to date, oldest first."""

SCHEMA_REVISION: Final = KNOWN_REVISIONS[-1]
"""The schema that this program reads and writes."""

MOST_COUNTED: Final = 9
"""`sighting.times` stops here: few distinct values keep the index by count ordered by date."""


def label_key(name: str) -> str:
    """Give the form under which two spellings are one label, in every alphabet.

    >>> label_key("Egyptian Cat") == label_key("egyptian cat")
    True
    """
    return unicodedata.normalize("NFC", name).casefold()
