"""Converted models on disk: entries that are whole or not there, and never in the way.

An entry is a folder of files with a seal (sizes and sha256 sums), written aside and moved into
place. A broken entry is removed and made anew; a cache that cannot be written is done without.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

SEAL = "seal.json"
UNUSED_SECONDS = 30 * 24 * 3600  # entries of older engines and weights go after this time
PART = ".part-"
PART_SECONDS = 3600  # what a killed process left half written


class ConversionCache:
    """Keeps converted models under `directory`/converted; None keeps nothing.

    `report` gets a sentence when the directory cannot be written.
    """

    def __init__(self, directory: Path | None, report: Callable[[str], None]) -> None:
        self._folder = None if directory is None else directory / "converted"
        self._report = report
        self._told = False

    def find(self, key: str) -> Path | None:
        """Return the folder of a whole entry, None when there is none."""
        if self._folder is None:
            return None
        entry = self._folder / key
        if not entry.is_dir():
            return None
        if not _is_whole(entry):
            log.warning("%s: damaged, it is made anew", entry)
            self.drop(key)
            return None
        _mark_used(entry)
        return entry

    def store(self, key: str, write: Callable[[Path], None]) -> Path | None:
        """Have `write` fill an empty folder, seal it and keep it as `key`.

        Returns the entry, None when nothing could be kept (said through `report`, never raised).
        """
        if self._folder is None:
            return None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            with tempfile.TemporaryDirectory(prefix=PART, dir=self._folder) as aside:
                return self._move_in(_fill(Path(aside) / key, write), self._folder / key)
        except (OSError, RuntimeError) as error:  # engines raise RuntimeError for a full disk
            self._tell(error)
            return None

    def drop(self, key: str) -> None:
        """Remove an entry, if it is there and may be removed."""
        if self._folder is not None:
            shutil.rmtree(self._folder / key, ignore_errors=True)

    def _tell(self, error: Exception) -> None:
        log.info("%s: %s", self._folder, error)
        if not self._told:
            self._report(
                f"The cache in {self._folder} cannot be written ({_first_line(error)}):"
                " models are converted anew at every start."
            )
        self._told = True

    def _move_in(self, aside: Path, entry: Path) -> Path:
        try:
            aside.rename(entry)
        except OSError:
            if self.find(entry.name) is None:  # not there from another process: a real fault
                raise
        return entry

    def _sweep(self) -> None:
        if self._folder is None:
            return
        for entry in self._folder.iterdir():
            most = PART_SECONDS if entry.name.startswith(PART) else UNUSED_SECONDS
            if _age(entry) > most:
                shutil.rmtree(entry, ignore_errors=True)


def _age(entry: Path) -> float:
    try:
        return time.time() - entry.stat().st_mtime
    except FileNotFoundError:  # another process was quicker
        return 0.0


def _fill(aside: Path, write: Callable[[Path], None]) -> Path:
    aside.mkdir()
    write(aside)
    sums = {file.name: _sum(file) for file in sorted(aside.iterdir())}
    (aside / SEAL).write_text(json.dumps(sums), encoding="utf-8")
    return aside


def _sum(file: Path) -> list[int | str]:
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    return [file.stat().st_size, found]


def _is_whole(entry: Path) -> bool:
    try:
        sums = json.loads((entry / SEAL).read_text(encoding="utf-8"))
        return bool(sums) and all(_sum(entry / name) == found for name, found in sums.items())
    except (OSError, ValueError, AttributeError):
        return False


def _mark_used(entry: Path) -> None:
    try:
        os.utime(entry)
    except OSError as error:  # a read-only cache is as good to read from
        log.debug("%s: its time of use is not kept: %s", entry, error)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
