"""The default models on real photos say what is in them, and both engines say the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skimage

from phototagd.models.detector import overlaps

CATS = {"Egyptian Mau", "tabby cat", "a cat having a striped coat", "Persian cat", "Siamese cat"}

SAMPLES = Path(skimage.__file__).parent / "data"
PICTURES = sorted(path.name for path in SAMPLES.iterdir() if path.suffix in {".png", ".jpg"})


def names(found):
    return [one.name for one in found]


@pytest.mark.parametrize(
    ("picture", "name"),
    [
        ("chelsea.png", "cat"),
        ("coffee.png", "cup"),
        ("astronaut.png", "person"),
        ("camera.png", "person"),
        ("motorcycle_left.png", "motorcycle"),
        ("horse.png", "horse"),
    ],
)
def test_the_detector_finds_what_the_photo_shows_first(openvino, opencv, photo, picture, name):
    for analyzer in (openvino, opencv):
        assert names(analyzer.analyze(photo(picture)).detections)[0] == name


def test_the_cat_is_a_kind_of_cat_and_its_box_holds_the_face(openvino, photo):
    found = openvino.analyze(photo("chelsea.png"))
    assert found.labels[0].name in CATS
    box = found.detections[0].box
    assert box.left < 0.3
    assert box.right > 0.6
    assert box.top < 0.2
    assert box.bottom > 0.7


def test_the_coffee_is_an_espresso_and_the_photographer_has_a_tripod(openvino, photo):
    assert names(openvino.analyze(photo("coffee.png")).labels) == ["espresso"]
    assert names(openvino.analyze(photo("camera.png")).labels) == ["tripod"]


def test_nothing_is_said_of_photos_without_things(openvino, photo):
    for picture in ("grass.png", "gravel.png", "brick.png"):
        assert openvino.analyze(photo(picture)).detections == ()


def test_an_analysis_is_sorted_within_bounds_and_names_its_models(openvino, photo):
    found = openvino.analyze(photo("coffee.png"))
    confidences = [one.confidence for one in found.detections]
    assert confidences == sorted(confidences, reverse=True)
    assert confidences[-1] >= 0.25
    for box in (one.box for one in found.detections):
        assert 0 <= box.left < box.right <= 1
        assert 0 <= box.top < box.bottom <= 1
    assert names(found.models) == ["efficientnet-lite3-imagenet", "ssd-mobilenet-v2-coco"]
    assert {one.model for one in found.labels} == {"efficientnet-lite3-imagenet"}
    assert all(len(version.digest) == 64 for version in found.models)


def sides(detection):
    box = detection.box
    return np.array([[box.left, box.top, box.right, box.bottom]])


def assert_same_objects(first, second):
    """Every surely found object of one is found by the other at the same place and confidence."""
    for found in (one for one in first if one.confidence >= 0.255):
        twins = [
            one
            for one in second
            if one.name == found.name and overlaps(sides(one), sides(found))[0, 0] >= 0.95
        ]
        assert twins, (found, second)
        assert min(abs(one.confidence - found.confidence) for one in twins) <= 0.03


@pytest.mark.parametrize("picture", PICTURES)
def test_our_suppression_agrees_with_opencv_detection_output(openvino, opencv, photo, picture):
    pixels = photo(picture)
    ours, theirs = openvino.analyze(pixels).detections, opencv.analyze(pixels).detections
    assert_same_objects(ours, theirs)
    assert_same_objects(theirs, ours)


def test_the_engines_agree_on_the_crowded_photos_too(openvino, opencv, tutorial_photo):
    for picture in ("dishes.jpg", "cars.jpeg", "car.jpeg", "husky.jpg", "banana.jpg"):
        pixels = tutorial_photo(picture)
        ours, theirs = openvino.analyze(pixels).detections, opencv.analyze(pixels).detections
        assert ours
        assert_same_objects(ours, theirs)
        assert_same_objects(theirs, ours)


def test_the_tutorials_photos_are_recognised(openvino, tutorial_photo):
    def say(name):
        found = openvino.analyze(tutorial_photo(name))
        return names(found.labels), names(found.detections)

    assert "banana" in say("banana.jpg")[0]
    labels, things = say("husky.jpg")
    assert labels[0] in {"Siberian Husky", "husky", "Alaskan Malamute"}
    assert "dog" in things
    assert say("cars.jpeg")[1].count("car") >= 3
    assert len(set(say("dishes.jpg")[1]) & {"fork", "bowl", "wine glass", "cup", "knife"}) >= 3


def test_all_default_names_are_in_the_vocabulary(openvino, opencv):
    vocabulary = openvino.vocabulary()
    assert {"person", "dining table", "Siberian Husky", "espresso"} <= set(vocabulary)
    assert "" not in vocabulary
    assert list(vocabulary) == sorted(vocabulary)
    assert len(opencv.vocabulary()) == 80


def test_pictures_may_shrink_to_the_largest_input_but_not_below(openvino):
    assert openvino.min_side == 300


def test_arrays_that_are_no_pictures_are_refused(openvino):
    for array in (
        np.zeros((10, 10), np.uint8),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((10, 10, 3), np.float32),
        np.zeros((0, 10, 3), np.uint8),
    ):
        with pytest.raises(ValueError, match="picture"):
            openvino.analyze(array)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (299, 301)])
def test_pictures_of_odd_shapes_are_analyzed(openvino, shape):
    found = openvino.analyze(np.full((*shape, 3), 90, np.uint8))
    assert len(found.models) == 2
