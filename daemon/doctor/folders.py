"""The photo folders: mounts, permissions, and the kernel's limits on watching them."""

from __future__ import annotations

import errno
import itertools
import os
from typing import TYPE_CHECKING

from ...db.errors import CatalogError
from ...db.paths import relative_to
from ...db.reader import CatalogReader
from ..config import RootSettings
from ..indexer import make_ignores
from ..printable import count, printable
from ..watching.limits import INSTANCES, WATCHES, read_limit, remedy_for
from ..watching.mounts import find_mount, is_network, resolve
from ..watching.watcher import choose_mode
from .findings import note, ok, problem
from .survey import Survey, take_survey

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .findings import Case, Finding

UNREACHABLE = "look at its disk or its server, and at how it is mounted"
CROWDED = 0.8  # of the kernel's watches: other programs of the user draw on them too


def check_folders(case: Case) -> Iterator[Finding]:
    """Look at each folder to watch, then whether the kernel can watch them all."""
    roots = find_roots(case)
    if not roots:
        yield note(
            "no folder is named",
            "phototag scan DIR looks at one once; phototag service install DIR watches it",
        )
        return
    case.say("finding the folders")
    tops, _ = resolve(root.path for root in roots)
    yield from _overlaps([tops[root.path] for root in roots if root.path in tops])
    watched: list[Survey] = []
    for root in roots:
        case.say(f"looking into {printable(root.path)}")
        if root.path in tops:
            yield from _check_root(case, root, tops[root.path], watched)
        else:
            yield problem(f"{printable(root.path)}: {os.strerror(errno.ETIMEDOUT)}", UNREACHABLE)
    yield from check_limits(
        sum(survey.folders for survey in watched), len(watched), is_counted=not case.is_quick
    )


def check_limits(folders: int, roots: int, *, is_counted: bool = True) -> Iterator[Finding]:
    """Compare the watches and instances of inotify that are needed with those that there are."""
    if not roots:
        return
    needs = {WATCHES: (folders, errno.ENOSPC), INSTANCES: (roots, errno.EMFILE)}
    for names, (needed, number) in needs.items():
        limit = read_limit(names)
        if limit.value is None:
            yield note(f"{limit.name} cannot be read here", remedy_for(number, 0))
            continue
        known = f"needed here {needed:,}" if is_counted or names is INSTANCES else "not counted"
        said = f"{limit.name} = {limit.value:,}; {known}"
        if needed > limit.value:
            yield problem(
                f"{said}: changes are found late", remedy_for(number, needed - limit.value)
            )
        elif needed > limit.value * CROWDED:
            yield note(f"{said}, and other programs need some too", remedy_for(number, needed // 2))
        else:
            yield ok(said)


def find_roots(case: Case) -> tuple[RootSettings, ...]:
    """Return the folders of the settings, or those of the catalog where the settings name none."""
    if case.config.roots:
        return case.config.roots
    try:
        with CatalogReader.open(case.config.catalog.path) as reader:
            return tuple(RootSettings(root.path) for root in reader.roots())
    except CatalogError:  # told where the catalog is looked at
        return ()


def _overlaps(tops: Sequence[bytes]) -> Iterator[Finding]:
    for above, below in itertools.permutations(tops, 2):
        if relative_to(below, above):
            yield note(f"{printable(below)} lies in {printable(above)}, which is watched as well")
    for top in sorted({top for top in tops if tops.count(top) > 1}):
        yield note(f"{printable(top)} is named more than once")


def _check_root(
    case: Case, root: RootSettings, top: bytes, watched: list[Survey]
) -> Iterator[Finding]:
    name = printable(root.path)
    mount = find_mount(top)
    is_writing = case.config.tags.write != "off"
    skipped, why = choose_mode(top, root.watch)
    is_walked = not why and not case.is_quick
    survey = take_survey(top, make_ignores(case.config), skipped, is_walked=is_walked)
    where = f"{name}: {mount.fstype}{', read-only' if mount.is_read_only else ''}"
    if survey.error:
        remedy = {
            errno.ENOENT: "mount its disk, or take it out of the settings",
            errno.ENOTDIR: "name the folder that it lies in",
            errno.EACCES: "give the user of the daemon permission to read it and to enter it",
        }
        yield problem(
            f"{where}: {os.strerror(survey.error)}",
            remedy.get(survey.error, UNREACHABLE),
        )
        return
    if why:
        yield ok(f"{where}; no file events ({why}), walked every {_seconds(case):,.0f} s")
    else:
        watched.append(survey)
        known = f", {count(survey.folders, 'folder')}" if is_walked else ""
        yield ok(f"{where}, by file events{known}")
        if skipped:
            yield ok(f"{name}: {count(len(skipped), 'network mount')} in it, without file events")
    if root.watch == "events" and is_network(mount.fstype):
        yield note(
            f"{name}: changes that other computers make come without file events",
            'watch = "auto" in its [[roots]] block',
        )
    yield from _permissions(name, survey, is_writing=is_writing, is_read_only=mount.is_read_only)


def _permissions(
    name: str, survey: Survey, *, is_writing: bool, is_read_only: bool
) -> Iterator[Finding]:
    if survey.unreadable:
        yield problem(
            f"{name}: {count(survey.unreadable, 'folder')} in it you may not read",
            "give the user of the daemon permission to read and enter them, or leave them out by"
            " watch.ignore",
        )
    if not is_writing:
        return
    if is_read_only:
        yield problem(
            f"{name}: tags cannot be written, it is mounted read-only",
            'mount it for writing, or [tags] write = "off"',
        )
    elif survey.unwritable:
        yield problem(
            f"{name}: tags cannot be written in {count(survey.unwritable, 'folder')} of it",
            'give the user of the daemon permission to write there, or [tags] write = "off"',
        )


def _seconds(case: Case) -> float:
    watch = case.config.watch
    return min(watch.network_rescan_seconds, watch.rescan_seconds)
