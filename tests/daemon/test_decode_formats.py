"""Who reads a file: its content decides, whatever it is called, and what may be missing."""

from __future__ import annotations

import sys

import pytest
from decoding import as_file, assert_shows, encoded, header_of, heic_bytes, load
from photo_files import CAT, ROCKET, jpeg_bytes, open_rgb
from raw_files import dng_bytes

from phototagd.daemon import decode
from phototagd.daemon.errors import PhotoError, UnsupportedPhoto
from phototagd.daemon.formats import FORMATS, PhotoFormat, format_of_content
from phototagd.models.pip import pip_install

PICTURE = open_rgb(CAT).crop((0, 0, 450, 300))


SAMPLES = {
    "JPEG": jpeg_bytes(PICTURE),
    "PNG": encoded(PICTURE, "PNG"),
    "WebP": encoded(PICTURE, "WEBP", quality=95),
    "RAW": dng_bytes(PICTURE, preview=jpeg_bytes(PICTURE), preview_size=PICTURE.size),
    "TIFF": encoded(PICTURE, "TIFF"),
    "BMP": encoded(PICTURE, "BMP"),
    "GIF": encoded(PICTURE, "GIF"),
    "AVIF": encoded(PICTURE, "AVIF"),
    "HEIC": heic_bytes(PICTURE),
    "JPEG 2000": encoded(PICTURE, "JPEG2000"),
    "JPEG XL": encoded(PICTURE, "JXL"),
}


@pytest.mark.parametrize("entry", FORMATS, ids=lambda entry: entry.name)
@pytest.mark.parametrize("promised", [".jpg", ".heic", ".HEIF", ".tif", ".png", ".jxl"])
def test_the_content_decides_what_a_file_is(entry: PhotoFormat, promised: str) -> None:
    data = SAMPLES[entry.name]

    assert header_of(data, f"a{promised}").format == entry.name
    assert_shows(load(data, f"a{promised}"), PICTURE, 20)


@pytest.mark.parametrize("name", [name for name in SAMPLES if name not in ("TIFF", "RAW")])
def test_what_is_no_raw_file_is_read_under_a_raw_files_name(name: str) -> None:
    assert header_of(SAMPLES[name], "a.cr2").format == name


def test_a_tiff_under_a_raw_files_name_is_the_camera_makers() -> None:
    """Its first picture may be a thumbnail: reading that as the photo would be wrong."""
    with pytest.raises(UnsupportedPhoto, match=r"LibRaw [\d.]+ knows"):
        load(SAMPLES["TIFF"], "a.nef")


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "RAW"),
        (b"FUJIFILMCCD-RAW 0201", "RAW"),
        (b"II\x1a\0\0\0HEAPCCDR", "RAW"),
        (b"IIRO\x08\0\0\0", "RAW"),
        (b"IIU\0\x18\0\0\0", "RAW"),
        (b"FOVb\0\0\2\0", "RAW"),
        (b"II*\0\x10\0\0\0CR\2\0", "RAW"),
        (b"MM\0*\0\0\0\x08", "TIFF"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "AVIF"),
        (b"\0\0\0\x18ftypmsf1\0\0\0\0msf1hevc", "HEIC"),
        (b"\xff\x4f\xff\x51\0\x2f", "JPEG 2000"),
        (b"\xff\x0a\xfa\x1f", "JPEG XL"),
        (b"GIF87a", "GIF"),
    ],
)
def test_formats_are_known_by_their_first_bytes(start: bytes, name: str) -> None:
    found = format_of_content(start + bytes(100), b"a.jpg")

    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    ("name", "package", "module"),
    [
        ("HEIC", "pillow-heif", "pillow_heif"),
        ("RAW", "rawpy", "rawpy"),
        ("JPEG XL", "pillow-jxl-plugin brotli", "pillow_jxl"),
    ],
)
def test_a_missing_library_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, name: str, package: str, module: str
) -> None:
    reader = next(entry.reader for entry in FORMATS if entry.name == name)
    monkeypatch.delitem(sys.modules, f"phototagd.daemon.readers.{reader}", raising=False)
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(UnsupportedPhoto) as caught:
        load(SAMPLES[name], "a.jpg")

    assert caught.value.reason.startswith(f"{name} files need ")
    assert caught.value.reason.endswith(f": {pip_install(*package.split())}")
    assert_shows(load(SAMPLES["JPEG"], "a.heic"), PICTURE)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_limit_on_pixels_holds_before_decoding(name: str) -> None:
    with pytest.raises(PhotoError, match="too many pixels: 450 x 300"):
        decode.inspect(as_file(SAMPLES[name], "a.jpg"), decode.Limits(max_pixels=134_999))


def test_a_raws_preview_is_under_the_limit_as_well() -> None:
    preview = jpeg_bytes(PICTURE.resize((4500, 3000)))
    data = dng_bytes(PICTURE, preview=preview, preview_size=(4500, 3000))

    with pytest.raises(PhotoError, match="too many pixels: 4500 x 3000"):
        decode.inspect(as_file(data, "a.dng"), decode.Limits(max_pixels=1_000_000))


def test_a_motion_photo_and_a_camera_pair_are_their_first_picture() -> None:
    video = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(5000)
    pair = encoded(PICTURE, "MPO", quality=90, save_all=True, append_images=[open_rgb(ROCKET)])

    assert_shows(load(SAMPLES["JPEG"] + video, "a.jpg"), PICTURE)
    assert_shows(load(pair, "a.mpo"), PICTURE)
    assert header_of(pair, "a.mpo").format == "JPEG"


@pytest.mark.parametrize("name", ["PNG", "WebP", "AVIF"])
def test_metadata_blocks_are_handed_out_bare(name: str) -> None:
    from PIL.PngImagePlugin import PngInfo

    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    note = PngInfo()
    note.add_itxt("XML:com.adobe.xmp", xmp.decode())
    extra = {"pnginfo": note} if name == "PNG" else {"xmp": xmp}
    exif = PICTURE.getexif()
    exif[0x010F] = "Me"
    data = encoded(PICTURE, name.upper(), exif=exif.tobytes(), **extra)

    header = header_of(data, "a.png")

    assert header.exif[:2] in (b"II", b"MM")
    assert b"Me" in header.exif
    assert header.xmp == xmp
