"""Choosing the walks of a search.

The planner of the database has no statistics, so that the plan is written into the text: walk the
photos of the rarest term in the order that is asked for, and look every other term up for the photo
at hand. A choice of terms is the union of such walks, each of which checks the whole query and
stops at the limit. Where no term is rare the photos are walked in the order that is asked for.

A walk reads rows `s` of one index; the photo's own row is `p`, joined where something else than its
id and date is asked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from . import limits
from .facts import ALWAYS, NEVER, All, Fact, Slice, Some, given, share
from .question import Driver, Plan, Walk, shows_wanted, wanting
from .sort import BY_DATE, ORDERS, Sort

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
        self._writer = writer

    def choose(self) -> Plan:
        """Choose the cheapest of what finds all photos."""
        if self._asked.condition is NEVER:
            return self._nothing()
        driven, walked = self._by_drivers(), self._by_order()
        if walked is None:
            return driven or self._by_date(is_cut=False)
        # By size or path only the rows of those that fulfil the words are read.
        reads_all = self._asked.is_by_date or self._asked.sort is Sort.RANDOM
        caution = limits.CAUTION if reads_all else 1 / limits.CAUTION
        if driven is not None and driven.cost <= walked.cost * caution:
            return driven
        if self._asked.sort is Sort.RANDOM:
            return self._by_mark()
        return self._tried(walked, driven) if self._asked.is_by_date else walked

    def _nothing(self) -> Plan:
        return Plan((self._walk(Slice("photo s", ("1 = 0",), 0), ALWAYS, is_cut=False),), 0)

    def _tried(self, walked: Plan, driven: Plan | None) -> Plan:
        """Try whether a walk by date finds something soon.

        The photos of a folder, or those that were added on one day, may all be years away from
        where the walk begins. Then all that may be found is read, or the walk begins with them.
        """
        ranges = [one for one in _ranges(self._asked.condition) if not one.ordered]
        if not ranges or self._finds_soon(walked):
            return walked
        if driven and all(one.photos <= limits.MOST_COLLECTED for one in driven.drivers):
            return driven
        return self._begun(walked, ranges)

    def _finds_soon(self, walked: Plan) -> bool:
        """Say whether the first photos of a walk hold at least a quarter of what they should."""
        hits = share(self._asked.condition, self._asked.photos) * limits.MOST_TRIED
        needed = int(min(self._asked.options.limit or 0, hits / 4))
        if not needed:
            return False
        parameters = self._asked.values.parameters
        return all(
            len(self._asked.execute(sql, parameters)) >= needed
            for sql in self._writer.trials(walked, limits.MOST_TRIED, needed)
        )

    def _begun(self, walked: Plan, ranges: list[Slice]) -> Plan:
        """Begin a walk by date where the first photo is that may be found."""
        ends = [self._asked.execute(sql, self._asked.values.parameters)
                for sql in map(self._writer.first_date, ranges)]  # fmt: skip
        if any(end is None for ((end,),) in ends):
            return self._nothing()
        is_newest = self._asked.sort is Sort.NEWEST
        end = min(end for ((end,),) in ends) if is_newest else max(end for ((end,),) in ends)
        begin = f"s.taken_at {'<=' if is_newest else '>='} {self._asked.values.add(end)}"
        walks = (replace(one, conditions=(*one.conditions, begin)) for one in walked.walks)
        return Plan(tuple(walks), walked.cost)

    def _by_drivers(self) -> Plan | None:
        """Walk the slices of the terms of which every hit fulfils one, with the least to read."""
        found = self._drivers(self._asked.condition)
        if found is not None and len(found) > limits.MOST_BRANCHES:
            facts = dict.fromkeys(fact for fact, _ in found)
            found = [(fact, one) for fact in facts for one in fact.merged or fact.slices]
        if found is None or len(found) > limits.MOST_BRANCHES:
            return None
        walks = tuple(
            self._walk(
                one,
                given(self._asked.condition, fact) if fact.exact else self._asked.condition,
                is_cut=self._asked.is_by_date,
            )
            for fact, one in found
        )
        photos: dict[Fact, int] = {}
        for fact, one in found:
            photos[fact] = photos.get(fact, 0) + one.photos
        named = tuple(Driver(repr(fact.term or "among"), n) for fact, n in photos.items())
        return Plan(walks, self._cost(found), named)

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
        """Guess how many rows are read; a walk by date ends when it has found enough."""
        total = sum(one.photos for _, one in found)
        enough = self._enough(total) if self._asked.is_by_date else total
        return sum(
            min(one.photos, enough) if one.ordered else one.photos for _, one in found
        ) + len({id(fact) for fact, _ in found})

    def _enough(self, rows: int) -> float:
        """Guess how many of so many rows are read until the limit is reached."""
        hits = share(self._asked.condition, self._asked.photos) * self._asked.photos
        return rows * min(1.0, (self._asked.options.limit or 0) / max(hits, 1e-6))

    def _by_order(self) -> Plan | None:
        """Walk all photos in the order that is asked for."""
        if self._asked.options.limit is None:
            return None
        if self._asked.sort in BY_DATE:
            return self._by_date(is_cut=True)
        if self._asked.sort is Sort.CONFIDENCE:
            return self._by_confidence()
        order = ORDERS[self._asked.sort].format(p="s", t="s.taken_at", id="s.id", score="0")
        if self._asked.sort is Sort.RANDOM:
            return Plan((), self._enough(self._asked.photos))
        source, conditions = ORDER_WALKS[self._asked.sort]
        walk = Walk(source, "s.id", conditions, self._asked.condition, order)
        return Plan((walk,), self._enough(self._asked.photos))

    def _by_date(self, *, is_cut: bool) -> Plan:
        slices = [
            Slice("photo s", (f"s.state = '{state}'",), self._asked.photos)
            for state in self._asked.states
        ]
        walks = tuple(self._walk(one, self._asked.condition, is_cut=is_cut) for one in slices)
        return Plan(walks, self._enough(self._asked.photos) if is_cut else self._asked.photos)

    def _by_mark(self) -> Plan:
        """Walk the fingerprints from somewhere to the end and on from the first one.

        What comes after the end, and the many photos without one, is read only if it is needed.
        """
        turns = ["s.fingerprint >= :start", "s.fingerprint < :start", "s.fingerprint IS NULL"]
        reached = int(self._asked.values.parameters.get("after_turn", 0))
        if self._asked.options.after is not None and reached < len(turns) - 1:
            turns[reached] += " AND s.fingerprint >= :after_mark"
        walks: list[Walk] = []
        found = 0
        for turn in turns[reached:]:
            walks.append(
                Walk("photo s", "s.id", (turn,), self._asked.condition, "s.fingerprint, s.id")
            )
            sql = self._writer.branch(walks[-1])
            found += len(self._asked.execute(sql, self._asked.values.parameters))
            if found >= (self._asked.options.limit or 0):
                break
        return Plan(tuple(walks), self._enough(self._asked.photos))

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
        sort = self._asked.sort if self._asked.sort in BY_DATE else Sort.NEWEST
        order = ORDERS[sort].format(t="s.taken_at", id=one.photo_id) if is_cut else ""
        return Walk(one.source, one.photo_id, one.conditions, rest, order, one.repeats)


def _ranges(condition: Condition) -> list[Slice]:
    """Give the walks over photos that every hit is found in."""
    parts = condition.parts if isinstance(condition, All) else (condition,)
    facts = (part for part in parts if isinstance(part, Fact) and len(part.slices) == 1)
    return [fact.slices[0] for fact in facts if fact.slices[0].source == "photo s"]
