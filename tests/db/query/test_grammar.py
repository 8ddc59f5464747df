"""The tables that are shipped: those that Lark makes of query.lark, read as Lark reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from grammar_tables import QUERY, make_tables
from hypothesis import example, given
from hypothesis import strategies as st
from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from phototagd.db.query import grammar
from phototagd.db.query.lalr import Parser, Unexpected

GRAMMAR = (QUERY / "query.lark").read_text("utf-8")
PIECES = (
    *("dog", "cat*", "wine_glass", '"hot dog"', '"', "OR", "AND", "NOT", "-", "(", ")", " "),
    *("@0.7", "@80%", "@pets", '@"a b"', "@", ">=2", ">", "=0", "≥", "0.5", "2", "*"),
    *(":left", ":area>20%", ":area", ":", "label:", "Keyword:", "date:2023", "iso>=1600", "iso"),
    *("sort:", "conf>0.5", "conf", "near:1,2,3km", "foo:bar", "\n", "é", "/", ".."),
)
texts = st.lists(st.sampled_from(PIECES), max_size=12).flatmap(
    lambda pieces: st.sampled_from(["".join(pieces), " ".join(pieces)])
)


class Recorder:
    """Builds what the rules are made of, whatever they mean."""

    def __getattr__(self, rule):
        return lambda parts: (rule, [_plain(part) for part in parts])


def _plain(part):
    if isinstance(part, Tree):
        return str(part.data), [_plain(child) for child in part.children]
    if isinstance(part, Token):
        return part.type, str(part), part.start_pos
    return (part.type, str(part), part.position) if isinstance(part, str) else part


@pytest.fixture(scope="module")
def lark():
    return Lark(GRAMMAR, parser="lalr")


def test_the_shipped_tables_are_those_of_the_grammar():
    made = make_tables(GRAMMAR)
    assert Path(grammar.__file__).read_text("utf-8") == made, "run `make grammar`"


@given(text=texts)
@example(text="")
@example(text='-(label:dog*@.8:left>=2 OR NOT "a b" AND @pets) iso>=1600')
def test_a_text_is_read_as_lark_reads_it(lark, text):
    try:
        expected = _plain(lark.parse(text))
    except UnexpectedInput as error:
        with pytest.raises(Unexpected) as caught:
            Parser(text, Recorder()).parse()
        _check_error(caught.value, error, len(text))
    else:
        assert Parser(text, Recorder()).parse() == expected


def _check_error(found, error, length):
    if isinstance(error, UnexpectedCharacters):
        assert (found.position, found.token) == (error.pos_in_stream, None)
        return
    assert isinstance(error, UnexpectedToken)
    assert (found.token, found.token.type) == (str(error.token), error.token.type)
    assert found.wanted == error.accepts
    if error.token.type == "$END":
        assert found.position == length
    else:
        assert found.position == error.token.start_pos
