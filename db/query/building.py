"""From what the grammar reads to the tree; each method is named by its rule."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .fields import FIELDS, Order, read_comparison, read_field, refuse_field
from .lalr import Token
from .misfit import Misfit
from .tree import And, Everything, Flag, Keyword, Not, Or, Word
from .values import Text

if TYPE_CHECKING:
    from datetime import date

    from .tree import Tree

MOST_BOXES: Final = 1_000_000
FLAGS: Final = ("untagged", "duplicate")
CONF_ALONE: Final = "conf applies to the words of the query; it needs one beside it"


@dataclass(frozen=True, slots=True)
class Conf:
    """`conf>0.7` on its way to the words; no finished tree holds one."""

    confidence: float
    position: int


@dataclass(frozen=True, slots=True)
class FieldText:
    """A field whose value is not understood yet, since it may depend on the day."""

    name: str
    value: Text

    def read(self, today: date) -> Tree | Order:
        """Understand it."""
        return read_field(self.name, self.value, today)


@dataclass(frozen=True, slots=True)
class Saved:
    """`@NAME` on its way to the query of that name."""

    name: str
    position: int


def make_builder() -> object:
    """Make what turns the parser's rules into terms."""
    return _Builder()


class _Builder:
    """Makes the tree while the parser reads."""

    def start(self, items: list[Any]) -> Any:
        return items[0] if items else Everything()

    def disjunction(self, items: list[Any]) -> Any:
        return items[0] if len(items) == 1 else Or(tuple(items))

    def conjunction(self, items: list[Any]) -> Any:
        if all(isinstance(item, Conf) for item in items):
            raise Misfit(items[0].position, CONF_ALONE)
        return items[0] if len(items) == 1 else And(tuple(items))

    def negation(self, items: list[Any]) -> Any:
        (term,) = items
        if isinstance(term, Conf):
            raise Misfit(term.position, "conf applies to the whole query; no NOT before it")
        if isinstance(term, FieldText) and term.name == "sort":
            message = "sort applies to the whole query; no NOT before it"
            raise Misfit(term.value.position - len("sort:"), message)
        return term.term if isinstance(term, Not) else Not(term)

    def conf(self, items: list[Token]) -> Conf:
        name, sign, number = items
        if sign not in (">", ">=", "≥"):
            raise Misfit(sign.position, "conf takes > or >=")
        least = _share(number, "a confidence")
        # The words know only "at least": more than x is at least the next number after x.
        return Conf(math.nextafter(least, 2) if sign == ">" else least, name.position)

    def number(self, items: list[Token]) -> Any:
        name, sign, value = items
        return read_comparison(name.casefold(), str(sign), Text(str(value), value.position))

    def field(self, items: list[Token]) -> Any:
        field, value, *star = items
        name = str(field[:-1])
        if name.casefold() not in (*FIELDS, "sort"):
            raise refuse_field(name, field.position)
        if value.type == "QUOTED":
            text = Text(value[1:-1] + "*" * len(star), value.position + 1, is_quoted=True)
        else:
            text = Text(str(value), value.position)
        return FieldText(name.casefold(), text)

    def saved(self, items: list[Token]) -> Saved:
        (token,) = items
        name = " ".join(token[1:].strip('"').split())
        if not name:
            raise Misfit(token.position, "the quotes hold no name")
        return Saved(name, token.position)

    def at(self, items: list[Token]) -> tuple[int, dict[str, Any]]:
        return items[0].position, {"confidence": _share(items[0], "a confidence")}

    def count(self, items: list[Token]) -> tuple[int, dict[str, Any]]:
        sign, number = items
        return sign.position, dict(zip(("least", "most"), _interval(sign, number), strict=True))

    def spot(self, items: list[Token]) -> tuple[int, dict[str, Any]]:
        (token,) = items
        return token.position, {"spot": str(token[1:]).casefold()}

    def area(self, items: list[Token]) -> tuple[int, dict[str, Any]]:
        sign, number = items
        share = _share(number, "an area")
        match sign:
            case ">" | ">=" | "≥":
                bounds = math.nextafter(share, 2) if sign == ">" else share, math.inf
            case "<" | "<=" | "≤":
                bounds = -math.inf, math.nextafter(share, -1) if sign == "<" else share
            case _:
                raise Misfit(sign.position, "area takes >, >=, < or <=")
        return sign.position, {"area": bounds}

    def thing(self, items: list[Any]) -> Any:
        kind = str(items.pop(0)[:-1]).casefold() if items[0].type == "KIND" else None
        token, *rest = items
        starts = bool(rest) and isinstance(rest[0], Token)
        limits = rest[starts:]
        name = _name(token)
        if starts and len(name) < 2:
            raise Misfit(token.position, "at least two letters stand before a star")
        options = _options(limits)
        if kind == "keyword":
            if limits:
                raise Misfit(limits[0][0], "a keyword takes no confidence and no count")
            return Keyword(name, token.position, prefix=starts)
        if kind == "label" and options.keys() - {"confidence"}:
            message = "a label has no boxes: label: takes a confidence only"
            raise Misfit(next(at for at, one in limits if "confidence" not in one), message)
        if kind is None and token.type == "WORD" and name.casefold() in FLAGS:
            return _flag(token, name, rest)
        return Word(name, position=token.position, kind=kind, prefix=starts, **options)


def _flag(token: Token, name: str, rest: list[Any]) -> Flag:
    if rest:
        message = f"{name} takes nothing behind it; as a name it stands in quotes"
        raise Misfit(token.position, message)
    return Flag(name.casefold(), token.position)


def _options(limits: list[Any]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for position, limit in limits:
        if options.keys() & limit.keys():
            is_box = limit.keys() & {"spot", "area"}
            message = "a word takes one :area and one of :left, :right, :top, :bottom, :center"
            plain = "a word takes one confidence and one count"
            raise Misfit(position, message if is_box else plain)
        options |= limit
    return options


def _name(token: Token) -> str:
    name = token[1:-1] if token.type == "QUOTED" else token.replace("_", " ")
    if not name.strip():
        raise Misfit(token.position, "the quotes hold no name")
    return " ".join(name.split())


def _share(token: Token, what: str) -> float:
    is_percent = token.endswith("%")
    value = float(token.rstrip("%")) / (100 if is_percent else 1)
    if not 0 <= value <= 1:
        hint = "" if is_percent else f"; or write {token}%" if value <= 100 else ""
        raise Misfit(token.position, f"{what} lies between 0 and 1{hint}")
    return value


def _interval(sign: Token, number: Token) -> tuple[int, int | None]:
    """Give the least and the most number of boxes that a comparison allows."""
    if not number.isdigit():
        raise Misfit(number.position, "a count is a whole number")
    n = int(number)
    if n > MOST_BOXES:
        raise Misfit(number.position, "no picture holds so many")
    match sign:
        case ">=" | "≥":
            return n, None
        case ">":
            return n + 1, None
        case "<=" | "≤":
            return 0, n
        case "<" if n == 0:
            raise Misfit(sign.position, "a count is never below 0")
        case "<":
            return 0, n - 1
        case _:
            return n, n
