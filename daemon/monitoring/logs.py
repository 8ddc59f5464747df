"""Where log lines go: to standard error, as people read them, as the journal does, or as JSON."""

from __future__ import annotations

import json
import logging
import os
import sys
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


class JournalFormatter(logging.Formatter):
    """Puts the priority before each line, as the journal takes it; see sd-daemon(3)."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record; the journal adds the time and who spoke."""
        priority = f"<{_priority(record.levelno)}>"
        return "\n".join(priority + line for line in super().format(record).splitlines())


class JsonFormatter(logging.Formatter):
    """Writes each record as a JSON object on a line: time, level, logger, message."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record; a traceback stands in `error`."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        fields = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


def configure_logging(level: str, style: str = "text") -> None:
    """Set up the root logger once, at the start of a program; `style` is "text" or "json"."""
    handler = logging.StreamHandler()
    handler.setFormatter(_formatter(style))
    handler.addFilter(Burst())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # its plugins introduce themselves


def is_for_programs() -> bool:
    """Tell whether lines are written in the way of the journal or as JSON, not for a terminal."""
    return any(
        isinstance(handler.formatter, (JournalFormatter, JsonFormatter))
        for handler in logging.getLogger().handlers
    )


def _formatter(style: str) -> logging.Formatter:
    if style == "json":
        return JsonFormatter()
    if _is_journal(sys.stderr.fileno()):
        return JournalFormatter("%(message)s")
    return logging.Formatter("%(asctime)s %(levelname)s %(message)s")


def _is_journal(descriptor: int) -> bool:
    """Tell whether a stream goes to the journal: it says which, see systemd.exec(5)."""
    status = os.fstat(descriptor)
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def _priority(level: int) -> int:
    """Return syslog's number for a level: 3 error, 4 warning, 6 information, 7 debugging."""
    levels = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
    return next((priority for least, priority in levels if level >= least), 7)
