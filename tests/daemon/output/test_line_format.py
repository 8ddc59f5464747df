from __future__ import annotations

import re
from dataclasses import replace

import pytest
from photo_records import FULL, HOSTILE, detection, record, tag

from phototagd.daemon.output.line_format import FIELDS, PATHS, FormatError, parse_format


def rendered(text: str, **fields: object) -> bytes:
    return parse_format(text).render(record(**fields))  # type: ignore[arg-type]  # fields of any


def test_fields_texts_and_escapes_stand_as_written() -> None:
    tags = (tag("dog"), tag("Siberian Husky", kind="label"), tag("animal", shown=False))

    assert rendered(r"{path}\t{labels}\n", tags=tags) == b"/photos/a.jpg\tdog, Siberian Husky\n"
    assert rendered(r"{{{name}}} \\ {folder}") == b"{a.jpg} \\ /photos"
    assert rendered("{ date } {size}") == b"2023-07-01 12:00:00 2400000"


def test_every_field_of_the_metadata_is_there() -> None:
    text = "{camera}|{lens}|{iso}|{f}|{focal}|{exposure}|{city}|{country}|{lat}|{lon}|{rating}"

    assert rendered(text, metadata=FULL) == (
        b"Canon EOS 5D|EF50mm f/1.8|400|2.8|50|1/250|Lisbon|Portugal|38.71|-9.14|4"
    )
    assert rendered(text) == b"||||||||||"


def test_the_boxes_of_a_name_are_one_object() -> None:
    boxes = (detection("cat"), detection("dog"), detection("dog"))

    assert rendered("{objects}", detections=boxes) == b"dog, cat"


def test_a_path_is_exact_for_programs_and_harmless_for_people() -> None:
    line = parse_format("{path}")

    assert line.render(record(HOSTILE)) == HOSTILE
    shown = line.render(record(HOSTILE), for_people=True)
    assert shown == rb'/photos/<script>alert(1)</script> "&\n\x1b[31m\xff.jpg'


@pytest.mark.parametrize("field", [name for name in FIELDS if name not in ("date", "state")])
def test_no_other_field_can_break_a_line(field: str) -> None:
    evil = "a\nb\tc\x1b[31m"
    names = dict.fromkeys(("make", "lens", "title", "caption"), evil)
    place = FULL.place
    assert place is not None
    metadata = replace(
        FULL, **names, model=None, place=replace(place, country=evil, region=evil, city=evil)
    )
    found = parse_format(f"{{{field}}}").render(
        record(metadata=metadata, keywords=(evil,), tags=(tag(evil),), format=evil,
               detections=(detection(evil),))
    )  # fmt: skip

    assert found
    assert not re.search(rb"[\n\t\x1b]", found)


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("{pth}", 0, "no field is called 'pth'; did you mean path"),
        ("{path.__class__}", 0, "no field is called 'path.__class__'"),
        ("{0}", 0, "no field is called '0'"),
        ("{path!r:>10}", 0, "no field is called"),
        ("ab{path", 2, "this brace is never closed"),
        ("a}b", 1, "this brace is never opened"),
        (r"a\x", 1, r"\x has no meaning"),
        ("a\\", 1, "a \\ at the end"),
    ],
)
def test_what_means_nothing_is_refused_at_its_place(text: str, position: int, message: str) -> None:
    with pytest.raises(FormatError, match=re.escape(message)) as caught:
        parse_format(text)

    assert caught.value.position == position


def test_details_are_asked_for_only_where_a_field_needs_them() -> None:
    assert not parse_format("{path} {date} {width}").needs_details
    assert parse_format("{camera}").needs_details
    assert all(not parse_format(f"{{{name}}}").needs_details for name in PATHS)
