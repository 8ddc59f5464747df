"""One writer a catalog, whatever way the last one ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from phototagd.db.catalog import Catalog
from phototagd.db.errors import CatalogBroken, CatalogLocked
from phototagd.db.lock import CatalogLock

HOLD = """
import sys
from phototagd.db.lock import CatalogLock
lock = CatalogLock(sys.argv[1].encode())
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "c.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_writer_is_refused_with_the_pid_of_the_first(tmp_path, holder):
    with pytest.raises(CatalogLocked) as caught:
        Catalog.open(str(tmp_path / "c.db"))
    assert caught.value.pid == holder.pid
    assert str(holder.pid) in str(caught.value)
    assert not (tmp_path / "c.db").exists()


def test_a_killed_writer_leaves_no_lock(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with Catalog.open(str(tmp_path / "c.db")) as catalog:
        assert catalog.roots() == []
        assert (tmp_path / "c.db.lock").read_text() == f"{os.getpid()}\nmade\n"


def test_closing_lets_the_next_writer_in(tmp_path):
    first = Catalog.open(str(tmp_path / "c.db"))
    with pytest.raises(CatalogLocked):
        Catalog.open(str(tmp_path / "c.db"))
    first.close()
    first.close()
    Catalog.open(str(tmp_path / "c.db")).close()


def test_a_catalog_that_cannot_be_opened_is_not_left_locked(tmp_path):
    path = tmp_path / "c.db"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(CatalogBroken):
        Catalog.open(str(path))
    lock = CatalogLock(os.fsencode(path))
    lock.acquire()
    lock.release()


def test_a_lock_file_without_a_pid_still_locks(tmp_path):
    first, second = CatalogLock(bytes(tmp_path / "c")), CatalogLock(bytes(tmp_path / "c"))
    first.acquire()
    os.truncate(first.path, 0)
    with pytest.raises(CatalogLocked) as caught:
        second.acquire()
    assert caught.value.pid is None
    first.release()
