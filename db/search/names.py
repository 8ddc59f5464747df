"""Finding what a query names, or saying what it may have meant."""

# The text is made of constants, every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..errors import UnknownKeyword, UnknownValue, UnknownWord
from ..query import And, Called, Everything, Keyword, Not, OneOf, Or, Sorted, Word, changed
from ..query.fields import FIELDS
from ..states import label_key, text_key
from ..suggest import near_names
from .simplify import NONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeAlias

    from ..query import Leaf, Tree
    from .facts import Execute

    Resolve: TypeAlias = Callable[[str], str | None]
    Labels: TypeAlias = dict[str, "Known"]
    Named: TypeAlias = Word | Keyword | Called
    Unknown: TypeAlias = Callable[[UnknownWord, bool], None]

LABEL: Final = "label"
KEYWORD: Final = "keyword"
LAST: Final = "\U0010ffff"
WHAT: Final = {
    "camera": "camera",
    "lens": "lens",
    "model": "model",
    "place": "place",
    "ext": "extension of a file",
    "format": "format",
}
# SQLite walks the few distinct values of an index, not its million entries.
DISTINCT: Final = (
    "WITH RECURSIVE found(value) AS (SELECT min({column}) FROM photo WHERE {column} IS NOT NULL"
    " UNION ALL SELECT (SELECT min({column}) FROM photo WHERE {column} > found.value) FROM found"
    " WHERE found.value IS NOT NULL) SELECT value FROM found WHERE value IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Known:
    """A row that has a name: its id and the number of photos with it; a place has a kind."""

    id: int
    photos: int
    kind: str = ""


@dataclass(slots=True)
class Names:
    """What the terms of a query name; `values` are formats and suffixes as they are stored.

    The terms in `absent` name nothing: no photo has what they ask for.
    """

    values: dict[Leaf, tuple[str, ...]] = field(default_factory=dict)
    absent: set[Leaf] = field(default_factory=set)
    _rows: dict[tuple[type[Leaf], str, str], tuple[Known, ...]] = field(default_factory=dict)

    def add(self, term: Named, known: tuple[Known, ...]) -> None:
        """Note what a term names."""
        self._rows[_spelling(term)] = known

    def rows(self, term: Named) -> tuple[Known, ...]:
        """Give the rows that a term names, whatever else it says of them."""
        return self._rows[_spelling(term)]

    def settle(self, tree: Tree) -> Tree:
        """Give the tree with what the absent terms find in their place: no photo, or each."""
        return changed(tree, self._settled) if self.absent else tree

    def _settled(self, term: Tree) -> Tree:
        if term not in self.absent:
            return term
        return Everything() if isinstance(term, Word) and not term.least else NONE


def find_names(
    execute: Execute,
    tree: Tree,
    text: str | None = None,
    resolve: Resolve | None = None,
    unknown: Unknown | None = None,
) -> Names:
    """Find all that a tree names.

    A word that is on no photo stands for the name that it means, if that is known. `unknown` is
    told of each term that is not known, and whether it stands under a NOT: what it does not raise
    again, no photo has.

    Raises UnknownWord, or one of its kinds, for the first term that is not known.
    """
    return _Finder(execute, text, resolve).find(list(_signed(tree)), unknown or _refuse)


def fold(text: str) -> str:
    """Give the form in which names of cameras, lenses, models and places are compared.

    >>> fold("S\u00e3o_Paulo")
    'sao paulo'
    """
    return text_key(text.replace("_", " "))


def is_part(asked: str, name: str) -> bool:
    """Say whether a name has the text at the beginning of a word, or is as the stars say.

    >>> is_part("iphone", "Apple iPhone 12"), is_part("phone", "Apple iPhone 12")
    (True, False)
    >>> is_part("*phone*", "Apple iPhone 12"), is_part("iphone*", "Apple iPhone 12")
    (True, False)
    """
    if "*" in asked:
        return _is_like(asked, name)
    return re.search(r"(?<![^\W_])" + re.escape(fold(asked)), fold(name)) is not None


def _is_like(pattern: str, name: str) -> bool:
    parts = re.sub(r"\*+", "*", fold(pattern)).split("*")
    return re.fullmatch(".*".join(map(re.escape, parts)), fold(name), re.DOTALL) is not None


class _Finder:
    def __init__(self, execute: Execute, text: str | None, resolve: Resolve | None) -> None:
        self._execute = execute
        self._text = text
        self._resolve = resolve

    def find(self, asked: list[tuple[Leaf, bool]], unknown: Unknown) -> Names:
        names = Names()
        labels = self._labels([one for one, _ in asked if isinstance(one, Word)])
        keywords = self._keywords([one for one, _ in asked if isinstance(one, Keyword)])
        for term, is_negated in asked:
            try:
                self._find(names, term, keywords if isinstance(term, Keyword) else labels)
            except UnknownWord as error:
                unknown(error, is_negated)
                names.absent.add(term)
        return names

    def _find(self, names: Names, term: Leaf, known: Labels) -> None:
        match term:
            case Word(prefix=True) | Keyword(prefix=True):
                names.add(term, self._beginning(term))
            case Word() | Keyword():
                names.add(term, self._one(term, known))
            case Called("model"):
                names.add(term, self._model_sets(term))
            case Called("place"):
                names.add(term, self._places(term))
            case Called():
                names.add(term, self._devices(term))
            case OneOf("ext" | "format"):
                names.values[term] = self._stored(term)

    def _labels(self, words: list[Word]) -> Labels:
        found = _known(self._execute, LABEL, {_key(word) for word in words if not word.prefix})
        if self._resolve is None:
            return found
        unseen = {_key(word): word.name for word in words if not word.prefix}
        meant = {
            key: name
            for key, word in unseen.items()
            if (key not in found or not found[key].photos)
            and (name := self._resolve(word)) is not None
        }
        others = _known(self._execute, LABEL, {label_key(name) for name in meant.values()})
        spelled = {key: others.get(label_key(name)) for key, name in meant.items()}
        return found | {key: one for key, one in spelled.items() if one is not None}

    def _keywords(self, asked: list[Keyword]) -> Labels:
        """Find keywords as they are asked for, else with underscores, which a bare word loses."""
        keys = {_key(keyword) for keyword in asked if not keyword.prefix}
        found = _known(self._execute, KEYWORD, keys)
        others = {key: key.replace(" ", "_") for key in keys - found.keys()}
        spelled = _known(self._execute, KEYWORD, others.values())
        return found | {key: spelled[other] for key, other in others.items() if other in spelled}

    def _one(self, term: Word | Keyword, known: Labels) -> tuple[Known, ...]:
        if _key(term) not in known:
            raise self._unknown(term)
        return (known[_key(term)],)

    def _beginning(self, term: Word | Keyword) -> tuple[Known, ...]:
        """Find the names that begin with a word."""
        table = KEYWORD if isinstance(term, Keyword) else LABEL
        sql = f"SELECT id, n FROM {table} WHERE key >= :first AND key < :last ORDER BY id"
        key = _key(term)
        starts = (key, key.replace(" ", "_")) if isinstance(term, Keyword) else (key,)
        rows = [
            row
            for start in dict.fromkeys(starts)
            for row in self._execute(sql, {"first": start, "last": start + LAST})
        ]
        if not rows:
            raise self._unknown(term)
        return tuple(Known(*row) for row in rows)

    def _devices(self, term: Called) -> tuple[Known, ...]:
        rows = self._execute(f"SELECT id, n, name FROM {term.field}", {})
        found = tuple(Known(id_, n) for id_, n, name in rows if is_part(term.name, name))
        return found or self._refuse(term, term.name, [name for *_, name in rows])

    def _places(self, term: Called) -> tuple[Known, ...]:
        rows = self._execute("SELECT id, n, kind, name, code FROM place", {})
        asked = fold(term.name)
        found = tuple(
            Known(id_, n, kind)
            for id_, n, kind, name, code in rows
            if _is_like(asked, name) or (kind == "country" and (code or "").casefold() == asked)
        )
        return found or self._refuse(term, term.name, [name for *_, name, _ in rows])

    def _model_sets(self, term: Called) -> tuple[Known, ...]:
        """Find the sets of models that have one which is called so."""
        models: dict[int, str] = dict(self._execute("SELECT id, name FROM model", {}))
        meant = {id_ for id_, name in models.items() if is_part(term.name, name)}
        if not meant:
            self._refuse(term, term.name, list(models.values()))
        sets = self._execute("SELECT id, models FROM model_set", {})
        return tuple(Known(id_, -1) for id_, ids in sets if meant & set(json.loads(ids)))

    def _stored(self, term: OneOf) -> tuple[str, ...]:
        """Find how the catalog spells formats or suffixes."""
        column = "suffix" if term.field == "ext" else "format"
        there = [value for (value,) in self._execute(DISTINCT.format(column=column), {})]
        by_key = {_bare(value): value for value in there}
        asked = {_bare(value): value for value in term.values}
        if not by_key.keys() & asked.keys():
            self._refuse(term, term.values[0], [value for value in there if value])
        return tuple(value for key, value in by_key.items() if key in asked)

    def _refuse(self, term: Called | OneOf, word: str, names: list[str]) -> tuple[Known, ...]:
        asked = word.replace("*", "").replace("_", " ")
        near = near_names(asked, list(dict.fromkeys(names)))
        position = term.position if self._text is not None else 0
        known = tuple(name for name in near if name in names)
        raise UnknownValue(WHAT[term.field], word, position, known, self._text)

    def _unknown(self, term: Word | Keyword) -> UnknownWord:
        """Make the error for a term without a row, with what is near."""
        position = term.position if self._text is not None else 0
        name = term.name + "*" * term.prefix
        if isinstance(term, Keyword):
            there = _names(self._execute, KEYWORD)
            near = tuple(one for one in near_names(term.name, there) if one in there)
            return UnknownKeyword(name, position, near, self._text)
        near = near_names(term.name, _names(self._execute, LABEL))
        if _key(term) in FIELDS:
            near = (f"{_key(term)}:", *near)
        if not term.prefix and self._keywords([Keyword(term.name)]):
            quoted = f'"{term.name}"' if " " in term.name else term.name
            near = (f"keyword:{quoted}", *near)
        return UnknownWord(name, position, near, self._text)


def _refuse(error: UnknownWord, _is_negated: bool) -> None:
    raise error


def _signed(tree: Tree, *, is_negated: bool = False) -> Iterator[tuple[Leaf, bool]]:
    """Give all terms of a tree from left to right, and whether more of it means fewer photos."""
    match tree:
        case Sorted(term):
            yield from _signed(term, is_negated=is_negated)
        case Not(term):
            yield from _signed(term, is_negated=not is_negated)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _signed(part, is_negated=is_negated)
        case Everything():
            return
        case Word(least=0):
            yield tree, not is_negated
        case _:
            yield tree, is_negated


def _spelling(term: Named) -> tuple[type[Leaf], str, str]:
    starts = "*" if not isinstance(term, Called) and term.prefix else ""
    return type(term), term.field if isinstance(term, Called) else "", term.name + starts


def _bare(value: str) -> str:
    return label_key(value).replace(" ", "")


def _key(term: Word | Keyword) -> str:
    return label_key(term.name)


def _known(execute: Execute, table: str, keys: Iterable[str]) -> Labels:
    asked = {f"k{n}": key for n, key in enumerate(keys)}
    if not asked:
        return {}
    places = ", ".join(f":{name}" for name in asked)
    sql = f"SELECT key, id, n FROM {table} WHERE key IN ({places})"
    return {key: Known(id_, n) for key, id_, n in execute(sql, asked)}


def _names(execute: Execute, table: str) -> list[str]:
    return [name for (name,) in execute(f"SELECT name FROM {table}", {})]
