"""What is odd in libraries: names, dates, places and sizes for catalogs made at random."""

from __future__ import annotations

from calendar import timegm
from datetime import UTC, date, datetime

from asked_queries import All, Asked, No, Query, Saved, Some, Thing

from phototagd.db.records import Place
from phototagd.models.results import ModelVersion

ZONE_NAME = "NST3:30NDT,M3.2.0/0,M11.1.0/1"
"""A zone as C libraries write it, the same on every machine: summer time from the second Sunday of
March, whose first hour does not exist, to the first of November, whose first hour comes twice."""

HOME = b"/home/anna"
TODAYS = (date(2024, 3, 2), date(2023, 11, 6))
"""A Saturday at the start of a month, behind the last day of a February with one more; and a Monday
behind the day with 25 hours."""

ROOTS = (b"/photos", b"/home/anna/Pictures", b"/srv/100%_new")
FOLDERS = (
    b"", b"holiday", b"holiday/day1", b"Holiday/DAY2/deep", b"a_b", b"aXb", b"x*y", b"[abc]",
    b"50% off", "Caf\u00e9".encode(), "cafe\u0301/menu".encode(), b"odd\xff\xfe", b"q?",
    b"st'ra;sse--",
)  # fmt: skip
STEMS = (
    b"IMG", b"img", b"a*b", b"100%", b"under_score", b"what?", b"quote\"d", b"semi;colon'--",
    "\u00c9t\u00e9".encode(), "E\u0301te\u0301".encode(), b"\xff\xfeodd", b"STRASSE",
    "stra\u00dfe".encode(),
    b"new\nline", b"[x]", "\U0001f408".encode(), b"back\\slash", b"dots.in.it", b"<script>",
)  # fmt: skip
FORMATS = (
    (b".jpg", "JPEG"), (b".JPG", "JPEG"), (b".jpeg", "JPEG"), (b".png", "PNG"), (b".HEIC", "HEIC"),
    (b".webp", "WebP"), (b".jp2", "JPEG 2000"), (b".jxl", "JPEG XL"), (b".cr2", "RAW"),
    (b".NEF", "RAW"), (b".dng", "RAW"), (b".jpg", "PNG"), (b".tif", "TIFF"),
)  # fmt: skip
NAMES = (
    "person", "dog", "cat", "hot dog", "dog sled", "Dog_House", "dining table", "caf\u00e9", "cafe",
    "Stra\u00dfe", "untagged", "OR", "conf", "50%", "d*g", "100", "it's", "\u732b", "animal",
    "camera",
)  # fmt: skip
UNSEEN = ("zebra", "dogma", "personal")
KEYWORDS = (
    "holiday", "Holiday", "family", "family trip", "fam_2020", "fame", "dog", "at_home", "100%",
    "", "  ", "\u00e9t\u00e9", "e\u0301te\u0301", "half\udcff", "a:b|c", "*star", "today",
    "x" * 300,
)  # fmt: skip
CAMERAS = (
    ("Apple", "iPhone 12", "Apple iPhone 12"),
    ("Apple", "iPhone 12 Pro", "Apple iPhone 12 Pro"),
    ("Canon", "Canon EOS 5D Mark II", "Canon EOS 5D Mark II"),
    ("NIKON CORPORATION", "NIKON D750", "NIKON D750"),
    ("SONY", "DSC-RX100%", "SONY DSC-RX100%"),
    (None, "X100_V [II]", "X100_V [II]"),
    ("Ricoh", None, "Ricoh"),
    ("Z\u00fcrich Optik", "\u00c9cran  3?", "Z\u00fcrich Optik \u00c9cran  3?"),
    ("A*B", "none", "A*B none"),
)
LENSES = (
    "EF24-70mm f/2.8L II USM", "iPhone 12 back camera 4.2mm f/1.6", "50mm_f1.4", "XF 100%",
    "O\u0308bjektiv 35", "none",
)  # fmt: skip
PLACES = (
    (Place("PT", "Portugal", "Lisbon", "Lisbon"), 38.71, -9.14),
    (Place("PT", "Portugal", "Porto", "Vila Nova de Gaia"), 41.13, -8.62),
    (Place("BR", "Brazil", "S\u00e3o Paulo", "S\u00e3o Paulo"), -23.55, -46.63),
    (Place("CH", "Switzerland", None, "Au"), 47.45, 9.64),
    (Place("AU", "Australia", "New South Wales", "Sydney"), -33.87, 151.21),
    (Place("GE", "Georgia", None, None), 41.7, 44.8),
    (Place("US", "United States", "Georgia", "Atlanta"), 33.75, -84.39),
    (Place("FJ", "Fiji", "Northern", "Waiyevo"), -16.79, -179.99),
    (Place("FJ", "Fiji", "Northern", "Labasa"), -16.8, 179.98),
    (Place("PT", "Portugal", None, "100% *"), 38.8, -9.2),
    (None, 0.0, 0.0),
    (None, -0.000001, 180.0),
    (None, 90.0, -180.0),
    (None, -90.0, 12.5),
    (None, 38.7, -9.1),
)
MODELS = (
    (ModelVersion("classifier", "c1"), ModelVersion("detector", "d1")),
    (ModelVersion("SSD MobileNet v2", "1"), ModelVersion("efficientnet-lite3", "2")),
    (ModelVersion("detector", "d2"),),
)
THIRD = 1 / 3
BOXES = (
    (0.0, 0.0, 1.0, 1.0), (0.0, 0.0, 0.5, 0.4), (0.0, 0.0, 0.2, 0.2), (0.7, 0.7, 1.0, 1.0),
    (0.0, 0.7, 0.1, 1.0), (0.8, 0.0, 1.0, 0.3), (0.4, 0.4, 0.6, 0.6), (0.25, 0.0, 0.75, 0.4),
    (THIRD, THIRD, THIRD, THIRD), (2 * THIRD, 2 * THIRD, 2 * THIRD, 2 * THIRD),
    (0.0, 0.0, 0.0, 0.0),    (0.5, THIRD, 0.5, THIRD), (0.1, 0.45, 0.2, 0.55),
    (0.0, 0.0, 0.25, 0.25),
    (0.01, 0.0, 0.26, 0.8001),
)  # fmt: skip
SURENESS = (0.0, 0.25, 0.3, 0.5, 0.7, 0.7000001, 0.6999999, 0.9, 1.0)


