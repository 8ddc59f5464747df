"""The contact sheet as text, and as a real browser shows it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

import pytest
from chromium import PROGRAM, WITHOUT, Browser, open_browser
from photo_records import FULL, HOSTILE, detection, record, tag
from PIL import Image

from phototagd.daemon.sheet.page import SheetFacts, write_page
from phototagd.daemon.sheet.thumbnails import Thumbnail

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

EVIL = '"><img src=x onerror="document.title=1"><script>document.title=1</script>'


def thumbnail(
    path: bytes = b"/photos/a.jpg", size: tuple[int, int] = (320, 240), **fields: object
) -> Thumbnail:
    return Thumbnail(record(path, **fields), Image.new("RGB", size, "#336699"))


PAGE = (
    thumbnail(metadata=FULL),
    thumbnail(HOSTILE, (240, 320)),
    Thumbnail(record(b"/photos/gone.jpg"), None, "the file is not there <any> more"),
    *(thumbnail(b"/photos/%d.jpg" % n) for n in range(3, 40)),
)


def page(thumbnails: Sequence[Thumbnail], query: str = "dog") -> str:
    out = io.BytesIO()
    write_page(thumbnails, out, SheetFacts(query, len(thumbnails), "2024-05-01"))
    return out.getvalue().decode("utf-8")


class Reader(HTMLParser):
    """Collects the elements and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == name]


def test_no_text_of_a_photo_becomes_markup() -> None:
    evil = replace(FULL, make=EVIL, model=None, lens=EVIL, title=EVIL, caption=EVIL,
                   place=replace(FULL.place, country=EVIL, city=EVIL, region=EVIL))  # type: ignore[type-var]  # fmt: skip # it has a place
    hostile = thumbnail(
        EVIL.replace("/", "").encode(), metadata=evil, keywords=(EVIL,), format=EVIL,
        tags=(tag(EVIL),), detections=(detection(EVIL),),
    )  # fmt: skip
    lost = Thumbnail(hostile.photo, None, EVIL)
    read = Reader(page([hostile, lost], EVIL))
    plain = Reader(
        page(
            [
                thumbnail(metadata=FULL, keywords=("x",)),
                Thumbnail(record(metadata=FULL, keywords=("x",)), None, "x"),
            ]
        )
    )

    assert [name for name, _ in read.elements] == [name for name, _ in plain.elements]
    allowed = {name for _, attributes in plain.elements for name in attributes}
    assert {name for _, attributes in read.elements for name in attributes} == allowed
    assert not any(name.startswith("on") or name == "style" for name in allowed)


def test_a_hostile_name_is_shown_as_text_and_its_link_has_the_exact_bytes() -> None:
    read = Reader(page([thumbnail(HOSTILE)]))
    (link,) = [
        one["href"] or "" for one in read.all("a") if (one["href"] or "").startswith("file:")
    ]

    assert unquote_to_bytes(link.removeprefix("file://")) == HOSTILE
    assert r'/photos/<script>alert(1)</script> "&\n\x1b[31m\xff.jpg' in read.texts


