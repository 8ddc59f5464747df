"""Questions: what the reader gives, and what it says about catalogs that it cannot use."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys

import pytest
import sqlalchemy as sa
from catalog_samples import MODELS, add_photos, analysis, entry, facts, rows, take_in

from phototagd.db.catalog import Catalog
from phototagd.db.errors import (
    CatalogAbsent,
    CatalogBroken,
    CatalogTooNew,
    CatalogTooOld,
    CatalogUnreadable,
    QueryError,
    UnknownKeyword,
    UnknownWord,
)
from phototagd.db.reader import CatalogReader
from phototagd.db.records import LabelCount
from phototagd.db.search import Sort
from phototagd.db.states import PhotoState


@pytest.fixture
def path(tmp_path):
    """A closed catalog: a dog with a cat, two dogs, a dining table; one failed, one pending."""
    path = str(tmp_path / "room" / "catalog.db")
    with Catalog.open(path, clock=lambda: 5000) as catalog:
        catalog.intern_labels(["zebra"])
        names = [b"1.jpg", b"2.jpg", b"3.jpg", b"bad.jpg", b"wait.jpg"]
        ids = add_photos(catalog, names, b"/photos\xff", b"caf\xe9")
        given = facts(seconds=1, keywords=["Summer holiday", "at_home"])
        take_in(catalog, ids[0], given, analysis({"cat": 0.5}, dog=[0.75]), "animal")
        take_in(catalog, ids[1], facts(seconds=2), analysis(dog=[0.5, 0.25]))
        take_in(catalog, ids[2], facts(seconds=3), analysis(dining_table=[0.5]))
        catalog.record_failure(ids[3], None, "cut off")
    return path


@pytest.fixture
def reader(path):
    with CatalogReader.open(path) as opened:
        yield opened


def names(records):
    return [os.path.basename(record.path) for record in records]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [b"3.jpg", b"2.jpg", b"1.jpg"]),
        ("dog", [b"2.jpg", b"1.jpg"]),
        ("DOG cat", [b"1.jpg"]),
        ("dog -cat", [b"2.jpg"]),
        ("dog>=2", [b"2.jpg"]),
        ("dog@0.6", [b"1.jpg"]),
        ("cat OR dining_table", [b"3.jpg", b"1.jpg"]),
        ("-dog", [b"3.jpg"]),
        ("zebra", []),
        ("animal", [b"1.jpg"]),
        ("animal dog@0.7", [b"1.jpg"]),
        ("animal>=2", []),
        ("-zebra dog=1", [b"1.jpg"]),
        ('keyword:"summer  HOLIDAY"', [b"1.jpg"]),
        ("keyword:summer_holiday dog", [b"1.jpg"]),
        ("keyword:at_home", [b"1.jpg"]),
        ("dog -keyword:at_home", [b"2.jpg"]),
    ],
)
def test_a_search_finds(reader, query, found):
    assert names(reader.search(query)) == found


def test_sorts_and_limits(reader):
    assert names(reader.search("", sort=Sort.OLDEST, limit=2)) == [b"1.jpg", b"2.jpg"]
    assert names(reader.search("", sort="path")) == [b"1.jpg", b"2.jpg", b"3.jpg"]
    assert names(reader.search("dog", sort="confidence", limit=1)) == [b"1.jpg"]
    with pytest.raises(ValueError, match="sideways"):
        reader.search("dog", sort="sideways")
    with pytest.raises(ValueError, match="limit"):
        reader.search("dog", limit=-1)


def test_details_take_the_same_number_of_questions_for_any_number_of_hits(path):
    connection = sqlite3.connect(path)
    asked = []

    def execute(sql, parameters):
        asked.append(sql)
        return connection.execute(sql, parameters).fetchall()

    reader = CatalogReader(execute)
    counts = []
    for query in ("cat", "dog", ""):
        records = reader.search(query, details=True)
        assert all(record.models == ("classifier", "detector") for record in records)
        assert all(record.tags for record in records)
        counts.append(len(asked))
        asked.clear()
    connection.close()
    assert counts == [13, 13, 12]


def test_many_hits_bring_their_details_too(tmp_path):
    path = str(tmp_path / "many.db")
    with Catalog.open(path) as catalog:
        ids = add_photos(catalog, [b"%04d.jpg" % n for n in range(600)])
        for n, photo in enumerate(ids):
            take_in(catalog, photo, facts(), analysis({"cat": n / 1024}))
    with CatalogReader.open(path) as reader:
        records = reader.search("cat", sort="path", details=True)
    assert [record.tags[0].confidence for record in records] == [n / 1024 for n in range(600)]


def test_without_details_records_have_paths_and_facts_only(reader):
    (record,) = reader.search("cat")
    assert record.path == b"/photos\xff/caf\xe9/1.jpg"
    assert (record.width, record.height, record.state) == (640, 480, PhotoState.DONE)
    assert (record.tags, record.detections, record.models) == ((), (), ())


def test_a_photo_is_found_by_its_path_whatever_its_state(reader):
    bad = reader.photo(b"/photos\xff/caf\xe9/bad.jpg")
    assert (bad.state, bad.error, bad.attempts) == (PhotoState.FAILED, "cut off", 1)
    good = reader.photo(b"/photos\xff/caf\xe9/1.jpg")
    assert [tag.name for tag in good.tags] == ["dog", "animal", "cat"]
    for stranger in (b"/photos\xff/1.jpg", b"/elsewhere/1.jpg", b"/photos\xff", b"1.jpg", b""):
        assert reader.photo(stranger) is None


def test_lists_by_state(reader):
    assert names(reader.photos([PhotoState.FAILED, PhotoState.PENDING])) == [
        b"bad.jpg",
        b"wait.jpg",
    ]
    assert len(reader.photos()) == 5
    assert names(reader.photos(limit=1)) == [b"1.jpg"]
    assert reader.photos([]) == []


def test_labels_come_with_their_numbers_of_photos(reader):
    assert reader.labels() == [
        LabelCount("dog", 2, ("object",)),
        LabelCount("animal", 1, ("parent",)),
        LabelCount("cat", 1, ("label",)),
        LabelCount("dining table", 1, ("object",)),
        LabelCount("zebra", 0),
    ]


def test_stats_count_everything(reader, path):
    stats = reader.stats()
    assert stats.photos == {PhotoState.DONE: 3, PhotoState.FAILED: 1, PhotoState.PENDING: 1}
    assert stats.roots == (b"/photos\xff",)
    assert (stats.labels, stats.detections, stats.models) == (4, 4, MODELS)
    assert stats.size_bytes == os.path.getsize(path)
    assert (stats.first_analyzed_at, stats.last_analyzed_at) == (5000, 5000)


@pytest.mark.parametrize(
    ("query", "word", "position", "suggestions"),
    [
        ("cat dogs", "dogs", 4, ("dog",)),
        ("table", "table", 0, ("dining table",)),
        ("-zebar", "zebar", 1, ("zebra",)),
        ("xylophone", "xylophone", 0, ()),
        ("cat keyword:holidays", "holidays", 12, ("Summer holiday",)),
        ("keyword:or", "or", 8, ()),
        ("-at_home", "at home", 1, ('keyword:"at home"',)),
    ],
)
def test_an_unknown_word_is_named_with_what_is_near(reader, query, word, position, suggestions):
    with pytest.raises(UnknownWord) as caught:
        reader.search(query)
    error = caught.value
    assert isinstance(error, QueryError)
    assert (error.word, error.position, error.suggestions) == (word, position, suggestions)
    assert error.pointed() == f"{query}\n{' ' * position}^"


MEANINGS = {"dogs": "dog", "puppies": "DOG", "zebra": "dining table", "lorry": "truck"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("dogs", [b"2.jpg", b"1.jpg"]),
        ("puppies -cat", [b"2.jpg"]),
        ("dogs>=2 OR Dining_Table", [b"3.jpg", b"2.jpg"]),
        ("zebra", [b"3.jpg"]),
        ("keyword:at_home dogs@0.7", [b"1.jpg"]),
    ],
)
def test_a_word_that_is_on_no_photo_stands_for_what_it_means(reader, query, found):
    assert names(reader.search(query, resolve=MEANINGS.get)) == found


def test_a_name_that_is_on_photos_stands_for_itself(reader):
    assert names(reader.search("cat", resolve={"cat": "dog"}.get)) == [b"1.jpg"]


@pytest.mark.parametrize(("word", "near"), [("lorry", ()), ("dogz", ("dog",))])
def test_a_word_whose_meaning_is_unknown_is_unknown(reader, word, near):
    with pytest.raises(UnknownWord) as caught:
        reader.search(f"cat {word}", resolve=MEANINGS.get)
    assert (caught.value.word, caught.value.position) == (word, 4)
    assert caught.value.suggestions == near


def test_a_keyword_that_no_photo_has_is_told_from_a_label(reader):
    with pytest.raises(UnknownKeyword, match="no photo has the keyword 'dog'"):
        reader.search("dog keyword:dog")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("dog -keyword:private", [b"2.jpg", b"1.jpg"]),
        ("dog keyword:private", []),
        ("cat OR keyword:private", [b"1.jpg"]),
        ("cat -(dog keyword:priv*)", [b"1.jpg"]),
        ("-ext:heic -format:raw", [b"3.jpg", b"2.jpg", b"1.jpg"]),
        ("-camera:leica -lens:50mm -place:oslo -model:yolo cat", [b"1.jpg"]),
        ("dog -lorry*", [b"2.jpg", b"1.jpg"]),
        ("dog lorry<2", [b"2.jpg", b"1.jpg"]),
        ("dog lorry=1 sort:path", []),
    ],
)
def test_what_no_photo_has_finds_none_and_its_not_all_where_that_is_no_error(reader, query, found):
    told = []
    hits = reader.search(query, unknown=lambda error, _is_negated: told.append(error.word))
    assert names(hits) == found
    assert told
    with pytest.raises(UnknownWord):
        reader.search(query)


def test_it_is_told_whether_what_no_photo_has_stands_under_a_not(reader):
    told = []
    query = "lorry -tram -(bus -van) -(-(ship -train)) taxi<2 -plane=0"
    reader.count(query, unknown=lambda error, is_negated: told.append((error.word, is_negated)))
    assert told == [
        ("lorry", False),
        ("tram", True),
        ("bus", True),
        ("van", False),
        ("ship", False),
        ("train", True),
        ("taxi", True),
        ("plane", False),
    ]


def test_the_order_of_a_saved_search_is_known(reader, path):
    with Catalog.open(path, exclusive=False) as catalog:
        catalog.saved.save("any", "dog sort: random")
    assert reader.order("cat @any") is Sort.RANDOM
    assert reader.order("@any sort:path", Sort.SIZE) is Sort.PATH
    assert reader.order("cat", "size") is Sort.SIZE


def test_photos_come_by_their_ids_in_the_order_asked_for(reader):
    assert names(reader.photos_by_id([3, 1, 99, 4])) == [b"3.jpg", b"1.jpg", b"bad.jpg"]
    (photo,) = reader.photos_by_id([1])
    assert (photo.keywords, photo.tags[0].name) == (("at_home", "Summer holiday"), "dog")
    (photo,) = reader.photos_by_id([1], details=False)
    assert (photo.keywords, photo.tags, photo.tag_files) == ((), (), ())
    assert reader.photos_by_id([]) == []
    assert [photo.id for photo in reader.photos_by_id(range(5, 0, -1))] == [5, 4, 3, 2, 1]


def test_a_record_has_what_tells_a_file_from_others(reader):
    photo = reader.photo(b"/photos\xff/caf\xe9/1.jpg")
    assert (photo.fingerprint, photo.inode, photo.size) == (b"pixels", 1, 10)


def test_an_error_leaves_the_reader_usable(reader):
    for query in ("nonsense", "(cat", "cat"):
        try:
            assert names(reader.search(query)) == [b"1.jpg"]
        except QueryError:
            continue


def test_the_reader_sees_what_the_writer_has_committed(path):
    with Catalog.open(path) as catalog, CatalogReader.open(path) as reader:
        assert names(reader.search("cat")) == [b"1.jpg"]
        root = catalog.roots()[0]
        catalog.file_gone(root.id, b"caf\xe9", b"1.jpg")
        assert reader.search("cat") == []
        catalog.observe_file(root.id, b"", entry(b"new.jpg"))
        assert len(reader.photos()) == 6


def test_a_question_keeps_no_transaction_open(path):
    with Catalog.open(path) as catalog, CatalogReader.open(path) as reader:
        reader.search("dog", details=True)
        with pytest.raises(QueryError):
            reader.search("nonsense")
        catalog.add_root(b"/more")
        with catalog._transactions.engine.connect() as connection:
            raw = connection.connection.driver_connection
            busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert busy == 0
        assert os.path.getsize(path + "-wal") == 0


def test_the_reader_cannot_write(path):
    from phototagd.db.opening import open_for_reading

    connection = open_for_reading(os.fsencode(path))
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM photo")
    connection.close()


def test_the_same_questions_run_through_sqlalchemys_text(path):
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        reader = CatalogReader(
            lambda sql, values: [tuple(row) for row in connection.execute(sa.text(sql), values)]
        )
        with CatalogReader.open(path) as direct:
            for sort in Sort:
                for query in ("dog", "dog>=2 OR cat@0.4", "-cat"):
                    asked = {"sort": sort, "seed": 1, "limit": 2, "details": True}
                    assert reader.search(query, **asked) == direct.search(query, **asked)
            assert reader.labels() == direct.labels()
            assert reader.photos() == direct.photos()
            assert reader.stats().photos == direct.stats().photos
    engine.dispose()


def test_no_catalog_is_said_and_none_is_made(tmp_path):
    with pytest.raises(CatalogAbsent):
        CatalogReader.open(str(tmp_path / "no.db"))
    (tmp_path / "empty.db").touch()
    with pytest.raises(CatalogAbsent):
        CatalogReader.open(str(tmp_path / "empty.db"))
    assert os.listdir(tmp_path) == ["empty.db"]


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", CatalogTooNew),
        ("DELETE FROM alembic_version", CatalogTooOld),
        ("DROP TABLE alembic_version", CatalogBroken),
    ],
)
def test_a_catalog_of_another_schema_is_refused(path, statement, error):
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()
    with pytest.raises(error) as caught:
        CatalogReader.open(path)
    assert caught.value.path == os.fsencode(path)


def test_garbage_is_refused(tmp_path):
    (tmp_path / "c.db").write_bytes(b"garbage " * 1000)
    with pytest.raises(CatalogBroken):
        CatalogReader.open(str(tmp_path / "c.db"))


def test_a_damaged_page_is_told_as_a_broken_catalog(path):
    ((size, page),) = rows(
        path, "SELECT page_size, rootpage FROM pragma_page_size, sqlite_master WHERE name = 'photo'"
    )
    with open(path, "r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xee" * size)
    with CatalogReader.open(path) as reader, pytest.raises(CatalogBroken, match="malformed"):
        reader.search("dog")


ASK = """
import os, sys
from phototagd.db.errors import CatalogError
from phototagd.db.query import parse
from phototagd.db.reader import CatalogReader
parse("loaded")
if os.geteuid() == 0:
    # Only now: the interpreter itself may lie where nobody else can read.
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    with CatalogReader.open(sys.argv[1]) as reader:
        print(len(reader.search("dog")))
