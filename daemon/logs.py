"""Where log lines go: to standard error, with the time unless the journal adds its own."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW_SECONDS = 60.0
MOST_A_WINDOW = 20


class Burst(logging.Filter):
    """Lets some warnings of one kind through a minute, each text once, then their number.

    A kind is the message before its arguments are put in: a failing disk has a path a line.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._kinds: dict[str, _Kind] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Decide on one record."""
        if record.levelno < logging.WARNING:
            return True
        text, now = record.getMessage(), self._clock()
        kind = self._kinds.setdefault(str(record.msg), _Kind(now))
        left_out = 0
        if now - kind.since >= WINDOW_SECONDS:
            left_out = kind.left_out
            kind = self._kinds[str(record.msg)] = _Kind(now)
        if text in kind.texts or len(kind.texts) >= MOST_A_WINDOW:
            kind.left_out += 1
            return False
        kind.texts.add(text)
        if left_out:
            record.msg, record.args = f"{text} ({left_out} more like this since)", None
        return True


@dataclass(slots=True)
class _Kind:
    since: float
    left_out: int = 0
    texts: set[str] = field(default_factory=set)


def configure_logging(level: str) -> None:
    """Set up the root logger once, at the start of a program."""
    in_journal = bool(os.environ.get("JOURNAL_STREAM"))
    prefix = "" if in_journal else "%(asctime)s "
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(f"{prefix}%(levelname)s %(message)s"))
    handler.addFilter(Burst())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # its plugins introduce themselves


def printable(path: bytes) -> str:
    """Write a file name so that any terminal can show it: odd bytes and controls as escapes."""
    return printable_text(path.decode("utf-8", "backslashreplace"))


def printable_text(text: str) -> str:
    """Write a text so that no terminal takes it for a command."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
