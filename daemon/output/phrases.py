"""What the catalog knows in a few words for people: camera, place, size, labels."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ...db.states import camera_name
from ..printable import printable_text

if TYPE_CHECKING:
    from ...db.records import Metadata, PhotoRecord
    from ...models.results import Reading

_UNITS = ("B", "kB", "MB", "GB", "TB")


def labels_of(photo: PhotoRecord) -> list[str]:
    """Return the names that are believed of a photo and not implied by others, best first."""
    return [tag.name for tag in photo.tags if tag.shown]


def objects_of(photo: PhotoRecord) -> list[str]:
    """Return the names of the photo's boxes, each once, those of the most boxes first."""
    return [name for name, _ in Counter(found.name for found in photo.detections).most_common()]


def describe_labels(photo: PhotoRecord) -> str:
    """Return what is on a photo: "person (2), dog, Siberian Husky"."""
    boxes = Counter(found.name for found in photo.detections)
    names = labels_of(photo)
    return ", ".join(f"{name} ({boxes[name]})" if boxes[name] > 1 else name for name in names)


def camera_of(photo: PhotoRecord) -> str:
    """Return the camera's name, or nothing."""
    return camera_name(photo.metadata.make, photo.metadata.model) or ""


def describe_camera(written: Metadata) -> str:
    """Return what took a photo and how: "Canon EOS 5D, 50 mm, f/2.8, 1/250 s, ISO 400"."""
    parts = [
        camera_name(written.make, written.model),
        written.lens,
        written.focal and f"{written.focal:g} mm",
        written.f_number and f"f/{written.f_number:g}",
        written.exposure and f"{exposure_text(written.exposure)} s",
        written.iso and f"ISO {written.iso}",
    ]
    return printable_text(", ".join(str(part) for part in parts if part))


def exposure_text(seconds: float | None) -> str:
    """Write an exposure as cameras do.

    >>> exposure_text(0.004), exposure_text(2.5), exposure_text(0.8)
    ('1/250', '2.5', '0.8')
    """
    if not seconds:
        return ""
    return f"1/{1 / seconds:.0f}" if 0 < seconds <= 0.3 else f"{seconds:g}"


def describe_place(written: Metadata) -> str:
    """Return where a photo was taken: "38.7100, -9.1400, 5 m; Lisbon, Portugal"."""
    parts = []
    if written.latitude is not None and written.longitude is not None:
        height = "" if written.altitude is None else f", {written.altitude:.0f} m"
        parts.append(f"{written.latitude:.4f}, {written.longitude:.4f}{height}")
    if place := place_of(written):
        parts.append(place)
    return printable_text("; ".join(parts))


def place_of(written: Metadata) -> str:
    """Return a place's names from small to large, each once: "Lisbon, Portugal"."""
    place = written.place
    if place is None:
        return ""
    names = (place.city, place.region, place.country)
    return ", ".join(dict.fromkeys(name for name in names if name))


def size_text(size: int) -> str:
    """Write a number of bytes in three figures or so.

    >>> size_text(999), size_text(24_360), size_text(2_400_000)
    ('999 B', '24 kB', '2.4 MB')
    """
    value, unit = float(size), 0
    while round(value) >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit and value < 9.95 else f"{value:.0f} {_UNITS[unit]}"


def describe_outcome(reading: Reading | None) -> str:
    """Return what was found in a few words: names with their number and best confidence."""
    if reading is None:
        return "a known picture, tags copied"
    counts = Counter(found.name for found in reading.detections)
    things = [
        f"{f'{counts[tag.name]} x ' if counts[tag.name] > 1 else ''}{tag.name} {tag.confidence:.2f}"
        for tag in reading.tags
        if tag.shown
    ]
    return ", ".join(things) or "nothing recognised"
