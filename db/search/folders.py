"""Patterns of paths: which folders they mean, and which names in them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..states import label_key, name_key

if TYPE_CHECKING:
    from .facts import Execute

ROOTS: Final = "SELECT id, path FROM root"
FOLDERS: Final = "SELECT id, root_id, relpath FROM folder"
_SIGNS: Final = {"**": ".*", "*": "[^/]*", "?": "[^/]", "/**/": "/(?:.*/)?"}


@dataclass(frozen=True, slots=True)
class NamesIn:
    """Names of files like a pattern of SQL's LIKE, in folders; None: in all.

    `start` is what the names begin with, `name` the one name where nothing is left open.
    """

    folders: tuple[int, ...] | None
    like: str
    start: str = ""
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Matched:
    """What a pattern means: whole folders, and names in folders."""

    folders: tuple[int, ...]
    names: tuple[NamesIn, ...]


def find_folders(execute: Execute, pattern: str) -> Matched:
    """Understand a pattern of paths for the folders that the catalog knows."""
    tokens = split_pattern(expand_home(pattern))
    paths = _paths(execute)
    start = "" if tokens and tokens[0].startswith("/") else "(?:.*/)?"
    whole = _matching(paths, start, tokens, "(?:/.*)?")
    done = set(whole)
    rest = {id_: path for id_, path in paths.items() if id_ not in done}
    names = [
        NamesIn(found, _like(name), *_begin(name))
        for folder, end, name in _ways(tokens)
        if (found := None if folder is None else _matching(rest, start, folder, end)) != ()
    ]
    return Matched(whole, tuple(dict.fromkeys(names)))


def _paths(execute: Execute) -> dict[int, str]:
    """Give the paths of all folders as they are compared, without a slash at the end."""
    tops = {id_: name_key(bytes(path)).rstrip("/") for id_, path in execute(ROOTS, {})}
    return {id_: tops[root] + _below(relpath) for id_, root, relpath in execute(FOLDERS, {})}


def _below(relpath: bytes) -> str:
    if not relpath:
        return ""
    # Nearly all are plain, and there may be a hundred thousand.
    return "/" + (relpath.decode().lower() if relpath.isascii() else name_key(relpath))


def expand_home(pattern: str) -> str:
    """Put the home folder in the place of `~` and leave the last slashes out."""
    if pattern == "~" or pattern.startswith("~/"):
        home = os.fsencode(os.path.expanduser("~")).decode("utf-8", "backslashreplace")
        pattern = home + pattern[1:]
    return label_key(pattern).rstrip("/")


def split_pattern(pattern: str) -> list[str]:
    """Split a pattern into `**`, `*`, `?`, `/`, `/**/` and what stands for itself.

    >>> split_pattern("a/**.jp?")
    ['a', '/', '**', '.jp', '?']
    """
    parts = [part for part in re.split(r"((?:/\*\*)+/|\*+|\?|/)", pattern) if part]
    parts = ["/**/" if part.startswith("/**") else part for part in parts]
    return ["**" if part.startswith("**") else part for part in parts]


def _ways(tokens: list[str]) -> list[tuple[list[str] | None, str, list[str]]]:
    """Give the ways to split a pattern into one of folders, its end, and one of names.

    The slash before a file's name is the last one of the pattern, or `**` has swallowed it; without
    one the names may be in all folders.
    """
    last = max((n for n, one in enumerate(tokens) if one in ("/", "/**/")), default=-1)
    first = None if last < 0 else tokens[:last]
    end = "(?:/.*)?" if tokens[last : last + 1] == ["/**/"] else ""
    ways = [(first, end, tokens[last + 1 :])]
    for n in range(last + 1, len(tokens)):
        if tokens[n] == "**":
            ways.append((tokens[:n], ".*", ["*", *tokens[n + 1 :]]))
    return ways


def _matching(paths: dict[int, str], start: str, tokens: list[str], end: str) -> tuple[int, ...]:
    rule = start + "".join(_SIGNS.get(token, re.escape(token)) for token in tokens) + end
    matches = re.compile(rule, re.DOTALL).fullmatch
    # To look for some text is ten times as fast, and few folders have it.
    part = max((token for token in tokens if token not in _SIGNS), key=len, default="")
    return tuple(id_ for id_, path in paths.items() if part in path and matches(path))


def _begin(tokens: list[str]) -> tuple[str, str | None]:
    """Give what a name begins with, and the whole name where nothing is left open."""
    if not tokens or tokens[0] in _SIGNS:
        return "", None
    return tokens[0], tokens[0] if len(tokens) == 1 else None


def _like(tokens: list[str]) -> str:
    signs = {"**": "%", "*": "%", "?": "_"}
    return "".join(signs.get(one, re.sub(r"([\\%_])", r"\\\1", one)) for one in tokens)
