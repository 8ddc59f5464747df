"""A tree in which NOT stands before single terms only, and words ask for being there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ..query import And, Everything, Not, Or, Sorted, Word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..query import Tree

NONE: Final = Or(())


def simplify(tree: Tree, *, negate: bool = False) -> Tree:  # noqa: PLR0911  # a case for each
    """Push every NOT down to a term, so that all words left ask for at least one sighting.

    >>> simplify(Not(And((Word("cat"), Word("dog", most=0, least=0)))))
    Or(terms=(Not(term=Word(name='cat')), Word(name='dog')))
    """
    match tree:
        case Sorted(term):
            return simplify(term, negate=negate)
        case Not(term):
            return simplify(term, negate=not negate)
        case Everything():
            return NONE if negate else tree
        case Word(least=0):
            return _allowing_none(tree, negate=negate)
        case Word(least=least, most=int(most)) if most < least:
            return Everything() if negate else NONE
        case And(terms) | Or(terms):
            parts = [simplify(term, negate=negate) for term in terms]
            return _both(parts) if isinstance(tree, And) is not negate else _either(parts)
        case _:
            return Not(tree) if negate else tree


def _allowing_none(word: Word, *, negate: bool) -> Tree:
    """Turn "at most n" into "not more than n"; one of several names: not every one more than n."""
    if word.most is None:
        return NONE if negate else Everything()
    more = replace(word, least=word.most + 1, most=None, every=word.prefix)
    return more if negate else Not(more)


def _both(terms: Iterable[Tree]) -> Tree:
    kept = [term for term in terms if term != Everything()]
    if NONE in kept:
        return NONE
    return kept[0] if len(kept) == 1 else And(tuple(kept)) if kept else Everything()


def _either(terms: Iterable[Tree]) -> Tree:
    kept = [term for term in terms if term != NONE]
    if Everything() in kept:
        return Everything()
    return kept[0] if len(kept) == 1 else Or(tuple(kept))
