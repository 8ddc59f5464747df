"""Compiling a search: a query to portable SQL with named parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from ..query import OneOf, Sorted, terms
from ..states import PhotoState
from . import limits
from .facts import Values, both
from .making import Maker
from .planning import Planner
from .question import Driver, Options, Question, wanting
from .simplify import simplify
from .sort import AFTER, NAMED, ORDERS, Sort
from .writing import Writer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..query import Tree
    from .facts import Execute, Parameters
    from .names import Names

TELLS_STATE: Final = frozenset({"state"})
SHOWS_RAW: Final = frozenset({"state", "format", "ext"})


@dataclass(frozen=True, slots=True)
class CompiledSearch:
    """A search as SQL.

    `hits` selects photo_id, taken_at and score, at most as many rows as the limit; joined as
    `hit` with photo `p`, folder `f` and root `r`, `order` sorts them.
    """

    hits: str
    order: str
    parameters: Parameters
    drivers: tuple[Driver, ...] = ()


def order_of(tree: Tree, sort: Sort) -> Sort:
    """Give the order that holds: the query's own comes first."""
    return NAMED.get(tree.order) or Sort(tree.order) if isinstance(tree, Sorted) else sort


def compile_search(execute: Execute, tree: Tree, names: Names, options: Options) -> CompiledSearch:
    """Compile a tree whose names are all found.

    With `Sort.CONFIDENCE` a photo's score is the highest of its confidences in the words that the
    query wants to see.
    """
    if options.limit is not None:
        options = replace(options, limit=min(options.limit, limits.MOST_HITS))
    asked = _ask(execute, tree, names, options)
    parameters = asked.values.parameters
    if options.limit is not None:
        parameters["limit"] = options.limit
    if asked.sort is Sort.RANDOM:
        shuffle = asked.shuffle
        parameters |= {"mask": shuffle.mask, "start": shuffle.start, "step": shuffle.step}
    writer = Writer(asked)
    if options.after is not None:
        _continue(asked, writer, options.after)
    plan = Planner(asked, writer).choose()
    order = ORDERS[asked.sort].format(p="p", t="hit.taken_at", id="hit.photo_id", score="hit.score")
    return CompiledSearch(writer.search(plan), order, parameters, plan.drivers)


def _ask(execute: Execute, tree: Tree, names: Names, options: Options) -> Question:
    fields = {term.field for term in terms(tree) if isinstance(term, OneOf)}
    tells_state = bool(fields & TELLS_STATE)
    states = tuple(PhotoState) if tells_state else (PhotoState.DONE,)
    ((last,),) = execute("SELECT max(id) FROM photo", {})
    photos = max(last or 0, 1)
    values = Values()
    maker = Maker(execute, values, names, states, photos)
    condition = maker.make(simplify(names.settle(tree)))
    wanted = sorted({one for fact in wanting(condition) for one in fact.wanted}, key=str)
    if options.among is not None:
        condition = both(condition, maker.among(sorted(options.among)))
    sort = order_of(tree, options.sort)
    # Where no word is wanted, no photo is surer than another.
    is_same = sort is Sort.CONFIDENCE and not wanted
    return Question(
        execute=execute,
        condition=condition,
        options=options,
        sort=Sort.NEWEST if is_same else sort,
        values=values,
        photos=photos,
        states=states,
        tells_state=tells_state,
        hides_raw=not (options.raw or fields & SHOWS_RAW) and _has_pairs(execute),
        wanted=wanted,
    )


def _has_pairs(execute: Execute) -> bool:
    return bool(execute("SELECT 1 FROM photo WHERE pair_id IS NOT NULL LIMIT 1", {}))


def _continue(asked: Question, writer: Writer, after: Mapping[str, Any]) -> None:
    """Hand over where the page before ended."""
    values = dict(after)
    if asked.sort is Sort.CONFIDENCE:
        at = {"id": values["after_id"], "date": values["after_date"]}
        parameters = asked.values.parameters | at
        ((values["after_score"],),) = asked.execute(
            f"SELECT {writer.score(':id', ':date')}", parameters
        )
    needed = AFTER[asked.sort]
    asked.values.parameters.update(
        {name: value for name, value in values.items() if f":{name}" in needed}
    )
