"""Keywords of people and other programs: every field and format; never ours; nothing raises."""

from __future__ import annotations

import functools
import io
import random
import unicodedata

import pytest
from exiftool import exiftool
from foreign_sidecars import DARKTABLE, DIGIKAM, FOREIGN
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from phototagd.daemon.metadata.embedded import find_blocks
from phototagd.daemon.metadata.keywords import (
    MAX_KEYWORDS,
    MAX_LENGTH,
    clean,
    read_keywords,
)
from phototagd.daemon.tagging import exif, jpeg, xmp
from phototagd.daemon.tagging.errors import Refused
from phototagd.daemon.tagging.xmp import SidecarContent
from phototagd.daemon.tagging.xmp_packet import MAX_BYTES
from phototagd.daemon.version import sidecar_paths

FORMATS = ("JPEG", "PNG", "TIFF", "WebP")


def picture(kind: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(out, kind, **options)
    return out.getvalue()


@functools.cache
def tagged(kind: str) -> bytes:
    """Make a photo with keywords in all fields that exiftool can write to the format."""
    options = [
        "-EXIF:XPKeywords=xp;both", "-IPTC:Keywords=iptc", "-IPTC:Keywords=Both",
        "-CodedCharacterSet=UTF8", "-XMP-dc:Subject=Straße", "-XMP-dc:Subject=both",
        "-HierarchicalSubject=Orte|Ostsee", "-TagsList=Menschen/Ana",
    ]  # fmt: skip
    return exiftool(picture(kind), *options, "-o", "-")


@pytest.mark.parametrize("kind", FORMATS)
def test_all_fields_are_read_once_each_in_order(kind: str) -> None:
    expected = ["xp", "both", "iptc", "Straße", "Ostsee", "Ana"]
    if kind == "WebP":
        expected.remove("iptc")  # the format has no place for it

    assert read_keywords(tagged(kind), kind) == tuple(expected)


def test_big_endian_blocks_are_read() -> None:
    for kind in ("JPEG", "TIFF"):
        data = exiftool(picture(kind), "-EXIF:XPKeywords=dog", "-ExifByteOrder=MM", "-o", "-")
        assert read_keywords(data, kind) == ("dog",)


def test_a_format_without_a_reader_has_the_keywords_of_its_sidecars() -> None:
    assert read_keywords(picture("GIF"), "GIF", [DARKTABLE, DIGIKAM]) == (
        "darktable", "format", "Hund", "jpg", "Ostsee", "Jürgen Müller",
    )  # fmt: skip


def test_keywords_in_extended_xmp_are_read() -> None:
    words = [f"-XMP-dc:Subject=word {n:03} {'x' * 180}" for n in range(400)]
    data = exiftool(picture(), *words, "-o", "-")
    assert b"http://ns.adobe.com/xmp/extension/\0" in data

    assert len(read_keywords(data, "JPEG")) == 400


def test_compressed_xmp_in_a_png_is_read() -> None:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", DIGIKAM.decode(), zip=True)

    assert read_keywords(picture("PNG", pnginfo=info), "PNG") == ("Ostsee", "Jürgen Müller")


def test_our_exif_keywords_are_left_out_and_the_owners_are_not() -> None:
    owners = exiftool(picture(), "-EXIF:XPKeywords=beach;sun", "-o", "-")
    ours = exif.write_field(owners, ("beach", "sun", "dog", "cat"))
    assert exif.read_field(ours).items == ("beach", "sun", "dog", "cat")

    assert read_keywords(ours, "JPEG") == ("beach", "sun")
    assert read_keywords(exif.write_field(picture(), ("dog",)), "JPEG") == ()


def test_our_exif_keywords_are_left_out_of_a_photo_that_is_refused_by_now() -> None:
    ours = exif.write_field(picture(), ("dog",)) + b"a motion picture"
    with pytest.raises(Refused):
        jpeg.parse(ours)

    assert read_keywords(ours, "JPEG") == ()


def test_ours_in_a_sidecar_are_left_out() -> None:
    content = SidecarContent(("beach", "dog"), (("animal", "dog"),), (), ("dog",))
    merged = xmp.merge(DIGIKAM, content)

    assert read_keywords(b"", "RAW", [xmp.build(content)]) == ()
    assert read_keywords(b"", "RAW", [merged]) == ("Ostsee", "Jürgen Müller")


def test_keywords_are_cleaned() -> None:
    decomposed = unicodedata.normalize("NFD", "Café")
    assert clean(decomposed) == "Café"
    assert clean("\x00\x1b[31mred\x7f\ud800\uffff") == "[31mred"
    sidecar = DARKTABLE.replace(b"Hund", f" {decomposed} \n\t bar".encode())
    assert "Café bar" in read_keywords(b"", "RAW", [sidecar])


def test_more_and_longer_keywords_than_allowed_are_left_out() -> None:
    items = ["x" * (MAX_LENGTH + 1), "y" * MAX_LENGTH, *(f"word {n}" for n in range(2000))]
    inner = "".join(f"<rdf:li>{item}</rdf:li>" for item in items)
    sidecar = DARKTABLE.replace(b"<rdf:li>format</rdf:li>", inner.encode())

    found = read_keywords(b"", "RAW", [sidecar])
    assert len(found) == MAX_KEYWORDS
    assert found[:3] == ("darktable", "y" * MAX_LENGTH, "word 0")


def test_a_compressed_bomb_in_a_png_is_no_keyword() -> None:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", " " * 20_000_000 + DIGIKAM.decode(), zip=True)
    data = picture("PNG", pnginfo=info)
    assert len(data) < 100_000

    assert read_keywords(data, "PNG") == ()
    assert [len(block) for block in find_blocks(data, "PNG").xmp] == [MAX_BYTES + 1]


def test_a_file_of_nothing_but_empty_segments_or_chunks_ends() -> None:
    assert read_keywords(b"\xff\xd8" + b"\xff\xe1\x00\x02" * 2_000_000, "JPEG") == ()
    assert read_keywords(b"\xff\xd8" + b"\xff" * 8_000_000, "JPEG") == ()
    assert read_keywords(bytes(8) + (bytes(4) + b"iTXt" + bytes(4)) * 800_000, "PNG") == ()
    assert read_keywords(bytes(12) + (b"XMP " + bytes(4)) * 800_000, "WebP") == ()


@pytest.mark.parametrize("kind", FORMATS)
def test_the_wrong_format_gives_nothing(kind: str) -> None:
    for other in set(FORMATS) - {kind}:
        assert read_keywords(tagged(other), kind) == ()
    assert read_keywords(b"", kind) == ()


@pytest.mark.parametrize("kind", FORMATS)
def test_flipped_bytes_and_cuts_never_raise(kind: str) -> None:
    chance = random.Random(kind)  # noqa: S311 - no secret
    whole = tagged(kind)
    if kind == "JPEG":
        whole = exif.write_field(whole, (*exif.read_field(whole).items, "ours"))
    sound = read_keywords(whole, kind)
    results = set()
    for _ in range(1500):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 2, 8, 40))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.3:
            del data[chance.randrange(len(data)) :]
        found = read_keywords(bytes(data), kind)
        assert all(keyword == clean(keyword) for keyword in found)
        results.add(found)
    assert sound in results
    assert len(results) > 20


def test_flipped_bytes_in_sidecars_never_raise() -> None:
    chance = random.Random(4)  # noqa: S311 - no secret
    for sidecar in FOREIGN.values():
        for _ in range(100):
            data = bytearray(sidecar)
            for _ in range(chance.choice((1, 2, 8))):
                data[chance.randrange(len(data))] = chance.randrange(256)
            read_keywords(b"", "RAW", [bytes(data), sidecar])


@pytest.mark.parametrize(
    ("photo", "expected"),
    [
        (b"/a/IMG_1.jpg", (b"/a/IMG_1.jpg.xmp", b"/a/IMG_1.xmp")),
        (b"/a.b/caf\xe9.JPEG", (b"/a.b/caf\xe9.JPEG.xmp", b"/a.b/caf\xe9.xmp")),
    ],
)
def test_sidecars_lie_beside_the_photo(photo: bytes, expected: tuple[bytes, bytes]) -> None:
    assert sidecar_paths(photo) == expected
