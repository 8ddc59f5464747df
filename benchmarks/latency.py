"""Times how long after the end of a copy a photo is searchable.

    python benchmarks/latency.py [--photos 50] [--settle 1.0]

Copies one photo after another into a watched folder, each a picture of its own, and waits until
the catalog says that it is done. Prints the time beyond the settle time: its median, and the worst.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import skimage
from PIL import Image

from phototagd.db.errors import CatalogError
from phototagd.db.reader import CatalogReader
from phototagd.db.states import PhotoState

PHOTOTAG = Path(sys.executable).with_name("phototag")
PAUSE = threading.Event()


def is_done(catalog: Path, photo: Path) -> bool:
    """Tell whether the catalog has labels of this photo."""
    try:
        with CatalogReader.open(os.fsencode(catalog)) as reader:
            found = reader.photo(os.fsencode(photo))
    except CatalogError:
        return False
    return found is not None and found.state is PhotoState.DONE


def wait_for(catalog: Path, photo: Path) -> None:
    """Return once a photo is done."""
    end = time.monotonic() + 120
    while not is_done(catalog, photo):
        if time.monotonic() > end:
            raise SystemExit(f"{photo} is not done after two minutes")
        PAUSE.wait(0.01)


def main() -> None:
    """Start the daemon, copy, wait, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--photos", type=int, default=50)
    parser.add_argument("--settle", type=float, default=1.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name).resolve()
        folder, catalog, ready = home / "photos", home / "catalog.db", home / "ready.jpg"
        folder.mkdir()
        with Image.open(Path(skimage.__file__).parent / "data/chelsea.png") as picture:
            cat = picture.convert("RGB").resize((1600, 1064))
        environ = os.environ | {
            "PHOTOTAG_CATALOG_PATH": str(catalog),
            "PHOTOTAG_WATCH_SETTLE_SECONDS": str(options.settle),
        }
        cat.save(folder / "first.jpg", quality=30)
        daemon = subprocess.Popen([PHOTOTAG, "watch", folder], env=environ)
        try:
            wait_for(catalog, folder / "first.jpg")
            late = []
            for number in range(options.photos):
                cat.save(ready, quality=40 + number)
                target = folder / f"{number}.jpg"
                target.write_bytes(ready.read_bytes())
                end = time.monotonic()
                wait_for(catalog, target)
                late.append(time.monotonic() - end - options.settle)
        finally:
            daemon.terminate()
            daemon.wait()
    middle = statistics.median(late)
    print(
        f"searchable after the settle time of {options.settle} s plus {middle:.2f} s"
        f" (median of {len(late)}; least {min(late):.2f}, most {max(late):.2f})"
    )


if __name__ == "__main__":
    main()
