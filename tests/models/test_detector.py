"""Raw outputs of detection networks become the right boxes under the right names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from phototagd.models.detector import Detector
from phototagd.models.errors import WeightsError
from phototagd.models.manifest import find_manifests
from phototagd.models.raw_boxes import overlaps
from phototagd.models.results import Box
from phototagd.models.ssd_outputs import read_boxes_and_scores, read_seven_columns

SSD = find_manifests()["ssd-mobilenet-v2-coco"]
OPENCV = next(spec for spec in SSD.runtimes if spec.engine == "opencv")


class Answering:
    """An engine that gives outputs made by hand: what comes after the network is under test."""

    name = "by hand"

    def __init__(self, *outputs):
        self.outputs = tuple(np.array(output, np.float32) for output in outputs)

    def infer(self, _tensor):
        return self.outputs


def detect(rows, manifest=SSD, shape=(300, 300)):
    detector = Detector(manifest, OPENCV, Answering([[rows]]))
    return detector.detect(np.zeros((*shape, 3), np.uint8))


def test_seven_columns_are_image_class_confidence_left_top_right_bottom():
    found = read_seven_columns(np.array([[[[0, 18, 0.9, 0.1, 0.2, 0.5, 0.8]]]], np.float32), 0.25)
    assert found.ids.tolist() == [18]
    assert found.scores == pytest.approx([0.9])
    assert found.boxes[0] == pytest.approx([0.1, 0.2, 0.5, 0.8])


def test_sparse_ids_get_their_names_and_unknown_ones_are_dropped():
    box = [0.1, 0.2, 0.5, 0.8]
    found = detect([[0, i, 0.5 + i / 1000, *box] for i in (0, 1, 12, 13, 18, 67, 90, 91)])
    expected = ["toothbrush", "dining table", "dog", "stop sign", "person"]
    assert [one.name for one in found] == expected


def test_boxes_are_clipped_and_those_without_area_dropped():
    found = detect(
        [
            [0, 1, 0.9, -0.2, -0.1, 1.3, 1.1],
            [0, 1, 0.8, 0.5, 0.2, 0.5, 0.8],
            [0, 1, 0.7, 0.8, 0.2, 0.4, 0.8],
            [0, 1, 0.6, 1.2, 0.2, 1.4, 0.8],
            [0, 1, 0.6, np.nan, 0.2, 0.4, 0.8],
        ]
    )
    assert [one.box for one in found] == [Box(0.0, 0.0, 1.0, 1.0)]


def test_the_floor_and_the_limit_of_the_manifest_hold():
    rows = [[0, 1, score, 0.1, 0.1, 0.9, 0.9] for score in (0.09, 0.11, 0.5, 0.7)]
    assert len(detect(rows)) == 3
    found = detect(rows, replace(SSD, limit=2))
    assert [round(one.confidence, 2) for one in found] == [0.7, 0.5]


def test_boxes_of_a_letterboxed_input_lie_on_the_picture():
    boxed = replace(SSD, input=replace(SSD.input, resize="letterbox"))
    found = detect([[0, 1, 0.9, 0.25, 0.25, 0.75, 0.5]], boxed, shape=(100, 200))
    box = found[0].box
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx((0.25, 0.0, 0.75, 0.5))


def table(*entries):
    """Make boxes (top, left, bottom, right) and scores of 91 columns from (box, id, score)."""
    boxes = np.array([[box for box, _, _ in entries]], np.float32)
    scores = np.zeros((1, len(entries), 91), np.float32)
    for row, (_, class_id, score) in enumerate(entries):
        scores[0, row, class_id] = score
    return boxes, scores


def test_raw_boxes_stand_top_left_bottom_right_and_the_background_is_no_name():
    boxes, scores = table(([0.1, 0.2, 0.5, 0.8], 17, 0.9))
    scores[0, 0, 0] = 0.99
    scores[0, 0, 12] = 0.99
    found = read_boxes_and_scores(boxes, scores, SSD)
    assert found.ids.tolist() == [17]
    assert found.boxes[0] == pytest.approx([0.2, 0.1, 0.8, 0.5])


def test_suppression_keeps_the_surest_box_of_each_class():
    near, far = [0.1, 0.1, 0.5, 0.5], [0.6, 0.6, 0.9, 0.9]
    moved = [0.12, 0.1, 0.52, 0.5]
    found = read_boxes_and_scores(
        *table((moved, 1, 0.7), (near, 1, 0.8), (far, 1, 0.6), (near, 18, 0.5)), SSD
    )
    assert list(zip(found.ids.tolist(), found.scores.round(2).tolist(), strict=True)) == [
        (1, 0.8),
        (1, 0.6),
        (18, 0.5),
    ]


def test_a_suppressed_box_suppresses_nothing():
    first, second, third = [0, 0, 1, 0.5], [0, 0.1, 1, 0.6], [0, 0.2, 1, 0.7]
    assert overlaps(np.array([first]), np.array([third]))[0, 0] < 0.6
    found = read_boxes_and_scores(*table((first, 1, 0.9), (second, 1, 0.8), (third, 1, 0.7)), SSD)
    assert found.scores.round(1).tolist() == [0.9, 0.7]


def test_nothing_found_is_an_empty_answer():
    assert len(read_boxes_and_scores(*table(([0, 0, 1, 1], 1, 0.01)), SSD).ids) == 0
    assert detect([]) == ()


def test_overlap_is_intersection_over_union():
    boxes = np.array([[0, 0, 2, 2], [1, 1, 3, 3], [5, 5, 6, 6], [4, 4, 4, 4]], np.float64)
    found = overlaps(boxes, boxes)
    assert found[0].tolist() == pytest.approx([1, 1 / 7, 0, 0])
    assert found[3, 3] == 0


def test_outputs_of_another_layout_are_refused_by_name():
    detector = Detector(SSD, OPENCV, Answering(np.zeros((1, 5, 6))))
    with pytest.raises(WeightsError, match=r"ssd-mobilenet-v2-coco.*not ssd-7-columns"):
        detector.detect(np.zeros((9, 9, 3), np.uint8))
