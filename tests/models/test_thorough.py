"""Six looks at a picture become one list: boxes come back, twins are one, confidences are means."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from phototagd.models.analyzer import load_analyzer
from phototagd.models.detector import Detector
from phototagd.models.manifest import find_manifests
from phototagd.models.merge import overlap
from phototagd.models.results import Box, Detection
from phototagd.models.settings import model_versions
from phototagd.models.thorough import (
    combine,
    is_whole_in,
    mirror_back,
    pixels_of,
    place,
    tiles,
    without_twins,
)

SSD = find_manifests()["ssd-mobilenet-v2-coco"]
OPENCV = next(spec for spec in SSD.runtimes if spec.engine == "opencv")
TOP_LEFT, TOP_RIGHT, BOTTOM_LEFT, BOTTOM_RIGHT = tiles(1000, 500)
LARGE = (0.1, 0.1, 0.9, 0.9)  # in no tile
SMALL = (0.1, 0.1, 0.2, 0.2)  # in the first one
MIDDLE = (0.45, 0.45, 0.55, 0.55)  # in all


def seen(confidence, box, name="cat"):
    return Detection(name, confidence, Box(*box), "ssd")


def sides(box):
    return pytest.approx((box.left, box.top, box.right, box.bottom))


def together(whole=(), mirrored=(), tiled=()):
    """Combine with a floor of 0.1; `tiled` was seen in the first tile, the others saw nothing."""
    found = ((TOP_LEFT, tuple(tiled)), *((tile, ()) for tile in (TOP_RIGHT, BOTTOM_LEFT)))
    return combine(whole, mirrored, found, 0.1)


# --- geometry -----------------------------------------------------------------------------------


def test_four_tiles_of_six_tenths_cover_the_picture_and_overlap():
    assert sides(TOP_LEFT) == (0.0, 0.0, 0.6, 0.6)
    assert sides(TOP_RIGHT) == (0.4, 0.0, 1.0, 0.6)
    assert sides(BOTTOM_LEFT) == (0.0, 0.4, 0.6, 1.0)
    assert sides(BOTTOM_RIGHT) == (0.4, 0.4, 1.0, 1.0)


def test_tiles_lie_along_pixels():
    assert [pixels_of(tile, 1000, 500) for tile in tiles(1000, 500)] == [
        (slice(0, 300), slice(0, 600)),
        (slice(0, 300), slice(400, 1000)),
        (slice(200, 500), slice(0, 600)),
        (slice(200, 500), slice(400, 1000)),
    ]


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (2, 3), (999, 1)])
def test_tiles_of_the_smallest_pictures_have_pixels_too(size):
    columns, rows = size
    covered = np.zeros((rows, columns), bool)
    for tile in tiles(columns, rows):
        part = covered[pixels_of(tile, columns, rows)]
        assert part.size
        part[...] = True
    assert covered[0, 0]
    assert covered[-1, -1]


def test_a_box_of_the_mirror_image_comes_back():
    (found,) = mirror_back([seen(0.5, (0.1, 0.2, 0.4, 0.9))])
    assert sides(found.box) == (0.6, 0.2, 0.9, 0.9)


def test_a_box_of_a_tile_comes_back():
    (found,) = place([seen(0.5, (0.5, 0.25, 1.0, 0.75))], TOP_RIGHT)
    assert sides(found.box) == (0.7, 0.15, 1.0, 0.45)


def test_what_a_tile_cuts_is_left_out_but_not_what_the_picture_cuts():
    cut = [(0.0, 0.3, 0.5, 0.5), (0.5, 0.5, 0.8, 1.0), (0.004, 0.3, 0.5, 0.5)]
    whole = [(0.5, 0.3, 1.0, 0.5), (0.3, 0.0, 0.5, 0.5), (0.05, 0.3, 0.5, 0.5)]
    assert place([seen(0.5, box) for box in cut], TOP_RIGHT) == ()
    assert len(place([seen(0.5, box) for box in whole], TOP_RIGHT)) == 3


@pytest.mark.parametrize(
    ("box", "shown_in"),
    [
        (LARGE, []),
        (SMALL, [TOP_LEFT]),
        (MIDDLE, [TOP_LEFT, TOP_RIGHT, BOTTOM_LEFT, BOTTOM_RIGHT]),
        ((0.0, 0.9, 0.1, 1.0), [BOTTOM_LEFT]),
        ((0.2, 0.1, 0.595, 0.2), []),  # too near to where one ends, and begins before the other
    ],
)
def test_a_tile_shows_what_lies_in_it_uncut(box, shown_in):
    assert [tile for tile in tiles(1000, 500) if is_whole_in(Box(*box), tile)] == shown_in


def test_tiles_that_see_one_thing_twice_count_it_once():
    near = (0.46, 0.45, 0.56, 0.55)  # overlaps the first by 0.09 / 0.11
    found = without_twins([seen(0.3, MIDDLE), seen(0.6, near), seen(0.4, MIDDLE, "dog")])
    assert found == (seen(0.6, near), seen(0.4, MIDDLE, "dog"))


# --- confidences --------------------------------------------------------------------------------


def confidences(found):
    return pytest.approx([one.confidence for one in found])


def test_two_looks_at_the_whole_give_their_mean():
    found = together([seen(0.6, LARGE)], [seen(0.2, (0.14, 0.1, 0.94, 0.9))])
    assert confidences(found) == [0.4]
    assert sides(found[0].box) == (0.11, 0.1, 0.91, 0.9)  # three times as sure


def test_what_only_one_look_at_the_whole_sees_is_held_against_half_the_floor():
    assert confidences(together([seen(0.6, LARGE)])) == [0.325]
    assert confidences(together((), [seen(0.6, LARGE)])) == [0.325]


def test_a_tile_counts_as_much_as_both_looks_at_the_whole():
    both = [seen(0.3, SMALL)], [seen(0.5, SMALL)]
    assert confidences(together(*both, [seen(0.8, SMALL)])) == [0.6]


def test_a_tile_that_should_have_seen_it_and_did_not_counts_too():
    found = together([seen(0.4, SMALL), seen(0.4, LARGE)], [seen(0.4, SMALL), seen(0.4, LARGE)])
    assert confidences(found) == [0.4, 0.225]
    assert found[0].box == Box(*LARGE)


def test_what_only_a_tile_sees_needs_to_be_twice_as_sure():
    assert confidences(together(tiled=[seen(0.5, SMALL)])) == [0.275]
    assert together(tiled=[seen(0.14, SMALL)]) == ()  # ends up under the floor


def test_other_names_and_other_places_are_other_things():
    found = together([seen(0.6, LARGE)], [seen(0.5, LARGE, "dog")], [seen(0.8, SMALL)])
    assert [one.name for one in found] == ["cat", "cat", "dog"]
    assert confidences(found) == [0.425, 0.325, 0.275]


def test_one_twin_counts_for_one_thing_only():
    near = (0.14, 0.1, 0.94, 0.9)
    found = together([seen(0.6, LARGE), seen(0.5, near)], [seen(0.6, LARGE)])
    assert confidences(found) == [0.6, 0.275]


# --- looks --------------------------------------------------------------------------------------


class FindsWhite:
    """An engine whose network takes what is white for a person, by hand."""

    name = "by hand"

    def __init__(self):
        self.looks = []

    def infer(self, tensor):
        white = tensor[0].min(axis=0) > 200
        self.looks.append(round(float(white.mean()), 3))
        rows, columns = (np.flatnonzero(white.any(axis=axis)) for axis in (1, 0))
        if not rows.size:
            return (np.zeros((1, 1, 0, 7), np.float32),)
        ends = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
        return (np.array([[[[0, 1, 0.8, *(end / 300 for end in ends)]]]], np.float32),)


def white_patch(left, top, right, bottom):
    picture = np.zeros((500, 1000, 3), np.uint8)
    picture[top:bottom, left:right] = 255
    return picture


@pytest.mark.parametrize("left", [100, 450, 850])
@pytest.mark.parametrize("top", [50, 225, 400])
def test_wherever_a_thing_is_all_looks_put_it_into_the_same_place(left, top):
    engine = FindsWhite()
    picture = white_patch(left, top, left + 100, top + 50)
    (found,) = Detector(SSD, OPENCV, engine).detect_thoroughly(picture)
    assert found.confidence == pytest.approx(0.8)
    place = Box(left / 1000, top / 500, (left + 100) / 1000, (top + 50) / 500)
    assert overlap(found.box, place) > 0.9
    assert len(engine.looks) == 6


def test_a_look_at_a_tile_has_more_pixels_of_it():
    engine = FindsWhite()
    Detector(SSD, OPENCV, engine).detect_thoroughly(white_patch(100, 50, 200, 100))
    whole, mirrored, tile, *others = engine.looks
    assert whole == mirrored
    assert tile == pytest.approx(whole / 0.36, rel=0.1)
    assert others == [0, 0, 0]


def test_no_more_is_kept_than_the_limit():
    engine = FindsWhite()
    detector = Detector(replace(SSD, limit=1), OPENCV, engine)
    assert len(detector.detect_thoroughly(white_patch(400, 0, 1000, 500))) == 1


# --- the real detector --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def thorough(openvino, settings):  # noqa: ARG001  (the first one fills the cache)
    return load_analyzer(replace(settings, effort="thorough"), print)


def boxes_of(name, analysis):
    return [one for one in analysis.detections if one.name == name and one.confidence >= 0.25]


def test_small_things_are_found_and_large_ones_stay_one(thorough, photo):
    picture = photo("coffee.png")
    once, closely = thorough.analyze(picture), thorough.analyze(picture, thorough=True)
    assert boxes_of("spoon", once) == []
    assert boxes_of("spoon", closely)
    for analysis in (once, closely):
        assert len(boxes_of("cup", analysis)) == 1
    for name, picture in (("cat", "chelsea.png"), ("motorcycle", "motorcycle_left.png")):
        (found,) = boxes_of(name, thorough.analyze(photo(picture), thorough=True))
        assert found.confidence > 0.8


def test_a_thorough_pass_is_another_version_of_the_detector_alone(thorough, openvino, settings):
    classifier, detector = thorough.thorough_models
    assert thorough.models == openvino.models
    assert classifier == openvino.models[0]
    assert detector.name == openvino.models[1].name
    assert detector.digest != openvino.models[1].digest
    wished = replace(settings, effort="thorough")
    assert model_versions(wished) == thorough.models
    assert model_versions(wished, thorough=True) == thorough.thorough_models


def test_each_pass_says_which_versions_looked(thorough, photo):
    picture = photo("coffee.png")
    assert thorough.analyze(picture).models == thorough.models
    assert thorough.analyze(picture, thorough=True).models == thorough.thorough_models


def test_the_first_pass_is_the_same_with_every_effort(thorough, openvino, photo):
    picture = photo("coffee.png")
    assert thorough.analyze(picture) == openvino.analyze(picture)


def test_tiles_keep_as_many_pixels_as_the_detector_takes(thorough, openvino):
    assert openvino.min_side == 300
    assert thorough.min_side == 500


def test_there_is_no_thorough_pass_where_none_is_wished(openvino, settings, photo):
    picture = photo("coffee.png")
    assert openvino.thorough_models == ()
    assert model_versions(settings, thorough=True) == ()
    assert openvino.analyze(picture, thorough=True) == openvino.analyze(picture)


@pytest.mark.usefixtures("openvino")
def test_a_classifier_alone_has_no_thorough_pass(settings):
    alone = replace(settings, detectors=(), effort="thorough")
    assert load_analyzer(alone, print).thorough_models == ()
    assert model_versions(alone, thorough=True) == ()


def test_a_quick_pass_has_no_second_looks(openvino, settings, photo):
    picture = photo("chelsea.png")
    quick = load_analyzer(replace(settings, effort="quick"), print)
    normal = openvino.analyze(picture)
    assert normal.crops
    assert quick.analyze(picture) == replace(normal, crops=())
