"""What verdicts say of the tags: how often a name is right, and from which confidence on.

Pure functions over judged tags. The interval is Wilson's score interval (Wilson 1927; Brown, Cai
and DasGupta, "Interval Estimation for a Binomial Proportion", 2001).
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .printable import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Z: Final = 1.959964  # of a two-sided 95 % interval
LEAST_JUDGED: Final = 10
"""Verdicts on a name from which on a threshold is proposed."""

LEAST_ABOVE: Final = 5
"""Of them, so many must lie above the threshold."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A tag that somebody has judged.

    `confidence` is what the present rules give without the verdict, None where nothing speaks for
    the name; `threshold` is what it needs, and `is_believed` says whether they would give the tag.
    An added one was not offered: it counts as missed. One that follows from another tag has no
    threshold of its own.
    """

    name: str
    is_right: bool
    confidence: float | None
    threshold: float = 0.0
    is_believed: bool = True
    is_added: bool = False
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Precision:
    """How often a name is right: `low` and `high` bound it with 95 % confidence.

    `right` and `wrong` count the believed tags that were judged, `missed` those that were added;
    `threshold` is the one proposed, or None with the reason in `note`.
    """

    name: str
    right: int
    wrong: int
    missed: int
    low: float
    high: float
    present: float
    threshold: float | None
    note: str

    @property
    def precision(self) -> float | None:
        """The part that is right; None without any verdict."""
        judged = self.right + self.wrong
        return self.right / judged if judged else None


def wilson(right: int, judged: int) -> tuple[float, float]:
    """Return the 95 % interval of a proportion.

    >>> [round(side, 3) for side in wilson(9, 10)]
    [0.596, 0.982]
    >>> wilson(0, 0)
    (0.0, 1.0)
    """
    if not judged:
        return 0.0, 1.0
    share = right / judged
    shrink = 1 + Z * Z / judged
    middle = (share + Z * Z / (2 * judged)) / shrink
    half = Z * math.sqrt(share * (1 - share) / judged + Z * Z / (4 * judged * judged)) / shrink
    return max(0.0, middle - half), min(1.0, middle + half)


def measure(judged: Iterable[Judged], wished: float) -> list[Precision]:
    """Return each name's precision and proposal, those with the most verdicts first."""
    by_name: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        by_name[one.name].append(one)
    found = [_measure(name, tags, wished) for name, tags in by_name.items()]
    return sorted(found, key=lambda one: (-one.right - one.wrong, -one.missed, one.name))


def propose(tags: Sequence[Judged], present: float, wished: float) -> tuple[float | None, str]:
    """Return the lowest threshold above which a name is right often enough, or why there is none.

    "Often enough" is by Jeffreys' estimate (right + 1/2) / (judged + 1): three out of three prove
    little. Below the least judged confidence nothing is known, so nothing is proposed there.
    """
    asked = sorted(
        (one.confidence, one.is_right)
        for one in tags
        if one.confidence is not None and not one.is_added
    )
    if len(asked) < LEAST_JUDGED:
        return None, f"{count(len(asked), 'verdict')}; {LEAST_JUDGED} are needed"
    for start, (confidence, _) in enumerate(asked):
        above = asked[start:]
        if len(above) < LEAST_ABOVE:
            break
        if start and asked[start - 1][0] == confidence:
            continue
        if (sum(is_right for _, is_right in above) + 0.5) / (len(above) + 1) < wished:
            continue
        below = asked[start - 1][0] if start else 0.0
        if below < present <= confidence:
            return None, "right often enough as it is"
        return _between(below if start else confidence - 0.01, confidence), ""
    return None, f"no threshold makes it right in {wished:.0%}; reject or deny it"


def _measure(name: str, tags: list[Judged], wished: float) -> Precision:
    offered = [one for one in tags if not one.is_added]
    # What only earlier rules let through says nothing of what is believed now.
    believed = [one for one in offered if one.is_believed]
    right = sum(one.is_right for one in believed)
    low, high = wilson(right, len(believed))
    present = max((one.threshold for one in offered), default=0.0)
    if offered and all(one.follows for one in offered):
        threshold, note = None, "follows from what is below it"
    else:
        threshold, note = propose(offered, present, wished)
    return Precision(
        name,
        right,
        len(believed) - right,
        len(tags) - len(offered),
        low,
        high,
        present,
        threshold,
        note,
    )


def _between(below: float, above: float) -> float:
    """Return a short number that parts two confidences: below < it <= above.

    >>> _between(0.613, 0.652)
    0.63
    """
    middle = (below + above) / 2
    for digits in (2, 3, 4):
        if below < round(middle, digits) <= above:
            return round(middle, digits)
    return above
