"""The search language: what it understands, and what it says when it does not."""

from __future__ import annotations

import contextlib
import doctest
import math
from datetime import date

import pytest

from phototagd.db import errors, paths, query, states, suggest
from phototagd.db.errors import QueryError, UnknownKeyword, UnknownWord
from phototagd.db.query import (
    And,
    Called,
    Days,
    Everything,
    Flag,
    Hours,
    Keyword,
    Missing,
    Near,
    Not,
    OneOf,
    Or,
    Path,
    Range,
    Sorted,
    Word,
    fields,
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


SAVED = {
    "pets": "cat OR dog sort:path conf>=0.5",
    "both": "@pets @plain",
    "plain": "bird",
    "loop": "cat @round",
    "round": "-@loop",
    "bad": "cat (dog",
}


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("dog*", Word("dog", prefix=True)),
        ('"wine g"*', Word("wine g", prefix=True)),
        ("-do*", Not(Word("do", prefix=True))),
        ("label:dog@0.7", Word("dog", 0.7, kind="label")),
        ('object:"hot dog">=2', Word("hot dog", least=2, kind="object")),
        ("object:do*", Word("do", kind="object", prefix=True)),
        ("dog:left", Word("dog", spot="left")),
        ("DOG:Center@50%>=2", Word("DOG", 0.5, 2, spot="center")),
        ("dog:area>=20%:top", Word("dog", spot="top", area=(0.2, math.inf))),
        ("dog:area<=0.25", Word("dog", area=(-math.inf, 0.25))),
        ("dog:area>0.5", Word("dog", area=(math.nextafter(0.5, 1), math.inf))),
        ("person:center=0", Word("person", least=0, most=0, spot="center")),
        ("keyword:fam*", Keyword("fam", prefix=True)),
        ("keyword:left", Keyword("left")),
        ("place:center", Called("place", "center")),
        ("untagged -duplicate", And((Flag("untagged"), Not(Flag("duplicate"))))),
        ('"untagged"', Word("untagged")),
        ("date:2023", Days("date", date(2023, 1, 1), date(2023, 12, 31))),
        ("date:2024-02", Days("date", date(2024, 2, 1), date(2024, 2, 29))),
        ("date:2023-07-01..2023-07-14", Days("date", date(2023, 7, 1), date(2023, 7, 14))),
        ("date:2023..2024-02", Days("date", date(2023, 1, 1), date(2024, 2, 29))),
        ("date:2023..", Days("date", date(2023, 1, 1))),
        ("date:..2023", Days("date", None, date(2023, 12, 31))),
        ("date:none", Missing("date")),
        ("after:2023-07", Days("date", date(2023, 8, 1))),
        ("before:2023-07", Days("date", None, date(2023, 6, 30))),
        ("date:today", Days("date", date(2024, 3, 2), date(2024, 3, 2))),
        ("date:yesterday", Days("date", date(2024, 3, 1), date(2024, 3, 1))),
        ("date:this-week", Days("date", date(2024, 2, 26), date(2024, 3, 3))),
        ("date:last-week", Days("date", date(2024, 2, 19), date(2024, 2, 25))),
        ("date:this-month", Days("date", date(2024, 3, 1), date(2024, 3, 31))),
        ("date:last-month", Days("date", date(2024, 2, 1), date(2024, 2, 29))),
        ("date:this-year", Days("date", date(2024, 1, 1), date(2024, 12, 31))),
        ("date:last-year", Days("date", date(2023, 1, 1), date(2023, 12, 31))),
        ("added:last-7-days", Days("added", date(2024, 2, 25), date(2024, 3, 2))),
        ("added:last-week..today", Days("added", date(2024, 2, 19), date(2024, 3, 2))),
        ("hour:18..23", Hours(18, 23)),
        ("hour:22..4", Hours(22, 4)),
        ("hour:7", Hours(7, 7)),
        ("season:spring,fall", OneOf("season", ("spring", "autumn"))),
        ("weekday:sat,Sunday", OneOf("weekday", ("saturday", "sunday"))),
        ("ext:.HEIC,jpg", OneOf("ext", ("heic", "jpg"))),
        ("format:raw", OneOf("format", ("raw",))),
        ("orientation:portrait", OneOf("orientation", ("portrait",))),
        ("state:failed,dead", OneOf("state", ("failed", "dead"))),
        ("state:any", OneOf("state", tuple(states.PhotoState))),
        ("camera:iphone", Called("camera", "iphone")),
        ('camera:"iphone 12"*', Called("camera", "iphone 12*")),
        ("lens:none", Missing("lens")),
        ('lens:"none"', Called("lens", "none")),
        ("model:ssd*", Called("model", "ssd*")),
        ("gps:none", Missing("gps")),
        ("gps:any", Not(Missing("gps"))),
        ("-gps:any", Missing("gps")),
        ("iso>1600", Range("iso", least=1601)),
        ("iso ≤ 1600", Range("iso", most=1600)),
        ("f<2.8", Range("f", most=math.nextafter(2.8, 0))),
        ("focal:50..100mm", Range("focal", 50, 100)),
        ("size>=1.5mb", Range("size", least=1_500_000)),
        ("size:1..5MB", Range("size", 1_000_000, 5_000_000)),
        ("size=1kib", Range("size", 1024, 1024)),
        ("width:4000", Range("width", 4000, 4000)),
        ("height<100px", Range("height", most=99)),
        ("rating>=4", Range("rating", least=4)),
        ("rating:-1..2", Range("rating", -1, 2)),
        ("rating:none", Missing("rating")),
        ("near:38.71,-9.14", Near(38.71, -9.14, 1)),
        ("near:38.71,-9.14,500m", Near(38.71, -9.14, 0.5)),
        ("near:0,180,2mi", Near(0, 180, 3.218688)),
        ("path:~/a*/**", Path("~/a*/**")),
        ('path:"my holiday/*"', Path("my holiday/*")),
        ("sort:-size", Sorted(Everything(), "-size")),
        ("a OR b sort:conf", Sorted(Or((Word("a"), Word("b"))), "conf")),
        ("-date:2023", Not(Days("date", date(2023, 1, 1), date(2023, 12, 31)))),
        ("f iso", And((Word("f"), Word("iso")))),
        ("@plain dog", And((Word("bird"), Word("dog")))),
        ('-@"PLAIN"', Not(Word("bird"))),
        ("@pets a", Sorted(And((Or((Word("cat", 0.5), Word("dog", 0.5))), Word("a"))), "path")),
        ("@pets sort:date", Sorted(Or((Word("cat", 0.5), Word("dog", 0.5))), "date")),
        ("@both", Sorted(And((Or((Word("cat", 0.5), Word("dog", 0.5))), Word("bird"))), "path")),
        ("dog@0.5 @plain conf>=0.9", And((Word("dog", 0.5), Word("bird", 0.9)))),
    ],
)  # fmt: skip
def test_a_field_means(text, tree):
    assert parse(text, today=date(2024, 3, 2), saved=lambda name: SAVED.get(name.lower())) == tree


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("d*", 0, "at least two letters stand before a star"),
        ("do*g", 2, "a star stands at the end of a name"),
        ("label:dog>=2", 9, "a label has no boxes: label: takes a confidence only"),
        ("label:dog@.5:left", 12, "a label has no boxes: label: takes a confidence only"),
        ("dog:area", 8, "a comparison is missing here: dog:area>20%"),
        ("dog:area>", 9, "a number is missing here"),
        ("dog:area>20", 9, "an area lies between 0 and 1; or write 20%"),
        ("dog:area=1", 8, "area takes >, >=, < or <="),
        (
            "dog:left:top",
            8,
            "a word takes one :area and one of :left, :right, :top, :bottom, :center",
        ),
        ("untagged>=2", 0, "untagged takes nothing behind it; as a name it stands in quotes"),
        ("cat camra:x", 4, "no field is called 'camra'; did you mean camera?"),
        ("camera:", 7, "a value is missing here"),
        ('camera:""', 8, "the quotes hold no name"),
        ("camera:*", 7, "a name is missing beside the star; for photos without one there is :none"),
        ("date:2023-13", 5, "there is no month 13"),
        ("date:2023-02-29", 5, "there is no day 29 in 2023-02"),
        ("date:0000", 5, "there is no year 0"),
        ("date:2024..2023", 5, "this range ends before it begins"),
        ("date:2024..2023-13", 11, "there is no month 13"),
        ("date:..", 5, "a range has a beginning or an end: A..B, A.. or ..B"),
        ("date:last-wek", 5, "did you mean last-week or last-year?"),
        ("date:summer", 5, "a date is 2023, 2023-07, 2023-07-01 or a word like today"),
        ("date:last-0-days", 5, "the number of days is not one to count back"),
        ("after:2023..2024", 6, "after: takes one date; a range is date:A..B"),
        ("after:9999", 6, "no day comes after this"),
        ("before:0001", 7, "no day comes before this"),
        ("season:wintr", 7, "no season is called 'wintr'; did you mean winter?"),
        ("season:spring,,fall", 14, "a value is missing beside the comma"),
        ("hour:25", 5, "an hour lies between 0 and 23"),
        ("hour:7..25", 8, "an hour lies between 0 and 23"),
        ("hour:7.5", 5, "an hour is a whole number"),
        (
            "weekday:caturday",
            8,
            "no weekday is called 'caturday'; did you mean saturday or thursday or tuesday?",
        ),
        ("state:fail", 6, "no state is called 'fail'; did you mean failed?"),
        (
            "orientation:up",
            12,
            "no orientation is called 'up'; it is one of portrait, landscape, square",
        ),
        ("gps:some", 4, "no gps value is called 'some'; it is one of none, any"),
        ("iso>", 4, "a number is missing here"),
        ("iso>high", 4, "a number is missing here"),
        ("iso>1600mm", 8, "iso is a number without a unit, not with 'mm'"),
        ("iso>1.5", 4, "iso is a whole number"),
        ("iso:3200..100", 4, "this range ends before it begins"),
        ("iso<=100..200", 5, "a comparison takes one number; a range is iso:A..B"),
        ("size>10km", 7, "size is given in b, kb, mb, gb, kib, mib or gib, not in 'km'"),
        ("size>" + "9" * 400, 5, "size lies between 0 and 1e+15"),
        ("rating>=9", 8, "rating lies between -1 and 5"),
        ("near:38.71", 5, "near is latitude, longitude and a radius: near:38.71,-9.14,5km"),
        ("near:98.71,0", 5, "a latitude lies between -90 and 90"),
        ("near:0,-181", 7, "a longitude lies between -180 and 180"),
        ("near:0,0,5", 9, "a radius takes a unit: 500m, 5km or 3mi"),
        ("near:0,0,5kg", 10, "a radius is given in m, km or mi, not in 'kg'"),
        ("near:0,0,1001km", 9, "a radius lies between 0 and 1000"),
        ("near:0,0,0m", 9, "a radius is more than 0"),
        ("cat sort:date sort:size", 19, "sort may stand once in a query"),
        ("(cat sort:date)", 10, "sort applies to the whole query; no parentheses around it"),
        ("cat -sort:date", 5, "sort applies to the whole query; no NOT before it"),
        ("cat OR sort:date", 12, "sort needs words beside it, after OR"),
        ("sort:dat", 5, "no order is called 'dat'; did you mean date or -date?"),
        ("cat @nobody", 4, "no saved search is called 'nobody'"),
        ("cat @loop", 1, "the saved search 'loop' is part of itself"),
        ("dog@foo", 4, "a number is missing here"),
    ],
)
def test_a_misunderstood_field_names_place_and_reason(text, position, message):
    with pytest.raises(QueryError) as caught:
        parse(text, today=date(2024, 3, 2), saved=SAVED.get)
    assert (caught.value.position, str(caught.value)) == (position, message)


def test_an_error_in_a_saved_search_shows_its_text():
    with pytest.raises(QueryError, match="closing parenthesis") as caught:
        parse("dog @bad", saved=SAVED.get)
    assert caught.value.text == SAVED["bad"]


def test_the_terms_of_a_saved_search_stand_where_its_name_stands():
    tree = parse("bird @pets", saved=SAVED.get)
    assert [(word.name, word.position) for word in words(tree)] == [
        ("bird", 0),
        ("cat", 5),
        ("dog", 5),
    ]


def test_the_grammar_knows_all_fields():
    for name in fields.FIELDS:
        if name in fields.MEASURES:
            assert parse(f"{name}>=1") == Range(name, least=1)
        # A field's value may be the name of a place in the frame.
        with contextlib.suppress(QueryError):
            assert not isinstance(parse(f"{name}:left"), Word)
