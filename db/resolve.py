"""Finding the labels and keywords that a query names, or saying what it may have meant."""

# The text is made of constants, every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .errors import UnknownKeyword, UnknownWord
from .query import Keyword, terms
from .search_sql import KnownLabel
from .states import label_key
from .suggest import near_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TypeAlias

    from .query import Tree
    from .search_sql import Term

    Execute: TypeAlias = Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]]
    Known: TypeAlias = dict[str, KnownLabel]
    Resolve: TypeAlias = Callable[[str], str | None]

LABEL: Final = "label"
KEYWORD: Final = "keyword"


def find_terms(
    execute: Execute, tree: Tree, text: str | None, resolve: Resolve | None = None
) -> tuple[Known, Known]:
    """Give a tree's labels and its keywords by key.

    A word that is on no photo stands for the name that it means, if that is known.

    Raises UnknownWord, or its kind UnknownKeyword, for the first term that is not known.
    """
    asked = list(terms(tree))
    labels = _known(execute, LABEL, {_key(term) for term in asked if not _is_keyword(term)})
    if resolve is not None:
        words = {_key(term): term.name for term in asked if not _is_keyword(term)}
        labels |= _meant(execute, words, labels, resolve)
    keywords = _keywords(execute, {_key(term) for term in asked if _is_keyword(term)})
    for term in asked:
        if _key(term) not in (keywords if _is_keyword(term) else labels):
            raise _unknown(execute, term, text)
    return labels, keywords


def _meant(execute: Execute, words: dict[str, str], known: Known, resolve: Resolve) -> Known:
    """Find the labels that words mean which are unknown, or known and on no photo."""
    unseen = [key for key in words if key not in known or not known[key].photos]
    names = {key: name for key in unseen if (name := resolve(words[key])) is not None}
    found = _known(execute, LABEL, {label_key(name) for name in names.values()})
    return {key: found[label_key(n)] for key, n in names.items() if label_key(n) in found}


def _key(term: Term) -> str:
    return label_key(term.name)


def _is_keyword(term: Term) -> bool:
    return isinstance(term, Keyword)


def _known(execute: Execute, table: str, keys: Iterable[str]) -> Known:
    asked = {f"k{n}": key for n, key in enumerate(keys)}
    if not asked:
        return {}
    places = ", ".join(f":{name}" for name in asked)
    sql = f"SELECT key, id, n FROM {table} WHERE key IN ({places})"
    return {key: KnownLabel(id_, n) for key, id_, n in execute(sql, asked)}


def _keywords(execute: Execute, keys: set[str]) -> Known:
    """Find keywords as they are asked for, else with underscores, which a bare word loses."""
    known = _known(execute, KEYWORD, keys)
    other = _known(execute, KEYWORD, {key.replace(" ", "_") for key in keys - known.keys()})
    spelled = {key: other.get(key.replace(" ", "_")) for key in keys - known.keys()}
    return known | {key: found for key, found in spelled.items() if found is not None}


def _unknown(execute: Execute, term: Term, text: str | None) -> UnknownWord:
    """Make the error for a term without a row, with what is near."""
    position = term.position if text is not None else 0
    if isinstance(term, Keyword):
        names = _names(execute, KEYWORD)
        near = tuple(name for name in near_names(term.name, names) if name in names)
        return UnknownKeyword(term.name, position, near, text)
    near = near_names(term.name, _names(execute, LABEL))
    if _keywords(execute, {_key(term)}):
        near = (f'keyword:"{term.name}"' if " " in term.name else f"keyword:{term.name}", *near)
    return UnknownWord(term.name, position, near, text)


def _names(execute: Execute, table: str) -> list[str]:
    return [name for (name,) in execute(f"SELECT name FROM {table}", {})]
