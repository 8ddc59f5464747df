"""The second look goes to few things, those where it pays, and sees them alone."""

from __future__ import annotations

import pytest

from phototagd.models.manifest import find_manifests
from phototagd.models.refine import MOST, Refiner, widen
from phototagd.models.results import Box, Detection

LITE = find_manifests()["efficientnet-lite3-imagenet"]
REFINER = Refiner(filter(None, LITE.labels.names), {"ssd": (0.18, 0.4), "yolox": (0.3, 0.6)})
LARGE, SMALL = Box(0.1, 0.1, 0.5, 0.5), Box(0.1, 0.1, 0.19, 0.2)


def choose(*things, model="ssd"):
    chosen = REFINER.choose([Detection(name, sure, box, model) for name, sure, box in things])
    return [(one.name, one.confidence) for one in chosen]


@pytest.mark.parametrize("name", ["dog", "bus", "bird"])
def test_sure_animals_and_vehicles_are_looked_at_for_their_kind(name):
    assert choose((name, 0.9, LARGE)) == [(name, 0.9)]


def test_other_sure_things_are_not():
    assert choose(("chair", 0.9, LARGE), ("person", 0.9, LARGE)) == []
    assert choose(("zebra", 0.9, LARGE), ("pizza", 0.9, LARGE)) == []  # no kinds of them


def test_what_is_believed_anyway_needs_no_second_opinion():
    assert choose(("chair", 0.4, LARGE), ("dog", 0.4, LARGE)) == []
    assert choose(("chair", 0.39, LARGE)) == [("chair", 0.39)]


def test_doubtful_things_are_looked_at_if_the_classifier_knows_them():
    assert choose(("chair", 0.3, LARGE)) == [("chair", 0.3)]
    assert choose(("giraffe", 0.3, LARGE)) == []  # none of its 1000
    assert choose(("chair", 0.17, LARGE)) == []
    assert choose(("chair", 0.2, LARGE), model="yolox") == []


def test_things_of_few_pixels_are_not():
    assert choose(("dog", 0.9, SMALL)) == []


def test_of_a_name_only_the_surest_is_looked_at():
    assert choose(("dog", 0.6, LARGE), ("dog", 0.9, LARGE)) == [("dog", 0.9)]
    assert choose(("chair", 0.9, LARGE), ("chair", 0.3, LARGE)) == []


def test_no_picture_gets_more_looks_than_the_limit_and_the_surest_come_first():
    names = ["dog", "cat", "bus", "tie", "chair"]
    things = [(name, 0.39 - place / 100, LARGE) for place, name in enumerate(names)]
    assert [name for name, _ in choose(*reversed(things))] == names[:MOST]


def test_the_part_is_a_square_around_the_box_with_a_margin():
    """40 by 20 pixels around (100, 50): a square of 46, the longer side times 1.15."""
    rows, columns = widen(Box(0.4, 0.4, 0.6, 0.6), 200, 100)
    assert (rows, columns) == (slice(27, 73), slice(77, 123))


def test_the_part_ends_where_the_picture_does_and_is_never_empty():
    assert widen(Box(0.0, 0.0, 1.0, 1.0), 200, 100) == (slice(0, 100), slice(0, 200))
    for box in (Box(0.0, 0.0, 0.001, 0.001), Box(0.999, 0.999, 1.0, 1.0)):
        for part in widen(box, 30, 20):
            assert part.start < part.stop
