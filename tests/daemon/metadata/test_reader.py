"""Which of several sources counts, and what is told of those that cannot be true."""

from __future__ import annotations

import functools
import struct

import jpeg_parts as parts
import pytest
from exiftool import exiftool
from metadata_samples import metadata_of, picture, read
from PIL import Image

from phototagd.daemon.metadata.embedded import find_blocks
from phototagd.daemon.metadata.keywords import read_keywords
from phototagd.db.records import Metadata

ALL = (
    "-EXIF:DateTimeOriginal=2001:01:01 01:01:01", "-XMP-exif:DateTimeOriginal=2002:02:02 02:02:02",
    "-IPTC:DateCreated=2003:03:03", "-EXIF:Rating=1", "-XMP-xmp:Rating=2",
    "-EXIF:ImageDescription=exif", "-IPTC:Caption-Abstract=iptc", "-XMP-dc:Description=xmp",
    "-EXIF:GPSLatitude=1", "-EXIF:GPSLatitudeRef=N", "-EXIF:GPSLongitude=1",
    "-EXIF:GPSLongitudeRef=E", "-XMP-exif:GPSLatitude=2", "-XMP-exif:GPSLongitude=2",
    "-XMP-exif:GPSAltitude=2", "-EXIF:Make=exif", "-XMP-tiff:Model=xmp",
)  # fmt: skip


@functools.cache
def photo(*options: str) -> bytes:
    return exiftool(picture(), *options, "-o", "-")


def sidecar(*options: str) -> bytes:
    """Return a sidecar with these fields."""
    (packet,) = find_blocks(photo(*options), "JPEG").xmp
    return packet


def test_the_cameras_values_come_from_exif_first() -> None:
    found = metadata_of(photo(*ALL), sidecars=[sidecar("-XMP-xmp:CreateDate=2004:04:04")])

    assert found.taken_at == 978_310_861
    assert (found.latitude, found.longitude) == (1.0, 1.0)


def test_what_belongs_together_comes_from_one_source() -> None:
    found = metadata_of(photo(*ALL))

    assert found.altitude is None
    assert (found.make, found.model) == ("exif", None)


def test_peoples_words_come_from_the_sidecar_first_then_from_xmp() -> None:
    edited = sidecar("-XMP-xmp:Rating=5", "-XMP-dc:Description=sidecar")

    assert (metadata_of(photo(*ALL)).rating, metadata_of(photo(*ALL)).caption) == (2, "xmp")
    found = metadata_of(photo(*ALL), sidecars=[edited])
    assert (found.rating, found.caption) == (5, "sidecar")


def test_a_sidecar_gives_what_the_photo_lacks() -> None:
    words = sidecar(
        "-XMP-photoshop:DateCreated=1968:12:24 16:40:00", "-XMP-exif:GPSLatitude=38.71",
        "-XMP-exif:GPSLongitude=-9.14", "-XMP-dc:Subject=moon", "-XMP-aux:Lens=Sonnar 250mm",
    )  # fmt: skip
    found, keywords = read(picture(), sidecars=[words])

    assert (found.taken_at, found.taken_source) == (-32_167_200, "xmp")
    assert (found.latitude, found.longitude) == (38.71, -9.14)
    assert found.lens == "Sonnar 250mm"
    assert keywords == ("moon",)


def test_a_date_that_cannot_be_true_leaves_the_next_one_to_count() -> None:
    data = photo(
        "-EXIF:DateTimeOriginal=2099:01:01 00:00:00", "-XMP-exif:DateTimeOriginal=2002:02:02"
    )

    found = metadata_of(data)
    assert found.taken_source == "xmp"
    assert found.dropped == ("DateTimeOriginal 2099:01:01 00:00:00: in the future",)


def test_the_date_of_the_last_change_counts_only_where_nothing_else_does() -> None:
    changed = "-EXIF:ModifyDate=2010:01:01 00:00:00"

    assert metadata_of(photo(changed)).taken_source == "camera"
    assert metadata_of(photo(changed, "-XMP-xmp:CreateDate=2002:02:02")).taken_source == "xmp"


