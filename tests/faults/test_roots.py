"""Fault cases 35-45: roots that go, come back, are links, disks, network mounts, or lose half.

One daemon watches a root for each of the cases that need no restart.
"""

from __future__ import annotations

import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest
from program import wait_until
from stage import CAUGHT_UP, Stage, cat_jpeg, cup_jpeg, new_program, put, put_many, tiny_jpeg
from surroundings import Mounts, watch_inodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

ROOTS = ("35", "36", "37", "38 link", "39", "39/inner", "39", "39 link", "43")


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory, program_cache: Path) -> Iterator[Stage]:
    """A daemon with a root for each case; the planted faults lie in ``home/faults``."""
    top = tmp_path_factory.mktemp("roots")
    program = new_program(top / "home", program_cache)
    program.plant_faults()
    for name in ("35", "36", "38", "39/inner", "43/bad", "43/good"):
        put(top / name / "cat.jpg", cat_jpeg())
    put(top / "43/bad/below/cup.jpg", cup_jpeg())
    (top / "38 link").symlink_to("38")
    (top / "39 link").symlink_to(top / "39")
    blocks = "".join(f'[[roots]]\npath = "{top / name}"\n' for name in ROOTS)
    settings = put(top / "home/settings.toml", blocks.encode())
    with program.watch("--config", settings) as daemon:
        daemon.wait_for(CAUGHT_UP)
        yield Stage(program, daemon, top)
        assert daemon.stop() == 0


def test_case_35_a_root_is_removed_and_made_again(roots: Stage) -> None:
    root = roots.root / "35"
    shutil.rmtree(root)
    roots.wait_root("missing", root)
    assert roots.ledger.row(root / "cat.jpg") is not None
    put(root / "new/cup.jpg", cup_jpeg())

    roots.wait_done(root / "new/cup.jpg")
    put(root / "new/later.jpg", cup_jpeg())
    roots.wait_done(root / "new/later.jpg")
    roots.wait_root("ok", root)


def test_case_36_a_root_is_renamed_away_and_another_made(roots: Stage) -> None:
    root, away = roots.root / "36", roots.root / "36 away"
    root.rename(away)
    put(root / "cup.jpg", cup_jpeg())
    roots.wait_done(root / "cup.jpg")

    put(away / "stranger.jpg", cat_jpeg())
    put(away / "sub/stranger.jpg", cat_jpeg())
    put(root / "sub/later.jpg", cup_jpeg())
    roots.wait_done(root / "sub/later.jpg")
    names = {os.path.basename(path) for path in roots.ledger.rows(root)}
    assert b"stranger.jpg" not in names
    assert not roots.ledger.rows(away)
    wait_until(
        lambda: away.stat().st_ino not in watch_inodes(roots.daemon.process.pid),
        what="the old tree is not watched any more",
    )


def test_case_37_a_root_that_is_missing_at_the_start(roots: Stage) -> None:
    root = roots.root / "37"
    assert roots.root_status(root)["state"] == "missing"
    assert str(root) in roots.reasons()

    put(root / "cat.jpg", cat_jpeg())
    roots.wait_done(root / "cat.jpg")
    put(root / "later/cat.jpg", cat_jpeg())
    roots.wait_done(root / "later/cat.jpg")
    roots.wait_root("ok", root)


def test_case_38_a_root_that_is_a_link(roots: Stage) -> None:
    real = roots.root / "38"
    assert roots.ledger.states(real) == {"cat.jpg": "done"}
    put(real / "sub/later.jpg", cup_jpeg())
    roots.wait_done(real / "sub/later.jpg")
    assert not roots.ledger.rows(roots.root / "38 link")


def test_case_39_overlapping_and_doubled_roots_are_folded(roots: Stage) -> None:
    inner = roots.root / "39/inner"
    put(inner / "later.jpg", cup_jpeg())
    roots.wait_done(inner / "later.jpg")

    assert len(roots.ledger.rows(roots.root / "39")) == 2
    assert not roots.ledger.rows(roots.root / "39 link")
    assert len(roots.outcomes(inner)) == 2
    named = [root["path"] for root in roots.program.status()["roots"]]
    assert len(named) == len(set(named))


