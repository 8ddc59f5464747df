"""Suggestions for words that no label has."""

from __future__ import annotations

import pytest

from phototagd.db.suggest import near_names

NAMES = [
    "dog",
    "hot dog",
    "dining table",
    "zebra",
    "person",
    "knife",
    "mouse",
    "Egyptian cat",
    "cat",
]


@pytest.mark.parametrize(
    ("word", "first"),
    [
        ("dogs", "dog"),
        ("table", "dining table"),
        ("tables", "dining table"),
        ("zebar", "zebra"),
        ("people", "person"),
        ("knives", "knife"),
        ("mice", "mouse"),
        ("EGYPTIAN", "Egyptian cat"),
        ("or", "OR"),
    ],
)
def test_the_nearest_name_comes_first(word, first):
    assert near_names(word, NAMES)[0] == first


def test_nothing_near_gives_nothing():
    assert near_names("qqqqqq", NAMES) == ()


def test_there_are_at_most_five():
    assert len(near_names("dog", [f"dog {n}" for n in range(20)])) == 5
