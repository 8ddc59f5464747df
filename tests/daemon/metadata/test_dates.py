"""Dates: what can be true is read to the second and its parts, the rest is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from metadata_samples import source

from phototagd.daemon.metadata.dates import read_date, read_last_change


def seconds(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2023:07:01 12:34:56", (2023, 7, 1, 12, 34, 56)),
        ("2023-07-01T12:34:56", (2023, 7, 1, 12, 34, 56)),
        ("2023/07/01 12:34:56", (2023, 7, 1, 12, 34, 56)),
        ("2023:07:01 12:34", (2023, 7, 1, 12, 34)),
        ("2023:07:01", (2023, 7, 1)),
        ("1955-08", (1955, 8, 1)),
        ("1955", (1955, 1, 1)),
        ("1955:00:00 00:00:00", (1955, 1, 1)),
        ("1826:01:01 00:00:00", (1826, 1, 1)),
        ("2024:02:29 23:59:59", (2024, 2, 29, 23, 59, 59)),
    ],
)
def test_dates_of_all_forms_are_read(text: str, moment: tuple[int, ...]) -> None:
    found = read_date(source(DateTimeOriginal=text))

    assert found == {"taken_at": seconds(*moment), "taken_source": "camera"}


def test_fraction_and_offset_come_from_their_own_fields() -> None:
    found = read_date(
        source(
            DateTimeOriginal="2023:07:01 12:00:00", SubSecTimeOriginal="05 ",
            OffsetTimeOriginal="-09:30", SubSecTime="99", OffsetTime="+01:00",
        )
    )  # fmt: skip

    assert (found["taken_us"], found["taken_offset"]) == (50_000, -570)


@pytest.mark.parametrize(
    ("text", "fraction", "offset"),
    [
        ("2023-07-01T12:00:00.1234567+02:00", 123_456, 120),
        ("2023-07-01T12:00:00Z", None, 0),
        ("2023-07-01T12:00-0330", None, -210),
    ],
)
def test_fraction_and_offset_inside_an_iso_date_are_read(
    text: str, fraction: int | None, offset: int
) -> None:
    found = read_date(source(DateTimeOriginal=text))

    assert (found.get("taken_us"), found["taken_offset"]) == (fraction, offset)


@pytest.mark.parametrize(
    "blank", ["    :  :     :  :  ", "0000:00:00 00:00:00", "", "0000-00-00T00:00:00Z", ":"]
)
def test_blank_dates_are_no_dates_and_need_no_reason(blank: str) -> None:
    values = source(DateTimeOriginal=blank, DateTimeDigitized="2020:01:01 00:00:00")

    assert read_date(values)["taken_at"] == seconds(2020, 1, 1)
    assert values.dropped == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0000:07:01 12:00:00", "no such day"),
        ("1601:01:01 00:00:00", "before photography"),
        ("2023:13:01 00:00:00", "no such day"),
        ("2023:02:30 00:00:00", "no such day"),
        ("2023:01:01 24:00:00", "no such day"),
        ("2023:01:01 12:00:70", "no such day"),
        ("9999:12:31 23:59:59", "in the future"),
        ("2026:09:25 00:00:00", "in the future"),
        ("yesterday", "not a date"),
        ("12023:07:01 12:00:00", "not a date"),
        ("\u0662\u0660\u0662\u0663:07:01", "not a date"),
    ],
)
def test_dates_that_cannot_be_true_are_dropped_with_a_reason(text: str, why: str) -> None:
    values = source(DateTimeOriginal=text)

    assert read_date(values) == {}
    assert len(values.dropped) == 1
    assert values.dropped[0].startswith("DateTimeOriginal ")
    assert why in values.dropped[0]


def test_a_wall_clock_east_of_here_is_not_the_future() -> None:
    tomorrow = source(DateTimeOriginal="2026:09:22 12:00:00")

    assert read_date(tomorrow)["taken_at"] == seconds(2026, 9, 22, 12)


@pytest.mark.parametrize("offset", ["+15:00", "-12:01", "+02:60", "local", "+2"])
def test_an_offset_that_no_zone_has_costs_only_the_offset(offset: str) -> None:
    values = source(DateTimeOriginal="2023:07:01 12:00:00", OffsetTimeOriginal=offset)

    assert read_date(values) == {
        "taken_at": seconds(2023, 7, 1, 12), "taken_source": "camera",
    }  # fmt: skip
    assert values.dropped == [f"OffsetTimeOriginal {offset}: no offset from UTC"]


def test_the_date_of_the_last_change_is_no_date_of_the_photo_until_asked_for() -> None:
    values = source(DateTime="2023:07:01 12:00:00")

    assert read_date(values) == {}
    assert read_last_change(values)["taken_at"] == seconds(2023, 7, 1, 12)
