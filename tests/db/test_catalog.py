"""The writer itself: opening, connection rules, and commits that survive kill -9."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading

import pytest
from catalog_samples import add_photos, analysis, facts, miscounted_labels, rows, take_in
from sqlalchemy.exc import IntegrityError, OperationalError

from phototagd.db.catalog import Catalog
from phototagd.db.engine import open_engine, sqlite_path
from phototagd.db.reader import CatalogReader
from phototagd.db.states import PhotoState


def test_missing_folders_are_made_for_the_owner_only(tmp_path):
    path = bytes(tmp_path) + b"/new/caf\xe9/catalog.db"
    with Catalog.open(path) as catalog:
        catalog.add_root(b"/photos\xff")
    with CatalogReader.open(path) as reader:
        assert reader.stats().roots == (b"/photos\xff",)
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700


@pytest.mark.parametrize("name", ["a b.db", "50%.db", "what?#x.db", "naïve-猫.db", "a:b.db"])
def test_odd_names_of_the_catalog_work_for_writer_and_reader(tmp_path, name):
    path = str(tmp_path / name)
    with Catalog.open(path) as catalog:
        add_photos(catalog, [b"a.jpg"])
        with CatalogReader.open(path) as reader:
            assert len(reader.photos()) == 1
    assert os.path.exists(path)


def test_targets_are_paths_or_urls():
    assert sqlite_path(b"/a/\xff.db") == b"/a/\xff.db"
    assert sqlite_path("/a/b.db") == b"/a/b.db"
    assert sqlite_path("sqlite:////a/b.db") == b"/a/b.db"
    assert sqlite_path("postgresql://host/db") is None
    assert sqlite_path("postgresql+psycopg://host/db") is None
    with pytest.raises(ValueError, match="file"):
        sqlite_path("sqlite://")


def test_the_connection_follows_the_rules(tmp_path):
    with (
        Catalog.open(str(tmp_path / "c.db")) as catalog,
        catalog._transactions.engine.begin() as connection,
    ):
        expected = {
            "journal_mode": "wal",
            "synchronous": 1,
            "busy_timeout": 10000,
            "foreign_keys": 1,
            "journal_size_limit": 64 << 20,
            "temp_store": 2,
            "cache_size": -16000,
        }
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in expected}
        assert found == expected


def test_a_transaction_takes_the_write_lock_at_its_beginning(tmp_path):
    path = str(tmp_path / "c.db")
    with Catalog.open(path) as catalog:
        other = sqlite3.connect(path, timeout=0, isolation_level=None)
        with catalog._transactions.engine.begin() as connection:
            connection.exec_driver_sql("SELECT 1")
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
        other.close()


def test_one_transaction_is_all_or_nothing(tmp_path):
    path = str(tmp_path / "c.db")
    with Catalog.open(path) as catalog:
        (photo,) = add_photos(catalog, [b"a.jpg"])
        take_in(catalog, photo, facts(), analysis({"cat": 0.5}))
        with catalog._transactions.engine.begin() as connection:
            connection.exec_driver_sql(
                "CREATE TRIGGER full BEFORE INSERT ON sighting BEGIN"
                " SELECT raise(ABORT, 'disk full'); END"
            )
        with pytest.raises(IntegrityError, match="disk full"):
            take_in(catalog, photo, facts(), analysis({"dog": 0.5}))
        assert catalog.counts() == {PhotoState.DONE: 1}
    assert rows(path, "SELECT name, n FROM label") == [("cat", 1)]
    assert rows(path, "SELECT count(*) FROM photo_tag") == [(1,)]


def test_the_catalog_may_move_to_the_writer_thread(tmp_path):
    path = str(tmp_path / "c.db")
    with Catalog.open(path) as catalog:
        thread = threading.Thread(target=catalog.add_root, args=(b"/photos",))
        thread.start()
        thread.join()
        assert [root.path for root in catalog.roots()] == [b"/photos"]


def test_a_clean_close_leaves_one_file_and_the_lock(tmp_path):
    with Catalog.open(str(tmp_path / "c.db")) as catalog:
        catalog.add_root(b"/photos")
    assert sorted(os.listdir(tmp_path)) == ["c.db", "c.db.lock"]


def test_a_second_writer_gets_an_error_and_no_half_transaction(tmp_path):
    path = str(tmp_path / "c.db")
    with Catalog.open(path) as catalog, catalog._transactions.engine.begin() as connection:
        connection.exec_driver_sql("SELECT 1")
        engine = open_engine(path)
        with engine.connect() as second:
            second.connection.driver_connection.execute("PRAGMA busy_timeout = 1")
            with pytest.raises(OperationalError, match="locked"):
                second.exec_driver_sql("SELECT 1")
        engine.dispose()


WRITE = """
import sys
sys.path.insert(0, sys.argv[2])
from catalog_samples import add_photos, analysis, facts, take_in
from phototagd.db.catalog import Catalog
catalog = Catalog.open(sys.argv[1])
ids = add_photos(catalog, [b"%04d.jpg" % n for n in range(3000)])
for photo in ids:
    take_in(catalog, photo, facts(), analysis({"cat": 0.5}, dog=[0.5, 0.25], cup=[0.5]))
    print(photo, flush=True)
"""


@pytest.mark.parametrize("acknowledged", [1, 17, 60])
def test_kill_9_between_commits_loses_no_acknowledged_photo(tmp_path, acknowledged):
    path = str(tmp_path / "c.db")
    support = os.path.dirname(sys.modules["catalog_samples"].__file__)
    process = subprocess.Popen([sys.executable, "-c", WRITE, path, support], stdout=subprocess.PIPE)
    lines = [process.stdout.readline() for _ in range(acknowledged)]
    process.send_signal(signal.SIGKILL)
    # What was written between the last line read and the kill was acknowledged too.
    lines += process.communicate()[0].splitlines(keepends=True)
    told = {int(line) for line in lines if line.endswith(b"\n")}
    assert len(told) >= acknowledged
    with Catalog.open(path) as catalog:
        counts = catalog.counts()
    assert rows(path, "PRAGMA quick_check") == [("ok",)]
    assert rows(path, "PRAGMA foreign_key_check") == []
    done = {photo for (photo,) in rows(path, "SELECT id FROM photo WHERE state = 'done'")}
    assert told <= done
    assert len(done) <= len(told) + 1
    assert counts[PhotoState.DONE] + counts[PhotoState.PENDING] == 3000
    assert miscounted_labels(path) == []
    assert rows(path, "SELECT count(*) FROM detection") == [(3 * len(done),)]
