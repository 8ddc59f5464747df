"""What we read in a file is what exiftool wrote into it and reads there itself."""

from __future__ import annotations

import functools
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from exiftool import exiftool
from metadata_samples import metadata_of, picture, read
from photo_files import CAT, ROCKET
from PIL import Image

from phototagd.daemon.metadata.embedded import find_blocks

CASES: dict[str, tuple[str, ...]] = {
    "a whole camera": (
        "-EXIF:Make=Canon", "-EXIF:Model=Canon EOS 1000D", "-EXIF:Software=Firmware 1.0.7",
        "-EXIF:DateTimeOriginal=2023:07:01 12:34:56", "-EXIF:SubSecTimeOriginal=05",
        "-EXIF:OffsetTimeOriginal=+02:00", "-EXIF:LensModel=EF-S18-55mm f/3.5-5.6 IS",
        "-EXIF:ISO=800", "-EXIF:FNumber=5.6", "-EXIF:ExposureTime=1/250",
        "-EXIF:FocalLength=34", "-EXIF:FocalLengthIn35mmFormat=54", "-EXIF:Rating=4",
        "-EXIF:GPSLatitude=38.7071", "-EXIF:GPSLatitudeRef=N", "-EXIF:GPSLongitude=9.13549",
        "-EXIF:GPSLongitudeRef=W", "-EXIF:GPSAltitude=12.5", "-EXIF:GPSAltitudeRef=0",
    ),
    "big-endian": (
        "-ExifByteOrder=MM", "-EXIF:Make=NIKON CORPORATION", "-EXIF:Model=NIKON D100",
        "-EXIF:DateTimeOriginal=2004:01:06 15:06:41", "-EXIF:ExposureTime=1/640",
        "-EXIF:GPSLatitude=33.8568", "-EXIF:GPSLatitudeRef=S", "-EXIF:GPSLongitude=151.2153",
        "-EXIF:GPSLongitudeRef=E", "-EXIF:GPSAltitude=3", "-EXIF:GPSAltitudeRef=1",
    ),
    "only digitized": ("-EXIF:CreateDate=1999:12:31 23:59:59", "-EXIF:SubSecTimeDigitized=999"),
    "only changed": ("-EXIF:ModifyDate=2010:02:03 04:05:06",),
    "only APEX": ("-EXIF:ApertureValue=4", "-EXIF:ShutterSpeedValue=1/60"),
    "several sensitivities": ("-EXIF:ISO=100 200",),
    "XMP": (
        "-XMP-exif:DateTimeOriginal=2021-05-06T07:08:09.25-05:00", "-XMP-tiff:Make=Apple",
        "-XMP-tiff:Model=iPhone 12", "-XMP-aux:Lens=back camera 4.2mm f/1.6",
        "-XMP-exif:ISO=64", "-XMP-exif:FNumber=1.6", "-XMP-exif:ExposureTime=1/121",
        "-XMP-exif:FocalLength=4.2", "-XMP-exif:GPSLatitude=-54.8019",
        "-XMP-exif:GPSLongitude=-68.303", "-XMP-exif:GPSAltitude=-2",
        "-XMP-xmp:Rating=-1",
    ),
    "XMP by Photoshop": ("-XMP-photoshop:DateCreated=1968:12:24 16:40:00",),
    "XMP's date of creation": ("-XMP-xmp:CreateDate=2001:02:03 04:05:06+09:00",),
    "IPTC": (
        "-IPTC:DateCreated=2015:03:20", "-IPTC:TimeCreated=09:46:47+00:00",
        "-IPTC:ObjectName=Eclipse", "-IPTC:Caption-Abstract=Übers Meer",
        "-CodedCharacterSet=UTF8",
    ),
    "Microsoft's rating": ("-XMP-microsoft:RatingPercent=75",),
    "words": (
        "-XMP-dc:Title=Ein Tag am Meer", "-XMP-dc:Title-fr=La mer",
        "-XMP-dc:Description=Sand und Straße",
    ),
    "words in EXIF": ("-EXIF:ImageDescription=Sand", "-EXIF:XPTitle=Ein Tag am Meer"),
}  # fmt: skip
KINDS = ("JPEG", "TIFF", "PNG", "WebP")


@functools.cache
def written(case: str, kind: str) -> bytes:
    """Return a photo with the fields of a case as exiftool writes them."""
    with Image.open(ROCKET if kind == "JPEG" else CAT) as image:
        small = image.convert("RGB").resize((96, 64))
    out = io.BytesIO()
    small.save(out, kind)
    return exiftool(out.getvalue(), *CASES[case], "-o", "-")


@functools.cache
def judged(data: bytes) -> dict[str, Any]:
    """Return what exiftool reads, by names without groups; the first of several counts."""
    printed: dict[str, Any] = json.loads(exiftool(data, "-j", "-n"))[0]
    return printed


def number(tags: dict[str, Any], *names: str) -> Any:
    """Return a number to compare with; exiftool prints those with many digits as text."""
    value = first(tags, *names)
    return None if value is None else pytest.approx(float(value))


def first(tags: dict[str, Any], *names: str) -> Any:
    return next((tags[name] for name in names if name in tags), None)


