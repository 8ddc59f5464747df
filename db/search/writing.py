"""Writing the chosen walks as SQL."""

# The text is made of constants of this package, every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..states import PhotoState
from .facts import ALWAYS, All, Fact, Some
from .sort import AFTER, BY_DATE, BY_INDEX, ORDERS, Sort

if TYPE_CHECKING:
    from .facts import Condition
    from .question import Plan, Question, Walk

NO_SECOND_HALF: Final = (
    "({p}.pair_id IS NULL OR NOT EXISTS (SELECT 1 FROM photo j WHERE j.id = {p}.pair_id"
    f" AND j.state = '{PhotoState.DONE}'))"
)
PLACES: Final = " JOIN folder f ON f.id = p.folder_id JOIN root r ON r.id = f.root_id"


class Writer:
    """Writes SQL for one question."""

    def __init__(self, asked: Question) -> None:
        self._asked = asked

    def branch(self, walk: Walk) -> str:
        """Write one walk."""
        cut = f" ORDER BY {walk.order} LIMIT :limit" if walk.order else ""
        return self._rows(walk) + cut

    def trial(self, walk: Walk, most: int) -> str:
        """Write one walk that ends as soon as it has found so many, in whichever order."""
        return f"{self._rows(walk)} LIMIT {most}"

    def _rows(self, walk: Walk) -> str:
        source, conditions = walk.source, self._begun(walk)
        if walk.first:
            where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
            source = (
                f"(SELECT {'DISTINCT ' * walk.repeats}{walk.photo_id}, s.taken_at FROM {source}"
                f"{where} ORDER BY {walk.order} LIMIT {walk.first}) AS s"
            )
            conditions = []
        if walk.rest is not ALWAYS:
            conditions.append(_text(walk.rest))
        done = f"state = '{PhotoState.DONE}'"
        if not self._asked.tells_state and f"s.{done}" not in walk.conditions:
            conditions.append(f"{{p}}.{done}")
        if self._asked.hides_raw:
            conditions.append(NO_SECOND_HALF)
        text = " AND ".join(conditions) or "1 = 1"
        if "{p}" in text:
            source += " CROSS JOIN photo p"
            text += f" AND p.id = {walk.photo_id}"
        filled = text.format(p="p", t="s.taken_at", id=walk.photo_id)
        return (
            f"SELECT {'DISTINCT ' * walk.repeats}{walk.photo_id} AS photo_id,"
            f" s.taken_at AS taken_at FROM {source} WHERE {filled}"
        )

    def _begun(self, walk: Walk) -> list[str]:
        """Let a walk begin where the page before ended."""
        conditions = [*walk.conditions]
        if self._asked.options.after is not None and (walk.order or self._asked.sort in BY_DATE):
            conditions.append(self._after("s.taken_at", walk.photo_id))
        return conditions

    def _after(self, date: str, photo_id: str) -> str:
        score = self.score(photo_id, date) if self._asked.sort is Sort.CONFIDENCE else "0"
        row = "s" if photo_id == "s.id" else "{p}"
        return AFTER[self._asked.sort].format(p=row, t=date, id=photo_id, score=score)

    def search(self, plan: Plan) -> str:
        """Join the branches, give the hits their score, and cut them where no branch could."""
        branches = [self.branch(walk) for walk in plan.walks]
        found = branches[0]
        if len(branches) > 1:
            found = " UNION ".join(
                f"SELECT * FROM ({one}) AS b{n}" for n, one in enumerate(branches)
            )
        score = "0"
        if self._asked.sort is Sort.CONFIDENCE:
            score = self.score("h.photo_id", "h.taken_at")
        start = f"SELECT h.photo_id, h.taken_at, {score} AS score FROM ({found}) AS h"
        is_cut = all(walk.order for walk in plan.walks) or self._asked.sort in BY_DATE
        return self._limited(start, continues=self._asked.options.after is not None and not is_cut)

    def _limited(self, found: str, *, continues: bool) -> str:
        if self._asked.options.limit is None and not continues:
            return found
        joined = ""
        if self._asked.sort not in (*BY_INDEX, Sort.CONFIDENCE):
            joined = " JOIN photo p ON p.id = hit.photo_id"
        if self._asked.sort in (Sort.PATH, Sort.PATH_BACK):
            joined += PLACES
        filled = {"p": "p", "t": "hit.taken_at", "id": "hit.photo_id", "score": "hit.score"}
        where = f" WHERE {AFTER[self._asked.sort].format(**filled)}" if continues else ""
        cut = ""
        if self._asked.options.limit is not None:
            cut = f" ORDER BY {ORDERS[self._asked.sort].format(**filled)} LIMIT :limit"
        start = f"SELECT hit.photo_id, hit.taken_at, hit.score FROM ({found}) AS hit"
        return f"{start}{joined}{where}{cut}"

    def score(self, photo_id: str, date: str) -> str:
        """Give the highest confidence of a photo in the wanted labels."""
        free = [label for label, kind in self._asked.wanted if kind is None]
        kinds = sorted({kind for _, kind in self._asked.wanted if kind is not None})
        groups = [f"x.label_id IN {self._asked.values.listed(free)}"] if free else []
        for kind in kinds:
            listed = self._asked.values.listed(
                [one for one, its in self._asked.wanted if its == kind]
            )
            groups.append(f"(x.kind = {kind} AND x.label_id IN {listed})")
        every = self._asked.values.listed(sorted({label for label, _ in self._asked.wanted}))
        kind_test = f" AND ({' OR '.join(groups)})" if kinds else ""
        return (
            f"(SELECT coalesce(max(x.confidence), 0) FROM sighting x WHERE x.label_id IN {every}"
            f" AND x.taken_at = {date} AND x.photo_id = {photo_id}{kind_test})"
        )


def _text(condition: Condition) -> str:
    """Write a condition, what most likely fails first."""
    match condition:
        case Fact():
            return condition.test
        case All(parts) if parts:
            ordered = sorted(parts, key=_likeliness)
            return f"({' AND '.join(_text(part) for part in ordered)})"
        case Some(parts) if parts:
            return f"({' OR '.join(_text(part) for part in parts)})"
    return "1 = 1" if condition is ALWAYS else "1 = 0"


def _likeliness(condition: Condition) -> tuple[bool, int]:
    """Put first what needs no look into another table, and of that what is rare."""
    if isinstance(condition, Fact):
        return "EXISTS" in condition.test, condition.photos
    return True, 1 << 62
