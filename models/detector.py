"""From a detection network's outputs to named boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .errors import WeightsError
from .preprocess import Preparer
from .results import Box, Detection

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .manifest import Manifest, RuntimeSpec
    from .preprocess import Picture
    from .runtime import Runtime, Tensor

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


class Detector:
    """A detection network with its manifest; serves one thread at a time."""

    def __init__(self, manifest: Manifest, spec: RuntimeSpec, runtime: Runtime) -> None:
        self.manifest = manifest
        self.engine = runtime.name
        self._spec = spec
        self._runtime = runtime
        self._preparer = Preparer(manifest.input, spec.layout)

    def detect(self, picture: Picture) -> tuple[Detection, ...]:
        """Return what is in an upright BGR picture (HxWx3 uint8), surest first.

        Raises `WeightsError` when the outputs are not of the manifest's layout.
        """
        tensor, view = self._preparer.prepare(picture)
        outputs = self._runtime.infer(tensor)
        try:
            found = decode(outputs, self._spec.outputs, self.manifest)
        except (IndexError, ValueError) as error:
            shapes = ", ".join(str(output.shape) for output in outputs)
            reason = f"its outputs {shapes} are not {self._spec.outputs}"
            raise WeightsError(self.manifest.name, "", reason) from error
        boxes = np.clip(view.to_picture(found.boxes), 0.0, 1.0)
        return self._name(RawBoxes(found.ids, found.scores, boxes))

    def _name(self, found: RawBoxes) -> tuple[Detection, ...]:
        named = (
            Detection(name, float(score), Box(*map(float, box)), self.manifest.name)
            for class_id, score, box in zip(found.ids, found.scores, found.boxes, strict=True)
            if (name := self.manifest.labels.name_of(int(class_id))) and _has_area(box)
        )
        return tuple(sorted(named, key=lambda found: -found.confidence)[: self.manifest.limit])


def decode(outputs: tuple[Tensor, ...], layout: str, manifest: Manifest) -> RawBoxes:
    """Read a network's outputs by layout; keeps what is at the manifest's threshold or above.

    Raises IndexError or ValueError when the shapes are not the layout's.
    """
    if layout == "ssd-7-columns":
        return read_seven_columns(outputs[0], manifest.threshold)
    return read_boxes_and_scores(outputs[0], outputs[1], manifest)


def read_seven_columns(output: Tensor, threshold: float) -> RawBoxes:
    """Read 1x1xNx7: image id, class id, confidence, left, top, right, bottom.

    The sides are relative to the input. OpenCV's and Caffe's DetectionOutput gives this, with
    overlapping boxes already suppressed.
    """
    rows = np.asarray(output, np.float64).reshape(-1, 7)
    rows = rows[rows[:, 2] >= threshold]
    return RawBoxes(rows[:, 1].astype(np.int64), rows[:, 2], rows[:, 3:7])


def read_boxes_and_scores(boxes: Tensor, scores: Tensor, manifest: Manifest) -> RawBoxes:
    """Read decoded boxes (N rows of top, left, bottom, right) and NxC scores by class id.

    Suppression is ours: a class at a time, as DetectionOutput does it.
    """
    corners = np.asarray(boxes, np.float64).reshape(-1, 4)[:, [1, 0, 3, 2]]
    table = np.asarray(scores, np.float64).reshape(len(corners), -1)
    known = [bool(manifest.labels.name_of(column)) for column in range(table.shape[1])]
    rows, ids = np.nonzero((table >= manifest.threshold) & np.array(known))
    order = np.argsort(-table[rows, ids], kind="stable")
    rows, ids = rows[order], ids[order]
    found = RawBoxes(ids.astype(np.int64), table[rows, ids], corners[rows])
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


def _first_of_each_class(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    kept = [np.flatnonzero(ids == class_id)[:CANDIDATES] for class_id in np.unique(ids)]
    return np.sort(np.concatenate(kept)) if kept else np.empty(0, np.int64)


def _has_area(box: NDArray[np.float64]) -> bool:
    return bool(box[2] > box[0] and box[3] > box[1])  # nan is not greater either
