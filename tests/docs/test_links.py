"""Links between the pages lead somewhere, and every page can be reached from the README."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from doc_pages import PAGES, ROOT, anchors, code_spans, links

if TYPE_CHECKING:
    from pathlib import Path


def inner_links(page: Path) -> list[tuple[Path, str]]:
    """Return the files in the repository that a page links to, with the anchors."""
    found = []
    for link in links(page):
        if "://" not in link:
            name, _, anchor = link.partition("#")
            found.append(((page.parent / name).resolve() if name else page, anchor))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_links_of_a_page_lead_to_files_and_headings_that_exist(page: Path) -> None:
    for target, anchor in inner_links(page):
        assert target.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in anchors(target), f"{page.name}: {target.name}#{anchor}"


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, to_read = set(), [ROOT / "README.md"]
    while to_read:
        page = to_read.pop()
        if page not in reached:
            reached.add(page)
            to_read += [target for target, _ in inner_links(page) if target.suffix == ".md"]
    assert set(PAGES) <= reached


FOLDERS = "daemon|db|models|tests|benchmarks|docs|packaging|systemd"
PLACE = re.compile(rf"(?:{FOLDERS})/[\w./@-]+")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_places_in_the_checkout_that_a_page_names_exist(page: Path) -> None:
    for span in code_spans(page):
        if PLACE.fullmatch(span):
            assert (ROOT / span).exists(), f"{page.name}: {span}"


def test_the_places_in_the_picture_exist() -> None:
    picture = (ROOT / "docs" / "how-it-works.svg").read_text("utf-8")
    found = [place for text in re.findall(r'class="file"[^>]*>([^<]+)<', picture)
             for place in PLACE.findall(text)]  # fmt: skip
    assert len(found) > 10
    assert [place for place in found if not (ROOT / place).exists()] == []
