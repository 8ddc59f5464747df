"""A query as a tree whose values stay text as it is written.

What `last-week` or `1.5mb` means is said a second time in `search_values`, independent of the
program's parser.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Thing:
    """A name, or all names that begin so, with its modifiers."""

    name: str
    starts: bool = False
    kind: str | None = None
    confidence: float | None = None
    area: tuple[str, float] | None = None
    spot: str | None = None
    count: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A field with its value as it is written; `sign` is `:`, a comparison, or `*` for a prefix."""

    field: str
    sign: str
    value: str


@dataclass(frozen=True, slots=True)
class Bare:
    """`untagged` or `duplicate`."""

    word: str


@dataclass(frozen=True, slots=True)
class Saved:
    """`@NAME`."""

    name: str


@dataclass(frozen=True, slots=True)
class No:
    """NOT."""

    term: Term


@dataclass(frozen=True, slots=True)
class All:
    """AND; without terms every photo."""

    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """OR."""

    terms: tuple[Term, ...]


Term: TypeAlias = Thing | Asked | Bare | Saved | No | All | Some


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query: its terms, `conf` as sign and number, and the value of `sort:`."""

    term: Term
    conf: tuple[str, float] | None = None
    sort: str | None = None
