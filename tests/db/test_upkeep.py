"""Backups that are whole, checks that find damage, and logs that give their room back."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading

import pytest
from catalog_samples import add_photos, analysis, facts, rows, take_in

from phototagd.db import upkeep
from phototagd.db.catalog import Catalog
from phototagd.db.errors import (
    CatalogAbsent,
    CatalogBroken,
    CatalogBusy,
    CatalogError,
    CatalogLost,
    CatalogUnreadable,
)
from phototagd.db.reader import CatalogReader


@pytest.fixture
def path(tmp_path):
    return bytes(tmp_path / "catalog.db")


@pytest.fixture
def catalog(path):
    with Catalog.open(path) as opened:
        for photo in add_photos(opened, [b"%d.jpg" % n for n in range(9)]):
            take_in(opened, photo, facts(), analysis({"cat": 0.5}, dog=[0.5]))
        yield opened


def change(path, sql):
    connection = sqlite3.connect(path)
    connection.execute(sql)
    connection.commit()
    connection.close()


@pytest.mark.usefixtures("catalog")
def test_a_backup_is_one_whole_file_with_what_the_log_held(path, tmp_path):
    assert upkeep.wal_bytes(path) > 0
    target = bytes(tmp_path) + b"/copy \xff.db"
    os.chmod(path, 0o600)
    upkeep.back_up(path, target)
    assert len([name for name in os.listdir(bytes(tmp_path)) if name.startswith(b"copy")]) == 1
    assert stat.S_IMODE(os.stat(target).st_mode) == 0o600
    with CatalogReader.open(target) as reader:
        assert len(reader.search("cat dog")) == 9
    with Catalog.open(target) as restored:
        assert restored.add_root(b"/more").id == 2


def test_a_backup_while_the_writer_writes_is_of_one_moment(catalog, path, tmp_path):
    stop = threading.Event()

    def write():
        while not stop.is_set():
            take_in(catalog, 1, facts(), analysis({"cat": 0.5}, bird=[0.5]))
            catalog.record_failure(1, None, "cut off")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(5):
            target = bytes(tmp_path / "copy.db")
            upkeep.back_up(path, target)
            assert upkeep.check(target) == []
    finally:
        stop.set()
        writer.join()


def test_backups_move_on_and_the_oldest_goes(catalog, path, tmp_path):
    for number in range(5):
        catalog.add_root(b"/%d" % number)
        assert upkeep.back_up_rotating(path, keep=3) == path + b".bak.1"
    names = [path + b".bak.%d" % number for number in (1, 2, 3)]
    assert upkeep.list_backups(path) == names
    assert [len(rows(name, "SELECT id FROM root")) for name in names] == [6, 5, 4]
    assert len([name for name in os.listdir(tmp_path) if ".bak" in name]) == 3


def test_the_backup_of_a_damaged_catalog_replaces_no_good_one(catalog, path):
    catalog.close()
    kept = upkeep.back_up_rotating(path)
    damage(path)
    with pytest.raises(CatalogBroken):
        upkeep.back_up_rotating(path)
    assert upkeep.list_backups(path) == [kept]
    assert upkeep.check(kept) == []
    assert not os.path.exists(path + b".bak.0.new")


def damage(path):
    """Overwrite pages in the middle of the file, as a dying SD card does."""
    with open(path, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(size // 2)
        file.write(os.urandom(size // 4))


@pytest.mark.usefixtures("catalog")
def test_a_backup_without_catalog_or_room_is_an_error_that_says_so(path, tmp_path):
    with pytest.raises(CatalogAbsent):
        upkeep.back_up(bytes(tmp_path / "none.db"), bytes(tmp_path / "copy.db"))
    with pytest.raises(CatalogUnreadable):
        upkeep.back_up(path, bytes(tmp_path / "no" / "folder" / "copy.db"))
    assert "none.db" not in os.listdir(tmp_path)


@pytest.mark.usefixtures("catalog")
def test_a_sound_catalog_has_no_damage(path):
    assert upkeep.check(path) == []


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE label SET n = n + 1 WHERE name = 'cat'", "label 'cat' counts 10 photos, it has 9"),
        ("DELETE FROM photo WHERE id = 1", "rows of sighting whose photo does not exist"),
        ("DELETE FROM folder", "rows of photo whose folder does not exist"),
    ],
)
def test_what_does_not_fit_together_is_named(catalog, path, sql, said):
    catalog.close()
    change(path, sql)
    assert said in upkeep.check(path)


def test_damaged_pages_are_named(catalog, path):
    catalog.close()
    damage(path)
    assert upkeep.check(path)


def test_a_vacuum_gives_room_back(catalog, path):
    with catalog._transactions.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE ballast (x BLOB)")
        connection.exec_driver_sql("INSERT INTO ballast VALUES (zeroblob(1000000))")
        connection.exec_driver_sql("DROP TABLE ballast")
    catalog.checkpoint()
    before = os.path.getsize(path)
    upkeep.vacuum(path)
    assert os.path.getsize(path) < before - 900_000
    assert upkeep.check(path) == []
    assert len(catalog.queue.next_pending(9)) == 0


def test_a_vacuum_beside_a_long_transaction_says_busy(catalog, path, monkeypatch):
    monkeypatch.setattr(upkeep, "BUSY_SECONDS", 0.01)
    with (
        catalog._transactions.begin(),
        pytest.raises(CatalogBusy),
        upkeep._writing(path, seconds=0.01) as other,
    ):
        other.execute("VACUUM")
    upkeep.vacuum(path)


def test_a_reader_keeps_the_log_and_gives_it_back(catalog, path):
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM photo").fetchall()
    for _ in range(50):
        take_in(catalog, 1, facts(), analysis({"cat": 0.5}, dog=[0.5]))
    assert catalog.checkpoint() > 100_000
    reader.execute("ROLLBACK")
    reader.close()
    assert catalog.checkpoint() == 0
    assert upkeep.wal_bytes(path) == 0


WRITE = """
import sys
sys.path.insert(0, sys.argv[2])
from catalog_samples import add_photos, analysis, facts, take_in
from phototagd.db.catalog import Catalog
catalog = Catalog.open(sys.argv[1])
ids = add_photos(catalog, [b"%04d.jpg" % n for n in range(300)])
while True:
    for photo in ids:
        take_in(catalog, photo, facts(), analysis({"cat": 0.5}, dog=[0.5, 0.25]))
        print(photo, flush=True)