def wall(*day: int) -> int:
    """Give a time on the wall clock as seconds since 1970; what is left out is the first."""
    return timegm((*day, *(1970, 1, 1, 0, 0, 0)[len(day) :]))


def clock(moment: int) -> int:
    """Give what clocks in the zone show at a moment, both as seconds since 1970."""
    year = datetime.fromtimestamp(moment, UTC).year
    is_summer = _sunday(year, 3, 2) <= moment < _sunday(year, 11, 1)
    return moment - 3 * 3600 - 1800 + 3600 * is_summer


def _sunday(year: int, month: int, number: int) -> int:
    """Give the moment of midnight by winter time on a Sunday, the first of its month or a later."""
    first = date(year, month, 1)
    day = 7 - first.weekday() + 7 * (number - 1)
    return wall(year, month, day, 3, 30)


CHANGES = (
    wall(2023, 3, 12, 3, 29, 59), wall(2023, 3, 12, 3, 30), wall(2023, 3, 13, 2, 29, 59),
    wall(2023, 7, 1, 2, 29, 59), wall(2023, 7, 1, 2, 30), wall(2023, 10, 31, 2, 30),
    wall(2023, 11, 5, 2, 29, 59), wall(2023, 11, 5, 2, 30), wall(2023, 11, 5, 3, 29, 59),
    wall(2023, 11, 5, 3, 30), wall(2023, 11, 6, 3, 29, 59), wall(2023, 11, 6, 3, 30),
)  # fmt: skip
"""Moments in and around summer time: where a day begins, ends, lacks an hour or has one twice."""
DATES = (
    -1, 0, wall(1969, 1, 20), wall(2100, 1, 1), wall(2100, 12, 31, 23, 59, 59),
    wall(2022, 12, 31, 23, 59, 59), wall(2023), wall(2023, 7, 1, 22), wall(2023, 7, 14, 4, 59, 59),
    wall(2023, 12, 31, 23, 59, 59), wall(2024), wall(2024, 2, 29, 12),
    wall(2024, 2, 29, 23, 59, 59),    wall(2024, 3, 1), wall(2024, 3, 1, 5), wall(2024, 3, 2),
    wall(2024, 3, 2, 23, 59, 59),
    wall(2024, 3, 3), wall(2024, 3, 4), wall(2024, 2, 26), wall(2024, 2, 25, 23, 59, 59),
    wall(2024, 2, 19), wall(2023, 3, 1), wall(2023, 5, 31, 18), wall(2023, 6, 1, 18, 30),
    wall(2023, 3, 12, 0, 30), wall(2023, 11, 5, 0, 30), wall(2023, 10, 30), wall(2023, 11, 6),
    wall(2023, 11, 5, 23, 59, 59), *CHANGES,
)  # fmt: skip
ARRIVALS = (
    *CHANGES,
    *(
        wall(*day, 3, 30) + second
        for day in ((2024, 3, 2), (2024, 3, 1), (2024, 2, 26), (2024, 2, 1), (2024, 1, 1))
        for second in (-1, 0, 3600)
    ),
)
SAVED = {
    "trips": (
        'keyword:holiday OR place:"s\u00e3o paulo"',
        Query(Some((Asked("keyword", ":", "holiday"), Asked("place", ":", "S\u00e3o Paulo")))),
    ),
    "Big Ones": ("size>=10mb sort:size", Query(Asked("size", ">=", "10mb"), sort="size")),
    "sure": (
        "(dog OR -cat@0.25 OR person) conf>0.5 sort:conf",
        Query(
            Some((Thing("dog"), No(Thing("cat", confidence=0.25)), Thing("person"))),
            (">", 0.5),
            "conf",
        ),
    ),
    "nested": ('@trips -@"big ones"', Query(All((Saved("trips"), No(Saved("Big Ones")))))),
    "every": ("", Query(All(()))),
    "gone": ("state:missing,failed", Query(Asked("state", ":", "missing,failed"))),
}
