"""Changing one setting in the user's file: the rest, comments included, stays as it is.

The new text is taken only if it reads as the old settings with just this one changed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..atomic import written_whole
from .rules import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Value = str | float | list[str] | dict[str, float]


def write_setting(file: Path, section: str, key: str, value: Value) -> None:
    """Set `[section] key` in a file, made if it is not there; raises `ConfigError`.

    The file is replaced in one step; its mode, and the link that it may be, stay.
    """
    try:
        real = Path(os.path.realpath(file))
        old = real.read_bytes().decode() if real.exists() else ""
        new = set_value(old, section, key, value)
        if new is None:
            reason = f"write it yourself, its place was not found: {key} = {literal(value)}"
            raise ConfigError(str(file), f"{section}.{key}", reason)
        _replace(real, new)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(file), "", f"not valid TOML: {error}") from None
    except OSError as error:
        raise ConfigError(str(file), "", error.strerror or str(error)) from None


def add_roots(file: Path, folders: Sequence[bytes], beginning: str = "") -> None:
    """Add folders to watch to a file; one that is not there is made, with this beginning.

    Raises `ConfigError`.
    """
    try:
        real = Path(os.path.realpath(file))
        old = real.read_bytes().decode() if real.exists() else beginning
        gap = "" if not old or old.endswith("\n\n") else "\n" if old.endswith("\n") else "\n\n"
        blocks = (f"[[roots]]\npath = {literal(_text(folder))}\n" for folder in folders)
        new = old + gap + "\n".join(blocks)
        tomllib.loads(new)
        _replace(real, new)
    except (tomllib.TOMLDecodeError, UnicodeError) as error:
        raise ConfigError(str(file), "roots", f"write them yourself: {error}") from None
    except OSError as error:
        raise ConfigError(str(file), "", error.strerror or str(error)) from None


def set_value(text: str, section: str, key: str, value: Value) -> str | None:
    """Return the text with `[section] key` set, None when no plain edit gives just that.

    A table of numbers that has a header of its own, `[section.key]`, is changed there.
    """
    if isinstance(value, dict) and _section(text.splitlines(), f"{section}.{key}")[0] >= 0:
        return _set_values(text, f"{section}.{key}", value)
    wished = tomllib.loads(text)
    table = wished
    for name in section.split("."):
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            return None
    table[key] = value
    lines = text.splitlines(keepends=True)
    for candidate in _candidates(lines, section, _bare_or_quoted(key), literal(value)):
        if _reads_as(candidate, wished):
            return candidate
    return None


def literal(value: Value) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, dict):
        pairs = [f"{_bare_or_quoted(name)} = {literal(one)}" for name, one in value.items()]
        return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
    return json.dumps(value, ensure_ascii=False)  # the same for texts, numbers, lists of texts


def _text(path: bytes) -> str:
    """Return a path as the settings can hold it; raises UnicodeDecodeError for one they cannot."""
    return path.decode("utf-8")


def _bare_or_quoted(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)


def _set_values(text: str, section: str, values: dict[str, float]) -> str | None:
    """Set the numbers under a header; None if there are others, which would have to go."""
    table: Any = tomllib.loads(text)
    for name in section.split("."):
        table = table.get(name, {})
    if not table.keys() <= values.keys():
        return None
    changed: str | None = text
    for name, number in values.items():
        if changed is not None and table.get(name) != number:
            changed = set_value(changed, section, name, number)
    return changed


# Of a value on one line: quoted texts, in which # is no comment, and anything else.
_TOKENS = r"""(?:"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[^#"'\n])*?"""


def _candidates(lines: list[str], section: str, key: str, new: str) -> Iterator[str]:
    start, end = _section(lines, section)
    if start < 0:
        head = "".join(lines)
        gap = "" if not head else "\n" if head.endswith("\n") else "\n\n"
        yield f"{head}{gap}[{section}]\n{key} = {new}\n"
        return
    pattern = re.compile(rf"(\s*{re.escape(key)}\s*=\s*){_TOKENS}(\s*#.*)?\r?\n?")
    for row in range(start, end):
        if re.match(rf"\s*{re.escape(key)}\s*=", lines[row]):
            match = pattern.fullmatch(lines[row])
            for comment in dict.fromkeys((match[2] or "" if match else "", "")):
                kept = (
                    f"{key} = {new}{comment}\n" if match is None else f"{match[1]}{new}{comment}\n"
                )
                for last in range(row + 1, end + 1):  # a list may go over several lines
                    yield "".join([*lines[:row], kept, *lines[last:]])
            return
    first = lines[start - 1] if lines[start - 1].endswith("\n") else f"{lines[start - 1]}\n"
    yield "".join([*lines[: start - 1], first, f"{key} = {new}\n", *lines[start:]])


def _section(lines: list[str], section: str) -> tuple[int, int]:
    """Return the first line after a table's header and the line of the next header."""
    header = re.compile(r"\s*\[{1,2}\s*([^\[\]]+?)\s*\]{1,2}\s*(#.*)?")
    heads = [
        (row, match[1])
        for row, line in enumerate(lines)
        if (match := header.fullmatch(line.strip()))
    ]
    for index, (row, name) in enumerate(heads):
        if name == section:
            following = heads[index + 1][0] if index + 1 < len(heads) else len(lines)
            return row + 1, following
    return -1, -1


def _reads_as(text: str, wished: dict[str, Any]) -> bool:
    with contextlib.suppress(tomllib.TOMLDecodeError):
        return tomllib.loads(text) == wished
    return False


def _replace(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(os.fsencode(file)) as stream:
        stream.write(text.encode())
