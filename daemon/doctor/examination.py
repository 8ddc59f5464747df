"""All checks, one after another; one that cannot be made is a finding itself."""

from __future__ import annotations

import importlib
import sqlite3
import subprocess
from typing import TYPE_CHECKING, Final

from ...db.errors import CatalogError
from ...models.errors import ModelError
from ..config import ConfigError
from .findings import problem
from .hiding import hider_here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .findings import Case, Finding

CHECKS: Final = {
    "program": "check_program",
    "machine": "check_machine",
    "settings": "check_settings",
    "folders": "check_folders",
    "models": "check_models",
    "catalog": "check_catalog",
    "daemon": "check_service",
}
"""What is checked, in the module of that name, by which generator."""

FAILURES: Final = (
    ArithmeticError, AttributeError, CatalogError, ConfigError, ImportError, LookupError,
    ModelError, OSError, RuntimeError, sqlite3.Error, subprocess.SubprocessError, TypeError,
    ValueError,
)  # fmt: skip
"""What a computer in trouble may answer with: it is told, and the next check is made."""


def examine(case: Case) -> Iterator[tuple[str, Finding]]:
    """Make all checks; gives topic and finding, without names of people and photos."""
    hider = hider_here(_roots(case))
    for topic, name in CHECKS.items():
        case.say(topic)
        for finding in _guarded(topic, name, case):
            yield topic, hider.hide_in(finding)


def _guarded(topic: str, name: str, case: Case) -> Iterator[Finding]:
    try:
        # Late, and one by one: a package may be missing, which is what is to be found out.
        yield from getattr(importlib.import_module(f".{topic}", __package__), name)(case)
    except FAILURES as error:
        kind = type(error).__name__
        yield problem(f"this could not be looked at to the end: {kind}: {error}")


def _roots(case: Case) -> list[bytes]:
    try:
        from .folders import find_roots

        return [root.path for root in find_roots(case)]
    except FAILURES:  # told where the folders are looked at
        return [root.path for root in case.config.roots]
