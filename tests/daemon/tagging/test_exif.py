"""Keywords in EXIF data: others read what is written, nothing else changes, all comes back."""

from __future__ import annotations

import io
import json
import random
import shutil
import struct
import subprocess
from typing import TYPE_CHECKING, Any

import piexif
import pytest
from jpeg_parts import (
    ASCII,
    BYTE,
    COMMENT,
    ICC,
    II,
    JFIF,
    MM,
    ORIENTATION,
    SHORT,
    SIZES,
    UNDEFINED,
    XMP,
    XP_KEYWORDS,
    Field,
    camera_block,
    encoded,
    exif_block,
    exif_segment,
    jpeg,
    segment,
)
from photo_files import ROCKET
from PIL import Image

from phototagd.daemon.tagging import exif, tiff
from phototagd.daemon.tagging import jpeg as jpeg_file
from phototagd.daemon.tagging.errors import Refused
from phototagd.daemon.tagging.exif import KeywordField, read_field, restore, write_field

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = jpeg(JFIF, XMP, ICC, COMMENT)
ORDERS = pytest.mark.parametrize("order", [II, MM])
# Tags whose values are places in the block.
NO_VALUES = (0x0111, 0x0117, 0x014A, 0x0201, 0x0202)
exiftool = pytest.mark.skipif(not shutil.which("exiftool"), reason="needs the exiftool command")


def camera(order: str = II, keywords: str | None = None) -> bytes:
    return jpeg(JFIF, exif_segment(camera_block(order, keywords)), XMP, ICC, COMMENT)


def with_field(value: bytes, kind: int = BYTE) -> bytes:
    """A photo with these bytes in its keyword field."""
    fields = [Field(ORIENTATION, SHORT, (6,)), Field(XP_KEYWORDS, kind, value)]
    return jpeg(JFIF, exif_segment(exif_block(II, fields)))


def turned(data: bytes, orientation: int) -> bytes:
    """Change the Orientation where it is in effect, as programs do that rotate without loss."""
    file = jpeg_file.parse(data)
    assert file.block is not None
    block = tiff.parse(file.block)
    entry = block.find(ORIENTATION)
    assert entry is not None
    at = file.block.rindex(entry.raw)
    patched = file.block[: at + 8] + struct.pack(block.order + "H", orientation)
    return file.with_block(patched + file.block[at + 10 :])


def read_with_exiftool(path: Path, *options: str) -> dict[str, Any]:
    done = subprocess.run(
        ["exiftool", "-j", "-a", "-u", "-G0:1", "-n", *options, path],
        capture_output=True,
        check=True,
    )
    tags: dict[str, Any] = json.loads(done.stdout)[0]
    return tags


def reason(data: bytes, *items: str) -> str:
    with pytest.raises(Refused) as refused:
        write_field(data, items)
    return refused.value.reason


@pytest.mark.parametrize(
    "photo",
    [PLAIN, camera(II), camera(MM), camera(II, "sea"), camera(MM, "sea"), ROCKET.read_bytes()],
    ids=["no exif", "II", "MM", "II with keywords", "MM with keywords", "rocket"],
)
@pytest.mark.parametrize(
    "items", [("a",), ("dog", "animal"), ("Straße", "犬", "😀 party", " two ")]
)
def test_written_keywords_are_read_and_taken_out_to_the_byte(
    photo: bytes, items: tuple[str, ...]
) -> None:
    before = read_field(photo).items

    written = write_field(photo, items)

    assert read_field(written) == KeywordField(items, before, "whole")
    assert restore(written) == photo


@ORDERS
def test_the_camera_s_own_block_stays_where_it_is(order: str) -> None:
    old, new = (jpeg_file.parse(data).block for data in (
        camera(order), write_field(camera(order), ["dog"])))  # fmt: skip

    assert old is not None
    assert new is not None
    assert new[:4] + old[4:8] + new[8 : len(old)] == old


def test_nothing_but_the_exif_segment_changes() -> None:
    written = write_field(camera(), ["dog"])
    file = jpeg_file.parse(written)

    assert file.with_block(camera_block()) == camera()
    assert Image.open(io.BytesIO(written)).tobytes() == Image.open(io.BytesIO(camera())).tobytes()


