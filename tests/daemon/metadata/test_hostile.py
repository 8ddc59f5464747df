"""Broken and hostile metadata: nothing raises, nothing grows, nothing goes round in circles."""

from __future__ import annotations

import functools
import random
import resource
import struct
import unicodedata
from typing import TYPE_CHECKING

import jpeg_parts as parts
import pytest
from exiftool import exiftool
from metadata_samples import metadata_of, picture, read
from photo_files import CAT, COFFEE, ROCKET

from phototagd.daemon.metadata.embedded import find_blocks
from phototagd.daemon.metadata.source import MAX_LENGTH
from phototagd.daemon.metadata.words import MAX_CAPTION
from phototagd.db.records import Metadata

if TYPE_CHECKING:
    from pathlib import Path

# Pillow warns of broken directories; the child process shows no warnings.
pytestmark = pytest.mark.filterwarnings("ignore")

ROUNDS = 200
EVERYTHING = (
    "-EXIF:Make=Canon", "-EXIF:Model=Canon EOS", "-EXIF:DateTimeOriginal=2023:07:01 12:34:56",
    "-EXIF:SubSecTimeOriginal=05", "-EXIF:OffsetTimeOriginal=+02:00", "-EXIF:ISO=800",
    "-EXIF:FNumber=5.6", "-EXIF:ExposureTime=1/250", "-EXIF:FocalLength=34",
    "-EXIF:GPSLatitude=38.7", "-EXIF:GPSLatitudeRef=N", "-EXIF:GPSLongitude=9.1",
    "-EXIF:GPSLongitudeRef=W", "-EXIF:GPSAltitude=12.5", "-EXIF:UserComment=Straße",
    "-EXIF:XPTitle=Ein Tag", "-EXIF:XPKeywords=dog", "-XMP-dc:Title=Ein Tag",
    "-XMP-exif:FNumber=5.6", "-XMP-exif:GPSLatitude=38.7", "-XMP-exif:GPSLongitude=-9.1",
    "-XMP-xmp:Rating=3", "-XMP-xmp:CreateDate=2023-07-01T12:00:00+02:00",
)  # fmt: skip


@functools.cache
def sample(name: str) -> tuple[bytes, str]:
    """Return a file with all kinds of metadata, and its format."""
    if name == "JPEG":
        return exiftool(picture(), *EVERYTHING, "-IPTC:Keywords=dog", "-o", "-"), "JPEG"
    if name == "camera":
        return parts.jpeg(parts.exif_segment(parts.camera_block(parts.MM))), "JPEG"
    if name in ("TIFF", "PNG", "WebP"):
        return exiftool(picture(name), *EVERYTHING, "-o", "-"), name
    if name == "RAW":
        return b"IIU\0" + parts.camera_block()[4:], "RAW"
    (block, packet) = blocks_of(sample("JPEG")[0])
    return picture("AVIF", exif=block, xmp=packet), "AVIF"