def wall_clock(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return moment.strftime("%Y:%m:%d %H:%M:%S")


def agree_on_camera(data: bytes, kind: str) -> None:
    found, tags = metadata_of(data, kind), judged(data)

    assert (found.make, found.model) == (tags.get("Make"), tags.get("Model"))
    assert found.lens == first(tags, "LensModel", "Lens")
    assert found.software == tags.get("Software")
    iso = tags.get("ISO")
    assert found.iso == (int(iso.split()[0]) if isinstance(iso, str) else iso)
    assert found.f_number == number(tags, "FNumber", "ApertureValue")
    assert found.exposure == number(tags, "ExposureTime", "ShutterSpeedValue")
    assert found.focal == number(tags, "FocalLength")
    assert found.focal_35mm == tags.get("FocalLengthIn35mmFormat")
    assert found.dropped == ()


def agree_on_position(data: bytes, kind: str) -> None:
    found, tags = metadata_of(data, kind), judged(data)

    theirs = tuple(map(float, tags["GPSPosition"].split())) if "GPSPosition" in tags else None
    mine = None if found.latitude is None else (found.latitude, found.longitude)
    assert mine == (theirs and pytest.approx(theirs, abs=1e-6))
    assert found.altitude == tags.get("GPSAltitude")


def agree_on_date(data: bytes, kind: str) -> None:
    found, tags = metadata_of(data, kind), judged(data)

    names = ("DateTimeOriginal", "CreateDate", "DateTimeCreated", "DateCreated", "ModifyDate")
    date = first(tags, *names)
    assert wall_clock(found.taken_at) == (date and date[:19])
    assert (found.taken_source == "file") == (date is None)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES)
def test_camera_and_settings_agree(case: str, kind: str) -> None:
    agree_on_camera(written(case, kind), kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES)
def test_positions_agree(case: str, kind: str) -> None:
    agree_on_position(written(case, kind), kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES)
def test_dates_agree(case: str, kind: str) -> None:
    agree_on_date(written(case, kind), kind)


@pytest.mark.parametrize(
    ("case", "fraction", "offset", "source"),
    [
        ("a whole camera", 50_000, 120, "camera"),
        ("only digitized", 999_000, None, "camera"),
        ("only changed", None, None, "camera"),
        ("XMP", 250_000, -300, "xmp"),
        ("XMP's date of creation", None, 540, "xmp"),
        ("IPTC", None, 0, "iptc"),
    ],
)
def test_the_parts_of_a_date_are_read(
    case: str, fraction: int | None, offset: int | None, source: str
) -> None:
    found = metadata_of(written(case, "JPEG"))

    assert (found.taken_us, found.taken_offset) == (fraction, offset)
    assert found.taken_source == source


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("case", "rating", "title", "caption"),
    [
        ("a whole camera", 4, None, None),
        ("XMP", -1, None, None),
        ("Microsoft's rating", 4, None, None),
        ("IPTC", None, "Eclipse", "Übers Meer"),
        ("words", None, "Ein Tag am Meer", "Sand und Straße"),
        ("words in EXIF", None, "Ein Tag am Meer", "Sand"),
    ],
)
def test_words_are_read(
    case: str, kind: str, rating: int | None, title: str | None, caption: str | None
) -> None:
    if case == "IPTC" and kind == "WebP":
        pytest.skip("the format has no place for IPTC")
    found = metadata_of(written(case, kind), kind)

    assert (found.rating, found.title, found.caption) == (rating, title, caption)


@pytest.mark.parametrize("order", ["II", "MM"])
@pytest.mark.parametrize("text", ["A dog", "Straße", "日本"])
def test_comments_are_read_in_their_characters(text: str, order: str) -> None:
    data = exiftool(
        picture(), f"-ExifByteOrder={order}", f"-EXIF:UserComment={text}", "-charset", "UTF8",
        "-o", "-",
    )  # fmt: skip

    assert metadata_of(data).caption == text == judged(data)["UserComment"]


def exif_of(case: str) -> bytes:
    """Return the EXIF block of a case."""
    (block,) = find_blocks(written(case, "JPEG"), "JPEG").exif
    return block


def packet_of(case: str) -> bytes:
    (packet,) = find_blocks(written(case, "JPEG"), "JPEG").xmp
    return packet


@functools.cache
def boxed(kind: str, case: str) -> bytes:
    """Return a photo of a format with boxes and the EXIF block of a case."""
    block = exif_of(case)
    if kind == "HEIC":
        pillow_heif = pytest.importorskip("pillow_heif")
        pillow_heif.register_heif_opener()
        return picture("HEIF", exif=block)
    if kind == "JPEG XL":
        pytest.importorskip("pillow_jxl")
        return picture("JXL", exif=block)
    if kind == "JPEG 2000":
        return exiftool(picture("JPEG2000"), *CASES[case], "-o", "-")
    return picture("AVIF", exif=block)


@pytest.mark.parametrize("kind", ["HEIC", "AVIF", "JPEG XL", "JPEG 2000"])
@pytest.mark.parametrize("case", ["a whole camera", "big-endian"])
def test_files_made_of_boxes_agree(case: str, kind: str) -> None:
    data = boxed(kind, case)

    assert metadata_of(data, kind).make is not None
    agree_on_camera(data, kind)
    agree_on_position(data, kind)
    agree_on_date(data, kind)


@pytest.mark.parametrize("kind", ["HEIC", "AVIF"])
def test_xmp_in_files_made_of_boxes_is_read(kind: str) -> None:
    if kind == "HEIC":
        pytest.importorskip("pillow_heif").register_heif_opener()
    data = picture("HEIF" if kind == "HEIC" else kind, xmp=packet_of("XMP"))

    assert metadata_of(data, kind).model == "iPhone 12"
    agree_on_camera(data, kind)
    agree_on_position(data, kind)
    agree_on_date(data, kind)


def test_keywords_inside_a_file_made_of_boxes_are_read() -> None:
    packet = exiftool(picture(), "-XMP-dc:Subject=dog", "-XMP-dc:Subject=Straße", "-o", "-")
    (xmp,) = find_blocks(packet, "JPEG").xmp

    assert read(picture("AVIF", xmp=xmp), "AVIF")[1] == ("dog", "Straße")