@exiftool
@pytest.mark.parametrize("photo", [PLAIN, camera(II, "sea"), camera(MM, "sea")])
def test_exiftool_reads_the_keywords_and_all_else_as_before(photo: bytes, tmp_path: Path) -> None:
    """MakerNote and thumbnail are among all else; so are the messages of its validation."""
    old, new = tmp_path / "old.jpg", tmp_path / "new.jpg"
    old.write_bytes(photo)
    new.write_bytes(write_field(photo, ["sea", "Straße", "犬"]))
    options = ("-all", "-b", "-validate", "-warning", "--System:all", "--ThumbnailOffset")

    before, after = (read_with_exiftool(path, *options) for path in (old, new))

    assert after.pop("EXIF:IFD0:XPKeywords") == "sea;Straße;犬"
    assert before.pop("EXIF:IFD0:XPKeywords", "sea") == "sea"
    if photo == PLAIN:
        assert after.pop("File:ExifByteOrder") == "MM"
    else:
        assert after["MakerNotes:Canon:CanonFirmwareVersion"] == "Firmware Version 1.0.7"
        assert after["EXIF:IFD1:ThumbnailImage"]
    for tags in (before, after):
        for key in [key for key in tags if key == "SourceFile" or "Validate" in key or (
                photo == PLAIN and key.endswith("Warning"))]:  # fmt: skip
            del tags[key]
    assert after == before


@pytest.mark.parametrize("photo", [PLAIN, camera(II), camera(MM)])
def test_pillow_and_piexif_read_the_keywords(photo: bytes) -> None:
    written = write_field(photo, ["Straße", "犬"])
    stored = "Straße;犬\x00".encode("utf-16-le")

    with Image.open(io.BytesIO(written)) as image:
        assert bytes(image.getexif()[XP_KEYWORDS]) == stored
    assert bytes(piexif.load(written)["0th"][XP_KEYWORDS]) == stored


@pytest.mark.parametrize("photo", [PLAIN, camera(II, "sea")])
def test_writing_ten_times_does_not_make_the_file_grow(photo: bytes) -> None:
    written = photo
    for number in range(10):
        written = write_field(written, ["dog", f"model {number}"])

    assert written == write_field(photo, ["dog", "model 9"])
    assert restore(written) == photo


@pytest.mark.parametrize("photo", [PLAIN, camera(), camera(II, "sea"), with_field(b"\x00\x00")])
def test_the_same_items_again_change_nothing(photo: bytes) -> None:
    written = write_field(photo, ["dog"])

    assert write_field(written, ["dog"]) is written
    assert write_field(photo, read_field(photo).items) is photo


@pytest.mark.parametrize(
    ("photo", "items"), [(PLAIN, ()), (camera(), ()), (camera(II, "sea"), ("sea",))]
)
def test_the_items_of_before_bring_the_photo_of_before(
    photo: bytes, items: tuple[str, ...]
) -> None:
    assert write_field(write_field(photo, ["dog", *items]), items) == photo


def test_no_items_drop_the_user_s_field_and_can_be_taken_back() -> None:
    photo = camera(II, "sea;sun")

    written = write_field(photo, [])

    assert XP_KEYWORDS not in piexif.load(written)["0th"]
    assert read_field(written) == KeywordField((), ("sea", "sun"), "whole")
    assert restore(written) == photo


def test_a_field_that_stands_alone_is_emptied_as_a_directory_must_not_be_empty() -> None:
    only = Field(XP_KEYWORDS, BYTE, "dog\x00".encode("utf-16-le"))
    photo = jpeg(JFIF, exif_segment(exif_block(II, [only])))

    written = write_field(photo, [])

    assert read_field(written).items == ()
    assert write_field(written, []) is written
    assert restore(written) == photo


def test_keywords_are_read_verbatim() -> None:
    assert read_field(with_field("sea; sun;;Sea;\x00".encode("utf-16-le"))).items == (
        "sea", " sun", "Sea")  # fmt: skip
    assert read_field(with_field("no end".encode("utf-16-le"))).items == ("no end",)
    assert read_field(with_field("two\x00\x00\x00".encode("utf-16-le"))).items == ("two",)
    assert read_field(with_field("dog\x00".encode("utf-16-le"), UNDEFINED)).items == ("dog",)
    assert read_field(PLAIN) == read_field(camera()) == KeywordField((), (), "none")


@pytest.mark.parametrize("photo", [PLAIN, camera(MM, "sea")])
def test_no_way_back_without_a_mark(photo: bytes) -> None:
    assert restore(photo) is None


