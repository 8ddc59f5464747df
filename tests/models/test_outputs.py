"""Each layout of outputs is read as its makers define it; the answers are computed by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from phototagd.models.detector import Detector
from phototagd.models.errors import WeightsError
from phototagd.models.manifest import LabelNames, RuntimeSpec, find_manifests
from phototagd.models.nanodet_outputs import distances
from phototagd.models.yolo_outputs import grid_cells

NAMES = LabelNames("three.txt", 0, ("apple", "bear", "car"))
YOLOX = find_manifests()["yolox-nano-coco"]
SMALL = replace(
    YOLOX,
    input=replace(YOLOX.input, width=64, height=32, resize="squash"),
    labels=NAMES,
    floor=0.1,
    nms_iou=0.5,
)


class Answering:
    """An engine that gives outputs made by hand: what comes after the network is under test."""

    name = "by hand"

    def __init__(self, *outputs):
        self.outputs = tuple(np.array(output, np.float32) for output in outputs)

    def infer(self, _tensor):
        return self.outputs


def detect(layout, *outputs, manifest=SMALL, units="pixels"):
    spec = RuntimeSpec("openvino", "NCHW", layout, (), ("graph",), None, None, units)
    detector = Detector(manifest, spec, Answering(*outputs))
    found = detector.detect(np.zeros((32, 64, 3), np.uint8))
    return [(one.name, round(one.confidence, 4), pixels(one.box)) for one in found]


def pixels(box):
    sides = np.array([box.left, box.top, box.right, box.bottom]) * [64, 32, 64, 32]
    return [round(float(side), 3) for side in sides]


# --- YOLOX: 8x4 cells of 8 pixels, 4x2 of 16, 2x1 of 32 ----------------------------------------


def grid():
    return np.zeros((1, 32 + 8 + 2, 8))


def test_a_yolox_cell_is_counted_row_by_row_and_scaled_by_its_stride():
    output = grid()
    output[0, 8 + 3] = [0.5, 0.25, 0, math.log(1.5), 0.5, 0, 0.8, 0]  # second row, fourth cell
    output[0, 32 + 8 + 1] = [0, 0.5, math.log(0.5), 0, 1, 0.6, 0, 0]  # the right of the two coarse
    assert detect("yolox-grid", output) == [
        ("apple", 0.6, [24, 0, 40, 32]),
        ("bear", 0.4, [24, 4, 32, 16]),
    ]


def test_a_yolox_grid_of_another_input_size_is_refused_by_name():
    with pytest.raises(WeightsError, match=r"yolox-nano-coco.*\(1, 41, 8\) are not yolox-grid"):
        detect("yolox-grid", grid()[:, :-1])


def test_an_endless_yolox_box_is_cut_at_the_pictures_sides():
    output = grid()
    output[0, 0] = [0, 0, 1e4, 1e4, 1, 1, 0, 0]
    assert detect("yolox-grid", output) == [("apple", 1.0, [0, 0, 64, 32])]


def test_twins_are_suppressed_in_a_yolox_grid():
    output = grid()
    output[0, 8 + 3] = [0.5, 0.5, math.log(2), math.log(2), 0.9, 0, 1, 0]
    output[0, 8 + 4] = [-0.4, 0.5, math.log(2), math.log(2), 0.8, 0, 1, 0]
    assert [one[1] for one in detect("yolox-grid", output)] == [0.9]


def test_the_published_yolox_input_has_3549_cells():
    cells, strides = grid_cells(416, 416)
    assert len(cells) == len(strides) == 3549
    assert cells[52].tolist() == [0, 1]
    assert (strides[2703, 0], strides[2704, 0], strides[-1, 0]) == (8, 16, 32)


# --- YOLOv8: 4 + classes columns ---------------------------------------------------------------


def test_yolov8_columns_are_centre_size_and_scores():
    output = np.zeros((1, 7, 5))
    output[0, :, 2] = [32, 16, 20, 10, 0.2, 0, 0.7]
    found = [("car", 0.7, [22, 11, 42, 21]), ("apple", 0.2, [22, 11, 42, 21])]
    assert detect("yolov8", output) == found
    assert detect("yolov8", output.transpose(0, 2, 1)) == found


def test_yolov8_boxes_may_be_relative():
    output = np.zeros((1, 7, 5))
    output[0, :, 2] = [0.5, 0.5, 0.25, 0.5, 0, 0.7, 0]
    assert detect("yolov8", output, units="relative") == [("bear", 0.7, [24, 8, 40, 24])]


def test_a_yolov8_of_other_classes_is_refused_by_name():
    with pytest.raises(WeightsError, match=r"\(1, 9, 5\) are not yolov8"):
        detect("yolov8", np.zeros((1, 9, 5)))


# --- decoded rows ------------------------------------------------------------------------------

ROWS = np.array([[[8, 4, 40, 20, 0.9, 2], [0, 0, 8, 8, 0.05, 1], [9, 4, 41, 20, 0.8, 2]]])


def test_decoded_rows_are_taken_as_they_are():
    assert detect("decoded-6-columns", ROWS) == [
        ("car", 0.9, [8, 4, 40, 20]),
        ("car", 0.8, [9, 4, 41, 20]),  # the network has suppressed what it wanted
    ]


def test_decoded_rows_may_be_relative():
    rows = ROWS / [64, 32, 64, 32, 1, 1]
    assert detect("decoded-6-columns", rows, units="relative") == detect("decoded-6-columns", ROWS)


# --- NanoDet: grids of 8, 16 and 32 pixels, distances as distributions over 0..7 strides ----------


def nanodet():
    """Return scores and distribution logits of each grid; the logits are even: 3.5 strides."""
    return [(np.zeros((1, n, 3)), np.zeros((1, n, 32))) for n in (32, 8, 2)]


def certain(*strides):
    """Return logits that are sure of these distances."""
    logits = np.full((4, 8), -50.0)
    logits[range(4), strides] = 50
    return logits.ravel()


def test_the_expected_distance_is_the_mean_of_the_distribution():
    logits = np.zeros((1, 32))
    logits[0, :8] = np.log([1, 1, 1, 1, 1e-9, 1e-9, 1e-9, 5])
    assert distances(logits)[0].tolist() == pytest.approx([(0 + 1 + 2 + 3 + 35) / 9, 3.5, 3.5, 3.5])


def test_nanodet_boxes_reach_from_the_middle_of_their_cell():
    levels = nanodet()
    levels[0][0][0, 8 + 3, 1] = 0.8  # cell (3, 1): the middle of pixels 24..31, 8..15
    levels[0][1][0, 8 + 3] = certain(2, 1, 1, 0)
    levels[2][0][0, 1, 2] = 0.6  # the right one of the two coarsest
    levels[2][1][0, 1] = certain(1, 0, 0, 1)
    expected = [
        ("bear", 0.8, [27.5 - 16, 11.5 - 8, 27.5 + 8, 11.5]),
        ("car", 0.6, [47.5 - 32, 15.5, 47.5, 32]),
    ]
    together = [table for level in levels for table in level]
    by_kind = [scores for scores, _ in levels] + [logits for _, logits in levels]
    assert detect("nanodet", *together) == expected
    assert detect("nanodet", *reversed(together)) == expected
    assert detect("nanodet", *by_kind) == expected
    rows = np.concatenate([np.concatenate(level, axis=2) for level in levels], axis=1)
    assert detect("nanodet", rows) == expected


def test_nanodet_plus_has_a_fourth_grid():
    rows = np.zeros((1, 32 + 8 + 2 + 1, 35))
    rows[0, -1] = [0, 0.9, 0, *certain(0, 0, 0, 0)]
    rows[0, -1, 3:] = certain(0, 0, 1, 0)
    rows[0, -2] = [0, 0, 0.5, *certain(0, 0, 0, 1)]
    rows[0, -2, 3:] = certain(1, 0, 0, 1)
    found = detect("nanodet", rows)
    assert found == [("car", 0.5, [15.5, 15.5, 47.5, 32])]  # the first has no area


@pytest.mark.parametrize("outputs", [[np.zeros((1, 33, 35))], [np.zeros((1, 32, 3))] * 2])
def test_outputs_that_are_no_nanodet_are_refused_by_name(outputs):
    with pytest.raises(WeightsError, match="are not nanodet"):
        detect("nanodet", *outputs)
