"""File events as hints: an Observer for each root with a Handler that only enqueues.

What watchdog delivers, and what it loses without an error, is why the scan is the truth:
events only make it quick. Where they cannot come (network mounts) or cannot be had (limits of the
kernel) a root is left to the timer, and its ``RootWatch`` says so.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)

from ..printable import printable
from ..version import is_sidecar_name
from .ignores import MARKERS
from .inotify import RuledObserver, WatchRules, kernel_watches, missing_internals
from .limits import remedy_for
from .mounts import is_network, read_mounts
from .scan import is_photo_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from watchdog.observers.api import BaseObserver

    from .ignores import Ignores
    from .scan import FolderKey

logger = logging.getLogger(__name__)

WatchMode = Literal["auto", "events", "timer"]

# Without the events of reading and of metadata: our own scan would flood the kernel's queue.
EVENTS: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileClosedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]
_STOP_SECONDS = 2.0


class Handler(FileSystemEventHandler):
    """Passes paths on. An exception here would end the observer's thread for good."""

    def __init__(
        self,
        rules: WatchRules,
        on_file: Callable[[bytes], None],
        on_folder: Callable[[bytes], None],
    ) -> None:
        self._rules = rules
        self._on_file = on_file
        self._on_folder = on_folder

    def dispatch(self, event: FileSystemEvent) -> None:
        """Take one event of watchdog's; called on its thread."""
        for path in (event.src_path, event.dest_path):
            if path:
                self._take(os.fsencode(path), is_folder=event.is_directory)

    def _take(self, path: bytes, *, is_folder: bool) -> None:
        folder, name = (path, b"") if is_folder else os.path.split(path)
        if self._rules.leaves_out(folder):
            return
        if is_folder or name in MARKERS:
            self._on_folder(folder)
        elif is_photo_name(name):
            if not self._rules.ignores.is_ignored_file(self._rules.relpath(path)):
                self._on_file(path)
        elif is_sidecar_name(name):
            self._on_file(path)


@dataclass(frozen=True, slots=True)
class RootWatch:
    """How a root is watched. Folders that a rule leaves out are not counted.

    ``why`` is the reason for the timer. ``problem`` and ``remedy`` are set where less is watched
    than was asked for. ``timer_folders`` are network mounts below a root that is watched.
    """

    mode: Literal["events", "timer"]
    watched: int = 0
    unwatched: int = 0
    why: str | None = None
    problem: str | None = None
    remedy: str | None = None
    timer_folders: tuple[bytes, ...] = ()


_NOT_YET = RootWatch("events")


@dataclass(slots=True)
class _Root:
    """A root that was asked for: its observer, if it has one, and what it was made for."""

    state: RootWatch = _NOT_YET
    observer: BaseObserver | None = None
    made_for: tuple[object, ...] = ()
    rules: WatchRules | None = None
    is_told: bool = False  # that it is dead


