"""File events, with watchdog's threads and the kernel's limits as they are."""

from __future__ import annotations

import errno
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import watchdog.version
from mounting import mount_tmpfs, mounted_dead_server, mounted_tmpfs, unmount, wait_until

from phototagd.daemon.watching.ignores import Ignores
from phototagd.daemon.watching.inotify import RuledObserver, kernel_watches, missing_internals
from phototagd.daemon.watching.limits import INSTANCES, WATCHES, read_limit, remedy_for
from phototagd.daemon.watching.scan import Walk
from phototagd.daemon.watching.scanner import Scanner, ScannerMessage, ScanRequest
from phototagd.daemon.watching.watcher import RootWatch, Watcher, choose_mode

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = "mark-{}.jpg"


class Watched:
    """A watcher and what it has told."""

    def __init__(self, top: Path, *globs: str) -> None:
        self.top = top
        self.raw = os.fsencode(top)
        self.files: list[bytes] = []
        self.folders: list[bytes] = []
        self.overflows: list[bytes] = []
        self._marks = 0
        self.watcher = Watcher(
            ignores=Ignores(globs),
            on_file=self.files.append,
            on_folder=self.folders.append,
            on_overflow=self.overflows.append,
        )

    def path(self, relpath: str) -> bytes:
        return os.fsencode(self.top / relpath)

    def watch(self, mode: str = "auto") -> RootWatch:
        return self.watcher.watch(self.raw, mode)

    def audit(self) -> RootWatch:
        walk = Walk(self.raw, ignores=self.watcher.ignores)
        for _ in walk.listings():
            pass
        paths = {os.path.join(walk.root, name): key for name, key in walk.folders.items()}
        return self.watcher.audit(self.raw, paths)

    def observer(self) -> RuledObserver:
        observer = self.watcher._roots[self.raw].observer
        assert isinstance(observer, RuledObserver)
        return observer

    def believed(self) -> set[str]:
        group = self.observer().group
        assert group is not None
        return {os.fsdecode(os.path.relpath(path, self.raw)) for path in group.paths}

    def settle(self) -> None:
        """Wait until an event made now has arrived: all earlier ones have, too.

        But for one: that something was moved out, which watchdog holds back for half a second.
        """
        self._marks += 1
        mark = self.top / MARK.format(self._marks)
        mark.touch()
        wait_until(lambda: os.fsencode(mark) in self.files)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    wait_until(lambda: not set(threading.enumerate()) - before)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    top = tmp_path / "root"
    top.mkdir()
    made = Watched(top, "*.tmp.jpg", "thumbs/")
    yield made
    made.watcher.stop()
    assert kernel_watches() == frozenset()


def test_watchdogs_inside_is_as_our_emitter_needs_it() -> None:
    version = watchdog.version.VERSION_STRING

    assert missing_internals() == [], (
        f"watchdog {version} has moved what daemon/watching/inotify.py overrides: adapt it, or"
        " ignored folders are watched and lost events go unnoticed until the next scan"
    )


def test_photos_are_told_however_they_come(watched: Watched) -> None:
    (watched.top / "a").mkdir()
    assert watched.watch() == RootWatch("events", watched=2)
    (watched.top / "written.jpg").write_bytes(b"x")
    (watched.top.parent / "x.jpg").write_bytes(b"x")
    (watched.top.parent / "x.jpg").rename(watched.top / "moved-in.jpg")
    (watched.top / "a/.rsync.XXX").write_bytes(b"x")
    (watched.top / "a/.rsync.XXX").rename(watched.top / "a/renamed.png")
    (watched.top / "notes.txt").write_bytes(b"x")
    (watched.top / os.fsdecode(b"\xff\n.jpg")).write_bytes(b"x")
    watched.settle()

    names = {os.path.relpath(path, watched.raw) for path in watched.files}
    assert names == {
        b"written.jpg",
        b"moved-in.jpg",
        b"a/renamed.png",
        b"\xff\n.jpg",
        b"mark-1.jpg",
    }
    assert watched.folders == []


