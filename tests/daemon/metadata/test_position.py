"""Positions: degrees in every form, signed; never a wrong half of the world."""

from __future__ import annotations

import math

import pytest
from metadata_samples import source

from phototagd.daemon.metadata.position import read_position

NORTH_EAST = {"GPSLatitudeRef": "N", "GPSLongitudeRef": "E"}
HERE = {"GPSLatitude": (38.0, 42.0, 36.0), "GPSLongitude": (9.0, 8.0, 24.0)}


@pytest.mark.parametrize(
    ("letters", "signs"), [("NE", (1, 1)), ("NW", (1, -1)), ("SE", (-1, 1)), ("SW", (-1, -1))]
)
def test_each_quarter_of_the_world_has_its_signs(letters: str, signs: tuple[int, int]) -> None:
    found = read_position(
        source(GPSLatitudeRef=letters[0], GPSLongitudeRef=letters[1].lower(), **HERE)
    )

    assert found == {"latitude": signs[0] * 38.71, "longitude": signs[1] * 9.14}


@pytest.mark.parametrize(
    ("value", "degrees"),
    [
        ((38.5,), 38.5),
        ((38.0, 30.0), 38.5),
        ((38.0, 30.6, math.nan), 38.51),
        ((38.0, math.nan, math.nan), 38.0),
        ("38,30.6N", 38.51),
        ("38,30,36N", 38.51),
        ("38,30.6s", -38.51),
        ("-38.51", -38.51),
    ],
)
def test_degrees_in_all_forms(value: str | tuple[float, ...], degrees: float) -> None:
    letter = {} if isinstance(value, str) else {"GPSLatitudeRef": "N"}
    found = read_position(source(GPSLatitude=value, GPSLongitude="9,8.4E", **letter))

    assert found["latitude"] == degrees


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"GPSLatitude": (91.5,)}, "GPSLatitude 91.5: beyond the pole"),
        ({"GPSLongitude": (181.0,)}, "GPSLongitude 181: beyond the date line"),
        ({"GPSLatitude": (math.nan, 0.0, 0.0)}, "GPSLatitude 0/0: not a number"),
        ({"GPSLatitudeRef": ""}, "GPSLatitude 38.71: without its hemisphere (GPSLatitudeRef)"),
        ({"GPSLatitudeRef": "E"}, "GPSLatitudeRef E: not a hemisphere"),
        ({"GPSLatitude": "north"}, "GPSLatitude 0/0: not a number"),
        (
            {"GPSLatitude": (0.0, 0.0, 0.0), "GPSLongitude": (0.0, 0.0, 0.0)},
            "GPS 0, 0: a receiver that did not know",
        ),
    ],
)
def test_what_is_nowhere_is_dropped_with_a_reason(changed: dict[str, object], reason: str) -> None:
    values = source(**(HERE | NORTH_EAST | changed))

    assert read_position(values) == {}
    assert values.dropped == [reason]


def test_half_a_position_is_none() -> None:
    values = source(GPSLatitude=(38.0,), **NORTH_EAST)

    assert read_position(values) == {}
    assert values.dropped == []


def test_the_poles_and_the_date_line_are_places() -> None:
    values = source(GPSLatitude=(90.0,), GPSLongitude=(180.0,), **NORTH_EAST)

    assert read_position(values) == {"latitude": 90.0, "longitude": 180.0}


@pytest.mark.parametrize(
    ("height", "reference", "altitude"),
    [
        (111.2573, 0.0, 111.26),
        (5.0, 1.0, -5.0),
        (-5.0, 1.0, -5.0),
        (5.0, 2.0, 5.0),
        (5.0, 3.0, -5.0),
        (4294967295.0, 0.0, None),
        (math.nan, 0.0, None),
    ],
)
def test_altitude(height: float, reference: float, altitude: float | None) -> None:
    values = source(GPSAltitude=height, GPSAltitudeRef=reference, **HERE, **NORTH_EAST)

    assert read_position(values).get("altitude") == altitude
