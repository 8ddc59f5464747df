"""Fault cases 16, 17, 20-24, 34 and 66, 67: photos that move, go, or only look different."""

from __future__ import annotations

import contextlib
import os
import shutil
import unicodedata
from typing import TYPE_CHECKING

import piexif
import pytest
from program import wait_until
from stage import Stage, cat_jpeg, cup_jpeg, put, put_many, tiny_jpeg
from surroundings import watch_inodes

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path


def test_case_16_a_moved_photo_keeps_its_row_and_costs_no_inference(stage: Stage) -> None:
    folder = stage.folder("case 16")
    (folder / "sub").mkdir()
    path = put(folder / "cat.jpg", cat_jpeg() + b"16")
    stage.wait_done(path)
    before = stage.ledger.row(path)

    path.rename(folder / "renamed.jpg")
    stage.wait_all_done(folder, ["renamed.jpg"])
    (folder / "renamed.jpg").rename(folder / "sub/elsewhere.jpg")
    stage.wait_all_done(folder, ["sub/elsewhere.jpg"])

    after = stage.ledger.row(folder / "sub/elsewhere.jpg")
    assert before is not None
    assert after is not None
    assert (after.id, after.analyzed_at) == (before.id, before.analyzed_at)
    assert stage.found("cat", folder) == ["sub/elsewhere.jpg"]
    assert len(stage.inferences(folder)) == 1


def test_case_17_a_moved_folder_takes_its_rows_along_and_is_still_watched(stage: Stage) -> None:
    folder = stage.folder("case 17")
    pictures = [put(folder / f"a/{n % 3}/{n}.jpg", tiny_jpeg(1700 + n)) for n in range(12)]
    stage.wait_done(*pictures)
    ids = {row.id for row in stage.ledger.rows(folder).values()}

    (folder / "a").rename(folder / "b")
    names = [f"b/{n % 3}/{n}.jpg" for n in range(12)]
    stage.wait_all_done(folder, names)
    put(folder / "b/0/later.jpg", cat_jpeg())
    stage.wait_all_done(folder, [*names, "b/0/later.jpg"])

    assert ids < {row.id for row in stage.ledger.rows(folder).values()}
    assert len([path for path in stage.inferences(folder) if "later" not in path]) == 12


def test_case_20_moved_out_is_missing_and_not_followed(stage: Stage, tmp_path: Path) -> None:
    folder = stage.folder("case 20")
    put(folder / "file.jpg", cat_jpeg())
    put(folder / "album/deep/cat.jpg", cat_jpeg())
    stage.wait_all_done(folder, ["file.jpg", "album/deep/cat.jpg"])

    (folder / "file.jpg").rename(tmp_path / "file.jpg")
    (folder / "album").rename(tmp_path / "album")
    gone = {"file.jpg": "missing", "album/deep/cat.jpg": "missing"}
    stage.wait_states(folder, gone)
    put(tmp_path / "album/deep/later.jpg", cat_jpeg())
    put(tmp_path / "album/new/later.jpg", cat_jpeg())
    stage.sentinel(folder)

    assert stage.ledger.states(folder) == gone | {"sentinel 0.jpg": "done"}
    assert stage.found("cat", folder) == []


def test_case_21_deleted_photos_and_folders_leave_their_neighbours_alone(stage: Stage) -> None:
    folder = stage.folder("case 21")
    names = ["a.jpg", "b.jpg", "one/c.jpg", "one/two/d.jpg", "one-more/e.jpg", "onf.jpg"]
    for number, name in enumerate(names):
        put(folder / name, tiny_jpeg(number))
    stage.wait_all_done(folder, names)
    kept = {name: stage.ledger.row(folder / name) for name in ("b.jpg", "one-more/e.jpg")}

    (folder / "a.jpg").unlink()
    shutil.rmtree(folder / "one")
    gone = dict.fromkeys(["a.jpg", "one/c.jpg", "one/two/d.jpg"], "missing")
    stage.wait_states(folder, dict.fromkeys(names, "done") | gone)

    assert {name: stage.ledger.row(folder / name) for name in kept} == kept


def test_case_22_the_same_name_deleted_and_made_again_twenty_times(stage: Stage) -> None:
    folder = stage.folder("case 22")
    path = folder / "again.jpg"
    for number in range(20):
        put(path, tiny_jpeg(number))
        path.unlink()
        if number % 7 == 0:
            stage.sentinel(folder)
    put(path, cup_jpeg())

    wait_until(lambda: stage.found("cup", folder) == ["again.jpg"])
    row = stage.ledger.row(path)  # it would complain about two rows
    assert row is not None
    assert row.size == len(cup_jpeg())


def test_case_23_hard_links_have_a_row_each_and_one_inference(stage: Stage) -> None:
    folder = stage.folder("case 23")
    path = put(folder / "one.jpg", cat_jpeg()[:-2] + b"\xff\xfe\x00\x0423\xff\xd9")
    stage.wait_done(path)
    (folder / "sub").mkdir()
    (folder / "two.jpg").hardlink_to(path)
    (folder / "sub/three.jpg").hardlink_to(path)

    names = ["one.jpg", "sub/three.jpg", "two.jpg"]
    stage.wait_all_done(folder, names)
    assert stage.found("cat", folder) == names
    assert len(stage.inferences(folder)) <= 1


