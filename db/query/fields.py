"""What the fields of the language mean: a row for each, a value's text to a term."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from ..states import PhotoState
from .misfit import Misfit, offer
from .tree import Called, Days, Hours, Missing, Near, Not, OneOf, Path, Range
from .values import LENGTHS, SIZES, Measure, Text, read_days, read_period

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import date

    from .tree import Tree

    Reader: TypeAlias = Callable[[str, Text, date], Tree]

PIXELS: Final = MappingProxyType({"px": 1.0})
MEASURES: Final = MappingProxyType(
    {
        "iso": Measure("iso", whole=True, stored_whole=True),
        "f": Measure("f"),
        "focal": Measure("focal", MappingProxyType({"mm": 1})),
        "size": Measure("size", SIZES, stored_whole=True),
        "width": Measure("width", PIXELS, whole=True, stored_whole=True),
        "height": Measure("height", PIXELS, whole=True, stored_whole=True),
        "rating": Measure("rating", whole=True, stored_whole=True, least=-1, most=5),
    }
)
LATITUDE: Final = Measure("a latitude", least=-90, most=90)
LONGITUDE: Final = Measure("a longitude", least=-180, most=180)
RADIUS: Final = Measure("a radius", LENGTHS, most=1000)
SORTS: Final = ("date", "-date", "conf", "path", "-path", "size", "-size", "random")
SEASONS: Final = ("spring", "summer", "autumn", "winter", "fall")
WEEKDAYS: Final = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
SHAPES: Final = ("portrait", "landscape", "square")
STATES: Final = (*PhotoState, "any")
NAMES: Final = ("label", "object", "keyword")


@dataclass(frozen=True, slots=True)
class Order:
    """`sort:` on its way to the root of the tree."""

    order: str
    position: int


def read_field(name: str, value: Text, today: date) -> Tree | Order:
    """Understand `name:value`.

    Raises Misfit.
    """
    if name == "sort":
        return Order(_choice("order", value, SORTS), value.position)
    if not value.text.strip():
        value.fail("the quotes hold no name" if value.is_quoted else "a value is missing here")
    return FIELDS[name](name, value, today)


def refuse_field(name: str, position: int) -> Misfit:
    """Make the error for a field that there is not."""
    known = offer(name, (*FIELDS, "sort", *NAMES))
    hint = known or "; names with a colon stand in quotes"
    return Misfit(position, f"no field is called {name!r}{hint}")


def read_comparison(name: str, sign: str, value: Text) -> Range:
    """Understand `iso>1600`."""
    return Range(name, *MEASURES[name].compared(sign, value), value.position)


def _days(name: str, value: Text, today: date) -> Tree:
    if value.text.casefold() == "none" and name == "date":
        return Missing("date", value.position)
    return Days(name, *read_days(value, today), value.position)


def _after(_name: str, value: Text, today: date) -> Tree:
    _, last = _one_period("after", value, today)
    try:
        return Days("date", last + timedelta(days=1), None, value.position)
    except OverflowError:
        value.fail("no day comes after this")


def _before(_name: str, value: Text, today: date) -> Tree:
    first, _ = _one_period("before", value, today)
    try:
        return Days("date", None, first - timedelta(days=1), value.position)
    except OverflowError:
        value.fail("no day comes before this")


def _one_period(name: str, value: Text, today: date) -> tuple[date, date]:
    if ".." in value.text:
        value.fail(f"{name}: takes one date; a range is date:A..B")
    return read_period(value, today)


def _hours(_name: str, value: Text, _today: date) -> Tree:
    measure = Measure("an hour", whole=True, most=23)
    ends = value.ends()
    if ends is None:
        hour = int(measure.read(value))
        return Hours(hour, hour, value.position)
    first, last = ends
    start = int(measure.read(first)) if first is not None else 0
    stop = int(measure.read(last)) if last is not None else 23
    return Hours(start, stop, value.position)


def _called(name: str, value: Text, _today: date) -> Tree:
    text = " ".join(value.text.split())
    if text.casefold() == "none" and not value.is_quoted and name != "model":
        return Missing(name, value.position)
    if not text.strip("*"):
        value.fail("a name is missing beside the star; for photos without one there is :none")
    return Called(name, text, value.position)


def _gps(_name: str, value: Text, _today: date) -> Tree:
    without = Missing("gps", value.position)
    return without if _choice("gps value", value, ("none", "any")) == "none" else Not(without)


def _near(_name: str, value: Text, _today: date) -> Tree:
    items = value.items()
    if not 2 <= len(items) <= 3:
        value.fail("near is latitude, longitude and a radius: near:38.71,-9.14,5km")
    radius = 1.0
    if len(items) == 3:
        if items[2].text[-1:].isdigit():
            items[2].fail("a radius takes a unit: 500m, 5km or 3mi")
        radius = RADIUS.read(items[2])
    if radius <= 0:
        items[2].fail("a radius is more than 0")
    return Near(LATITUDE.read(items[0]), LONGITUDE.read(items[1]), radius, value.position)


def _range(name: str, value: Text, _today: date) -> Tree:
    if name == "rating" and value.text.casefold() == "none":
        return Missing("rating", value.position)
    return Range(name, *MEASURES[name].span(value), value.position)


def _path(_name: str, value: Text, _today: date) -> Tree:
    if not {".", ".."}.isdisjoint(value.text.split("/")):
        value.fail("path: knows no . and no ..: it begins with /, with ~/ or at any folder")
    return Path(value.text, value.position)


def _listed(name: str, value: Text, _today: date) -> Tree:
    values = [item.text.casefold().removeprefix(".") for item in _filled(value)]
    return OneOf(name, tuple(dict.fromkeys(values)), value.position)


def _season(name: str, value: Text, _today: date) -> Tree:
    named = [_choice("season", item, SEASONS) for item in _filled(value)]
    unique = dict.fromkeys("autumn" if one == "fall" else one for one in named)
    return OneOf(name, tuple(unique), value.position)


def _weekday(name: str, value: Text, _today: date) -> Tree:
    full = {day[:3]: day for day in WEEKDAYS} | {day: day for day in WEEKDAYS}
    named = [full[_choice("weekday", item, full)] for item in _filled(value)]
    return OneOf(name, tuple(dict.fromkeys(named)), value.position)


def _orientation(name: str, value: Text, _today: date) -> Tree:
    named = [_choice("orientation", item, SHAPES) for item in _filled(value)]
    return OneOf(name, tuple(dict.fromkeys(named)), value.position)


def _state(name: str, value: Text, _today: date) -> Tree:
    named = [_choice("state", item, STATES) for item in _filled(value)]
    found = tuple(PhotoState) if "any" in named else tuple(dict.fromkeys(named))
    return OneOf(name, tuple(str(one) for one in found), value.position)


def _filled(value: Text) -> list[Text]:
    items = value.items()
    for item in items:
        if not item.text:
            item.fail("a value is missing beside the comma")
    return items


def _choice(what: str, value: Text, known: Collection[str]) -> str:
    """Give a value that has to be one of a few words."""
    text = value.text.casefold()
    if text not in known:
        hint = offer(text, known) or f"; it is one of {', '.join(known)}"
        value.fail(f"no {what} is called {value.text!r}{hint}")
    return text


FIELDS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "date": _days,
        "added": _days,
        "after": _after,
        "before": _before,
        "season": _season,
        "hour": _hours,
        "weekday": _weekday,
        "camera": _called,
        "lens": _called,
        "model": _called,
        "place": _called,
        "gps": _gps,
        "near": _near,
        **dict.fromkeys(MEASURES, _range),
        "path": _path,
        "ext": _listed,
        "format": _listed,
        "orientation": _orientation,
        "state": _state,
    }
)
