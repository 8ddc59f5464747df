"""One place that says something of a photo: all kinds under the names of EXIF's tags."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = str | tuple[float, ...]
Kind = Literal["exif", "xmp", "iptc", "sidecar"]

MAX_LENGTH = 200
_MAX_REASON = 120


@dataclass(frozen=True, slots=True)
class Source:
    """The values of one block or sidecar.

    ``dropped`` collects why some are not believed; ``now``, in unix seconds, is the latest date.
    """

    kind: Kind
    values: Mapping[str, Value]
    dropped: list[str]
    now: float

    def drop(self, name: str, value: object, why: str) -> None:
        """Note that a value is not believed."""
        shown = f"{value:g}" if isinstance(value, float) else clean(str(value))
        reason = f"{name} {shown[:_MAX_REASON]}: {why}"
        if reason not in self.dropped:
            self.dropped.append(reason)

    def text(self, name: str) -> str | None:
        """Return a value as one line of text; overlong ones are dropped."""
        value = self.values.get(name)
        text = clean(value) if isinstance(value, str) else ""
        if len(text) > MAX_LENGTH:
            self.drop(name, f"{text[:20]}...", f"longer than {MAX_LENGTH} characters")
            return None
        return text or None

    def numbers(self, name: str) -> tuple[float, ...]:
        """Return all numbers of a value; what is none is NaN."""
        value = self.values.get(name, ())
        return value if isinstance(value, tuple) else tuple(map(as_number, value.split()[:16]))

    def number(self, name: str, lowest: float, highest: float) -> float | None:
        """Return the first number of a value if it is sound and within bounds."""
        numbers = self.numbers(name)
        if not numbers:
            return None
        number = numbers[0]
        if not math.isfinite(number):
            self.drop(name, self._shown(name), "not a number")
        elif number < lowest:
            self.drop(name, number, "too small to be true")
        elif number > highest:
            self.drop(name, number, "too large to be true")
        else:
            return number
        return None

    def _shown(self, name: str) -> object:
        value = self.values.get(name)
        return value if isinstance(value, str) else "0/0"


def as_number(text: str) -> float:
    """Return a number as XMP writes it, whole, broken or as a fraction; else NaN.

    >>> as_number("28/10"), as_number("-1.5")
    (2.8, -1.5)
    """
    above, slash, below = text.partition("/")
    try:
        return float(above) / float(below) if slash else float(above)
    except (ValueError, ZeroDivisionError, OverflowError):
        return math.nan
