"""What writing tags into a JPEG costs, beside analysing it.

    python benchmarks/tag_write.py PHOTO.jpg [--runs 15]

Copies the photo into a temporary folder and, side by side in each run, analyses it (reading,
decoding, both models) and writes tags into it (draft, proof, replacement with fsync). Prints the
medians of the processor time of both and their ratio.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from phototagd.daemon import decode
from phototagd.daemon.tagging.orders import EXIF, Commit, Draft, Drafted, TagPlan
from phototagd.daemon.tagging.scribe import Scribe
from phototagd.daemon.tagging.scribe_plan import ScribePlan
from phototagd.models.analyzer import load_analyzer
from phototagd.models.settings import ModelSettings

if TYPE_CHECKING:
    from collections.abc import Callable

TAGS = TagPlan(flat=("dog", "Siberian husky", "person", "bicycle", "backpack", "bench", "car"))
PLAN = ScribePlan(settle_seconds=0.0, keep_mtime=True, merge_sidecars=False, use_exiftool=False)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("photo", type=Path)
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()
    analyzer = load_analyzer(ModelSettings(threads=1), lambda _text: None)
    scribe = Scribe(PLAN)
    costs: dict[str, list[float]] = {"analyse": [], "write": []}
    with tempfile.TemporaryDirectory(dir=options.photo.parent) as folder:
        copy = Path(folder, "photo.jpg")
        for number in range(options.runs):
            shutil.copy2(options.photo, copy)
            path = os.fsencode(copy)

            def analyse(path: bytes = path) -> None:
                limits = decode.Limits()
                photo = decode.read_photo(path, limits)
                _, pixels = decode.load_upright(photo, limits, analyzer.min_side)
                analyzer.analyze(pixels)

            def write(path: bytes = path, number: int = number) -> None:
                root = os.path.dirname(path)
                drafted = scribe.handle(Draft(number, path, root, "JPEG", EXIF, TAGS))
                if not isinstance(drafted, Drafted) or not drafted.is_change:
                    raise SystemExit(f"it cannot be written to: {drafted}")
                scribe.handle(Commit(number))

            costs["analyse"].append(cpu_seconds(analyse))
            costs["write"].append(cpu_seconds(write))
    report(costs, options.photo.stat().st_size)


def cpu_seconds(step: Callable[[], None]) -> float:
    """Return the processor time of a step, of all threads."""
    start = time.process_time()
    step()
    return time.process_time() - start


def report(costs: dict[str, list[float]], size: int) -> None:
    """Print the medians and their ratio."""
    medians = {name: statistics.median(values) * 1000 for name, values in costs.items()}
    for name, value in medians.items():
        print(f"{name:<8} {value:6.1f} ms of CPU (median of {len(costs[name])})")
    ratio = medians["write"] / medians["analyse"]
    print(f"a photo of {size / 1e6:.1f} MB: writing costs {ratio:.2f} of its analysis")


if __name__ == "__main__":
    main()