@pytest.mark.parametrize("code", ["EIO", "ESTALE"])
def test_case_43_a_folder_that_cannot_be_read(roots: Stage, code: str) -> None:
    """The error is planted where folders are listed."""
    root = roots.root / "43"
    before = roots.ledger.rows(root / "bad")
    assert {row.state for row in before.values()} == {"done"}
    fault = put(roots.program.home / "faults/scandir", f"{code} bad\n".encode())
    put(root / f"good/{code}.jpg", tiny_jpeg(43))
    roots.daemon.process.send_signal(signal.SIGHUP)  # it walks all roots
    wait_until(lambda: str(root / "bad") in roots.reasons(), what="status names it")

    roots.wait_done(root / f"good/{code}.jpg")
    assert roots.ledger.rows(root / "bad") == before
    fault.unlink()
    roots.daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: str(root / "bad") not in roots.reasons(), what="status forgets it")
    assert roots.ledger.rows(root / "bad") == before


def test_case_43_a_mount_below_a_root_whose_server_died(
    start: Callable[..., AbstractContextManager[Stage]], mounts: Mounts, tmp_path: Path
) -> None:
    """A FUSE mount whose server is killed: every access gives ENOTCONN, as a dead share does."""
    put(tmp_path / "server/cat.jpg", cat_jpeg())
    mount = mounts.bindfs(tmp_path / "server", tmp_path / "photos/share")
    with start(PHOTOTAG_WATCH_RESCAN_SECONDS="1") as stage:
        before = stage.ledger.rows(mount)
        assert len(before) == 1
        kill_server(mounts, mount)
        path = put(stage.root / "local/cup.jpg", cup_jpeg())
        stage.wait_done(path)
        wait_until(lambda: str(mount) in stage.reasons(), what="status names it")

        assert stage.ledger.rows(mount) == before


@pytest.mark.slow
def test_case_43_a_mount_that_hangs_holds_up_nobody_else(
    start: Callable[..., AbstractContextManager[Stage]], mounts: Mounts, tmp_path: Path
) -> None:
    """A FUSE mount whose server is stopped: every access hangs, as on a hard NFS mount."""
    local = put(tmp_path / "photos/cat.jpg", cat_jpeg()).parent
    put(tmp_path / "server/cat.jpg", cat_jpeg())
    share = mounts.bindfs(tmp_path / "server", tmp_path / "share")
    roots = "".join(f'[[roots]]\npath = "{folder}"\n' for folder in (local, share))
    with start(settings=roots, PHOTOTAG_WATCH_RESCAN_SECONDS="1") as stage:
        before = stage.ledger.rows(share)
        assert len(before) == 1
        pid = mounts.server(share)
        os.kill(pid, signal.SIGSTOP)
        try:
            put(local / "sub/later.jpg", cup_jpeg())
            stage.wait_done(local / "sub/later.jpg")
            wait_until(lambda: str(share) in stage.reasons(), 90, "status names it")
            put(local / "sub/still.jpg", cup_jpeg())
            stage.wait_done(local / "sub/still.jpg")
            stage.daemon.process.send_signal(signal.SIGHUP)
            put(local / "sub/reloaded.jpg", cup_jpeg())
            stage.wait_done(local / "sub/reloaded.jpg")
            assert stage.daemon.stop(seconds=15) == 0
            put(local / "sub/down.jpg", cup_jpeg())
            with start(settings=roots) as again:  # it has caught up although the share hangs
                again.wait_done(local / "sub/down.jpg")
                assert again.ledger.rows(share) == before
                assert again.daemon.stop(seconds=15) == 0
        finally:
            os.kill(pid, signal.SIGCONT)


def kill_server(mounts: Mounts, mount: Path) -> None:
    """Kill the process that serves a FUSE mount."""
    os.kill(mounts.server(mount), signal.SIGKILL)
    wait_until(lambda: not os.path.exists(mount), what="the mount is dead")


@pytest.fixture
def disk(mounts: Mounts, tmp_path: Path) -> Disk:
    """A disk with two photos, mounted as the root ``tmp_path/photos``."""
    mounts.tmpfs(tmp_path / "disk")
    (tmp_path / "photos").mkdir(exist_ok=True)
    made = Disk(mounts, tmp_path / "disk", tmp_path / "photos")
    put(made.inside / "cat.jpg", cat_jpeg())
    put(made.inside / "sub/cup.jpg", cup_jpeg())
    return made


