"""Several detectors' boxes become one list, on one scale, from what is stored."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from phototagd.models.merge import Voter, mean_box, merge, overlap
from phototagd.models.results import Box, Detection

ALL = frozenset({"cat", "dog"})
TWO = {"a": Voter(0.25, 0.1, ALL), "b": Voter(0.25, 0.1, ALL)}


def seen(name, confidence, model, box=(0.0, 0.0, 0.4, 0.4)):
    return Detection(name, confidence, Box(*box), model)


def test_one_detectors_word_stays_as_it_is():
    said = (seen("cat", 0.9, "a"), seen("cat", 0.8, "a"), seen("dog", 0.3, "a"))
    assert merge(said, {"a": TWO["a"]}) == said


def test_two_who_agree_give_one_thing_with_the_mean_of_both():
    (found,) = merge([seen("cat", 0.6, "a"), seen("cat", 0.2, "b", (0.04, 0.0, 0.44, 0.4))], TWO)
    assert (found.name, found.model) == ("cat", "a+b")
    assert found.confidence == pytest.approx(0.4)
    # three times as sure, three times the weight
    assert found.box.left == pytest.approx(0.01)
    assert found.box.right == pytest.approx(0.41)
    assert (found.box.top, found.box.bottom) == (0.0, pytest.approx(0.4))


def test_a_silent_detector_has_said_less_than_its_floor():
    (found,) = merge([seen("cat", 0.6, "b")], TWO)
    assert found.confidence == pytest.approx((0.6 + 0.05) / 2)
    assert found.model == "b"


def test_a_detector_that_does_not_know_the_name_is_not_asked():
    voters = TWO | {"b": Voter(0.25, 0.1, frozenset({"dog"}))}
    (found,) = merge([seen("cat", 0.6, "a")], voters)
    assert found.confidence == 0.6


def test_other_names_and_other_places_are_other_things():
    said = [
        seen("cat", 0.6, "a"),
        seen("dog", 0.6, "b"),
        seen("cat", 0.6, "b", (0.5, 0.5, 0.9, 0.9)),
    ]
    assert len(merge(said, TWO)) == 3


def test_two_boxes_of_one_detector_never_become_one():
    said = [seen("cat", 0.9, "a"), seen("cat", 0.8, "a"), seen("cat", 0.5, "b")]
    found = merge(said, TWO)
    assert [one.model for one in found] == ["a+b", "a"]
    assert found[0].confidence == pytest.approx(0.7)


def test_the_nearest_of_two_things_is_joined():
    said = [
        seen("cat", 0.9, "a", (0, 0, 0.4, 0.4)),
        seen("cat", 0.8, "a", (0.05, 0, 0.45, 0.4)),
        seen("cat", 0.5, "b", (0.05, 0, 0.45, 0.4)),
    ]
    found = {one.model: one.confidence for one in merge(said, TWO)}
    assert found == pytest.approx({"a": (0.9 + 0.05) / 2, "a+b": 0.65})


def test_scores_are_moved_to_the_scale_of_the_first_detector():
    voters = {"a": Voter(0.25, 0.1, ALL), "low": Voter(0.4, 0.1, ALL)}
    (found,) = merge([seen("cat", 0.25, "a"), seen("cat", 0.4, "low")], voters)
    assert found.confidence == pytest.approx(0.25)  # both say: just so
    (found,) = merge([seen("cat", 0.25, "a"), seen("cat", 0.7, "low")], voters)
    odds = 0.7 / 0.3 * (0.6 / 0.4) * (0.25 / 0.75)
    assert found.confidence == pytest.approx((0.25 + odds / (1 + odds)) / 2)


def test_full_certainty_can_be_moved_too():
    voters = {"a": Voter(0.25, 0.1, ALL), "low": Voter(0.4, 0.1, ALL)}
    (found,) = merge([seen("cat", 1.0, "low"), seen("cat", 1.0, "a")], voters)
    assert math.isfinite(found.confidence)
    assert 0.99 < found.confidence <= 1


def test_models_that_are_no_voters_are_left_out():
    assert merge([seen("cat", 0.9, "gone")], TWO) == ()


def test_what_is_merged_stands_surest_first_whatever_the_order_was():
    said = [seen("dog", 0.3, "b"), seen("cat", 0.9, "a"), seen("dog", 0.5, "a")]
    found = merge(said, TWO)
    assert found == merge(said[::-1], TWO)
    assert [one.name for one in found] == ["cat", "dog"]


def test_the_mean_of_equal_boxes_is_that_box_to_the_last_digit():
    box = (0.1, 0.2, 0.76, 0.9)  # by plain weighting 0.7600000000000001
    assert mean_box([seen("cat", 0.75, "a", box), seen("cat", 0.48, "b", box)]) == Box(*box)


def test_overlap_is_intersection_over_union():
    assert overlap(Box(0, 0, 0.2, 0.2), Box(0.1, 0.1, 0.3, 0.3)) == pytest.approx(1 / 7)
    assert overlap(Box(0, 0, 0.2, 0.2), Box(0.2, 0, 0.4, 0.2)) == 0


def test_merging_needs_no_numpy():
    code = "import sys, phototagd.models.merge; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
