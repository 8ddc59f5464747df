"""The camera and its settings: what is written two ways, escapes, and what no camera can do."""

from __future__ import annotations

import math

import pytest
from metadata_samples import source

from phototagd.daemon.metadata import camera


@pytest.mark.parametrize(
    ("values", "iso"),
    [
        ({"PhotographicSensitivity": 100.0}, 100),
        ({"PhotographicSensitivity": (400.0, 400.0)}, 400),
        ({"PhotographicSensitivity": "800 800"}, 800),
        ({"PhotographicSensitivity": 65535.0, "RecommendedExposureIndex": 102400.0}, 102400),
        ({"PhotographicSensitivity": 65535.0, "ISOSpeed": 204800.0}, 204800),
        ({"PhotographicSensitivity": 65535.0}, 65535),
        ({"RecommendedExposureIndex": 640.0}, 640),
        ({"PhotographicSensitivity": 0.0}, None),
        ({"PhotographicSensitivity": 4294967295.0}, None),
    ],
)
def test_sensitivity(values: dict[str, object], iso: int | None) -> None:
    assert camera.read_iso(source(**values)).get("iso") == iso


@pytest.mark.parametrize(
    ("values", "number"),
    [
        ({"FNumber": 2.8}, 2.8),
        ({"FNumber": "28/10"}, 2.8),
        ({"FNumber": 1.4142}, 1.41),
        ({"ApertureValue": 3.0}, 2.83),
        ({"FNumber": 0.0, "ApertureValue": 2.0}, 2.0),
        ({"FNumber": math.nan}, None),
        ({"FNumber": -2.0}, None),
        ({"FNumber": 1e-7}, None),
        ({"ApertureValue": 1e9}, None),
    ],
)
def test_aperture(values: dict[str, object], number: float | None) -> None:
    assert camera.read_aperture(source(**values)).get("f_number") == number


@pytest.mark.parametrize(
    ("values", "exposure"),
    [
        ({"ExposureTime": 1 / 3}, 0.33333333),
        ({"ExposureTime": "1/8000"}, 0.000125),
        ({"ExposureTime": 1200.0}, 1200.0),
        ({"ShutterSpeedValue": 7.0}, 0.0078125),
        ({"ExposureTime": 0.0, "ShutterSpeedValue": -1.0}, 2.0),
        ({"ExposureTime": -0.01}, None),
        ({"ExposureTime": math.inf}, None),
        ({"ShutterSpeedValue": -1e9}, None),
    ],
)
def test_exposure(values: dict[str, object], exposure: float | None) -> None:
    assert camera.read_exposure(source(**values)).get("exposure") == exposure


def test_focal_lengths() -> None:
    values = source(FocalLength=4.15, FocalLengthIn35mmFilm=29.0)

    assert camera.read_focal(values) == {"focal": 4.2}
    assert camera.read_focal_35mm(values) == {"focal_35mm": 29}


def test_an_unknown_focal_length_on_film_is_not_there_and_needs_no_reason() -> None:
    values = source(FocalLengthIn35mmFilm=0.0)

    assert camera.read_focal_35mm(values) == {}
    assert values.dropped == []


def test_reasons_name_the_field_and_the_value() -> None:
    values = source(FNumber=0.0, ExposureTime=-0.5, FocalLength=math.nan, ISOSpeed=1e9)
    for read in (camera.read_aperture, camera.read_exposure, camera.read_focal, camera.read_iso):
        assert read(values) == {}

    assert values.dropped == [
        "FNumber 0: too small to be true",
        "ExposureTime -0.5: too small to be true",
        "FocalLength 0/0: not a number",
        "ISOSpeed 1e+09: too large to be true",
    ]


def test_names_stay_as_written_but_for_what_cannot_be_seen() -> None:
    values = source(Make=" NIKON CORPORATION \0", Model="NIKON\tD100\x07 ")

    assert camera.read_camera(values) == {"make": "NIKON CORPORATION", "model": "NIKON D100"}


def test_an_overlong_name_is_dropped_with_a_reason() -> None:
    values = source(Model="x" * 201, Make="Canon")

    assert camera.read_camera(values) == {"make": "Canon"}
    assert values.dropped == [f"Model {'x' * 20}...: longer than 200 characters"]


@pytest.mark.parametrize("name", ["", "----", "0.0 mm f/0.0", "Unknown", "N/A", "None", " "])
def test_a_lens_that_the_camera_does_not_know_is_none(name: str) -> None:
    assert camera.read_lens(source(LensModel=name)) == {}
    assert camera.read_lens(source(LensModel=name, Lens="50mm f/1.8")) == {"lens": "50mm f/1.8"}
