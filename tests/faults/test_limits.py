"""Fault cases 14, 15, 46, 47, 56, 57 and 72-75: what the kernel, the clock and threads may do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from program import wait_until
from stage import CAUGHT_UP, Stage, cat_jpeg, cup_jpeg, new_program, put, put_many, tiny_jpeg
from surroundings import in_user_namespace, watch_inodes, watch_masks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

READING = 0x1 | 0x10 | 0x20  # IN_ACCESS, IN_CLOSE_NOWRITE, IN_OPEN
KERNEL_QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")


def test_case_14_an_overflow_of_the_kernels_queue_starts_a_scan(stage: Stage) -> None:
    folder = stage.folder("case 14")
    most = int(KERNEL_QUEUE.read_text())
    if most > 20_000:
        pytest.skip("the kernel's queue is longer than its default here")
    before = stage.program.status()
    with stage.daemon.held():
        for number in range(most):
            os.close(os.open(folder / f"{number}.txt", os.O_CREAT | os.O_WRONLY))
        names = [path.name for path in put_many(folder, 20)]
        put(folder / "new folder/deep/cat.jpg", cat_jpeg())
    stage.wait_all_done(folder, [*names, "new folder/deep/cat.jpg"])

    wait_until(lambda: stage.program.status()["overflows"] > before["overflows"])
    wait_until(lambda: stage.program.status()["scans"] > before["scans"])
    stage.sentinel(folder)
    wait_until(lambda: is_quiet(stage), what="one scan does not lead to the next")
    put(folder / "new folder/deep/later.jpg", cup_jpeg())
    stage.wait_done(folder / "new folder/deep/later.jpg")


def is_quiet(stage: Stage) -> bool:
    """Tell whether several turns of the status file pass without a scan or an overflow."""
    counts = []
    for _turn in range(3):
        stage.sentinel(stage.root / "case 14")
        status = stage.program.status()
        counts.append((status["scans"], status["overflows"]))
    return len(set(counts)) == 1


def test_case_15_reading_photos_causes_no_events(stage: Stage) -> None:
    """Everything that our own reading of 50,000 photos does, done by the test instead."""
    folder = stage.folder("case 15")
    paths = put_many(folder, 50)
    stage.wait_all_done(folder, [path.name for path in paths])
    overflows = stage.program.status()["overflows"]
    with stage.daemon.held():
        for _turn in range(1000):
            for path in paths:
                with path.open("rb") as file:
                    file.read(64)
    stage.sentinel(folder)

    assert watch_masks(stage.daemon.process.pid)
    assert not any(mask & READING for mask in watch_masks(stage.daemon.process.pid))
    assert stage.program.status()["overflows"] == overflows


def test_case_46_watches_are_exhausted(
    start: Callable[..., AbstractContextManager[Stage]], tmp_path: Path
) -> None:
    within = in_user_namespace("echo 20 > /proc/sys/user/max_inotify_watches")
    for number in range(60):
        put(tmp_path / f"photos/{number}/photo.jpg", tiny_jpeg(number % 6))
    with start(within=within, PHOTOTAG_WATCH_RESCAN_SECONDS="2") as stage:
        stage.wait_all_done(stage.root, [f"{number}/photo.jpg" for number in range(60)])
        wait_until(lambda: "sysctl" in stage.reasons(), what="the remedy is named")
        root = stage.root_status()
        assert root["watched"] <= 20
        assert root["watched"] + root["unwatched"] == 61
        assert f"{root['unwatched']} of 61" in stage.reasons()
        assert "inotify" in stage.reasons()
        assert stage.program.run("status").returncode == 3

        for number in range(60):
            put(stage.root / f"{number}/later.jpg", tiny_jpeg(number % 6))
        names = [f"{n}/{name}.jpg" for n in range(60) for name in ("photo", "later")]
        stage.wait_all_done(stage.root, names)
        said = [line for line in stage.daemon.log.splitlines() if "not watched" in line]
        assert 1 <= len(said) <= 3
        assert stage.daemon.stop() == 0


def test_case_47_inotify_instances_are_exhausted(
    start: Callable[..., AbstractContextManager[Stage]], tmp_path: Path
) -> None:
    within = in_user_namespace("echo 0 > /proc/sys/user/max_inotify_instances")
    put(tmp_path / "photos/cat.jpg", cat_jpeg())
    with start(within=within, PHOTOTAG_WATCH_RESCAN_SECONDS="2") as stage:
        assert stage.root_status()["mode"] == "timer"
        assert "sysctl" in stage.reasons()
        assert "instances" in stage.reasons()
        path = put(stage.root / "sub/later.jpg", cup_jpeg())
        stage.wait_done(path)
        assert stage.daemon.stop() == 0


@pytest.mark.parametrize("thread", ["observer", "emitter", "inotify"])
def test_case_56_a_thread_of_the_watcher_dies(
    start: Callable[..., AbstractContextManager[Stage]], tmp_path: Path, thread: str
) -> None:
    with start(faults=True, FAULTS_WATCHDOG="1") as stage:
        scans = stage.program.status()["scans"]
        fault = put(tmp_path / "home/faults" / thread, b"")
        put(stage.root / "during.jpg", tiny_jpeg(56))  # wakes the thread up
        wait_until(lambda: not fault.exists(), what="the fault has happened")
        stage.wait_done(stage.root / "during.jpg")
        wait_until(lambda: stage.program.status()["scans"] > scans, what="noticed and scanned")

        put(stage.root / "sub/after.jpg", tiny_jpeg(57))
        stage.wait_done(stage.root / "sub/after.jpg")
        put(stage.root / "sub/later.jpg", tiny_jpeg(58))
        stage.wait_done(stage.root / "sub/later.jpg")
        assert "planted" in stage.daemon.log
        assert stage.daemon.stop() == 0


def test_case_57_a_daemon_that_hangs_is_not_called_healthy(
    start: Callable[..., AbstractContextManager[Stage]],
) -> None:
    """Whoever asks sees it; that systemd's watchdog ends it, tests/e2e/test_service.py shows."""
    with start() as stage:
        wait_until(lambda: stage.program.run("status").returncode == 0)
        stage.daemon.process.send_signal(signal.SIGSTOP)
        wait_until(lambda: stage.program.run("status").returncode == 3, what="status notices")
        begin = time.monotonic()
        status = stage.program.status()
        assert time.monotonic() - begin < 3
        assert status["running"]
        assert status["degraded"]
        stage.daemon.process.send_signal(signal.SIGCONT)
        wait_until(lambda: stage.program.run("status").returncode == 0)


