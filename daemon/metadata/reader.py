"""All that cameras and people wrote of a photo, from every block that the file and sidecars have.

What is read first counts, value by value (the date, camera and position each as a whole):

| what | read from |
| --- | --- |
| date | EXIF original, digitized; XMP; IPTC; sidecar; at last EXIF's date of the last change |
| camera, lens, settings, position, software | EXIF; XMP; sidecar |
| rating, title, caption | sidecar; XMP; IPTC; EXIF: people edit in that order |
| keywords | all of them together |

So does exiftool for the camera's values, and digiKam for people's. The date of a position is no
date of the photo: it is in UTC, and that of the last fix.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from ...db.records import Metadata
from ..tagging import xmp
from . import camera, iptc, words
from .dates import read_date, read_last_change
from .embedded import Blocks, find_blocks
from .exif import read_exif, read_gps
from .keywords import gather
from .places import find_place
from .position import read_position
from .source import Source
from .xmp_values import read_xmp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ..decode import Header, PhotoFile
    from .source import Kind, Value

    Read = Callable[[Source], dict[str, Any]]

_MAX_DROPPED = 20

_CAMERA_FIRST: tuple[Kind, ...] = ("exif", "xmp", "iptc", "sidecar")
_PEOPLE_FIRST: tuple[Kind, ...] = ("sidecar", "xmp", "iptc", "exif")
# A row for a field that an earlier row has found is passed over.
_ROWS: tuple[tuple[str, tuple[Kind, ...], Read], ...] = (
    ("taken_at", _CAMERA_FIRST, read_date),
    ("taken_at", ("exif",), read_last_change),
    ("make", _CAMERA_FIRST, camera.read_camera),
    ("lens", _CAMERA_FIRST, camera.read_lens),
    ("software", _CAMERA_FIRST, camera.read_software),
    ("iso", _CAMERA_FIRST, camera.read_iso),
    ("f_number", _CAMERA_FIRST, camera.read_aperture),
    ("exposure", _CAMERA_FIRST, camera.read_exposure),
    ("focal", _CAMERA_FIRST, camera.read_focal),
    ("focal_35mm", _CAMERA_FIRST, camera.read_focal_35mm),
    ("latitude", _CAMERA_FIRST, read_position),
    ("rating", _PEOPLE_FIRST, words.read_rating),
    ("title", _PEOPLE_FIRST, words.read_title),
    ("caption", _PEOPLE_FIRST, words.read_caption),
)


def read_metadata(
    photo: PhotoFile, header: Header, sidecars: Sequence[bytes], now: float | None = None
) -> tuple[Metadata, tuple[str, ...]]:
    """Return the metadata of a photo and its keywords; ``now`` is in unix seconds.

    Never raises: what is broken or absurd is left out, the absurd with a reason.
    """
    blocks = _blocks(photo, header)
    texts = [iptc.read_iptc(block) for block in blocks.iptc]
    packets = [xmp.open_loosely(block) for block in blocks.xmp]
    others = [xmp.open_loosely(sidecar) for sidecar in sidecars]
    dropped: list[str] = []
    make = partial(Source, dropped=dropped, now=time.time() if now is None else now)
    sources = [
        *(make("exif", values) for values in _exif_values(blocks)),
        *(make("xmp", read_xmp(packet)) for packet in packets if packet),
        *(make("iptc", _iptc_values(found)) for found in texts),
        *(make("sidecar", read_xmp(packet)) for packet in others if packet),
    ]
    fields = _read_rows(sources)
    if "latitude" in fields:
        fields["place"] = find_place(fields["latitude"], fields["longitude"])
    metadata = Metadata(**fields, dropped=tuple(dropped[:_MAX_DROPPED]))
    return metadata, gather(blocks.exif, texts, (*packets, *others))


def _blocks(photo: PhotoFile, header: Header) -> Blocks:
    """Return the blocks of a file; decoders know some that are compressed, as in JPEG XL."""
    blocks = find_blocks(photo.data, header.format)
    if header.exif and not blocks.exif:
        blocks.exif.append(header.exif)
    if header.xmp and not blocks.xmp:
        blocks.xmp.append(header.xmp)
    return blocks


def _exif_values(blocks: Blocks) -> Iterator[Mapping[str, Value]]:
    yield from map(read_exif, blocks.exif)
    yield from map(read_gps, blocks.gps)


def _iptc_values(texts: iptc.Texts) -> dict[str, Value]:
    """Return what an IPTC stream says by the names that XMP's values have."""
    first = {number: found[0] for number, found in texts.items() if found}
    day, clock = first.get(iptc.DATE, ""), first.get(iptc.TIME, "")
    date = f"{day[:4]}:{day[4:6]}:{day[6:]}" if day else ""
    if date and clock:
        date += f" {clock[:2]}:{clock[2:4]}:{clock[4:]}"
    named = {
        "DateCreated": date,
        "Title": first.get(iptc.TITLE, ""),
        "Headline": first.get(iptc.HEADLINE, ""),
        "Caption": first.get(iptc.CAPTION, ""),
    }
    return {name: text for name, text in named.items() if text}


def _read_rows(sources: Sequence[Source]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, order, read in _ROWS:
        if key not in fields:
            candidates = (source for kind in order for source in sources if source.kind == kind)
            fields |= next(filter(None, map(read, candidates)), {})
    return fields
