"""Where a photo was taken, in degrees and metres."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .source import Source

_POLE, _DATE_LINE = 90.0, 180.0
_DEEPEST, _HIGHEST = -12_000.0, 100_000.0  # the sea's ground, and the end of the air
# XMP: degrees, minutes and maybe seconds with commas between, then the hemisphere.
_XMP = re.compile(r"(\d+),(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?\s*([NSEW])", re.IGNORECASE)


def read_position(source: Source) -> dict[str, Any]:
    """Return latitude and longitude, signed, and the altitude if it is there too."""
    latitude = _degrees(source, "GPSLatitude", _POLE, "NS")
    longitude = _degrees(source, "GPSLongitude", _DATE_LINE, "EW")
    if latitude is None or longitude is None:
        return {}
    if latitude == 0 and longitude == 0:
        source.drop("GPS", "0, 0", "a receiver that did not know")
        return {}
    fields = {"latitude": round(latitude, 6), "longitude": round(longitude, 6)}
    altitude = _altitude(source)
    return fields if altitude is None else fields | {"altitude": altitude}


def _degrees(source: Source, name: str, most: float, letters: str) -> float | None:
    value = source.values.get(name)
    parts, letter = _parts(source, name, value)
    if not parts:
        return None
    degrees, *rest = parts
    # Receivers write 0/0 for seconds that they give as parts of minutes.
    minutes, seconds = (*(0.0 if math.isnan(part) else part for part in rest), 0.0, 0.0)[:2]
    number = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(number):
        source.drop(name, "0/0", "not a number")
    elif letter == "" and number >= 0 and not isinstance(value, str):
        source.drop(name, number, f"without its hemisphere ({name}Ref)")
    elif letter and letter not in letters:
        source.drop(f"{name}Ref", letter, "not a hemisphere")
    elif abs(number) > most:
        source.drop(name, number, "beyond the pole" if most == _POLE else "beyond the date line")
    else:
        return -abs(number) if letter == letters[1] else number
    return None


def _parts(source: Source, name: str, value: object) -> tuple[tuple[float, ...], str]:
    """Return degrees, minutes and seconds as far as they are there, and the hemisphere."""
    letter = source.text(f"{name}Ref") or ""
    match = _XMP.fullmatch(value.strip()) if isinstance(value, str) else None
    if match:
        return tuple(float(part or 0) for part in match.groups()[:3]), match[4].upper()
    return source.numbers(name)[:3], letter[:1].upper()


def _altitude(source: Source) -> float | None:
    """Return metres above the sea; an odd reference (1; 3 in Exif 3.0) is below."""
    number = source.number("GPSAltitude", _DEEPEST, _HIGHEST)
    if number is None:
        return None
    reference = next(iter(source.numbers("GPSAltitudeRef")), 0.0)
    return round(-abs(number) if reference in (1.0, 3.0) else number, 2)