def test_a_deleted_photo_and_one_moved_out_are_told(watched: Watched) -> None:
    for name in ("a.jpg", "b.jpg"):
        (watched.top / name).touch()
    watched.watch()
    (watched.top / "a.jpg").unlink()
    (watched.top / "b.jpg").rename(watched.top.parent / "b.jpg")

    wait_until(lambda: {watched.path("a.jpg"), watched.path("b.jpg")} <= set(watched.files))


def test_reading_makes_no_events(watched: Watched) -> None:
    (watched.top / "a.jpg").write_bytes(b"x")
    watched.watch()
    for _ in range(100):
        (watched.top / "a.jpg").read_bytes()
        os.listdir(watched.top)
    os.utime(watched.top / "a.jpg")
    (watched.top / "a.jpg").chmod(0o600)
    watched.settle()

    assert set(watched.files) == {watched.path("mark-1.jpg")}


def test_a_new_folder_is_told_once_and_watched_with_all_below(watched: Watched) -> None:
    watched.watch()
    (watched.top.parent / "new/deep").mkdir(parents=True)
    for number in range(50):
        (watched.top.parent / f"new/deep/{number}.jpg").touch()
    (watched.top.parent / "new").rename(watched.top / "new")
    wait_until(lambda: watched.folders)
    watched.settle()
    assert watched.folders == [watched.path("new")]
    assert set(watched.files) == {watched.path("mark-1.jpg")}  # what lies in it is for the walk

    (watched.top / "new/deep/later.jpg").touch()
    wait_until(lambda: watched.path("new/deep/later.jpg") in watched.files)


def test_folders_made_in_a_hurry_are_all_watched(watched: Watched) -> None:
    watched.watch()
    for number in range(200):
        (watched.top / f"{number}/b/c").mkdir(parents=True)
    watched.settle()
    audited = watched.audit()

    assert (audited.watched, audited.unwatched) == (601, 0)
    for number in range(200):
        (watched.top / f"{number}/b/c/x.jpg").touch()
    wait_until(lambda: sum(path.endswith(b"x.jpg") for path in set(watched.files)) == 200)


def test_a_renamed_folder_is_told_by_both_names_and_its_events_by_the_new(watched: Watched) -> None:
    (watched.top / "old/deep").mkdir(parents=True)
    watched.watch()
    (watched.top / "old").rename(watched.top / "new")
    wait_until(lambda: set(watched.folders) == {watched.path("old"), watched.path("new")})
    (watched.top / "new/deep/a.jpg").touch()
    wait_until(lambda: watched.files)

    assert set(watched.files) == {watched.path("new/deep/a.jpg")}
    assert watched.believed() == {".", "new", "new/deep"}


def test_a_folder_filled_hidden_and_renamed_is_watched_from_then_on(watched: Watched) -> None:
    watched.watch()
    for number in range(50):
        (watched.top / f".tmp{number}/deep").mkdir(parents=True)
        (watched.top / f".tmp{number}/deep/a.jpg").touch()
        (watched.top / f".tmp{number}").rename(watched.top / f"final{number}")
    watched.settle()

    assert {watched.path(f"final{number}") for number in range(50)} <= set(watched.folders)
    assert not any(b"/.tmp" in path for path in watched.files + watched.folders)
    assert watched.audit().watched == 101
    assert len(watched.believed()) == 101


def test_a_tree_moved_out_is_watched_no_more(watched: Watched) -> None:
    (watched.top / "old/deep").mkdir(parents=True)
    watched.watch()
    (watched.top / "old").rename(watched.top.parent / "away")
    (watched.top / "old").mkdir()  # another of the same name, which stays watched
    wait_until(lambda: len(kernel_watches() or ()) == 2)

    (watched.top.parent / "away/deep/a.jpg").touch()
    (watched.top / "old/b.jpg").touch()
    watched.settle()
    assert set(watched.files) == {watched.path("old/b.jpg"), watched.path("mark-1.jpg")}
    assert watched.believed() == {".", "old"}