def test_case_24_symbolic_links_are_not_followed(stage: Stage, tmp_path: Path) -> None:
    folder = stage.folder("case 24")
    target = put(tmp_path / "outside/cat.jpg", cat_jpeg())
    put(folder / "inside/cat.jpg", cat_jpeg())
    (folder / "to a file.jpg").symlink_to(target)
    (folder / "to a folder").symlink_to(target.parent)
    (folder / "folder.jpg").symlink_to(target.parent)
    (folder / "dangling.jpg").symlink_to(tmp_path / "nothing")
    (folder / "inside/loop").symlink_to(folder)
    (folder / "self.jpg").symlink_to("self.jpg")
    stage.sentinel(folder)

    stage.wait_all_done(folder, ["inside/cat.jpg", "sentinel 0.jpg"])
    put(target.parent / "later.jpg", cat_jpeg())
    stage.sentinel(folder)
    assert len(stage.ledger.rows(folder)) == 3
    assert target.parent.stat().st_ino not in watch_inodes(stage.daemon.process.pid)


def test_case_34_twins_in_nfc_and_nfd(stage: Stage) -> None:
    folder = stage.folder("case 34")
    names = [unicodedata.normalize(form, "Zoë Ünïcode.jpg") for form in ("NFC", "NFD")]
    for name in names:
        put(folder / name, cat_jpeg())

    assert names[0] != names[1]
    stage.wait_all_done(folder, names)
    assert stage.found("cat", folder) == sorted(names)


def test_case_66_touched_but_the_same_picture(stage: Stage) -> None:
    folder = stage.folder("case 66")
    path = put(folder / "cat.jpg", cat_jpeg()[:-2] + b"66\xff\xd9")
    stage.wait_done(path)
    before = len(stage.inferences(folder))
    row = stage.ledger.row(path)

    path.chmod(0o600)
    with contextlib.suppress(OSError):  # not every file system has them
        os.setxattr(path, "user.comment", b"mine")
    stage.sentinel(folder)
    assert stage.ledger.row(path) == row
    os.utime(path, (1_600_000_000, 1_600_000_000))
    path.touch()
    with path.open("ab"):
        pass  # a close event without a change
    facts = (os.fsencode(path.name), path.stat().st_mtime_ns)
    ask = "SELECT 1 FROM photo WHERE name = ? AND mtime_ns = ? AND state = 'done'"
    wait_until(lambda: stage.ledger.ask(ask, *facts))

    after = stage.ledger.row(path)
    assert row is not None
    assert after is not None
    assert after.id == row.id
    assert stage.found("cat", folder) == ["cat.jpg"]
    assert len([p for p in stage.inferences(folder) if "sentinel" not in p]) == before


@pytest.mark.parametrize("way", ["in place", "by another file"])
def test_case_67_an_edit_of_metadata_costs_no_inference_and_no_loop(stage: Stage, way: str) -> None:
    folder = stage.folder(f"case 67 {way}")
    path = put(folder / "cat.jpg", cat_jpeg()[:-2] + way[:2].encode() + b"\xff\xd9")
    stage.wait_done(path)
    tags = piexif.dump({"0th": {piexif.ImageIFD.ImageDescription: b"our cat"}})
    if way == "in place":
        piexif.insert(tags, str(path))
    else:
        piexif.insert(tags, str(path), str(folder / "cat.tmp"))
        (folder / "cat.tmp").rename(path)

    size = path.stat().st_size
    wait_until(lambda: (row := stage.ledger.row(path)) and row.size == size and row.state == "done")
    stage.sentinel(folder)
    told = [what for name, what in stage.outcomes(folder) if name == str(path)]
    assert len(told) == 2
    assert "known picture" in told[1]
    assert stage.found("cat", folder) == ["cat.jpg"]


def test_case_67_our_own_writing_of_tags_costs_no_inference_and_no_loop(
    start: Callable[..., AbstractContextManager[Stage]], tmp_path: Path
) -> None:
    path = put(tmp_path / "photos/cat.jpg", cat_jpeg())
    with start(PHOTOTAG_TAGS_WRITE="both") as stage:
        wait_until(lambda: path.with_name("cat.jpg.xmp").exists())
        written = [stage.ledger.row(path), path.stat().st_ino]
        # Whatever our own writing may have started was there before these.
        for number in range(2):
            stage.sentinel(stage.root)
            wait_until(lambda: not stage.ledger.ask("SELECT 1 FROM tag_job"), what=str(number))

        assert [stage.ledger.row(path), path.stat().st_ino] == written
        assert [name for name, _ in stage.outcomes(stage.root)].count(str(path)) == 1
        assert stage.daemon.log.count(f"{path}: exif tagged") == 1
        assert stage.daemon.log.count(f"{path}: sidecar tagged") == 1


def test_case_20_a_photo_that_comes_back_costs_no_inference(stage: Stage, tmp_path: Path) -> None:
    folder = stage.folder("case 20 back")
    names = [path.name for path in put_many(folder, 3)]
    stage.wait_all_done(folder, names)
    for name in names:
        shutil.move(folder / name, tmp_path / name)
    stage.wait_states(folder, dict.fromkeys(names, "missing"))
    for name in names:
        shutil.move(tmp_path / name, folder / name)

    stage.wait_all_done(folder, names)
    assert len(stage.inferences(folder)) <= 3
