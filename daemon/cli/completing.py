"""What a shell may offer where a query is typed, and how bash is told: `phototag completion`.

Loaded only while a shell asks. Whatever goes wrong, nothing is offered and nothing is said.
"""

from __future__ import annotations

import os
import re
import sqlite3
from typing import TYPE_CHECKING, Any

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    add_completion_class,
    split_arg_string,
)

from ...db.errors import CatalogError
from ..config import ConfigError, load_config

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import click

FLAGS = ("duplicate", "untagged")
DAYS = (
    *("today", "yesterday", "this-week", "last-week", "this-month", "last-month"),
    *("this-year", "last-year", "last-7-days", "last-30-days"),
)
# The values that a field takes; those of the fields without any come from the catalog, or nobody
# can offer them.
VALUES: dict[str, tuple[str, ...]] = {
    "date": (*DAYS, "none"),
    "added": DAYS,
    "after": DAYS,
    "before": DAYS,
    "season": ("spring", "summer", "autumn", "winter", "fall"),
    "weekday": ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
    "orientation": ("portrait", "landscape", "square"),
    "state": ("pending", "done", "failed", "dead", "missing", "unsupported", "any"),
    "sort": ("date", "-date", "conf", "path", "-path", "size", "-size", "random"),
    "gps": ("none", "any"),
    "camera": ("none",),
    "lens": ("none",),
    "place": ("none",),
    "rating": ("none", "0", "1", "2", "3", "4", "5"),
    **dict.fromkeys(("hour", "model", "near", "iso", "f", "focal", "size", "width", "height"), ()),
    **dict.fromkeys(("path", "ext", "format", "label", "object", "keyword"), ()),
}
FROM_CATALOG = {
    **{name: name for name in ("label", "keyword", "camera", "lens", "place", "model")},
    "object": "label",
}
LISTS = ("ext", "format", "orientation", "weekday", "season", "state")
# What stands before the piece of a query that is being typed: `dog -camera:iph`.
_PIECE = re.compile(r"(?P<before>(?:.*[\s(])?-?)(?P<piece>[^\s()]*)", re.DOTALL)
_BARE = re.compile(r"[\w.-]+( [\w.-]+)*")
_BREAKS = " \t\n\"'@><=;|&(:"

_BASH = """\
%(complete_func)s() {
    local kind value
    COMPREPLY=()
    while IFS=, read -r kind value; do
        case $kind in
            dir) compopt -o dirnames 2>/dev/null ;;
            file) compopt -o default 2>/dev/null ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done < <(COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_BREAKS="$COMP_WORDBREAKS" \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *: ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""


@add_completion_class
class QueryBash(BashComplete):
    """Bash cuts words at `:` and `@`, which queries are full of: it gets what follows the cut."""

    name = "bash"
    source_template = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        """Read the line up to the cursor; a quote may still be open."""
        line = os.environ["COMP_LINE"]
        words = split_arg_string(line)
        if len(split_arg_string(line + "x")) > len(words):
            words.append("")
        return words[1:-1], words[-1]

    def complete(self) -> str:
        """Return the items, each without what bash has before its last cut."""
        args, incomplete = self.get_completion_args()
        kept = 0 if self._is_quoted() else self._cut(incomplete)
        found = self.get_completions(args, incomplete)
        return "\n".join(f"{item.type},{str(item.value)[kept:]}" for item in found)

    def _cut(self, incomplete: str) -> int:
        breaks = os.environ.get("COMP_BREAKS", _BREAKS)
        return max((n + 1 for n, letter in enumerate(incomplete) if letter in breaks), default=0)

    def _is_quoted(self) -> bool:
        """Say whether the cursor stands behind a quote that is still open."""
        line = os.environ["COMP_LINE"]
        return len(split_arg_string(line + " x")) == len(split_arg_string(line))


def complete_query(
    ctx: click.Context, param: click.Argument, incomplete: str
) -> list[CompletionItem[Any]]:
    """Return what a query may go on with: fields, their values, names of the catalog."""
    if incomplete.count('"') % 2:
        return []
    found = _PIECE.fullmatch(incomplete)
    if found is None:
        return []
    before, piece = found["before"], found["piece"]
    offered = list(_offer(ctx, piece))
    if not offered and "PATH" in (param.metavar or ""):
        return [CompletionItem(incomplete, type="file")]
    return [CompletionItem(before + text) for text in dict.fromkeys(offered)]


def _offer(ctx: click.Context, piece: str) -> Iterator[str]:
    field, colon, begun = piece.partition(":")
    if piece.startswith("@"):
        yield from (f"@{name}" for name in _names(ctx, "saved", piece[1:]))
    elif colon:
        yield from (f"{field}:{value}" for value in _values(ctx, field.casefold(), begun))
    else:
        yield from (f"{name}:" for name in VALUES if piece and name.startswith(piece))
        yield from (name for name in FLAGS if piece and name.startswith(piece))
        yield from _names(ctx, "label", piece)


def _values(ctx: click.Context, field: str, begun: str) -> Iterator[str]:
    listed, comma, last = begun.rpartition(",") if field in LISTS else ("", "", begun)
    fixed: Iterable[str] = VALUES.get(field, ())
    if field in ("ext", "format"):
        fixed = _file_kinds(field)
    yield from (listed + comma + value for value in fixed if value.startswith(last))
    if field in FROM_CATALOG:
        yield from _names(ctx, FROM_CATALOG[field], begun)


def _file_kinds(field: str) -> list[str]:
    from ..formats import FORMATS

    if field == "format":
        return [row.name.lower().replace(" ", "") for row in FORMATS]
    return [suffix.decode().lstrip(".") for row in FORMATS for suffix in row.suffixes]


def _names(ctx: click.Context, kind: str, begun: str) -> list[str]:
    """Return names of the catalog as a query writes them without quotes."""
    from ...db.beginnings import names_beginning

    try:
        found = names_beginning(_catalog(ctx), kind, begun.replace("_", " "))
    except (ConfigError, CatalogError, sqlite3.Error, OSError, ValueError):
        return []  # a shell's prompt is no place for an error
    bare = (name.replace(" ", "_") for name in found if _BARE.fullmatch(name))
    # A shell takes only what goes on as it was typed, capitals too.
    return [begun + name[len(begun) :] for name in bare if name.startswith(begun.casefold())]


def _catalog(ctx: click.Context) -> bytes:
    file = ctx.find_root().params.get("config_file")
    return os.fsencode(load_config(file, os.environ).catalog.path)
