"""Names, texts and numbers as they are shown: any terminal can take them."""

from __future__ import annotations


def printable(path: bytes) -> str:
    """Write a file name so that any terminal can show it: odd bytes and controls as escapes."""
    return printable_text(path.decode("utf-8", "backslashreplace"))


def printable_text(text: str) -> str:
    """Write a text so that no terminal takes it for a command."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def count(number: int, thing: str) -> str:
    """Write a number with its noun.

    >>> count(1, "folder"), count(2000, "folder")
    ('1 folder', '2,000 folders')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
