"""The parts of a compiled query: what is asked of one photo, and how to come by such photos."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from ..query import Leaf

    Execute: TypeAlias = Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]]

Parameters: TypeAlias = "dict[str, int | float | bytes | str]"


@dataclass(frozen=True, slots=True)
class Slice:
    """A walk over rows `s` of an index; `ordered` says that they come by date.

    `photos` is how many there are, as far as it is known. With `repeats` a photo may come twice. An
    index that is not `dated` leaves the date to the photos' own rows.
    """

    source: str
    conditions: tuple[str, ...]
    photos: int
    ordered: bool = True
    repeats: bool = False
    dated: bool = True

    @property
    def photo_id(self) -> str:
        """The column with the photo's id."""
        return "s.id" if self.source.endswith("photo s") else "s.photo_id"


@dataclass(frozen=True, slots=True, eq=False)
class Fact:
    """One term as a condition: SQL with `{id}`, `{t}` and `{p}` for a photo's id, date and row.

    `slices` together give every photo that fulfils it, and if they are `exact`, no other. About
    `photos` do. `merged` are the same in fewer walks, not by date. `wanted` are the labels that the
    term wants to see, with the kind of tag.
    """

    term: Leaf | None
    test: str
    photos: int
    slices: tuple[Slice, ...] = ()
    exact: bool = True
    wanted: tuple[tuple[int, int | None], ...] = ()
    merged: tuple[Slice, ...] = ()

    @property
    def is_told_by_index(self) -> bool:
        """Whether a photo's id and date are enough to check it."""
        return "{p}" not in self.test and "SELECT" not in self.test

    def is_listable(self, most: float) -> bool:
        """Say whether indexes of photos list all that fulfil it, and no more than so many."""
        is_led = bool(self.slices) and all(one.source == "photo s" for one in self.slices)
        is_asked = self.term is not None and not self.is_told_by_index
        return is_led and is_asked and self.photos <= most


@dataclass(frozen=True, slots=True, eq=False)
class All:
    """Every part holds; without parts, always."""

    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    """At least one part holds; without parts, never."""

    parts: tuple[Condition, ...] = ()


Condition: TypeAlias = Fact | All | Some

ALWAYS: Final = All()
NEVER: Final = Some()


def both(*parts: Condition) -> Condition:
    """Join conditions that all have to hold."""
    kept = tuple(part for part in parts if part is not ALWAYS)
    if NEVER in kept:
        return NEVER
    return kept[0] if len(kept) == 1 else All(kept) if kept else ALWAYS


def either(*parts: Condition) -> Condition:
    """Join conditions of which one has to hold."""
    kept = tuple(part for part in parts if part is not NEVER)
    if ALWAYS in kept:
        return ALWAYS
    return kept[0] if len(kept) == 1 else Some(kept) if kept else NEVER


def facts_of(condition: Condition) -> Iterator[Fact]:
    """Give all facts of a condition."""
    if isinstance(condition, Fact):
        yield condition
    else:
        for part in condition.parts:
            yield from facts_of(part)


def given(condition: Condition, fact: Fact) -> Condition:
    """Give what is left to check once a fact is known to hold."""
    match condition:
        case All(parts):
            return both(*(given(part, fact) for part in parts))
        case Some(parts):
            return either(*(given(part, fact) for part in parts))
        case _:
            return ALWAYS if condition is fact else condition


def listed(condition: Condition, most: float) -> Condition:
    """Look terms up in a list of the photos that fulfil them, where it has no more than so many.

    An index gives the list in a moment; the photos' own rows lie anywhere.
    """
    match condition:
        case All(parts):
            return both(*(listed(part, most) for part in parts))
        case Some(parts):
            return either(*(listed(part, most) for part in parts))
        case Fact() if condition.is_listable(most):
            texts = (" AND ".join(one.conditions) for one in condition.slices)
            rows = (f"SELECT s.id FROM photo s WHERE {text}" for text in texts)  # noqa: S608
            test = f"+{{id}} IN ({' UNION ALL '.join(rows)})"
            rest = "" if condition.exact else f" AND {condition.test}"
            return replace(condition, test=f"({test}{rest})")
        case _:
            return condition


def share(condition: Condition, photos: int) -> float:
    """Guess which part of all photos fulfils a condition, as if no term knew of the others."""
    match condition:
        case All(parts):
            product = 1.0
            for part in parts:
                product *= share(part, photos)
            return product
        case Some(parts):
            return min(1.0, sum(share(part, photos) for part in parts))
        case Fact():
            return min(1.0, condition.photos / photos)


def share_looked_at(condition: Condition, photos: int) -> float:
    """Guess which part of all photos is looked at, after what an index tells of them."""
    parts = condition.parts if isinstance(condition, All) else (condition,)
    told = (part for part in parts if isinstance(part, Fact) and part.is_told_by_index)
    return share(All(tuple(told)), photos)


class Values:
    """The parameters of one search."""

    def __init__(self) -> None:
        self.parameters: Parameters = {}

    def add(self, value: float | bytes | str) -> str:
        """Hand a value over as a parameter and give its place in the text."""
        name = f"v{len(self.parameters)}"
        self.parameters[name] = value
        return f":{name}"

    def listed(self, values: Sequence[int] | Sequence[str]) -> str:
        """Give `(:v1, :v2)`; ids of rows, which may be thousands, stand there as they are."""
        places = (str(one) if isinstance(one, int) else self.add(one) for one in values)
        return f"({', '.join(places)})"