def test_case_72_ignored_folders_are_neither_watched_nor_scanned(
    start: Callable[..., AbstractContextManager[Stage]], tmp_path: Path
) -> None:
    root = tmp_path / "photos"
    ignored = ["@eaDir", "#recycle", ".stversions", ".Trash-1000", "lost+found", ".hidden",
               "$RECYCLE.BIN", "private", "no media", "left out"]  # fmt: skip
    for name in ignored:
        put(root / "album" / name / "deep/photo.jpg", cat_jpeg())
    put(root / "album/no media/.nomedia", b"")
    put(root / "album/left out/.phototagignore", b"")
    put(root / "album/._cat.jpg", cat_jpeg())
    put(root / "album/cat.jpg", cat_jpeg())
    settings = f'[[roots]]\npath = "{root}"\n[watch]\nignore = ["private/"]\n'
    with start(settings=settings) as stage:
        assert stage.ledger.states(root) == {"album/cat.jpg": "done"}
        later = "album/@eaDir/deep/later.jpg", "album/.stversions/new/later.jpg"
        for name in later:
            put(root / name, cat_jpeg())
        stage.sentinel(root)
        assert set(stage.ledger.states(root)) == {"album/cat.jpg", "sentinel 0.jpg"}
        expected = {root.stat().st_ino, (root / "album").stat().st_ino}
        assert watch_inodes(stage.daemon.process.pid) == expected
        assert stage.root_status()["watched"] == 2
        assert stage.root_status()["unwatched"] == 0


