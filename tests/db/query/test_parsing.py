"""The search language: what it understands, and what it says when it does not."""

from __future__ import annotations

import doctest
import math

import pytest

from phototagd.db import errors, paths, query, states, suggest
from phototagd.db.errors import QueryError, UnknownKeyword, UnknownWord
from phototagd.db.query import (
    And,
    Everything,
    Keyword,
    Not,
    Or,
    Word,
    misfit,
    parse,
    terms,
    tree,
    values,
    words,
)
from phototagd.db.search import folders, names, simplify


@pytest.mark.parametrize(
    "module",
    [errors, paths, query, states, suggest, misfit, tree, values, folders, names, simplify],
)
def test_the_examples_in_the_docstrings_are_true(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", Everything()),
        (" \t\n", Everything()),
        ("cat", Word("cat")),
        ("cat dog", And((Word("cat"), Word("dog")))),
        ("cat AND dog", And((Word("cat"), Word("dog")))),
        ("a b OR c", Or((And((Word("a"), Word("b"))), Word("c")))),
        ("a (b OR c)", And((Word("a"), Or((Word("b"), Word("c")))))),
        ("-cat", Not(Word("cat"))),
        ("NOT cat", Not(Word("cat"))),
        ("NOT(cat OR dog)", Not(Or((Word("cat"), Word("dog"))))),
        ("--cat", Word("cat")),
        ("a -(b c)", And((Word("a"), Not(And((Word("b"), Word("c"))))))),
        ('"wine glass"', Word("wine glass")),
        ('"OR"', Word("OR")),
        ('"a_b (c)"', Word("a_b (c)")),
        ("wine_glass", Word("wine glass")),
        ("person>=2", Word("person", least=2)),
        ("person ≥ 2", Word("person", least=2)),
        ("person>2", Word("person", least=3)),
        ("person=2", Word("person", least=2, most=2)),
        ("person==2", Word("person", least=2, most=2)),
        ("person<2", Word("person", least=0, most=1)),
        ("person<=2", Word("person", least=0, most=2)),
        ("person=0", Word("person", least=0, most=0)),
        ("person>=0", Word("person", least=0)),
        ("dog@0.7", Word("dog", 0.7)),
        ("dog@70%", Word("dog", 0.7)),
        ("dog@.7", Word("dog", 0.7)),
        ("dog@1", Word("dog", 1.0)),
        ("dog@0", Word("dog", 0.0)),
        ("person@0.8>=2", Word("person", 0.8, 2)),
        ("person>=2@0.8", Word("person", 0.8, 2)),
        ('"wine glass"@0.5=3', Word("wine glass", 0.5, 3, 3)),
        ("dog conf>=0.7", Word("dog", 0.7)),
        ("CONF >= 70% dog", Word("dog", 0.7)),
        ("dog@0.2 cat conf>=0.7", And((Word("dog", 0.2), Word("cat", 0.7)))),
        ("(a OR -b) conf>=0.5", Or((Word("a", 0.5), Not(Word("b", 0.5))))),
        ("conf", Word("conf")),
        ("ORange NOTe ANDy or", And(tuple(map(Word, ("ORange", "NOTe", "ANDy", "or"))))),
        ("jack-o'-lantern", Word("jack-o'-lantern")),
        ("T-shirt", Word("T-shirt")),
        ('"St. Bernard"', Word("St. Bernard")),
        ("St._Bernard", Word("St. Bernard")),
        ("keyword:holiday", Keyword("holiday")),
        ('keyword:"summer holiday"', Keyword("summer holiday")),
        ("keyword:summer_holiday", Keyword("summer holiday")),
        ('KEYWORD: "a:b|c_d"', Keyword("a:b|c_d")),
        ("-keyword:x OR NOT keyword:y", Or((Not(Keyword("x")), Not(Keyword("y"))))),
        ("keyword", Word("keyword")),
        ("cat (keyword:2024 dog)", And((Word("cat"), And((Keyword("2024"), Word("dog")))))),
        ("keyword:x cat conf>=0.7", And((Keyword("x"), Word("cat", 0.7)))),
        ("ça 猫 हिन्दी", And((Word("ça"), Word("猫"), Word("हिन्दी")))),
        ("4x4 a1", And((Word("4x4"), Word("a1")))),
    ],
)
def test_a_query_means(text, tree):
    assert parse(text) == tree


