"""Writes docs/configuration.md from the program's own list of settings.

Run it in an environment where phototagd is installed: python docs/make_configuration.py
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from phototagd.daemon.config import rules

PAGE = Path(__file__).with_name("configuration.md")
HEAD = """\
# Configuration

<!-- Written by docs/make_configuration.py from daemon/config/default.toml: change that, run it. -->

`phototag config` names your settings file, and shows each setting with its value and where that
came from. `phototag config --default` prints all of them with these explanations.

The file is TOML. Write into it only what you want to change. A key that does not exist is an
error, so that a typing mistake does not go unnoticed. `phototag --config FILE VERB` takes another
file. Without a file of your own that of the system's service is read, `/etc/phototagd/config.toml`.

Relative paths are relative to the file, `~` is your home folder. A variable wins over the file:

| setting | variable |
| --- | --- |
| `[watch] settle_seconds` | `PHOTOTAG_WATCH_SETTLE_SECONDS=5` |
| `[tags] parents` | `PHOTOTAG_TAGS_PARENTS=false` |
| `[watch] ignore`, a list | `PHOTOTAG_WATCH_IGNORE=private/:*.tmp.jpg` |
| `[tags] rename`, a table | `PHOTOTAG_TAGS_RENAME=dog=Hund:cat=Katze` |
| `[[roots]]` | `PHOTOTAG_ROOTS=/photos:/mnt/camera` |
| the file itself | `PHOTOTAG_CONFIG=/etc/my.toml` |

A running daemon reads its settings again on SIGHUP. A file with an error is refused, the old
settings go on, and `phototag status` says why.
"""
COLUMNS = "\n| setting | default | may be | what it is |\n| --- | --- | --- | --- |\n"
_HEADER = re.compile(r"\[+\w+\]+")


@dataclass(slots=True)
class Group:
    """Settings that share an explanation: the comment above them, and their keys."""

    comment: list[str]
    keys: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """What the comment says, without the example at its end."""
        return " ".join(self.comment[: self._example_at]).replace("|", r"\|")

    @property
    def example(self) -> str:
        """The lines of the comment that are settings themselves: from a table's header on."""
        return "".join(f"{line}\n" for line in self.comment[self._example_at :])

    @property
    def _example_at(self) -> int:
        headers = (n for n, line in enumerate(self.comment) if _HEADER.fullmatch(line))
        return next(headers, len(self.comment))


def page() -> str:
    """Return the whole page."""
    text = rules.default_text()
    parts = [HEAD]
    for section, groups in read_groups(text).items():
        parts.append(f"\n## {section}\n")
        name = section.strip("[]")
        values = tomllib.loads(text).get(name, {})
        rows = [row for group in groups for row in _rows(name, group, values)]
        if rows:
            parts.append(COLUMNS)
            parts += rows
        parts += [_told(group) for group in groups if group.example]
    return "".join(parts)


def read_groups(text: str) -> dict[str, list[Group]]:
    """Take the documented file apart: by section, comments with the keys below them."""
    found: dict[str, list[Group]] = {}
    section, comment = "", []
    _, _, described = text.partition("\n\n")
    for line in described.splitlines():
        if line.startswith("#"):
            comment.append(line[2:])
        elif line.startswith("["):
            section, comment = line, []
            found[section] = []
        elif line and comment:
            found[section].append(Group(comment, [line.partition(" ")[0]]))
            comment = []
        elif line:
            found[section][-1].keys.append(line.partition(" ")[0])
        elif example := Group(comment).example:
            found[example.partition("\n")[0]] = [Group(comment)]
            comment = []
    return found


def _told(group: Group) -> str:
    return f"\n{group.words}\n\n```toml\n{group.example}```\n"


def _rows(section: str, group: Group, values: dict[str, Any]) -> list[str]:
    rows, words = [], group.words
    for key in group.keys:
        allowed = _allowed(section, key, values[key])
        rows.append(f"| `{key}` | `{_toml(values[key])}` | {allowed} | {words} |\n")
        words = f"see `{group.keys[0]}`"
    return rows


def _allowed(section: str, key: str, default: Any) -> str:
    """Say which values a setting takes."""
    choices = rules.CHOICES.get((section, key))
    if choices:
        return ", ".join(f"`{_toml(choice)}`" for choice in choices)
    if f"{section}.{key}" in rules.NUMBER_TABLES:
        return "numbers from 0 to 1 by name"
    least = rules.MINIMUM.get((section, key))
    kind = rules.type_name(default)
    return kind if least is None else f"{kind}, at least {least:g}"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
