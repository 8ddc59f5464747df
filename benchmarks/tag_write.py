"""What writing tags into a JPEG costs, beside analysing it.

    python benchmarks/tag_write.py PHOTO.jpg [--runs 21]

Copies the photo, analyses the copies (reading, decoding, both models), and has them written to by
the same process that the daemon has for it (draft, proof, replacement with fsync). Prints the
processor time of both a photo and their ratio.
"""

from __future__ import annotations

import argparse
import os
import queue
import shutil
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phototagd.daemon import decode
from phototagd.daemon.config import load_config
from phototagd.daemon.tagging.orders import EXIF, Commit, Committed, Draft, Drafted, TagPlan
from phototagd.daemon.tagging.setup import scribe_program
from phototagd.daemon.worker import Worker
from phototagd.models.analyzer import load_analyzer
from phototagd.models.settings import ModelSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

TAGS = TagPlan(flat=("dog", "Siberian husky", "person", "bicycle", "backpack", "bench", "car"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("photo", type=Path)
    parser.add_argument("--runs", type=int, default=21)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.photo.parent) as folder:
        copies = [Path(folder, f"{number}.jpg") for number in range(options.runs)]
        for copy in copies:
            shutil.copyfile(options.photo, copy)
        paths = [os.fsencode(copy) for copy in copies]
        report(analyse(paths), write(paths), options.photo.stat().st_size)


def analyse(paths: Sequence[bytes]) -> float:
    """Return the median of the processor time (s) of analysing a photo, of all threads."""
    analyzer = load_analyzer(ModelSettings(threads=1), lambda _text: None)
    limits, costs = decode.Limits(), []
    for path in paths:
        start = time.process_time()
        photo = decode.read_photo(path, limits)
        _, pixels = decode.load_upright(photo, limits, analyzer.min_side)
        analyzer.analyze(pixels)
        costs.append(time.process_time() - start)
    return statistics.median(costs)


def write(paths: Sequence[bytes]) -> float:
    """Return the mean of the processor time (s) of the scribe for a photo, after the first."""
    config = load_config(None, {})
    config = replace(config, watch=replace(config.watch, settle_seconds=0.0))
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
    scribe = Worker(scribe_program(config), answers.put)
    scribe.start()
    started = 0.0
    for number, path in enumerate(paths):
        scribe.send(Draft(number, path, os.path.dirname(path), "JPEG", EXIF, TAGS))
        drafted = answers.get()
        if not isinstance(drafted, Drafted) or not drafted.is_change:
            raise SystemExit(f"it cannot be written to: {drafted}")
        scribe.send(Commit(number))
        committed = answers.get()
        if not isinstance(committed, Committed):
            raise SystemExit(f"it was not written: {committed}")
        if number == 0:
            started = cpu_seconds(scribe.pid)
    spent = cpu_seconds(scribe.pid) - started
    scribe.stop()
    return spent / (len(paths) - 1)


def cpu_seconds(pid: int | None) -> float:
    """Return the processor time that a process of one thread has had, see proc(5), schedstat."""
    return int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0]) / 1e9


def report(analysed: float, written: float, size: int) -> None:
    """Print both and their ratio."""
    print(f"analyse  {analysed * 1000:6.1f} ms of CPU")
    print(f"write    {written * 1000:6.1f} ms of CPU")
    print(f"a photo of {size / 1e6:.1f} MB: writing costs {written / analysed:.2f} of its analysis")


if __name__ == "__main__":
    main()
