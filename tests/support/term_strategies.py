"""Terms of queries, as text and as what the text means, for hypothesis to draw from."""

from __future__ import annotations

import re
import string
import unicodedata
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from asked_queries import Asked, Thing
from hypothesis import strategies as st
from odd_library import (
    CAMERAS,
    FOLDERS,
    FORMATS,
    KEYWORDS,
    LENSES,
    NAMES,
    PLACES,
    ROOTS,
    STEMS,
    SURENESS,
    UNSEEN,
)
from search_values import amount, period

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from asked_queries import Term


@dataclass(frozen=True, slots=True)
class Written:
    """A term beside its text; `binds` is what the text is: a leaf, all or some."""

    text: str
    term: Term
    binds: str = "leaf"


SAFE = set(string.ascii_letters + string.digits)
SIGNS = (">", ">=", "<", "<=", "=")
SORTS = ("date", "-date", "conf", "path", "-path", "size", "-size", "random")
MOMENTS = (
    "today", "yesterday", "this-week", "last-week", "this-month", "last-month", "this-year",
    "last-year", "last-1-days", "last-7-days", "last-30-days", "last-366-days",
    "2023", "2024", "1969", "1970", "2100", "2022", "9999", "0001",
    "2023-07", "2024-02", "2023-12", "2024-03", "1969-12", "2023-02", "2023-03", "2023-10",
    "2023-11", "2023-03-11", "2023-03-12", "2023-03-13", "2023-11-04", "2023-11-05", "2023-11-06",
    "2023-07-01", "2024-02-29", "2023-12-31", "2024-01-01", "1969-12-31", "1970-01-01",
    "2100-12-31", "2024-03-02", "9999-12-31", "0001-01-01",
)  # fmt: skip
SIZES = (
    "0",
    "1",
    "1b",
    "1500",
    "1.5kb",
    "1500B",
    "10mb",
    "10MB",
    "0.01gb",
    "1mib",
    "1024kib",
    "1024gib",
)
NUMBERS = {
    "iso": ("50", "100", "800", "1600", "3200", "204800", "0"),
    "f": ("1.6", "2.8", "2.80", "4", "0.95", "22", "5.6"),
    "focal": ("4.2", "24", "50", "50.0", "70", "100", "600.5"),
    "width": ("1", "480", "500", "640", "4000", "6000"),
    "height": ("2", "480", "500", "640", "4000"),
    "rating": ("-1", "0", "1", "3", "4", "5"),
    "size": SIZES,
}
LISTS = {
    "ext": ("jpg", "JPEG", "heic", "cr2", "nef", "png", "dng", "jp2"),
    "format": ("jpeg", "RAW", "heic", "png", "jpeg2000", "jpegxl", "webp"),
    "orientation": ("portrait", "landscape", "square"),
    "weekday": ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "monday", "saturday"),
    "season": ("spring", "summer", "autumn", "fall", "winter"),
    "state": ("pending", "done", "failed", "dead", "missing", "unsupported"),
}
FULL_DAYS = {"monday": "mon", "saturday": "sat"}
PATHS = (
    "holiday/**/img*", "/**/day1/*", "photos/**/**/*.jpg", "a_b/**/*", "**/**/deep",
    "/photos/**/x*y",
    "holiday", "holiday/*", "holiday/", "HOLIDAY/*/deep", "holiday/**", "**/img*", "img*", "*.jpg",
    "*.JPG", "/photos", "/photos/*", "/photos/holiday/*.jpg", "photos/holiday", "~/Pictures",
    "~/pictures/holiday/**", "/home/*/pictures/*", "a?b", "a_b/*", "a_b", "x*y", "[abc]/*", "[x]*",
    "100%*", "*100%*", "50% off", "caf\u00e9/*", "CAFE\u0301/**", "odd\\xff*", "**/\\xff\\xfeodd*",
    "stra\u00dfe*", "strasse*", "what??jpg", "what??*", "st'ra;sse--/*", "semi;colon'--*",
    "new?line*",
    "\U0001f408*", "**day1**", "moved/here/*img*", "moved/*", "*/here", "**", "*", "?",
    "nothing/here",
    "/holiday", "/", "/home", "dots.in.it.*", "back\\slash*", "day?/img*", "q?/*", "<script>*",
)  # fmt: skip
POINTS = (
    "38.71,-9.14", "38.7,-9.1", "-23.55,-46.63", "0,0", "-16.8,180", "-16.8,-180", "-16.79,179.99",
    "90,0", "-90,0", "41.7,44.8", "0.0,179.9999", "38.71,170.86",
)  # fmt: skip
RADII = (None, "1m", "500m", "5km", "0.5km", "30km", "1000km", "600mi", "3.2mi", "1km")


