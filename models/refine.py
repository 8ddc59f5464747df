"""The classifier's second look, at single detected things: which ones are worth one.

Within a whole photo the classifier names a small thing rightly in a fifth of the cases, alone in
half of them: so kinds of animals, vehicles and dishes come from here, and so does a second opinion
on things that the detector was not sure of.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING

from .taxonomy import load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .results import Box, Detection

MOST = 3  # looks a picture; each costs as much as the look at the whole
SURE = 0.5  # a sure thing is looked at for its kind
GROUPS = frozenset(("animal", "vehicle", "food"))  # whose kinds people care for
LEAST_SHARE = 0.01  # of the picture; what is smaller has too few pixels
MARGIN = 1.15  # times the box


class Refiner:
    """Chooses the detections to look at again; `vocabulary` is the classifier's.

    `doubtful`: by detector, the confidence from which a thing may be one at all, and the one from
    which even the most cautious believe it.
    """

    def __init__(
        self, vocabulary: Iterable[str], doubtful: Mapping[str, tuple[float, float]]
    ) -> None:
        self._taxonomy = taxonomy = load_taxonomy()
        said = {taxonomy.canonical(name) for name in vocabulary}
        self._shown = frozenset(chain.from_iterable(map(taxonomy.shown_by, said)))
        self._has_kinds = frozenset(chain.from_iterable(map(taxonomy.parents_of, said)))
        self._doubtful = doubtful

    def choose(self, detections: Iterable[Detection]) -> list[Detection]:
        """Return the surest detections of names that are worth a second look, surest first."""
        surest: dict[str, Detection] = {}
        for one in sorted(detections, key=lambda one: -one.confidence):
            surest.setdefault(self._taxonomy.canonical(one.name), one)
        worth = (one for name, one in surest.items() if self._is_worth_it(name, one))
        return list(islice(worth, MOST))

    def _is_worth_it(self, name: str, one: Detection) -> bool:
        if name not in self._shown or _share(one.box) < LEAST_SHARE:
            return False
        low, high = self._doubtful[one.model]
        if low <= one.confidence < high:
            return True
        kinds_matter = one.confidence >= SURE and name in self._has_kinds
        return kinds_matter and not GROUPS.isdisjoint(self._taxonomy.parents_of(name))


def widen(box: Box, columns: int, rows: int) -> tuple[slice, slice]:
    """Return the rows and columns of the square around a box, as far as the picture goes."""
    middle = (box.left + box.right) / 2 * columns, (box.top + box.bottom) / 2 * rows
    width, height = (box.right - box.left) * columns, (box.bottom - box.top) * rows
    half = max(width, height) * MARGIN / 2
    across, down = (
        slice(min(size - 1, max(0, round(centre - half))), min(size, max(1, round(centre + half))))
        for centre, size in zip(middle, (columns, rows), strict=True)
    )
    return down, across


def _share(box: Box) -> float:
    return (box.right - box.left) * (box.bottom - box.top)