class Watcher:
    """Watches roots by real path. ``watch`` and ``audit`` read disks: not on the main thread.

    Callbacks come on watchdog's threads and on those that call ``audit``; they may only enqueue.
    ``ignores`` may be replaced; each root is watched by the new rules from its next ``watch`` on.
    ``on_folder`` asks to walk a folder or to see that it is gone; ``on_overflow`` to walk a root.
    """

    def __init__(
        self,
        *,
        ignores: Ignores,
        on_file: Callable[[bytes], None],
        on_folder: Callable[[bytes], None],
        on_overflow: Callable[[bytes], None],
    ) -> None:
        self.ignores = ignores
        self._on_file = on_file
        self._on_folder = on_folder
        self._on_overflow = on_overflow
        self._roots: dict[bytes, _Root] = {}
        self._is_stopped = False
        self._missing = missing_internals()
        logging.getLogger("watchdog.observers.inotify").addFilter(_is_news)
        if self._missing:
            logger.warning(
                "this watchdog has no %s: ignored folders are watched too and a lost event is"
                " only found by the next scan",
                ", ".join(self._missing),
            )

    def watch(self, top: bytes, mode: str = "auto") -> RootWatch:
        """Watch a root as it is now; does nothing where that is done already.

        One that was replaced, mounted over or whose threads have ended is watched anew.
        """
        root = self._roots.setdefault(top, _Root())
        try:
            status = os.stat(top)
        except OSError as error:
            self._end(root)
            self._set(top, root, replace(_NOT_YET, why=error.strerror))
            return root.state
        skipped, why = choose_mode(top, mode)
        made_for = (status.st_dev, status.st_ino, skipped, why, self.ignores)
        if root.made_for == made_for and (why or (root.observer and _is_alive(root.observer))):
            return root.state
        self._end(root)
        root.made_for = made_for
        if why:
            self._set(top, root, RootWatch("timer", why=why))
        else:
            self._begin(top, root, skipped)
        if self._is_stopped or self._roots.get(top) is not root:  # meanwhile, on another thread
            self._end(root)
        return root.state

    def audit(self, top: bytes, folders: Mapping[bytes, FolderKey]) -> RootWatch:
        """Compare the folders that a walk saw with what the kernel watches; watch the rest."""
        root = self._roots.get(top)
        if root is None:
            return _NOT_YET
        observer = root.observer
        if observer is None:
            if root.state.problem is not None:
                self._set(top, root, replace(root.state, unwatched=len(folders)))
            return root.state
        skipped = root.state.timer_folders
        wanted = {path: key for path, key in folders.items() if not _is_below_any(path, skipped)}
        missing = _find_unwatched(observer, wanted)
        if missing:
            missing = self._add(observer, wanted, missing)
        self._set(top, root, _counted(root, len(wanted), len(missing)))
        return root.state

    def state(self, top: bytes) -> RootWatch:
        """Tell how a root is watched."""
        root = self._roots.get(top)
        return _NOT_YET if root is None else root.state

    def dead(self) -> list[bytes]:
        """Return the roots of which no event can come any more: ``watch`` them again.

        Each is named once until it is watched again.
        """
        found = []
        for top, root in list(self._roots.items()):
            observer = root.observer
            if observer is not None and not root.is_told and not _is_alive(observer):
                root.is_told = True
                found.append(top)
        return found

    def has_dead(self) -> bool:
        """Tell whether a root that should be watched by events cannot be told any now."""
        observers = [root.observer for root in list(self._roots.values())]
        return any(observer is not None and not _is_alive(observer) for observer in observers)

    def is_decided(self, top: bytes) -> bool:
        """Tell whether a root is watched by now, or left to the timer for a reason."""
        root = self._roots.get(top)
        return root is not None and (root.observer is not None or root.state.why is not None)

    def drop(self, top: bytes) -> None:
        """Watch a root no longer."""
        root = self._roots.pop(top, None)
        if root is not None:
            self._end(root)

    def stop(self) -> None:
        """Watch nothing any more; threads that hang in a dead mount are left behind."""
        self._is_stopped = True
        for top in list(self._roots):
            self.drop(top)

    def _begin(self, top: bytes, root: _Root, skipped: tuple[bytes, ...]) -> None:
        rules = WatchRules(top, self.ignores, frozenset(skipped), lambda: self._on_overflow(top))
        root.rules, root.is_told = rules, False
        handler = Handler(rules, self._on_file, self._on_folder)
        observer = None
        try:
            observer = self._make_observer(rules)
            observer.start()
            observer.schedule(handler, os.fsdecode(top), recursive=True, event_filter=EVENTS)
        except OSError as error:
            _stop_soon(observer)
            self._set(top, root, _refused(error))
            return
        root.observer = observer
        self._set(top, root, RootWatch("events", len(_paths(observer)), timer_folders=skipped))

    def _make_observer(self, rules: WatchRules) -> BaseObserver:
        if not self._missing:
            return RuledObserver(rules)
        from watchdog.observers import Observer

        # It warns on every mkdir race with a text that lists all watches.
        warnings.filterwarnings("ignore", module=r"watchdog\..*")
        return Observer()

    def _add(
        self, observer: BaseObserver, wanted: Mapping[bytes, FolderKey], missing: list[bytes]
    ) -> list[bytes]:
        """Watch single folders and have them walked again; return those that remain unwatched."""
        if not isinstance(observer, RuledObserver) or observer.group is None:
            return [path for path in missing if os.path.isdir(path)]
        observer.rules.refused = None
        observer.group.add(missing)
        still = set(_find_unwatched(observer, {path: wanted[path] for path in missing}))
        for path in missing:
            if path not in still:
                self._on_folder(path)
        return [path for path in still if os.path.isdir(path)]

    def _set(self, top: bytes, root: _Root, state: RootWatch) -> None:
        """Keep the new state; a problem is logged when it comes and when it goes."""
        had_problem, root.state = root.state.problem is not None, state
        if state.problem is not None and not had_problem:
            logger.warning("%s: %s; %s", printable(top), state.problem, state.remedy)
        elif had_problem and state.problem is None:
            logger.info("%s: %d folders are watched again", printable(top), state.watched)

    def _end(self, root: _Root) -> None:
        observer, root.observer, root.made_for = root.observer, None, ()
        _stop_soon(observer)


