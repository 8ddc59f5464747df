"""Terms as conditions on the photo's own row, with the indexes that lead to such photos."""

# The text is made of constants of this file, every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from ..query import (
    And,
    Called,
    Days,
    Everything,
    Flag,
    Hours,
    Keyword,
    Missing,
    Near,
    Not,
    OneOf,
    Or,
    Path,
    Range,
    Word,
)
from ..query.fields import WEEKDAYS
from ..states import PhotoState, Shape
from . import limits
from .facts import ALWAYS, NEVER, Fact, Slice, both, either
from .folders import find_folders
from .names import LAST
from .nearby import near_test, rows_of_cells
from .sightings import keyword_fact, word_fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..query import Leaf, Tree
    from .facts import Condition, Execute, Values
    from .folders import NamesIn
    from .names import Known, Names

EPOCH: Final = date(1970, 1, 1)
DAY: Final = 86_400
COLUMNS: Final = {"f": "f_number", "ext": "suffix", "orientation": "shape"}
MONTHS: Final = {
    "spring": (3, 4, 5),
    "summer": (6, 7, 8),
    "autumn": (9, 10, 11),
    "winter": (12, 1, 2),
}
EQUATOR: Final = 90 * 10 * 3600  # the first cell that is not south of it
# Whole weeks before the year 1, that no remainder is negative.
BEFORE: Final = 200_000 * 7 * DAY
SECOND_OF_DAY: Final = f"(({{t}} + {BEFORE}) % {DAY})"
# The first of January 1970 was a Thursday.
WEEKDAY: Final = f"(({{t}} + {BEFORE + 3 * DAY}) % {7 * DAY} / {DAY})"
MISSING: Final = {
    "date": "coalesce({p}.taken_source, 'file') = 'file'",
    "camera": "{p}.camera_id IS NULL",
    "lens": "{p}.lens_id IS NULL",
    "place": "{p}.country_id IS NULL AND {p}.region_id IS NULL AND {p}.city_id IS NULL",
    "rating": "{p}.rating IS NULL",
    "gps": "{p}.latitude IS NULL",
}
# The sign keeps SQLite from reading all photos of a state.
DOUBLE: Final = (
    "({p}.twin = 1 AND EXISTS (SELECT 1 FROM photo j WHERE j.fingerprint = {p}.fingerprint"
    f" AND j.id <> {{id}} AND +j.state = '{PhotoState.DONE}'))"
)


