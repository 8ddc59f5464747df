"""What the values of a query's fields mean, in plain Python and once more than in the program."""

from __future__ import annotations

import math
import os
import re
import unicodedata
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from known_photos import Library, Photo

EPOCH = date(1970, 1, 1)
DAY = 86_400
KM_IN_A_DEGREE = 111.195
UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9}
UNITS |= {"kib": 2**10, "mib": 2**20, "gib": 2**30}
LENGTHS = {"m": 0.001, "km": 1.0, "mi": 1.609344}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NORTH = {"spring": (3, 4, 5), "summer": (6, 7, 8), "autumn": (9, 10, 11), "winter": (12, 1, 2)}
ACROSS = {"spring": "autumn", "autumn": "spring", "summer": "winter", "winter": "summer"}


@lru_cache(maxsize=10_000)
def name_key(name: str) -> str:
    """Give what two spellings of a name have in common: letters without case, single spaces."""
    return unicodedata.normalize("NFC", " ".join(name.split())).casefold()


@lru_cache(maxsize=10_000)
def plain(text: str) -> str:
    """Give a text without case, accents and double spaces."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in bare if not unicodedata.combining(char))
    return " ".join(bare.split())


def is_called(name: str, word: str, *, starts: bool) -> bool:
    """Say whether a name is the word, or begins with it."""
    key, asked = name_key(name), name_key(word)
    return key.startswith(asked) if starts else key == asked


def compares(value: float, sign: str, bound: float) -> bool:
    """Compare two numbers by a sign as it is written."""
    return {
        ">": value > bound,
        ">=": value >= bound,
        "<": value < bound,
        "<=": value <= bound,
    }.get(sign, value == bound)


def fits(field: str, sign: str, value: str, photo: Photo, library: Library) -> bool:
    """Say whether a photo fulfils a field of a query."""
    return FIELDS[field](sign, value, photo, library)


def _fits_date(_sign: str, value: str, photo: Photo, library: Library) -> bool:
    if value == "none":
        return photo.dated_by == "file"
    return _is_within(day_of(photo.taken_at), value, library.today)


def _fits_added(_sign: str, value: str, photo: Photo, library: Library) -> bool:
    return _is_within(day_of(library.clock(photo.added_at)), value, library.today)


def _fits_after(_sign: str, value: str, photo: Photo, library: Library) -> bool:
    return day_of(photo.taken_at) > period(value, library.today)[1]


def _fits_before(_sign: str, value: str, photo: Photo, library: Library) -> bool:
    return day_of(photo.taken_at) < period(value, library.today)[0]


def _is_within(day: date, value: str, today: date) -> bool:
    start, dots, end = value.partition("..")
    first = period(start, today)[0] if start else date.min
    last = period(end if dots else start, today)[1] if end or not dots else date.max
    return first <= day <= last


@lru_cache(maxsize=10_000)
def period(text: str, today: date) -> tuple[date, date]:
    """Give the first and the last day of what a text names."""
    monday = today - timedelta(days=today.weekday())
    month = today.replace(day=1)
    before = month - timedelta(days=1)
    named = {
        "today": (today, today),
        "yesterday": (today - timedelta(days=1),) * 2,
        "this-week": (monday, monday + timedelta(days=6)),
        "last-week": (monday - timedelta(days=7), monday - timedelta(days=1)),
        "this-month": (month, _month_end(month)),
        "last-month": (before.replace(day=1), before),
        "this-year": (date(today.year, 1, 1), date(today.year, 12, 31)),
        "last-year": (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
    }
    if text in named:
        return named[text]
    if match := re.fullmatch(r"last-(\d+)-days", text):
        return today - timedelta(days=int(match[1]) - 1), today
    return _numbered(*map(int, text.split("-")))


def _numbered(year: int, month: int | None = None, day: int | None = None) -> tuple[date, date]:
    if month is None:
        return date(year, 1, 1), date(year, 12, 31)
    if day is None:
        return date(year, month, 1), _month_end(date(year, month, 1))
    return date(year, month, day), date(year, month, day)


def _month_end(first: date) -> date:
    if first.month == 12:
        return first.replace(day=31)
    return first.replace(month=first.month + 1) - timedelta(days=1)


def day_of(taken_at: int) -> date:
    """Give the day of a time on the wall clock."""
    return EPOCH + timedelta(days=taken_at // DAY)


def _fits_season(_sign: str, value: str, photo: Photo, _library: Library) -> bool:
    is_south = photo.latitude is not None and photo.latitude < 0
    month = day_of(photo.taken_at).month
    named = ["autumn" if name == "fall" else name for name in value.split(",")]
    return any(month in NORTH[ACROSS[name] if is_south else name] for name in named)


def _fits_hour(_sign: str, value: str, photo: Photo, _library: Library) -> bool:
    hour = photo.taken_at % DAY // 3600
    start, dots, end = value.partition("..")
    first, last = int(start or 0), int((end or 23) if dots else start)
    return first <= hour <= last if first <= last else hour >= first or hour <= last


def _fits_weekday(_sign: str, value: str, photo: Photo, _library: Library) -> bool:
    return DAYS[day_of(photo.taken_at).weekday()] in {name[:3] for name in value.split(",")}


def _fits_name(names: Callable[[Photo], tuple[str | None, ...]]) -> Callable[..., bool]:
    """Make the rule for a name in full with stars, or its beginnings of words without."""

    def fits_name(sign: str, value: str, photo: Photo, _library: Library) -> bool:
        there = [name for name in names(photo) if name is not None]
        if (sign, value) == (":", "none"):
            return not there
        return any(_is_part(plain(value), plain(name)) for name in there)

    return fits_name


def _is_part(asked: str, name: str) -> bool:
    if "*" in asked:
        return re.fullmatch(_starred(asked), name, re.DOTALL) is not None
    return re.search(r"(?<![^\W_])" + re.escape(asked), name) is not None


def _starred(asked: str) -> str:
    return ".*".join(map(re.escape, asked.split("*")))


def _fits_place(_sign: str, value: str, photo: Photo, _library: Library) -> bool:
    names = [name for name in (photo.city, photo.region, photo.country) if name is not None]
    asked = plain(value)
    if asked == "none":
        return photo.country is None
    if "*" in asked:
        return any(re.fullmatch(_starred(asked), plain(name), re.DOTALL) for name in names)
    code = (photo.country_code or "").casefold()
    return asked in [plain(name) for name in names] or asked == code != ""


def _fits_gps(_sign: str, value: str, photo: Photo, _library: Library) -> bool:
    return (photo.latitude is not None) is (value == "any")


def _fits_near(_sign: str, value: str, photo: Photo, _library: Library) -> bool:
    if photo.latitude is None or photo.longitude is None:
        return False
    latitude, longitude, *rest = value.split(",")
    match = re.fullmatch(r"([\d.]+)(m|km|mi)", rest[0] if rest else "1km")
    assert match is not None, value
    radius = float(match[1]) * LENGTHS[match[2]] / KM_IN_A_DEGREE
    north = photo.latitude - float(latitude)
    east = (photo.longitude - float(longitude) + 180) % 360 - 180
    east *= math.cos(math.radians(float(latitude)))
    return north**2 + east**2 <= radius**2


def _fits_number(get: Callable[[Photo], float | None]) -> Callable[..., bool]:
    """Make the rule for a number that a photo may not have."""

    def fits_number(sign: str, value: str, photo: Photo, _library: Library) -> bool:
        number = get(photo)
        if value == "none":
            return number is None
        if number is None:
            return False
        start, dots, end = value.partition("..")
        if not dots:
            return compares(number, sign, amount(value))
        least = amount(start, like=end) if start else -math.inf
        return least <= number <= (amount(end) if end else math.inf)

    return fits_number


def amount(text: str, like: str = "") -> float:
    """Read a number; one without a unit of size takes that of the other end of its range."""
    match = re.fullmatch(r"(-?(?:\d+\.?\d*|\.\d+))([a-z]*)", text.casefold())
    assert match is not None, text
    return float(match[1]) * UNITS[match[2] or like.casefold().strip("-.0123456789")]


def _fits_path(_sign: str, value: str, photo: Photo, library: Library) -> bool:
    pattern = os.fsdecode(library.home) + value[1:] if value.startswith("~/") else value
    pattern = path_text(os.fsencode(pattern)).rstrip("/")
    start = "" if pattern.startswith("/") else "(.*/)?"
    whole = start + _path_rule(pattern) + "(/.*)?"
    return re.fullmatch(whole, path_text(photo.path), re.DOTALL) is not None


@lru_cache(maxsize=10_000)
def path_text(path: bytes) -> str:
    """Give a path as it is compared: without case, composed, odd bytes as an escape."""
    text = path.decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", text).casefold()


@lru_cache(maxsize=10_000)
def _path_rule(pattern: str) -> str:
    """Make a rule of a pattern; between slashes two stars are any number of folders, or none."""
    signs = {"/**": "(/.*)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(/\*\*(?=/)|\*\*|\*|\?)", pattern)
    return "".join(signs.get(part, re.escape(part)) for part in parts)


def _fits_ext(_sign: str, value: str, photo: Photo, _library: Library) -> bool:
    suffix = os.path.splitext(photo.name)[1][1:]
    return path_text(suffix) in value.casefold().split(",")


def _fits_format(_sign: str, value: str, photo: Photo, _library: Library) -> bool:
    asked = [name.replace(" ", "") for name in value.casefold().split(",")]
    return photo.format is not None and photo.format.casefold().replace(" ", "") in asked


def _fits_orientation(_sign: str, value: str, photo: Photo, _library: Library) -> bool:
    if photo.width is None or photo.height is None:
        return False
    shapes = ("landscape", "square", "portrait")
    longer = (photo.width < photo.height) - (photo.width > photo.height)
    return shapes[longer + 1] in value.split(",")


def _fits_state(_sign: str, value: str, photo: Photo, _library: Library) -> bool:
    return value == "any" or photo.state in value.split(",")


FIELDS: dict[str, Callable[[str, str, Photo, Library], bool]] = {
    "date": _fits_date,
    "added": _fits_added,
    "after": _fits_after,
    "before": _fits_before,
    "season": _fits_season,
    "hour": _fits_hour,
    "weekday": _fits_weekday,
    "camera": _fits_name(lambda photo: (photo.camera,)),
    "lens": _fits_name(lambda photo: (photo.lens,)),
    "model": _fits_name(lambda photo: photo.models),
    "place": _fits_place,
    "gps": _fits_gps,
    "near": _fits_near,
    "iso": _fits_number(lambda photo: photo.iso),
    "f": _fits_number(lambda photo: photo.f_number),
    "focal": _fits_number(lambda photo: photo.focal),
    "size": _fits_number(lambda photo: photo.size),
    "width": _fits_number(lambda photo: photo.width),
    "height": _fits_number(lambda photo: photo.height),
    "rating": _fits_number(lambda photo: photo.rating),
    "path": _fits_path,
    "ext": _fits_ext,
    "format": _fits_format,
    "orientation": _fits_orientation,
    "state": _fits_state,
}
