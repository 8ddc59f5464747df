"""What can go wrong with a catalog or a question: one small class for each, with its data."""

from __future__ import annotations

import os
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class CatalogError(Exception):
    """A catalog that cannot be used; `str()` is one sentence with the remedy, if there is one."""

    def __init__(self, path: bytes, reason: str, remedy: str = "") -> None:
        super().__init__(path, reason, remedy)
        self.path = path
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{_printable(self.path)}: {self.reason}" + (
            f"; {self.remedy}" if self.remedy else ""
        )


class CatalogAbsent(CatalogError):
    """There is no catalog at this path yet."""

    def __init__(self, path: bytes) -> None:
        super().__init__(path, "there is no catalog yet", "scan a folder first")


class CatalogLost(CatalogError):
    """A catalog was made at this path once, and now there is none or an empty file.

    A new one in its place would hide the loss: all labels and all the work behind them.
    """

    def __init__(self, path: bytes, backups: Sequence[bytes] = ()) -> None:
        restore = _restore(path, backups) if backups else "bring it back"
        lock = _printable(os.path.basename(path) + b".lock")
        remedy = f"{restore}, or remove {lock} to begin with an empty one"
        super().__init__(path, "the catalog that was here is gone or empty", remedy)
        self.backups = tuple(backups)


class CatalogVanished(CatalogError):
    """The file was deleted or replaced while it was open: what is written now would be lost."""

    def __init__(self, path: bytes) -> None:
        reason = "the catalog was deleted or replaced while it was in use"
        super().__init__(path, reason, "put it back, or a backup in its place, and start again")


class CatalogFull(CatalogError):
    """There is no room to write; nothing was changed, and with room it can be used again."""

    def __init__(self, path: bytes) -> None:
        super().__init__(path, "there is no room on the catalog's disk", "make room there")


class CatalogBusy(CatalogError):
    """Another process writes, or mends, for longer than we waited; nothing was changed."""

    def __init__(self, path: bytes) -> None:
        super().__init__(path, "the catalog is busy", "try again in a moment")


class CatalogLocked(CatalogError):
    """Another process is the writer of this catalog; `pid` is None where it is not known."""

    def __init__(self, path: bytes, pid: int | None) -> None:
        who = f"process {pid}" if pid is not None else "another process"
        super().__init__(path, f"the catalog is in use by {who}", "stop it first")
        self.pid = pid


class CatalogTooNew(CatalogError):
    """The catalog was written by a later version of the program."""

    def __init__(self, path: bytes, found: str, known: str) -> None:
        reason = f"the catalog has schema {found}, this program knows schemas up to {known}"
        super().__init__(path, reason, "install a newer phototagd")
        self.found = found
        self.known = known


class CatalogTooOld(CatalogError):
    """The catalog was written by an earlier version and has not been migrated yet."""

    def __init__(self, path: bytes) -> None:
        reason = "the catalog was written by an earlier version of the program"
        super().__init__(path, reason, "start the daemon or a scan once, it brings it up to date")


class CatalogBroken(CatalogError):
    """The file is not a catalog, or is damaged."""

    def __init__(self, path: bytes, reason: str, backups: Sequence[bytes] = ()) -> None:
        super().__init__(path, reason, f"{_restore(path, backups)}, or name another file")
        self.backups = tuple(backups)


class CatalogUnreadable(CatalogError):
    """The operating system or SQLite refuses the file: its disk may be there again later."""


class PhotoUnknown(LookupError):
    """The catalog has no photo with this id."""

    def __init__(self, photo_id: int) -> None:
        super().__init__(f"no photo has the id {photo_id}")
        self.photo_id = photo_id


class QueryError(Exception):
    """A question that cannot be understood; `position` counts characters from 0."""

    def __init__(self, text: str, position: int, message: str) -> None:
        super().__init__(text, position, message)
        self.text = text
        self.position = position
        self.message = message

    def __str__(self) -> str:
        return self.message

    def pointed(self) -> str:
        """Give the question and, below it, a caret under the place.

        >>> print(QueryError("cat (dog", 4, "a closing parenthesis is missing").pointed())
        cat (dog
            ^
        """
        line = "".join(char if char.isprintable() else " " for char in self.text)
        return f"{line}\n{' ' * text_columns(line[: self.position])}^"


class UnknownWord(QueryError):
    """A word that is no label of this catalog; `suggestions` are near ones, nearest first."""

    trouble = "no label is called"

    def __init__(
        self, word: str, position: int, suggestions: tuple[str, ...] = (), text: str | None = None
    ) -> None:
        message = f"{self.trouble} {word!r}"
        if suggestions:
            message += "; did you mean " + " or ".join(suggestions) + "?"
        super().__init__(word if text is None else text, position, message)
        self.word = word
        self.suggestions = suggestions


class UnknownKeyword(UnknownWord):
    """A keyword that no photo has; `suggestions` are near ones, nearest first."""

    trouble = "no photo has the keyword"


class UnknownSearch(UnknownWord):
    """A saved search that there is not; `suggestions` are near ones, nearest first."""

    trouble = "no saved search is called"


class UnknownValue(UnknownWord):
    """A camera, lens, place, model, format or extension that no photo has."""

    def __init__(
        self,
        what: str,
        word: str,
        position: int,
        suggestions: tuple[str, ...] = (),
        text: str | None = None,
    ) -> None:
        self.trouble = f"no {what} is called"
        super().__init__(word, position, suggestions, text)


def _printable(path: bytes) -> str:
    return os.fsdecode(path).encode("utf-8", "backslashreplace").decode("utf-8")


def _restore(path: bytes, backups: Sequence[bytes]) -> str:
    """Say how to bring a catalog back; SQLite would play the log of the lost one into a backup."""
    names = ", ".join(_printable(os.path.basename(name)) for name in backups)
    log = _printable(os.path.basename(path) + b"-wal")
    return f"put a backup{f' ({names})' if names else ''} in its place, with no {log} beside it"


def text_columns(text: str) -> int:
    """Count the terminal columns of a text: wide characters take two, marks take none."""
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
