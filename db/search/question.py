"""A search on its way to SQL: what is asked, and the walks that may answer it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import limits
from .facts import All, Fact, Some, Values, facts_of
from .sort import BY_DATE, BY_INDEX, Shuffle, Sort

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from .facts import Condition, Execute


@dataclass(frozen=True, slots=True)
class Options:
    """How a search is asked beside its query; see `CatalogReader.search`.

    `after` says where the page before ended, `start` where a random order begins.
    """

    sort: Sort = Sort.NEWEST
    limit: int | None = None
    raw: bool = False
    among: Collection[int] | None = None
    after: Mapping[str, Any] | None = None
    start: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the catalog, when all names are found.

    `photos` is about how many there are; `wanted` are the labels that the query wants to see, with
    the kind of tag. Without `states` the photos of all of them are searched.
    """

    execute: Execute
    condition: Condition
    options: Options
    sort: Sort
    values: Values
    photos: int
    states: Sequence[str]
    tells_state: bool
    hides_raw: bool
    wanted: Sequence[tuple[int, int | None]]

    @property
    def is_by_date(self) -> bool:
        """Whether a walk by date can stop at the limit."""
        return self.sort in BY_DATE and self.options.limit is not None

    @property
    def is_by_index(self) -> bool:
        """Whether the rows of an index can be cut at the limit, without those of the photos."""
        return self.sort in BY_INDEX and self.options.limit is not None

    @property
    def shuffle(self) -> Shuffle:
        """The order that is meant by random."""
        return Shuffle.of(self.photos, self.options.start)


@dataclass(frozen=True, slots=True)
class Walk:
    """One branch of a search: rows `s` of a source that fulfil conditions, checked for the rest.

    `order` is SQL by which the rows are ordered, and cut at the limit; "" for none. Where the index
    has them in another order, `unsorted` is how many have to be sorted. With `first` only so many
    rows, the first in the order, are tried.
    """

    source: str
    photo_id: str
    conditions: tuple[str, ...]
    rest: Condition
    order: str = ""
    repeats: bool = False
    unsorted: int = 0
    first: int = 0


@dataclass(frozen=True, slots=True)
class Driver:
    """A term that leads to the photos, and how many it leads to, as far as it is known."""

    term: str
    photos: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The walks that together find all, and about how many rows they read."""

    walks: tuple[Walk, ...]
    cost: float
    drivers: tuple[Driver, ...] = field(default=())

    @property
    def is_counted(self) -> bool:
        """Whether it is known that the drivers lead to few photos."""
        return all(one.photos <= limits.MOST_COLLECTED for one in self.drivers)


def wanting(condition: Condition) -> Iterator[Fact]:
    """Give the parts of a condition that want to see labels."""
    return (fact for fact in facts_of(condition) if fact.wanted)


def shows_wanted(condition: Condition) -> bool:
    """Say whether every hit shows a label that is wanted."""
    match condition:
        case Fact():
            return bool(condition.wanted)
        case All(parts):
            return any(shows_wanted(part) for part in parts)
        case Some(parts):
            return all(shows_wanted(part) for part in parts)
