"""The values of fields: numbers with units, days and spans of days."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NoReturn

from .misfit import Misfit, offer

if TYPE_CHECKING:
    from collections.abc import Mapping

SIZES: Final = MappingProxyType(
    {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
)
LENGTHS: Final = MappingProxyType({"m": 0.001, "km": 1.0, "mi": 1.609344})
NAMED_DAYS: Final = (
    "today",
    "yesterday",
    "this-week",
    "last-week",
    "this-month",
    "last-month",
    "this-year",
    "last-year",
)
MOST_DAYS: Final = 100_000
_NUMBER: Final = re.compile(r"([+-]?(?:\d+(?:\.(?!\.)\d*)?|\.\d+))\s*(.*)", re.ASCII | re.DOTALL)
_DATE: Final = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", re.ASCII)
_DAYS_AGO: Final = re.compile(r"last-(\d{1,6})-days?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a value and where it begins; `is_quoted` keeps `none` a name."""

    text: str
    position: int
    is_quoted: bool = False

    def part(self, start: int, stop: int | None = None) -> Text:
        """Give a piece of the text that knows its place, without spaces around it."""
        piece = self.text[start:stop]
        return Text(piece.strip(), self.position + start + len(piece) - len(piece.lstrip()))

    def items(self) -> list[Text]:
        """Give what stands between commas."""
        starts = [0, *(match.end() for match in re.finditer(",", self.text))]
        stops = [start - 1 for start in starts[1:]]
        return [self.part(*ends) for ends in zip(starts, [*stops, None], strict=True)]

    def ends(self) -> tuple[Text | None, Text | None] | None:
        """Give the two ends of `A..B`, None for an open one; None where there is no `..`."""
        at = self.text.find("..")
        if at < 0:
            return None
        first, last = self.part(0, at), self.part(at + 2)
        if not first.text and not last.text:
            self.fail("a range has a beginning or an end: A..B, A.. or ..B")
        return first if first.text else None, last if last.text else None

    def fail(self, message: str) -> NoReturn:
        """Refuse this text."""
        raise Misfit(self.position, message)


@dataclass(frozen=True, slots=True)
class Measure:
    """What the numbers of a field are: their units, least and most.

    `whole` refuses fractions; `stored_whole` says that the photos' numbers have none.
    """

    name: str
    units: Mapping[str, float] = field(default_factory=dict)
    whole: bool = False
    stored_whole: bool = False
    least: float = 0
    most: float = 1e15

    def read(self, value: Text, unit: str = "") -> float:
        """Understand a number; one without a unit has the one given."""
        found = _NUMBER.fullmatch(value.text)
        if found is None:
            value.fail("a number is missing here")
        number, written = float(found[1]), found[2].casefold()
        factor = self.units.get(written or unit) if written or unit else 1
        if factor is None:
            value.part(found.start(2)).fail(self._refusal(found[2]))
        number *= factor
        if not self.least <= number <= self.most:
            value.fail(f"{self.name} lies between {self.least:g} and {self.most:g}")
        if self.whole and number != int(number):
            value.fail(f"{self.name} is a whole number")
        return int(number) if number == int(number) else number

    def span(self, value: Text) -> tuple[float | None, float | None]:
        """Understand a number, or a range of them."""
        ends = value.ends()
        if ends is None:
            number = self.read(value)
            return number, number
        first, last = ends
        # In 1..5mb both are megabytes.
        found = _NUMBER.fullmatch(last.text) if last is not None else None
        unit = found[2].casefold() if found is not None else ""
        least = self.read(first, unit if unit in self.units else "") if first is not None else None
        most = self.read(last) if last is not None else None
        _refuse_turned(value, least, most)
        return least, most

    def compared(self, sign: str, value: Text) -> tuple[float | None, float | None]:
        """Understand the number behind a comparison; give what it allows, both ends included."""
        if ".." in value.text:
            value.fail(f"a comparison takes one number; a range is {self.name}:A..B")
        number = self.read(value)
        match sign:
            case ">=" | "≥":
                return number, None
            case "<=" | "≤":
                return None, number
            case ">":
                return self._beyond(number, 1), None
            case "<":
                return None, self._beyond(number, -1)
            case _:
                return number, number

    def _beyond(self, number: float, direction: int) -> float:
        """Give the next number that the field can have."""
        if not self.stored_whole:
            return math.nextafter(number, direction * math.inf)
        return math.floor(number) + 1 if direction > 0 else math.ceil(number) - 1

    def _refusal(self, unit: str) -> str:
        known = [name for name in self.units if name]
        if not known:
            return f"{self.name} is a number without a unit, not with {unit!r}"
        listed = ", ".join(known[:-1]) + " or " + known[-1] if len(known) > 1 else known[0]
        return f"{self.name} is given in {listed}, not in {unit!r}"


