"""What can go wrong with one photo; carries data, becomes text where it is shown."""

from __future__ import annotations


class PhotoError(Exception):
    """A photo that cannot be analysed, with the reason in words for its owner."""

    state = "failed"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnsupportedPhoto(PhotoError):
    """A photo in a format that this version cannot read."""

    state = "unsupported"


class PhotoGone(PhotoError):
    """The file is not there any more."""

    state = "missing"


class PhotoChanged(PhotoError):
    """The file was written to while it was being read; it will be looked at again."""

    state = "pending"


class RecognizerError(Exception):
    """The child process cannot do its work: models missing or wrong, or it dies at every start."""
