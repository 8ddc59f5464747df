"""What the hits of a search have in common: the most frequent labels, years, cameras, places."""

# The text is made of constants, every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ..states import PhotoState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .facts import Execute

Counts: TypeAlias = tuple[tuple[str, int], ...]

LABELS: Final = (
    "WITH hit AS ({hits}) SELECT x.label_id, count(*) FROM hit CROSS JOIN sighting x"
    " WHERE x.photo_id = hit.photo_id GROUP BY x.label_id"
)
ROWS: Final = (
    "WITH hit AS ({hits}) SELECT p.taken_at, p.camera_id, p.lens_id, p.city_id"
    " FROM hit CROSS JOIN photo p WHERE p.id = hit.photo_id"
)
ENDS: Final = (
    "SELECT (SELECT min(taken_at) FROM photo WHERE state = :state),"
    " (SELECT max(taken_at) FROM photo WHERE state = :state)"
)
BETWEEN: Final = (
    "SELECT count(*) FROM photo WHERE state = :state AND taken_at >= :first AND taken_at < :end"
)
OTHERS: Final = "SELECT p.id AS photo_id FROM photo p WHERE p.state IN ({states})"
SECOND_HALVES: Final = (
    " UNION SELECT p.id FROM photo p CROSS JOIN photo j WHERE p.pair_id IS NOT NULL"
    f" AND j.id = p.pair_id AND j.state = '{PhotoState.DONE}'"
)
TABLES: Final = ("label", "camera", "lens", "place")
DAY: Final = 86_400
LAST: Final = 1 << 62
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Facets:
    """The number of photos, and of those with each of the most frequent names.

    Years come newest first. `places` are towns; photos far from all of them are in none.
    """

    photos: int
    labels: Counts = ()
    years: Counts = ()
    cameras: Counts = ()
    lenses: Counts = ()
    places: Counts = ()


@dataclass(frozen=True, slots=True)
class _Numbers:
    """How many photos there are of each year, and of each row of a table by its id."""

    years: Counter[int]
    labels: Counter[int]
    cameras: Counter[int]
    lenses: Counter[int]
    places: Counter[int]

    def less(self, other: _Numbers) -> _Numbers:
        """Take other photos out."""
        return _Numbers(
            self.years - other.years,
            self.labels - other.labels,
            self.cameras - other.cameras,
            self.lenses - other.lenses,
            self.places - other.places,
        )


def facets_of(execute: Execute, hits: str, parameters: Mapping[str, Any], most: int) -> Facets:
    """Count names among photos: SQL that gives `photo_id`, each once."""
    return _named(execute, _count(execute, hits, parameters), most)


def facets_of_all(execute: Execute, most: int, *, raw: bool) -> Facets:
    """Count names among all done photos: all that is known, less the few that are not shown."""
    states = ", ".join(f"'{state}'" for state in PhotoState if state is not PhotoState.DONE)
    others = OTHERS.format(states=states) + ("" if raw else SECOND_HALVES)
    known: dict[str, Counter[int]] = {
        table: Counter(dict(execute(f"SELECT id, n FROM {table}", {}))) for table in TABLES
    }
    towns = {town for (town,) in execute("SELECT id FROM place WHERE kind = 'city'", {})}
    everything = _Numbers(
        _all_years(execute),
        known["label"],
        known["camera"],
        known["lens"],
        Counter({place: number for place, number in known["place"].items() if place in towns}),
    )
    return _named(execute, everything.less(_count(execute, others, {})), most)


def _count(execute: Execute, hits: str, parameters: Mapping[str, Any]) -> _Numbers:
    labels: Counter[int] = Counter(dict(execute(LABELS.format(hits=hits), parameters)))
    rows = execute(ROWS.format(hits=hits), parameters)
    columns: list[tuple[Any, ...]] = list(zip(*rows, strict=True)) or [()] * 4
    days = Counter(taken_at // DAY for taken_at in columns[0])
    years: Counter[int] = Counter()
    for day, number in days.items():
        years[_year(day * DAY)] += number
    return _Numbers(years, labels, *(_known(column) for column in columns[1:]))


def _all_years(execute: Execute) -> Counter[int]:
    """Count the photos of each year; grouping a million rows takes ten times as long."""
    years: Counter[int] = Counter()
    for state in map(str, PhotoState):
        ((first, last),) = execute(ENDS, {"state": state})
        if first is None:
            continue
        for year in range(_year(first), _year(last) + 1):
            ends = {"first": _begin(year), "end": _begin(year + 1)}
            ((number,),) = execute(BETWEEN, {"state": state, **ends})
            years[year] += number
    return years


def _year(taken_at: int) -> int:
    return (EPOCH + timedelta(seconds=taken_at)).year


def _begin(year: int) -> int:
    return (date(year, 1, 1) - EPOCH.date()).days * DAY if year <= MAXYEAR else LAST


def _known(column: tuple[Any, ...]) -> Counter[int]:
    counted: Counter[int] = Counter(column)
    counted.pop(None, 0)  # type: ignore[call-overload]  # rows without a value are counted, too
    return counted


def _named(execute: Execute, numbers: _Numbers, most: int) -> Facets:
    """Put names in the places of ids, and leave out all but the most frequent."""

    def name(table: str, counted: Counter[int]) -> Counts:
        names: dict[int, str] = dict(execute(f"SELECT id, name FROM {table}", {}))
        total: Counter[str] = Counter()
        for key, number in counted.items():
            total[names[key]] += number
        return tuple(sorted(total.items(), key=lambda one: (-one[1], one[0]))[:most])

    return Facets(
        photos=numbers.years.total(),
        labels=name("label", numbers.labels),
        years=tuple(
            (f"{year:04}", number)
            for year, number in sorted(numbers.years.items(), reverse=True)[:most]
            if number
        ),
        cameras=name("camera", numbers.cameras),
        lenses=name("lens", numbers.lenses),
        places=name("place", numbers.places),
    )
