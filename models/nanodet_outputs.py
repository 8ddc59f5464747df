"""The outputs of NanoDet: for each grid cell class scores and four distributions of distances.

Li et al., "Generalized Focal Loss", NeurIPS 2020 (the distribution head); NanoDet's decoding as
in OpenCV's model zoo, `object_detection_nanodet/nanodet.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .raw_boxes import RawBoxes, as_table, pick, relative

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .manifest import Manifest
    from .runtime import Tensor

STRIDES = (8, 16, 32, 64)  # NanoDet-Plus has all four, its elders the first three


def read_nanodet(outputs: tuple[Tensor, ...], manifest: Manifest) -> RawBoxes:
    """Read a pair of outputs a grid, NxC scores (sigmoids) and Nx4(R+1) logits, in any order.

    One output with both side by side, its rows through all grids, is NanoDet-Plus' own export.
    """
    tables = [as_table(output) for output in outputs]
    levels = _split_levels(tables[0], manifest) if len(tables) == 1 else _pair(tables, manifest)
    boxes = [_decode(logits, _centres(len(logits), manifest)) for _, logits in levels]
    scores = np.concatenate([scores for scores, _ in levels])
    return pick(relative(np.concatenate(boxes), manifest), scores, manifest)


def distances(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Nx4 expected distances, in strides, of Nx4(R+1) logits of 0..R strides."""
    bins = logits.reshape(len(logits), 4, -1)
    powers = np.exp(bins - bins.max(axis=2, keepdims=True))
    shares = powers / powers.sum(axis=2, keepdims=True)
    found: NDArray[np.float64] = shares @ np.arange(bins.shape[2], dtype=np.float64)
    return found


def _pair(
    tables: list[NDArray[np.float64]], manifest: Manifest
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    classes = _classes(manifest)
    scores = [table for table in tables if table.shape[1] == classes]
    logits = {len(table): table for table in tables if table.shape[1] != classes}
    if len(scores) != len(logits) or any(len(table) not in logits for table in scores):
        raise ValueError("not one output of scores and one of distances a grid")
    return [(table, logits[len(table)]) for table in scores]


def _split_levels(
    table: NDArray[np.float64], manifest: Manifest
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    sizes = [_cells(stride, manifest) for stride in STRIDES]
    if sum(sizes) != len(table):
        sizes.pop()
    if sum(sizes) != len(table):
        raise ValueError(f"{len(table)} rows fill no grids of strides {STRIDES}")
    ends = np.cumsum(sizes)
    classes = _classes(manifest)
    parts = [table[end - size : end] for size, end in zip(sizes, ends, strict=True)]
    return [(part[:, :classes], part[:, classes:]) for part in parts]


def _decode(logits: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
    reach = distances(logits) * centres[:, 2:]
    return np.concatenate([centres[:, :2] - reach[:, :2], centres[:, :2] + reach[:, 2:]], axis=1)


def _centres(rows: int, manifest: Manifest) -> NDArray[np.float64]:
    """Return Nx3 x, y in pixels and stride of the grid that has so many cells."""
    stride = next((s for s in STRIDES if _cells(s, manifest) == rows), 0)
    if not stride:
        raise ValueError(f"{rows} rows fill no grid of strides {STRIDES}")
    columns, lines = _grid(stride, manifest)
    across, down = np.meshgrid(np.arange(columns), np.arange(lines))
    middle = (stride - 1) / 2
    x, y = across.ravel() * stride + middle, down.ravel() * stride + middle
    return np.stack([x, y, np.full(rows, stride)], axis=1).astype(np.float64)


def _grid(stride: int, manifest: Manifest) -> tuple[int, int]:
    return -(-manifest.input.width // stride), -(-manifest.input.height // stride)


def _cells(stride: int, manifest: Manifest) -> int:
    columns, rows = _grid(stride, manifest)
    return columns * rows


def _classes(manifest: Manifest) -> int:
    return manifest.labels.first_id + len(manifest.labels.names)