def one_of_texts(texts: Sequence[str]) -> st.SearchStrategy[str]:
    """Draw one of some texts."""
    return st.sampled_from(list(texts))


def _spelled(draw: st.DrawFn, text: str) -> str:
    """Write a text in another case or in other code points that mean the same."""
    turn = draw(st.sampled_from((str, str, str.upper, str.swapcase, str.casefold, _apart)))
    return turn(text)


_apart: Callable[[str], str] = partial(unicodedata.normalize, "NFD")


def _quoted(draw: st.DrawFn, name: str, *, underscored: bool = True) -> str:
    """Write a name in quotes, or without where nothing in it has a meaning."""
    letters = set(name) - ({" "} if underscored else set())
    is_plain = (
        letters <= SAFE | {"'"} and name[:1] not in ("'", " ") and name.casefold() not in _WORDS
    )
    if is_plain and draw(st.booleans()):
        return name.replace(" ", "_")
    return f'"{name}"'


_WORDS = {"untagged", "duplicate", "camera", "conf", "none", "any", "or", "and", "not"}
"""What has a meaning of its own where it stands without quotes, or before a colon."""


def _field(draw: st.DrawFn, name: str) -> str:
    """Write a field's name, in any case."""
    return draw(st.sampled_from((name, name, name, name.upper(), name.title())))


def _sign(draw: st.DrawFn, sign: str) -> str:
    """Write a comparison in one of its ways."""
    same = {">=": "\u2265", "<=": "\u2264", "=": "=="}.get(sign, sign)
    return draw(st.sampled_from((sign, sign, same, f" {sign} ")))


def _percent(value: float) -> str:
    return f"{value * 100:.8g}%"


@st.composite
def confidences(draw: st.DrawFn) -> tuple[str, float]:
    """Draw a confidence as it is written, and the number."""
    value = draw(st.sampled_from(SURENESS))
    text = draw(st.sampled_from((repr(value), _percent(value))))
    return text, float(text[:-1]) / 100 if text.endswith("%") else float(text)


@st.composite
def things(draw: st.DrawFn) -> Written:
    """Draw a name with modifiers."""
    name = draw(one_of_texts((*NAMES, *UNSEEN, *NAMES[:5] * 3)))
    kind = draw(st.sampled_from((None, None, None, None, "label", "object")))
    letters = unicodedata.normalize("NFC", name).casefold()
    length = draw(st.integers(2, max(2, len(letters))))
    starts = (
        draw(st.integers(0, 4)) == 0
        and letters[:2].isalpha()
        and letters[:length] == letters[:length].strip()
        and len(letters) > 1
    )
    name = letters[:length] if starts else name
    text = _quoted(draw, _spelled(draw, name)) + "*" * starts
    options, modifiers = _modifiers(draw, is_label=kind == "label")
    order = draw(st.permutations(modifiers)) if len(modifiers) > 1 else modifiers
    text = (f"{_field(draw, kind)}:" if kind else "") + text + "".join(order)
    if kind != "label" and draw(st.integers(0, 2)) == 0:
        sign, number = (
            draw(st.sampled_from(SIGNS)),
            draw(st.sampled_from((0, 1, 1, 2, 3, 8, 9, 10, 12))),
        )
        if (sign, number) == ("<", 0):
            number = 1
        text += f"{_sign(draw, sign)}{number}"
        options["count"] = (sign, number)
    return Written(text, Thing(name, starts, kind, **options))


