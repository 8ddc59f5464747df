"""Compiling a search: a tree of words to portable SQL with named parameters.

The plan is written into the text, because the planner has no statistics: walk the photos of the
rarest word in the order that is asked for, and look every other word up by the key of `sighting`
(label, date, photo). A choice of words is the union of such walks, each of which checks the whole
query and stops at the limit. Only where nothing but absence is asked for, the photos are walked.
Keywords are words in this, too; their index is `photo_keyword`.
"""

# The text is made of constants of this file, every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from .query import And, Everything, Keyword, Not, Or, Tree, Word
from .states import MOST_COUNTED, PhotoState, label_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Parameters: TypeAlias = dict[str, "int | float | bytes | str"]
Term: TypeAlias = Word | Keyword

ALL: Final = And(())
NONE: Final = Or(())


class Sort(StrEnum):
    """The orders of a result; photos that are equal in it come newest first."""

    NEWEST = "newest"
    OLDEST = "oldest"
    PATH = "path"
    CONFIDENCE = "confidence"


@dataclass(frozen=True, slots=True)
class KnownLabel:
    """A label or keyword of the catalog: its id and the number of photos with it."""

    id: int
    photos: int


NO_KEYWORDS: Final[Mapping[str, KnownLabel]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class CompiledSearch:
    """A search as SQL.

    `hits` selects photo_id, taken_at and score, at most as many rows as the limit; joined as
    `hit` with photo `p`, folder `f` and root `r`, `order` sorts them.
    """

    hits: str
    order: str
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class _Walk:
    """One branch of the search: rows from `source`, with the photo's id and date called so."""

    source: str
    photo_id: str
    taken_at: str
    conditions: tuple[str, ...]
    rest: Tree


ORDERS: Final = {
    Sort.NEWEST: "hit.taken_at DESC, hit.photo_id DESC",
    Sort.OLDEST: "hit.taken_at, hit.photo_id",
    Sort.PATH: "r.path, f.relpath, p.name",
    Sort.CONFIDENCE: "hit.score DESC, hit.taken_at DESC, hit.photo_id DESC",
}


def compile_search(
    tree: Tree,
    labels: Mapping[str, KnownLabel],
    sort: Sort,
    limit: int | None,
    keywords: Mapping[str, KnownLabel] = NO_KEYWORDS,
) -> CompiledSearch:
    """Compile a tree whose words are all in `labels`, and its keywords all in `keywords`.

    Both are keyed by `label_key`.

    With `Sort.CONFIDENCE` a photo's score is the sum of its confidences in the words that the
    query wants to see.
    """
    compiler = _Compiler(labels, keywords, sort, limit)
    hits = compiler.hits(simplify(tree))
    return CompiledSearch(hits, ORDERS[sort], compiler.parameters)


def simplify(tree: Tree, *, negate: bool = False) -> Tree:
    """Push every NOT down to a word, so that all words left ask for at least one sighting.

    >>> simplify(Not(And((Word("cat"), Word("dog", most=0, least=0)))))
    Or(terms=(Not(term=Word(name='cat')), Word(name='dog')))
    """
    match tree:
        case Not(term):
            return simplify(term, negate=not negate)
        case Everything():
            return NONE if negate else ALL
        case Word(least=0):
            return _allowing_none(tree, negate=negate)
        case Word(least=least, most=int(most)) if most < least:
            return ALL if negate else NONE
        case Word() | Keyword():
            return Not(tree) if negate else tree
        case And(terms) | Or(terms):
            parts = [simplify(term, negate=negate) for term in terms]
            return _both(parts) if isinstance(tree, And) is not negate else _either(parts)


def _allowing_none(word: Word, *, negate: bool) -> Tree:
    """Turn "at most n" into "not more than n"."""
    if word.most is None:
        return NONE if negate else ALL
    more = Word(word.name, word.confidence, word.most + 1, None, word.position)
    return more if negate else Not(more)


def _both(terms: Iterable[Tree]) -> Tree:
    kept = [term for term in terms if term != ALL]
    if NONE in kept:
        return NONE
    return kept[0] if len(kept) == 1 else And(tuple(kept))


def _either(terms: Iterable[Tree]) -> Tree:
    kept = [term for term in terms if term != NONE]
    if ALL in kept:
        return ALL
    return kept[0] if len(kept) == 1 else Or(tuple(kept))


def _given(tree: Tree, word: Term) -> Tree:
    """Give what is left to check once a word is known to hold."""
    match tree:
        case Word() | Keyword():
            return ALL if tree == word else tree
        case And(terms):
            return _both(_given(term, word) for term in terms)
        case Or(terms):
            return _either(_given(term, word) for term in terms)
        case _:
            return tree


class _Compiler:
    """One search on its way to SQL; collects the parameters."""

    def __init__(
        self,
        labels: Mapping[str, KnownLabel],
        keywords: Mapping[str, KnownLabel],
        sort: Sort,
        limit: int | None,
    ) -> None:
        self._labels = labels
        self._keywords = keywords
        self._sort = sort
        self._limit = limit
        self.parameters: Parameters = {}
        if limit is not None:
            self.parameters["limit"] = limit

    def hits(self, tree: Tree) -> str:
        """Give the statement that finds the photos, already cut to the limit."""
        walks = self._walks(tree)
        branches = [self._branch(walk) for walk in walks]
        # A union removes the photos that several branches find; each is wrapped, because only a
        # subquery may have an order and a limit of its own.
        found = " UNION ".join(f"SELECT * FROM ({text}) AS b{n}" for n, text in enumerate(branches))
        return self._ranked(found, tree)

    def _walks(self, tree: Tree) -> list[_Walk]:
        drivers = self._drivers(tree)
        if not drivers:
            return [_Walk("photo p", "p.id", "p.taken_at", (), tree)]
        return [
            _Walk(
                f"{_index(word)} s CROSS JOIN photo p",
                "s.photo_id",
                "s.taken_at",
                conditions,
                _given(tree, word),
            )
            for word in drivers
            for conditions in self._slices(word)
        ]

    def _drivers(self, tree: Tree) -> list[Term] | None:
        """Choose the words of which every hit shows one, with the fewest photos in all."""
        match tree:
            case Word() | Keyword():
                return [tree]
            case And(terms):
                choices = [found for term in terms if (found := self._drivers(term))]
                return min(choices, key=self._cost, default=None)
            case Or(terms):
                parts = [self._drivers(term) for term in terms]
                if not all(parts):
                    return None
                return list(dict.fromkeys(word for part in parts for word in part or ()))
            case _:
                return None

    def _cost(self, words: list[Term]) -> int:
        return sum(self._label(word).photos for word in words)

    def _label(self, word: Term) -> KnownLabel:
        known = self._keywords if isinstance(word, Keyword) else self._labels
        return known[label_key(word.name)]

    def _is(self, word: Term, row: str) -> str:
        """Give the condition that a row of a word's index is one of this word."""
        column = "keyword_id" if isinstance(word, Keyword) else "label_id"
        return f"{row}.{column} = {self._value(self._label(word).id)}"

    def _slices(self, word: Term) -> list[tuple[str, ...]]:
        """Give the conditions of the walks that together cover a word.

        A count has one walk for each number of times, since the index by count is ordered by date
        only within one number.
        """
        mine = (self._is(word, "s"),)
        if isinstance(word, Keyword):
            return [mine]
        # With a confidence most of a number's photos may fail, and one walk by date is shorter.
        if word.least < 2 or word.confidence:
            return [(*mine, *self._limits(word, "s"))]
        first = min(word.least, MOST_COUNTED)
        last = MOST_COUNTED if word.most is None else min(word.most, MOST_COUNTED)
        # Nothing else of the sighting is asked, or the planner leaves this index for the key.
        count = self._recounted(word, "s")
        return [(*mine, f"s.times = {times}", *count) for times in range(first, last + 1)]

    def _branch(self, walk: _Walk) -> str:
        conditions = [*walk.conditions]
        if walk.rest != ALL:
            conditions.append(self._holds(walk.rest, walk))
        if walk.photo_id != "p.id":
            conditions.append(f"p.id = {walk.photo_id}")
        conditions.append(f"p.state = '{PhotoState.DONE}'")
        return (
            f"SELECT {walk.photo_id} AS photo_id, {walk.taken_at} AS taken_at"
            f" FROM {walk.source} WHERE {' AND '.join(conditions)}"
            f"{self._cut(walk.photo_id, walk.taken_at)}"
        )

    def _cut(self, photo_id: str, taken_at: str) -> str:
        """Order and limit rows by date, where that is what the search wants."""
        if self._limit is None or self._sort not in (Sort.NEWEST, Sort.OLDEST):
            return ""
        down = " DESC" if self._sort is Sort.NEWEST else ""
        return f" ORDER BY {taken_at}{down}, {photo_id}{down} LIMIT :limit"

    def _ranked(self, found: str, tree: Tree) -> str:
        """Give the hits their score and cut them where the branches could not."""
        score = self._score(tree) if self._sort is Sort.CONFIDENCE else "0"
        start = f"SELECT hit.photo_id, hit.taken_at, {score} AS score FROM ({found}) AS hit"
        if self._limit is None:
            return start
        if self._sort is Sort.PATH:
            start += (
                " JOIN photo p ON p.id = hit.photo_id JOIN folder f ON f.id = p.folder_id"
                " JOIN root r ON r.id = f.root_id"
            )
        order = ORDERS[self._sort].replace("hit.score", "score")
        return f"{start} ORDER BY {order} LIMIT :limit"

    def _score(self, tree: Tree) -> str:
        ids = sorted({self._label(word).id for word in _wanted(tree)})
        if not ids:
            return "0"
        listed = ", ".join(self._value(key) for key in ids)
        return (
            "(SELECT coalesce(sum(x.confidence), 0) FROM sighting x"
            f" WHERE x.label_id IN ({listed}) AND x.taken_at = hit.taken_at"
            " AND x.photo_id = hit.photo_id)"
        )

    def _holds(self, tree: Tree, walk: _Walk) -> str:
        """Give the condition that a tree holds for the walk's present photo."""
        match tree:
            case Word() | Keyword():
                return self._seen(tree, walk)
            case Not(Word() | Keyword() as word):
                return f"NOT {self._seen(word, walk)}"
            case And(terms) if terms:
                ordered = sorted(terms, key=self._rareness)
                return f"({' AND '.join(self._holds(term, walk) for term in ordered)})"
            case Or(terms) if terms:
                return f"({' OR '.join(self._holds(term, walk) for term in terms)})"
            case _:
                return "1 = 1" if tree == ALL else "1 = 0"

    def _rareness(self, tree: Tree) -> int:
        """Put first what most likely fails: rare words, then the absence of common ones."""
        match tree:
            case Word() | Keyword():
                return self._label(tree).photos
            case Not(Word() | Keyword() as word):
                return -self._label(word).photos
            case _:
                return 1 << 62

    def _seen(self, word: Term, walk: _Walk) -> str:
        conditions = [
            self._is(word, "x"),
            f"x.taken_at = {walk.taken_at}",
            f"x.photo_id = {walk.photo_id}",
            *([] if isinstance(word, Keyword) else self._limits(word, "x")),
        ]
        return f"EXISTS (SELECT 1 FROM {_index(word)} x WHERE {' AND '.join(conditions)})"

    def _limits(self, word: Word, row: str) -> list[str]:
        """Give what a sighting must fulfil for a word beyond being there."""
        limits = self._sure(word, row)
        if word.least > 1:
            limits.append(f"{row}.times >= {min(word.least, MOST_COUNTED)}")
        if word.most is not None and not _needs_boxes(word):
            limits.append(f"{row}.times <= {word.most}")
        return limits + self._recounted(word, row)

    def _sure(self, word: Word, row: str) -> list[str]:
        """Give the condition on a sighting's confidence, if there is one."""
        if not word.confidence:
            return []
        return [f"{row}.confidence >= {self._value(word.confidence)}"]

    def _recounted(self, word: Word, row: str) -> list[str]:
        """Count the boxes themselves, where the sighting's number is not the one asked for.

        The sighting is sure enough already, so that one box is not worth counting.
        """
        if not _needs_boxes(word):
            return []
        boxes = (
            f"(SELECT count(*) FROM detection d WHERE d.photo_id = {row}.photo_id"
            f" AND d.label_id = {row}.label_id"
            f" AND d.confidence >= {self._value(word.confidence or 0.0)})"
        )
        least = [f"{boxes} >= {word.least}"] if word.least > 1 else []
        return least + ([] if word.most is None else [f"{boxes} <= {word.most}"])

    def _value(self, value: int | float) -> str:
        """Hand a value over as a parameter and give its place in the text."""
        name = f"v{len(self.parameters)}"
        self.parameters[name] = value
        return f":{name}"


def _index(word: Term) -> str:
    """Name the table whose key walks the photos of a word by date."""
    return "photo_keyword" if isinstance(word, Keyword) else "sighting"


def _needs_boxes(word: Word) -> bool:
    """Say whether the number in the index cannot answer a word's count."""
    return bool(word.confidence) or max(word.least, (word.most or 0) + 1) > MOST_COUNTED


def _wanted(tree: Tree) -> Iterable[Word]:
    match tree:
        case Word():
            yield tree
        case And(terms) | Or(terms):
            for term in terms:
                yield from _wanted(term)