@pytest.mark.parametrize("photo", [camera(II, "sea"), camera(MM, "sea")])
def test_an_edit_in_place_breaks_the_mark_and_is_appended_to_once(photo: bytes) -> None:
    edited = turned(write_field(photo, ["sea", "dog"]), 1)
    assert read_field(edited) == KeywordField(("sea", "dog"), ("sea", "dog"), "broken")
    assert restore(edited) is None

    first = write_field(edited, ["sea", "cat"])
    second = write_field(first, ["sea", "owl"])

    assert read_field(second) == KeywordField(("sea", "owl"), ("sea", "dog"), "whole")
    assert restore(first) == restore(second) == edited
    assert len(second) == len(first)
    assert piexif.load(second)["0th"][ORIENTATION] == 1


def test_an_edit_of_the_old_bytes_breaks_the_mark() -> None:
    written = write_field(camera(), ["dog"])
    edited = written.replace(b"2023:07:01", b"2024:07:01", 1)

    assert read_field(edited).mark == "broken"
    assert restore(edited) is None


@exiftool
def test_a_block_written_anew_by_exiftool_is_the_user_s(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(write_field(camera(II, "sea"), ["sea", "dog"]))
    subprocess.run(["exiftool", "-q", "-overwrite_original", "-Artist=me", path], check=True)
    edited = path.read_bytes()

    assert read_field(edited) == KeywordField(("sea", "dog"), ("sea", "dog"), "none")
    written = write_field(edited, ["sea"])
    assert read_field(written).items == ("sea",)
    assert restore(written) == edited


@exiftool
def test_an_orientation_changed_by_exiftool_is_never_undone_by_us(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(write_field(camera(), ["dog"]))
    subprocess.run(
        ["exiftool", "-q", "-overwrite_original", "-n", "-Orientation=3", path], check=True
    )

    written = write_field(path.read_bytes(), [])

    assert piexif.load(written)["0th"][ORIENTATION] == 3
    assert XP_KEYWORDS not in piexif.load(written)["0th"]


def test_edits_beside_the_exif_data_are_kept_when_ours_are_taken_out() -> None:
    written = write_field(jpeg(JFIF), ["dog"])
    edited = written[:2] + COMMENT + written[2:]

    assert restore(edited) == jpeg(COMMENT, JFIF)
    assert restore(write_field(edited, ["cat"])) == jpeg(COMMENT, JFIF)


@pytest.mark.parametrize(
    ("photo", "word"),
    [
        (with_field(struct.pack("<2H", 1, 2), SHORT), "right type"),
        (with_field(b"dog\x00", ASCII), "right type"),
        (with_field(b"dog", BYTE), "right type"),
        (with_field(b"d\x00\x00\xd8x\x00"), "UTF-16"),
        (with_field("dog\x00cat\x00".encode("utf-16-le")), "behind its end"),
        (jpeg(exif_segment(b"")), "do not begin"),
        (jpeg(exif_segment(camera_block()[:-1])), "thumbnail"),
        (camera() + b"a film", "behind its picture"),
    ],
)
def test_a_photo_that_cannot_be_written_cannot_be_read_either(photo: bytes, word: str) -> None:
    assert word in reason(photo, "dog")
    with pytest.raises(Refused, match=word):
        read_field(photo)


def test_what_came_behind_the_picture_since_forbids_the_way_back() -> None:
    with pytest.raises(Refused, match="behind its picture"):
        restore(write_field(camera(), ["dog"]) + b"a film")


@pytest.mark.parametrize("item", ["", "a;b", "nul\x00", "half \ud83d"])
def test_an_item_that_the_field_cannot_hold_is_refused(item: str) -> None:
    assert "a tag" in reason(PLAIN, "dog", item)


def test_a_full_exif_segment_is_refused_and_one_with_just_enough_room_is_not() -> None:
    def photo(length: int) -> bytes:
        return jpeg(exif_segment(exif_block(II, [Field(0x927C, UNDEFINED, bytes(length))])))

    # The new directory, the value of 8 bytes, the mark; the segment's own 2 + 6, the block's 26.
    room = 0xFFFF - (2 + 2 * 12 + 4 + 8 + 24) - (2 + 6 + 26)
    room -= room % 2

    assert restore(write_field(photo(room), ["dog"])) == photo(room)
    assert "too long" in reason(photo(room + 2), "dog")


def test_what_cannot_be_proved_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each proof is shown a new block that is wrong in another way."""
    right = tiff.with_value

    def wrong(damage: str) -> None:
        def broken(block: tiff.Block, tag: int, value: bytes | None) -> bytes:
            new = right(block, tag, b"x\x00x\x00x\x00" if damage == "tags" else value)
            if damage == "entries":
                at = new.rindex(block.chain[0].entries[0].raw)
                return new[: at + 4] + b"\x01" + new[at + 5 :]
            return new.replace(b"2023:07:01", b"2024:07:01") if damage == "values" else new

        monkeypatch.setattr(exif.tiff, "with_value", broken)

    for damage in ("tags", "entries", "values"):
        wrong(damage)
        assert f"proved harmless: the {damage}" in reason(camera(), "dog")


def test_a_way_back_that_does_not_lead_back_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    right = exif.mark.seal
    monkeypatch.setattr(exif.mark, "seal", lambda new, old: right(new, old and old[:-1]))

    assert "proved harmless: the way back" in reason(camera(), "dog")


def test_a_change_of_the_picture_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    right = jpeg_file.JpegFile.with_block

    def broken(file: jpeg_file.JpegFile, block: bytes | None) -> bytes:
        return right(file, block).replace(b"ICC_PROFILE", b"ICC_ELIFORP")

    monkeypatch.setattr(jpeg_file.JpegFile, "with_block", broken)

    assert "proved harmless: what is not EXIF" in reason(camera(), "dog")


def random_photo(dice: random.Random) -> bytes:
    """A photo with an EXIF block of any values, in any directories."""

    def fields(first: int, most: int) -> list[Field]:
        free = [tag for tag in range(first, first + 500) if tag not in NO_VALUES]
        tags = sorted(dice.sample(free, dice.randint(1, most)))
        kinds = [dice.choice(list(SIZES)) for _ in tags]
        return [
            Field(tag, kind, dice.randbytes(SIZES[kind] * dice.choice((1, 1, 2, 3, 40))))
            for tag, kind in zip(tags, kinds, strict=True)
        ]

    def maybe(first: int) -> list[Field]:
        return fields(first, 30) if dice.random() < 0.5 else []

    keywords = [Field(XP_KEYWORDS, BYTE, "sea\x00".encode("utf-16-le"))] * dice.randint(0, 1)
    block = exif_block(
        dice.choice((II, MM)),
        [*fields(0x0203, 40), *keywords],
        exif=maybe(0x9000),
        gps=maybe(0),
        interop=maybe(0),
        ifd1=maybe(0x0203),
        thumbnail=encoded(8) if dice.random() < 0.5 else b"",
    )
    around = [JFIF, exif_segment(block), XMP, segment(0xED, dice.randbytes(dice.randint(0, 99)))]
    return jpeg(*around[dice.randint(0, 1) :], trailer=bytes(dice.choice((0, 0, 7))))


def test_any_block_comes_back_and_keeps_its_entries() -> None:
    dice = random.Random(4)  # noqa: S311
    for _ in range(100):
        photo = random_photo(dice)
        items = tuple(dice.choice(("dog", "犬", "ß", "a b")) for _ in range(dice.randint(1, 9)))

        written = write_field(photo, items)

        assert read_field(written).items == items
        assert restore(written) == photo
        assert restore(write_field(written, ["another"])) == photo
        old, new = (tiff.parse(jpeg_file.parse(data).block or b"") for data in (photo, written))
        kept = [entry for entry in new.chain[0].entries if entry.tag != XP_KEYWORDS]
        assert kept == [entry for entry in old.chain[0].entries if entry.tag != XP_KEYWORDS]
        assert [old.value(entry) for entry in kept] == [new.value(entry) for entry in kept]


def test_any_broken_byte_is_refused_or_comes_back() -> None:
    dice = random.Random(5)  # noqa: S311
    whole = [camera(II, "sea"), camera(MM), write_field(camera(), ["sea"]), PLAIN]
    outcomes = set()
    for _ in range(800):
        photo = bytearray(dice.choice(whole))
        for _ in range(dice.choice((1, 1, 3))):
            photo[dice.randrange(600 if dice.random() < 0.8 else len(photo))] = dice.randrange(256)
        try:
            written = write_field(bytes(photo), ["dog"])
        except Refused:
            outcomes.add("refused")
        else:
            outcomes.add("written")
            back = restore(written)
            assert back in (bytes(photo), restore(bytes(photo)))
            assert read_field(written).items == ("dog",)
    assert outcomes == {"refused", "written"}
