"""The default models on real photos say what is in them, and both engines say the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage

from phototagd.models.analyzer import load_analyzer
from phototagd.models.fusion import fuse
from phototagd.models.fusion_rules import make_rules
from phototagd.models.manifest import find_manifests
from phototagd.models.raw_boxes import overlaps
from phototagd.models.taxonomy import load_taxonomy

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
    assert names(openvino.analyze(photo("coffee.png")).labels)[0] == "espresso"
    assert names(openvino.analyze(photo("camera.png")).labels)[0] == "tripod"


def read(analysis):
    """Return the believed tags by name, under the built-in rules of the models that were asked."""
    asked = [find_manifests()[version.name] for version in analysis.models]
    reading = fuse(analysis, load_taxonomy(), make_rules(asked, load_taxonomy()))
    return {tag.name: tag for tag in reading.tags}


def test_nothing_is_detected_in_photos_without_things(openvino, photo):
    for picture in ("grass.png", "gravel.png", "brick.png"):
        tags = read(openvino.analyze(photo(picture)))
        assert not [tag for tag in tags.values() if tag.kind == "object"]


def test_the_cat_is_an_animal_by_both_models(openvino, photo):
    tags = read(openvino.analyze(photo("chelsea.png")))
    assert tags["cat"].kind == "object"
    assert len(tags["cat"].models) == 2
    assert (tags["animal"].kind, tags["animal"].shown) == ("parent", False)
    assert tags["animal"].confidence >= tags["cat"].confidence > 0.9


def test_the_coffee_is_a_cup_with_an_espresso_on_it(openvino, photo):
    tags = read(openvino.analyze(photo("coffee.png")))
    assert (tags["cup"].kind, tags["espresso"].refines) == ("object", "cup")
    assert {"tableware", "drink", "food"} <= tags.keys()


def test_the_husky_is_a_dog_and_an_animal(openvino, tutorial_photo):
    tags = read(openvino.analyze(tutorial_photo("husky.jpg")))
    assert tags["dog"].kind == "object"
    assert {"animal", "mammal", "canine"} <= tags.keys()
    kinds = [tag for tag in tags.values() if tag.refines == "dog"]
    assert kinds
    assert {tag.name for tag in kinds} <= {"Siberian Husky", "husky", "Alaskan Malamute"}
    assert kinds[0].parents == ("animal", "mammal", "canine", "dog")


def test_a_second_look_sees_the_thing_alone(openvino, photo):
    """A cat beside the square in the middle, which is all that the classifier sees of a photo."""
    canvas = np.full((600, 1200, 3), 110, np.uint8)
    canvas[200:392, 5:294] = cv2.resize(photo("chelsea.png"), (289, 192))
    found = openvino.analyze(canvas)
    (crop,) = [crop for crop in found.crops if crop.name == "cat"]
    assert crop.box in [one.box for one in found.detections]
    whole, alone = (
        sum(one.confidence for one in labels if one.name in CATS)
        for labels in (found.labels, crop.labels)
    )
    assert alone > 0.8
    assert whole < 0.5


def test_an_analysis_is_sorted_within_bounds_and_names_its_models(openvino, photo):
    found = openvino.analyze(photo("coffee.png"))
    confidences = [one.confidence for one in found.detections]
    assert confidences == sorted(confidences, reverse=True)
    assert confidences[-1] >= 0.1
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

    assert say("banana.jpg")[0][0] == "banana"
    labels, things = say("husky.jpg")
    assert labels[0] in {"Siberian Husky", "husky", "Alaskan Malamute"}
    assert "dog" in things
    assert say("cars.jpeg")[1].count("car") >= 3
    assert len(set(say("dishes.jpg")[1]) & {"fork", "bowl", "wine glass", "cup", "knife"}) >= 3


def test_second_looks_can_be_done_without(settings, openvino, photo):
    picture = photo("chelsea.png")
    with_looks = openvino.analyze(picture)
    without = load_analyzer(replace(settings, refine=False), print).analyze(picture)
    assert with_looks.crops[0].name == "cat"
    assert without == replace(with_looks, crops=())


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
