"""The installed program as a child process, with a home of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

BIN = Path(sys.executable).parent
FAULTS = Path(__file__).with_name("faults")
PATIENCE = 120.0  # seconds; no test is about them, and a busy machine may need many
_PAUSE = threading.Event()


def wait_until(condition: Callable[[], Any], seconds: float = PATIENCE, what: str = "") -> Any:
    """Wait for a condition with a deadline; return what it returned.

    What takes long to ask, such as a question to the program, is asked less often.
    """
    end = time.monotonic() + seconds
    while True:
        asked = time.monotonic()
        if found := condition():
            return found
        now = time.monotonic()
        assert now < end, f"not within {seconds} s: {what or condition}"
        _PAUSE.wait(max(0.05, 2 * (now - asked)))


class Program:
    """Runs ``phototag`` with settings and data below one folder."""

    def __init__(self, home: Path, cache: Path, **variables: str) -> None:
        self.home = home
        self.catalog = home / "catalog.db"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PHOTOTAG_")}
        self.environ = kept | {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "data"),
            "PHOTOTAG_CATALOG_PATH": str(self.catalog),
            "PHOTOTAG_MODELS_CACHE": str(cache),
            "PHOTOTAG_MODELS_PRECISION": "f32",
            **variables,
        }

    def run(
        self, *arguments: str | bytes | Path, timeout: float = 300
    ) -> subprocess.CompletedProcess[str]:
        """Run to the end; bytes that are no UTF-8 come back as surrogates."""
        return subprocess.run(
            [BIN / "phototag", *arguments],
            env=self.environ,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=timeout,
            check=False,
        )

    def search(self, query: str) -> list[str]:
        """Return the paths that a search prints, or nothing."""
        return self.run("search", query).stdout.splitlines()

    def status(self) -> dict[str, Any]:
        """Return what ``status --json`` says, whatever its exit status."""
        done = self.run("status", "--json", timeout=30)
        assert done.returncode in (0, 3, 4), done.stderr
        return dict(json.loads(done.stdout))

    def plant_faults(self, **variables: str) -> Path:
        """Let the programs started from now on carry the faults; return the folder of their files.

        See ``faults/sitecustomize.py`` for what can be planted.
        """
        folder = self.home / "faults"
        folder.mkdir(exist_ok=True)
        path = os.pathsep.join([str(FAULTS), self.environ.get("PYTHONPATH", "")])
        self.environ |= {"PYTHONPATH": path, "FAULTS": str(folder), **variables}
        return folder

    def json(self, *arguments: str | bytes | Path) -> Any:
        """Run a verb that prints JSON."""
        done = self.run(*arguments, "--json")
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)

    @contextlib.contextmanager
    def watch(
        self,
        *arguments: str | Path,
        name: str = "phototag",
        within: Sequence[str] = (),
        log_name: str = "watch.log",
    ) -> Iterator[Daemon]:
        """Run the daemon; it is killed at the end if it still runs.

        ``within`` are the first words of a command that becomes the daemon (unshare, say).
        """
        command = [*within, BIN / name, *(["watch"] if name == "phototag" else []), *arguments]
        log = self.home / log_name
        with log.open("ab") as out:
            process = subprocess.Popen(command, env=self.environ, stdout=out, stderr=out)
        try:
            yield Daemon(process, log)
        finally:
            process.kill()
            process.wait()


class Daemon:
    """A running ``phototag watch``."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def log(self) -> str:
        """All that it has printed so far."""
        return self._log.read_text("utf-8", "backslashreplace")

    def wait_for(self, text: str, seconds: float = PATIENCE) -> None:
        """Wait until it has printed this."""
        try:
            wait_until(lambda: text in self.log or self.process.poll() is not None, seconds)
        finally:
            assert text in self.log, self.log

    def wait_for_count(self, text: str, times: int, seconds: float = PATIENCE) -> None:
        """Wait until it, and those that wrote into this log before, have printed this so often."""
        try:
            wait_until(
                lambda: self.log.count(text) >= times or self.process.poll() is not None, seconds
            )
        finally:
            assert self.log.count(text) >= times, self.log[-5000:]

    def children(self) -> list[int]:
        """Return the process ids of its children."""
        task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(number) for number in task.read_text().split()]

    def memory(self, pid: int | None = None) -> float:
        """Return the most memory that it, or its child ``pid``, has had at once, in MB."""
        text = Path(f"/proc/{pid or self.process.pid}/status").read_text("ascii")
        return int(text.partition("VmHWM:")[2].split()[0]) / 1024

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Stop its clockwork: neither it nor its child does anything meanwhile."""
        pids = [self.process.pid, *self.children()]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def stop(self, number: int = signal.SIGTERM, seconds: float = 30) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(seconds)
