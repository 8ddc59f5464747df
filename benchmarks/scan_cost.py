"""Times the reconcile of an unchanged library beside ``find`` on the same tree.

    python benchmarks/scan_cost.py [--photos 100000] [--folders 1000] [--rounds 5] [DIR]

What is timed is what the daemon's hourly scan does: walk all folders and compare each with the
catalog, then look for folders that are gone. ``find`` printing size and time reads the same names,
sizes and times and does nothing with them. Both take turns on a warm cache; the goal is a ratio
of 3 at most.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from phototagd.daemon.watching.ignores import Ignores
from phototagd.daemon.watching.scan import Walk
from phototagd.db.catalog import Catalog
from phototagd.db.reader import CatalogReader


def make_tree(top: Path, photos: int, folders: int) -> None:
    """Make empty files with the names of photos in folders of two levels."""
    for index in range(folders):
        folder = top / f"year {index % 20}" / f"album {index}"
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(index, photos, folders):
            (folder / f"IMG_{number:07}.jpg").touch()


def time_find(top: Path) -> float:
    """Return the seconds of a ``find`` that prints size and time of every file."""
    command = [shutil.which("find") or "find", top, "-printf", "%s %T@\\n"]
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def time_reconcile(catalog: Catalog, path: bytes, root_id: int, top: bytes) -> tuple[float, int]:
    """Return the seconds of a walk with its comparison, and how many photos differed."""
    start = time.perf_counter()
    walk = Walk(top, ignores=Ignores())
    differing = 0
    with CatalogReader.open(path) as reader:
        for listing in walk.listings():
            if reader.is_as_known(root_id, listing.relpath, listing.files):
                continue
            change = catalog.reconcile_folder(root_id, listing.relpath, listing.files)
            differing += change.new + change.changed + change.returned + len(change.gone)
    vanished = walk.vanished(catalog.folder_names(root_id))
    differing += len(catalog.gone_folders_photos(root_id, vanished))
    return time.perf_counter() - start, differing


def main() -> None:
    """Take turns, then print medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--folders", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("dir", nargs="?", type=Path, help="an existing library instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        top = options.dir or Path(name, "photos")
        if options.dir is None:
            make_tree(top, options.photos, options.folders)
        raw = os.fsencode(top.resolve())
        path = os.fsencode(name) + b"/catalog.db"
        with Catalog.open(path) as catalog:
            root_id = catalog.add_root(raw).id
            first, new = time_reconcile(catalog, path, root_id, raw)
            finds, scans = [], []
            for _round in range(options.rounds):
                finds.append(time_find(top))
                seconds, differing = time_reconcile(catalog, path, root_id, raw)
                scans.append(seconds)
                if differing and options.dir is None:
                    raise SystemExit(f"{differing} photos differ in a library that did not change")
    find, scan = statistics.median(finds), statistics.median(scans)
    sys.stdout.write(
        f"{new} photos: entering them {first:.2f} s\n"
        f"find {find:.3f} s, reconcile {scan:.3f} s: ratio {scan / find:.2f} (goal: at most 3)\n"
        f"single rounds: find {[round(s, 3) for s in finds]},"
        f" reconcile {[round(s, 3) for s in scans]}\n"
    )


if __name__ == "__main__":
    main()
