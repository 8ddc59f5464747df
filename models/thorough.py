"""Looking more closely: at the picture, its mirror image and four overlapping parts, as one.

Pure geometry over `Detection` tuples. What the looks say of one thing is averaged, so that a
model's thresholds keep their meaning: a look that should have seen it and did not counts as well.
Fused, on 128 photos: precision .890, recall .729 against .898, .688 of one look; a noisy-or in
place of the mean gives .873, .751.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .merge import LEAST_IOU, mean_box, overlap
from .results import Box, Detection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SIDE = 0.6  # of the picture's sides has a tile: what is smaller than 0.2 is whole in at least one
LOOKS = f"whole and mirrored, then four tiles of {SIDE}, averaged"  # names the version
EDGE = 0.01  # of the picture; what ends so near to where a tile was cut was cut as well


def tiles(columns: int, rows: int) -> tuple[Box, ...]:
    """Return the four overlapping corners of a picture of this size, along whole pixels."""
    width, height = max(1, round(columns * SIDE)), max(1, round(rows * SIDE))
    return tuple(
        Box(left / columns, top / rows, (left + width) / columns, (top + height) / rows)
        for top in (0, rows - height)
        for left in (0, columns - width)
    )


def pixels_of(tile: Box, columns: int, rows: int) -> tuple[slice, slice]:
    """Return the rows and columns of a tile."""
    down = slice(round(tile.top * rows), round(tile.bottom * rows))
    return down, slice(round(tile.left * columns), round(tile.right * columns))


def mirror_back(detections: Iterable[Detection]) -> tuple[Detection, ...]:
    """Return what was found in the mirror image where it is in the picture."""
    return tuple(
        replace(one, box=replace(one.box, left=1 - one.box.right, right=1 - one.box.left))
        for one in detections
    )


def place(detections: Iterable[Detection], tile: Box) -> tuple[Detection, ...]:
    """Return what was found in a tile where it is in the picture, without what the tile cuts."""
    width, height = tile.right - tile.left, tile.bottom - tile.top
    placed = (
        replace(
            one,
            box=Box(
                tile.left + one.box.left * width,
                tile.top + one.box.top * height,
                tile.left + one.box.right * width,
                tile.top + one.box.bottom * height,
            ),
        )
        for one in detections
    )
    return tuple(one for one in placed if is_whole_in(one.box, tile))


def is_whole_in(box: Box, tile: Box) -> bool:
    """Say whether a tile shows a thing uncut; along the picture's own sides nothing is."""
    return (
        (tile.left <= 0 or box.left >= tile.left + EDGE)
        and (tile.top <= 0 or box.top >= tile.top + EDGE)
        and (tile.right >= 1 or box.right <= tile.right - EDGE)
        and (tile.bottom >= 1 or box.bottom <= tile.bottom - EDGE)
    )


def combine(
    whole: Iterable[Detection],
    mirrored: Iterable[Detection],
    tiled: Iterable[tuple[Box, tuple[Detection, ...]]],
    floor: float,
) -> tuple[Detection, ...]:
    """Return one detector's looks as one, surest first; all boxes are the picture's already.

    Each thing's confidence is the mean of the two looks at the whole, and the mean of that with the
    look at a tile, if one shows the thing uncut. A silent look has said half of the `floor`; what
    ends up under the floor is left out.
    """
    looks = tuple(tiled)
    both = _average(whole, mirrored, floor / 2, lambda _box: True)
    parts = without_twins(one for _, found in looks for one in found)

    def is_in_a_tile(box: Box) -> bool:
        return any(is_whole_in(box, tile) for tile, _ in looks)

    found = _average(both, parts, floor / 2, is_in_a_tile)
    return tuple(one for one in found if one.confidence >= floor)


def without_twins(detections: Iterable[Detection]) -> tuple[Detection, ...]:
    """Return the detections, surest first, without those of a thing that a surer one has already.

    Where tiles overlap, they see the same things.
    """
    kept: list[Detection] = []
    for one in sorted(detections, key=_sureness):
        if _twin_of(one, kept) is None:
            kept.append(one)
    return tuple(kept)


def _average(
    first: Iterable[Detection],
    second: Iterable[Detection],
    silent: float,
    second_shows: Callable[[Box], bool],
) -> list[Detection]:
    """Return the means of two looks, surest first; the first one shows everything."""
    left, found = list(second), []
    for one in sorted(first, key=_sureness):
        twin = _twin_of(one, left)
        if twin is not None:
            left.remove(twin)
            sure = (one.confidence + twin.confidence) / 2
            found.append(replace(one, confidence=sure, box=mean_box((one, twin))))
        else:
            found.append(_with_silence(one, silent) if second_shows(one.box) else one)
    found += [_with_silence(one, silent) for one in left]
    return sorted(found, key=_sureness)


def _with_silence(one: Detection, silent: float) -> Detection:
    return replace(one, confidence=(one.confidence + silent) / 2)


def _twin_of(one: Detection, others: Iterable[Detection]) -> Detection | None:
    """Return the detection of the same name that overlaps one most, if it is the same thing."""
    alike = ((overlap(other.box, one.box), other) for other in others if other.name == one.name)
    best, twin = max(alike, key=lambda pair: pair[0], default=(0.0, None))
    return twin if best >= LEAST_IOU else None


def _sureness(one: Detection) -> float:
    return -one.confidence
