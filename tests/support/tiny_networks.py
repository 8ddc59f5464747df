"""Small real networks in the formats that the engines read, written byte by byte.

A message of protocol buffers is its fields one after the other: a key (number and wire type) and
a value. The field numbers are those of onnx.proto, caffe.proto and TensorFlow's graph.proto.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def field(number: int, value: bytes | str | int | float) -> bytes:
    """Encode one field: text and messages by length, whole numbers as varint, others as float."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    if isinstance(value, float):
        return _varint(number << 3 | 5) + struct.pack("<f", value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


# --- TensorFlow -------------------------------------------------------------------------------

_FLOAT, _INT32 = 1, 3


def _attribute(name: str, value: bytes) -> bytes:
    return field(5, field(1, name) + field(2, value))


def _node(name: str, op: str, inputs: Sequence[str], **attributes: bytes) -> bytes:
    parts = [field(1, name), field(2, op), *(field(3, source) for source in inputs)]
    return field(1, b"".join(parts + [_attribute(*item) for item in attributes.items()]))


def _constant(name: str, values: np.ndarray) -> bytes:
    kind = _FLOAT if values.dtype == np.float32 else _INT32
    shape = b"".join(field(2, field(1, int(side))) for side in values.shape)
    tensor = field(1, kind) + field(2, shape) + field(4, values.tobytes())
    return _node(name, "Const", [], dtype=field(6, kind), value=field(8, tensor))


def _ints(*values: int) -> bytes:
    return field(1, field(3, b"".join(map(_varint, values))))


def tensorflow_classifier(side: int, weights: np.ndarray, bias: np.ndarray) -> bytes:
    """Return a frozen graph: softmax2 = softmax(weights^T · mean colour + bias), 3xC weights."""
    dtype = {"T": field(6, _FLOAT)}
    window = _ints(1, side, side, 1)
    return b"".join(
        [
            _node("input", "Placeholder", [], dtype=field(6, _FLOAT)),
            _node("avgpool0", "AvgPool", ["input"], ksize=window, strides=window,
                  padding=field(2, "VALID"), data_format=field(2, "NHWC"), **dtype),
            _constant("avgpool0/reshape/shape", np.array([-1, 3], np.int32)),
            _node("avgpool0/reshape", "Reshape", ["avgpool0", "avgpool0/reshape/shape"], **dtype),
            _constant("softmax2_w", weights.astype(np.float32)),
            _constant("softmax2_b", bias.astype(np.float32)),
            _node("softmax2_pre_activation/matmul", "MatMul", ["avgpool0/reshape", "softmax2_w"],
                  **dtype),
            _node("softmax2_pre_activation", "BiasAdd",
                  ["softmax2_pre_activation/matmul", "softmax2_b"], **dtype),
            _node("softmax2", "Softmax", ["softmax2_pre_activation"], **dtype),
        ]
    )  # fmt: skip


# --- Caffe ------------------------------------------------------------------------------------

CAFFE_SSD = """
name: "tiny" input: "data" input_shape { dim: 1 dim: 3 dim: 300 dim: 300 }
layer { name: "pool" type: "Pooling" bottom: "data" top: "pool"
  pooling_param { pool: AVE kernel_size: 150 stride: 150 } }
layer { name: "loc" type: "Convolution" bottom: "pool" top: "loc"
  convolution_param { num_output: 4 kernel_size: 1 } }
layer { name: "loc_perm" type: "Permute" bottom: "loc" top: "loc_perm"
  permute_param { order: 0 order: 2 order: 3 order: 1 } }
layer { name: "mbox_loc" type: "Flatten" bottom: "loc_perm" top: "mbox_loc"
  flatten_param { axis: 1 } }
layer { name: "conf" type: "Convolution" bottom: "pool" top: "conf"
  convolution_param { num_output: 81 kernel_size: 1 } }
layer { name: "conf_perm" type: "Permute" bottom: "conf" top: "conf_perm"
  permute_param { order: 0 order: 2 order: 3 order: 1 } }
layer { name: "conf_flat" type: "Flatten" bottom: "conf_perm" top: "conf_flat"
  flatten_param { axis: 1 } }
layer { name: "conf_reshape" type: "Reshape" bottom: "conf_flat" top: "conf_reshape"
  reshape_param { shape { dim: 0 dim: -1 dim: 81 } } }
layer { name: "conf_softmax" type: "Softmax" bottom: "conf_reshape" top: "conf_softmax"
  softmax_param { axis: 2 } }
layer { name: "mbox_conf" type: "Flatten" bottom: "conf_softmax" top: "mbox_conf"
  flatten_param { axis: 1 } }
layer { name: "mbox_priorbox" type: "PriorBox" bottom: "pool" bottom: "data" top: "mbox_priorbox"
  prior_box_param { min_size: 120 flip: false clip: false step: 150 offset: 0.5
    variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 } }
layer { name: "detection_out" type: "DetectionOutput" top: "detection_out"
  bottom: "mbox_loc" bottom: "mbox_conf" bottom: "mbox_priorbox"
  detection_output_param { num_classes: 81 share_location: true background_label_id: 0
    nms_param { nms_threshold: 0.45 top_k: 400 } code_type: CENTER_SIZE
    keep_top_k: 200 confidence_threshold: 0.01 } }
"""


def _blob(values: np.ndarray) -> bytes:
    shape = b"".join(_varint(side) for side in values.shape)
    return field(7, field(7, field(1, shape)) + field(5, values.astype("<f4").tobytes()))


def caffe_weights(**layers: tuple[np.ndarray, np.ndarray]) -> bytes:
    """Return a .caffemodel with weights (OxI, of 1x1 convolutions) and biases of the layers."""
    return b"".join(
        field(
            100,
            field(1, name)
            + field(2, "Convolution")
            + _blob(weights[:, :, np.newaxis, np.newaxis])
            + _blob(bias),
        )
        for name, (weights, bias) in layers.items()
    )


# --- ONNX -------------------------------------------------------------------------------------


def _onnx_node(op: str, inputs: Sequence[str], output: str, *attributes: bytes) -> bytes:
    sources = b"".join(field(1, source) for source in inputs)
    named = sources + field(2, output) + field(3, output) + field(4, op)
    return field(1, named + b"".join(field(5, one) for one in attributes))


def _onnx_ints(name: str, *values: int) -> bytes:
    return field(1, name) + b"".join(field(8, value) for value in values) + field(20, 7)


def _onnx_int(name: str, value: int) -> bytes:
    return field(1, name) + field(3, value) + field(20, 2)


def _onnx_tensor(name: str, values: np.ndarray) -> bytes:
    dims = b"".join(field(1, side) for side in values.shape)
    kind = 7 if values.dtype == np.int64 else 1
    return field(5, dims + field(2, kind) + field(8, name) + field(9, values.tobytes()))


def _onnx_value(number: int, name: str, shape: Sequence[int]) -> bytes:
    dims = b"".join(field(1, field(1, side)) for side in shape)
    return field(number, field(1, name) + field(2, field(1, field(1, 1) + field(2, dims))))


def onnx_grid_head(side: int, weights: np.ndarray, bias: np.ndarray) -> bytes:
    """Return a YOLOX-like head: each cell's O outputs are weights (Ox3) · its mean colour + bias.

    Grids of 8, 16 and 32 pixels, one after the other: 1xNxO.
    """
    outputs = len(bias)
    parts = [
        _onnx_tensor("w", weights.astype(np.float32)[:, :, np.newaxis, np.newaxis]),
        _onnx_tensor("b", bias.astype(np.float32)),
        _onnx_value(11, "images", (1, 3, side, side)),
    ]
    cells = 0
    for stride in (8, 16, 32):
        grid = (side // stride) ** 2
        cells += grid
        window = [_onnx_ints("kernel_shape", stride, stride), _onnx_ints("strides", stride, stride)]
        parts += [
            _onnx_node("AveragePool", ["images"], f"pool{stride}", *window),
            _onnx_node("Conv", [f"pool{stride}", "w", "b"], f"conv{stride}",
                       _onnx_ints("kernel_shape", 1, 1)),
            _onnx_tensor(f"shape{stride}", np.array([1, outputs, grid], np.int64)),
            _onnx_node("Reshape", [f"conv{stride}", f"shape{stride}"], f"flat{stride}"),
        ]  # fmt: skip
    parts += [
        _onnx_node("Concat", ["flat8", "flat16", "flat32"], "all", _onnx_int("axis", 2)),
        _onnx_node("Transpose", ["all"], "output", _onnx_ints("perm", 0, 2, 1)),
        _onnx_value(12, "output", (1, cells, outputs)),
        field(2, "tiny"),
    ]
    return field(1, 7) + field(8, field(1, "") + field(2, 13)) + field(7, b"".join(parts))