def test_conf_with_greater_excludes_the_number_itself():
    word = parse("dog conf>0.7")
    assert word.confidence == math.nextafter(0.7, 1)


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("cat OR", 6, "a word is missing at the end"),
        ("OR cat", 0, "a word is missing before OR"),
        ("cat OR OR dog", 7, "a word is missing before OR"),
        ("cat NOT", 7, "a word is missing at the end"),
        ("cat (dog", 4, "a closing parenthesis is missing"),
        ('(a OR (b "c)"', 6, "a closing parenthesis is missing"),
        ("cat)", 3, "this parenthesis closes nothing"),
        ("cat ()", 5, "a word is missing before this parenthesis"),
        ('cat "dog', 4, "the closing quote is missing"),
        ('"" cat', 0, "the quotes hold no name"),
        ("cat@7", 4, "a confidence lies between 0 and 1; or write 7%"),
        ("cat@700%", 4, "a confidence lies between 0 and 1"),
        ("cat@", 4, "a number is missing here"),
        ("cat>=", 5, "a number is missing here"),
        ("cat>=dog", 5, "a number is missing here"),
        ("cat>1.5", 4, "a count is a whole number"),
        ("cat<0", 3, "a count is never below 0"),
        ("cat>=99999999", 5, "no picture holds so many"),
        ("cat@.5@.6", 7, "a word takes one confidence and one count"),
        ("cat>1<5", 5, "a word takes one confidence and one count"),
        (">=2", 0, "a word is missing before >="),
        ("@0.5", 0, "a word is missing before @"),
        ("cat, dog", 3, "',' has no meaning here; names with it stand in quotes"),
        ("cat tag:x", 4, "no field is called 'tag'; names with a colon stand in quotes"),
        ("T-shirt:x", 7, "behind a name stands :area>20%, :left, :right, :top, :bottom or :center"),
        ("conf>0.5", 0, "conf applies to the words of the query; it needs one beside it"),
        ("a OR conf>0.5", 5, "conf applies to the words of the query; it needs one beside it"),
        ("a -conf>0.5", 3, "conf applies to the whole query; no NOT before it"),
        ("a conf<0.5", 6, "conf takes > or >="),
        ("a conf>.5 b conf>.6", 12, "conf may stand once in a query"),
        ("a " * 51, 100, "a query has at most 50 words"),
        ("a (b OR (" * 20 + "c" + "))" * 20, 0, "the parentheses are nested too deeply"),
        ("keyword:", 8, "a word is missing at the end"),
        ("cat keyword:OR", 12, "a word is missing before OR"),
        ('keyword:""', 8, "the quotes hold no name"),
        ("keyword:x@0.5", 10, "a keyword takes no confidence and no count"),
        ("keyword:x>=2", 9, "a keyword takes no confidence and no count"),
        (
            "keyword:x conf>0.5",
            10,
            "conf applies to the words of the query; it needs one beside it",
        ),
        ("keyword:a " * 26 + "b " * 25, 308, "a query has at most 50 words"),
        ('cat "\udcff"', 5, "this is no UTF-8 text"),
        ("x" * 5000, 4000, "the query is too long"),
    ],
)
def test_a_misunderstanding_names_place_and_reason(text, position, message):
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert (caught.value.position, str(caught.value)) == (position, message)


@pytest.mark.parametrize(
    "text", ["(" * 3999, "-" * 3999 + "a", ")" * 3999, '"' * 3999, "a(" * 1999]
)
def test_hostile_texts_end_in_an_answer(text):
    try:
        place = 0 if parse(text) else -1
    except QueryError as error:
        place = error.position
    assert 0 <= place <= len(text)


def test_words_know_their_places():
    assert [(w.name, w.position) for w in words(parse('a (-b OR "c d"@0.5)'))] == [
        ("a", 0),
        ("b", 4),
        ("c d", 9),
    ]


def test_keywords_know_their_places_and_are_no_words():
    tree = parse('a -keyword:b OR keyword:"c d"')
    assert [(term.name, term.position) for term in terms(tree)] == [
        ("a", 0),
        ("b", 11),
        ("c d", 24),
    ]
    assert [word.name for word in words(tree)] == ["a"]


def test_the_caret_stands_under_the_place_also_after_wide_characters():
    with pytest.raises(QueryError) as caught:
        parse("猫 e\u0301 >=x")
    line, caret = caught.value.pointed().splitlines()
    assert line == "猫 e\u0301 >=x"
    assert caret == " " * 7 + "^"


def test_line_breaks_do_not_tear_the_caret_off():
    with pytest.raises(QueryError) as caught:
        parse("cat\ndog@9")
    assert caught.value.pointed() == "cat dog@9\n" + " " * 8 + "^"


def test_an_unknown_word_offers_its_suggestions():
    error = UnknownWord("dogs", 4, ("dog", "hot dog"), "cat dogs")
    assert str(error) == "no label is called 'dogs'; did you mean dog or hot dog?"
    assert error.pointed() == "cat dogs\n    ^"


def test_an_unknown_keyword_is_an_unknown_word_with_a_sentence_of_its_own():
    error = UnknownKeyword("hollyday", 8, ("holiday",), "keyword:hollyday")
    assert isinstance(error, UnknownWord)
    assert str(error) == "no photo has the keyword 'hollyday'; did you mean holiday?"
