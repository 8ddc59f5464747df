"""Lives with the daemon for a while: random changes of a library, kill -9 in between, a reckoning.

    python benchmarks/soak.py [--minutes 30] [--seed 1] [--pace 8] [--photos 300]

Creates, copies slowly, replaces, renames, moves, edits, cuts, links, moves out and back, deletes,
fills and removes folders, in random order. During the first half the daemon is killed with
SIGKILL about once a minute and started again a moment later, while the changes go on; during the
second half it is left alone, so that its memory can be watched. Then the changes end, the daemon
gets the time that its queue needs, and the catalog is compared with the disk twice: by
``phototag status --check`` and by a walk of this script's own against ``phototag list --json``.
Exit code 0 if there is no difference, the catalog is sound and nobody's memory grew.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import skimage

if TYPE_CHECKING:
    from collections.abc import Callable

BIN = Path(sys.executable).parent
PAUSE = threading.Event()
MOST_GROWTH_MB = 30.0


def say(text: str) -> None:
    """Print a line now."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


class Library:
    """A folder of photos and the things that people do to it."""

    def __init__(self, top: Path, outside: Path, chance: random.Random) -> None:
        self.top = top
        self.outside = outside
        self.chance = chance
        self.done: Counter[str] = Counter()
        self._number = 0
        self._samples = [
            cv2.imread(str(Path(skimage.__file__).parent / "data" / name))
            for name in ("chelsea.png", "coffee.png", "astronaut.png", "rocket.jpg")
        ]
        self._changes: tuple[tuple[int, Callable[[], None]], ...] = (
            (25, self.create),
            (5, self.create_slowly),
            (8, self.create_by_rename),
            (10, self.copy),
            (5, self.link),
            (12, self.rename),
            (6, self.rename_folder),
            (10, self.edit_metadata),
            (8, self.replace),
            (3, self.cut),
            (14, self.delete),
            (2, self.delete_folder),
            (4, self.fill_folder),
            (3, self.move_out),
            (3, self.move_in),
            (3, self.touch),
        )

    def change(self) -> None:
        """Do one thing to the library."""
        weights = [weight for weight, _ in self._changes]
        ((_, act),) = self.chance.choices(self._changes, weights)
        try:
            act()
        except (FileNotFoundError, FileExistsError, NotADirectoryError):
            return  # what it wanted to change is not there any more
        self.done[act.__name__] += 1

    def picture(self) -> bytes:
        """Make a JPEG; one in four has been seen before."""
        number = self.chance.randrange(1 << 30) if self.chance.random() < 0.75 else 7
        grain = np.random.default_rng(number)
        sample = grain.choice(len(self._samples))
        image = cv2.resize(self._samples[sample], (320, 240))
        image = cv2.add(image, grain.integers(0, 8, image.shape, np.uint8))
        return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()

    def new_path(self) -> Path:
        """Choose a place for a new photo."""
        self._number += 1
        name = self.chance.choice(("IMG {}.jpg", "ümläut {}.JPG", "{}.jpeg", "a\nb {}.jpg"))
        return self._folder() / name.format(self._number)

    def photos(self) -> list[Path]:
        """List the photos that are there."""
        return [path for path in self.top.rglob("*.[jJ]*") if path.is_file()]

    def _photo(self) -> Path:
        found = self.photos()
        if not found:
            raise FileNotFoundError
        return self.chance.choice(found)

    def _folder(self) -> Path:
        depth = self.chance.randrange(4)
        folder = self.top.joinpath(*(f"d{self.chance.randrange(6)}" for _ in range(depth)))
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def create(self) -> None:
        """Write a photo at once."""
        self.new_path().write_bytes(self.picture())

    def create_slowly(self) -> None:
        """Write a photo with a pause in the middle."""
        data = self.picture()
        with self.new_path().open("wb") as file:
            file.write(data[:5000])
            file.flush()
            PAUSE.wait(self.chance.uniform(0.1, 3))
            file.write(data[5000:])

    def create_by_rename(self) -> None:
        """Write under another name and rename."""
        path = self.new_path()
        other = path.with_name(
            self.chance.choice((".{}.part", "{}.tmp", "tmp {}")).format(path.name)
        )
        other.write_bytes(self.picture())
        other.rename(path)

    def copy(self) -> None:
        """Copy a photo with its times."""
        shutil.copy2(self._photo(), self.new_path())

    def link(self) -> None:
        """Give a photo a second name."""
        self.new_path().hardlink_to(self._photo())

    def rename(self) -> None:
        """Move a photo to another place."""
        self._photo().rename(self.new_path())

    def rename_folder(self) -> None:
        """Move a folder into another or beside it."""
        self._number += 1
        folder = self._folder()
        if folder != self.top:
            folder.rename(folder.with_name(f"album {self._number}"))

    def edit_metadata(self) -> None:
        """Put a comment into a photo, in place or by a new file."""
        path = self._photo()
        data = path.read_bytes()
        text = b"%d" % self.chance.randrange(10**9)
        data = data[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + data[2:]
        if self.chance.random() < 0.5:
            path.write_bytes(data)
        else:
            path.with_name(".edited").write_bytes(data)
            path.with_name(".edited").rename(path)

    def replace(self) -> None:
        """Give a photo another content."""
        path = self._photo()
        path.with_name(".new").write_bytes(self.picture())
        path.with_name(".new").rename(path)

    def cut(self) -> None:
        """Break a photo; half of them are mended a moment later."""
        path = self._photo()
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 3])
        if self.chance.random() < 0.5:
            PAUSE.wait(self.chance.uniform(0, 2))
            path.write_bytes(data)

    def delete(self) -> None:
        """Delete a photo."""
        self._photo().unlink()

    def delete_folder(self) -> None:
        """Delete a folder with all that it holds."""
        folder = self._folder()
        if folder != self.top:
            shutil.rmtree(folder)

    def fill_folder(self) -> None:
        """Make nested folders and fill them at once, sometimes under a hidden name."""
        self._number += 1
        final = self._folder() / f"import {self._number}"
        hidden = final.with_name(f".import {self._number}")
        folder = hidden if self.chance.random() < 0.5 else final
        for number in range(self.chance.randrange(1, 12)):
            path = folder / f"sub {number % 3}" / f"{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.picture())
        if folder is hidden:
            hidden.rename(final)

    def move_out(self) -> None:
        """Take a photo or a folder away."""
        self._number += 1
        folder = self._folder()
        what = self._photo() if folder == self.top or self.chance.random() < 0.7 else folder
        what.rename(self.outside / f"{self._number} {what.name}")

    def move_in(self) -> None:
        """Bring something back that was taken away, and go on writing into it."""
        what = self.chance.choice([*self.outside.iterdir()] or [self.outside / "nothing"])
        self._number += 1
        place = self._folder() / f"back {self._number} {what.name}"
        what.rename(place)
        if place.is_dir():
            (place / "at once.jpg").write_bytes(self.picture())

    def touch(self) -> None:
        """Change a photo's time, sometimes to long ago."""
        seconds = self.chance.choice((time.time(), 1e9, 0, 4e9))
        os.utime(self._photo(), (seconds, seconds))


