from __future__ import annotations

import pytest
from photo_records import FULL, HOSTILE, record, tag

from phototagd.daemon import output
from phototagd.daemon.output.tables import LEAST, fit, shorten, shorten_middle
from phototagd.db.errors import text_columns


def test_columns_stand_below_each_other_for_wide_letters_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.print_table(("name", "x"), [("日本", "|"), ("cafe\u0301", "|"), ("dog", "|")])

    lines = capsys.readouterr().out.splitlines()
    assert {text_columns(line.rpartition("|")[0]) for line in lines[1:]} == {6}


@pytest.mark.parametrize("columns", [80, 100, 120, 200])
def test_a_table_fits_the_terminal(columns: int) -> None:
    for widths in ([17, 6, 40, 80, 90], [17, 6, 6, 10, 300], [17, 6, 200, 10, 16]):
        fitted = fit(widths, columns)
        assert sum(fitted) + 8 <= columns
        assert all(
            new >= min(old, least) for new, old, least in zip(fitted, widths, LEAST, strict=True)
        )


def test_a_table_that_fits_is_left_alone() -> None:
    assert fit([17, 6, 10, 20, 30], 91) == [17, 6, 10, 20, 30]


@pytest.mark.parametrize(
    "text", ["plain text of some length", "日本語の写真のとても長い名前", "cafe\u0301 " * 9]
)
@pytest.mark.parametrize("columns", range(2, 24))
def test_shortened_texts_keep_within_their_columns(text: str, columns: int) -> None:
    assert text_columns(shorten(text, columns)) <= columns
    assert text_columns(shorten_middle(text, columns)) <= columns


def test_a_long_list_names_each_photo_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    photos = [record(HOSTILE), record(b"/photos/b.jpg", metadata=FULL, tags=(tag("cat"),))] * 150
    output.print_long(photos)

    heading, first, second, *rest = capsys.readouterr().out.splitlines()
    assert heading.split() == ["date", "size", "camera", "labels", "path"]
    assert first.split()[:4] == ["2023-07-01", "12:00~", "2.4", "MB"]
    assert r"<script>alert(1)</script>" in first
    assert second.split() == (
        ["2023-07-01", "12:00", "2.4", "MB", "Canon", "EOS", "5D", "cat", "/photos/b.jpg"]
    )
    assert len(rest) == 298
