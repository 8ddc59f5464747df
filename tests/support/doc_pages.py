"""The documentation as data: its pages, the commands that they show, their links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
_FENCE = re.compile(r"^(?P<fence>```+)(?P<language>\S*)\n(?P<text>.*?)^(?P=fence)$", re.M | re.S)
_CODE = re.compile(r"`([^`\n]+)`")
_REMARK = re.compile(r"(^|\s\s+)#\s.*$")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; `line` is that of its first line of text, from 1."""

    page: Path
    line: int
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a page; `shown` is what the page says that it prints, None if it says nothing.

    In `shown` a line `...` stands for any lines, and `...` in a line for any text.
    """

    page: Path
    line: int
    text: str
    shown: str | None = None

    def has_printed(self, said: str) -> bool:
        """Tell whether the page shows what was printed."""
        if self.shown is None:
            return True
        pattern = "".join(
            r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line).replace(r"\.\.\.", ".*")
            for line in self.shown.splitlines(keepends=True)
        )
        return re.fullmatch(pattern, said) is not None


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page in their order."""
    text = page.read_text("utf-8")
    return [
        Block(page, text[: found.start("text")].count("\n") + 1, found["language"], found["text"])
        for found in _FENCE.finditer(text)
    ]


def commands(page: Path) -> list[Command]:
    """Return what a page tells one to run: the lines of its `sh` blocks, `$` of its `console`."""
    found: list[Command] = []
    for block in blocks(page):
        if block.language == "sh":
            found += _lines_to_run(block)
        elif block.language == "console":
            found += _dialogue(block)
    return found


def prose(page: Path) -> str:
    """Return a page without its fenced blocks; lines keep their numbers."""
    return _FENCE.sub(lambda found: "\n" * found[0].count("\n"), page.read_text("utf-8"))


def code_spans(page: Path) -> list[str]:
    """Return the code inside of a page's sentences."""
    return _CODE.findall(prose(page))


def links(page: Path) -> list[str]:
    """Return where the links of a page lead to."""
    return _LINK.findall(_CODE.sub("", prose(page)))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, made as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.M)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.replace(" ", "-") for heading in plain}


def _lines_to_run(block: Block) -> Iterator[Command]:
    text = ""
    for number, line in enumerate(block.text.splitlines()):
        text += line
        if text.endswith("\\"):
            text += "\n"
        else:
            command = _REMARK.sub("", text)
            if command:
                yield Command(block.page, block.line + number, command)
            text = ""


def _dialogue(block: Block) -> Iterator[Command]:
    before = block.text[: block.text.index("$ ")]
    assert not before.strip(), f"{block.page}:{block.line}: output without a command"
    line = block.line
    for part in re.split(r"^\$ ", block.text[len(before) :], flags=re.M)[1:]:
        first, _, shown = part.partition("\n")
        yield Command(block.page, line, first, shown)
        line += part.count("\n")