class Daemon:
    """The daemon under test, started again as often as it is killed."""

    def __init__(self, home: Path, top: Path) -> None:
        self.home = home
        self.top = top
        self.kills = 0
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PHOTOTAG_")}
        self.environ = kept | {
            "PHOTOTAG_CATALOG_PATH": str(home / "catalog.db"),
            "PHOTOTAG_MODELS_CACHE": str(home / "cache"),
            "PHOTOTAG_WATCH_SETTLE_SECONDS": "0.5",
        }
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        """Start it; its log goes on in one file."""
        with (self.home / "watch.log").open("ab") as log:
            command = [BIN / "phototag", "watch", self.top]
            self.process = subprocess.Popen(command, env=self.environ, stdout=log, stderr=log)
        return self.process

    def kill(self) -> None:
        """End it without a warning."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a verb."""
        return subprocess.run(
            [BIN / "phototag", *words],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def ask_json(self, *words: str) -> Any:
        """Run a verb that answers in JSON."""
        return json.loads(self.ask(*words, "--json").stdout)

    def memory(self) -> tuple[float, float]:
        """Return the MB that the daemon and its child have now."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
        return resident(pid), sum(resident(int(child)) for child in children)


def resident(pid: int) -> float:
    """Return a process's resident memory in MB; 0 if it has just ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text("ascii")
    except OSError:
        return 0.0
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024 if "VmRSS:" in text else 0.0


def live(
    library: Library, daemon: Daemon, minutes: float, pace: float
) -> list[tuple[float, float]]:
    """Change the library for so long; return the memory of the second half, every ten seconds."""
    chance, begin = library.chance, time.monotonic()
    half, end = begin + minutes * 30, begin + minutes * 60
    next_kill, next_look, next_word = begin + chance.uniform(20, 70), half + 60, begin + 60
    start_again = 0.0
    samples = []
    while (now := time.monotonic()) < end:
        library.change()
        PAUSE.wait(chance.expovariate(pace))
        if start_again and now >= start_again:
            daemon.start()
            start_again = 0.0
        elif not start_again and daemon.process.poll() is not None:
            raise SystemExit(f"the daemon has ended with status {daemon.process.returncode}")
        if now >= next_kill and now < half:
            daemon.kill()
            start_again = now + chance.uniform(0, 8)
            next_kill = start_again + chance.uniform(10, 90)
        if now >= next_look and not start_again:
            samples.append(daemon.memory())
            next_look = now + 10
        if now >= next_word:
            tell_progress(library, daemon, now - begin)
            next_word = now + 60
    if start_again:
        daemon.start()
    return samples


def tell_progress(library: Library, daemon: Daemon, seconds: float) -> None:
    """Print where it stands."""
    parts = ", ".join(f"{mb:.0f} MB" for mb in daemon.memory()) if is_alive(daemon) else "down"
    changes, photos = library.done.total(), len(library.photos())
    say(
        f"{seconds / 60:.0f} min: {changes} changes, {photos} photos, {daemon.kills} kills, {parts}"
    )


def is_alive(daemon: Daemon) -> bool:
    """Tell whether it runs at this moment."""
    return daemon.process.poll() is None


def wait_for_quiet(daemon: Daemon, seconds: float = 600) -> None:
    """Ask for a scan, since a touch or a write through a hard link gives no event; wait for it.

    Then nothing must be pending several times in a row.
    """
    end = time.monotonic() + seconds
    while not daemon.ask_json("status")["scans"] and time.monotonic() < end:
        PAUSE.wait(1)
    scans = daemon.ask_json("status")["scans"]
    daemon.process.send_signal(signal.SIGHUP)
    while daemon.ask_json("status")["scans"] == scans and time.monotonic() < end:
        PAUSE.wait(1)
    quiet = 0
    while quiet < 5 and time.monotonic() < end:
        PAUSE.wait(2)
        status = daemon.ask_json("status")
        quiet = quiet + 1 if status["running"] and not status["queue"].get("pending") else 0
    if quiet < 5:
        say("the queue did not become empty")


def own_differences(library: Library, daemon: Daemon) -> list[str]:
    """Compare the files with the rows without the program's help."""
    rows = {base64.b64decode(row["path_b64"]): row for row in daemon.ask_json("list")}
    there = {os.fsencode(path) for path in library.photos()}
    there = {path for path in there if b"/." not in path}
    lines = [f"no row: {path!r}" for path in there - rows.keys()]
    for path, row in rows.items():
        if path in there and row["state"] not in ("done", "failed", "dead"):
            lines.append(f"{row['state']}, but there: {path!r}")
        if path not in there and row["state"] != "missing":
            lines.append(f"{row['state']}, but not there: {path!r}")
    return lines


def judge_memory(samples: list[tuple[float, float]]) -> bool:
    """Print the memory of the first and the last quarter; tell whether it stayed flat."""
    quarter = len(samples) // 4
    if not quarter:
        say("memory: too short a run to judge it")
        return True
    is_flat = True
    for name, values in zip(("daemon", "child"), zip(*samples, strict=True), strict=True):
        first, last = statistics.median(values[:quarter]), statistics.median(values[-quarter:])
        say(f"memory of the {name}: {first:.1f} MB at first, {last:.1f} MB in the end,"
            f" at most {max(values):.1f} MB")  # fmt: skip
        is_flat = is_flat and last - first < MOST_GROWTH_MB
    return is_flat


def reckon(library: Library, daemon: Daemon, samples: list[tuple[float, float]]) -> bool:
    """Compare disk and catalog, print all figures; tell whether all is well."""
    wait_for_quiet(daemon)
    check, sound = daemon.ask("status", "--check"), daemon.ask("db", "check")
    own = own_differences(library, daemon)
    status = daemon.ask_json("status")
    daemon.process.send_signal(signal.SIGTERM)
    code = daemon.process.wait(30)
    say(f"changes: {dict(library.done.most_common())}")
    say(f"rows: {status['queue']}; kills: {daemon.kills}; scans: {status['scans']},"
        f" overflows: {status['overflows']}, degraded: {status['degraded']}")  # fmt: skip
    say(f"status --check (exit {check.returncode}): {check.stdout.strip()}")
    say(f"own comparison: {len(own)} differences {own[:20]}")
    say(f"db check (exit {sound.returncode}): {sound.stdout.strip()}; SIGTERM: exit {code}")
    log = (daemon.home / "watch.log").read_text("utf-8", "replace")
    say(f"log: {len(log) / 1e6:.1f} MB, {log.count('Traceback')} tracebacks")
    is_flat = judge_memory(samples)
    codes = (check.returncode, sound.returncode, code, log.count("Traceback"))
    return not any(codes) and not own and is_flat


def main() -> int:
    """Make a library, live with it, reckon."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pace", type=float, default=8, help="changes a second")
    parser.add_argument("--photos", type=int, default=300, help="photos at the start")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        for folder in ("photos", "outside"):
            (home / folder).mkdir()
        chance = random.Random(options.seed)  # noqa: S311
        library = Library(home / "photos", home / "outside", chance)
        for _number in range(options.photos):
            library.create()
        daemon = Daemon(home, library.top)
        try:
            samples = live(library, daemon, options.minutes, options.pace)
            is_well = reckon(library, daemon, samples)
        finally:
            daemon.process.kill()
            shutil.copy(home / "watch.log", Path(tempfile.gettempdir(), "phototag-soak.log"))
    say("all is well" if is_well else "NOT well; the log is phototag-soak.log in the temp folder")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
