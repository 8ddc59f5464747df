"""Prepared statements: what SQLAlchemy would have sent, with every value in its place."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from catalog_samples import add_photos, rows

from phototagd.db.engine import open_engine
from phototagd.db.prepared import Prepared
from phototagd.db.tables import CameraRow, PhotoRow

RENAME = Prepared(
    sa.update(CameraRow)
    .where(CameraRow.id == sa.bindparam("which"))
    .values(name=sa.bindparam("called"), key="one", make=None, n=CameraRow.n + 5)
)
FIND = Prepared(sa.text("SELECT name, n FROM camera WHERE key = :key AND name <> :key"))


@pytest.fixture
def connection(path):
    engine = open_engine(path)
    with engine.begin() as opened:
        yield opened
    engine.dispose()


def test_parameters_and_constants_stand_in_their_places(connection):
    camera = {"id": 7, "name": "old", "key": "k", "make": "m", "model": None, "n": 1}
    Prepared(sa.insert(CameraRow)).run(connection, camera)
    assert RENAME.run(connection, {"called": "new", "which": 7}).rowcount == 1
    found = connection.execute(sa.select(CameraRow.__table__)).one()
    assert tuple(found) == (7, "new", "one", None, None, 6)
    assert FIND.run(connection, {"key": "one"}).one().name == "new"


def test_several_rows_are_one_execution(connection):
    columns = {"make": None, "model": None, "n": 0}
    many = [{"id": n, "name": f"c{n}", "key": f"k{n}"} | columns for n in range(3)]
    Prepared(sa.insert(CameraRow)).run(connection, many)
    assert list(connection.scalars(sa.select(CameraRow.name))) == ["c0", "c1", "c2"]


def test_values_are_converted_as_their_columns_say(catalog, path):
    (photo,) = add_photos(catalog, [b"a.jpg"])
    move = sa.update(PhotoRow).where(PhotoRow.id == sa.bindparam("which"))
    prepared = Prepared(move.values(inode=sa.bindparam("inode")))
    engine = open_engine(path)
    with engine.begin() as connection:
        prepared.run(connection, {"which": photo, "inode": (1 << 64) - 5})
    engine.dispose()
    assert rows(path, "SELECT inode FROM photo") == [(-5,)]


def test_a_value_that_is_left_out_is_an_error_and_no_null(connection):
    with pytest.raises(KeyError, match="called"):
        RENAME.run(connection, {"which": 7})
