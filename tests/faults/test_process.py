"""Fault cases 48, 50-55, 58-60 and 69-71: the daemon is killed, stopped, reloaded, asked."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from program import BIN, Program, wait_until
from stage import (
    CAUGHT_UP,
    Stage,
    cat_jpeg,
    cup_jpeg,
    new_program,
    put,
    put_many,
    tiny_jpeg,
)
from surroundings import need

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    Start = Callable[..., AbstractContextManager[Stage]]


def test_case_48_killed_five_times_in_the_middle_of_its_work(start: Start, tmp_path: Path) -> None:
    root = tmp_path / "photos"
    names = [path.name for path in put_many(root, 60, pictures=60)]
    for number in range(5):
        with start(ready="") as stage:
            done = stage.ledger.count("done")
            wait_until(lambda n=done, s=stage: s.ledger.count("done") >= n + 6)
            put(root / f"while {number}.jpg", tiny_jpeg(4800 + number))
            names.append(f"while {number}.jpg")
            stage.daemon.stop(signal.SIGKILL)
    with start() as stage:
        stage.wait_all_done(root, names)
        assert stage.ledger.check() == "ok"
        told = [name for name, _what in stage.outcomes(root)]
        assert len(told) <= len(names) + 5 * 8  # what was in hand may be told twice
        assert set(told) == {str(root / name) for name in names}


@pytest.fixture(scope="module")
def after_a_pause(tmp_path_factory: pytest.TempPathFactory, program_cache: Path) -> Iterator[Stage]:
    """A daemon that was stopped, whose photos then changed, and that runs again."""
    top = tmp_path_factory.mktemp("pause")
    root = top / "photos"
    program = new_program(top / "home", program_cache)
    for name in ("kept", "changed", "moved", "gone", "album/one", "old dir/in it"):
        put(root / f"{name}.jpg", cat_jpeg()[:-2] + name.encode() + b"\xff\xd9")
    with program.watch(root) as daemon:
        daemon.wait_for(CAUGHT_UP)
        first = Stage(program, daemon, root)
        rows = first.ledger.rows(root)
        assert len(rows) == 6
        assert daemon.stop() == 0
    put(root / "added.jpg", tiny_jpeg(50))
    put(root / "changed.jpg", cup_jpeg())
    (root / "moved.jpg").rename(root / "album/moved here.jpg")
    (root / "old dir").rename(root / "new dir")
    (root / "gone.jpg").unlink()
    with program.watch(root) as daemon:
        stage = Stage(program, daemon, root)
        put(root / "right after the start.jpg", tiny_jpeg(51))
        daemon.wait_for_count(CAUGHT_UP, 2)
        stage.before = rows
        yield stage
        assert daemon.stop() == 0


def test_case_50_changes_while_it_was_stopped(after_a_pause: Stage) -> None:
    stage, before = after_a_pause, after_a_pause.before
    done = ["kept", "changed", "album/one", "album/moved here", "new dir/in it", "added",
            "right after the start"]  # fmt: skip
    expected = {f"{name}.jpg": "done" for name in done} | {"gone.jpg": "missing"}
    stage.wait_states(stage.root, expected)

    now = stage.ledger.rows(stage.root)
    top = os.fsencode(stage.root)
    assert now[top + b"/kept.jpg"] == before[top + b"/kept.jpg"]
    assert now[top + b"/album/moved here.jpg"].id == before[top + b"/moved.jpg"].id
    assert now[top + b"/new dir/in it.jpg"].id == before[top + b"/old dir/in it.jpg"].id
    assert stage.found("cup", stage.root) == ["changed.jpg"]
    looked_at = [os.path.basename(path) for path in stage.inferences(stage.root)]
    assert len(looked_at) == 6 + 3
    assert looked_at.count("kept.jpg") == 1


def test_case_51_sigterm_in_the_middle_of_its_work(start: Start, tmp_path: Path) -> None:
    root = tmp_path / "photos"
    names = [path.name for path in put_many(root, 50, pictures=50)]
    with start(ready="") as stage:
        wait_until(lambda: stage.ledger.count("done") >= 5)
        begin = time.monotonic()
        assert stage.daemon.stop() == 0
        assert time.monotonic() - begin < 10
        done = stage.ledger.count("done")
        assert done < 50
        assert stage.ledger.count() == stage.ledger.count("pending") + done
        assert "Traceback" not in stage.daemon.log
    with start() as stage:
        stage.wait_all_done(root, names)
        assert len(stage.inferences(root)) <= 50 + 8


@pytest.mark.parametrize("moment", ["process", "catalog", "child", "Watching", "scan"])
def test_case_52_sigterm_during_the_start(start: Start, tmp_path: Path, moment: str) -> None:
    put_many(tmp_path / "photos", 20, pictures=20)
    put(tmp_path / "photos/stuck folder/cat.jpg", cat_jpeg())
    put(tmp_path / "home/faults/scandir", b"STUCK stuck folder\n" if moment == "scan" else b"")
    with start(ready="", faults=True) as stage:
        reached = {
            "process": lambda: True,
            "catalog": stage.program.catalog.exists,
            "child": stage.daemon.children,
            "Watching": lambda: "Watching" in stage.daemon.log,
            "scan": lambda: stage.program.catalog.exists() and stage.program.status()["running"],
        }
        wait_until(reached[moment], what=moment)
        begin = time.monotonic()
        code = stage.daemon.stop()
        assert time.monotonic() - begin < 10
        # Python itself has to start before it can take a signal.
        assert code == 0 or (moment == "process" and code == -signal.SIGTERM)
        assert "Traceback" not in stage.daemon.log


def test_case_53_sighup_reloads_and_refuses_what_is_broken(start: Start, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    put(one / "cat.jpg", cat_jpeg())
    put(two / "cup.jpg", cup_jpeg())
    file = tmp_path / "settings.toml"
    with start(settings=f'[[roots]]\npath = "{one}"\n') as stage:
        pid = stage.daemon.process.pid

        def reload(text: str) -> None:
            file.write_text(text)
            stage.daemon.process.send_signal(signal.SIGHUP)

        reload(f'[[roots]]\npath = "{one}"\n[[roots]]\npath = "{two}"\n')
        stage.wait_done(two / "cup.jpg")
        put(two / "later.jpg", cup_jpeg())
        stage.wait_done(two / "later.jpg")

        reload("[[roots]\nnonsense")
        wait_until(lambda: str(file) in stage.reasons(), what="status says why")
        assert stage.program.run("status").returncode == 3
        put(two / "still.jpg", cup_jpeg())
        stage.wait_done(two / "still.jpg")

        reload(f'[[roots]]\npath = "{two}"\n')
        wait_until(lambda: [r["path"] for r in stage.program.status()["roots"]] == [str(two)])
        assert stage.program.status()["degraded"] == []
        put(one / "not watched.jpg", cat_jpeg())
        put(two / "watched.jpg", cat_jpeg())
        stage.wait_done(two / "watched.jpg")
        assert stage.ledger.row(one / "not watched.jpg") is None
        assert stage.ledger.states(one) == {"cat.jpg": "done"}
        assert stage.program.status()["pid"] == pid
        assert stage.daemon.process.poll() is None


def test_case_54_a_second_daemon_is_refused(stage: Stage) -> None:
    done = stage.program.run("watch", stage.root)

    assert done.returncode == 75
    (line,) = done.stderr.splitlines()
    assert str(stage.daemon.process.pid) in line
    assert str(stage.program.catalog) in line


def test_case_55_the_lock_of_a_killed_daemon_is_no_hindrance(start: Start, tmp_path: Path) -> None:
    with start() as stage:
        stage.daemon.stop(signal.SIGKILL)
    assert stage.program.catalog.with_name("catalog.db.lock").exists()
    assert stage.program.run("status").returncode == 4
    put(tmp_path / "photos/cat.jpg", cat_jpeg())
    with start() as stage:
        stage.wait_done(tmp_path / "photos/cat.jpg")


def test_case_58_questions_during_a_backlog(start: Start, tmp_path: Path) -> None:
    put_many(tmp_path / "photos", 400, pictures=400)
    put(tmp_path / "photos/cat.jpg", cat_jpeg())
    with start(ready="") as stage:
        wait_until(lambda: stage.ledger.count("done") >= 20)
        for words in (["status", "--json"], ["search", "cat"], ["list", "--json"], ["stats"]):
            begin = time.monotonic()
            done = stage.program.run(*words)
            assert time.monotonic() - begin < 3, words
            assert done.returncode in (0, 1), (words, done.stderr)
        assert stage.program.status()["queue"]["pending"] > 0


def test_case_59_no_daemon_and_no_catalog(program: Program) -> None:
    status = program.run("status")
    assert status.returncode == 4
    assert "not running" in status.stdout + status.stderr
    told = program.status()
    assert (told["running"], told["pid"]) == (False, None)
    for words in (["search", "cat"], ["list"], ["stats"], ["labels"], ["retry"]):
        done = program.run(*words)
        assert done.returncode == 2, words
        (line,) = done.stderr.splitlines()
        assert "there is no catalog yet" in line
    assert not program.catalog.exists()


def as_stranger(program: Program, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a verb as a user to whom the catalog does not belong.

    The catalog is given away and root's powers are dropped, since another user might not reach
    the Python that runs these tests.
    """
    if os.geteuid() != 0:
        pytest.skip("only root may give files away")
    folder = program.catalog.parent
    for path in (folder, *folder.iterdir()):
        os.chown(path, 65534, 65534)
    within = [need("setpriv"), "--bounding-set=-all", "--inh-caps=-all", "--clear-groups"]
    return subprocess.run(
        [*within, BIN / "phototag", *words], env=program.environ, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_case_60_questions_of_another_user(start: Start, program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "catalog"
    folder.mkdir(mode=0o755)
    program.catalog = folder / "catalog.db"
    path = put(tmp_path / "photos/cat.jpg", cat_jpeg())
    put(tmp_path / "photos/broken.jpg", b"")
    with start(PHOTOTAG_CATALOG_PATH=str(program.catalog)) as stage:
        found = as_stranger(program, "search", "cat")
        assert found.stdout.splitlines() == [str(path)], found.stderr
        assert as_stranger(program, "status").returncode == 0
        refused = as_stranger(program, "retry")
        assert refused.returncode == 2
        assert_names_the_permission(refused.stderr, folder)
        assert stage.daemon.stop() == 0

    for place, mode in ((folder, 0o755), (folder, 0o700), (program.catalog, 0o600)):
        folder.chmod(0o755)
        place.chmod(mode)
        done = as_stranger(program, "search", "cat")
        if done.returncode:
            assert_names_the_permission(done.stderr, folder)
        else:
            assert done.stdout.splitlines() == [str(path)]
        status = as_stranger(program, "status")
        assert status.returncode in (2, 4)
        assert "Traceback" not in status.stderr


def assert_names_the_permission(text: str, folder: Path) -> None:
    (line,) = text.splitlines()
    assert str(folder) in line
    said = line.replace(str(folder), "").lower()
    assert any(word in said for word in ("permission", "not be written", "writ", "read-only")), line


def test_case_69_a_missing_model_ends_the_start_and_not_a_reload(
    start: Start, program: Program, tmp_path: Path
) -> None:
    root = tmp_path / "photos"
    put(root / "cat.jpg", cat_jpeg())
    bad = f'[[roots]]\npath = "{root}"\n[models]\ndetectors = ["ssd-vgg-coco-300"]\n'
    file = put(tmp_path / "bad.toml", bad.encode())
    with program.watch("--config", file) as daemon:
        assert daemon.process.wait(60) == 78
        assert "ssd-vgg-coco-300/" in daemon.log  # the path at which the file is looked for
        assert "Traceback" not in daemon.log

    with start(settings=f'[[roots]]\npath = "{root}"\n') as stage:
        (tmp_path / "settings.toml").write_text(bad)
        stage.daemon.process.send_signal(signal.SIGHUP)
        stage.daemon.wait_for("next start")  # models are not exchanged at a reload
        put(root / "cup.jpg", cup_jpeg())
        wait_until(lambda: stage.found("cup", root) == ["cup.jpg"])
        assert stage.daemon.process.poll() is None


def test_case_69_a_broken_model_file_is_named(program: Program, tmp_path: Path) -> None:
    weights = tmp_path / "weights/ssd-vgg-coco-300"
    for name in ("VGG_coco_SSD_300x300_iter_400000.caffemodel", "deploy.prototxt"):
        put(weights / name, b"not a model")
    program.environ["PHOTOTAG_MODELS_DIRECTORY"] = str(tmp_path / "weights")
    program.environ["PHOTOTAG_MODELS_DETECTORS"] = "ssd-vgg-coco-300"
    (tmp_path / "photos").mkdir()
    with program.watch(tmp_path / "photos") as daemon:
        assert daemon.process.wait(60) == 78
        assert str(weights) in daemon.log
        assert "Traceback" not in daemon.log


def test_case_70_after_a_change_of_models_new_photos_come_first(
    start: Start, tmp_path: Path
) -> None:
    root = tmp_path / "photos"
    old = put_many(root / "old", 40, pictures=40)
    with start(PHOTOTAG_MODELS_DETECTORS="") as stage:
        stage.wait_done(*old)
        before = models_of(stage, "old")
        assert before == {("efficientnet-lite3-imagenet",)}
        assert stage.daemon.stop() == 0
    new = put(root / "new/cat.jpg", cat_jpeg())
    os.utime(new, (1_000_000_000, 1_000_000_000))
    with start(ready="", PHOTOTAG_MODELS_DETECTORS="ssd-mobilenet-v2-coco") as stage:
        stage.wait_done(new)
        both = ("efficientnet-lite3-imagenet", "ssd-mobilenet-v2-coco")
        assert models_of(stage, "new") == {both}
        assert before & models_of(stage, "old"), "the old ones were not waited for"
        assert len(stage.program.search("cat")) >= 1


def models_of(stage: Stage, folder: str) -> set[tuple[str, ...]]:
    """Return which models the photos of a folder were looked at with."""
    listed = stage.ledger.ask(
        "SELECT p.id, m.name FROM photo p JOIN folder f ON f.id = p.folder_id"
        " JOIN model_set s ON s.id = p.set_id JOIN json_each(s.models) AS one"
        " JOIN model m ON m.id = one.value WHERE f.relpath = ? ORDER BY m.name", folder.encode(),
    )  # fmt: skip
    found: dict[int, list[str]] = {}
    for number, name in listed:
        found.setdefault(number, []).append(name)
    return {tuple(names) for names in found.values()}


@pytest.mark.parametrize("age", ["new", "with an old date"])
def test_case_71_a_new_photo_overtakes_a_backlog(start: Start, tmp_path: Path, age: str) -> None:
    overtake(start, tmp_path, age, 600)


@pytest.mark.slow
@pytest.mark.parametrize("age", ["new", "with an old date"])
def test_case_71_a_new_photo_overtakes_a_hundred_thousand(
    start: Start, tmp_path: Path, age: str
) -> None:
    overtake(start, tmp_path, age, 100_000)


def overtake(start: Start, tmp_path: Path, age: str, number: int) -> None:
    """Let a photo come while many wait that take a while each."""
    root = tmp_path / "photos"
    for n in range(number):
        path = root / str(n % 50) / f"slow {n}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(tiny_jpeg(7100 + n % 16))
    with start(ready="", faults=True) as stage:
        wait_until(lambda: stage.ledger.count() >= number, 120, "the backlog is known")
        wait_until(lambda: stage.ledger.count("done") > 0)
        new = put(tmp_path / "cat.jpg", cat_jpeg())
        if age != "new":
            os.utime(new, (1_000_000_000, 1_000_000_000))
        shutil.move(new, root / "cat.jpg")
        stage.wait_done(root / "cat.jpg", seconds=min(60, number / 40))
        assert stage.ledger.count("pending") > number / 3
