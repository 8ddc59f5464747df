"""The states of a photo and the numbers that writer and reader must agree on."""

from __future__ import annotations

import math
import time
import unicodedata
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import tzinfo


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


class Shape(IntEnum):
    """How the upright picture stands; the values are what the catalog stores."""

    PORTRAIT = -1
    SQUARE = 0
    LANDSCAPE = 1


class RunState(IntEnum):
    """Where the command of a saved search stands for one photo; the values are what is stored."""

    NONE = 0
    """There is nothing to do: it has been run, or the photo was found before it was asked for."""

    WAITING = 1
    BEGUN = 2


class VerdictKind(StrEnum):
    """What a person says of a name and a picture; the values are what the catalog stores."""

    REJECT = "reject"
    CONFIRM = "confirm"
    ADD = "add"


SERVED_ROOTS: Final = (RootState.OK, RootState.SUSPECT, RootState.CONFIRMED)
"""The states of roots whose files can be read."""

RETRY_SECONDS: Final = (60, 600, 7_200, 86_400)
"""How long a photo rests after its first, second, ... failure; after one more it is dead."""

KNOWN_REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0006")
"""Every schema this program can bring up to date, oldest first."""

SCHEMA_REVISION: Final = KNOWN_REVISIONS[-1]
"""The schema that this program reads and writes."""

PRESENT_FILES: Final = (
    "SELECT p.name, p.size, p.mtime_ns, p.inode, p.sidecar FROM folder f CROSS JOIN photo p"
    " WHERE f.root_id = :root_id AND f.relpath = :relpath AND p.folder_id = f.id"
    " AND p.state <> 'missing'"
)
"""The photos of a folder as its listing should show them; asked for every folder of a walk."""

MOST_COUNTED: Final = 9
"""`sighting.times` stops here: few distinct values keep the index by count ordered by date."""

LARGE: Final = 5_000
"""From here on `sighting.largest` is large: half of the picture, as few things are."""

KIND_BITS: Final = {"object": 1, "label": 2, "parent": 4}
"""The kinds of tags as `label.kinds` sums them up, and as `sighting.kind` names one."""

METADATA_VERSION: Final = 1
"""The version of the metadata reader: photos read by an earlier one are read again in time."""

PLACES_READER: Final = "reverse-geocode"
"""The package that finds the place of a position."""

RAW_SUFFIXES: Final = frozenset(
    "3fr arw cr2 cr3 crw dng nef nrw orf pef raf raw rw2 sr2 srf srw x3f".split()  # noqa: SIM905
)
"""The suffixes of what a camera's sensor saw: a RAW photo may be a pair with a picture of it."""

SPOTS: Final = {"left": 1, "right": 2, "top": 4, "bottom": 8, "center": 16}
"""Where in the frame the middle of a box lies, as bits of `sighting.spots`."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=8192)
def label_key(name: str) -> str:
    """Give the form under which two spellings are one label, in every alphabet.

    >>> label_key("Egyptian Cat") == label_key("egyptian cat")
    True
    """
    return unicodedata.normalize("NFC", name).casefold()


def name_key(name: bytes) -> str:
    r"""Give the form in which file names are compared; bytes that are no UTF-8 become `\xNN`."""
    text = name.decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", text).casefold()


def suffix_of(name: bytes) -> str:
    """Give a file name's suffix in lower case and without its dot.

    >>> suffix_of(b"IMG_1.JPG")
    'jpg'
    """
    _, dot, suffix = name.rpartition(b".")
    return suffix.lower().decode("utf-8", "backslashreplace") if dot else ""


@lru_cache(maxsize=8192)
def text_key(text: str) -> str:
    """Give the form in which names of cameras, lenses and places are compared.

    >>> text_key(" S\u00e3o  Paulo")
    'sao paulo'
    """
    bare = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return " ".join(letters.casefold().split())


def camera_name(make: str | None, model: str | None) -> str | None:
    """Give a camera's name: its maker's is not said twice.

    >>> camera_name("Apple", "iPhone 12"), camera_name("NIKON CORPORATION", "NIKON D100")
    ('Apple iPhone 12', 'NIKON D100')
    """
    if not make or not model:
        return model or make
    first = text_key(make).partition(" ")[0]
    return model if text_key(model).startswith(first) else f"{make} {model}"


def shape_of(width: int, height: int) -> Shape:
    """Say how a picture of this upright size stands."""
    return Shape((width > height) - (width < height))


def cell_of(latitude: float, longitude: float) -> int:
    """Give the number of the cell of 0.1 x 0.1 degrees that holds a place.

    Rows of 3600 cells run from 180 degrees west, the first at the south pole.
    """
    return math.floor((latitude + 90) * 10) * 3600 + math.floor((longitude + 180) * 10) % 3600


def spots_of(left: float, top: float, right: float, bottom: float) -> int:
    """Give the bits of `SPOTS` where the middle of a box lies; the sides are 0..1."""
    x, y = (left + right) / 2, (top + bottom) / 2
    is_center = 1 / 3 <= x <= 2 / 3 and 1 / 3 <= y <= 2 / 3
    return (
        SPOTS["left"] * (x < 1 / 3)
        + SPOTS["right"] * (x > 2 / 3)
        + SPOTS["top"] * (y < 1 / 3)
        + SPOTS["bottom"] * (y > 2 / 3)
        + SPOTS["center"] * is_center
    )


def area_of(left: float, top: float, right: float, bottom: float) -> float:
    """Give the share of the picture that a box covers, 0..1."""
    return (right - left) * (bottom - top)


def wall_clock(seconds: int, zone: tzinfo | None = None) -> int:
    """Give what clocks showed at a moment, as seconds since 1970 as if it were UTC.

    They are this machine's clocks, or those of a zone.
    """
    shown = datetime.fromtimestamp(seconds, zone).replace(tzinfo=UTC)
    return (shown - EPOCH) // timedelta(seconds=1)


def month_of(taken_at: int) -> int:
    """Give the month, 1..12, of a time on the wall clock."""
    return time.gmtime(taken_at).tm_mon
