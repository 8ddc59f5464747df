"""A catalog in a file of its own, with a clock that stands until a test moves it."""

from __future__ import annotations

import shutil

import pytest
from catalog_samples import add_photos

from phototagd.db.catalog import Catalog
from phototagd.db.reader import CatalogReader


class Clock:
    """Seconds since 1970, as a test says."""

    now = 5000

    def __call__(self):
        return self.now


@pytest.fixture(scope="session")
def new_catalog(tmp_path_factory):
    """The file of a catalog without photos; to make one takes longer than most tests."""
    path = tmp_path_factory.mktemp("new") / "catalog.db"
    Catalog.open(str(path)).close()
    return path


@pytest.fixture
def path(tmp_path, new_catalog):
    return str(shutil.copy(new_catalog, tmp_path / "catalog.db"))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def catalog(path, clock):
    with Catalog.open(path, clock=clock) as opened:
        yield opened


@pytest.fixture
def reader(catalog, path):  # noqa: ARG001 - the catalog makes the file
    with CatalogReader.open(path) as opened:
        yield opened


@pytest.fixture
def photo(catalog):
    return add_photos(catalog, [b"a.jpg"])[0]
