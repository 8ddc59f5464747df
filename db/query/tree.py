"""What a query is once it is understood: a small tree of frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date


class _Brief:
    """Shows only the fields that are not as they are by default, and never the position."""

    __slots__ = ()

    def __repr__(self) -> str:
        shown: list[str] = []
        for one in fields(self):  # type: ignore[arg-type]  # each kind of term is a dataclass
            value = getattr(self, one.name)
            if one.name != "position" and value != one.default:
                shown.append(f"{one.name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"


def _place() -> Any:
    return field(default=0, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class Word(_Brief):
    """A thing: seen at least `least` and at most `most` times (None: no limit), this surely.

    With `prefix` any name that begins so. `kind` is the tag's, "label" or "object". With a `spot`
    or an `area` (least and most share of the picture) only boxes that lie so are counted. `every`
    is true of prefixes under a NOT: each of the names is meant instead of any.
    """

    name: str
    confidence: float | None = None
    least: int = 1
    most: int | None = None
    position: int = _place()
    kind: str | None = None
    prefix: bool = False
    spot: str | None = None
    area: tuple[float, float] | None = None
    every: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Keyword(_Brief):
    """A word that somebody gave the photo, or with `prefix` any that begins so."""

    name: str
    position: int = _place()
    prefix: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Days(_Brief):
    """Taken, or with the field `added` entered, on one of these days; None: no limit."""

    field: str
    first: date | None = None
    last: date | None = None
    position: int = _place()

    def __repr__(self) -> str:
        return f"Days({self.field!r}, '{self.first or ''}..{self.last or ''}')"


@dataclass(frozen=True, slots=True, repr=False)
class Hours(_Brief):
    """Taken in these hours of the day, both included; over midnight where `last` is less."""

    first: int
    last: int
    position: int = _place()


@dataclass(frozen=True, slots=True, repr=False)
class Range(_Brief):
    """A number of the photo lies between these, both included; None: no limit."""

    field: str
    least: float | None = None
    most: float | None = None
    position: int = _place()


@dataclass(frozen=True, slots=True, repr=False)
class OneOf(_Brief):
    """The field has one of these values."""

    field: str
    values: tuple[str, ...]
    position: int = _place()


@dataclass(frozen=True, slots=True, repr=False)
class Called(_Brief):
    """The camera, the lens, the model or the place is called so; stars stand for anything."""

    field: str
    name: str
    position: int = _place()


@dataclass(frozen=True, slots=True, repr=False)
class Missing(_Brief):
    """Nothing is known in this field."""

    field: str
    position: int = _place()


@dataclass(frozen=True, slots=True, repr=False)
class Near(_Brief):
    """Taken at most this far from a place, in degrees and kilometres."""

    latitude: float
    longitude: float
    kilometres: float
    position: int = _place()


@dataclass(frozen=True, slots=True, repr=False)
class Path(_Brief):
    """The photo, or a folder above it, has a path of this pattern; see docs/search.md."""

    pattern: str
    position: int = _place()


@dataclass(frozen=True, slots=True, repr=False)
class Flag(_Brief):
    """`untagged` or `duplicate`."""

    name: str
    position: int = _place()


@dataclass(frozen=True, slots=True)
class Not:
    """The photos that the term does not find."""

    term: Tree


@dataclass(frozen=True, slots=True)
class And:
    """The photos that every term finds."""

    terms: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """The photos that at least one term finds."""

    terms: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Everything:
    """All photos."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """A query with an order of its own, as `sort:` names it; only ever the root of a tree."""

    term: Tree
    order: str


Leaf: TypeAlias = (
    Word | Keyword | Days | Hours | Range | OneOf | Called | Missing | Near | Path | Flag
)
Tree: TypeAlias = Leaf | Not | And | Or | Everything | Sorted


def terms(tree: Tree) -> Iterator[Leaf]:
    """Give all terms of a tree from left to right, without what joins them."""
    match tree:
        case Not(inner) | Sorted(inner):
            yield from terms(inner)
        case And(parts) | Or(parts):
            for part in parts:
                yield from terms(part)
        case Everything():
            return
        case _:
            yield tree


def words(tree: Tree) -> Iterator[Word]:
    """Give all words of a tree from left to right."""
    return (term for term in terms(tree) if isinstance(term, Word))


def changed(tree: Tree, change: Callable[[Tree], Tree]) -> Tree:
    """Give the tree with every term exchanged for what `change` makes of it."""
    match tree:
        case Not(term):
            return Not(changed(term, change))
        case Sorted(term, order):
            return Sorted(changed(term, change), order)
        case And(parts):
            return And(tuple(changed(part, change) for part in parts))
        case Or(parts):
            return Or(tuple(changed(part, change) for part in parts))
        case _:
            return change(tree)


def depth(tree: Tree) -> int:
    """Count the levels of a tree."""
    match tree:
        case Sorted(term):
            return depth(term)
        case Not(term):
            return 1 + depth(term)
        case And(parts) | Or(parts):
            return 1 + max((depth(part) for part in parts), default=0)
        case _:
            return 1


def outline(tree: Tree, indent: str = "") -> str:
    """Draw a tree, one term a line.

    >>> print(outline(And((Word("cat"), Not(Keyword("home"))))))
    And
      Word(name='cat')
      Not
        Keyword(name='home')
    """
    match tree:
        case Not(term):
            inner: tuple[Tree, ...] = (term,)
        case Sorted(term, order):
            return f"{indent}Sorted by {order}\n{outline(term, indent + '  ')}"
        case And(parts) | Or(parts):
            inner = parts
        case _:
            return f"{indent}{tree!r}"
    lines = (outline(part, indent + "  ") for part in inner)
    return "\n".join((f"{indent}{type(tree).__name__}", *lines))
