"""Any text at all is answered by photos or by one error with its place."""

from __future__ import annotations

import os
import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from query_strategies import queries
from random_catalog import in_the_zone, make_catalog

from phototagd.db.errors import QueryError
from phototagd.db.query import MOST_LETTERS, parse
from phototagd.db.reader import CatalogReader

QUERIES = int(os.environ.get("PHOTOTAG_QUERIES", "0"))
in_all_directions = settings(
    max_examples=QUERIES or 500,
    derandomize=not QUERIES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
PIECES = (
    "dog", "*", '"', "(", ")", "-", "NOT ", " OR ", " AND ", "@", "@0.5", "@dogs", ":", ":left",
    ":area>5%",
    ">=", "<", "=", "==", "≥", "..", ",", "/", "~", "'", ";", "--", "%", "_", "\\", "\0", "\n",
    "\ud800", "猫",
    "date:", "date:2023-13", "date:2024..2023", "last-0-days", "date:last-99999999999-days",
    "after:9999",
    "before:0001", "date:0000", "date:99999", "hour:25", "hour:22..", "weekday:xyz", "season:",
    "near:",
    "near:nan,nan,1km", "near:91,0,1km", "near:0,999,1km", "near:0,0,-1km", "near:1e400,0",
    "near:0,0,2000km",
    "size>1e999", "size>10parsecs", "iso>99999999999999999999999", "iso:9..1", "f<inf",
    "rating:-1", "width:",
    "person>=99999999999999999999", "person=1e3", "conf>", "conf>0.5", "sort:", "sort:date",
    "sort:sideways",
    "state:", "state:happy", "format:", "ext:", "ext:.jpg", "orientation:round", "camera:",
    'camera:""',
    "lens:*", "model:**", "path:", "path:~", "path:~nobody/x", "path:[", "path:../..", "place:",
    "gps:maybe",
    "keyword:", "keyword:*", "label:", "object:dog:left>2", "label:dog:left", "d*", "do*",
    '"do"*', "untagged",
    "duplicate", "untagged@0.5", "added:", "added:today", "colour:red", "\u202e", "\ufeff",
    "\x85", "²", "٣",
    "iso>٣", "date:٢٠٢٣", "conf>\u0660", "dog>²",
)  # fmt: skip


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    with in_the_zone():
        path = str(tmp_path_factory.mktemp("library") / "catalog.db")
        make_catalog(path, 3, photos=60)
        with CatalogReader.open(path) as opened:
            yield opened


def answered(reader, text):
    """Ask; an error must point into the text with one caret. Say whether there was an answer."""
    try:
        records = reader.search(text, limit=3)
    except QueryError as error:
        check_error(error)
        return False
    assert len(records) <= 3
    return True


def check_error(error):
    assert 0 <= error.position <= len(error.text), error.text
    assert str(error), error.text
    assert "\n" not in str(error), error.text
    line, caret = error.pointed().split("\n")
    assert caret.strip() == "^", error.text
    assert line.isprintable(), error.text


@in_all_directions
@given(text=st.text(max_size=80))
def test_any_text_is_answered(reader, text):
    answered(reader, text)


@in_all_directions
@given(text=st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_pieces_of_the_language_in_any_order_are_answered(reader, text):
    answered(reader, text)


@in_all_directions
@given(text=st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join))
def test_terms_beside_each_other_are_answered(reader, text):
    answered(reader, text)


@in_all_directions
@given(asked=queries(), chance=st.randoms(use_true_random=False))
def test_a_spoiled_query_is_answered(reader, asked, chance):
    text, _ = asked
    for _ in range(chance.randint(1, 3)):
        place, end = sorted((chance.randint(0, len(text)), chance.randint(0, len(text))))
        middle = chance.choice(("", chance.choice(PIECES), text[place:end] * 2, text[end:place:-1]))
        text = text[:place] + middle + text[chance.choice((place, end)) :]
    answered(reader, text)


@pytest.mark.parametrize(
    "piece",
    [
        "(",
        ")",
        "-",
        "NOT ",
        '"',
        "a(",
        "a OR (",
        "dog ",
        "@",
        ":",
        "a:",
        "*",
        "..",
        "date:",
        "iso>",
        "near:1,",
        "path:**/",
        'path:"',
        "do* ",
        "-(",
        "label:",
        ",",
        "é",
        "a_",
        "dog:left",
    ],
)
def test_the_longest_texts_are_answered(reader, piece):
    text = (piece * MOST_LETTERS)[:MOST_LETTERS]
    answered(reader, text)
    answered(reader, f'dog "{text[:-20].replace(chr(34), "")}"')
    with pytest.raises(QueryError):
        parse(text + piece + "x")


VALUES = (
    "'; DROP TABLE photo; --", "' OR '1'='1", "%", "_", "%%%", "[a-z]*", "\\", "\\%",
    "x' UNION SELECT 1 --",
    "\0", "a\0b", "\n", "\t\r", "${HOME}", "$(reboot)", "../../../etc/passwd", "*" * 200,
    "?" * 200, "a" * 3000,
    "*a" * 60, "**/" * 60, "(" * 100, "[" * 100, "\u202egpj", ":p0", ":limit", "?1", "@x", "$y",
    "NULL", "null",
)  # fmt: skip
FIELDS = (
    "camera", "lens", "place", "path", "model", "keyword", "label", "object", "ext", "format",
    "state", "date", "near", "iso", "size", "sort", "weekday", "season", "hour", "orientation",
    "rating", "gps",
)  # fmt: skip


@pytest.mark.parametrize("value", VALUES)
def test_no_value_means_more_than_itself(reader, value):
    before = reader.count("state:any")
    for text in (
        f'"{value}"',
        f'"{value}"*',
        f'-"{value}"',
        *(f'{name}:"{value}"' for name in FIELDS),
    ):
        answered(reader, text)
    assert reader.count("state:any") == before > 0


@pytest.mark.parametrize(
    "number", ["9" * 19, "9" * 40, "9" * 400, "0." + "0" * 400 + "1", "1" + "0" * 308 + "9"]
)
def test_numbers_of_any_length_are_answered(reader, number):
    for name in ("iso", "f", "focal", "size", "width", "height", "rating"):
        for sign in (">", "<", "=", ":", "<=", ">="):
            answered(reader, f"{name}{sign}{number}")
            answered(reader, f"{name}{sign}-{number}")
    for text in (f"dog>={number}", f"dog@{number}", f"dog:area>{number}", f"dog:area>{number}%",
                 f"conf>{number} dog", f"near:{number},0", f"near:0,{number}",
                 f"near:0,0,{number}km",
                 f"date:{number}", f"last-{number}-days", f"date:last-{number}-days",
                 f"hour:{number}",
                 f"date:{number}..", f"date:2024-{number}", f"size:{number}gb..",
                 f"iso:1..{number}"):  # fmt: skip
        answered(reader, text)


def test_a_query_changes_nothing(tmp_path):
    path = str(tmp_path / "catalog.db")
    with in_the_zone():
        make_catalog(path, 4, photos=30)
        connection = sqlite3.connect(path)
        before = "\n".join(connection.iterdump())
        with CatalogReader.open(path) as opened:
            for value in VALUES:
                for name in FIELDS:
                    answered(opened, f'{name}:"{value}" OR "{value}"')
        assert "\n".join(connection.iterdump()) == before
        connection.close()