def _refuse_turned(value: Text, first: float | date | None, last: float | date | None) -> None:
    if first is not None and last is not None and last < first:  # type: ignore[operator]  # alike
        value.fail("this range ends before it begins")


def read_days(value: Text, today: date) -> tuple[date | None, date | None]:
    """Understand days or a range of them: the first and the last day, None for an open end.

    >>> read_days(Text("2023-02..2023-03", 0), date(2024, 1, 1))
    (datetime.date(2023, 2, 1), datetime.date(2023, 3, 31))
    """
    ends = value.ends()
    if ends is None:
        return read_period(value, today)
    first = read_period(ends[0], today)[0] if ends[0] is not None else None
    last = read_period(ends[1], today)[1] if ends[1] is not None else None
    _refuse_turned(value, first, last)
    return first, last


def read_period(value: Text, today: date) -> tuple[date, date]:
    """Understand one day, month, year or named span: its first and its last day.

    >>> read_period(Text("last-week", 0), date(2024, 1, 3))
    (datetime.date(2023, 12, 25), datetime.date(2023, 12, 31))
    """
    text = value.text.casefold()
    if text in NAMED_DAYS:
        return _named(text, today)
    if found := _DAYS_AGO.fullmatch(text):
        number = int(found[1])
        if not 1 <= number <= MOST_DAYS or number > (today - date.min).days:
            value.fail("the number of days is not one to count back")
        return today - timedelta(days=number - 1), today
    if (found := _DATE.fullmatch(text)) is None:
        hint = offer(text, (*NAMED_DAYS, "last-7-days", "none"))
        value.fail(hint[2:] if hint else "a date is 2023, 2023-07, 2023-07-01 or a word like today")
    return _dated(value, *(int(part) if part else None for part in found.groups()))


def _dated(value: Text, year: int | None, month: int | None, day: int | None) -> tuple[date, date]:
    if not year:
        value.fail("there is no year 0")
    if month is None:
        return date(year, 1, 1), date(year, 12, 31)
    if not 1 <= month <= 12:
        value.fail(f"there is no month {month}")
    last = _month_end(date(year, month, 1))
    if day is None:
        return date(year, month, 1), last
    if not 1 <= day <= last.day:
        value.fail(f"there is no day {day} in {year:04}-{month:02}")
    return date(year, month, day), date(year, month, day)


def _named(text: str, today: date) -> tuple[date, date]:
    one_day = timedelta(days=1)
    if text in ("today", "yesterday"):
        day = today if text == "today" else today - one_day
        return day, day
    is_last = text.startswith("last-")
    if text.endswith("week"):
        monday = today - timedelta(days=today.weekday() + 7 * is_last)
        return monday, monday + timedelta(days=6)
    if text.endswith("month"):
        first = today.replace(day=1)
        first = (first - one_day).replace(day=1) if is_last else first
        return first, _month_end(first)
    year = today.year - is_last
    return date(year, 1, 1), date(year, 12, 31)


def _month_end(first: date) -> date:
    if first.month == 12:
        return first.replace(day=31)
    return first.replace(month=first.month + 1) - timedelta(days=1)
