"""The outputs of the YOLO family: a grid head that is still to be decoded, and decoded columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .raw_boxes import RawBoxes, as_table, corners_of, pick, relative

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .manifest import Manifest
    from .runtime import Tensor

STRIDES = (8, 16, 32)
MOST_LOG_SIZE = 20.0  # far more than any picture, and still a number


def read_yolox_grid(output: Tensor, manifest: Manifest) -> RawBoxes:
    """Read 1xNx(5+C): offsets x, y, log sizes w, h, objectness, C class scores (sigmoids).

    The rows are the cells of grids of 8, 16 and 32 pixels, each row by row. In pixels of the input
    centre = (cell + offset) * stride and size = exp(log size) * stride; the score of a class is
    objectness times class score. Source: Ge et al., "YOLOX: Exceeding YOLO Series in 2021",
    arXiv 2107.08430, and the project's `demo_postprocess`.
    """
    rows = as_table(output)
    cells, strides = grid_cells(manifest.input.width, manifest.input.height)
    if len(rows) != len(cells) or rows.shape[1] < 6:
        raise ValueError(f"{len(rows)} rows for {len(cells)} cells")
    sizes = np.exp(np.minimum(rows[:, 2:4], MOST_LOG_SIZE)) * strides
    corners = corners_of((rows[:, :2] + cells) * strides, sizes)
    return pick(relative(corners, manifest), rows[:, 4:5] * rows[:, 5:], manifest)


def read_yolov8(output: Tensor, units: str, manifest: Manifest) -> RawBoxes:
    """Read 1x(4+C)xN, or the same transposed: centre x, y, width, height, C class scores.

    There is no objectness; boxes are in `units` of input pixels or relative to it. Source: the
    export of detection heads since YOLOv8, as documented by its makers.
    """
    table = as_table(output)
    columns = 4 + manifest.labels.first_id + len(manifest.labels.names)
    if table.shape[0] == columns:
        table = table.T
    if table.shape[1] != columns:
        raise ValueError(f"neither side of {table.shape} is {columns}")
    corners = corners_of(table[:, :2], table[:, 2:4])
    boxes = relative(corners, manifest) if units == "pixels" else corners
    return pick(boxes, table[:, 4:], manifest)


def grid_cells(width: int, height: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the Nx2 cells (column, row) of all grids of an input and their Nx1 strides."""
    cells = [_cells_of(width // stride, height // stride) for stride in STRIDES]
    strides = np.repeat(np.array(STRIDES, np.float64), [len(grid) for grid in cells])
    return np.concatenate(cells), strides[:, np.newaxis]


def _cells_of(columns: int, rows: int) -> NDArray[np.float64]:
    across, down = np.meshgrid(np.arange(columns), np.arange(rows))
    return np.stack([across.ravel(), down.ravel()], axis=1).astype(np.float64)
