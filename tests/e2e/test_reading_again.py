"""Metadata that changes beside a photo is read again; the models are not asked again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from ledger import Ledger
from program import Program, wait_until
from stage import CAUGHT_UP, KNOWN, OUTCOME, cat_jpeg, new_program, put, tiny_jpeg

if TYPE_CHECKING:
    from pathlib import Path

    from program import Daemon

SIDECAR = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="%d"/>
 </rdf:RDF>
</x:xmpmeta>"""


@pytest.fixture
def program(tmp_path: Path, program_cache: Path) -> Program:
    """The installed program; it settles quickly."""
    return new_program(tmp_path / "home", program_cache)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return put(tmp_path / "photos/cat.jpg", cat_jpeg())


def outcomes(daemon: Daemon, photo: Path) -> list[bool]:
    """Tell of each round of a photo, in all runs, whether its picture was known."""
    return [KNOWN in what for path, what in OUTCOME.findall(daemon.log) if path == str(photo)]


def test_a_sidecar_that_comes_changes_and_goes_is_followed(program: Program, photo: Path) -> None:
    ledger = Ledger(program.catalog)

    def rating() -> int | None:
        ((found,),) = ledger.ask("SELECT rating FROM photo WHERE name = ?", b"cat.jpg")
        return found

    with program.watch(photo.parent) as daemon:
        daemon.wait_for(CAUGHT_UP)
        beside, shared = photo.with_name("cat.jpg.xmp"), photo.with_name("cat.xmp")
        beside.write_bytes(SIDECAR % 5)
        wait_until(lambda: rating() == 5, what="rating 5")
        beside.write_bytes(SIDECAR % -1)
        wait_until(lambda: rating() == -1, what="rating -1")
        beside.unlink()
        wait_until(lambda: rating() is None, what="no rating")
        shared.write_bytes(SIDECAR % 2)
        wait_until(lambda: rating() == 2, what="rating 2")
        assert outcomes(daemon, photo) == [False, True, True, True, True]
        assert daemon.stop() == 0


def test_a_sidecar_that_came_while_nobody_watched_is_read_once(
    program: Program, photo: Path
) -> None:
    with program.watch(photo.parent) as daemon:
        daemon.wait_for(CAUGHT_UP)
    photo.with_name("cat.jpg.xmp").write_bytes(SIDECAR % 3)
    for number in range(2):
        later = photo.with_name(f"{number}.jpg")
        with program.watch(photo.parent) as daemon:
            daemon.wait_for_count(CAUGHT_UP, 2 + number)
            put(later, tiny_jpeg(number))
            wait_until(partial(outcomes, daemon, later))
            assert outcomes(daemon, photo) == [False, True]
    assert program.search("rating:3") == [str(photo)]


def test_photos_of_an_earlier_reader_are_read_again(program: Program, photo: Path) -> None:
    ledger = Ledger(program.catalog)
    with program.watch(photo.parent) as daemon:
        daemon.wait_for(CAUGHT_UP)
    before = ledger.ask("SELECT * FROM photo_tag")
    assert ledger.change("UPDATE photo SET read_by = 0, taken_source = NULL") == 1
    with program.watch(photo.parent) as daemon:
        wait_until(lambda: ledger.ask("SELECT 1 FROM photo WHERE read_by > 0"))
        assert outcomes(daemon, photo) == [False, True]
    assert ledger.ask("SELECT taken_source, state FROM photo") == [("file", "done")]
    assert ledger.ask("SELECT * FROM photo_tag") == before != []
