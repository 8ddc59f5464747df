"""Choosing the walks of a search.

The planner of the database has no statistics, so that the plan is written into the text: walk the
photos of the rarest term in the order that is asked for, and look every other term up for the photo
at hand. A choice of terms is the union of such walks, each of which checks the whole query and
stops at the limit. Where no term is rare the photos are walked in the order that is asked for.

A walk reads rows `s` of one index; the photo's own row is `p`, joined where something else than its
id and date is asked. Rows of an index lie side by side, those of photos anywhere: what costs is the
number of photos that are looked at, of index rows twenty times as many cost as much.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from . import limits
from .facts import (
    ALWAYS,
    NEVER,
    All,
    Fact,
    Slice,
    Some,
    facts_of,
    given,
    listed,
    share,
    share_looked_at,
)
from .question import Driver, Plan, Walk, shows_wanted, wanting
from .sort import BY_INDEX, ORDERS, Sort
from .trying import Trier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .facts import Condition
    from .question import Question
    from .writing import Writer

_FOLDERS: Final = (
    "root r CROSS JOIN folder f CROSS JOIN photo s",
    ("f.root_id = r.id", "s.folder_id = f.id"),
)
ORDER_WALKS: Final[dict[Sort, tuple[str, tuple[str, ...]]]] = {
    Sort.SIZE: ("photo s", ()),
    Sort.SIZE_BACK: ("photo s", ()),
    Sort.PATH: _FOLDERS,
    Sort.PATH_BACK: _FOLDERS,
}


class Planner:
    """Chooses how one question is answered."""

    def __init__(self, asked: Question, writer: Writer) -> None:
        self._asked = asked
        self._trier = Trier(asked, writer)

    def choose(self) -> Plan:
        """Choose the cheapest of what finds all photos."""
        if self._asked.condition is NEVER or self._asked.options.limit == 0:
            return self._nothing()
        driven, walked = self._by_drivers(), self._by_order()
        if walked is None:
            return driven or self._by_date(is_cut=False)
        # By size or path only the rows of those that fulfil the words are read.
        caution = limits.CAUTION if self._asked.is_by_index else 1 / limits.CAUTION
        if driven is not None and driven.cost <= walked.cost * caution:
            return self._trier.deepened(driven)
        if self._asked.sort is Sort.RANDOM:
            return self._trier.at_random(walked)
        if self._asked.is_by_date:
            return self._tried(walked, driven)
        return self._listed(walked)

    def _nothing(self) -> Plan:
        return Plan((self._walk(Slice("photo s", ("1 = 0",), 0), ALWAYS, is_cut=False),), 0)

    def _tried(self, walked: Plan, driven: Plan | None) -> Plan:
        """Try whether a walk by date finds something soon.

        The photos of a folder, or those that were added on one day, may all be years away from
        where the walk begins. Then all that lead to hits are sorted, or if they are too many, the
        walk begins with the first of them.
        """
        ranges = _ranges(self._asked.condition)
        if not ranges or self._trier.finds_soon(walked):
            return walked
        if driven and driven.is_counted:
            return self._trier.deepened(driven)
        # Of several, it is not the first that is far, but one that fulfils all of them.
        if len(ranges) > 1 or not ranges[0].dated:
            return walked
        return self._trier.begun(walked, ranges[0])

    def _listed(self, walked: Plan) -> Plan:
        """List what is searched, so that a walk that finds nothing soon need not look at all."""
        most = self._asked.photos // 4
        is_listable = any(fact.is_listable(most) for fact in facts_of(self._asked.condition))
        if not is_listable or self._trier.finds_soon(walked):
            return walked
        walks = (replace(walk, rest=listed(walk.rest, most)) for walk in walked.walks)
        return replace(walked, walks=tuple(walks))

    def _by_drivers(self) -> Plan | None:
        """Walk the slices of the terms of which every hit fulfils one, with the least to read."""
        found = self._drivers(self._asked.condition)
        is_random = self._asked.sort is Sort.RANDOM
        if found is not None and (is_random or len(found) > limits.MOST_BRANCHES):
            facts = dict.fromkeys(fact for fact, _ in found)
            found = [(fact, one) for fact in facts for one in fact.merged or fact.slices]
        if found is None or len(found) > limits.MOST_BRANCHES:
            return None
        photos: dict[Fact, int] = {}
        for fact, one in found:
            photos[fact] = photos.get(fact, 0) + one.photos
        named = tuple(Driver(repr(fact.term or "among"), n) for fact, n in photos.items())
        return Plan(tuple(map(self._led_by, found)), self._cost(found), named)

    def _led_by(self, driver: tuple[Fact, Slice]) -> Walk:
        fact, one = driver
        rest = given(self._asked.condition, fact) if fact.exact else self._asked.condition
        if one.source == "sighting s":
            looks = min(one.photos, self._enough(one.photos)) * limits.CHEAPER
            rest = listed(rest, min(looks, limits.MOST_LISTED))
        return self._walk(one, rest, is_cut=self._asked.is_by_index)

    def _drivers(self, condition: Condition) -> list[tuple[Fact, Slice]] | None:
        match condition:
            case Fact(slices=slices):
                return [(condition, one) for one in slices] or None
            case All(parts):
                choices = [found for part in parts if (found := self._drivers(part))]
                return min(choices, key=self._cost, default=None)
            case Some(parts):
                every = [self._drivers(part) or [] for part in parts]
                return [one for part in every for one in part] if all(every) else None

    def _cost(self, found: Sequence[tuple[Fact, Slice]]) -> float:
        """Guess how many photos are looked at; a walk by date ends when it has found enough."""
        total = sum(one.photos for _, one in found)
        enough = self._enough(total) if self._asked.is_by_index else total
        facts = {fact for fact, _ in found}
        looks = {fact: self._looks(given(self._asked.condition, fact)) for fact in facts}
        return len(facts) + sum(
            one.photos
            if not one.dated
            else min(one.photos, enough) * looks[fact]
            + one.photos * self._is_sorted(one) / limits.CHEAPER
            for fact, one in found
        )

    def _looks(self, rest: Condition) -> float:
        """Guess how many photos are looked at for each row that an index gives."""
        return min(share_looked_at(rest, self._asked.photos) + 1 / limits.CHEAPER, 1)

    def _is_sorted(self, one: Slice) -> bool:
        """Say whether all rows of an index have to be sorted before the first one is known."""
        is_in_order = one.ordered and self._asked.is_by_date
        return self._asked.is_by_index and one.dated and not is_in_order

    def _enough(self, rows: int) -> float:
        """Guess how many of so many rows are read until the limit is reached."""
        if self._asked.options.limit is None:
            return rows
        hits = share(self._asked.condition, self._asked.photos) * self._asked.photos
        return rows * min(1.0, self._asked.options.limit / max(hits, 1e-6))

    def _by_order(self) -> Plan | None:
        """Walk all photos in the order that is asked for."""
        if self._asked.options.limit is None:
            return None
        if self._asked.is_by_index:
            return self._by_date(is_cut=True)
        if self._asked.sort is Sort.CONFIDENCE:
            return self._by_confidence()
        order = ORDERS[self._asked.sort].format(p="s", t="s.taken_at", id="s.id", score="0")
        source, conditions = ORDER_WALKS[self._asked.sort]
        walk = Walk(source, "s.id", conditions, self._asked.condition, order)
        return Plan((walk,), self._enough(self._asked.photos))

    def _by_date(self, *, is_cut: bool) -> Plan:
        slices = [
            Slice("photo s", (f"s.state = '{state}'",), self._asked.photos)
            for state in self._asked.states
        ]
        walks = tuple(self._walk(one, self._asked.condition, is_cut=is_cut) for one in slices)
        looks = self._looks(self._asked.condition)
        rows = self._enough(self._asked.photos) if is_cut else self._asked.photos
        return Plan(walks, rows * looks)

    def _by_confidence(self) -> Plan | None:
        """Walk each wanted label by confidence, and where others may be found, by date, too."""
        if len(self._asked.wanted) > limits.MOST_WALKS:
            return None
        order = "s.confidence DESC, s.taken_at DESC, s.photo_id DESC"
        begin = ("s.confidence <= :after_score",) if self._asked.options.after is not None else ()
        walks = []
        for label, kind in self._asked.wanted:
            mine = [f"s.label_id = {self._asked.values.add(label)}", *begin]
            mine += [f"s.kind = {kind}"] if kind is not None else []
            walks.append(
                Walk("sighting s", "s.photo_id", tuple(mine), self._asked.condition, order)
            )
        others = () if shows_wanted(self._asked.condition) else self._by_date(is_cut=True).walks
        rows = sum(fact.photos for fact in wanting(self._asked.condition))
        return Plan((*walks, *others), self._enough(rows + self._asked.photos * bool(others)))

    def _walk(self, one: Slice, rest: Condition, *, is_cut: bool) -> Walk:
        by_index = self._asked.sort if self._asked.sort in BY_INDEX else Sort.NEWEST
        order = ORDERS[by_index].format(t="s.taken_at", id=one.photo_id) if is_cut else ""
        unsorted = one.photos if self._is_sorted(one) else 0
        return Walk(one.source, one.photo_id, one.conditions, rest, order, one.repeats, unsorted)


def _ranges(condition: Condition) -> list[Slice]:
    """Give the walks over photos, not by date, that every hit is found in."""
    parts = condition.parts if isinstance(condition, All) else (condition,)
    facts = [part for part in parts if isinstance(part, Fact) and len(part.slices) == 1]
    slices = (fact.slices[0] for fact in facts)
    return [one for one in slices if not one.ordered and one.source == "photo s"]
