"""From a picture to a network's input tensor, and from the network's boxes back to the picture.

Always INTER_AREA: INTER_LINEAR from a large picture aliases and costs 8 points of tag F1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .manifest import InputSpec
    from .runtime import Tensor

    Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class View:
    """What of the picture the network sees, relative to the picture.

    Within 0..1 for a crop, beyond it where the picture was padded.
    """

    left: float
    top: float
    width: float
    height: float

    def to_picture(self, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn Nx4 boxes (left, top, right, bottom) in 0..1 of the input into the picture's."""
        scale = np.array([self.width, self.height] * 2, np.float64)
        moved: NDArray[np.float64] = boxes * scale + np.array([self.left, self.top] * 2)
        return moved


class Preparer:
    """Makes tensors for one network in one layout (NHWC or NCHW)."""

    def __init__(self, spec: InputSpec, layout: str) -> None:
        self._spec = spec
        self._layout = layout
        self._table = value_table(spec)

    def prepare(self, picture: Picture) -> tuple[Tensor, View]:
        """Turn an upright BGR picture (HxWx3 uint8) into a contiguous tensor of one.

        Raises ValueError for an array of another kind or without pixels.
        """
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            raise ValueError(f"not a BGR picture: {picture.dtype} {picture.shape}")
        if 0 in picture.shape:
            raise ValueError(f"a picture without pixels: {picture.shape}")
        pixels, view = _resize(picture, self._spec)
        if self._spec.colour == "RGB":
            pixels = pixels[..., ::-1]
        tensor: Tensor = cv2.LUT(np.ascontiguousarray(pixels), self._table)[np.newaxis]
        if self._layout == "NCHW":
            tensor = tensor.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(tensor), view


def value_table(spec: InputSpec) -> Tensor:
    """Return what each of the 256 pixel values becomes: 1x256x3 in the input's dtype and order.

    real = (p - mean) / std; a quantized input stores round(real / scale + zero_point), clipped.
    """
    values = np.arange(256, dtype=np.float64)[:, np.newaxis]
    real = (values - np.array(spec.mean)) / np.array(spec.std)
    if spec.quantization is None:
        return np.asarray(real[np.newaxis], np.float32)
    stored = np.rint(real / spec.quantization.scale + spec.quantization.zero_point)
    return np.asarray(np.clip(stored, 0, 255)[np.newaxis], np.uint8)


def _resize(picture: Picture, spec: InputSpec) -> tuple[Picture, View]:
    if spec.resize == "squash":
        return _scale(picture, spec.width, spec.height), View(0.0, 0.0, 1.0, 1.0)
    if spec.resize == "crop":
        return _crop(picture, spec)
    return _fit(picture, spec, centred=spec.resize == "letterbox")


def _crop(picture: Picture, spec: InputSpec) -> tuple[Picture, View]:
    rows, columns = picture.shape[:2]
    scale = spec.crop * min(columns / spec.width, rows / spec.height)
    width, height = max(1, round(spec.width * scale)), max(1, round(spec.height * scale))
    left, top = (columns - width) // 2, (rows - height) // 2
    part = picture[top : top + height, left : left + width]
    view = View(left / columns, top / rows, width / columns, height / rows)
    return _scale(part, spec.width, spec.height), view


def _fit(picture: Picture, spec: InputSpec, *, centred: bool) -> tuple[Picture, View]:
    rows, columns = picture.shape[:2]
    scale = min(spec.width / columns, spec.height / rows)
    width = min(spec.width, max(1, round(columns * scale)))
    height = min(spec.height, max(1, round(rows * scale)))
    left, top = ((spec.width - width) // 2, (spec.height - height) // 2) if centred else (0, 0)
    colour = np.array(spec.pad_colour[::-1], np.uint8)
    canvas = np.tile(colour, (spec.height, spec.width, 1))
    canvas[top : top + height, left : left + width] = _scale(picture, width, height)
    return canvas, View(-left / width, -top / height, spec.width / width, spec.height / height)


def _scale(picture: Picture, width: int, height: int) -> Picture:
    scaled = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return scaled.astype(np.uint8, copy=False)
