"""Tags in photos as their users meet them: written, read by other programs, taken back."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import piexif
import pytest
from exiftool import tags_of
from jpeg_parts import segment
from ledger import Ledger
from PIL import Image
from program import Program, wait_until
from stage import CAUGHT_UP, KNOWN, OUTCOME, cat_jpeg, cup_jpeg, new_program, put, tiny_jpeg
from system_calls import names_in

from phototagd.daemon.tagging import exif

if TYPE_CHECKING:
    from pathlib import Path

    from program import Daemon

XP_KEYWORDS = 0x9C9E


@pytest.fixture
def program(tmp_path: Path, program_cache: Path) -> Program:
    """The installed program; it settles quickly."""
    return new_program(tmp_path / "home", program_cache)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return put(tmp_path / "photos/cat.jpg", cat_jpeg()).parent


def items(path: Path) -> tuple[str, ...]:
    return exif.read_field(path.read_bytes()).items


def sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".xmp")


def is_tagged(path: Path) -> bool:
    return "cat" in items(path) and sidecar(path).exists()


def inferences(daemon: Daemon, path: Path) -> int:
    """Count how often a photo went through the models."""
    found = OUTCOME.findall(daemon.log)
    return sum(name == str(path) and KNOWN not in what for name, what in found)


def test_a_copy_that_the_catalog_does_not_know_is_taken_back_by_its_mark(
    program: Program, photos: Path, tmp_path: Path
) -> None:
    before = (photos / "cat.jpg").read_bytes()
    assert program.run("write", "--to", "both", photos).returncode == 0
    copy = put(tmp_path / "elsewhere/copy.jpg", (photos / "cat.jpg").read_bytes())
    put(sidecar(copy), sidecar(photos / "cat.jpg").read_bytes())

    done = program.run("unwrite", copy)

    assert done.returncode == 0, done.stderr
    assert copy.read_bytes() == before
    assert not sidecar(copy).exists()
    assert is_tagged(photos / "cat.jpg")
    assert program.run("show", copy).returncode == 1  # nothing was recorded of it


def test_what_is_written_others_read_and_comes_back_to_the_byte(
    program: Program, photos: Path
) -> None:
    put(photos / "cup.jpg", cup_jpeg())
    before = {path: path.read_bytes() for path in photos.iterdir()}
    cat = photos / "cat.jpg"

    dry = program.run("write", "--dry-run", "--to", "both", photos)
    assert f"would: {cat} (exif): + cat" in dry.stdout
    assert {path: path.read_bytes() for path in photos.iterdir()} == before

    done = program.run("write", "--to", "both", photos)
    assert done.returncode == 0, done.stderr
    assert "4 files written" in done.stdout
    assert "cat" in tags_of(cat.read_bytes())["IFD0:XPKeywords"].split(";")
    assert "cat" in tags_of(sidecar(cat).read_bytes())["XMP-dc:Subject"]
    with Image.open(cat) as image:
        assert "cat" in image.getexif()[XP_KEYWORDS].decode("utf-16-le").rstrip("\0").split(";")
    assert f"written into {sidecar(cat)}" in program.run("show", cat).stdout
    again = program.run("write", "--to", "both", photos)
    assert "0 files written, 4 as they should be" in again.stdout

    assert program.run("unwrite", "--yes").returncode == 0
    assert {path: path.read_bytes() for path in photos.iterdir()} == before


def test_a_link_stays_a_link_and_its_target_is_written(program: Program, photos: Path) -> None:
    link = photos.parent / "link.jpg"
    link.symlink_to(photos / "cat.jpg")

    assert program.run("write", link).returncode == 0

    assert link.is_symlink()
    assert "cat" in items(photos / "cat.jpg")


def test_a_refusal_is_told_with_its_reason_and_kept(program: Program, photos: Path) -> None:
    cat = photos / "cat.jpg"
    os.link(cat, photos.parent / "second name")

    done = program.run("write", cat)

    assert done.returncode == 1
    assert f"refused: {cat} (exif): it has 2 hard links" in done.stderr
    assert cat.read_bytes() == cat_jpeg()
    assert "it has 2 hard links" in program.run("status").stdout


def put_photos_with_keywords(folder: Path) -> None:
    """Write a photo for each field that can hold the keyword "summer"."""
    xp = {"0th": {XP_KEYWORDS: "summer\0".encode("utf-16-le")}}
    put(folder / "exif.jpg", tiny_jpeg(1))
    piexif.insert(piexif.dump(xp), str(folder / "exif.jpg"))
    data = tiny_jpeg(2)
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x0c\x1c\x02\x19\x00\x06Summer\x00"
    put(folder / "iptc.jpg", data[:2] + segment(0xED, iptc) + data[2:])
    packet = (
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF"
        b" xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description rdf:about=''"
        b" xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:subject><rdf:Bag><rdf:li>summer"
        b"</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    data = tiny_jpeg(3)
    xmp = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00" + packet)
    put(folder / "xmp.jpg", data[:2] + xmp + data[2:])
    put(folder / "beside.jpg", tiny_jpeg(4))
    put(folder / "beside.jpg.xmp", packet)


def test_the_owners_keywords_are_found_and_ours_never(program: Program, photos: Path) -> None:
    put_photos_with_keywords(photos)
    names = ["beside.jpg", "exif.jpg", "iptc.jpg", "xmp.jpg"]
    expected = [str(photos / name) for name in names]
    program.run("scan", photos)
    assert sorted(program.search("keyword:SUMMER")) == expected

    assert program.run("write", "--to", "both", photos / "cat.jpg").returncode == 0
    assert is_tagged(photos / "cat.jpg")
    (photos / "cat.jpg").rename(photos / "moved.jpg")
    sidecar(photos / "cat.jpg").rename(photos / "moved.jpg.xmp")
    program.run("scan", photos)

    assert program.search("cat") == [str(photos / "moved.jpg")]
    assert program.run("search", "keyword:cat").returncode == 2  # nobody gave a photo this word
    assert sorted(program.search("keyword:summer")) == expected


def test_the_daemon_tags_what_comes_and_analyses_it_once(program: Program, photos: Path) -> None:
    program.environ["PHOTOTAG_TAGS_WRITE"] = "both"
    ledger = Ledger(program.catalog)
    with program.watch(photos) as daemon:
        daemon.wait_for(CAUGHT_UP)
        new = put(photos / "sub/new.jpg", cat_jpeg()[:-2] + b"new\xff\xd9")
        for path in (photos / "cat.jpg", new):
            wait_until(lambda path=path: is_tagged(path), what=str(path))
        assert exif.restore(new.read_bytes()) == cat_jpeg()[:-2] + b"new\xff\xd9"
        # What came before a later photo was seen before it: our own writes, too.
        put(photos / "sub/last.jpg", cup_jpeg())
        wait_until(lambda: "cup" in items(photos / "sub/last.jpg"))
        wait_until(lambda: ledger.states(photos) == dict.fromkeys(
            ["cat.jpg", "sub/new.jpg", "sub/last.jpg"], "done"))  # fmt: skip

        assert inferences(daemon, photos / "cat.jpg") == 1
        assert [name for name, _ in OUTCOME.findall(daemon.log)].count(str(new)) == 1
        (photos / "sub/new.jpg").rename(photos / "moved.jpg")
        sidecar(photos / "sub/new.jpg").rename(photos / "moved.jpg.xmp")
        wait_until(lambda: str(photos / "moved.jpg") in program.search("cat"))
        assert daemon.stop() == 0
    assert "Traceback" not in daemon.log

    program.environ["PHOTOTAG_TAGS_WRITE"] = "off"
    assert program.run("unwrite", "--yes").returncode == 0
    assert (photos / "moved.jpg").read_bytes() == cat_jpeg()[:-2] + b"new\xff\xd9"
    assert names_in(photos / "sub") == ["last.jpg"]


@pytest.mark.parametrize(
    ("call", "who"), [("rename", "both"), ("unlink", "both"), ("rename", "the scribe")]
)
def test_kill_9_in_the_middle_of_a_write_and_a_new_start(
    program: Program, photos: Path, call: str, who: str
) -> None:
    program.environ["PHOTOTAG_TAGS_WRITE"] = "exif"
    faults = program.plant_faults()
    (faults / f"kill-{call}").write_text("parent" if who == "both" else "")
    cat, ledger = photos / "cat.jpg", Ledger(program.catalog)

    with program.watch(photos) as daemon:
        wait_until(lambda: not (faults / f"kill-{call}").exists())
        if who == "both":
            assert daemon.process.wait(30) == -signal.SIGKILL
        else:
            wait_until(
                lambda: not ledger.ask("SELECT 1 FROM tag_intent") and "failed" in daemon.log
            )
            assert daemon.stop() == 0
    assert cat.read_bytes() == cat_jpeg() or exif.restore(cat.read_bytes()) == cat_jpeg()

    with program.watch(photos) as daemon:
        daemon.wait_for_count(CAUGHT_UP, 1)
        wait_until(lambda: not ledger.ask("SELECT 1 FROM tag_intent"))
        if who == "both":
            wait_until(lambda: "cat" in items(cat))
        wait_until(lambda: names_in(photos) == ["cat.jpg"])
        assert daemon.stop() == 0
    assert inferences(daemon, cat) == 1
    program.environ["PHOTOTAG_TAGS_WRITE"] = "off"
    assert program.run("write", cat).returncode == 0
    assert program.run("unwrite", cat).returncode == 0
    assert cat.read_bytes() == cat_jpeg()


def test_writing_beside_a_daemon_that_does_not_write_starts_no_second_analysis(
    program: Program, photos: Path
) -> None:
    cat = photos / "cat.jpg"
    with program.watch(photos) as daemon:
        daemon.wait_for(CAUGHT_UP)
        for verb in ("write", "unwrite"):
            done = program.run(verb, cat)
            assert done.returncode == 0, done.stderr
            assert ("cat" in items(cat)) == (verb == "write")
        put(photos / "last.jpg", cup_jpeg())
        wait_until(lambda: program.search("cup") == [str(photos / "last.jpg")])

        assert inferences(daemon, cat) == 1
        assert cat.read_bytes() == cat_jpeg()
        assert daemon.stop() == 0


def test_the_second_of_two_daemons_does_not_write(
    program: Program, photos: Path, tmp_path: Path, program_cache: Path
) -> None:
    other = new_program(tmp_path / "other", program_cache, PHOTOTAG_TAGS_WRITE="exif")
    program.environ["PHOTOTAG_TAGS_WRITE"] = "exif"
    with program.watch(photos) as first:
        wait_until(lambda: "cat" in items(photos / "cat.jpg"))
        other.environ |= {"PHOTOTAG_TAGS_PREFIX": "other "}
        with other.watch(photos) as second:
            second.wait_for("another program writes tags in this library")
            degraded = wait_until(lambda: other.status()["degraded"])
            assert "another program writes tags" in degraded[0]["reason"]
            assert not any(item.startswith("other ") for item in items(photos / "cat.jpg"))
            assert second.stop() == 0
        assert first.stop() == 0
