"""A catalog without room, without its file, or without the right to write: said, never hidden."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

import pytest
from catalog_samples import add_photos, analysis, entry, facts, take_in

from phototagd.db import upkeep
from phototagd.db.catalog import Catalog
from phototagd.db.errors import (
    CatalogAbsent,
    CatalogBroken,
    CatalogBusy,
    CatalogFull,
    CatalogLost,
    CatalogUnreadable,
    CatalogVanished,
)
from phototagd.db.lock import find_writer, was_made
from phototagd.db.reader import CatalogReader


@pytest.fixture
def path(tmp_path):
    return bytes(tmp_path / "catalog.db")


@pytest.fixture
def mount(tmp_path):
    """Mount a small file system of its own; not everybody may."""
    mounted = []

    def mount_on(name, options):
        place = tmp_path / name
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "none", str(place)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("mounting is not permitted here")
        mounted.append(place)
        return place

    yield mount_on
    for place in mounted:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(ballast):
    with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as file:
        while file.write(bytes(4096)):
            continue


def analyze(catalog, ids):
    # More than the pages that the log has room for already.
    for _ in range(20):
        for photo in ids:
            take_in(catalog, photo, facts(), analysis({"cat": 0.5}, dog=[0.5]))


def test_case_61_a_full_disk_is_said_and_the_same_catalog_goes_on_after_room(mount):
    place = mount("small", "size=16m")
    path = bytes(place / "catalog.db")
    with Catalog.open(path) as catalog:
        ids = add_photos(catalog, [b"%03d.jpg" % n for n in range(50)])
        fill(place / "ballast")
        with pytest.raises(CatalogFull) as caught:
            analyze(catalog, ids)
        assert caught.value.path == path
        before = catalog.counts()
        with pytest.raises(CatalogFull):
            upkeep.back_up(path, path + b".bak.1")
        assert upkeep.list_backups(path) == []
        with CatalogReader.open(path) as reader:
            assert reader.counts() == before
        (place / "ballast").unlink()
        analyze(catalog, ids)
        assert catalog.counts() == {"done": 50}
    assert upkeep.check(path) == []


def test_case_61_a_first_start_on_a_full_disk_is_no_lost_catalog_later(mount):
    place = mount("full", "size=64k")
    (place / "ballast").write_bytes(bytes(60 << 10))
    with pytest.raises(CatalogFull):
        Catalog.open(bytes(place / "catalog.db"))
    (place / "ballast").unlink()
    assert not was_made(bytes(place / "catalog.db"))


def test_case_62_a_folder_that_cannot_be_written_is_said(mount):
    place = mount("sealed", "size=4m")
    path = bytes(place / "catalog.db")
    with pytest.raises(CatalogAbsent):
        CatalogReader.open(path)
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    with pytest.raises(CatalogUnreadable, match="Read-only file system"):
        Catalog.open(path)


@pytest.mark.parametrize("way", ["deleted", "replaced", "emptied folder"])
def test_case_62_a_catalog_that_vanishes_while_it_is_open_is_noticed(path, tmp_path, way):
    with Catalog.open(path) as catalog:
        add_photos(catalog, [b"a.jpg"])
        assert catalog.is_in_place()
        if way == "replaced":
            upkeep.back_up(path, path + b".other")
            os.replace(path + b".other", path)
        elif way == "deleted":
            os.unlink(path)
        else:
            for name in os.listdir(tmp_path):
                os.unlink(tmp_path / name)
        assert not catalog.is_in_place()
        with pytest.raises(CatalogVanished):
            catalog.observe_file(1, b"", entry(b"b.jpg"))
        with pytest.raises(CatalogVanished):
            catalog.counts()


def test_case_62_a_catalog_that_was_there_is_not_replaced_by_an_empty_one(path):
    Catalog.open(path).close()
    os.unlink(path)
    for _ in range(2):
        with pytest.raises(CatalogLost, match=r"remove catalog.db.lock") as caught:
            Catalog.open(path)
        assert not os.path.exists(path)
    assert caught.value.backups == ()
    os.unlink(path + b".lock")
    Catalog.open(path).close()


def test_case_62_an_emptied_catalog_is_as_lost_as_a_deleted_one(path):
    Catalog.open(path).close()
    os.truncate(path, 0)
    with pytest.raises(CatalogLost):
        Catalog.open(path)
    with pytest.raises(CatalogLost):
        CatalogReader.open(path)
    assert os.path.getsize(path) == 0


def test_case_62_garbage_in_the_place_of_a_catalog_names_the_backups(path):
    with Catalog.open(path) as catalog:
        catalog.add_root(b"/photos")
    upkeep.back_up_rotating(path)
    with open(path, "wb") as file:
        file.write(b"garbage " * 1000)
    for ask in (Catalog.open, CatalogReader.open):
        with pytest.raises(CatalogBroken, match=r"catalog.db.bak.1"):
            ask(path)


def test_a_lock_of_earlier_versions_means_nothing(path):
    with open(path + b".lock", "wb") as file:
        file.write(b"4711\n")
    Catalog.open(path).close()
    with open(path + b".lock", "rb") as file:
        assert file.read() == b"\nmade\n"


def test_the_writer_is_found_and_asking_does_not_keep_it_out(path):
    assert find_writer(path) is None
    with Catalog.open(path):
        assert find_writer(path).pid == os.getpid()
    assert find_writer(path) is None
    assert was_made(path)


CHANGE = """
import sys
from phototagd.db.catalog import Catalog
with Catalog.open(sys.argv[1], exclusive=False) as catalog:
    print(catalog.queue.retry())
"""


def test_another_process_may_make_a_short_change_beside_the_writer(path):
    with Catalog.open(path) as catalog:
        (photo,) = add_photos(catalog, [b"a.jpg"])
        catalog.record_failure(photo, None, "cut off")
        command = [sys.executable, "-c", CHANGE, os.fsdecode(path)]
        assert subprocess.check_output(command) == b"1\n"
        assert [waiting.id for waiting in catalog.queue.next_pending(9)] == [photo]


def test_a_short_change_neither_creates_nor_locks(path):
    with pytest.raises(CatalogAbsent):
        Catalog.open(path, exclusive=False)
    assert os.listdir(os.path.dirname(path)) == []
    Catalog.open(path).close()
    with Catalog.open(path, exclusive=False):
        assert find_writer(path) is None
        Catalog.open(path).close()


def test_a_writer_that_waits_in_vain_says_busy_and_goes_on_later(path):
    with Catalog.open(path) as catalog, Catalog.open(path, exclusive=False) as other:
        with other._transactions.engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA busy_timeout = 1")
        with catalog._transactions.begin(), pytest.raises(CatalogBusy):
            other.add_root(b"/a")
        assert other.add_root(b"/a").id == 1


def test_without_shared_memory_the_catalog_has_a_journal_and_no_log(path):
    with Catalog.open(path, wal=False) as catalog:
        add_photos(catalog, [b"a.jpg"])
        with Catalog.open(path, exclusive=False) as other:
            assert other.queue.retry() == 0
        with CatalogReader.open(path) as reader:
            assert len(reader.photos()) == 1
        assert catalog.checkpoint() == 0
        assert sorted(os.listdir(os.path.dirname(path))) == [b"catalog.db", b"catalog.db.lock"]
    with Catalog.open(path) as catalog:
        catalog.add_root(b"/more")
        assert os.path.exists(path + b"-wal")
