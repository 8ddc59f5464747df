from __future__ import annotations

import base64
import io
import json
from dataclasses import replace

import pytest
from photo_records import FULL, HOSTILE, NOON, record

from phototagd.daemon import output
from phototagd.daemon.output.moments import describe_taken, taken_iso
from phototagd.daemon.output.streams import to_json
from phototagd.db.records import Metadata


def test_json_carries_what_the_camera_wrote() -> None:
    photo = output.photo_to_dict(record(metadata=FULL, pair=b"/photos/a.cr2"))

    assert photo["taken_at"] == "2023-07-01T12:00:00.250000+01:00"
    assert photo["taken_source"] == "camera"
    assert photo["pair"] == "/photos/a.cr2"
    assert photo["metadata"] == {
        "camera": {"make": "Canon", "model": "Canon EOS 5D", "name": "Canon EOS 5D"},
        "lens": "EF50mm f/1.8",
        "iso": 400,
        "f_number": 2.8,
        "exposure": 0.004,
        "focal": 50.0,
        "focal_35mm": 50,
        "gps": {"latitude": 38.71, "longitude": -9.14, "altitude": 5.0},
        "place": {
            "country_code": "PT",
            "country": "Portugal",
            "region": "Lisbon",
            "city": "Lisbon",
        },
        "rating": 4,
        "title": "A title",
        "caption": "A caption",
        "software": "Firmware 1.1",
        "dropped": ["GPSAltitude 1e9: in space"],
    }


def test_what_nobody_wrote_is_null() -> None:
    photo = output.photo_to_dict(record())

    assert photo["taken_at"] == "2023-07-01T12:00:00"
    assert photo["taken_source"] == "file"
    assert photo["pair"] is photo["pair_b64"] is None
    known = {key: value for key, value in photo["metadata"].items() if value is not None}
    assert known == {"dropped": []}


@pytest.mark.parametrize(
    ("changes", "iso", "text"),
    [
        ({}, "2023-07-01T12:00:00.250000+01:00", "taken 2023-07-01 12:00:00.25 +01:00"),
        ({"taken_us": None}, "2023-07-01T12:00:00+01:00", "taken 2023-07-01 12:00:00 +01:00"),
        ({"taken_us": 0, "taken_offset": None}, "2023-07-01T12:00:00", "taken 2023-07-01 12:00:00"),
        ({"taken_us": None, "taken_offset": -210}, "2023-07-01T12:00:00-03:30",
         "taken 2023-07-01 12:00:00 -03:30"),
    ],
)  # fmt: skip
def test_a_date_is_as_exact_as_it_is_known(changes: dict[str, int], iso: str, text: str) -> None:
    photo = record(metadata=replace(FULL, **changes))

    assert taken_iso(photo) == iso
    assert describe_taken(photo) == text


def test_a_date_of_the_file_says_so_and_an_absurd_one_is_none() -> None:
    assert describe_taken(record()) == "no date in the photo: file time 2023-07-01 12:00:00"
    assert taken_iso(record(taken_at=10**15)) is None
    assert describe_taken(record(taken_at=-(10**15))) == "no date"
    assert taken_iso(record(taken_at=-NOON)) == "1916-07-03T12:00:00"


def test_show_tells_people_in_a_few_lines(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_photo(record(metadata=FULL, keywords=("sea",), pair=b"/photos/a.cr2"))

    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert "taken 2023-07-01 12:00:00.25 +01:00" in lines
    assert "Canon EOS 5D, EF50mm f/1.8, 50 mm, f/2.8, 1/250 s, ISO 400" in lines
    assert "38.7100, -9.1400, 5 m; Lisbon, Portugal" in lines
    assert "rating 4 of 5" in lines
    assert "not believed: GPSAltitude 1e9: in space" in lines
    assert "pair: /photos/a.cr2" in lines


def test_show_lets_no_text_of_a_photo_command_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    evil = "x\x1b[2J\n\u202e"
    texts = Metadata(make=evil, lens=evil, title=evil, caption=evil, software=evil, dropped=(evil,))
    output.print_photo(record(HOSTILE, metadata=texts, keywords=(evil,), pair=HOSTILE))

    out = capsys.readouterr().out
    assert out.isprintable() or set(filter(lambda c: not c.isprintable(), out)) == {"\n"}


def test_a_stream_of_json_is_the_text_of_the_whole_list() -> None:
    photos = [record(), record(HOSTILE, metadata=FULL), record(b"/b")]
    streamed = io.StringIO()
    output.write_json(photos, streamed)

    assert streamed.getvalue() == to_json([output.photo_to_dict(one) for one in photos]) + "\n"
    empty = io.StringIO()
    output.write_json([], empty)
    assert json.loads(empty.getvalue()) == []


def test_machines_get_the_exact_bytes_and_terminals_no_commands() -> None:
    for write in (output.write_json, output.write_ndjson):
        out = io.StringIO()
        write([record(HOSTILE.replace(b"\xff", "\u202e\x9b".encode()))], out)
        text = out.getvalue()
        assert text.replace("\n", "").isprintable()
        found = json.loads(text)
        photo = found[0] if isinstance(found, list) else found
        exact = base64.b64decode(photo["path_b64"])
        assert exact.decode() == photo["path"]
        assert exact.endswith("\u202e\x9b.jpg".encode())


def test_ndjson_is_a_line_a_photo() -> None:
    out = io.StringIO()
    output.write_ndjson([record(HOSTILE), record()], out)

    lines = out.getvalue().splitlines()
    assert [json.loads(line)["path_b64"] for line in lines] == [
        base64.b64encode(HOSTILE).decode(),
        base64.b64encode(b"/photos/a.jpg").decode(),
    ]
