"""Fields, saved searches and orders in the search language: what they mean, what is refused."""

from __future__ import annotations

import contextlib
import math
from datetime import date

import pytest

from phototagd.db import states
from phototagd.db.errors import QueryError
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
    parse,
    words,
)

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
        ("path:./dog", 5, "path: knows no . and no ..: it begins with /, with ~/ or at any folder"),
        (
            "path:a/../b",
            5,
            "path: knows no . and no ..: it begins with /, with ~/ or at any folder",
        ),
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
