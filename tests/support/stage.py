"""A running daemon on a folder, and the questions that fault cases ask about it."""

from __future__ import annotations

import io
import os
import re
import shutil
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ledger import Ledger, Row
from photo_files import CAT, COFFEE, jpeg_bytes, open_rgb
from PIL import Image
from program import BIN, PATIENCE, Program, wait_until

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from program import Daemon

OUTCOME = re.compile(r"INFO (?P<path>/.*?): (?P<what>.*) \(\d+ ms\)$", re.MULTILINE)
KNOWN = "a known picture"
SETTLE = 0.3
CAUGHT_UP = "Caught up"


@cache
def cat_jpeg() -> bytes:
    """Return a JPEG that shows a cat."""
    return jpeg_bytes(open_rgb(CAT))


@cache
def cup_jpeg() -> bytes:
    """Return a JPEG that shows a cup of coffee."""
    return jpeg_bytes(open_rgb(COFFEE))


@cache
def tiny_jpeg(number: int) -> bytes:
    """Return a small JPEG; another number is another picture."""
    noise = np.random.default_rng(number).integers(0, 256, (48, 64, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "JPEG", quality=60)
    return out.getvalue()


def write_slowly(path: Path, data: bytes, *, pieces: int, pause: float) -> None:
    """Write a file as a slow source does: one open file, a pause after each piece."""
    step = -(-len(data) // pieces)
    with path.open("wb") as file:
        for start in range(0, len(data), step):
            file.write(data[start : start + step])
            file.flush()
            threading.Event().wait(pause)


def put(path: Path, data: bytes) -> Path:
    """Write a file and the folders above it; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def put_many(folder: Path, number: int, pictures: int = 6, name: str = "{}.jpg") -> list[Path]:
    """Write photos of a few different pictures; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name.format(n) for n in range(number)]
    for n, path in enumerate(paths):
        path.write_bytes(tiny_jpeg(n % pictures))
    return paths


def new_program(home: Path, cache: Path, **variables: str) -> Program:
    """Make a program with a home of its own that settles quickly."""
    if not (BIN / "phototag").exists():
        pytest.skip("phototag is not installed beside this Python")
    home.mkdir()
    quick = {
        "PHOTOTAG_WATCH_SETTLE_SECONDS": str(SETTLE),
        "PHOTOTAG_WATCH_NETWORK_SETTLE_SECONDS": "0.5",
    }
    return Program(home, cache, **quick | variables)


class Stage:
    """A daemon, the folder that it watches and the catalog that it keeps."""

    def __init__(self, program: Program, daemon: Daemon, root: Path) -> None:
        self.program = program
        self.daemon = daemon
        self.root = root
        self.before: dict[bytes, Row] = {}
        self.ledger = Ledger(program.catalog)

    def folder(self, name: str) -> Path:
        """Make a folder of the root for one case."""
        folder = self.root / name
        folder.mkdir()
        return folder

    def wait_state(self, path: bytes | Path, state: str, seconds: float = PATIENCE) -> None:
        """Wait until a photo has a state."""
        wait_until(
            lambda: (row := self.ledger.row(path)) is not None and row.state == state,
            seconds,
            f"{path!r} {state}: {self.ledger.row(path)}",
        )

    def wait_done(self, *paths: bytes | Path, seconds: float = PATIENCE) -> None:
        """Wait until these photos are done."""
        for path in paths:
            self.wait_state(path, "done", seconds)

    def wait_states(
        self, folder: Path, expected: dict[str, str], seconds: float = PATIENCE
    ) -> None:
        """Wait until a folder's rows are exactly these: names and states."""
        wait_until(
            lambda: self.ledger.states(folder) == expected,
            seconds,
            f"{expected} in {folder}",
        )

    def wait_all_done(
        self, folder: Path, names: Collection[str], seconds: float = PATIENCE
    ) -> None:
        """Wait until a folder's rows are exactly these, all done."""
        try:
            self.wait_states(folder, dict.fromkeys(names, "done"), seconds)
        except AssertionError:
            states = self.ledger.states(folder)
            other = {name: state for name, state in states.items() if state != "done"}
            lost = sorted(set(names) - set(states))
            more = sorted(set(states) - set(names))
            text = f"lost {len(lost)}: {lost[:9]}, too many {len(more)}: {more[:9]}"
            raise AssertionError(f"{text}, not done {list(other.items())[:9]}") from None

    def sentinel(self, folder: Path) -> None:
        """Wait until a photo that came now is done: what came before it was seen before it."""
        count = sum(1 for _ in folder.glob("sentinel*"))
        self.wait_done(put(folder / f"sentinel {count}.jpg", tiny_jpeg(10_000 + count)))

    def outcomes(self, folder: Path) -> list[tuple[str, str]]:
        """Return what the log says became of a folder's photos: (path, what)."""
        found = OUTCOME.findall(self.daemon.log)
        return [(path, what) for path, what in found if path.startswith(f"{folder}/")]

    def inferences(self, folder: Path) -> list[str]:
        """Return the photos below a folder that went through the models, once for each time."""
        return [path for path, what in self.outcomes(folder) if KNOWN not in what]

    def root_status(self, path: Path | None = None) -> dict[str, Any]:
        """Return what ``status`` says of a root; nothing if it does not name it."""
        wanted = str(path or self.root)
        return next((r for r in self.program.status()["roots"] if r["path"] == wanted), {})

    def wait_root(self, state: str, path: Path | None = None, seconds: float = PATIENCE) -> None:
        """Wait until ``status`` gives a root this state."""
        wait_until(lambda: self.root_status(path).get("state") == state, seconds, state)

    def reasons(self) -> str:
        """Return all that ``status`` gives as degraded: reasons and remedies."""
        found = self.program.status()["degraded"]
        return "\n".join(f"{entry['reason']}: {entry['remedy']}" for entry in found)

    def found(self, query: str, folder: Path) -> list[str]:
        """Return the names below a folder that a search finds."""
        paths = self.program.search(query)
        return sorted(os.path.relpath(p, folder) for p in paths if p.startswith(f"{folder}/"))


def copy_all(sources: Iterable[Path], folder: Path) -> list[Path]:
    """Copy files into a folder; return where they lie now."""
    folder.mkdir(parents=True, exist_ok=True)
    return [shutil.copy(source, folder / source.name) for source in sources]
