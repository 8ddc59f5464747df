"""Something that the grammar allows and the meaning does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Misfit(Exception):
    """A place in the text, counted from 0, and a sentence for humans."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(position, message)
        self.position = position
        self.message = message


def offer(word: str, names: Iterable[str]) -> str:
    """Give the end of a sentence that names what is near, or nothing.

    >>> offer("camra", ["camera", "lens"])
    '; did you mean camera?'
    """
    # Only what is not understood pays for the import.
    from difflib import get_close_matches

    near = get_close_matches(word.casefold(), list(names), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(near)}?" if near else ""
