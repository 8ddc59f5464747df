"""The numbers and keys that writer and reader agree on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from phototagd.db.states import (
    area_of,
    cell_of,
    month_of,
    name_key,
    shape_of,
    spots_of,
    suffix_of,
    text_key,
    wall_clock,
)


def test_the_wall_clock_is_that_of_the_zone_at_that_moment():
    moment = int(datetime(2023, 7, 1, 10, 30, tzinfo=UTC).timestamp())
    shown = int(datetime(2023, 7, 1, 12, 30, tzinfo=UTC).timestamp())
    assert wall_clock(moment, timezone(timedelta(hours=2))) == shown
    assert wall_clock(moment, UTC) == moment
    assert wall_clock(-1, timezone(timedelta(hours=-1))) == -3601
    for extreme in (2**63 // 10**9, -(2**63) // 10**9):
        assert wall_clock(extreme, UTC) == extreme


def test_months_are_those_of_the_calendar():
    for text, month in (
        ("1969-12-31", 12),
        ("2024-02-29", 2),
        ("0001-01-01", 1),
        ("9999-12-31", 12),
    ):
        moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
        assert month_of(int(moment.timestamp())) == month


def test_keys_take_case_accents_and_spaces_away():
    assert text_key("  São  PAULO ") == text_key("Sa\u0303o Paulo") == "sao paulo"
    assert text_key("Straße") == text_key("STRASSE")
    assert text_key("東京") == "東京"
    assert name_key("É\xff.JPG".encode()) == name_key("e\u0301\xff.jpg".encode())
    assert name_key(b"A\xff") == r"a\xff"
    assert (suffix_of(b"a.tar.GZ"), suffix_of(b"none"), suffix_of(b"odd.\xff")) == (
        "gz",
        "",
        r"\xff",
    )


def test_cells_are_a_tenth_of_a_degree_and_go_round_the_world():
    assert cell_of(-90, -180) == 0
    assert cell_of(0.05, 0.05) == 900 * 3600 + 1800
    assert cell_of(12.3, 180) == cell_of(12.3, -180)
    assert cell_of(90, 0) == 1800 * 3600 + 1800


def test_boxes_lie_where_their_middle_is():
    assert spots_of(0, 0, 0.1, 0.1) == 1 + 4
    assert spots_of(0.9, 0.9, 1, 1) == 2 + 8
    assert spots_of(0, 0, 1, 1) == 16
    assert spots_of(0, 0.4, 0.2, 0.6) == 1
    assert spots_of(1 / 3, 1 / 3, 1 / 3, 1 / 3) == 16
    assert area_of(0.25, 0, 0.75, 0.5) == 0.25
    assert [int(shape_of(*size)) for size in ((2, 1), (1, 2), (5, 5))] == [1, -1, 0]
