"""Fault cases 49 and 61-64: what happens to the catalog's file and to its disk."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest
from alembic import command
from ledger import Ledger
from program import Program, wait_until
from stage import CAUGHT_UP, Stage, cat_jpeg, cup_jpeg, new_program, put, put_many

from phototagd.db.engine import open_engine
from phototagd.db.migrate import migration_config
from phototagd.db.states import KNOWN_REVISIONS, SCHEMA_REVISION

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from surroundings import Mounts

    Start = Callable[..., AbstractContextManager[Stage]]


def test_case_49_a_power_cut_in_the_middle_of_writing(start: Start, tmp_path: Path) -> None:
    """What lies on the disk at one moment, the end of the log cut off or full of zeros."""
    root = tmp_path / "photos"
    names = [path.name for path in put_many(root, 60, pictures=60)]
    copies = []
    with start(ready="") as stage:
        for number in range(4):
            wait_until(lambda n=number: stage.ledger.count("done") > 4 + n * 8)
            copies.append(copy_as_after_a_power_cut(stage, tmp_path / f"copy {number}", number))
        program = stage.program
        stage.daemon.stop(signal.SIGKILL)
    for copy in copies:
        ledger = Ledger(copy)
        assert ledger.check() == "ok"
        assert ledger.ask("PRAGMA foreign_key_check") == []
    program.environ["PHOTOTAG_CATALOG_PATH"] = str(copies[-1])
    program.catalog = copies[-1]
    with start() as stage:
        stage.wait_all_done(root, names)
        assert stage.ledger.check() == "ok"


def copy_as_after_a_power_cut(stage: Stage, folder: Path, number: int) -> Path:
    """Copy the catalog and its log at one moment; what was written last is not there yet."""
    folder.mkdir()
    with stage.daemon.held():
        for name in ("catalog.db", "catalog.db-wal"):
            shutil.copy(stage.program.catalog.with_name(name), folder / name)
    log = folder / "catalog.db-wal"
    lost = min(5000 * number, log.stat().st_size // 2)
    os.truncate(log, log.stat().st_size - lost)
    if number % 2:
        os.truncate(log, log.stat().st_size + lost)
    return folder / "catalog.db"


def test_case_61_the_catalogs_disk_is_full(
    start: Start, program: Program, mounts: Mounts, tmp_path: Path
) -> None:
    disk = mounts.tmpfs(tmp_path / "disk", "256m")
    put(tmp_path / "photos/cat.jpg", cat_jpeg())
    program.catalog = disk / "catalog.db"
    with start(PHOTOTAG_CATALOG_PATH=str(program.catalog)) as stage:
        stage.wait_done(stage.root / "cat.jpg")
        fill(disk / "filler")
        names = [path.name for path in put_many(stage.root / "new", 30, pictures=30)]
        wait_until(lambda: "full" in stage.reasons() or "space" in stage.reasons(), what="said")
        scans = stage.program.status()["scans"]
        assert stage.program.run("status").returncode == 3
        assert stage.found("cat", stage.root) == ["cat.jpg"]
        assert stage.program.status()["scans"] <= scans + 1, "it walks again and again"
        assert stage.daemon.process.poll() is None

        (disk / "filler").unlink()
        stage.wait_all_done(stage.root / "new", names)
        wait_until(lambda: stage.program.run("status").returncode == 0, what="healthy again")
        assert stage.ledger.check() == "ok"
        assert stage.daemon.stop() == 0


def fill(path: Path) -> None:
    """Write until there is no room any more."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(1 << 20))
    with path.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(512))


def refusal(program: Program, folder: Path, code: int = 78) -> str:
    """Start the daemon, which must refuse with one line; return it.

    After 78 a service manager does not start it again, after 1 it does.
    """
    done = program.run("watch", folder, timeout=60)
    assert done.returncode == code, done.stderr
    lines = [line for line in done.stderr.splitlines() if line]
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.fixture
def used(program: Program, tmp_path: Path) -> Program:
    """A program whose catalog knows a photo."""
    put(tmp_path / "photos/cat.jpg", cat_jpeg())
    done = program.run("scan", tmp_path / "photos")
    assert done.returncode == 0, done.stderr
    return program


def test_case_62_garbage_in_the_catalogs_place(used: Program, tmp_path: Path) -> None:
    garbage = b"garbage " * 5000
    used.catalog.write_bytes(garbage)
    line = refusal(used, tmp_path / "photos")

    assert str(used.catalog) in line
    assert "backup" in line
    assert used.catalog.read_bytes() == garbage
    assert used.run("search", "cat").returncode == 2


