"""What detection networks have in common: boxes with class ids and scores, suppression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .manifest import Manifest
    from .runtime import Tensor

CANDIDATES = 100  # of a class before suppression: DetectionOutput's top_k in the published .pbtxt


@dataclass(frozen=True, slots=True)
class RawBoxes:
    """What a network found: N class ids, N confidences, Nx4 left, top, right, bottom in 0..1."""

    ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    boxes: NDArray[np.float64]

    def take(self, which: NDArray[np.int64] | NDArray[np.bool_]) -> RawBoxes:
        """Return these rows, in this order."""
        return RawBoxes(self.ids[which], self.scores[which], self.boxes[which])


def pick(boxes: NDArray[np.float64], scores: NDArray[np.float64], manifest: Manifest) -> RawBoxes:
    """Return the boxes to keep of Nx4 corners and NxC scores by class id, surest first.

    Those are at the manifest's floor or above and no twin of a surer one of their class; a column
    without a name, such as the background, is left out. Suppression goes a class at a time, as
    DetectionOutput does it.
    """
    known = [bool(manifest.labels.name_of(column)) for column in range(scores.shape[1])]
    rows, ids = np.nonzero((scores >= manifest.floor) & np.array(known, np.bool_))
    order = np.argsort(-scores[rows, ids], kind="stable")
    rows, ids = rows[order], ids[order]
    found = RawBoxes(ids.astype(np.int64), scores[rows, ids], boxes[rows])
    found = found.take(_first_of_each_class(found.ids))
    return found.take(suppress(found, manifest.nms_iou)[: manifest.limit])


def suppress(found: RawBoxes, most_overlap: float) -> NDArray[np.int64]:
    """Return the rows to keep: no kept one overlaps a surer one of its class by more than this IoU.

    `found` stands surest first.
    """
    rivals = found.ids[:, np.newaxis] == found.ids
    rivals &= overlaps(found.boxes, found.boxes) > most_overlap
    alive = np.ones(len(found.ids), np.bool_)
    for row in range(len(alive)):
        if alive[row]:
            alive[row + 1 :] &= ~rivals[row, row + 1 :]
    return np.flatnonzero(alive)


def overlaps(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the NxM intersections over unions of Nx4 and Mx4 boxes."""
    low = np.maximum(first[:, np.newaxis, :2], second[:, :2])
    high = np.minimum(first[:, np.newaxis, 2:], second[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    areas = [
        np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1) for boxes in (first, second)
    ]
    union = areas[0][:, np.newaxis] + areas[1] - shared
    found: NDArray[np.float64] = np.zeros_like(shared)
    np.divide(shared, union, out=found, where=union > 0)
    return found


def as_table(output: Tensor) -> NDArray[np.float64]:
    """Return the rows and columns of an output whose other sides are 1."""
    table: NDArray[np.float64] = np.asarray(output, np.float64)
    return table.reshape(table.shape[-2:])


def corners_of(centres: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return left, top, right, bottom of Nx2 centres and Nx2 widths and heights."""
    return np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1)


def relative(boxes: NDArray[np.float64], manifest: Manifest) -> NDArray[np.float64]:
    """Turn Nx4 boxes in pixels of the input into 0..1."""
    found: NDArray[np.float64] = boxes / ([manifest.input.width, manifest.input.height] * 2)
    return found


def _first_of_each_class(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    kept = [np.flatnonzero(ids == class_id)[:CANDIDATES] for class_id in np.unique(ids)]
    return np.sort(np.concatenate(kept)) if kept else np.empty(0, np.int64)
