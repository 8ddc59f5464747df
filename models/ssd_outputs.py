"""The outputs of SSD networks, and of any network that ends in rows of finished boxes.

SSD: Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .raw_boxes import RawBoxes, pick, relative

if TYPE_CHECKING:
    from .manifest import Manifest
    from .runtime import Tensor


def read_seven_columns(output: Tensor, floor: float) -> RawBoxes:
    """Read 1x1xNx7: image id, class id, confidence, left, top, right, bottom.

    The sides are relative to the input. OpenCV's and Caffe's DetectionOutput gives this, with
    overlapping boxes already suppressed.
    """
    rows = np.asarray(output, np.float64).reshape(-1, 7)
    rows = rows[rows[:, 2] >= floor]
    return RawBoxes(rows[:, 1].astype(np.int64), rows[:, 2], rows[:, 3:7])


def read_boxes_and_scores(boxes: Tensor, scores: Tensor, manifest: Manifest) -> RawBoxes:
    """Read decoded boxes (N rows of top, left, bottom, right) and NxC scores by class id.

    Suppression is ours.
    """
    corners = np.asarray(boxes, np.float64).reshape(-1, 4)[:, [1, 0, 3, 2]]
    table = np.asarray(scores, np.float64).reshape(len(corners), -1)
    return pick(corners, table, manifest)


def read_six_columns(output: Tensor, units: str, manifest: Manifest) -> RawBoxes:
    """Read 1xNx6: left, top, right, bottom, confidence, class id, already suppressed.

    Networks exported "end to end" give this, in `units` of input pixels or relative to it.
    """
    rows = np.asarray(output, np.float64).reshape(-1, 6)
    rows = rows[rows[:, 4] >= manifest.floor]
    boxes = relative(rows[:, :4], manifest) if units == "pixels" else rows[:, :4]
    return RawBoxes(rows[:, 5].astype(np.int64), rows[:, 4], boxes)