def test_case_62_a_newer_schema(used: Program, tmp_path: Path) -> None:
    Ledger(used.catalog).change("UPDATE alembic_version SET version_num = '9876'")
    line = refusal(used, tmp_path / "photos")

    assert "9876" in line
    assert "newer" in line
    assert Ledger(used.catalog).count() == 1


def test_case_62_a_folder_that_cannot_be_written(
    used: Program, mounts: Mounts, tmp_path: Path
) -> None:
    (tmp_path / "disk").mkdir()
    shutil.copy(used.catalog, tmp_path / "disk/catalog.db")
    disk = mounts.bind(tmp_path / "disk", tmp_path / "read-only")
    mounts.read_only(disk)
    used.environ["PHOTOTAG_CATALOG_PATH"] = str(disk / "catalog.db")
    line = refusal(used, tmp_path / "photos", 1)

    assert str(disk) in line
    assert "read-only" in line.replace(str(disk), "").lower()


def test_case_62_a_network_mount(used: Program, mounts: Mounts, tmp_path: Path) -> None:
    """FUSE stands in for NFS."""
    share = mounts.bindfs(put(tmp_path / "server/x", b"").parent, tmp_path / "share")
    used.catalog = share / "catalog.db"
    used.environ["PHOTOTAG_CATALOG_PATH"] = str(used.catalog)
    line = refusal(used, tmp_path / "photos")
    assert "allow_network" in line
    assert not used.catalog.exists()

    used.environ["PHOTOTAG_CATALOG_ALLOW_NETWORK"] = "true"
    with used.watch(tmp_path / "photos") as daemon:
        daemon.wait_for(CAUGHT_UP)
        assert used.search("cat") == [str(tmp_path / "photos/cat.jpg")]
        assert not (share / "catalog.db-wal").exists()
        assert daemon.stop() == 0


@pytest.mark.parametrize("what", ["deleted", "emptied"])
def test_case_62_a_catalog_that_was_there_is_not_begun_anew(
    used: Program, tmp_path: Path, what: str
) -> None:
    backup = used.run("db", "backup")
    assert backup.returncode == 0, backup.stderr
    used.catalog.unlink()
    if what == "emptied":
        used.catalog.touch()
    line = refusal(used, tmp_path / "photos", 1)

    assert "catalog.db.bak" in line
    assert not used.catalog.exists() or used.catalog.stat().st_size == 0
    assert "catalog.db.bak" in used.run("search", "cat").stderr
    shutil.copy(next(used.home.glob("catalog.db.bak*")), used.catalog)
    with used.watch(tmp_path / "photos") as daemon:
        daemon.wait_for(CAUGHT_UP)
        assert used.search("cat") == [str(tmp_path / "photos/cat.jpg")]


def test_case_62_the_catalog_is_deleted_while_the_daemon_runs(start: Start, tmp_path: Path) -> None:
    put(tmp_path / "photos/cat.jpg", cat_jpeg())
    with start() as stage:
        stage.wait_done(stage.root / "cat.jpg")
        for file in stage.program.home.glob("catalog.db*"):
            if not file.name.endswith((".lock", ".json")):
                file.unlink()
        put(stage.root / "later.jpg", cup_jpeg())
        name = str(stage.program.catalog)
        wait_until(lambda: name in stage.daemon.log.rpartition(CAUGHT_UP)[2], what="it says so")
        wait_until(
            lambda: stage.daemon.process.poll() is not None or name in stage.reasons(),
            what="it ends or status says so",
        )
        assert stage.daemon.process.poll() != 0
        assert not stage.program.catalog.exists()
        assert "Traceback" not in stage.daemon.log


def test_case_62_a_failing_disk_ends_the_daemon_so_that_it_is_started_again(
    start: Start, tmp_path: Path
) -> None:
    """A limit on the size of files stands in for it: to SQLite it is an error of input/output."""
    put(tmp_path / "photos/cat.jpg", cat_jpeg())
    with start() as stage:
        stage.wait_done(stage.root / "cat.jpg")
        resource.prlimit(stage.daemon.process.pid, resource.RLIMIT_FSIZE, (8192, 8192))
        put(stage.root / "later.jpg", cup_jpeg())
        assert stage.daemon.process.wait(60) == 1, "78 would keep the service from starting again"
        assert "disk I/O error" in stage.daemon.log
        assert "Traceback" not in stage.daemon.log
    with start() as stage:
        stage.wait_done(stage.root / "cat.jpg", stage.root / "later.jpg")
        assert stage.ledger.check() == "ok"


