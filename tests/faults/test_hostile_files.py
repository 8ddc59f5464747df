"""Fault cases 25-33 and 68: files that are broken, huge, no files, or meant to do harm."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import stat
import time
from typing import TYPE_CHECKING

import pytest
from photo_files import png_bomb
from program import wait_until
from stage import CAUGHT_UP, Stage, cat_jpeg, cup_jpeg, new_program, put, tiny_jpeg

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory, program_cache: Path) -> Iterator[Stage]:
    """A daemon whose decoder has the planted faults, with a short deadline and little memory."""
    top = tmp_path_factory.mktemp("faulty")
    program = new_program(top / "home", program_cache)
    program.plant_faults()
    program.environ |= {
        "PHOTOTAG_WORKER_DEADLINE_SECONDS": "12",
        "PHOTOTAG_WORKER_MEMORY_LIMIT_MIB": "800",
    }
    (top / "photos").mkdir()
    with program.watch(top / "photos") as daemon:
        daemon.wait_for(CAUGHT_UP)
        yield Stage(program, daemon, top / "photos")
        assert daemon.stop() == 0


def test_case_25_broken_files_fail_with_a_reason_and_the_next_one_works(stage: Stage) -> None:
    folder = stage.folder("case 25")
    broken = {
        "empty.jpg": b"",
        "cut.jpg": cat_jpeg()[:9000],
        "text.jpg": b"Dear diary\n" * 99,
        "header.jpg": cat_jpeg()[:4],
        "zeros.png": bytes(5000),
    }
    for name, data in broken.items():
        put(folder / name, data)
    (folder / "folder.jpg").mkdir()
    put(folder / "folder.jpg/inside.jpg", cat_jpeg())

    good = {"folder.jpg/inside.jpg": "done"}
    stage.wait_states(folder, dict.fromkeys(broken, "failed") | good)
    for name in broken:
        row = stage.ledger.row(folder / name)
        assert row is not None
        assert row.error
        assert row.attempts == 1
    listed = stage.program.json("list", "--state", "failed")
    reasons = {entry["path"]: entry["error"] for entry in listed}
    assert all(reasons[str(folder / name)] for name in broken)


def test_case_25_an_unreadable_file_fails_without_counting_against_it(faulty: Stage) -> None:
    """The permission is refused by a planted fault: the tests may run as root."""
    folder = faulty.folder("case 25")
    path = put(folder / "eacces.jpg", cat_jpeg())
    faulty.wait_state(path, "failed")

    row = faulty.ledger.row(path)
    assert row is not None
    assert "ermission" in (row.error or "")
    assert row.attempts == 0
    faulty.wait_done(put(folder / "next.jpg", cat_jpeg()))


def test_case_26_a_failed_file_is_completed_later(stage: Stage) -> None:
    folder = stage.folder("case 26")
    path = put(folder / "photo.jpg", cat_jpeg()[:9000])
    stage.wait_state(path, "failed")

    path.write_bytes(cat_jpeg())

    stage.wait_done(path)
    row = stage.ledger.row(path)
    assert row is not None
    assert (row.error, row.attempts) == (None, 0)
    assert stage.found("cat", folder) == ["photo.jpg"]


def test_case_27_pipes_sockets_and_devices_are_skipped(stage: Stage) -> None:
    folder = stage.folder("case 27")
    os.mkfifo(folder / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as unix, contextlib.chdir(folder):
        unix.bind("socket.jpg")  # a socket's path must be short
    with contextlib.suppress(PermissionError):  # only root may make one
        os.mknod(folder / "device.jpg", stat.S_IFCHR | 0o600, os.makedev(1, 5))
    stage.sentinel(folder)

    assert stage.ledger.states(folder) == {"sentinel 0.jpg": "done"}


def test_case_28_an_image_bomb_is_refused_by_its_header(stage: Stage) -> None:
    folder = stage.folder("case 28")
    stage.sentinel(folder)
    pids = [stage.daemon.process.pid, *stage.daemon.children()]
    before = {pid: stage.daemon.memory(pid) for pid in pids}
    path = put(folder / "bomb.png", png_bomb(60_000, 60_000))
    stage.wait_state(path, "failed")

    row = stage.ledger.row(path)
    assert row is not None
    assert "pixels" in (row.error or "")
    stage.sentinel(folder)
    assert all(stage.daemon.memory(pid) - before[pid] < 400 for pid in pids)


def test_case_29_a_huge_sparse_file_is_refused_unread(stage: Stage) -> None:
    folder = stage.folder("case 29")
    path = folder / "huge.tif"
    (child,) = stage.daemon.children()
    before = characters_read(child)
    with path.open("wb") as file:
        file.write(b"II*\x00\x08\x00\x00\x00")
        file.truncate(2 << 30)
    begin = time.monotonic()
    stage.wait_state(path, "failed", seconds=10)

    row = stage.ledger.row(path)
    assert row is not None
    assert any(word in (row.error or "") for word in ("large", "big", "MiB"))
    assert time.monotonic() - begin < 3
    assert characters_read(child) - before < 50_000_000


def characters_read(pid: int) -> int:
    with open(f"/proc/{pid}/io") as file:
        return int(file.readline().split()[1])


def test_case_30_a_crash_costs_exactly_its_photo(faulty: Stage) -> None:
    folder = faulty.folder("case 30")
    (child,) = faulty.daemon.children()
    good = [put(folder / f"{n}.jpg", tiny_jpeg(3000 + n)) for n in range(8)]
    path = put(folder / "segfault.jpg", cat_jpeg())
    faulty.wait_state(path, "failed")
    faulty.wait_done(*good)

    row = faulty.ledger.row(path)
    assert row is not None
    assert "SIGSEGV" in (row.error or "")
    assert faulty.daemon.process.poll() is None
    assert faulty.daemon.children() not in ([child], [])


def test_case_31_a_decoder_that_hangs_is_killed_at_the_deadline(faulty: Stage) -> None:
    folder = faulty.folder("case 31")
    path = put(folder / "hang.jpg", cat_jpeg())
    faulty.wait_state(path, "failed")
    row = faulty.ledger.row(path)
    assert row is not None
    assert "longer than 12 s" in (row.error or "")
    faulty.wait_done(put(folder / "next.jpg", cat_jpeg()))


def test_case_31_a_failed_photo_is_tried_again_later_and_then_dead(stage: Stage) -> None:
    """The waits of 1 min, 10 min, 2 h and 24 h are cut short in the catalog."""
    folder = stage.folder("case 31 dead")
    path = put(folder / "broken.jpg", b"no picture")
    ask = "SELECT next_try_at - unixepoch() FROM photo WHERE id = ?"
    waits = []
    for attempt in range(1, 5):
        wait_until(lambda n=attempt: (row := stage.ledger.row(path)) and row.attempts == n)
        stage.wait_state(path, "failed")
        number = stage.ledger.rows(path)[bytes(path)].id
        waits.append(stage.ledger.ask(ask, number)[0][0])
        stage.ledger.change("UPDATE photo SET next_try_at = 1 WHERE id = ?", number)
    stage.wait_state(path, "dead")

    expected = (60, 600, 7200, 86400)
    assert all(0 <= due - wait < 30 for wait, due in zip(waits, expected, strict=True))
    assert stage.ledger.ask(ask, number) == [(None,)]
    path.write_bytes(cat_jpeg())  # even a dead one is tried again when it changes
    stage.wait_done(path)


def test_case_31_dead_photos_are_tried_again_on_request(stage: Stage) -> None:
    folder = stage.folder("case 31 retry")
    path = put(folder / "broken.jpg", b"no picture either")
    stage.wait_state(path, "failed")
    row = stage.ledger.row(path)
    assert row is not None
    stage.ledger.change("UPDATE photo SET state = 'dead', attempts = 5 WHERE id = ?", row.id)
    done = stage.program.run("retry", path)
    assert done.returncode == 0, done.stderr

    wait_until(lambda: stage.ledger.row(path) == row)  # tried once more, failed once more


def test_case_32_a_decoder_that_eats_memory_is_stopped(faulty: Stage) -> None:
    folder = faulty.folder("case 32")
    pid = faulty.daemon.process.pid
    path = put(folder / "glutton.jpg", cat_jpeg())
    faulty.wait_state(path, "failed")

    row = faulty.ledger.row(path)
    assert row is not None
    assert "memory" in (row.error or "")
    faulty.wait_done(put(folder / "next.jpg", cup_jpeg()))
    assert (faulty.daemon.process.pid, faulty.daemon.process.poll()) == (pid, None)
    assert all(faulty.daemon.memory(child) < 2000 for child in faulty.daemon.children())


NAMES = [
    b"latin-1 \xe9\xff.jpg",
    b"new\nline.jpg",
    b"tab\tand bell\x07.jpg",
    b"quote'\"`$(touch x)\\.jpg",
    b"-rf.jpg",
    "😀 party.jpg".encode(),
    "right\u202egpj.jpg".encode(),
    b"x" * 251 + b".jpg",
    b"UPPER.JPG",
    b"Mixed.JpEg",
    b" leading and trailing .jpg",
]


def test_case_33_names_of_every_kind(stage: Stage) -> None:
    folder = stage.folder("case 33")
    top = os.fsencode(folder)
    paths = [os.path.join(top, name) for name in NAMES]
    for path in paths:
        with open(path, "wb") as file:
            file.write(cat_jpeg())
    stage.wait_done(*paths)

    text = stage.program.run("list", "--state", "done")
    listed = {entry["path_b64"]: entry["path"] for entry in stage.program.json("list")}
    zero = stage.program.run("search", "cat", "-0")
    assert text.returncode == 0, text.stderr
    assert "\x07" not in text.stdout
    assert {os.fsencode(p) for p in zero.stdout.split("\0")} >= set(paths)
    for path in paths:
        shown = listed[base64.b64encode(path).decode()]
        assert json.loads(json.dumps(shown)) == shown
        shown.encode("utf-8")  # no lone surrogates: any program can read it
    assert stage.program.json("show", paths[0])["state"] == "done"


def test_case_68_a_photo_that_changes_while_it_is_analysed_is_analysed_again(
    faulty: Stage,
) -> None:
    """Another program replaces it between our reading and our result."""
    folder = faulty.folder("case 68")
    put(folder / "swapped.jpg.next", cup_jpeg()[:-2] + b"68\xff\xd9")
    path = put(folder / "swapped.jpg", cat_jpeg()[:-2] + b"68\xff\xd9")
    wait_until(lambda: faulty.found("cup", folder) == ["swapped.jpg"])

    assert faulty.found("cat", folder) == []
    row = faulty.ledger.row(path)
    assert row is not None
    assert (row.state, row.size) == ("done", path.stat().st_size)
    assert list(faulty.ledger.states(folder)) == ["swapped.jpg"]


def test_case_68_a_photo_that_changes_while_it_is_tagged_keeps_its_new_content(
    faulty: Stage,
) -> None:
    """Another program replaces it between the scribe's reading and its writing."""
    folder = faulty.folder("case 68 tags")
    path = put(folder / "swapped.jpg", cat_jpeg()[:-2] + b"tags\xff\xd9")
    faulty.wait_done(path)
    saved = cup_jpeg()[:-2] + b"tags\xff\xd9"
    put(folder / "swapped.jpg.next", saved)

    with faulty.daemon.held():
        done = faulty.program.run("write", path)

    assert done.returncode == 1
    assert f"busy: {path} (exif): it changed" in done.stderr
    assert path.read_bytes() == saved
    assert os.listdir(folder) == ["swapped.jpg"]
    wait_until(lambda: faulty.found("cup", folder) == ["swapped.jpg"])
