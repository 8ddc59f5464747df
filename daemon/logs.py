"""Where log lines go: to standard error, with the time unless the journal adds its own."""

from __future__ import annotations

import logging
import os


def configure_logging(level: str) -> None:
    """Set up the root logger once, at the start of a program."""
    in_journal = bool(os.environ.get("JOURNAL_STREAM"))
    prefix = "" if in_journal else "%(asctime)s "
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(f"{prefix}%(levelname)s %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # its plugins introduce themselves


def printable(path: bytes) -> str:
    """Write a file name so that any terminal can show it: odd bytes and controls as escapes."""
    text = path.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
