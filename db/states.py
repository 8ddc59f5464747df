"""The states of a photo and the numbers that writer and reader must agree on."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from functools import lru_cache
from typing import Final


class PhotoState(StrEnum):
    """Where a photo stands; the values are what the catalog stores."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    DEAD = "dead"
    MISSING = "missing"
    UNSUPPORTED = "unsupported"


class RootState(StrEnum):
    """How far a root can be believed; the values are what the catalog stores."""

    OK = "ok"
    OFFLINE = "offline"
    """Its disk is not mounted: nothing is known of its photos."""

    SUSPECT = "suspect"
    """Most of its photos vanished at once: none is marked as missing until the owner says so."""

    CONFIRMED = "confirmed"
    """It was suspect and the owner has said so: the next whole walk believes what it sees."""

    MISSING = "missing"
    """There is no such folder."""


class TagState(StrEnum):
    """What became of the tags for one file; the values are what the catalog stores."""

    WRITTEN = "written"
    REFUSED = "refused"
    """Writing could harm the file, so it stays as it is."""

    UNDONE = "undone"
    """What was ours has been taken out again."""


class VerdictKind(StrEnum):
    """What a person says of a name and a picture; the values are what the catalog stores."""

    REJECT = "reject"
    CONFIRM = "confirm"
    ADD = "add"


SERVED_ROOTS: Final = (RootState.OK, RootState.SUSPECT, RootState.CONFIRMED)
"""The states of roots whose files can be read."""

RETRY_SECONDS: Final = (60, 600, 7_200, 86_400)
"""How long a photo rests after its first, second, ... failure; after one more it is dead."""

KNOWN_REVISIONS: Final = ("0001", "0002", "0003", "0004")
"""Every schema this program can bring up to date, oldest first."""

SCHEMA_REVISION: Final = KNOWN_REVISIONS[-1]
"""The schema that this program reads and writes."""

PRESENT_FILES: Final = (
    "SELECT p.name, p.size, p.mtime_ns, p.inode FROM folder f CROSS JOIN photo p"
    " WHERE f.root_id = :root_id AND f.relpath = :relpath AND p.folder_id = f.id"
    " AND p.state <> 'missing'"
)
"""The photos of a folder as its listing should show them; asked for every folder of a walk."""

MOST_COUNTED: Final = 9
"""`sighting.times` stops here: few distinct values keep the index by count ordered by date."""


KIND_BITS: Final = {"object": 1, "label": 2, "parent": 4}
"""The kinds of tags as `label.kinds` sums them up."""


@lru_cache(maxsize=8192)
def label_key(name: str) -> str:
    """Give the form under which two spellings are one label, in every alphabet.

    >>> label_key("Egyptian Cat") == label_key("egyptian cat")
    True
    """
    return unicodedata.normalize("NFC", name).casefold()
