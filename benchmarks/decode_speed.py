"""Times what a photo of each format costs until its pixels are ready for the models.

    python benchmarks/decode_speed.py [--megapixels 12] [--rounds 7] [--min-side 320]

The files are made here, by the libraries' own encoders, from a picture of scikit-image's. All
formats take turns, so that a busy machine slows all of them; what counts is the ratio to JPEG.
``known`` is what a photo costs that the catalog already knows: header and fingerprint. ``new`` is
the rest: pixels upright at the models' size. Milliseconds, the median of the rounds. Needs the
packages of the ``test`` extra.
"""

from __future__ import annotations

import argparse
import io
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import pillow_heif
import skimage
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from decoding import encoded, heic_bytes
from raw_files import dng_bytes

from phototagd.daemon import decode


def make_files(picture: Image.Image) -> dict[str, bytes]:
    """Return one file a format, by a name with its suffix."""
    preview = encoded(picture, "JPEG", quality=92)
    small = picture.resize((picture.width // 4, picture.height // 4))
    quick = {"enc_params": {"preset": "ultrafast"}}
    return {
        "JPEG.jpg": preview,
        "PNG.png": encoded(picture, "PNG", compress_level=3),
        "WebP.webp": encoded(picture, "WEBP", quality=85, method=1),
        "TIFF (LZW).tif": encoded(picture, "TIFF", compression="tiff_lzw"),
        "BMP.bmp": encoded(picture, "BMP"),
        "GIF.gif": encoded(picture.quantize(256), "GIF"),
        "AVIF.avif": encoded(picture, "AVIF", quality=70, speed=9),
        "HEIC.heic": heic_bytes(picture, quality=70, **quick),
        "HEIC, small thumbnail.heic": heic_bytes(picture, quality=70, thumbnails=(320,), **quick),
        "HEIC, large thumbnail.heic": heic_bytes(picture, quality=70, thumbnails=(512,), **quick),
        "HEIC in tiles of 512.heic": heic_bytes(picture, quality=70, tile_size=512, **quick),
        "HEIC of 10 bits.heic": _deep_heic(picture),
        "JPEG 2000.jp2": encoded(
            picture, "JPEG2000", quality_mode="rates", quality_layers=[15], irreversible=True
        ),
        "JPEG XL.jxl": encoded(picture, "JXL", effort=3),
        "RAW, full preview.dng": dng_bytes(picture, preview=preview, preview_size=picture.size),
        "RAW, small preview.dng": dng_bytes(
            picture, preview=encoded(small, "JPEG", quality=92), preview_size=small.size
        ),
        "RAW, no preview.dng": dng_bytes(picture),
    }


def time_photo(data: bytes, name: str, min_side: int) -> tuple[float, float]:
    """Return the seconds of knowing a photo, and of the rest."""
    photo = decode.PhotoFile(name.encode(), data, len(data), 0, 0)
    limits = decode.Limits()
    start = time.perf_counter()
    header, pixels = decode.inspect(photo, limits)
    decode.fingerprint(photo, header, pixels)
    known = time.perf_counter()
    if pixels is None:
        pixels = decode.decode_pixels(photo, header, min_side)
    decode.finish(pixels, header, min_side)
    return known - start, time.perf_counter() - known


def main() -> None:
    """Make the files, time them in turns and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--min-side", type=int, default=320)
    options = parser.parse_args()

    height = round((options.megapixels * 1e6 * 3 / 4) ** 0.5) // 2 * 2
    sample = Image.open(Path(skimage.__file__).parent / "data" / "coffee.png").convert("RGB")
    picture = sample.resize((height * 4 // 3, height), Image.Resampling.BICUBIC)
    files = make_files(picture)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in files}
    for _ in range(options.rounds + 1):  # the first round warms up
        for name, data in files.items():
            times[name].append(time_photo(data, name, options.min_side))

    print(f"{picture.width} x {picture.height}, median of {options.rounds}, milliseconds")
    print(f"{'':24} {'MB':>6} {'known':>7} {'new':>7} {'sum':>7} {'x JPEG':>7}")
    jpeg = _median(times["JPEG.jpg"])
    for name, data in files.items():
        known, new = _median(times[name])
        ratio = (known + new) / sum(jpeg)
        title = name.rpartition(".")[0]
        print(
            f"{title:24} {len(data) / 1e6:6.1f} {known:7.1f} {new:7.1f} {known + new:7.1f}"
            f" {ratio:7.1f}"
        )


def _deep_heic(picture: Image.Image) -> bytes:
    deep = np.asarray(picture, np.uint16) * 257
    out = io.BytesIO()
    file = pillow_heif.from_bytes("RGB;16", picture.size, deep.tobytes())
    file.save(out, quality=70, enc_params={"preset": "ultrafast"})
    return out.getvalue()


def _median(times: list[tuple[float, float]]) -> tuple[float, float]:
    known, new = zip(*times[1:], strict=True)
    return 1000 * statistics.median(known), 1000 * statistics.median(new)


if __name__ == "__main__":
    main()