def test_the_policy_allows_exactly_what_is_inside() -> None:
    text = page(PAGE)
    policy = next(one["content"] or "" for one in Reader(text).all("meta") if "http-equiv" in one)

    for name in ("style", "script"):
        (inside,) = re.findall(f"<{name}>(.*?)</{name}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http:" not in text
    assert "https:" not in text


def test_pictures_have_their_names_and_labels_as_text() -> None:
    (image,) = Reader(page([thumbnail(metadata=FULL)])).all("img")

    assert image["alt"] == "a.jpg: dog"
    data = base64.b64decode((image["src"] or "").removeprefix("data:image/jpeg;base64,"))
    assert Image.open(io.BytesIO(data)).size == (320, 240)
    assert (image["width"], image["height"]) == ("320", "240")


def test_a_photo_that_cannot_be_read_has_a_place_with_the_reason() -> None:
    read = Reader(page([PAGE[2]]))

    assert read.all("img") == []
    assert "the file is not there <any> more" in read.texts


def test_camera_place_and_date_are_told() -> None:
    texts = Reader(page([thumbnail(metadata=FULL)])).texts

    assert "2023-07-01 12:00 \u00b7 Lisbon, Portugal \u00b7 Canon EOS 5D" in texts
    assert "Canon EOS 5D, EF50mm f/1.8, 50 mm, f/2.8, 1/250 s, ISO 400" in texts
    assert "38.7100, -9.1400, 5 m; Lisbon, Portugal" in texts
    assert "Taken" in texts
    assert "4 of 5" in texts
    rejected = thumbnail(metadata=replace(FULL, rating=-1))
    assert "rejected" in Reader(page([rejected])).texts
    assert "Date of the file" in Reader(page([thumbnail()])).texts


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if PROGRAM is None:
        pytest.skip(WITHOUT)
    with open_browser(tmp_path_factory.mktemp("chromium") / "profile") as found:
        yield found


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "sheet #1?.html"
    path.write_text(page(PAGE), "utf-8")
    return path


def complaints(browser: Browser) -> list[str]:
    """Return what the browser had to say: refused by the policy, failed, thrown."""
    told = ("Log.entryAdded", "Runtime.exceptionThrown", "Network.loadingFailed")
    return [json.dumps(event) for event in browser.events if event.get("method") in told]


def requests(browser: Browser) -> list[str]:
    sent = [e["params"] for e in browser.events if e.get("method") == "Network.requestWillBeSent"]
    return [one["request"]["url"] for one in sent]


def test_the_page_asks_for_nothing_and_the_browser_has_no_complaint(
    browser: Browser, sheet: Path
) -> None:
    browser.open(sheet)
    browser.settle()

    assert {url.split(":")[0] for url in requests(browser)[1:]} <= {"data"}
    assert requests(browser)[0] == sheet.as_uri()
    assert complaints(browser) == []
    assert browser.run("document.title") == "dog - phototag"
    assert browser.run("document.querySelectorAll('script').length") == 1
    assert browser.run(
        "Promise.all([...document.images].map("
        "i => { i.loading = 'eager'; return i.decode().then(() => i.naturalWidth) }))"
    ) == [320, 240, *[320] * 37]


SHOWN = "getComputedStyle(document.querySelector('#p{} .marks')).opacity"


def test_boxes_show_where_the_mouse_points_and_lie_where_they_were_found(
    browser: Browser, sheet: Path
) -> None:
    browser.open(sheet)
    before = browser.run(SHOWN.format(1))
    browser.point("#p1 .open")

    assert (before, browser.run(SHOWN.format(1)), browser.run(SHOWN.format(2))) == ("0", "1", "0")
    sides = browser.run(
        "(() => { const i = document.querySelector('#p1 img').getBoundingClientRect();"
        " const b = document.querySelector('#p1 rect').getBoundingClientRect();"
        " return [(b.left-i.left)/i.width, (b.top-i.top)/i.height,"
        " (b.right-i.left)/i.width, (b.bottom-i.top)/i.height] })()"
    )
    assert sides == pytest.approx([0.1, 0.2, 0.5, 0.8], abs=0.01)


def test_a_link_enlarges_a_photo_without_any_script(browser: Browser, sheet: Path) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(sheet, "#p2")
        shown = browser.run("document.querySelector('#p2 figure').getBoundingClientRect().toJSON()")
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)

    browser.settle()
    assert (shown["width"], shown["height"]) == (1280, 900)
    assert browser.run(SHOWN.format(2)) == "1"


def test_keys_lead_from_photo_to_photo(browser: Browser, sheet: Path) -> None:
    browser.open(sheet)

    def here() -> str:
        found: str = browser.run("document.activeElement.closest('li')?.id ?? ''")
        return found

    def enlarged() -> str:
        found: str = browser.run("document.querySelector('li:target')?.id ?? ''")
        return found

    browser.press("ArrowRight", 39)
    browser.press("ArrowRight", 39)
    assert (here(), enlarged()) == ("p2", "")
    browser.press("Enter", 13)
    assert enlarged() == "p2"
    browser.press("ArrowRight", 39)
    assert (here(), enlarged()) == ("p3", "p3")
    browser.press("ArrowLeft", 37)
    browser.press("Escape", 27)
    assert (here(), enlarged()) == ("p2", "")
    browser.press("ArrowDown", 40)
    assert int(here()[1:]) > 3
    browser.press("ArrowUp", 38)
    assert here() in ("p1", "p2", "p3")


@pytest.mark.parametrize("width", [360, 600, 1280, 2000])
def test_photos_fill_their_rows_and_nothing_is_wider_than_the_screen(
    browser: Browser, sheet: Path, width: int
) -> None:
    browser.open(sheet, width=width)
    browser.settle()

    assert browser.run("document.documentElement.scrollWidth") <= width
    rows = browser.run(
        "Object.values(Object.groupBy([...document.querySelectorAll('.open')].slice(0, 20)"
        ".map(e => e.getBoundingClientRect()), b => Math.round(b.top)))"
        ".map(row => row.map(b => [b.left, b.right, b.height]))"
    )
    assert len(rows) > 1
    for row in rows:
        assert max(box[2] for box in row) - min(box[2] for box in row) < 1.5
    ends = [max(box[1] for box in row) for row in rows[:-1]]
    assert max(ends) - min(ends) < 2


def test_a_screenshot_shows_the_photos(browser: Browser, sheet: Path, tmp_path: Path) -> None:
    browser.open(sheet)
    browser.settle()
    browser.screenshot(tmp_path / "shot.png")

    with Image.open(tmp_path / "shot.png") as shot:
        blue = sum(
            n for n, (r, g, b) in shot.convert("RGB").getcolors(1 << 24) if b > g > r and b - r > 80
        )
    assert blue > 0.3 * 1280 * 900