"""


def test_case_49_a_power_cut_leaves_a_catalog_that_opens(tmp_path):
    """The catalog and its log are copied while they are written: what a cut leaves on a disk."""
    source, target = tmp_path / "c.db", tmp_path / "cut" / "c.db"
    target.parent.mkdir()
    support = os.path.dirname(sys.modules["catalog_samples"].__file__)
    command = [sys.executable, "-c", WRITE, str(source), support]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        for _ in range(40):
            process.stdout.readline()
        process.send_signal(signal.SIGSTOP)
        for name in ("c.db", "c.db-wal"):
            copy = (tmp_path / name).read_bytes()
            # The last write was torn: a frame of the log is only half there.
            (target.parent / name).write_bytes(copy[:-1000] if name.endswith("wal") else copy)
        process.kill()
    with Catalog.open(str(target)) as catalog:
        counts = catalog.counts()
        assert upkeep.check(bytes(target)) == []
    assert sum(counts.values()) == 300
    assert counts["done"] >= 30


@pytest.mark.usefixtures("catalog")
def test_upkeep_loads_no_sqlalchemy(path):
    program = (
        "import sys; from phototagd.db import upkeep;"
        "assert upkeep.check(sys.argv[1].encode()) == []; sys.exit('sqlalchemy' in sys.modules)"
    )
    command = [sys.executable, "-c", program, os.fsdecode(path)]
    assert subprocess.run(command, check=False).returncode == 0


def test_a_lost_catalog_is_told_with_its_backups_newest_first(catalog, path):
    upkeep.back_up_rotating(path)
    upkeep.back_up_rotating(path)
    catalog.close()
    os.unlink(path)
    for ask in (Catalog.open, CatalogReader.open, upkeep.vacuum, upkeep.check):
        with pytest.raises(CatalogLost, match=r"catalog.db.bak.1, catalog.db.bak.2") as caught:
            ask(path)
        assert caught.value.backups == (path + b".bak.1", path + b".bak.2")
        assert isinstance(caught.value, CatalogError)
    os.replace(path + b".bak.1", path)
    with Catalog.open(path) as restored:
        assert restored.counts() == {"done": 9}
