"""The settings: where they come from, whether they can be used and what they name."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from ...models.errors import ModelError
from ..config import PREFIX, SYSTEM_FILE, ConfigError, default_path
from ..fusing import make_fuser
from ..indexer import make_ignores
from ..printable import printable
from .findings import note, ok, problem
from .hiding import without_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .findings import Case, Finding


def check_settings(case: Case) -> Iterator[Finding]:
    """Look at the settings file, the variables, and what needs more than their types to judge."""
    if case.config_error:
        reason = "mend the file; until then all below is looked at by the default settings"
        yield problem(without_names(case.config_error), reason)
    else:
        yield from _used_file(case)
        yield from _meaning(case)
    names = sorted(name for name in os.environ if name.startswith(PREFIX))
    if names:
        yield note(
            f"variables that change settings here: {', '.join(names)}",
            "a service does not see them: what it is to use belongs into the settings file",
        )


def _used_file(case: Case) -> Iterator[Finding]:
    file = case.config.file
    if not os.path.exists(file):
        yield ok(f"there is no settings file ({file}): the defaults hold")
    else:
        yield ok(f"settings file {file}")
    changed = sorted(
        key for key, origin in case.config.origins.items() if origin not in ("default", "roots")
    )
    if changed:
        yield ok(f"set there or by variables: {', '.join(changed)}")
    if file == str(default_path()) and SYSTEM_FILE.exists():
        yield note(
            f"{SYSTEM_FILE} is there too: it holds for the system's service, not for you",
            f"ask the system's catalog with phototag --config {SYSTEM_FILE} search ...",
        )


def _meaning(case: Case) -> Iterator[Finding]:
    config = case.config
    try:
        make_ignores(config)
        make_fuser(config)
    except (ConfigError, ModelError) as error:
        yield problem(str(error), "mend the settings; the daemon does not start with them")
    for program, *_ in config.on_match.values():
        if shutil.which(program) is None:
            yield problem(
                f"the command of a saved search cannot be run: there is no program {program!r}",
                f"mend [on_match] in {config.file}",
            )
    folder = os.path.dirname(config.metrics_textfile)
    if folder and not os.access(folder, os.W_OK | os.X_OK):
        yield problem(
            f"metrics.textfile cannot be written by you: {printable(folder)}",
            "make the folder, and give it to the user of the daemon",
        )
