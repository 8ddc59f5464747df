"""From verdicts to precision and thresholds."""

from __future__ import annotations

import pytest

from phototagd.daemon.calibration import LEAST_JUDGED, Judged, measure, propose, wilson


def judged(right: list[float], wrong: list[float], name: str = "dog") -> list[Judged]:
    """Make verdicts on tags of these confidences, all believed at a threshold of 0.25."""
    return [Judged(name, True, sure, 0.25) for sure in right] + [
        Judged(name, False, sure, 0.25) for sure in wrong
    ]


@pytest.mark.parametrize(
    ("right", "judged", "low", "high"),
    # By scipy.stats.binomtest(...).proportion_ci(method="wilson").
    [
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (90, 100, 0.8256, 0.9448),
    ],
)
def test_the_interval_is_wilsons(right: int, judged: int, low: float, high: float) -> None:
    assert wilson(right, judged) == pytest.approx((low, high), abs=5e-5)


def test_without_verdicts_anything_is_possible() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert measure([], 0.9) == []


def test_only_believed_tags_count_for_the_precision() -> None:
    tags = [
        *judged([0.9, 0.8, 0.7], [0.5]),
        Judged("dog", False, 0.1, 0.25, is_believed=False),
        Judged("dog", False, None, is_believed=False),
        Judged("dog", True, 0.2, 0.25, is_believed=False, is_added=True),
    ]
    (found,) = measure(tags, 0.9)

    assert (found.right, found.wrong, found.missed) == (3, 1, 1)
    assert found.precision == 0.75
    assert found.low < 0.75 < found.high


def test_names_with_the_most_verdicts_come_first() -> None:
    tags = judged([0.9], [], "cat") + judged([0.9, 0.8], [], "dog")
    assert [one.name for one in measure(tags, 0.9)] == ["dog", "cat"]


def test_a_threshold_parts_the_wrong_from_the_right() -> None:
    right = [0.62, 0.66, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]
    (found,) = measure(judged(right, [0.3, 0.4, 0.5, 0.55]), 0.9)

    assert found.threshold is not None
    assert 0.55 < found.threshold <= 0.62
    assert found.present == 0.25


def test_nothing_is_proposed_from_too_few_verdicts() -> None:
    tags = judged([0.9] * (LEAST_JUDGED - 1), [])
    assert propose(tags, 0.25, 0.9) == (None, "9 verdicts; 10 are needed")
    assert propose([*tags, *judged([0.9], [])], 0.25, 0.9)[1] == "right often enough as it is"


def test_a_name_that_is_right_often_enough_keeps_its_threshold() -> None:
    right = [0.3 + n / 40 for n in range(20)]
    assert propose(judged(right, []), 0.25, 0.9) == (None, "right often enough as it is")
    assert propose(judged(right, [0.31]), 0.25, 0.9) == (None, "right often enough as it is")


def test_three_right_ones_at_the_top_do_not_make_a_threshold() -> None:
    threshold, note = propose(
        judged([0.9, 0.92, 0.95], [0.5 + n / 50 for n in range(10)]), 0.25, 0.9
    )
    assert threshold is None
    assert "no threshold" in note


def test_added_tags_move_no_threshold() -> None:
    added = [
        Judged("dog", True, 0.05 * n, 0.25, is_believed=False, is_added=True) for n in range(20)
    ]
    assert propose(added, 0.25, 0.9)[0] is None


def test_earlier_verdicts_below_a_high_threshold_lower_it() -> None:
    right = [0.4 + n / 40 for n in range(20)]
    threshold, _ = propose([Judged("dog", True, sure, 0.8) for sure in right], 0.8, 0.9)
    assert threshold is not None
    assert 0.38 < threshold <= 0.4


def test_a_higher_wish_never_lowers_the_threshold() -> None:
    tags = judged([0.3 + n / 50 for n in range(30)], [0.28 + n / 30 for n in range(10)])
    found = [propose(tags, 0.0, wished)[0] for wished in (0.6, 0.7, 0.8, 0.9)]
    known = [one for one in found if one is not None]
    assert len(known) >= 3
    assert known == sorted(known)


def test_what_follows_from_other_tags_has_no_threshold() -> None:
    tags = [Judged("animal", n % 2 == 0, n / 20, 0.25, follows=True) for n in range(6, 20)]
    (found,) = measure(tags, 0.9)
    assert found.threshold is None
    assert "follows" in found.note
