"""The schema: from nothing to now, equal to the tables, and never over what is not ours."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from catalog_samples import add_photos, facts, random_evidence, rows, take_in
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from phototagd.db import upkeep
from phototagd.db.catalog import Catalog
from phototagd.db.engine import open_engine
from phototagd.db.errors import CatalogBroken, CatalogError, CatalogTooNew, CatalogTooOld
from phototagd.db.migrate import bring_up_to_date, migration_config
from phototagd.db.reader import CatalogReader
from phototagd.db.states import KNOWN_REVISIONS, SCHEMA_REVISION
from phototagd.db.tables import Base
from phototagd.models.results import ModelVersion, Tag


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "catalog.db")


def schema(path):
    """Give every table and index of a database as SQLite describes it."""
    tables = rows(path, "SELECT name, wr, strict FROM pragma_table_list WHERE schema = 'main'")
    columns = rows(
        path,
        'SELECT m.name, c.name, c.type, c."notnull", c.dflt_value, c.pk'
        " FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'",
    )
    keys = rows(
        path,
        'SELECT m.name, k."table", k."from", k."to", k.on_delete'
        " FROM sqlite_master m, pragma_foreign_key_list(m.name) k WHERE m.type = 'table'",
    )
    indexes = rows(
        path,
        'SELECT m.name, i.name, i."unique", i.partial, x.seqno, x.name FROM sqlite_master m,'
        " pragma_index_list(m.name) i, pragma_index_info(i.name) x WHERE m.type = 'table'",
    )
    made = rows(path, "SELECT name, sql FROM sqlite_master WHERE type = 'index'")
    everything = [*tables, *columns, *keys, *indexes, *made]
    return sorted(row for row in map(repr, everything) if "alembic" not in row)


def test_the_migrated_schema_is_that_of_the_tables(path, tmp_path):
    Catalog.open(path).close()
    created = tmp_path / "created.db"
    engine = sa.create_engine(f"sqlite:///{created}")
    Base.metadata.create_all(engine)
    engine.dispose()
    assert schema(path) == schema(created)
    assert len(schema(path)) > 80


def test_alembic_sees_no_difference_either(path):
    Catalog.open(path).close()
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_every_table_is_strict(path):
    Catalog.open(path).close()
    loose = "SELECT name FROM pragma_table_list WHERE NOT strict AND schema = 'main'"
    names = {name for (name,) in rows(path, loose)}
    assert names == {"alembic_version", "sqlite_schema"}


def test_the_constants_name_alembics_revisions_in_order():
    script = ScriptDirectory.from_config(migration_config())
    assert script.get_heads() == [SCHEMA_REVISION]
    known = [step.revision for step in script.walk_revisions()]
    assert tuple(reversed(known)) == KNOWN_REVISIONS


def test_postgresql_can_hold_the_tables():
    dialect = postgresql.dialect()
    for table in Base.metadata.sorted_tables:
        text = str(CreateTable(table).compile(dialect=dialect))
        assert "STRICT" not in text
        assert "INTEGER" not in text
        for index in table.indexes:
            assert "CREATE" in str(CreateIndex(index).compile(dialect=dialect))
    photo = str(CreateTable(Base.metadata.tables["photo"]).compile(dialect=dialect))
    assert "id BIGSERIAL" in photo
    assert "name BYTEA" in photo


def test_a_newer_catalog_is_refused_and_left_alone(path):
    Catalog.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(CatalogTooNew) as caught:
        Catalog.open(path)
    assert (caught.value.found, caught.value.known) == ("9999", SCHEMA_REVISION)
    assert "install a newer phototagd" in str(caught.value)
    assert rows(path, "SELECT version_num FROM alembic_version") == [("9999",)]


@pytest.mark.parametrize("size", [100, 5000, 100_000])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path, size):
    path = tmp_path / "catalog.db"
    garbage = os.urandom(size)
    path.write_bytes(garbage)
    with pytest.raises(CatalogBroken) as caught:
        Catalog.open(str(path))
    assert caught.value.path == os.fsencode(path)
    assert path.read_bytes() == garbage


def test_another_programs_database_is_refused_and_left_alone(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE song (title TEXT)")
    connection.close()
    with open(path, "rb") as file:
        before = file.read()
    with pytest.raises(CatalogBroken, match="another program"):
        Catalog.open(path)
    with open(path, "rb") as file:
        assert file.read() == before
    assert rows(path, "SELECT name FROM sqlite_master") == [("song",)]


def test_a_catalog_that_cannot_be_made_is_an_error_with_its_name(tmp_path):
    with pytest.raises(CatalogError, match="folder-here"):
        bring_up_to_date(str(tmp_path / "folder-here" / "nowhere" / "catalog.db"))


def test_the_empty_file_of_an_interrupted_first_start_becomes_a_catalog(path):
    open(path, "wb").close()
    Catalog.open(path).close()
    assert rows(path, "SELECT version_num FROM alembic_version") == [(SCHEMA_REVISION,)]


def test_a_second_start_does_not_import_alembic(path):
    Catalog.open(path).close()
    program = (
        "import sys; from phototagd.db.catalog import Catalog; Catalog.open(sys.argv[1]).close();"
        "assert 'sqlalchemy' in sys.modules; sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program, path], check=False).returncode == 0


FILL_0001 = (
    "INSERT INTO root VALUES (1, x'2f70')",
    "INSERT INTO folder VALUES (1, 1, x'')",
    "INSERT INTO model VALUES (1, 'classifier', 'c1')",
    "INSERT INTO label VALUES (1, 'cat', 'cat', {number})",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number})"
    " INSERT INTO photo SELECT i, 1, CAST(printf('%07d.jpg', i) AS BLOB), 10, i, i, x'00', 'JPEG',"
    " 4, 3, CASE i % 10 WHEN 0 THEN 'missing' WHEN 1 THEN 'failed' ELSE 'done' END, 0, NULL, i, i,"
    " i FROM n",
    "INSERT INTO photo_model SELECT id, 1 FROM photo",
    "INSERT INTO photo_label SELECT id, 1, 1, 0.5 FROM photo",
    "INSERT INTO sighting SELECT 1, taken_at, id, 0.5, 1 FROM photo",
)


def make_0001(path, number, *, then_to="0001"):
    """Make a catalog of the first schema with photos and what was said of them."""
    from alembic import command

    engine = open_engine(path, migrating=True)
    with engine.begin() as connection:
        config = migration_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in FILL_0001:
            connection.exec_driver_sql(statement.format(number=number))
        command.upgrade(config, then_to)
    engine.dispose()


TABLES = ("root", "folder", "photo", "sighting", "label", "model")
SAID = (*TABLES, "photo_model", "photo_label")


def sizes(path):
    """Count the rows of all tables, and what was said of photos under its name of the time."""
    has_tags = rows(path, "SELECT 1 FROM sqlite_master WHERE name = 'photo_tag'")
    said = "photo_tag" if has_tags else "photo_label"
    return [
        rows(path, f"SELECT count(*) FROM {name}")[0][0]  # noqa: S608
        for name in (*TABLES, said)
    ]


def test_a_catalog_of_the_first_schema_is_backed_up_and_brought_up_to_date(path):
    make_0001(path, 40)
    before = sizes(path)
    with pytest.raises(CatalogTooOld):
        Catalog.open(path, exclusive=False)
    with pytest.raises(CatalogTooOld):
        CatalogReader.open(path)
    with Catalog.open(path) as catalog:
        assert catalog.root_records()[0].state == "ok"
        assert catalog.queue.requeue_due(1 << 40) == 4
        assert catalog.purge_missing(1 << 40) == 4
    Catalog.open(path).close()
    (backup,) = upkeep.list_backups(os.fsencode(path))
    assert sizes(backup) == before
    assert rows(backup, "SELECT version_num FROM alembic_version") == [("0001",)]


def test_a_catalog_without_keywords_keeps_its_rows_and_learns_them(path):
    make_0001(path, 40, then_to="0002")
    rows_before = [rows(path, f"SELECT * FROM {name} ORDER BY 1, 2") for name in SAID]  # noqa: S608
    with Catalog.open(path) as catalog:
        catalog.record_copy(2, facts(keywords=["holiday"]), 2, queue_tags=True)
        assert [job.id for job in catalog.tags.next_jobs(9)] == [2]
    with CatalogReader.open(path) as reader:
        assert [photo.id for photo in reader.search("keyword:holiday cat")] == [2]
        assert len(reader.search("cat")) == 32
    (backup,) = upkeep.list_backups(os.fsencode(path))
    assert [
        rows(backup, f"SELECT * FROM {name} ORDER BY 1, 2")  # noqa: S608
        for name in SAID
    ] == rows_before
    assert rows(backup, "SELECT version_num FROM alembic_version") == [("0002",)]
    assert upkeep.check(os.fsencode(path)) == []


FILL_0003 = (
    "INSERT INTO model VALUES (2, 'detector', 'd1'), (3, 'detector', 'd0')",
    "INSERT INTO label VALUES (2, 'dog', 'dog', 0), (3, 'zebra', 'zebra', 0)",
    "INSERT INTO photo_model SELECT id, 2 FROM photo WHERE id > 3",
    "INSERT INTO photo_model SELECT id, 3 FROM photo WHERE id IN (2, 3)",
    "INSERT INTO photo_label SELECT id, 1, 2, 0.25 FROM photo WHERE id % 2 = 0",
    "INSERT INTO detection SELECT id, n, 2, 2, 0.75 - n / 4.0, 0, 0, 0.5, 1 FROM photo,"
    " (SELECT 0 AS n UNION ALL SELECT 1) WHERE id % 4 = 0",
    "INSERT INTO sighting SELECT 2, taken_at, id, CASE id % 4 WHEN 0 THEN 0.75 ELSE 0.25 END,"
    " CASE id % 4 WHEN 0 THEN 2 ELSE 1 END FROM photo WHERE id % 2 = 0",
    "UPDATE label SET n = (SELECT count(*) FROM sighting WHERE label_id = label.id)",
    "INSERT INTO tag_job SELECT id, 0, 0 FROM photo WHERE id = 2",
    "DELETE FROM photo_model WHERE photo_id = 1",
    "DELETE FROM photo_label WHERE photo_id = 1",
    "DELETE FROM sighting WHERE photo_id = 1",
    "UPDATE label SET n = n - 1 WHERE id = 1",
)


def make_0003(path, number):
    """Make a catalog of the third schema: cats by a classifier, dogs by both kinds of models."""
    make_0001(path, number, then_to="0003")
    connection = sqlite3.connect(path)
    for statement in FILL_0003:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_what_was_said_before_becomes_tags_and_what_was_asked_becomes_sets(path):
    make_0003(path, 40)
    kept = ("detection", "label_id, taken_at, photo_id, confidence, times FROM sighting", "tag_job")
    questions = [f"SELECT {name if ' ' in name else f'* FROM {name}'}" for name in kept]  # noqa: S608
    before = [rows(path, question) for question in questions]
    with Catalog.open(path) as catalog:
        assert catalog.readings.next_to_refuse("any") == []
        current = [ModelVersion("classifier", "c1"), ModelVersion("detector", "d1")]
        assert catalog.find_analyzed(b"\0", current) == 4
        outdated, _ = catalog.queue.next_outdated(current)
        assert {3, 2} < {photo.id for photo in outdated}
        assert [photo.id for photo in catalog.tags.next_jobs(9)] == [2]
    assert [rows(path, question) for question in questions] == before
    with CatalogReader.open(path) as reader:
        (photo,) = reader.photos_by_id([4])
        assert photo.tags == (
            Tag("dog", 0.75, "object", "detected", 0.0),
            Tag("cat", 0.5, "label", "leaf", 0.0),
        )
        assert (photo.models, photo.rules) == (("classifier", "detector"), None)
        kinds = {label.name: label.kinds for label in reader.labels()}
        assert kinds == {"cat": ("label",), "dog": ("object", "label"), "zebra": ()}
        assert [(len(one.models), one.photos) for one in reader.model_sets()] == [(2, 37), (2, 2)]
    assert rows(path, "SELECT set_id FROM photo WHERE id = 1") == [(None,)]
    assert upkeep.check(os.fsencode(path)) == []


FILL_0004 = (
    "UPDATE photo SET name = x'494d475fff2e4a5047', width = 3, height = 4 WHERE id = 4",
    "UPDATE photo SET width = 4, height = 4, fingerprint = x'01' WHERE id = 5",
    "UPDATE photo SET width = NULL, height = NULL, taken_at = -1 WHERE id = 6",
    "UPDATE sighting SET taken_at = -1 WHERE photo_id = 6",
    "DELETE FROM photo_tag WHERE photo_id = 7",
    "DELETE FROM sighting WHERE photo_id = 7",
    "UPDATE label SET n = n - 1 WHERE id = 1",
    "INSERT INTO label VALUES (9, 'animal', 'animal', 1, 4)",
    "INSERT INTO photo_tag VALUES (4, 9, 'parent', 0.75, 'implied', 0.5, 0, NULL)",
    "INSERT INTO sighting VALUES (9, 4, 4, 0.75, 1)",
    'UPDATE detection SET "left" = 0.75, top = 0.5, "right" = 1, bottom = 0.50001'
    " WHERE photo_id = 4 AND n = 1",
)


def make_0004(path, number):
    """Make a catalog of the fourth schema with photos of several shapes, one without tags."""
    from alembic import command

    make_0003(path, number)
    engine = open_engine(path, migrating=True)
    with engine.begin() as connection:
        config = migration_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        for statement in FILL_0004:
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_a_catalog_without_metadata_learns_what_its_own_rows_tell(path):
    make_0004(path, 40)
    Catalog.open(path).close()
    columns = "suffix, name_key, month, shape, read_by, taken_source, untagged, twin, sidecar"
    found = {
        photo: known
        for photo, *known in rows(path, f"SELECT id, {columns} FROM photo")  # noqa: S608
    }
    assert found[4] == ["jpg", r"img_\xff.jpg", 1, -1, 0, None, 0, 1, 0]
    assert found[5] == ["jpg", "0000005.jpg", 1, 0, 0, None, 0, 0, 0]
    assert found[6] == ["jpg", "0000006.jpg", 12, None, 0, None, 0, 1, 0]
    assert found[7][3] == 1
    assert [photo for photo, known in found.items() if known[6]] == [7]
    assert [photo for photo, known in found.items() if not known[7]] == [5]
    sighted = "SELECT photo_id, label_id, kind, largest, spots FROM sighting WHERE photo_id < 5"
    assert rows(path, f"{sighted} ORDER BY 1, 2") == [
        (2, 1, 2, 0, 0),
        (2, 2, 2, 0, 0),
        (3, 1, 2, 0, 0),
        (4, 1, 2, 0, 0),
        # Half of the picture to the left, and a sliver of 1/400,000 to the right.
        (4, 2, 1, 5000, 1 + 2),
        (4, 9, 4, 0, 0),
    ]
    assert upkeep.check(os.fsencode(path)) == []


def test_what_the_migration_says_of_sightings_is_what_recording_says(path):
    """The geometry is written down twice: a migration is a part of history."""
    chance = random.Random(3)  # noqa: S311
    with Catalog.open(path) as catalog:
        ids = add_photos(catalog, [b"%d.jpg" % n for n in range(60)])
        for photo in ids:
            take_in(catalog, photo, facts(), random_evidence(chance), "thing")
    sighted = "SELECT * FROM sighting"
    before = rows(path, sighted)
    assert len({row[-1] for row in before}) > 8
    revision = module_of("0005")
    connection = sqlite3.connect(path)
    connection.execute("UPDATE sighting SET kind = 0, largest = 0, spots = 0")
    for statement in (revision.KINDS, revision.FRAMES, revision.SPOTS):
        connection.execute(statement)
    connection.commit()
    connection.close()
    assert rows(path, sighted) == before


def module_of(revision):
    """Give the module of a revision."""
    return ScriptDirectory.from_config(migration_config()).get_revision(revision).module


MIGRATE = "import sys; from phototagd.db.catalog import Catalog; Catalog.open(sys.argv[1]).close()"


def test_case_64_a_migration_that_is_killed_leaves_one_whole_schema_and_a_backup(tmp_path):
    """Killed at moments all over the migration; no row of any table is ever lost."""
    path, master = tmp_path / "catalog.db", tmp_path / "master.db"
    make_0001(str(master), 60_000)
    before = sizes(master)
    shutil.copy(master, path)
    killed_inside = 0
    for moment in range(12):
        process = subprocess.Popen([sys.executable, "-c", MIGRATE, str(path)])
        journal = wait_for_migration(tmp_path, process)
        if journal:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.02 * moment)
        killed_inside += process.poll() is None
        process.kill()
        process.wait()
        assert rows(path, "PRAGMA quick_check") == [("ok",)]
        assert rows(path, "PRAGMA foreign_key_check") == []
        assert sizes(path) == before
        if rows(path, "SELECT version_num FROM alembic_version") == [(SCHEMA_REVISION,)]:
            break
        assert "next_try_at" not in {name for _, name, *_ in rows(path, TABLE_INFO)}
    assert killed_inside >= 2
    Catalog.open(str(path)).close()
    assert upkeep.check(os.fsencode(path)) == []
    backup = upkeep.list_backups(os.fsencode(path))[0]
    assert sizes(backup) == before


TABLE_INFO = "SELECT * FROM pragma_table_info('photo')"


def wait_for_migration(folder, process):
    """Wait until the migration writes (its journal is there), or the process has ended."""
    pause = threading.Event()
    while process.poll() is None:
        if (folder / "catalog.db-journal").exists():
            return True
        pause.wait(0.002)
    return False