def choose_mode(top: bytes, mode: str) -> tuple[tuple[bytes, ...], str | None]:
    """Return the mounts that are left to the timer, and why the whole root is, if it is."""
    if mode == "timer":
        return (), "as the settings say"
    if mode == "events":
        return (), None
    mounts = read_mounts()
    fstype = mounts.find(top).fstype
    if is_network(fstype):
        return (), f"{fstype} is a network file system"
    return tuple(m.point for m in mounts.below(top) if is_network(m.fstype)), None


def _is_news(record: logging.LogRecord) -> bool:
    """Leave out what watchdog reports as an error each time that a root is watched no longer."""
    return "called when the thread is inactive" not in str(record.msg)


def _stop_soon(observer: BaseObserver | None) -> None:
    if observer is None:
        return
    # In a thread of its own: joining one that hangs in a dead mount would hang as well.
    ending = threading.Thread(target=_stop, args=(observer,), name="stop-observer", daemon=True)
    ending.start()
    ending.join(_STOP_SECONDS)


def _stop(observer: BaseObserver) -> None:
    observer.stop()
    if observer.is_alive():
        observer.join()


def _is_alive(observer: BaseObserver) -> bool:
    emitters = observer.emitters
    is_reading = observer.is_reading if isinstance(observer, RuledObserver) else True
    return (
        observer.is_alive()
        and is_reading
        and bool(emitters)
        and all(emitter.is_alive() for emitter in list(emitters))
    )


def _paths(observer: BaseObserver) -> frozenset[bytes]:
    """Return the folders that watchdog believes to watch."""
    group = observer.group if isinstance(observer, RuledObserver) else None
    return frozenset() if group is None else group.paths


def _find_unwatched(observer: BaseObserver, folders: Mapping[bytes, FolderKey]) -> list[bytes]:
    """Return the folders that the kernel does not watch.

    Where a file system shows other device numbers than the kernel's (subvolumes of btrfs),
    watchdog's own books must do.
    """
    watches = kernel_watches()
    devices = {os.makedev(*device) for device in read_mounts().devices()}
    believed = _paths(observer)

    def is_watched(path: bytes, key: FolderKey) -> bool:
        if watches is None or key[0] not in devices:
            return path in believed
        return key in watches

    return [path for path, key in folders.items() if not is_watched(path, key)]


def _is_below_any(path: bytes, folders: tuple[bytes, ...]) -> bool:
    return any(path == folder or path.startswith(folder + b"/") for folder in folders)


def _counted(root: _Root, wanted: int, unwatched: int) -> RootWatch:
    """Return the state after an audit."""
    state = replace(
        root.state, watched=wanted - unwatched, unwatched=unwatched, problem=None, remedy=None
    )
    if not unwatched:
        return state
    refused = root.rules.refused if root.rules is not None else None
    reason = "" if refused is None else f": {refused.strerror}"
    is_limit = refused is None or refused.errno == errno.ENOSPC
    return replace(
        state,
        problem=f"{unwatched} of {wanted} folders are not watched, found late{reason}",
        remedy=remedy_for(errno.ENOSPC, unwatched) if is_limit else "look at their permissions",
    )


def _refused(error: OSError) -> RootWatch:
    """Return the state of a root that the kernel refuses to watch."""
    number = error.errno or 0
    if number in (errno.ENOSPC, errno.EMFILE, errno.ENFILE):
        problem = f"not watched, changes are found late: {error.strerror}"
        remedy = remedy_for(number, 1)
        return RootWatch("timer", why=error.strerror, problem=problem, remedy=remedy)
    return RootWatch("timer", why=error.strerror)