def _modifiers(draw: st.DrawFn, *, is_label: bool) -> tuple[dict[str, object], list[str]]:
    options: dict[str, object] = {}
    texts: list[str] = []
    if draw(st.integers(0, 2)) == 0:
        text, options["confidence"] = draw(confidences())
        texts.append(f"@{text}")
    if not is_label and draw(st.integers(0, 3)) == 0:
        sign, share = (
            draw(st.sampled_from(SIGNS[:4])),
            draw(st.sampled_from((0.0, 0.04, 0.2, 0.0625, 0.4999, 0.5, 0.75, 1.0))),
        )
        text = draw(st.sampled_from((repr(share), _percent(share))))
        texts.append(f":area{sign}{text}")
        options["area"] = (sign, float(text[:-1]) / 100 if text.endswith("%") else share)
    if not is_label and draw(st.integers(0, 3)) == 0:
        options["spot"] = draw(st.sampled_from(("left", "right", "top", "bottom", "center")))
        texts.append(f":{options['spot']}")
    return options, texts


@st.composite
def keywords(draw: st.DrawFn) -> Written:
    """Draw a keyword or the beginning of some."""
    name = draw(one_of_texts([word.replace("\udcff", "?") for word in KEYWORDS if word.strip()]))
    if draw(st.booleans()) and name[:2].isalpha():
        start = name[: draw(st.integers(2, 5))].strip()
        return Written(
            f"keyword:{_quoted(draw, _spelled(draw, start))}*", Asked("keyword", "*", start)
        )
    return Written(f"keyword:{_quoted(draw, _spelled(draw, name))}", Asked("keyword", ":", name))


@st.composite
def dates(draw: st.DrawFn, today: date) -> Written:
    """Draw a question for a day, a range of days, or a side of one, asked on a day."""
    field = draw(st.sampled_from(("date", "date", "date", "added", "after", "before")))
    first, last = draw(one_of_texts(MOMENTS)), draw(one_of_texts(MOMENTS))
    if field in ("after", "before"):
        value = "2023" if first[:4] in ("9999", "0001") else first
    else:
        first, last = sorted((first, last), key=lambda text: period(text, today))
        is_fair = period(first, today)[0] <= period(last, today)[1]
        whole = f"{first}..{last}" if is_fair else first
        value = draw(one_of_texts((first, last, whole, whole, f"{first}..", f"..{last}")))
    value = "none" if field == "date" and draw(st.integers(0, 9)) == 0 else value
    return Written(f"{_field(draw, field)}:{value}", Asked(field, ":", value))


@st.composite
def numbers(draw: st.DrawFn) -> Written:
    """Draw a comparison of a number, or a range."""
    field = draw(one_of_texts(tuple(NUMBERS)))
    first, last = draw(one_of_texts(NUMBERS[field])), draw(one_of_texts(NUMBERS[field]))
    if draw(st.integers(0, 3)) == 0:
        first, last = sorted((first, last), key=amount)
        value = f"{first}..{last}" if amount(first, like=last) <= amount(last) else last
        value = draw(one_of_texts((value, value, f"{first}..", f"..{last}")))
        return Written(f"{_field(draw, field)}:{value}", Asked(field, ":", value))
    if field == "rating" and draw(st.integers(0, 4)) == 0:
        return Written("rating:none", Asked("rating", ":", "none"))
    sign = draw(one_of_texts((*SIGNS, ":")))
    written = ":" if sign == ":" else _sign(draw, sign)
    return Written(f"{_field(draw, field)}{written}{first}", Asked(field, sign, first))


@st.composite
def lists(draw: st.DrawFn) -> Written:
    """Draw one or several of a field's fixed values."""
    field = draw(one_of_texts(tuple(LISTS)))
    if field == "state" and draw(st.booleans()):
        return Written("state:any", Asked("state", ":", "any"))
    some = draw(st.lists(one_of_texts(LISTS[field]), min_size=1, max_size=3, unique=True))
    value = ",".join(some)
    return Written(f"{field}:{value}", Asked(field, ":", value))


@st.composite
def hours(draw: st.DrawFn) -> Written:
    """Draw an hour or some, over midnight too."""
    first, last = draw(st.integers(0, 23)), draw(st.integers(0, 23))
    value = draw(one_of_texts((str(first), *(f"{first}..{last}",) * 3, f"{first}..", f"..{last}")))
    return Written(f"hour:{value}", Asked("hour", ":", value))