@pytest.mark.slow
def test_case_63_a_reader_holds_a_query_open(start: Start) -> None:
    """The log grows by another program's writing: the daemon alone would need an hour for it."""
    with start() as stage:
        put(stage.root / "first.jpg", cat_jpeg())
        stage.wait_done(stage.root / "first.jpg")
        reader = sqlite3.connect(f"file:{stage.program.catalog}?mode=ro", uri=True)
        with contextlib.closing(reader):
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM photo").fetchone()
            stage.ledger.change("CREATE TABLE large AS SELECT zeroblob(300000000) AS b")
            names = [path.name for path in put_many(stage.root, 20, pictures=20)]
            stage.wait_all_done(stage.root, [*names, "first.jpg"])
            wait_until(lambda: stage.program.status()["wal_bytes"] > 256 << 20)
            wait_until(lambda: "reads" in stage.reasons(), 90, "status says so")
            assert reader.execute("SELECT count(*) FROM photo").fetchone() == (1,)
        wait_until(lambda: stage.program.status()["wal_bytes"] < 10 << 20, 90, "truncated")
        wait_until(lambda: stage.program.run("status").returncode == 0)


def test_case_64_killed_while_migrating(program_cache: Path, tmp_path: Path) -> None:
    kill_migrations(program_cache, tmp_path, 40_000)


@pytest.mark.slow
def test_case_64_killed_while_migrating_a_million(program_cache: Path, tmp_path: Path) -> None:
    kill_migrations(program_cache, tmp_path, 1_000_000)


def kill_migrations(cache: Path, tmp_path: Path, number: int) -> None:
    program = new_program(tmp_path / "home", cache)
    first_schema(program.catalog, number)
    ledger = Ledger(program.catalog)
    backup = program.catalog.with_name("catalog.db.bak.1")
    (tmp_path / "photos").mkdir()
    schemas = []
    for size in (-1, 0, 1_000_000, 4_000_000):
        if schemas and schemas[-1] != "0001":
            break
        backup.unlink(missing_ok=True)
        with program.watch(tmp_path / "photos", log_name=f"{size}.log") as daemon:
            # The migration begins after the backup; it then writes into the log.
            while not (backup.exists() and log_size(program.catalog) >= size):
                assert daemon.process.poll() is None, daemon.log
                if CAUGHT_UP in daemon.log:
                    break
                threading.Event().wait(0.002)
            daemon.stop(signal.SIGKILL)
        schemas += ledger.ask("SELECT version_num FROM alembic_version")[0]
        assert counts(ledger) == (number, number)
    with program.watch(tmp_path / "photos", log_name="last.log") as daemon:
        daemon.wait_for(CAUGHT_UP, 300)
        assert daemon.stop() == 0
    assert counts(ledger) == (number, number)
    assert schemas[0] == "0001"  # the first kill hit the migration
    assert set(schemas) <= set(KNOWN_REVISIONS)
    assert ledger.ask("SELECT version_num FROM alembic_version") == [(SCHEMA_REVISION,)]
    assert ledger.ask("PRAGMA foreign_key_check") == []
    assert ledger.check() == "ok"
    assert Ledger(backup).check() == "ok"


def log_size(catalog: Path) -> int:
    """Return the bytes of the write-ahead log; -1 where there is none."""
    with contextlib.suppress(FileNotFoundError):
        return catalog.with_name("catalog.db-wal").stat().st_size
    return -1


def counts(ledger: Ledger) -> tuple[int, int]:
    """Count photos and rows that hang on them."""
    return ledger.count(), ledger.ask("SELECT count(*) FROM sighting")[0][0]


def first_schema(catalog: Path, number: int) -> None:
    """Make a catalog as the first version left it, with photos of a folder that is elsewhere."""
    engine = open_engine(bytes(catalog), migrating=True)
    with engine.begin() as connection:
        config = migration_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    with contextlib.closing(sqlite3.connect(catalog)) as connection, connection:
        connection.executescript(
            f"""
            INSERT INTO root (id, path) VALUES (1, x'2f656c73657768657265');
            INSERT INTO folder (id, root_id, relpath) VALUES (1, 1, x'');
            INSERT INTO model (id, name, digest) VALUES (1, 'm', 'd');
            INSERT INTO label (id, name, key, n) VALUES (1, 'cat', 'cat', {number});
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number})
            INSERT INTO photo (id, folder_id, name, size, mtime_ns, inode, state, taken_at,
                               analyzed_at, added_at)
            SELECT i, 1, CAST(i || '.jpg' AS BLOB), i, i, i, 'done', i, i, i FROM n;
            INSERT INTO photo_model SELECT id, 1 FROM photo;
            INSERT INTO photo_label SELECT id, 1, 1, 0.5 FROM photo;
            INSERT INTO sighting SELECT 1, taken_at, id, 0.5, 1 FROM photo;
            """  # noqa: S608
        )
