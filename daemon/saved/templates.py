"""The commands of ``[on_match]``: checked once, then filled in for a photo. No shell reads them.

>>> fill(("cp", "--", "{path}", "/srv/{search}/"), {"path": b"/p/a b.jpg", "search": b"cats"})
(b'cp', b'--', b'/p/a b.jpg', b'/srv/cats/')
"""

from __future__ import annotations

import itertools
import os
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACEHOLDERS: Final = ("path", "name", "labels", "search", "date")
NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
SHELLS: Final = ("ash", "bash", "dash", "fish", "ksh", "sh", "zsh")

_FIELD = re.compile(r"\{([a-z]+)\}")
_FIELD_BYTES = re.compile(rb"\{([a-z]+)\}")


class CommandError(ValueError):
    """A command that cannot be used; ``name`` is that of its saved search."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}" if name else reason)
        self.name, self.reason = name, reason


def check_commands(table: Any) -> dict[str, tuple[str, ...]]:
    """Return the commands by the name of their saved search. Raises CommandError."""
    if not isinstance(table, dict):
        raise CommandError("", 'write [on_match], and below it NAME = ["program", "{path}"]')
    for name, command in table.items():
        if not NAME.fullmatch(name):
            raise CommandError(name, "a search's name has letters, digits, - and _ only")
        if not isinstance(command, list) or not all(isinstance(part, str) for part in command):
            raise CommandError(name, f"must be a list of texts, not {command!r}")
        _check_program(name, command)
        _check_fields(name, command)
    return {name: tuple(command) for name, command in table.items()}


def fill(command: tuple[str, ...], values: Mapping[str, bytes]) -> tuple[bytes, ...]:
    """Put a photo's values into the arguments; a value is never read again."""
    program, *arguments = command
    filled = (
        _FIELD_BYTES.sub(lambda field: values[field[1].decode()], os.fsencode(argument))
        for argument in arguments
    )
    return (os.fsencode(os.path.expanduser(program)), *filled)


def _check_program(name: str, command: list[str]) -> None:
    if not command or not command[0]:
        raise CommandError(name, "names no program")
    program = command[0]
    if _FIELD.search(program):
        raise CommandError(name, "the program itself cannot come from a photo")
    if os.sep in program and not program.startswith(("/", "~/")):
        raise CommandError(name, f"{program}: give the whole path, or a name found on the PATH")
    if any("\0" in part for part in command):
        raise CommandError(name, "must not hold the sign NUL")


def _check_fields(name: str, command: list[str]) -> None:
    known = ", ".join(f"{{{field}}}" for field in PLACEHOLDERS)
    script = _shell_script(command)
    for argument in command[1:]:
        for field in _FIELD.findall(argument):
            if field not in PLACEHOLDERS:
                raise CommandError(name, f"there is no {{{field}}}; there are {known}")
    if script and _FIELD.search(script):
        reason = "a file's name would become a part of a shell's commands"
        raise CommandError(name, f'{reason}; write ["sh", "-c", "... \\"$1\\"", "sh", "{{path}}"]')


def _shell_script(command: list[str]) -> str:
    """Return the text that a shell is given to run, if there is one."""
    options = list(itertools.takewhile(lambda part: part.startswith("-"), command[1:]))
    is_script = os.path.basename(command[0]) in SHELLS and any("c" in part for part in options)
    return "".join(command[len(options) + 1 : len(options) + 2]) if is_script else ""
