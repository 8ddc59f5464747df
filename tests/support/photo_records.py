"""Photo records for tests, made by hand."""

from __future__ import annotations

from typing import Any

from phototagd.db.records import Metadata, PhotoRecord, Place
from phototagd.db.states import PhotoState
from phototagd.models.results import Box, Detection, Tag

NOON = 1_688_212_800  # 2023-07-01 12:00:00 on the wall clock
LISBON = Place("PT", "Portugal", "Lisbon", "Lisbon")
FULL = Metadata(
    taken_at=NOON, taken_us=250_000, taken_offset=60, taken_source="camera",
    make="Canon", model="Canon EOS 5D", lens="EF50mm f/1.8", software="Firmware 1.1",
    iso=400, f_number=2.8, exposure=0.004, focal=50.0, focal_35mm=50,
    latitude=38.71, longitude=-9.14, altitude=5.0, place=LISBON,
    rating=4, title="A title", caption="A caption", dropped=("GPSAltitude 1e9: in space",),
)  # fmt: skip
HOSTILE = b'/photos/<script>alert(1)</script> "&\n\x1b[31m\xff.jpg'


def tag(name: str, confidence: float = 0.9, kind: str = "object", *, shown: bool = True) -> Tag:
    return Tag(name, confidence, kind, "detected", 0.25, shown=shown)


def detection(name: str, *sides: float, confidence: float = 0.9) -> Detection:
    return Detection(name, confidence, Box(*(sides or (0.1, 0.2, 0.5, 0.8))), "detector")


def record(path: bytes = b"/photos/a.jpg", **fields: Any) -> PhotoRecord:
    """Make a done photo of 640 x 480 pixels with a dog; `fields` say what is different."""
    metadata = fields.get("metadata", Metadata())
    known: dict[str, Any] = {
        "width": 640,
        "height": 480,
        "format": "JPEG",
        "state": PhotoState.DONE,
        "error": None,
        "attempts": 0,
        "size": 2_400_000,
        "mtime_ns": NOON * 10**9,
        "taken_at": metadata.taken_at or NOON,
        "taken_source": metadata.taken_source,
        "analyzed_at": NOON,
        "tags": (tag("dog"), tag("animal", kind="parent", shown=False)),
        "detections": (detection("dog"),),
        "id": 7,
    }
    return PhotoRecord(path, **known | fields)