def test_a_tree_moved_out_and_back_at_once_stays_watched(watched: Watched) -> None:
    (watched.top / "old/deep").mkdir(parents=True)
    watched.watch()
    (watched.top / "old").rename(watched.top.parent / "away")
    (watched.top.parent / "away").rename(watched.top / "old")
    wait_until(lambda: len(watched.folders) == 2)  # that it came, and late that it had gone

    assert watched.audit() == RootWatch("events", watched=3)
    assert len(watched.folders) == 2  # the audit had nothing to mend


def test_a_tree_that_was_moved_out_cannot_speak_for_what_took_its_place(watched: Watched) -> None:
    (watched.top / "old/sub").mkdir(parents=True)
    (watched.top / "last").mkdir()
    watched.watch()
    away = watched.top.parent / "away"
    (watched.top / "old").rename(away)
    (watched.top / "old/sub").mkdir(parents=True)
    wait_until(lambda: len(kernel_watches() or ()) == 6)
    (away / "sub").rename(watched.top.parent / "elsewhere")  # heard while `away` is still watched
    (watched.top / "last").rename(watched.top.parent / "last")
    wait_until(lambda: watched.path("last") in watched.folders)  # all departures are over

    assert watched.believed() == {".", "old", "old/sub"}
    assert len(kernel_watches() or ()) == 3


def test_what_was_made_in_a_folder_that_was_renamed_at_once_is_watched(watched: Watched) -> None:
    for number in range(100):
        (watched.top / f"{number}").mkdir()
    watched.watch()
    for number in range(100):
        (watched.top / f"{number}/a/b").mkdir(parents=True)
        (watched.top / f"{number}").rename(watched.top / f"new{number}")
    watched.settle()

    assert len(watched.believed()) == 301
    watched.folders.clear()
    assert watched.audit() == RootWatch("events", watched=301)
    assert watched.folders == []  # the audit had nothing to mend


def test_a_folder_deleted_and_made_again_many_times_is_watched(watched: Watched) -> None:
    watched.watch()
    for _ in range(100):
        (watched.top / "a").mkdir()
        (watched.top / "a/x.jpg").touch()
        (watched.top / "a/x.jpg").unlink()
        (watched.top / "a").rmdir()
    (watched.top / "a").mkdir()
    watched.settle()

    assert watched.audit() == RootWatch("events", watched=2)
    assert watched.watcher.dead() == []


def test_what_is_left_out_is_not_watched(watched: Watched) -> None:
    for name in (
        "@eaDir/x",
        ".stversions",
        ".Trash-1000/files",
        "#recycle",
        "a/thumbs",
        "shy/deep",
    ):
        (watched.top / name).mkdir(parents=True)
    (watched.top / "shy/.nomedia").touch()
    assert watched.watch().watched == 2
    assert watched.believed() == {".", "a"}

    (watched.top / "b/@eaDir").mkdir(parents=True)
    (watched.top / "@eaDir/x/a.jpg").touch()
    (watched.top / "a/b.tmp.jpg").touch()
    (watched.top / "a").rename(watched.top / ".a")
    watched.settle()
    assert watched.believed() == {".", "b"}
    assert set(watched.files) == {watched.path("mark-1.jpg")}
    assert watched.audit().unwatched == 0
    assert watched.believed() == {".", "b"}


def test_a_marker_that_comes_ends_the_watch_and_one_that_goes_is_told(watched: Watched) -> None:
    (watched.top / "a/deep").mkdir(parents=True)
    watched.watch()
    (watched.top / "a/.nomedia").touch()
    wait_until(lambda: watched.path("a") in watched.folders)
    assert watched.believed() == {"."}

    (watched.top / "a/.nomedia").unlink()
    assert watched.audit() == RootWatch("events", watched=3)
    assert {watched.path("a"), watched.path("a/deep")} <= set(watched.folders)