def test_a_photo_that_says_nothing_has_nothing() -> None:
    assert read(picture()) == (Metadata(), ())
    assert read(b"", "GIF") == (Metadata(), ())


def test_a_block_that_only_the_decoder_knows_is_read() -> None:
    found, _ = read(picture("PNG"), "PNG", exif=parts.camera_block())

    assert found.model == "Canon EOS 1000D"


def test_the_keywords_are_those_that_the_drafts_of_tags_see() -> None:
    data = photo("-EXIF:XPKeywords=xp", "-IPTC:Keywords=iptc", "-XMP-dc:Subject=xmp")

    assert read(data)[1] == read_keywords(data, "JPEG") == ("xp", "iptc", "xmp")


def test_xmp_with_flickrs_header_is_read() -> None:
    data = photo("-XMP-tiff:Model=NIKON D700")
    mangled = data.replace(b"http://ns.adobe.com/xap", b"XMP\0://ns.adobe.com/xap", 1)

    assert metadata_of(mangled).model == "NIKON D700"


@pytest.mark.parametrize("magic", [b"IIRO", b"IIRS", b"MMOR", b"IIU\0"])
def test_raw_files_that_are_nearly_tiff_are_read(magic: bytes) -> None:
    block = parts.camera_block(parts.II if magic[:1] == b"I" else parts.MM)

    found = metadata_of(magic + block[4:], "RAW")
    assert (found.model, found.exposure) == ("Canon EOS 1000D", 0.008)
    assert found.taken_at == 1_688_212_800


def test_the_jpeg_inside_fujifilms_raw_files_is_read() -> None:
    inner = parts.jpeg(parts.exif_segment(parts.camera_block()))
    head = b"FUJIFILMCCD-RAW 0201".ljust(84, b"\0") + struct.pack(">II", 148, len(inner))

    assert metadata_of(head.ljust(148, b"\0") + inner, "RAW").model == "Canon EOS 1000D"


def test_the_blocks_of_canons_raw_files_are_read() -> None:
    def box(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", 8 + len(content)) + kind + content

    camera = parts.exif_block(parts.II, [parts.Field(parts.MODEL, parts.ASCII, b"EOS R5\0")])
    settings = parts.exif_block(parts.II, [parts.Field(0x829A, parts.RATIONAL, (1, 125))])
    position = parts.exif_block(
        parts.II,
        [
            parts.Field(1, parts.ASCII, b"S\0"),
            parts.Field(2, parts.RATIONAL, (33, 1, 51, 1, 0, 1)),
            parts.Field(3, parts.ASCII, b"E\0"),
            parts.Field(4, parts.RATIONAL, (151, 1, 12, 1, 0, 1)),
        ],
    )
    canon = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    blocks = box(b"CMT1", camera) + box(b"CMT2", settings) + box(b"CMT4", position)
    data = box(b"ftyp", b"crx \0\0\0\1crx isom") + box(b"moov", box(b"uuid", canon + blocks))

    found = metadata_of(data, "RAW")
    assert (found.model, found.exposure) == ("EOS R5", 0.008)
    assert (found.latitude, found.longitude) == (-33.85, 151.2)


def test_a_dng_is_read_whole() -> None:
    data = exiftool(
        picture("TIFF"), "-EXIF:Make=Leica", "-EXIF:ISO=200", "-XMP-xmp:Rating=3",
        "-XMP-dc:Subject=dog", "-IPTC:Keywords=cat", "-o", "-",
    )  # fmt: skip
    found, keywords = read(data, "RAW")

    assert (found.make, found.iso, found.rating) == ("Leica", 200, 3)
    assert keywords == ("cat", "dog")


@pytest.mark.filterwarnings("ignore")  # Pillow's, of a broken directory
def test_the_bytes_of_a_picture_are_no_metadata() -> None:
    noise = Image.effect_noise((200, 200), 90).tobytes()

    assert read(b"II*\0" + noise, "RAW")[0].taken_at is None
