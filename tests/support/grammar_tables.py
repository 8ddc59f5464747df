"""Makes `db/query/grammar.py` of `db/query/query.lark`: `make grammar`.

The tables are those of Lark. The states are numbered anew, from the start along sorted symbols, so
that the same grammar always gives the same text.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

from lark import Lark
from lark.parsers.lalr_analysis import Shift

QUERY = Path(__file__).parents[2] / "db" / "query"
HEAD = '''\
"""The tables of query.lark, made by `make grammar`; not to be edited.

`TERMINALS` are patterns in the order in which they are tried, `IGNORED` those that mean nothing.
`RULES` have a mark for each symbol: 1 for one that is kept, 0 for one that is not, * for a list
whose items are. `STATES` say for each symbol which state comes next, or, as ~number, which rule
ends before it; the first is the start.
"""

# Not for reading, and so wider than the house's lines.
# ruff: noqa: E501
# fmt: off

from typing import Final

'''


def make_tables(grammar: str) -> str:
    """Give the module's text."""
    lark = Lark(grammar, parser="lalr")
    terminals = lark.parser.lexer.root_lexer.terminals
    rules = list(lark.rules)
    patterns = {terminal.name: terminal.pattern.to_regexp() for terminal in terminals}
    return (
        HEAD
        + _assignment("TERMINALS", "dict[str, str]", _items(patterns))
        + _assignment("IGNORED", "tuple[str, ...]", [f"{name!r}," for name in lark.ignore_tokens])
        + _assignment(
            "RULES", "tuple[tuple[str, str], ...]", [f"{_rule(rule)!r}," for rule in rules]
        )
        + _assignment("STATES", "tuple[dict[str, int], ...]", _states(lark, rules))
    )


def _assignment(name: str, kind: str, lines: list[str]) -> str:
    ends = "{}" if kind.startswith("dict") else "()"
    body = "".join(f"    {line}\n" for line in lines)
    return f"{name}: Final[{kind}] = {ends[0]}\n{body}{ends[1]}\n"


def _items(values: dict[str, object]) -> list[str]:
    return [f"{name!r}: {value!r}," for name, value in values.items()]


def _rule(rule) -> tuple[str, str]:
    marks = [
        "0" if one.is_term and one.filter_out
        else "*" if not one.is_term and one.name.startswith("_")
        else "1"
        for one in rule.expansion
    ]  # fmt: skip
    return str(rule.origin.name), "".join(marks)


def _states(lark: Lark, rules: list) -> list[str]:
    table = lark.parser.parser._parse_table
    (start,), (end,) = table.start_states.values(), table.end_states.values()
    order = [start]
    for state in order:
        for _, (action, argument) in sorted(table.states[state].items()):
            if action is Shift and argument not in order:
                order.append(argument)
    number = {state: n for n, state in enumerate(order)}
    lines = []
    for state in order:
        steps = {
            str(symbol): number[argument] if action is Shift else ~rules.index(argument)
            for symbol, (action, argument) in sorted(table.states[state].items())
        }
        if state == end:
            steps["$END"] = number[end]
        lines += textwrap.wrap(f"{steps!r},", 96, subsequent_indent=" ")
    return lines


if __name__ == "__main__":
    tables = make_tables((QUERY / "query.lark").read_text("utf-8"))
    (QUERY / "grammar.py").write_text(tables, "utf-8")