def test_other_rules_hold_from_the_next_call_on(watched: Watched) -> None:
    (watched.top / "a").mkdir()
    (watched.top / "thumbs").mkdir()
    watched.watch()
    assert watched.believed() == {".", "a"}
    watched.watcher.ignores = Ignores(["a/"])
    watched.watch()

    assert watched.believed() == {".", "thumbs"}


def test_links_to_folders_are_not_entered(watched: Watched) -> None:
    (watched.top / "real").mkdir()
    (watched.top / "link").symlink_to("real")
    (watched.top / "loop").symlink_to(watched.top)

    assert watched.watch().watched == 2


def test_the_audit_finds_and_mends_a_lost_watch(watched: Watched) -> None:
    (watched.top / "a/b").mkdir(parents=True)
    watched.watch()
    group = watched.observer().group
    assert group is not None
    group._remove_callbacks([group._active_callbacks_by_path[watched.path("a/b")]])
    assert len(kernel_watches() or ()) == 2

    assert watched.audit() == RootWatch("events", watched=3)
    assert watched.folders == [watched.path("a/b")]
    (watched.top / "a/b/x.jpg").touch()
    wait_until(lambda: watched.path("a/b/x.jpg") in watched.files)
    watched.folders.clear()
    assert watched.audit().unwatched == 0
    assert watched.folders == []


def test_a_disk_mounted_over_a_watched_folder_is_watched_after_the_audit(watched: Watched) -> None:
    disk = watched.top / "disk"
    disk.mkdir()
    watched.watch()
    with mounted_tmpfs(disk):
        (disk / "2024").mkdir()
        assert watched.audit().unwatched == 0
        (disk / "2024/x.jpg").touch()
        wait_until(lambda: watched.path("disk/2024/x.jpg") in watched.files)


def test_a_root_made_anew_is_watched_by_the_next_call(watched: Watched) -> None:
    watched.watch()
    first = watched.observer()
    watched.watch()
    assert watched.observer() is first

    watched.top.rename(watched.top.with_name("away"))
    watched.top.mkdir()
    assert watched.watch() == RootWatch("events", watched=1)
    (watched.top.with_name("away") / "old.jpg").touch()
    watched.settle()
    assert set(watched.files) == {watched.path("mark-1.jpg")}


def test_a_root_that_is_not_there_yet_is_watched_when_it_is(watched: Watched) -> None:
    watched.top.rmdir()
    assert watched.watch() == RootWatch("events", why="No such file or directory")
    assert watched.watcher.dead() == []
    watched.top.mkdir()

    assert watched.watch() == RootWatch("events", watched=1)
    watched.settle()


def test_a_deleted_root_is_told_once(watched: Watched) -> None:
    watched.watch()
    watched.top.rmdir()
    wait_until(lambda: watched.watcher.dead() == [watched.raw])
    assert watched.watcher.dead() == []
    watched.watch()
    assert watched.watcher.dead() == []


def test_a_disk_mounted_on_the_root_is_watched_by_the_next_call(watched: Watched) -> None:
    watched.watch()
    mount_tmpfs(watched.top)
    try:
        assert watched.watch() == RootWatch("events", watched=1)
        watched.settle()
    finally:
        watched.watcher.stop()
        unmount(watched.top)


def test_an_overflow_is_told_once_the_watches_stand_again(watched: Watched) -> None:
    (watched.top / "a").mkdir()
    watched.watch()
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text("ascii"))
    if most > 100_000:
        pytest.skip("the queue is too long to be filled here")
    group = watched.observer().group
    assert group is not None
    group._lock.acquire()  # the reading thread stands still
    try:
        for number in range(most + 5000):
            os.close(os.open(watched.path(f"a/{number % 7}.jpg"), os.O_CREAT | os.O_WRONLY))
    finally:
        group._lock.release()
    wait_until(lambda: watched.overflows)

    assert set(watched.overflows) == {watched.raw}
    watched.settle()
    assert watched.audit() == RootWatch("events", watched=2)


