"""Text to tree: the parser, and what is only known once the whole query is read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ..errors import QueryError, UnknownSearch
from ..states import label_key
from .building import CONF_ALONE, Conf, FieldText, Saved, make_builder
from .fields import Order
from .lalr import Parser, Unexpected
from .messages import explain, open_parenthesis
from .misfit import Misfit
from .tree import And, Everything, Not, Or, Sorted, Tree, Word, changed, depth, terms, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    FindSaved: TypeAlias = Callable[[str], str | None]

MOST_LETTERS: Final = 4000
MOST_WORDS: Final = 50
# SQLite's parser has a stack of a hundred entries and each level takes about four: measured, it
# gives up at the nineteenth.
DEEPEST: Final = 12


def parse(text: str, *, today: date | None = None, saved: FindSaved | None = None) -> Tree:
    """Understand a question; a blank one is Everything.

    `today` is the day that words like `yesterday` start from. `saved` gives the text of a saved
    search by name, or None; it may raise UnknownSearch with names that are near.
    Raises QueryError with the place and a sentence for humans.
    """
    return _Reading(today or date.today(), saved or (lambda _: None)).read(text)


@dataclass(slots=True)
class _Orders:
    """The `sort:` of a query, and those of the saved searches in it, as they come."""

    own: list[Order] = field(default_factory=list)
    saved: list[str] = field(default_factory=list)

    def choose(self, text: str) -> str | None:
        """Give the one that holds, if there is one.

        Raises Misfit for a second one, and for one in parentheses.
        """
        for order in self.own:
            place = order.position
            if open_parenthesis(text[:place]) < place:
                raise Misfit(place, "sort applies to the whole query; no parentheses around it")
        if len(self.own) > 1:
            raise Misfit(self.own[1].position, "sort may stand once in a query")
        return next((order.order for order in self.own), next(iter(self.saved), None))


class _Reading:
    """The reading of one query and of the saved searches that it names."""

    def __init__(self, today: date, saved: FindSaved) -> None:
        self._today = today
        self._saved = saved

    def read(self, text: str, above: tuple[str, ...] = ()) -> Tree:
        """Understand a text that stands below these saved searches."""
        if len(text) > MOST_LETTERS:
            raise QueryError(text[:MOST_LETTERS], MOST_LETTERS, "the query is too long")
        if broken := re.search("[\ud800-\udfff]", text):
            raise QueryError(text, broken.start(), "this is no UTF-8 text")
        try:
            return self._finish(Parser(text, make_builder()).parse(), text, above)
        except Unexpected as error:
            position, message = explain(error, text)
            raise QueryError(text, position, message) from None
        except Misfit as error:
            raise QueryError(text, error.position, error.message) from None

    def _finish(self, raw: Any, text: str, above: tuple[str, ...]) -> Tree:
        """Fill in what was left open, and refuse what is too much for one search."""
        orders = _Orders()
        filled = self._fill(raw, text, above, orders)
        confs = list(_confs(raw))
        if len(confs) > 1:
            raise Misfit(confs[1].position, "conf may stand once in a query")
        done = Everything() if filled is None else _spread(filled, confs)
        if confs and not any(words(done)):
            raise Misfit(confs[0].position, CONF_ALONE)
        found = list(terms(done))
        if len(found) > MOST_WORDS:
            message = f"a query has at most {MOST_WORDS} words"
            raise Misfit(found[MOST_WORDS].position, message)
        if depth(done) > DEEPEST:
            raise Misfit(0, "the parentheses are nested too deeply")
        order = orders.choose(text)
        return done if order is None else Sorted(done, order)

    def _fill(  # noqa: PLR0911  # a case for each kind of term
        self, tree: Any, text: str, above: tuple[str, ...], orders: _Orders
    ) -> Any:
        """Read the values of fields and the saved searches; `conf` and `sort:` fall away."""
        match tree:
            case Conf():
                return None
            case FieldText():
                found = tree.read(self._today)
                if not isinstance(found, Order):
                    return found
                orders.own.append(found)
                return None
            case Saved():
                return self._read_saved(tree, text, above, orders)
            case Not(term):
                inner = self._fill(term, text, above, orders)
                return inner.term if isinstance(inner, Not) else Not(inner)
            case And(parts):
                kept = [self._fill(part, text, above, orders) for part in parts]
                return _joined([part for part in kept if part is not None])
            case Or(parts):
                kept = [self._fill(part, text, above, orders) for part in parts]
                if None in kept:
                    raise Misfit(orders.own[-1].position, "sort needs words beside it, after OR")
                return Or(tuple(kept))
        return tree

    def _read_saved(self, one: Saved, text: str, above: tuple[str, ...], orders: _Orders) -> Tree:
        """Read the query of a saved search; its terms stand where its name stands."""
        key = label_key(one.name)
        if key in above:
            raise Misfit(one.position, f"the saved search {one.name!r} is part of itself")
        try:
            query = self._saved(one.name)
        except UnknownSearch as error:
            raise UnknownSearch(one.name, one.position, error.suggestions, text) from None
        if query is None:
            raise UnknownSearch(one.name, one.position, (), text)
        found = self.read(query, (*above, key))
        if isinstance(found, Sorted):
            orders.saved.append(found.order)
            found = found.term
        return _moved(found, one.position)


def _joined(kept: list[Any]) -> Any:
    return And(tuple(kept)) if len(kept) > 1 else kept[0] if kept else None


def _confs(tree: Any) -> Iterator[Conf]:
    match tree:
        case Conf():
            yield tree
        case Not(term):
            yield from _confs(term)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _confs(part)


def _spread(tree: Tree, confs: list[Conf]) -> Tree:
    """Give every word without a confidence of its own that of the query."""
    if not confs:
        return tree

    def surer(term: Tree) -> Tree:
        if isinstance(term, Word) and term.confidence is None:
            return replace(term, confidence=confs[0].confidence)
        return term

    return changed(tree, surer)


def _moved(tree: Tree, position: int) -> Tree:
    def move(term: Tree) -> Tree:
        if isinstance(term, Not | And | Or | Sorted | Everything):
            return term
        return replace(term, position=position)

    return changed(tree, move)
