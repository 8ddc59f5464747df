"""When a photo was taken: the wall clock where it was, the fraction and the offset from UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .source import Source

_FIRST_YEAR = 1826  # of the oldest photograph there is
_DAY = 86_400

# Each with its fraction of a second and its offset, which XMP has in the date itself.
_DATES = (
    ("DateTimeOriginal", "SubSecTimeOriginal", "OffsetTimeOriginal"),
    ("DateCreated", "", ""),
    ("DateTimeDigitized", "SubSecTimeDigitized", "OffsetTimeDigitized"),
    ("CreateDate", "", ""),
)
_LAST_CHANGE = (("DateTime", "SubSecTime", "OffsetTime"),)
# EXIF writes 2023:07:01 12:00:00; XMP writes ISO 8601 and may stop after any part.
_DATE = re.compile(
    r"(\d{4})(?:[:/.-](\d\d?)(?:[:/.-](\d\d?)"
    r"(?:[T ]+(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?)?)?\s*(Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_OFFSET = re.compile(r"([+-]\d\d):?(\d\d)", re.ASCII)
_BLANK = re.compile(r"[\s:0T.Z+-]*")


def read_date(source: Source) -> dict[str, Any]:
    """Return the first date that can be true."""
    return _first(source, _DATES)


def read_last_change(source: Source) -> dict[str, Any]:
    """Return the date of EXIF's that cameras set too, and programs change."""
    return _first(source, _LAST_CHANGE)


def _first(source: Source, names: Iterable[tuple[str, str, str]]) -> dict[str, Any]:
    for name, fraction, offset in names:
        text = source.text(name)
        if text is None or _BLANK.fullmatch(text):
            continue
        fields = _parse(source, name, text)
        if fields:
            origin = {"exif": "camera", "sidecar": "xmp"}.get(source.kind, source.kind)
            return _details(source, fraction, offset) | fields | {"taken_source": origin}
    return {}


def _parse(source: Source, name: str, text: str) -> dict[str, Any]:
    match = _DATE.fullmatch(text)
    if match is None:
        source.drop(name, text, "not a date")
        return {}
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        moment = datetime(year, month or 1, day or 1, hour, minute, second, tzinfo=UTC)
    except ValueError:
        source.drop(name, text, "no such day or time")
        return {}
    if year < _FIRST_YEAR:
        source.drop(name, text, "before photography")
        return {}
    fields: dict[str, Any] = {"taken_at": int(moment.timestamp())}
    fields |= _fraction(match[7]) | (_offset(source, name, match[8]) if match[8] else {})
    if fields["taken_at"] - 60 * fields.get("taken_offset", 0) > source.now + _DAY:
        source.drop(name, text, "in the future")
        return {}
    return fields


def _details(source: Source, fraction: str, offset: str) -> dict[str, Any]:
    """Return what EXIF keeps in fields of their own."""
    digits = source.text(fraction) or ""
    text = source.text(offset)
    is_there = text is not None and not re.fullmatch(r"[\s:]*", text)
    return _fraction(digits.strip()) | (_offset(source, offset, text or "") if is_there else {})


def _fraction(digits: str | None) -> dict[str, Any]:
    """Return decimal digits after the second as microseconds."""
    if not digits or not (digits.isascii() and digits.isdigit()):
        return {}
    return {"taken_us": int(digits[:6].ljust(6, "0"))}


def _offset(source: Source, name: str, text: str) -> dict[str, Any]:
    if text == "Z":
        return {"taken_offset": 0}
    match = _OFFSET.fullmatch(text)
    if match is not None and int(match[2]) < 60:
        minutes = abs(int(match[1])) * 60 + int(match[2])
        minutes = -minutes if match[1].startswith("-") else minutes
        if -12 * 60 <= minutes <= 14 * 60:
            return {"taken_offset": minutes}
    source.drop(name, text, "no offset from UTC")
    return {}