@st.composite
def gear(draw: st.DrawFn) -> Written:
    """Draw a camera, lens or model by a part of its name."""
    cameras = [name for _, _, name in CAMERAS]
    models = ["classifier", "detector", "SSD MobileNet v2", "efficientnet-lite3"]
    field, names = draw(
        st.sampled_from((("camera", cameras), ("lens", list(LENSES)), ("model", models)))
    )
    if field != "model" and draw(st.integers(0, 5)) == 0:
        return Written(f"{field}:none", Asked(field, ":", "none"))
    words = draw(one_of_texts(names)).split()
    start = draw(st.integers(0, len(words) - 1))
    part = " ".join(words[start : draw(st.integers(start + 1, len(words)))])
    part = part[: draw(st.integers(1, len(part)))].strip()
    if draw(st.booleans()):
        part = draw(one_of_texts((f"{part}*", f"*{part}*", f"*{part}", f"{words[0]}*{words[-1]}")))
    text = _spelled(draw, part)
    if set(text) <= SAFE | set(" *-/.") and "none" not in text.casefold() and draw(st.booleans()):
        return Written(f"{_field(draw, field)}:{text.replace(' ', '_')}", Asked(field, '"', part))
    return Written(f'{field}:"{text}"', Asked(field, '"', part))


@st.composite
def places(draw: st.DrawFn) -> Written:
    """Draw a place by its name or code, or by distance, or whether there is one."""
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return draw(
            st.sampled_from(
                [
                    Written(text, Asked(*_halves(text)))
                    for text in ("place:none", "gps:none", "gps:any")
                ]
            )
        )
    if kind <= 3:
        point, radius = draw(one_of_texts(POINTS)), draw(st.sampled_from(RADII))
        value = point if radius is None else f"{point},{radius}"
        return Written(f"near:{value}", Asked("near", ":", value))
    there = [place for place, _, _ in PLACES if place is not None]
    one = draw(st.sampled_from(there))
    names = [name for name in (one.country_code, one.country, one.region, one.city) if name]
    name = draw(one_of_texts(names))
    if draw(st.integers(0, 2)) == 0:
        cut = draw(st.integers(1, len(name)))
        end = name[-cut:].strip(" *") or name
        name = draw(one_of_texts((f"{name[:cut].strip()}*", f"*{end}", "s*o p*")))
    return Written(f'place:"{_spelled(draw, name)}"', Asked("place", ":", name))


def _halves(text: str) -> tuple[str, str, str]:
    return text.partition(":")


@st.composite
def blurred(draw: st.DrawFn) -> str:
    """Draw a path, or its end, with stars and question marks in place of some of it."""
    parts = (draw(st.sampled_from(pool)) for pool in (ROOTS, FOLDERS, STEMS, FORMATS))
    root, folder, stem, (suffix, _) = parts
    whole = b"/".join(part for part in (root, folder, stem) if part) + suffix
    text = whole.decode("utf-8", "backslashreplace").replace('"', "?").replace("\n", "?")
    text = text[draw(st.sampled_from([0, *(m.end() for m in re.finditer("/", text))])) :]
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 8)))
        some = draw(one_of_texts(("*", "*", "**", "/**/", "?", "?" * (end - start))))
        text = text[:start] + some + text[end:]
    return text if text.strip("/ ") == text.strip() != "" else "*"


@st.composite
def paths(draw: st.DrawFn) -> Written:
    """Draw a pattern for a path."""
    stems = [stem.decode("utf-8", "backslashreplace") for stem in (*STEMS, *FOLDERS) if stem]
    literal = [stem for stem in stems if not set(stem) & set('"\n')]
    pattern = draw(one_of_texts((*PATHS, *literal, *(f"**{stem}*" for stem in literal))))
    if draw(st.booleans()):
        pattern = draw(blurred())
    is_plain = set(pattern) <= SAFE | set("*?/._~-")
    spelled = pattern if pattern.startswith("~") else _spelled(draw, pattern)
    text = pattern if is_plain and draw(st.booleans()) else f'"{spelled}"'
    return Written(f"path:{text}", Asked("path", ":", pattern))
