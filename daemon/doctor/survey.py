"""How many folders a root has and which of them one may use; a dead mount holds nobody up."""

from __future__ import annotations

import errno
import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..watching.inotify import WatchRules
from ..watching.mounts import HUNG_SECONDS

if TYPE_CHECKING:
    from collections.abc import Collection

    from ..watching.ignores import Ignores


@dataclass(slots=True)
class Survey:
    """What was seen of a root; ``error`` is the errno that kept us out of it, 0 for none."""

    folders: int = 0
    unreadable: int = 0
    unwritable: int = 0
    error: int = 0


def take_survey(
    top: bytes, ignores: Ignores, skipped: Collection[bytes] = (), *, is_walked: bool = True
) -> Survey:
    """Look at a root and, if wished, at all folders below it that would be watched."""
    survey = Survey()
    rules = WatchRules(top, ignores, frozenset(skipped), lambda: None)
    thread = threading.Thread(
        target=_survey, args=(survey, rules, is_walked), name="survey", daemon=True
    )
    thread.start()
    seen = -1
    while thread.is_alive() and survey.folders > seen:
        seen = survey.folders
        thread.join(HUNG_SECONDS)
    return Survey(error=errno.ETIMEDOUT) if thread.is_alive() else survey


def _survey(survey: Survey, rules: WatchRules, is_walked: bool) -> None:
    try:
        with os.scandir(rules.root) as entries:
            next(entries, None)
    except OSError as error:
        survey.error = error.errno or errno.EIO
        return
    stack = [rules.root]
    while stack:
        folder = stack.pop()
        below = rules.subfolders(folder) if is_walked else []
        if below is None:
            continue
        survey.folders += 1
        survey.unreadable += not os.access(folder, os.R_OK | os.X_OK)
        survey.unwritable += not os.access(folder, os.W_OK | os.X_OK)
        stack.extend(below)