@pytest.mark.parametrize("part", ["observer", "emitter", "reader"])
def test_a_dead_thread_is_noticed_and_the_next_call_mends_it(watched: Watched, part: str) -> None:
    watched.watch()
    observer = watched.observer()
    emitter = next(iter(observer.emitters))
    stop = {"observer": observer.stop, "emitter": emitter.stop, "reader": observer._inotify_fd.stop}
    stop[part]()
    wait_until(lambda: watched.watcher.dead() == [watched.raw])

    assert watched.watch() == RootWatch("events", watched=1)
    assert watched.watcher.dead() == []
    watched.settle()


def test_a_handler_that_fails_is_noticed(watched: Watched) -> None:
    watched.watch()
    failed: list[object] = []
    before, threading.excepthook = threading.excepthook, failed.append
    try:
        watched.watcher._roots[watched.raw].observer._handlers.clear()  # type: ignore[union-attr]
        observer = watched.observer()
        observer.event_queue.put("no event and no watch")  # type: ignore[arg-type]
        wait_until(lambda: watched.watcher.dead() == [watched.raw])
    finally:
        threading.excepthook = before
    assert failed


def test_a_full_walk_is_framed_by_watching_and_auditing(watched: Watched) -> None:
    (watched.top / "a").mkdir()
    states: list[tuple[str, RootWatch]] = []

    def note(message: ScannerMessage) -> None:
        states.append((type(message).__name__, watched.watcher.state(watched.raw)))

    scanner = Scanner(note, watcher=watched.watcher)
    scanner.request(ScanRequest(1, watched.raw))
    wait_until(lambda: len(states) == 4)
    scanner.stop()

    not_yet, done = RootWatch("events"), RootWatch("events", watched=2)
    assert states == [("RootSeen", not_yet), ("Listed", done), ("Listed", done), ("Walked", done)]


def test_with_another_watchdog_inside_events_come_from_its_own_emitter(watched: Watched) -> None:
    (watched.top / "@eaDir").mkdir()
    watched.watcher._missing = ["InotifyWatchGroup.moved_elsewhere"]
    watched.watch()
    (watched.top / "@eaDir/a.jpg").touch()
    (watched.top / "a.jpg").touch()
    watched.settle()

    assert set(watched.files) == {watched.path("a.jpg"), watched.path("mark-1.jpg")}
    assert watched.audit() == RootWatch("events", watched=1)
    assert watched.watcher.dead() == []


def test_a_root_left_to_the_timer_is_not_watched(watched: Watched) -> None:
    assert watched.watch("events").mode == "events"

    assert watched.watch("timer") == RootWatch("timer", why="as the settings say")
    assert kernel_watches() == frozenset()
    assert watched.audit().problem is None


def test_a_network_mount_below_a_root_is_left_to_the_timer(watched: Watched) -> None:
    (watched.top / "nas").mkdir()
    with mounted_dead_server(watched.top / "nas") as hang_up:
        state = watched.watch()
        hang_up()

    assert state == RootWatch("events", watched=1, timer_folders=(watched.path("nas"),))


def test_a_root_on_a_network_mount_is_left_to_the_timer_unless_told(watched: Watched) -> None:
    with mounted_dead_server(watched.top) as hang_up:
        skipped, why = choose_mode(watched.raw, "auto")
        assert why == "fuse.dead is a network file system"
        assert choose_mode(watched.raw, "events") == ((), None)
        hang_up()
    assert skipped == ()


