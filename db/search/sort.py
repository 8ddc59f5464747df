"""The orders of a result, and what comes behind a photo in each of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Sort(StrEnum):
    """The orders of a result.

    Photos that are equally sure, or in `-size` equally large, come newest first; in `size` oldest
    first, so that the one is the other turned round.
    """

    NEWEST = "newest"
    OLDEST = "oldest"
    CONFIDENCE = "confidence"
    PATH = "path"
    PATH_BACK = "-path"
    SIZE = "size"
    SIZE_BACK = "-size"
    RANDOM = "random"


NAMED: Final = MappingProxyType(
    {"date": Sort.OLDEST, "-date": Sort.NEWEST, "conf": Sort.CONFIDENCE}
)
"""What `sort:` calls otherwise."""

BY_DATE: Final = (Sort.NEWEST, Sort.OLDEST)
BY_INDEX: Final = (*BY_DATE, Sort.RANDOM)
"""The orders that a row of any index tells: from a photo's id and date."""

TURN: Final = "(({id} * :step + :start) & :mask)"
"""Where a photo's turn is at random: an order of the ids that needs no look at the photos."""
ORDERS: Final = MappingProxyType(
    {
        Sort.NEWEST: "{t} DESC, {id} DESC",
        Sort.OLDEST: "{t}, {id}",
        Sort.CONFIDENCE: "{score} DESC, {t} DESC, {id} DESC",
        Sort.PATH: "r.path, f.relpath, {p}.name",
        Sort.PATH_BACK: "r.path DESC, f.relpath DESC, {p}.name DESC",
        Sort.SIZE: "{p}.size, {t}, {id}",
        Sort.SIZE_BACK: "{p}.size DESC, {t} DESC, {id} DESC",
        Sort.RANDOM: TURN,
    }
)
_NEWEST_AFTER: Final = "{t} <= :after_date AND ({t} < :after_date OR {id} < :after_id)"
_OLDEST_AFTER: Final = "{t} >= :after_date AND ({t} > :after_date OR {id} > :after_id)"
# The first part of each is what an index can begin at.
AFTER: Final = MappingProxyType(
    {
        Sort.NEWEST: _NEWEST_AFTER,
        Sort.OLDEST: _OLDEST_AFTER,
        Sort.CONFIDENCE: "{score} <= :after_score AND"
        f" ({{score}} < :after_score OR ({_NEWEST_AFTER}))",
        Sort.PATH: "(r.path, f.relpath, {p}.name) > (:after_root, :after_folder, :after_name)",
        Sort.PATH_BACK: "(r.path, f.relpath, {p}.name) < (:after_root, :after_folder, :after_name)",
        Sort.SIZE: f"{{p}}.size >= :after_size AND ({{p}}.size > :after_size OR ({_OLDEST_AFTER}))",
        Sort.SIZE_BACK: "{p}.size <= :after_size AND"
        f" ({{p}}.size < :after_size OR ({_NEWEST_AFTER}))",
        Sort.RANDOM: f"{TURN} > {TURN.format(id=':after_id')}",
    }
)


@dataclass(frozen=True, slots=True)
class Shuffle:
    """An order of the numbers below a power of two, `mask` + 1, that begins at `start`.

    Neighbours in it lie a golden section apart, so that its beginning comes from everywhere. `step`
    and `stride` are each other's inverse: `turn_of` tells of an id what `id_at` tells of a turn.
    """

    mask: int
    start: int
    step: int
    stride: int

    @classmethod
    def of(cls, last: int, start: int) -> Shuffle:
        """Make the order of the ids up to the last one."""
        size = 1 << last.bit_length()
        stride = int(size * 0.6180339887) | 1
        return cls(size - 1, start % size, pow(stride, -1, size), stride)

    def turn_of(self, id_: int) -> int:
        """Give the turn of an id, as SQL does it in `TURN`."""
        return (id_ * self.step + self.start) & self.mask

    def id_at(self, turn: int) -> int:
        """Give the id whose turn it is."""
        return ((turn + self.mask + 1 - self.start) * self.stride) & self.mask
