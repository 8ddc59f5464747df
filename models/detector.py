"""From a detection network's outputs to named boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .errors import WeightsError
from .nanodet_outputs import read_nanodet
from .preprocess import Preparer
from .raw_boxes import RawBoxes
from .results import Box, Detection
from .ssd_outputs import read_boxes_and_scores, read_seven_columns, read_six_columns
from .thorough import combine, mirror_back, pixels_of, place, tiles
from .yolo_outputs import read_yolov8, read_yolox_grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .manifest import Manifest, RuntimeSpec
    from .preprocess import Picture
    from .runtime import Runtime, Tensor


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
            found = decode(outputs, self._spec, self.manifest)
        except (IndexError, ValueError) as error:
            shapes = ", ".join(str(output.shape) for output in outputs)
            reason = f"its outputs {shapes} are not {self._spec.outputs}"
            raise WeightsError(self.manifest.name, "", reason) from error
        boxes = np.clip(view.to_picture(found.boxes), 0.0, 1.0)
        return self._name(RawBoxes(found.ids, found.scores, boxes))

    def detect_thoroughly(self, picture: Picture) -> tuple[Detection, ...]:
        """Look six times: `detect` of the picture, its mirror image and four tiles, combined."""
        whole = self.detect(picture)
        mirrored = mirror_back(self.detect(np.ascontiguousarray(picture[:, ::-1])))
        rows, columns = picture.shape[:2]
        tiled = [
            (tile, place(self.detect(picture[pixels_of(tile, columns, rows)]), tile))
            for tile in tiles(columns, rows)
        ]
        return combine(whole, mirrored, tiled, self.manifest.floor)[: self.manifest.limit]

    def _name(self, found: RawBoxes) -> tuple[Detection, ...]:
        named = (
            Detection(name, float(score), Box(*map(float, box)), self.manifest.name)
            for class_id, score, box in zip(found.ids, found.scores, found.boxes, strict=True)
            if (name := self.manifest.labels.name_of(int(class_id))) and _has_area(box)
        )
        return tuple(sorted(named, key=lambda found: -found.confidence)[: self.manifest.limit])


def decode(outputs: tuple[Tensor, ...], spec: RuntimeSpec, manifest: Manifest) -> RawBoxes:
    """Read a network's outputs by layout; keeps what is at the manifest's floor or above.

    Raises IndexError or ValueError when the shapes are not the layout's.
    """
    if spec.outputs == "ssd-7-columns":
        return read_seven_columns(outputs[0], manifest.floor)
    if spec.outputs == "ssd-boxes-scores":
        return read_boxes_and_scores(outputs[0], outputs[1], manifest)
    if spec.outputs == "decoded-6-columns":
        return read_six_columns(outputs[0], spec.box_units, manifest)
    if spec.outputs == "yolox-grid":
        return read_yolox_grid(outputs[0], manifest)
    if spec.outputs == "yolov8":
        return read_yolov8(outputs[0], spec.box_units, manifest)
    return read_nanodet(outputs, manifest)


def _has_area(box: NDArray[np.float64]) -> bool:
    return bool(box[2] > box[0] and box[3] > box[1])  # nan is not greater either
