"""Reads a text by the tables in `grammar`: LALR(1) with a contextual lexer, as Lark does it.

The tables are Lark's own. To import Lark and let it make them again at every start would take
longer than all else that a search does.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from .grammar import IGNORED, RULES, STATES, TERMINALS

if TYPE_CHECKING:
    from collections.abc import Iterable

END: Final = "$END"


class Token(str):
    """A piece of the text with the name of its terminal and the place where it begins."""

    __slots__ = ("position", "type")

    type: str
    position: int

    def __new__(cls, kind: str, text: str, position: int) -> Token:
        """Make one."""
        token = super().__new__(cls, text)
        token.type = kind
        token.position = position
        return token


class Unexpected(Exception):
    """The grammar does not go on with what stands at `position`.

    `token` is None where no terminal begins; `wanted` are the terminals that may follow here.
    """

    def __init__(self, position: int, token: Token | None, wanted: frozenset[str]) -> None:
        super().__init__(position, token, wanted)
        self.position = position
        self.token = token
        self.wanted = wanted


class Parser:
    """Reads one text; `builder` has a method for each rule, which gets the list of its parts."""

    def __init__(self, text: str, builder: object) -> None:
        self._text = text
        self._builder = builder
        self._states = [0]
        self._values: list[Any] = []

    def parse(self) -> Any:
        """Give what the builder makes of the whole text.

        Raises Unexpected, and what the builder raises.
        """
        position = 0
        while position < len(self._text):
            token = self._next_token(position)
            if token.type not in IGNORED:
                self._take(token)
            position += len(token)
        self._take(Token(END, "", position))
        return self._values[0]

    def _next_token(self, position: int) -> Token:
        """Read one of the terminals that may follow here."""
        token = self._match(_allowed(self._states[-1]), position)
        if token is None:
            raise self._unexpected(position, self._match(TERMINALS, position))
        return token

    def _match(self, terminals: Iterable[str], position: int) -> Token | None:
        for terminal in terminals:
            if found := _pattern(terminal).match(self._text, position):
                return Token(terminal, found[0], position)
        return None

    def _take(self, token: Token) -> None:
        """Close the rules that end before a token, and go on behind it."""
        while (step := STATES[self._states[-1]].get(token.type)) is not None:
            if step >= 0:
                self._states.append(step)
                self._values.append(token)
                return
            self._close(*RULES[~step])
        raise self._unexpected(token.position, token)

    def _close(self, rule: str, marks: str) -> None:
        parts: list[Any] = []
        start = len(self._values) - len(marks)
        for mark, value in zip(marks, self._values[start:], strict=True):
            if mark == "1":
                parts.append(value)
            elif mark == "*":
                parts += value
        del self._values[start:]
        self._values.append(parts if rule[0] == "_" else getattr(self._builder, rule)(parts))
        _leave(self._states, rule, marks)

    def _unexpected(self, position: int, token: Token | None) -> Unexpected:
        wanted = (name for name in (*TERMINALS, END) if self._may_follow(name))
        return Unexpected(position, token, frozenset(wanted))

    def _may_follow(self, terminal: str) -> bool:
        states = self._states[:]
        while (step := STATES[states[-1]].get(terminal)) is not None and step < 0:
            _leave(states, *RULES[~step])
        return step is not None


def _leave(states: list[int], rule: str, marks: str) -> None:
    """Exchange the states of a rule's parts for that behind the rule."""
    del states[len(states) - len(marks) :]
    states.append(STATES[states[-1]][rule])


@cache
def _allowed(state: int) -> tuple[str, ...]:
    """Give the terminals that may come in a state, in the order in which they are tried."""
    return tuple(name for name in TERMINALS if name in STATES[state] or name in IGNORED)


@cache
def _pattern(terminal: str) -> re.Pattern[str]:
    return re.compile(TERMINALS[terminal])
