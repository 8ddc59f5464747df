"""Reading what cameras and people wrote of photos: the questions, and values of their rows."""

# The text is made of constants, every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

import json
from typing import Any, Final

from .paths import join
from .records import Metadata, Place

FIELDS: Final = {
    "taken_at": "CASE WHEN coalesce(p.taken_source, 'file') <> 'file' THEN p.taken_at END",
    "taken_us": "d.taken_us",
    "taken_offset": "d.taken_offset",
    "taken_source": "coalesce(p.taken_source, 'file')",
    "make": "c.make",
    "model": "c.model",
    "lens": "o.name",
    "software": "d.software",
    "iso": "p.iso",
    "f_number": "p.f_number",
    "exposure": "d.exposure",
    "focal": "p.focal",
    "focal_35mm": "d.focal_35mm",
    "latitude": "p.latitude",
    "longitude": "p.longitude",
    "altitude": "d.altitude",
    "rating": "p.rating",
    "title": "d.title",
    "caption": "d.caption",
}
METADATA: Final = (
    "WITH hit AS ({hits}) SELECT hit.photo_id, d.dropped, land.code, land.name, area.name,"
    f" town.name, {', '.join(FIELDS.values())}"
    " FROM hit CROSS JOIN photo p LEFT JOIN photo_detail d ON d.photo_id = p.id"
    " LEFT JOIN camera c ON c.id = p.camera_id LEFT JOIN lens o ON o.id = p.lens_id"
    " LEFT JOIN place land ON land.id = p.country_id LEFT JOIN place area ON area.id = p.region_id"
    " LEFT JOIN place town ON town.id = p.city_id WHERE p.id = hit.photo_id"
)
# A picture may be the pair of several RAW photos: the first by name speaks for all.
_OTHER: Final = (
    "SELECT h{n}.photo_id, r{n}.path, f{n}.relpath, o{n}.name FROM hit h{n}"
    " CROSS JOIN photo p{n} CROSS JOIN photo o{n} CROSS JOIN folder f{n} CROSS JOIN root r{n}"
    " WHERE p{n}.id = h{n}.photo_id AND {which} AND f{n}.id = o{n}.folder_id"
    " AND r{n}.id = f{n}.root_id"
)
PAIRS: Final = (
    "WITH hit AS ({hits}) "
    + " UNION ALL ".join(
        _OTHER.replace("{n}", str(n)).replace("{which}", which)
        for n, which in enumerate(("o0.id = p0.pair_id", "o1.pair_id = p1.id"))
    )
    + " ORDER BY 1, 4"
)


def metadata(dropped: str | None, *columns: Any) -> Metadata:
    """Make the value of a row of `METADATA`."""
    code, country, region, city, *values = columns
    return Metadata(
        **dict(zip(FIELDS, values, strict=True)),
        place=None if country is None else Place(code or "", country, region, city),
        dropped=tuple(json.loads(dropped)) if dropped else (),
    )


def pair(root: bytes, relpath: bytes, name: bytes) -> bytes:
    """Make the path of the other half of a pair of a row of `PAIRS`."""
    return join(bytes(root), bytes(relpath), bytes(name))