def blocks_of(data: bytes) -> tuple[bytes, bytes]:
    blocks = find_blocks(data, "JPEG")
    return blocks.exif[0], blocks.xmp[0]


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Return the data with a few bytes, numbers or stretches of its first 6,000 bytes changed."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(2, min(len(changed), 6000))
        kind = rng.randrange(5)
        if kind == 0:
            changed[at] = rng.randrange(256)
        elif kind == 1:
            changed[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff"))
        elif kind == 2:
            del changed[at : at + rng.randrange(1, 20)]
        elif kind == 3:
            changed[at:at] = rng.randbytes(rng.randrange(1, 20))
        else:
            other = rng.randrange(2, min(len(changed), 6000))
            changed[at : at + 12] = changed[other : other + 12]
    return bytes(changed)


@pytest.mark.parametrize("name", ["JPEG", "camera", "TIFF", "PNG", "WebP", "RAW", "AVIF"])
def test_changed_bytes_never_raise_and_never_leave_the_bounds(name: str) -> None:
    data, kind = sample(name)
    assert metadata_of(data, kind) != Metadata()
    rng = random.Random(name)  # noqa: S311 - no secret

    for _ in range(ROUNDS):
        metadata, keywords = read(mutated(data, rng), kind)
        check_bounds(metadata)
        assert all(0 < len(keyword) <= MAX_LENGTH for keyword in keywords)


@pytest.mark.parametrize("path", [CAT, COFFEE, ROCKET])
def test_changed_real_photos_never_raise(path: Path) -> None:
    data = path.read_bytes()
    kind = "JPEG" if data[:2] == b"\xff\xd8" else "PNG"
    rng = random.Random(path.name)  # noqa: S311 - no secret

    for _ in range(ROUNDS):
        check_bounds(read(mutated(data, rng), kind)[0])


def test_cut_files_never_raise() -> None:
    for name in ("JPEG", "TIFF", "PNG", "WebP", "RAW", "AVIF"):
        data, kind = sample(name)
        for end in range(0, min(len(data), 6000), 37):
            check_bounds(read(data[:end], kind)[0])


def check_bounds(found: Metadata) -> None:
    """Check that what is there can be true, and can be stored."""
    for text in (found.make, found.model, found.lens, found.software):
        assert text is None or 0 < len(text) <= MAX_LENGTH
    for text in (found.title, found.caption):
        assert text is None or 0 < len(text) <= MAX_CAPTION
    for text in (found.make, found.model, found.title, found.caption, *found.dropped):
        assert text is None or not any(unicodedata.category(c) in ("Cc", "Cs") for c in text)
        assert text is None or text.encode()
    assert found.latitude is None or -90 <= found.latitude <= 90
    assert found.longitude is None or -180 <= found.longitude <= 180
    assert found.taken_us is None or 0 <= found.taken_us < 1_000_000
    assert found.taken_at is None or -5e9 < found.taken_at < 2e9
    assert found.iso is None or 0 < found.iso <= 10_000_000
    assert found.rating is None or -1 <= found.rating <= 5
    for number in (found.f_number, found.exposure, found.focal):
        assert number is None or 0 < number < 1e7
    assert len(found.dropped) <= 20
    assert all(len(reason) < 300 for reason in found.dropped)


def directory(*entries: tuple[int, int, int, int]) -> bytes:
    """Return a block whose first directory has these entries: tag, type, count, value."""
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return parts.header("<") + struct.pack("<H", len(entries)) + packed + bytes(4)


def photo_of(block: bytes) -> bytes:
    return parts.jpeg(parts.exif_segment(block))


def test_a_directory_that_points_at_itself_ends() -> None:
    loop = directory((0x8769, 4, 1, 8), (0x8825, 4, 1, 8), (0x829A, 5, 1, 8))

    check_bounds(metadata_of(photo_of(loop)))


@pytest.mark.parametrize("count", [0, 2**31, 2**32 - 1])
@pytest.mark.parametrize("kind", [1, 2, 3, 5, 7, 10, 12, 13, 99])
def test_counts_of_billions_are_passed_over(count: int, kind: int) -> None:
    tags = (0x010F, 0x0132, 0x8827, 0x829A, 0x829D, 0x9003, 0x9286, 0x9C9B)
    block = directory(*((tag, kind, count, 8) for tag in tags))

    found = metadata_of(photo_of(block))
    assert (found.make, found.exposure, found.iso) == (None, None, None)


def test_values_of_wrong_types_are_no_values() -> None:
    text, number = struct.unpack("<I", b"abc\0")[0], 77
    block = directory(
        (0x010F, 4, 1, number), (0x0132, 3, 1, number), (0x4746, 2, 4, text),
        (0x8827, 2, 4, text), (0x829A, 2, 4, text), (0x8769, 2, 4, text), (0x8825, 7, 4, text),
    )  # fmt: skip

    assert metadata_of(photo_of(block)) == Metadata()


def test_a_directory_of_many_large_values_takes_little_memory() -> None:
    room = 1 << 20
    entries = [(0x9000 + number, 7, room, 200) for number in range(4000)]
    data = directory(*entries) + bytes(room)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    check_bounds(metadata_of(data, "TIFF"))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


def test_boxes_of_no_size_end() -> None:
    def box(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", 8 + len(content)) + kind + content

    # 65,535 stretches an item, of no bytes each.
    places = b"".join(struct.pack(">HHH", number, 0, 65535) for number in range(60_000))
    iloc = box(b"iloc", bytes(4) + b"\0\0" + struct.pack(">H", 60_000) + places)
    entry = box(b"infe", b"\2\0\0\0\0\1\0\0Exif\0")
    iinf = box(b"iinf", bytes(4) + b"\0\1" + entry)
    data = box(b"ftyp", b"heic") + box(b"meta", bytes(4) + iinf + iloc)

    assert read(data, "HEIC") == (Metadata(), ())
    assert read(bytes(8) + b"\0\0\0\0meta" * 100_000, "HEIC") == (Metadata(), ())


def test_a_sidecar_of_nonsense_costs_nothing_but_itself() -> None:
    data = sample("JPEG")[0]

    assert metadata_of(data, sidecars=[b"\xff\xfe<", b"", b"<x/>"]) == metadata_of(data)