class Disk:
    """A file system of its own, seen at ``inside`` always and at ``point`` while it is mounted."""

    def __init__(self, mounts: Mounts, inside: Path, point: Path) -> None:
        self._mounts = mounts
        self.inside = inside
        self.point = point

    def mount(self) -> None:
        """Put it in."""
        self._mounts.bind(self.inside, self.point)

    def unmount(self) -> None:
        """Pull it out."""
        self._mounts.unmount(self.point, lazily=True)


def assert_offline_and_untouched(stage: Stage, before: dict[bytes, object]) -> None:
    stage.wait_root("offline")
    assert stage.program.run("status").returncode == 3
    stage.daemon.process.send_signal(signal.SIGHUP)  # a walk would be the moment to go wrong
    stage.wait_root("offline")
    assert stage.ledger.rows(stage.root) == before
    assert len(stage.found("cat", stage.root)) == 1


def test_case_40_the_disk_is_unmounted_and_comes_back(
    start: Callable[..., AbstractContextManager[Stage]], disk: Disk
) -> None:
    disk.mount()
    with start(PHOTOTAG_WATCH_RESCAN_SECONDS="1") as stage:
        before = stage.ledger.rows(stage.root)
        assert len(before) == 2
        disk.unmount()
        assert_offline_and_untouched(stage, before)

        put(disk.inside / "new.jpg", tiny_jpeg(40))
        disk.mount()
        stage.wait_done(stage.root / "new.jpg")
        stage.wait_root("ok")
        put(stage.root / "sub/later.jpg", tiny_jpeg(41))
        stage.wait_done(stage.root / "sub/later.jpg")
        now = stage.ledger.rows(stage.root)
        assert {path: now[path] for path in before} == before
        assert len(stage.inferences(stage.root)) == 4

        put_many(disk.inside / "many/more", 60, pictures=60)
        wait_until(lambda: stage.ledger.count("done") >= 4 + 5)
        disk.unmount()
        stage.wait_root("offline")
        assert stage.ledger.count("missing") == 0, "pulled out while they were looked at"
        assert stage.ledger.count() == 4 + 60


def test_case_40_a_disk_below_the_root_is_unmounted_and_comes_back(
    start: Callable[..., AbstractContextManager[Stage]], disk: Disk, tmp_path: Path
) -> None:
    disk.point = tmp_path / "photos/holiday/disk"
    put(tmp_path / "photos/here.jpg", tiny_jpeg(42))
    disk.mount()
    with start(PHOTOTAG_WATCH_RESCAN_SECONDS="1") as stage:
        before = stage.ledger.rows(disk.point)
        assert len(before) == 2
        disk.unmount()
        put(stage.root / "holiday/here too.jpg", tiny_jpeg(43))
        stage.wait_done(stage.root / "holiday/here too.jpg")
        wait_until(lambda: str(disk.point) in stage.reasons(), what="status names it")
        assert stage.ledger.rows(disk.point) == before

        put(disk.inside / "sub/new.jpg", tiny_jpeg(44))
        disk.mount()
        stage.wait_done(disk.point / "sub/new.jpg")
        now = stage.ledger.rows(disk.point)
        assert {path: now[path] for path in before} == before


def test_case_41_started_while_the_disk_is_away(
    start: Callable[..., AbstractContextManager[Stage]], disk: Disk
) -> None:
    disk.mount()
    with start() as stage:
        before = stage.ledger.rows(stage.root)
        assert len(before) == 2
        assert stage.daemon.stop() == 0
    disk.unmount()
    with start(ready="") as stage:
        assert_offline_and_untouched(stage, before)

        put(disk.inside / "new.jpg", tiny_jpeg(40))
        disk.mount()
        stage.wait_done(stage.root / "new.jpg")
        now = stage.ledger.rows(stage.root)
        assert {path: now[path] for path in before} == before


