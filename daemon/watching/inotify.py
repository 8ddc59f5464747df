"""watchdog's inotify emitter with our rules, and what the kernel says it watches.

Written against the inside of watchdog 7.1, whose own emitter watches ignored folders too, keeps
watching trees that were moved away, and tells nobody that the kernel's queue has overflowed.
``missing_internals`` says what an upgrade has moved; then the plain emitter has to do.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from watchdog.events import DirCreatedEvent, DirMovedEvent, FileMovedEvent
from watchdog.observers import inotify as plain
from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyEmitter, InotifyWatchGroup
from watchdog.observers.inotify_c import InotifyConstants, InotifyFD, Mask
from watchdog.observers.inotify_move_event_grouper import PathedInotifyEvent

from .ignores import MARKERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from watchdog.observers.inotify_c import (
        CallbackId,
        InotifyEvent,
        WatchCallback,
        WatchDescriptor,
    )
    from watchdog.observers.inotify_move_event_grouper import GroupedInotifyEvent

    from .ignores import Ignores

_INTERNALS = {
    InotifyFD: ("_add_callback", "_get_or_create_watch", "add_callback", "remove_callbacks"),
    InotifyWatchGroup: (
        "_add_all_callbacks",
        "_add_callback",
        "_build_event_source_path",
        "_recursive_simulate",
        "_remove_callbacks",
        "_remove_watch_internally",
        "on_event",
        "on_queue_overflow",
    ),
    InotifyEmitter: ("build_and_queue_event", "get_event_mask_from_filter", "on_thread_start"),
}


def missing_internals() -> list[str]:
    """Return the names inside watchdog that this module needs and does not find."""
    missing = [
        f"{owner.__name__}.{name}"
        for owner, names in _INTERNALS.items()
        for name in names
        if not callable(getattr(owner, name, None))
    ]
    fields = {"_inotify_fd", "path", "event_mask", "_lock", "_id"}
    fields |= {"_active_callbacks_by_path", "_active_callbacks_by_watch"}
    there = set(getattr(plain.InotifyWatchGroup, "__dataclass_fields__", {}))
    return missing + [f"InotifyWatchGroup.{name}" for name in sorted(fields - there)]


@dataclass(slots=True)
class WatchRules:
    """What is watched below one root, and whom an overflow is told.

    ``skipped`` are absolute paths of network mounts; ``refused`` is the last error with which the
    kernel has refused a watch since it was last cleared.
    """

    root: bytes
    ignores: Ignores
    skipped: frozenset[bytes]
    on_overflow: Callable[[], None]
    refused: OSError | None = None

    def relpath(self, path: bytes) -> bytes:
        """Return the way from the root to a path that lies on or below it."""
        return path[len(self.root.rstrip(b"/")) + 1 :]

    def leaves_out(self, folder: bytes) -> bool:
        """Tell whether a folder is not watched because of its name or a name on the way to it."""
        return folder in self.skipped or self.ignores.is_ignored_path(self.relpath(folder))

    def subfolders(self, folder: bytes) -> list[bytes] | None:
        """List the folders to watch below a watched one; None if a marker leaves it out."""
        found: list[bytes] = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name in MARKERS and folder != self.root:
                        return None
                    if entry.is_dir(follow_symlinks=False):
                        found.append(entry.path)
        except OSError:  # gone or not readable: the audit will tell
            return []
        ignores = self.ignores
        return [
            path
            for path in found
            if path not in self.skipped and not ignores.is_ignored_folder(self.relpath(path))
        ]


class QuietInotifyFD(InotifyFD):
    """Watches a folder twice without a warning, and says when it must not be watched.

    watchdog 7.1 warns of every folder that a walk and an event add, with a text that lists all
    watches, and books a refused permission as watch number -1.
    """

    def _add_callback(
        self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
    ) -> WatchDescriptor:
        watch = self._get_or_create_watch(path, mask)
        if watch.wd == -1:
            del self._watch_for_wd[watch.wd]
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        watch.callbacks[id_] = callback
        return watch.wd


@dataclass(eq=False)
class RuledWatchGroup(InotifyWatchGroup):
    """The watches of one root: without what is left out, without what was moved away."""

    rules: WatchRules = field(kw_only=True)
    _departed: dict[int, dict[WatchDescriptor, bytes]] = field(default_factory=dict, init=False)

    @property
    def paths(self) -> frozenset[bytes]:
        """The folders that it believes to watch."""
        with self._lock:
            return frozenset(self._active_callbacks_by_path)

    def add(self, folders: Iterable[bytes]) -> None:
        """Watch single folders, until the kernel has no more watches to give."""
        with self._lock:
            for folder in folders:
                if not self._is_active or not self._watch_one(folder):
                    break

    def release(self, cookie: int) -> None:
        """End the watches of a folder that was moved out of the root, and all below."""
        with self._lock:
            departed = self._departed.pop(cookie, {})
            there = self._active_callbacks_by_watch
            gone = [wd for wd, path in departed.items() if there.get(wd) == path]
            self._remove_callbacks(gone)

    def on_event(self, event: InotifyEvent) -> None:
        """Take one event of the kernel's, on its reading thread.

        Nothing is heard from a folder whose path belongs to another by now: it was moved away.
        """
        if not self._is_current(event.wd):
            return
        was_watched = False
        if event.is_moved_from and event.is_directory:
            self._remember_departure(event)
        elif event.is_moved_to and event.is_directory:
            with self._lock:
                was_watched = bool(self._departed.pop(event.cookie, None))
        super().on_event(event)
        if was_watched:
            self._complete(event)
        if event.is_create or event.is_moved_to:
            self._forget_what_is_left_out(event)

    def on_queue_overflow(self) -> None:
        """Build the watches anew and tell that a walk is needed: events are lost."""
        super().on_queue_overflow()
        self._departed.clear()
        self.rules.on_overflow()

    def _is_current(self, wd: WatchDescriptor) -> bool:
        with self._lock:
            path = self._active_callbacks_by_watch.get(wd)
            return path is not None and self._active_callbacks_by_path.get(path) == wd

    def _remember_departure(self, event: InotifyEvent) -> None:
        with self._lock:
            path = self._build_event_source_path(event)
            if path is not None:
                self._departed[event.cookie] = self._tree(path)

    def _complete(self, event: InotifyEvent) -> None:
        """Watch what lies in a renamed folder.

        What was made in it just before could not be watched by its old name any more.
        """
        with self._lock:
            path = self._build_event_source_path(event)
            if path is not None:
                self._add_all_callbacks(path)

    def _forget_what_is_left_out(self, event: InotifyEvent) -> None:
        with self._lock:
            path = self._build_event_source_path(event)
            if path is None:
                return
            folder = os.path.dirname(path)
            if event.is_directory and self.rules.leaves_out(path):
                self._remove_callbacks(list(self._tree(path)))
            elif event.name in MARKERS and folder != self.path:
                self._remove_callbacks(list(self._tree(folder)))

    def _tree(self, top: bytes) -> dict[WatchDescriptor, bytes]:
        start = top + b"/"
        paths = self._active_callbacks_by_path.items()
        return {wd: path for path, wd in paths if path == top or path.startswith(start)}

    def _add_all_callbacks(self, path: bytes) -> None:
        if path != self.path and self.rules.leaves_out(path):
            return
        stack = [path]
        while stack:
            folder = stack.pop()
            if not self._watch_one(folder):
                return
            # The watch first, then the look: what comes in between is seen twice, not never.
            below = self.rules.subfolders(folder)
            if below is None:
                self._remove_callbacks(list(self._tree(folder)))
            else:
                stack.extend(below)

    def _add_callback(self, path: bytes) -> None:
        self._watch_one(path)

    def _watch_one(self, folder: bytes) -> bool:
        """Watch a folder; tell whether it is worth trying another."""
        try:
            wd = self._inotify_fd.add_callback(folder, self.event_mask, self, self._id)
        except OSError as error:
            if folder == self.path and not self._is_active:
                raise
            self.rules.refused = error
            return error.errno != errno.ENOSPC
        for departed in self._departed.values():  # it has come back
            departed.pop(wd, None)
        before = self._active_callbacks_by_watch.get(wd)
        if before is not None and self._active_callbacks_by_path.get(before) == wd:
            del self._active_callbacks_by_path[before]
        self._active_callbacks_by_path[folder] = wd
        self._active_callbacks_by_watch[wd] = folder
        return True

    def _recursive_simulate(self, src_path: bytes) -> list[InotifyEvent]:
        """Make no events up for what lies in a new folder: that folder is walked anyway."""
        del src_path
        return []

    def _remove_watch_internally(self, wd: WatchDescriptor) -> None:
        path = self._active_callbacks_by_watch.pop(wd, None)
        if path is not None and self._active_callbacks_by_path.get(path) == wd:
            del self._active_callbacks_by_path[path]


class RuledEmitter(InotifyEmitter):
    """Makes a root's events; for a folder one event, whatever lies in it."""

    def __init__(self, *args: Any, rules: WatchRules, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rules = rules

    @property
    def group(self) -> RuledWatchGroup | None:
        """The watches, while the emitter runs."""
        return self._inotify if isinstance(self._inotify, RuledWatchGroup) else None

    def on_thread_start(self) -> None:
        """Watch the root with all below; raises OSError if the root itself cannot be watched."""
        more = InotifyConstants.IN_ONLYDIR | InotifyConstants.IN_EXCL_UNLINK
        self._inotify = RuledWatchGroup(
            self._inotify_fd,
            os.fsencode(self.watch.path),
            is_recursive=True,
            event_mask=Mask(self.get_event_mask_from_filter() | more),
            rules=self._rules,
        )

    def build_and_queue_event(
        self, event: GroupedInotifyEvent, *, full_events: bool = False
    ) -> None:
        """Make watchdog's event of one of the kernel's, or of the two of a move."""
        if not isinstance(event, PathedInotifyEvent):
            source, target = event
            kind = DirMovedEvent if source.ev.is_directory else FileMovedEvent
            self.queue_event(kind(os.fsdecode(source.path), os.fsdecode(target.path)))
        elif event.ev.is_moved_to and event.ev.is_directory:
            self.queue_event(DirCreatedEvent(os.fsdecode(event.path)))
        else:
            if event.ev.is_moved_from and (group := self.group) is not None:
                group.release(event.ev.cookie)
            super().build_and_queue_event(event, full_events=full_events)


class RuledObserver(BaseObserver):
    """An observer of one root, with an inotify instance of its own. Raises OSError (EMFILE)."""

    def __init__(self, rules: WatchRules) -> None:
        self.rules = rules
        self._inotify_fd = QuietInotifyFD()
        self._inotify_fd.start()
        super().__init__(RuledEmitter, inotify_fd=self._inotify_fd, rules=rules)

    @property
    def group(self) -> RuledWatchGroup | None:
        """The watches of the root, while they are there."""
        groups = [emitter.group for emitter in self.emitters if isinstance(emitter, RuledEmitter)]
        return groups[0] if groups else None

    @property
    def is_reading(self) -> bool:
        """Whether the thread that reads the kernel's queue is alive."""
        return self._inotify_fd.is_alive()

    def on_thread_stop(self) -> None:
        """End the emitter and the thread that reads the kernel's queue."""
        super().on_thread_stop()
        self._inotify_fd.stop()
        self._inotify_fd.join()


def kernel_watches() -> frozenset[tuple[int, int]] | None:
    """Return (st_dev, st_ino) of all that this process watches; None where /proc is closed.

    See proc(5), ``/proc/PID/fdinfo``: the kernel's own list, whatever watchdog believes.
    """
    found: set[tuple[int, int]] = set()
    try:
        numbers = os.listdir("/proc/self/fd")
    except OSError:
        return None
    for number in numbers:
        try:
            if os.readlink(f"/proc/self/fd/{number}") != "anon_inode:inotify":
                continue
            with open(f"/proc/self/fdinfo/{number}", "rb") as file:
                found.update(_watches_of(file))
        except FileNotFoundError:  # closed meanwhile
            continue
        except OSError:
            return None
    return frozenset(found)


def _watches_of(lines: Iterable[bytes]) -> Iterable[tuple[int, int]]:
    for line in lines:
        if line.startswith(b"inotify "):
            values = dict(part.split(b":", 1) for part in line.split()[1:5] if b":" in part)
            device = int(values[b"sdev"], 16)
            yield os.makedev(device >> 20, device & 0xFFFFF), int(values[b"ino"], 16)