LIMITED = """
import logging, os, pathlib, sys
from phototagd.daemon.watching.ignores import Ignores
from phototagd.daemon.watching.scan import Walk
from phototagd.daemon.watching.scanner import Scanner, ScannerMessage, ScanRequest
from phototagd.daemon.watching.watcher import Watcher
logging.basicConfig(level="INFO", stream=sys.stdout, format="log: %(message)s")
name, limit, top = sys.argv[1:]
pathlib.Path("/proc/sys/user", name).write_text(limit)
folders = []
watcher = Watcher(ignores=Ignores(), on_file=print, on_folder=folders.append, on_overflow=print)
for _ in range(3):
    watcher.watch(os.fsencode(top))
    walk = Walk(os.fsencode(top))
    list(walk.listings())
    paths = {os.path.join(walk.root, name): key for name, key in walk.folders.items()}
    state = watcher.audit(walk.root, paths)
print(state.mode, state.watched, state.unwatched, len(folders))
print(state.problem)
print(state.remedy)
if limit == "10":
    pathlib.Path("/proc/sys/user", name).write_text("1000")
    state = watcher.audit(walk.root, paths)
    print(state.watched, state.unwatched, len(folders), state.problem)
watcher.stop()
"""


def limited(name: str, limit: int, top: Path) -> list[str]:
    """Run a watcher where the kernel's limit is small; return what it printed."""
    command = ["unshare", "-Ur", sys.executable, "-c", LIMITED, name, str(limit), str(top)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if "unshare failed" in done.stderr or "Permission" in done.stderr:
        pytest.skip(f"no user namespaces here: {done.stderr}")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_when_watches_run_out_it_says_how_many_and_what_to_do_and_recovers(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number}").mkdir()

    logged, state, problem, remedy, back, after = limited("max_inotify_watches", 10, tmp_path)

    assert logged.startswith(f"log: {tmp_path}: 21 of 31 folders are not watched")
    assert state == "events 10 21 0"
    assert problem.startswith("21 of 31 folders are not watched")
    assert "sudo sysctl user.max_inotify_watches=65536  (now 10;" in remedy
    assert back == f"log: {tmp_path}: 31 folders are watched again"
    assert after == "31 0 21 None"


def test_when_instances_run_out_the_root_is_left_to_the_timer(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()

    logged, state, problem, remedy = limited("max_inotify_instances", 0, tmp_path)

    assert "inotify instance limit reached; sudo sysctl" in logged
    assert state == "timer 0 2 0"
    assert "inotify instance limit reached" in problem
    assert "sudo sysctl user.max_inotify_instances=128" in remedy


def test_a_remedy_can_be_given_where_the_limits_cannot_be_read() -> None:
    code = (
        "import errno; from phototagd.daemon.watching.limits import remedy_for;"
        "print(remedy_for(errno.ENOSPC, 5)); print(remedy_for(errno.EMFILE, 1))"
    )
    script = 'mount -t tmpfs none /proc/sys && exec "$@"'
    command = ["unshare", "-Urm", "sh", "-c", script, "sh", sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(done.stderr)

    watches, instances = done.stdout.splitlines()
    assert watches.startswith("sudo sysctl fs.inotify.max_user_watches=524288")
    assert instances.startswith("sudo sysctl fs.inotify.max_user_instances=1024")


@pytest.mark.parametrize(("names", "number"), [(WATCHES, errno.ENOSPC), (INSTANCES, errno.EMFILE)])
def test_a_remedy_never_lowers_the_limit(names: tuple[str, str], number: int) -> None:
    limit = read_limit(names)
    if limit.value is None:
        pytest.skip("limits cannot be read here")

    setting = remedy_for(number, 1000).split()[2]
    assert int(setting.partition("=")[2]) >= limit.value + 1000


def test_stopping_says_nothing(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        for _ in range(5):
            watched.watch()
            (watched.top / "x.jpg").touch()
            watched.watcher.drop(watched.raw)

    assert caplog.messages == []


@pytest.mark.parametrize("end", ["stop", "drop"])
def test_what_ends_while_it_begins_leaves_nothing_behind(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    watcher, start = watched.watcher, RuledObserver.start

    def start_and_end(observer: RuledObserver) -> None:
        start(observer)
        if end == "stop":
            watcher.stop()
        else:
            watcher.drop(watched.raw)

    monkeypatch.setattr(RuledObserver, "start", start_and_end)
    watched.watch()

    assert kernel_watches() == frozenset()
    assert watcher.state(watched.raw) == RootWatch("events")
