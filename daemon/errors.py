"""What can go wrong with one photo; carries data, becomes text where it is shown."""

from __future__ import annotations


class PhotoError(Exception):
    """A photo that cannot be analysed, with the reason in words for its owner."""

    state = "failed"
    is_counted = True

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnsupportedPhoto(PhotoError):
    """A photo in a format that this version cannot read."""

    state = "unsupported"


class PhotoUnreadable(PhotoError):
    """The system refuses to read the file: permissions, or a failing disk or network."""

    is_counted = False


class PhotoGone(PhotoError):
    """The file is not there any more."""

    state = "missing"


class PhotoChanged(PhotoError):
    """The file was written to while it was being read; it will be looked at again."""

    state = "pending"


class RecognizerError(Exception):
    """The child process cannot do its work.

    ``is_permanent`` tells that starting it again will not help: models are missing or wrong.
    """

    def __init__(self, reason: str, *, is_permanent: bool = False) -> None:
        super().__init__(reason)
        self.is_permanent = is_permanent
