"""Names and texts as any terminal can show them."""

from __future__ import annotations


def printable(path: bytes) -> str:
    """Write a file name so that any terminal can show it: odd bytes and controls as escapes."""
    return printable_text(path.decode("utf-8", "backslashreplace"))


def printable_text(text: str) -> str:
    """Write a text so that no terminal takes it for a command."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