def test_case_73_the_same_warning_a_hundred_thousand_times() -> None:
    code = (
        "import logging, sys\n"
        "from phototagd.daemon.monitoring.logs import configure_logging\n"
        "configure_logging('info')\n"
        "logger = logging.getLogger('phototagd.daemon.service')\n"
        "for n in range(100_000):\n"
        "    logger.warning('%s: cannot be listed: %s', f'/photos/{n}', 'Input/output error')\n"
        "logger.warning('another %s', 'warning')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert len(done.stderr) < 1_000_000
    assert "/photos/0: cannot be listed: Input/output error" in done.stderr
    assert "another warning" in done.stderr
    assert "Traceback" not in done.stderr


def test_case_73_a_thousand_unreadable_folders_at_each_scan(
    start: Callable[..., AbstractContextManager[Stage]], tmp_path: Path
) -> None:
    for number in range(1000):
        (tmp_path / f"photos/{number}/bad").mkdir(parents=True)
    put(tmp_path / "home/faults/scandir", b"EIO bad\n")
    with start(faults=True, PHOTOTAG_WATCH_RESCAN_SECONDS="1") as stage:
        wait_until(lambda: stage.program.status()["scans"] >= 8)
        assert stage.daemon.log.count("/bad") < 50
        assert len(stage.daemon.log) < 100_000
        answer = stage.program.run("status")
        assert answer.returncode == 3
        assert len(answer.stdout) < 20_000


@pytest.fixture(scope="module")
def clocked(tmp_path_factory: pytest.TempPathFactory, program_cache: Path) -> Iterator[Stage]:
    """A daemon whose clocks can be set; see ``faults/sitecustomize.py``."""
    top = tmp_path_factory.mktemp("clocked")
    program = new_program(top / "home", program_cache)
    program.plant_faults(FAULTS_CLOCK="1")
    (top / "photos").mkdir()
    with program.watch(top / "photos") as daemon:
        daemon.wait_for(CAUGHT_UP)
        yield Stage(program, daemon, top / "photos")
        assert daemon.stop() == 0


def test_case_74_after_a_sleep_there_is_one_scan(clocked: Stage) -> None:
    scans = clocked.program.status()["scans"]
    put(clocked.program.home / "faults/boottime", b"36000")
    wait_until(lambda: clocked.program.status()["scans"] == scans + 1, what="the scan")
    clocked.sentinel(clocked.root)
    clocked.sentinel(clocked.root)
    assert clocked.program.status()["scans"] == scans + 1


@pytest.mark.parametrize("seconds", ["864000", "-864000"])
def test_case_74_after_the_clock_was_set_photos_settle_as_ever(
    clocked: Stage, seconds: str
) -> None:
    clock = put(clocked.program.home / "faults/clock", b"0")
    path = clocked.root / f"{seconds}.jpg"
    path.write_bytes(cat_jpeg())
    clock.write_bytes(seconds.encode())  # while the photo settles
    clocked.wait_done(path)
    clocked.sentinel(clocked.root)
    begin = time.monotonic()
    clocked.sentinel(clocked.root)
    assert time.monotonic() - begin < 5
    assert clocked.daemon.process.poll() is None


@contextmanager
def half_a_processor() -> Iterator[Path]:
    """Make a control group that gets half of one processor's time, of either version."""
    name = f"phototag-test-{os.getpid()}"
    for top, limits in (
        ("/sys/fs/cgroup", {"cpu.max": "50000 100000"}),
        ("/sys/fs/cgroup/cpu", {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "50000"}),
    ):
        group = Path(top, name)
        try:
            group.mkdir()
        except OSError:
            continue
        if not all((group / file).exists() for file in limits):  # no group, or not for this
            group.rmdir()
            continue
        for file, value in limits.items():
            (group / file).write_text(value)
        yield group
        wait_until(lambda g=group: not (g / "cgroup.procs").read_text())
        group.rmdir()
        return
    pytest.skip("control groups cannot be made here")


def test_case_75_with_half_a_processor(
    start: Callable[..., AbstractContextManager[Stage]], tmp_path: Path
) -> None:
    """A control group's quota; CPUQuota=50% of a unit: tests/e2e/test_system_service.py."""
    with half_a_processor() as group:
        within = ["sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "sh"]
        names = [path.name for path in put_many(tmp_path / "photos", 12, pictures=12)]
        with start(within=within) as stage:
            stage.wait_all_done(stage.root, names)
            put_many(stage.root / "more", 12, pictures=12)
            begin = time.monotonic()
            assert stage.daemon.stop() == 0
            assert time.monotonic() - begin < 10