except CatalogError as error:
    print(type(error).__name__, error)
"""


def ask_as_nobody(path):
    """Run a search without permission to write beside the catalog, also where we are root."""
    command = [sys.executable, "-c", ASK, path]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def sealed(path, tmp_path):
    """The catalog in a folder that others may read and nobody but root may write."""
    for folder in (tmp_path, *tmp_path.parents):
        if os.stat(folder).st_uid != os.geteuid() or folder == folder.parent:
            break
        mode = stat.S_IMODE(os.stat(folder).st_mode)
        if mode & 0o005 != 0o005:
            os.chmod(folder, mode | 0o055)  # noqa: S103
    room = os.path.dirname(path)

    def seal():
        for name in os.listdir(room):
            os.chmod(os.path.join(room, name), 0o444)
        os.chmod(room, 0o555)  # noqa: S103

    yield seal
    os.chmod(room, 0o755)  # noqa: S103


def test_a_catalog_at_rest_in_a_folder_of_others_is_read(path, sealed):
    sealed()
    assert ask_as_nobody(path) == "2\n"


def test_a_catalog_whose_log_cannot_be_read_is_not_read_stale(path, sealed, tmp_path):
    room = os.path.dirname(path)
    with Catalog.open(path) as catalog:
        catalog.add_root(b"/more")
        for name in ("catalog.db", "catalog.db-wal"):
            shutil.copy(os.path.join(room, name), tmp_path)
    # As a killed daemon leaves it: a log that is not in the file yet, and no -shm.
    for name in ("catalog.db", "catalog.db-wal"):
        shutil.move(str(tmp_path / name), os.path.join(room, name))
    sealed()
    answer = ask_as_nobody(path)
    assert answer.startswith("CatalogUnreadable")
    assert "while the daemon runs" in answer


def test_a_catalog_in_use_is_read_by_others(path, sealed):
    with Catalog.open(path) as catalog:
        catalog.add_root(b"/more")
        sealed()
        assert ask_as_nobody(path) == "2\n"


def test_a_folder_is_no_catalog(tmp_path):
    with pytest.raises(CatalogUnreadable):
        CatalogReader.open(str(tmp_path))


def test_a_search_loads_nothing_heavy(path):
    program = (
        "import sys; from phototagd.db.reader import CatalogReader\n"
        "with CatalogReader.open(sys.argv[1]) as reader:\n"
        "    assert len(reader.search('dog -cat', details=True)) == 1\n"
        "print(sorted({'sqlalchemy', 'alembic', 'cv2', 'openvino', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, path], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
