"""Writes the manual pages: what `--help` says of each verb, in man(7)'s macros.

`python packaging/man_pages.py FOLDER` writes phototag.1, phototagd.1, phototag-VERB.1 and, where a
verb has verbs of its own, phototag-VERB-VERB.1. The installed program is what is described.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from phototagd.daemon.cli import phototag
from phototagd.daemon.cli.watch import phototagd

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPECIAL = str.maketrans(
    {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti"}
)
_CODE = re.compile(r"`([^`]+)`")
# The names of an option, not what looks like one among its choices.
_FLAG = re.compile(r"(?:(?<=, )|(?<=/ )|^)--?[a-z0-9][a-z0-9-]*", re.IGNORECASE)
_VERBATIM = "\b\n"  # click's mark of a paragraph whose lines stay


def main(folder: Path) -> None:
    """Write all pages into a folder that is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    root = click.Context(phototag, info_name="phototag", **phototag.context_settings)
    pages = dict(_pages(root))
    daemon = click.Context(phototagd, info_name="phototagd", **phototag.context_settings)
    pages["phototagd"] = page(daemon, see=["phototag", "phototag-service", "phototag-config"])
    for name, text in pages.items():
        (folder / f"{name}.1").write_text(text, "utf-8")


def page(ctx: click.Context, see: list[str]) -> str:
    """Return the page of one command; ``see`` are the pages that it points to."""
    command = ctx.command
    sections = {
        "NAME": f"{_name(ctx)} \\- {_plain(command.get_short_help_str(limit=200).rstrip('.'))}",
        "SYNOPSIS": _synopsis(ctx),
        "DESCRIPTION": _text(command.help or ""),
        "OPTIONS": _options(ctx),
        "COMMANDS": _commands(ctx),
        "EXAMPLES": _text(command.epilog or ""),
        "SEE ALSO": ",\n".join(rf"\fB{_plain(name)}\fR(1)" for name in see),
    }
    date = time.strftime("%Y-%m-%d", time.gmtime(_moment()))
    head = f'.TH "{_name(ctx).upper()}" 1 {date} "phototagd {version("phototagd")}" phototagd\n'
    # Words are neither cut nor spread: what is to be typed stands there as it is typed.
    return f"{head}.nh\n.ad l\n" + "".join(
        f".SH {name}\n{text}\n" for name, text in sections.items() if text
    )


def _pages(ctx: click.Context) -> Iterator[tuple[str, str]]:
    above = [] if ctx.parent is None else [_name(ctx.parent)]
    yield _name(ctx), page(ctx, above or ["phototagd"])
    for inner in _inner(ctx):
        yield from _pages(inner)


def _inner(ctx: click.Context) -> Iterator[click.Context]:
    command = ctx.command
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            found = command.get_command(ctx, name)
            if found is not None and not found.hidden:
                yield click.Context(found, info_name=name, parent=ctx)


def _moment() -> float:
    return float(os.environ.get("SOURCE_DATE_EPOCH", time.time()))


def _name(ctx: click.Context) -> str:
    return ctx.command_path.replace(" ", "-")


def _synopsis(ctx: click.Context) -> str:
    pieces = ctx.command.collect_usage_pieces(ctx)
    return rf"\fB{_plain(ctx.command_path)}\fR " + _plain(" ".join(pieces))


def _options(ctx: click.Context) -> str:
    records = (param.get_help_record(ctx) for param in ctx.command.get_params(ctx))
    return "\n".join(
        f".TP\n{_bold_flags(names)}\n{_marked(_in_one_line(text))}"
        for names, text in filter(None, records)
        if text  # arguments have none; the synopsis has them
    )


def _commands(ctx: click.Context) -> str:
    return "\n".join(
        f".TP\n\\fB{_plain(_name(inner))}\\fR(1)\n{_marked(inner.command.get_short_help_str(200))}"
        for inner in _inner(ctx)
    )


def _text(help_text: str) -> str:
    """Return click's paragraphs; those whose lines stay, as examples."""
    paragraphs = re.split(r"\n[ \t]*\n", inspect.cleandoc(help_text))
    parts = []
    for paragraph in paragraphs:
        if paragraph.startswith(_VERBATIM):
            lines = paragraph.removeprefix(_VERBATIM).split("\n")
            parts.append("\n".join([".PP", ".EX", *map(_line, lines), ".EE"]))
        else:
            parts.append(f".PP\n{_marked(_in_one_line(paragraph))}")
    return "\n".join(parts).removeprefix(".PP\n")


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def _marked(text: str) -> str:
    """Return a text in which what stands between backquotes is bold."""
    parts = _CODE.split(text)
    return _guarded(
        "".join(rf"\fB{_plain(part)}\fR" if n % 2 else _plain(part) for n, part in enumerate(parts))
    )


def _bold_flags(names: str) -> str:
    ends = [0]
    for found in _FLAG.finditer(names):
        ends += found.span()
    pieces = [names[start:end] for start, end in zip(ends, [*ends[1:], None], strict=True)]
    return "".join(
        rf"\fB{_plain(piece)}\fR" if n % 2 else _plain(piece) for n, piece in enumerate(pieces)
    )


def _line(text: str) -> str:
    return _guarded(_plain(text))


def _plain(text: str) -> str:
    return text.translate(_SPECIAL)


def _guarded(line: str) -> str:
    """Return a line that roff does not take for a request."""
    return rf"\&{line}" if line.startswith(".") else line


if __name__ == "__main__":
    main(Path(sys.argv[1]))
