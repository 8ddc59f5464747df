"""Trying how far a walk has to go: the database does not know which terms go together.

The first rows of a walk are taken, in the order that is asked for, and checked for the rest of the
query. Where they hold enough hits, the walk need not go further; else more rows are taken.
"""

# The text is made of constants of this package, every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from . import limits
from .facts import share
from .question import Plan, Walk
from .sort import ORDERS, TURN, Sort

if TYPE_CHECKING:
    from .facts import Slice
    from .question import Question
    from .writing import Writer

TURNS: Final = (
    "(WITH RECURSIVE n(turn) AS (SELECT {first} UNION ALL SELECT turn + 1 FROM n"
    " WHERE turn < {last}) SELECT turn FROM n) AS n CROSS JOIN photo s"
)


class Trier:
    """Tries the walks of one question."""

    def __init__(self, asked: Question, writer: Writer) -> None:
        self._asked = asked
        self._writer = writer

    def finds_soon(self, plan: Plan) -> bool:
        """Say whether the first photos of a walk hold at least a quarter of what they should."""
        hits = share(self._asked.condition, self._asked.photos) * limits.MOST_TRIED
        needed = int(min(self._limit, hits) / 4)
        first = (replace(walk, first=limits.MOST_TRIED) for walk in plan.walks)
        return needed > 0 and all(self._found(walk, needed) == needed for walk in first)

    def begun(self, plan: Plan, one: Slice) -> Plan:
        """Begin a walk by date with the first photo that another walk leads to."""
        is_newest = self._asked.sort is Sort.NEWEST
        sql = (
            f"SELECT {'max' if is_newest else 'min'}(s.taken_at)"
            f" FROM {one.source} WHERE {' AND '.join(one.conditions)}"
        )
        ((begin,),) = self._asked.execute(sql, self._asked.values.parameters)
        limit = f"s.taken_at {'<=' if is_newest else '>='} {self._asked.values.add(begin)}"
        return replace(plan, walks=tuple(_limited(walk, limit) for walk in plan.walks))

    def deepened(self, plan: Plan) -> Plan:
        """Look at no more photos than needed where rows have to be sorted."""
        return replace(plan, walks=tuple(map(self._deepened, plan.walks)))

    def at_random(self, plan: Plan) -> Plan:
        """Look up photos by their turns; all of them are read where that finds too little."""
        shuffle, begin = self._asked.shuffle, 0
        if self._asked.options.after is not None:
            begin = shuffle.turn_of(self._asked.options.after["after_id"]) + 1
        most = self._first_depth(self._asked.photos)
        while begin + most <= shuffle.mask:
            hits = self._hits(self._walk_by_turns(begin, begin + most))
            if len(hits) == self._limit:
                last = shuffle.turn_of(hits[-1][0])
                return Plan((self._walk_by_turns(begin, last),), most)
            most = self._deeper(most, len(hits))
        return plan

    @property
    def _limit(self) -> int:
        return self._asked.options.limit or 0

    def _deepened(self, walk: Walk) -> Walk:
        most = self._first_depth(walk.unsorted)
        while most < walk.unsorted:
            hits = self._hits(replace(walk, first=most))
            if len(hits) == self._limit:
                return _limited(walk, self._up_to(walk, *hits[-1]))
            most = self._deeper(most, len(hits))
        return walk

    def _up_to(self, walk: Walk, photo_id: int, taken_at: int) -> str:
        """Give the condition that a photo comes no later than another."""
        if self._asked.sort is Sort.RANDOM:
            turn = self._asked.shuffle.turn_of(photo_id)
            return f"{TURN.format(id=walk.photo_id)} <= {self._asked.values.add(turn)}"
        sign = ">=" if self._asked.sort is Sort.NEWEST else "<="
        return f"s.taken_at {sign} {self._asked.values.add(taken_at)}"

    def _first_depth(self, rows: int) -> int:
        """Guess how many of so many rows hold enough hits, and add half as many."""
        hits = share(self._asked.condition, self._asked.photos) * self._asked.photos
        return 1 + int(self._limit * max(rows / max(hits, 1), 1) * 1.5)

    def _deeper(self, most: int, found: int) -> int:
        """Guess the same from what so many rows held."""
        return most + 1 + int(most * min(self._limit / max(found, 1), limits.DEEPER))

    def _hits(self, walk: Walk) -> list[tuple[int, int]]:
        """Give the ids and dates of the first hits of a walk."""
        sql = self._writer.branch(walk)
        return [
            (id_, date) for id_, date in self._asked.execute(sql, self._asked.values.parameters)
        ]

    def _found(self, walk: Walk, needed: int) -> int:
        """Count the hits of a walk, as far as they are needed."""
        sql = self._writer.trial(walk, needed)
        return len(self._asked.execute(sql, self._asked.values.parameters))

    def _walk_by_turns(self, first: int, last: int) -> Walk:
        shuffle = self._asked.shuffle
        turn = f"(n.turn + {shuffle.mask + 1 - shuffle.start})"
        order = ORDERS[Sort.RANDOM].format(id="s.id")
        return Walk(
            TURNS.format(first=first, last=last),
            "s.id",
            (f"s.id = ({turn} * {shuffle.stride}) & {shuffle.mask}",),
            self._asked.condition,
            order,
        )


def _limited(walk: Walk, condition: str) -> Walk:
    return replace(walk, conditions=(*walk.conditions, condition))
