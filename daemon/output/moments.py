"""Times as people and JSON read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...db.records import PhotoRecord

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FROM_FILE = "file"


def iso(seconds: int | None) -> str | None:
    """Write unix seconds as ISO 8601 in this machine's zone."""
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="seconds")
    except (OverflowError, OSError, ValueError):
        return None  # a file's time may be any number


def wall_clock(seconds: int) -> datetime | None:
    """Return what a clock showed, in no zone; None for what no calendar has."""
    try:
        return (EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None)
    except OverflowError:
        return None


def taken_iso(photo: PhotoRecord) -> str | None:
    """Write when a photo was taken as ISO 8601: with fraction and offset where they are known."""
    moment = _taken(photo)
    if moment is None:
        return None
    return moment.isoformat(timespec="auto" if photo.metadata.taken_us is not None else "seconds")


def taken_text(photo: PhotoRecord, timespec: str = "seconds") -> str:
    """Write a photo's date for people, without offset: 2023-07-01 12:00:00."""
    moment = wall_clock(photo.taken_at)
    return "" if moment is None else moment.isoformat(sep=" ", timespec=timespec)


def describe_taken(photo: PhotoRecord) -> str:
    """Say for people when a photo was taken, or that it does not tell.

    "taken 2023-07-01 12:00:00.25 +01:00", "no date in the photo: file time 2023-07-01 12:00:00".
    """
    moment = _taken(photo)
    if moment is None:
        return "no date"
    text = moment.replace(tzinfo=None).isoformat(sep=" ")
    if moment.microsecond:
        text = text.rstrip("0")
    if photo.taken_source == FROM_FILE:
        return f"no date in the photo: file time {text}"
    zone = f" {moment.isoformat()[-len('+00:00') :]}" if moment.tzinfo else ""
    return f"taken {text}{zone}"


def _taken(photo: PhotoRecord) -> datetime | None:
    moment, written = wall_clock(photo.taken_at), photo.metadata
    if moment is None:
        return None
    moment = moment.replace(microsecond=written.taken_us or 0)
    if written.taken_offset is not None:
        moment = moment.replace(tzinfo=timezone(timedelta(minutes=written.taken_offset)))
    return moment