def test_case_42_more_than_half_is_gone_at_once(
    start: Callable[..., AbstractContextManager[Stage]], tmp_path: Path
) -> None:
    root = tmp_path / "photos"
    kept = put_many(root / "kept", 10)
    lost = put_many(root / "lost", 30)
    with start() as stage:
        assert stage.daemon.stop() == 0
    shutil.rmtree(root / "lost")
    new = put(root / "new.jpg", cat_jpeg())
    with start(ready="") as stage:
        stage.wait_root("suspect")
        stage.wait_done(new)
        assert "confirm-missing" in stage.reasons()
        assert stage.program.run("status").returncode == 3
        assert stage.ledger.count("missing") == 0
        assert set(stage.ledger.states(root / "lost").values()) == {"done"}

        done = stage.program.run("confirm-missing", root)
        assert done.returncode == 0, done.stderr
        expected = dict.fromkeys((path.name for path in lost), "missing")
        stage.wait_states(root / "lost", expected)
        stage.wait_root("ok")
        assert set(stage.ledger.states(root / "kept").values()) == {"done"}
        assert len(stage.ledger.rows(root)) == len([*kept, *lost, new])
        inferences = stage.inferences(root / "lost")
        put_many(root / "lost", 30)
        stage.wait_all_done(root / "lost", [path.name for path in lost])
        assert stage.inferences(root / "lost") == inferences


def test_case_42_a_small_loss_is_believed(
    start: Callable[..., AbstractContextManager[Stage]], tmp_path: Path
) -> None:
    root = tmp_path / "photos"
    put_many(root / "kept", 3)
    put_many(root / "lost", 5)
    with start() as stage:
        assert stage.daemon.stop() == 0
    shutil.rmtree(root / "lost")
    with start() as stage:
        stage.wait_states(root / "lost", {f"{n}.jpg": "missing" for n in range(5)})
        assert stage.root_status()["state"] == "ok"


def test_case_44_photos_on_a_read_only_mount(
    start: Callable[..., AbstractContextManager[Stage]], mounts: Mounts, tmp_path: Path
) -> None:
    """They are found by what is on them; that no tags can be written is told with the reason."""
    put(tmp_path / "disk/cat.jpg", cat_jpeg())
    mounts.bind(tmp_path / "disk", tmp_path / "photos")
    mounts.read_only(tmp_path / "photos")
    with start(PHOTOTAG_TAGS_WRITE="both") as stage:
        stage.wait_done(stage.root / "cat.jpg")
        assert stage.root_status()["state"] == "ok"
        put(tmp_path / "disk/later.jpg", cup_jpeg())
        stage.wait_done(stage.root / "later.jpg")
        refused = [
            {"reason": "it is read-only", "files": 2},
            {"reason": "its folder is not writable", "files": 2},
        ]
        wait_until(lambda: stage.program.status()["tags"]["refused"] == refused)
    assert sorted(os.listdir(tmp_path / "disk")) == ["cat.jpg", "later.jpg"]
    assert (tmp_path / "disk/cat.jpg").read_bytes() == cat_jpeg()


def test_case_45_changes_on_the_server_of_a_network_mount(
    start: Callable[..., AbstractContextManager[Stage]], mounts: Mounts, tmp_path: Path
) -> None:
    """A FUSE mount stands in for NFS and SMB: changes behind it give no event either."""
    put(tmp_path / "server/album/cat.jpg", cat_jpeg())
    mounts.bindfs(tmp_path / "server", tmp_path / "photos")
    with start(PHOTOTAG_WATCH_RESCAN_SECONDS="2") as stage:
        assert stage.root_status()["mode"] == "timer"
        put(tmp_path / "server/album/later.jpg", cup_jpeg())
        stage.wait_done(stage.root / "album/later.jpg")
        (tmp_path / "server/album/cat.jpg").unlink()
        stage.wait_state(stage.root / "album/cat.jpg", "missing")
        assert not watch_inodes(stage.daemon.process.pid)


def test_case_45_a_network_mount_below_a_local_root(
    start: Callable[..., AbstractContextManager[Stage]], mounts: Mounts, tmp_path: Path
) -> None:
    put(tmp_path / "server/album/cat.jpg", cat_jpeg())
    mount = mounts.bindfs(tmp_path / "server", tmp_path / "photos/share")
    with start(PHOTOTAG_WATCH_RESCAN_SECONDS="2") as stage:
        stage.wait_done(mount / "album/cat.jpg")
        assert stage.root_status()["mode"] == "events"
        put(tmp_path / "server/album/later.jpg", cup_jpeg())
        stage.wait_done(mount / "album/later.jpg")
        inodes = watch_inodes(stage.daemon.process.pid)
        assert stage.root.stat().st_ino in inodes
        assert (tmp_path / "server/album").stat().st_ino not in inodes
