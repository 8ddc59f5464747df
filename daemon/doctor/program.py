"""The program: versions, the packages that it needs, what its readers can read, the locale."""

from __future__ import annotations

import locale
import platform
import re
import sqlite3
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING, Final

from ...models.pip import pip_install
from .findings import note, ok, problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .findings import Case, Finding

TRIAL_SECONDS: Final = 60.0
FOR_DEVELOPERS: Final = re.compile(r"""extra == ["'](test|dev)["']""")


def check_program(case: Case) -> Iterator[Finding]:
    """Look at versions, packages, readers and locale."""
    yield ok(
        f"phototagd {version('phototagd')}, Python {platform.python_version()} in {sys.prefix},"
        f" SQLite {sqlite3.sqlite_version}"
    )
    yield from check_packages(requires("phototagd") or ())
    yield from _watchdog()
    case.say("reading formats")
    yield from _readers()
    yield from _locale()


def check_packages(requirements: Iterable[str]) -> Iterator[Finding]:
    """Look for the packages that these lines require; see PEP 508."""
    found: dict[str, str] = {}
    missing: dict[str, tuple[str, str]] = {}
    for line in requirements:
        requirement, _, marker = (part.strip() for part in line.partition(";"))
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        if FOR_DEVELOPERS.search(marker):
            continue
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            if "extra ==" not in marker:
                missing[name] = requirement, marker
    for name, (requirement, marker) in missing.items():
        wanted = pip_install(requirement)
        if marker:
            yield note(f"the package {name} is not here; not every platform has it", wanted)
        else:
            yield problem(f"the package {name} is missing", wanted)
    if found:
        yield ok("packages: " + ", ".join(f"{name} {found[name]}" for name in sorted(found)))


def _watchdog() -> Iterator[Finding]:
    from ..watching.inotify import missing_internals  # watchdog itself may be missing

    if moved := missing_internals():
        yield problem(
            f"this watchdog is another inside than the one known ({', '.join(moved[:3])}):"
            " changes are found late",
            pip_install("watchdog>=7.1,<8"),
        )


def _readers() -> Iterator[Finding]:
    """Load the readers in a process of their own: a library may end it."""
    trial = [sys.executable, "-m", f"{__package__}.reading_trial"]
    done = subprocess.run(trial, capture_output=True, text=True, timeout=TRIAL_SECONDS, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
        yield problem(f"no photo can be read: {last}", "install the program anew")
        return
    readable = []
    for line in done.stdout.splitlines():
        name, reason, remedy = line.split("\t")
        if remedy:
            yield note(reason, f"{remedy}; then restart the daemon, or phototag scan")
        elif reason:
            yield problem(f"{name} files cannot be read: {reason}", "install the program anew")
        else:
            readable.append(name)
    yield ok(f"reads {', '.join(readable)}")


def _locale() -> Iterator[Finding]:
    encodings = {
        "file names": sys.getfilesystemencoding(),
        "texts": locale.getpreferredencoding(do_setlocale=False),
        "output": sys.stdout.encoding or "unknown",
    }
    said = ", ".join(f"{what} {name}" for what, name in encodings.items())
    if any(name.lower().replace("-", "") != "utf8" for name in encodings.values()):
        yield note(
            f"the locale is not one of UTF-8: {said}; names outside ASCII are shown as escapes",
            "LANG=C.UTF-8, or another locale that `locale -a` lists",
        )
    else:
        yield ok(f"encodings: {said}")
