"""Why a file is not written."""

from __future__ import annotations


class TagError(Exception):
    """A file that cannot take tags; `reason` is one sentence for people, `kind` one word."""

    kind = "refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Refused(TagError):
    """Writing could harm this file, so it stays as it is."""


class Hindered(Refused):
    """The file could be written, but where it lies nothing can be now."""


class Busy(TagError):
    """Somebody is at work on this file; try again, after `seconds` if that is known."""

    kind = "busy"

    def __init__(self, reason: str, seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Locked(TagError):
    """Another program writes tags below the same root."""

    kind = "locked"