class Maker:
    """Makes the conditions of one search; asks the catalog how many photos there are of a kind."""

    def __init__(
        self, execute: Execute, values: Values, names: Names, states: Sequence[str], photos: int
    ) -> None:
        self._execute = execute
        self._values = values
        self._names = names
        self._states = states
        self._photos = photos

    def make(self, tree: Tree) -> Condition:
        """Make the condition of a tree in which NOT stands before single terms only."""
        match tree:
            case And(parts):
                return both(*self._narrowed([self.make(part) for part in parts]))
            case Or(parts):
                return either(*(self.make(part) for part in parts))
            case Everything():
                return ALWAYS
            case Not(Missing("gps") as term):
                return replace(
                    self._at_cells(("s.cell >= 0",), term), test="{p}.latitude IS NOT NULL"
                )
            case Not(term):
                fact = self.fact(term)  # type: ignore[arg-type]  # a single term: see above
                test = (
                    f"NOT {fact.test}"
                    if fact.test.startswith("EXISTS")
                    else (f"({fact.test}) IS NOT TRUE")
                )
                return Fact(fact.term, test, max(self._photos - fact.photos, 1))
            case _:
                return self.fact(tree)  # type: ignore[arg-type]  # all others are handled

    def _narrowed(self, parts: list[Condition]) -> list[Condition]:
        """Let walks over widths leave out the heights that nobody wants: their index knows both."""
        heights = [one for part in _ranges(parts, "height") for one in part.slices]
        unwanted = tuple(f"+{text}" for one in heights for text in one.conditions)
        for part in _ranges(parts, "width") if unwanted else ():
            (one,) = part.slices
            narrow = self._slice(*one.conditions, *unwanted, ordered=False)
            parts[parts.index(part)] = replace(part, slices=(narrow,)) if narrow.photos else NEVER
        return parts

    def fact(self, term: Leaf) -> Fact:  # noqa: C901, PLR0911, PLR0912  # a case for each kind
        """Make the condition of one term."""
        match term:
            case Word():
                return word_fact(self._values, term, self._names.rows(term))
            case Keyword():
                return keyword_fact(self._values, term, self._names.rows(term))
            case Days():
                return self._added(term) if term.field == "added" else self._days(term)
            case Hours():
                return self._hours(term)
            case Range():
                return self._range(term, COLUMNS.get(term.field, term.field), term.least, term.most)
            case OneOf("season"):
                return self._season(term)
            case OneOf("weekday"):
                return self._weekdays(term)
            case OneOf():
                return self._one_of(term)
            case Called():
                return self._called(term)
            case Missing():
                return self._missing(term)
            case Near():
                return self._near(term)
            case Path():
                return self._path(term)
            case Flag():
                return self._flag(term)

    def among(self, ids: Sequence[int]) -> Condition:
        """Make the condition that a photo is one of these."""
        if not ids:
            return NEVER
        listed = self._values.listed([int(one) for one in ids])
        slices = (Slice("photo s", (f"s.id IN {listed}",), len(ids), ordered=False, dated=False),)
        return Fact(None, f"{{id}} IN {listed}", len(ids), slices)

    def _slice(self, *conditions: str, ordered: bool = True, source: str = "photo s") -> Slice:
        """Make a walk over photos, and count them as far as it is worth it."""
        sql = (
            f"SELECT count(*) FROM (SELECT 1 FROM {source} WHERE {' AND '.join(conditions)}"
            f" LIMIT {limits.MOST_COLLECTED + 1}) AS counted"
        )
        ((photos,),) = self._execute(sql, self._values.parameters)
        if photos > limits.MOST_COLLECTED:
            photos = max(photos, self._photos // 4)
        return Slice(source, conditions, photos, ordered)

    def _days(self, term: Days) -> Fact:
        first = None if term.first is None else (term.first - EPOCH).days * DAY
        last = None if term.last is None else (term.last - EPOCH).days * DAY + DAY - 1
        between = self._between("{t}", first, last)
        slices = tuple(
            self._slice(f"s.state = '{state}'", between.format(t="s.taken_at"))
            for state in self._states
        )
        return Fact(term, between, sum(one.photos for one in slices), slices)

    def _added(self, term: Days) -> Fact:
        first = None if term.first is None else _midnight(term.first)
        after = None if term.last is None or term.last == date.max else term.last + timedelta(1)
        last = None if after is None else _midnight(after)
        return self._range(term, "added_at", first, None if last is None else last - 1)

    def _range(self, term: Leaf, column: str, least: float | None, most: float | None) -> Fact:
        between = self._between("{row}", least, most) or "{row} IS NOT NULL"
        is_one = least is not None and least == most
        one = self._slice(between.format(row=f"s.{column}"), ordered=is_one)
        return Fact(term, between.format(row=f"{{p}}.{column}"), one.photos, (one,))

    def _between(self, row: str, least: float | None, most: float | None) -> str:
        if least == most and least is not None:
            return f"{row} = {self._values.add(least)}"
        ends = [f"{row} >= {self._values.add(least)}"] if least is not None else []
        ends += [f"{row} <= {self._values.add(most)}"] if most is not None else []
        return " AND ".join(ends)

    def _hours(self, term: Hours) -> Fact:
        first, end = term.first * 3600, (term.last + 1) * 3600
        sign, many = "BETWEEN", end - first
        if many <= 0:
            # Over midnight: all but the hours between.
            sign, first, end, many = "NOT BETWEEN", end, first, many + DAY
        test = f"({SECOND_OF_DAY} {sign} {self._values.add(first)} AND {self._values.add(end - 1)})"
        return Fact(term, test, self._photos * many // DAY)

    def _weekdays(self, term: OneOf) -> Fact:
        days = [WEEKDAYS.index(name) for name in term.values]
        test = f"{WEEKDAY} IN {self._values.listed(days)}"
        return Fact(term, test, self._photos * len(days) // 7)

    def _season(self, term: OneOf) -> Fact:
        north = [month for name in term.values for month in MONTHS[name]]
        south = [(month + 5) % 12 + 1 for month in north]
        # A month is an index's key; the south is told by the latitude, or by few cells.
        test = (
            f"CASE WHEN {{p}}.latitude < 0 THEN ({{p}}.month + 5) % 12 + 1 ELSE {{p}}.month END"
            f" IN {self._values.listed(north)}"
        )
        below = self._slice(f"s.cell < {EQUATOR}", ordered=False)
        others: list[Slice] = [below] * bool(below.photos)
        if below.photos > limits.MOST_COLLECTED:
            others = [self._month(month) for month in south if month not in north]
        slices = [*map(self._month, north), *others]
        photos = self._photos * len(term.values) // 4
        return Fact(term, test, photos, tuple(slices), exact=False)

    def _month(self, month: int) -> Slice:
        return Slice("photo s", (f"s.month = {month}",), self._photos // 12)

    def _one_of(self, term: OneOf) -> Fact:
        values: Sequence[str | int] = self._names.values.get(term, term.values)
        if term.field == "orientation":
            values = [int(Shape[name.upper()]) for name in term.values]
        column = COLUMNS.get(term.field, term.field)
        places = [self._values.add(one) for one in values]
        slices = tuple(self._slice(f"s.{column} = {place}") for place in places)
        test = f"{{p}}.{column} IN ({', '.join(places)})"
        return Fact(term, test, sum(one.photos for one in slices), slices)

    def _called(self, term: Called) -> Fact:
        known = self._names.rows(term)
        if term.field == "model":
            return self._of_rows(term, {"set_id": known})
        if term.field == "place":
            kinds = ("country", "region", "city")
            return self._of_rows(
                term, {f"{kind}_id": [one for one in known if one.kind == kind] for kind in kinds}
            )
        return self._of_rows(term, {f"{term.field}_id": known})

    def _of_rows(self, term: Called, columns: dict[str, Sequence[Known]]) -> Fact:
        """Make the condition that a column of the photo names one of the rows."""
        tests: list[str] = []
        slices: list[Slice] = []
        merged: list[Slice] = []
        for column, known in columns.items():
            if not known:
                continue
            listed = f"{column} IN {self._values.listed([one.id for one in known])}"
            tests.append(f"{{p}}.{listed}")
            is_counted = all(one.photos >= 0 for one in known)
            photos = sum(one.photos for one in known) if is_counted else self._photos
            merged.append(Slice("photo s", (f"s.{listed}",), photos, ordered=False))
            slices += (
                self._of_row(column, known) if len(known) <= limits.MOST_WALKS else merged[-1:]
            )
        test = f"({' OR '.join(tests)})" if tests else "1 = 0"
        photos = sum(one.photos for one in slices)
        return Fact(term, test, photos, tuple(slices), merged=tuple(merged))

    def _of_row(self, column: str, known: Sequence[Known]) -> Iterator[Slice]:
        for one in known:
            condition = f"s.{column} = {self._values.add(one.id)}"
            is_counted = one.photos >= 0
            yield (
                Slice("photo s", (condition,), one.photos) if is_counted else self._slice(condition)
            )

    def _missing(self, term: Missing) -> Fact:
        return Fact(term, MISSING[term.field], self._photos // 4)

    def _near(self, term: Near) -> Fact:
        rows = rows_of_cells(term)
        test = near_test(term, self._values)
        if sum(last - first + 1 for first, last in rows) <= limits.MOST_WALKS:
            cells = [cell for first, last in rows for cell in range(first, last + 1)]
            slices = tuple(self._slice(f"s.cell = {cell}") for cell in cells)
            filled = tuple(one for one in slices if one.photos) or slices[:1]
            return Fact(term, test, sum(one.photos for one in filled), filled, exact=False)
        listed = ", ".join(f"({first}, {last})" for first, last in rows)
        source = f"(VALUES {listed}) AS band CROSS JOIN photo s"
        inside = "s.cell >= band.column1 AND s.cell <= band.column2"
        found = self._slice(inside, ordered=False, source=source)
        return Fact(term, test, found.photos, (found,), exact=False)

    def _at_cells(self, conditions: tuple[str, ...], term: Leaf) -> Fact:
        found = self._slice(*conditions, ordered=False)
        return Fact(term, "", found.photos, (found,))

    def _path(self, term: Path) -> Fact:
        matched = find_folders(self._execute, term.pattern)
        tests: list[str] = []
        slices: list[Slice | None] = []
        if matched.folders:
            tests.append(f"{{p}}.folder_id IN {self._values.listed(matched.folders)}")
            slices.append(self._in_folders(matched.folders))
        for names in matched.names:
            like = f"{{p}}.name_key LIKE {self._values.add(names.like)} ESCAPE '\\'"
            if names.folders is None:
                tests.append(like)
                slices.append(self._named(names))
            else:
                listed = self._values.listed(names.folders)
                tests.append(f"({{p}}.folder_id IN {listed} AND {like})")
                ways = (self._in_folders(names.folders), self._named(names))
                slices.append(min((one for one in ways if one), key=lambda one: one.photos))
        test = f"({' OR '.join(tests)})" if tests else "1 = 0"
        bounded = tuple(one for one in slices if one is not None)
        if len(bounded) < len(slices):
            return Fact(term, test, self._photos // 100)
        photos = sum(one.photos for one in bounded)
        return Fact(term, test, photos, bounded, exact=not matched.names)

    def _in_folders(self, folders: tuple[int, ...]) -> Slice:
        listed = self._values.listed(folders)
        return replace(self._slice(f"s.folder_id IN {listed}", ordered=False), dated=False)

    def _named(self, names: NamesIn) -> Slice | None:
        """Walk the names that begin as a pattern does; None where it begins with anything."""
        if names.name is not None:
            return self._slice(f"s.name_key = {self._values.add(names.name)}")
        if not names.start:
            return None
        first, last = self._values.add(names.start), self._values.add(names.start + LAST)
        return self._slice(f"s.name_key >= {first} AND s.name_key < {last}", ordered=False)

    def _flag(self, term: Flag) -> Fact:
        if term.name == "duplicate":
            found = self._slice("s.twin = 1")
            return Fact(term, DOUBLE, found.photos, (found,), exact=False)
        done = f"'{PhotoState.DONE}'"
        found = self._slice("s.untagged = 1")
        test = f"({{p}}.untagged = 1 AND {{p}}.state = {done})"
        return Fact(term, test, found.photos, (found,), exact=False)


def _ranges(parts: list[Condition], name: str) -> list[Fact]:
    facts = (part for part in parts if isinstance(part, Fact) and part.slices)
    return [one for one in facts if isinstance(one.term, Range) and one.term.field == name]


def _midnight(day: date) -> int | None:
    """Give the moment at which a day begins here; None where it cannot be told."""
    try:
        return math.ceil(datetime.combine(day, time()).timestamp())
    except (OverflowError, ValueError, OSError):
        return None
