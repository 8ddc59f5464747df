"""A question on its way: from text and options to compiled SQL, its count, plan and facets."""

# The text is made of constants, every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from ..errors import CatalogError, UnknownSearch
from ..paths import relative_to
from ..query import Everything, outline, parse, terms
from ..suggest import near_names
from .compiling import CompiledSearch, compile_search, order_of
from .names import find_names
from .simplify import simplify
from .sort import Sort

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from ..query import Tree
    from .facets import Facets
    from .facts import Execute
    from .names import Resolve, Unknown
    from .question import Driver, Options

PLACE: Final = (
    "SELECT p.id AS after_id, p.taken_at, p.size, r.path, f.relpath, p.name"
    " FROM folder f CROSS JOIN photo p CROSS JOIN root r WHERE r.id = :root_id"
    " AND f.root_id = :root_id AND f.relpath = :relpath AND p.folder_id = f.id AND p.name = :name"
)
PLACE_NAMES: Final = (
    "after_id",
    "after_date",
    "after_size",
    "after_root",
    "after_folder",
    "after_name",
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a query is understood and answered.

    `tree` has a term a line, `plan` is what the database says it will do, and `drivers` are the
    terms that lead to the photos, with about how many each; without one all photos are walked.
    """

    tree: str
    sql: str
    parameters: Mapping[str, Any]
    plan: tuple[str, ...]
    drivers: tuple[Driver, ...]


@dataclass(frozen=True, slots=True)
class Asker:
    """Understands questions to one catalog on one day."""

    execute: Execute
    today: date
    resolve: Resolve | None = None
    unknown: Unknown | None = None

    def understand(self, query: str | Tree) -> Tree:
        """Parse a text; saved searches are those of the catalog.

        Raises QueryError.
        """
        if not isinstance(query, str):
            return query
        return parse(query, today=self.today, saved=self._saved)

    def compile(self, query: str | Tree, options: Options) -> CompiledSearch:
        """Compile a query.

        Raises QueryError, or one of its kinds.
        """
        tree = self.understand(query)
        text = query if isinstance(query, str) else None
        names = find_names(self.execute, tree, text, self.resolve, self.unknown)
        return compile_search(self.execute, tree, names, options)

    def order(self, query: str | Tree, sort: Sort) -> Sort:
        """Give the order that a query has, or one of its saved searches, else the one given."""
        return order_of(self.understand(query), sort)

    def count(self, query: str | Tree, options: Options) -> int:
        """Count what a query finds."""
        found = self.compile(query, replace(options, sort=Sort.NEWEST, limit=None))
        sql = f"SELECT count(*) FROM ({found.hits}) AS hit"
        ((number,),) = self.execute(sql, found.parameters)
        return int(number)

    def explain(self, query: str | Tree, options: Options) -> Explanation:
        """Say how a query is understood and answered."""
        found = self.compile(query, options)
        rows = self.execute(f"EXPLAIN QUERY PLAN {found.hits}", found.parameters)
        return Explanation(
            tree=outline(self.understand(query)),
            sql=found.hits,
            parameters=found.parameters,
            plan=_indented(rows),
            drivers=found.drivers,
        )

    def facets(self, query: str | Tree, options: Options, most: int) -> Facets:
        """Count the names that the hits of a query have most often."""
        from .facets import facets_of, facets_of_all

        tree = self.understand(query)
        # Not what only comes down to everything: naming a state or a format changes what is shown.
        if not any(terms(tree)) and simplify(tree) == Everything():
            return facets_of_all(self.execute, most, raw=options.raw)
        found = self.compile(query, options)
        return facets_of(self.execute, found.hits, found.parameters, most)

    def place_of(self, photo: bytes) -> dict[str, Any]:
        """Give where a photo stands in all orders.

        Raises CatalogError where it is not known.
        """
        folder, name = os.path.split(photo)
        for root_id, root in self.execute("SELECT id, path FROM root", {}):
            relpath = relative_to(folder, bytes(root))
            if relpath is not None:
                asked = {"root_id": root_id, "relpath": relpath, "name": name}
                for row in self.execute(PLACE, asked):
                    return dict(zip(PLACE_NAMES, row, strict=True))
        raise CatalogError(photo, "no page ends with this photo", "it is not in the catalog")

    def _saved(self, name: str) -> str:
        from ..saved_reading import find_search, list_searches

        found = find_search(self.execute, name)
        if found is None:
            names = [one.name for one in list_searches(self.execute)]
            near = tuple(one for one in near_names(name, names) if one in names)
            raise UnknownSearch(name, 0, tuple(f"@{one}" for one in near))
        return found.query


def start_of(seed: int | None) -> int:
    """Give where a random order begins: somewhere else for each seed."""
    if seed is None:
        return int.from_bytes(os.urandom(8), "big")
    import hashlib

    return int.from_bytes(hashlib.sha256(str(seed).encode()).digest()[:8], "big")


def _indented(rows: list[tuple[Any, ...]]) -> tuple[str, ...]:
    """Indent the lines of SQLite's plan by what they are part of."""
    depths: dict[int, int] = {0: -1}
    lines = []
    for id_, parent, _, text in rows:
        depths[id_] = depths.get(parent, -1) + 1
        lines.append("  " * depths[id_] + text)
    return tuple(lines)
