"""What each bad case gets: photos and sidecars written by the real tagger into a real catalog."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from exiftool import tags_of
from foreign_sidecars import DARKTABLE
from jpeg_parts import ICC, JFIF, MPF, XMP, camera_block, encoded, exif_segment, jpeg, segment
from photo_files import CAT, ROCKET, jpeg_bytes
from PIL import Image
from surroundings import Mounts
from system_calls import fail, in_child, names_in, planted
from tag_desk import Desk, ScribeHere, is_settled, kinds

from phototagd.daemon.tagging import exif, xmp
from phototagd.daemon.tagging.exif import read_field
from phototagd.daemon.tagging.orders import Commit, Declined, Draft, Drafted, NamedBox, TagPlan
from phototagd.daemon.tagging.scribe import Scribe
from phototagd.models.results import Box

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PHOTO = jpeg(JFIF, exif_segment(camera_block(keywords="holiday")), ICC)
IPTC = segment(
    0xED,
    b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x12"
    b"\x1c\x02\x19\x00\x05beach\x1c\x02\x19\x00\x03sun",
)
needs_exiftool = pytest.mark.skipif(not shutil.which("exiftool"), reason="needs exiftool")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(tmp_path) as made:
        yield made


@pytest.fixture
def photo(desk: Desk) -> Path:
    return desk.add("cat.jpg", PHOTO)


def items(path: Path) -> tuple[str, ...]:
    return read_field(path.read_bytes()).items


def beside(path: Path) -> Path:
    return path.with_name(path.name + ".xmp")


def sidecar(path: Path) -> xmp.SidecarContent:
    return xmp.read(beside(path).read_bytes())


def edit(path: Path, *options: str) -> None:
    """Let exiftool edit a file."""
    subprocess.run(["exiftool", "-q", "-overwrite_original", *options, path], check=True)


# Who owns what


def test_everything_is_written_known_and_taken_back_to_the_byte(desk: Desk, photo: Path) -> None:
    assert kinds(desk.write(photo, "cat", "dog", to="both")) == ["written", "written"]

    assert items(photo) == ("holiday", "cat", "dog")
    assert sidecar(photo).subjects == ("holiday", "cat", "dog")
    assert sidecar(photo).added == ("cat", "dog")
    assert is_settled(desk, photo)
    assert {t: f.items for t, f in desk.files(photo).items()} == {
        "exif": ("cat", "dog"), "sidecar": ("cat", "dog"),
    }  # fmt: skip
    assert desk.intents() == []

    assert kinds(desk.take_back(photo)) == ["written", "written"]
    assert photo.read_bytes() == PHOTO
    assert names_in(desk.root) == ["cat.jpg"]
    assert {file.state for file in desk.files(photo).values()} == {"undone"}


def test_a_second_run_touches_nothing(desk: Desk, photo: Path) -> None:
    desk.write(photo, "cat", to="both")
    before = [(path.stat().st_ino, path.stat().st_ctime_ns) for path in (photo, beside(photo))]

    assert kinds(desk.write(photo, "cat", to="both")) == ["unchanged", "unchanged"]

    assert [(p.stat().st_ino, p.stat().st_ctime_ns) for p in (photo, beside(photo))] == before


def test_a_dry_run_tells_and_does_nothing(desk: Desk, photo: Path) -> None:
    reports = desk.write(photo, "cat", to="both", is_dry=True)

    assert [(r.kind, r.added) for r in reports] == [("would", ("cat",))] * 2
    assert (photo.read_bytes(), names_in(desk.root)) == (PHOTO, ["cat.jpg"])
    assert (desk.files(photo), desk.intents()) == ({}, [])


def test_the_users_keyword_that_equals_our_tag_is_not_ours(desk: Desk, photo: Path) -> None:
    desk.write(photo, "Holiday", "cat", to="both")

    assert items(photo) == ("holiday", "cat")
    assert sidecar(photo).added == ("cat",)
    desk.write(photo, to="exif")
    assert photo.read_bytes() == PHOTO


def test_keywords_of_other_fields_are_in_every_list_that_we_start(desk: Desk) -> None:
    photo = desk.add("beach.jpg", jpeg(JFIF, IPTC))
    assert desk.record(photo).keywords == ("beach", "sun")

    desk.write(photo, "cat", to="both")

    assert items(photo) == ("beach", "sun", "cat")
    assert sidecar(photo).subjects == ("beach", "sun", "cat")
    desk.index(photo)
    assert desk.record(photo).keywords == ("beach", "sun")
    desk.take_back(photo)
    assert photo.read_bytes() == jpeg(JFIF, IPTC)


def test_other_tags_later_do_not_make_the_file_grow(desk: Desk, photo: Path) -> None:
    desk.write(photo, "cat", "dog")
    size = photo.stat().st_size
    for tags in (("dog", "cow"), ("hen",), ("cat", "dog")):
        desk.write(photo, *tags)
        assert items(photo) == ("holiday", *tags)
    assert photo.stat().st_size == size
    desk.take_back(photo)
    assert photo.read_bytes() == PHOTO


@needs_exiftool
def test_a_tag_that_the_user_took_out_stays_out_until_asked_for(desk: Desk, photo: Path) -> None:
    desk.write(photo, "cat", "dog")
    edit(photo, "-XPKeywords=holiday;dog")
    desk.index(photo)

    (report,) = desk.write(photo, "cat", "dog", "hen")
    assert (report.kind, report.added, report.removed) == ("written", ("hen",), ("cat",))
    assert items(photo) == ("holiday", "dog", "hen")
    desk.write(photo, "cat", "dog")
    assert items(photo) == ("holiday", "dog")

    desk.write(photo, "cat", "dog", again=True)
    assert items(photo) == ("holiday", "cat", "dog")
    assert desk.files(photo)["exif"].removed == ()


@needs_exiftool
@pytest.mark.parametrize("then", [(), ("hen",)], ids=["taken back", "other tags, taken back"])
def test_after_another_program_wrote_the_file_anew_only_our_tags_go(
    desk: Desk, photo: Path, then: tuple[str, ...]
) -> None:
    desk.write(photo, "cat", "dog", to="both")
    edit(photo, "-Artist=somebody")
    assert read_field(photo.read_bytes()).mark == "none"
    desk.index(photo)
    assert desk.record(photo).keywords == ("holiday",)

    if then:
        desk.write(photo, *then, to="both")
        assert items(photo) == ("holiday", *then)
        assert (sidecar(photo).subjects, sidecar(photo).added) == (("holiday", *then), then)
    for _ in range(2):
        desk.take_back(photo)
        assert items(photo) == ("holiday",)
        assert tags_of(photo.read_bytes())["IFD0:Artist"] == "somebody"
        assert names_in(desk.root) == ["cat.jpg"]
        desk.index(photo)
        assert desk.record(photo).keywords == ("holiday",)


def test_an_edit_in_place_is_noticed_and_kept(desk: Desk, photo: Path) -> None:
    desk.write(photo, "cat", to="both")
    data = photo.read_bytes()
    at = data.rindex(struct.pack("<HHI", 0x0112, 3, 1)) + 8
    edited = data[:at] + b"\x03" + data[at + 1 :]
    photo.write_bytes(edited)
    desk.index(photo)
    assert read_field(edited).mark == "broken"
    assert desk.record(photo).keywords == ("holiday",)

    assert kinds(desk.write(photo, "cat", to="both")) == ["unchanged", "unchanged"]
    desk.take_back(photo)

    assert items(photo) == ("holiday",)
    with Image.open(photo) as image:
        assert image.getexif()[0x0112] == 3


def test_our_tags_are_known_without_a_catalog(desk: Desk, photo: Path, tmp_path: Path) -> None:
    desk.write(photo, "cat", "dog", to="both")
    desk.scribe.release()
    (tmp_path / "other").mkdir()
    desk.root.rename(tmp_path / "other/photos")

    with Desk(tmp_path / "other") as other:
        moved = other.root / "cat.jpg"
        other.index(moved)
        assert other.record(moved).keywords == ("holiday",)
        assert kinds(other.write(moved, "dog", to="both")) == ["written", "written"]
        assert items(moved) == ("holiday", "dog")
        assert sidecar(moved).added == ("dog",)
        other.take_back(moved)
        assert moved.read_bytes() == PHOTO
        assert names_in(other.root) == ["cat.jpg"]


def test_a_row_that_knows_nothing_of_our_tags_does_not_make_them_the_users(
    desk: Desk, photo: Path
) -> None:
    desk.write(photo, "cat")
    row = replace(desk.files(photo)["exif"], items=(), state="refused", after=None, before=None)
    desk.catalog.tags.record(desk.record(photo).id, row)

    assert kinds(desk.write(photo, "cat")) == ["unchanged"]
    desk.take_back(photo)
    assert photo.read_bytes() == PHOTO


@pytest.mark.parametrize("with_sidecar", [True, False], ids=["with its sidecar", "alone"])
def test_a_photo_that_moved_is_still_ours(desk: Desk, photo: Path, with_sidecar: bool) -> None:
    desk.write(photo, "cat", to="both")
    moved = desk.root / "album/b.jpg"
    moved.parent.mkdir()
    if with_sidecar:
        beside(photo).rename(beside(moved))
    else:
        beside(photo).unlink()
    photo.rename(moved)
    desk.catalog.file_gone(desk.place.id, b"", b"cat.jpg")
    desk.index(moved)

    expected = ["unchanged", "unchanged" if with_sidecar else "written"]
    assert kinds(desk.write(moved, "cat", to="both")) == expected
    assert {t: f.items for t, f in desk.files(moved).items()} == {
        "exif": ("cat",), "sidecar": ("cat",),
    }  # fmt: skip
    assert desk.files(moved)["exif"].path == os.fsencode(moved)
    desk.take_back(moved)
    assert moved.read_bytes() == PHOTO
    assert names_in(moved.parent) == ["b.jpg"]


# Files that are not written


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, about broken files
@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("cat.png", CAT.read_bytes(), "only JPEG"),
        ("mpf.jpg", jpeg(JFIF, MPF), "MPF"),
        ("motion.jpg", jpeg(JFIF, trailer=b"ftypmp42"), "behind its picture"),
        ("broken.jpg", jpeg(JFIF, exif_segment(camera_block()[:60])), ""),
        ("full.jpg", jpeg(JFIF, exif_segment(camera_block().ljust(65_500, b"\0"))), ""),
    ],
)
def test_what_is_refused_keeps_every_byte_and_gets_a_sidecar(
    desk: Desk, name: str, data: bytes, reason: str
) -> None:
    path = desk.add(name, data)
    inode = path.stat().st_ino

    refused, written = desk.write(path, "cat", to="both")

    assert (refused.kind, written.kind) == ("refused", "written")
    assert reason in refused.reason
    assert (path.read_bytes(), path.stat().st_ino) == (data, inode)
    assert sidecar(path).added == ("cat",)
    row = desk.files(path)["exif"]
    assert (row.state, row.reason, row.items) == ("refused", refused.reason, ())
    desk.take_back(path)
    assert names_in(desk.root) == [name]


def expect_sidecar_only(desk: Desk, path: Path, reason: str) -> None:
    data, inode = path.read_bytes(), path.stat().st_ino
    refused, written = desk.write(path, "cat", to="both")
    assert (refused.kind, written.kind) == ("refused", "written"), refused
    assert reason in refused.reason
    assert (path.read_bytes(), path.stat().st_ino) == (data, inode)


def test_a_photo_with_several_hard_links(desk: Desk, photo: Path) -> None:
    os.link(photo, desk.root / "second.jpg")
    expect_sidecar_only(desk, photo, "2 hard links")
    assert (desk.root / "second.jpg").samefile(photo)


def test_a_photo_without_a_write_bit(desk: Desk, photo: Path) -> None:
    photo.chmod(0o444)
    expect_sidecar_only(desk, photo, "read-only")


def test_an_immutable_photo(desk: Desk, photo: Path) -> None:
    done = subprocess.run(["chattr", "+i", photo], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("no immutable files here")
    try:
        expect_sidecar_only(desk, photo, "immutable")
    finally:
        subprocess.run(["chattr", "-i", photo], check=True)


def test_a_symbolic_link_is_left_alone(desk: Desk, photo: Path) -> None:
    link = desk.root / "link.jpg"
    link.symlink_to(photo)
    desk.index(link)

    assert [r.reason for r in desk.write(link, "cat", to="both")] == ["it is a symbolic link"] * 2

    assert link.is_symlink()
    assert photo.read_bytes() == PHOTO


def test_a_photo_that_has_gone(desk: Desk, photo: Path) -> None:
    photo.unlink()
    assert kinds(desk.write(photo, "cat", to="both")) == ["gone", "gone"]
    assert (desk.files(photo), names_in(desk.root)) == ({}, [])


def as_nobody(work: Callable[[], None]) -> int:
    """Do something in a child without any rights; 0 if it came to its end."""

    def drop_rights_and_work() -> None:
        os.setgroups([])
        os.setgid(65_534)
        os.setuid(65_534)
        work()

    return in_child(drop_rights_and_work)


def draft(path: Path, *, target: str = "exif", tag: str = "cat") -> Draft:
    root = os.fsencode(path.parent)
    return Draft(1, os.fsencode(path), root, "JPEG", target, TagPlan((tag,), ((tag,),)))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody can get to, unlike pytest's."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@needs_root
@pytest.mark.parametrize("target", ["exif", "sidecar"])
def test_a_folder_without_write_permission(desk: Desk, open_folder: Path, target: str) -> None:
    path = open_folder / "cat.jpg"
    path.write_bytes(PHOTO)
    path.chmod(0o666)

    def work() -> None:
        answer = Scribe(desk.scribe.scribe._plan).handle(draft(path, target=target))
        assert isinstance(answer, Declined)
        assert (answer.reason, answer.for_now) == ("its folder is not writable", True)

    assert as_nobody(work) == 0
    assert names_in(open_folder) == ["cat.jpg"]


@needs_root
def test_an_owner_that_only_root_could_keep(desk: Desk, open_folder: Path) -> None:
    path = open_folder / "cat.jpg"
    path.write_bytes(PHOTO)
    path.chmod(0o666)
    open_folder.chmod(0o777)

    def work() -> None:
        scribe = Scribe(desk.scribe.scribe._plan)
        assert isinstance(scribe.handle(draft(path)), Drafted)
        answer = scribe.handle(Commit(1))
        assert isinstance(answer, Declined)
        assert (answer.reason, answer.for_now) == ("its owner cannot be kept", False)

    assert as_nobody(work) == 0
    assert (names_in(open_folder), path.read_bytes()) == (["cat.jpg"], PHOTO)


@needs_root
def test_owner_mode_and_access_control_list_are_kept(desk: Desk, photo: Path) -> None:
    entry = struct.Struct("<HHI")
    rights = [(0x01, 6, 0xFFFFFFFF), (0x02, 6, 4321), (0x04, 4, 0xFFFFFFFF)]
    rights += [(0x10, 6, 0xFFFFFFFF), (0x20, 0, 0xFFFFFFFF)]
    acl = struct.pack("<I", 2) + b"".join(entry.pack(*right) for right in rights)
    os.chown(photo, 1234, 1235)
    try:
        os.setxattr(photo, "system.posix_acl_access", acl)
    except OSError:
        pytest.skip("no access control lists here")
    os.setxattr(photo, "user.rating", b"5")
    old = photo.stat()

    assert kinds(desk.write(photo, "cat")) == ["written"]

    new = photo.stat()
    assert (new.st_uid, new.st_gid, new.st_mode) == (old.st_uid, old.st_gid, old.st_mode)
    assert new.st_mtime_ns == old.st_mtime_ns
    assert os.getxattr(photo, "system.posix_acl_access") == acl
    assert os.getxattr(photo, "user.rating") == b"5"


def test_a_disk_that_is_full(desk: Desk) -> None:
    with Mounts() as mounts:
        small = mounts.tmpfs(desk.root / "small", size="200k")
        data = jpeg(JFIF, picture=encoded(16)) + b"\x00" * 120_000
        path = desk.add("small/cat.jpg", data)

        (report,) = desk.write(path, "cat")

        assert (report.kind, report.for_now, report.reason) == (
            "refused", True, f"it cannot be replaced: {os.strerror(errno.ENOSPC)}",
        )  # fmt: skip
        assert (path.read_bytes(), names_in(small)) == (data, ["cat.jpg"])
        assert desk.intents() == []


# Files that somebody else is at work on


def test_a_photo_that_changes_before_the_rename_is_tried_again(
    desk: Desk, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save_over(_name: str, call: Callable[[], Any], _args: tuple[Any, ...]) -> Any:
        photo.write_bytes(jpeg(JFIF))
        return call()

    desk.scribe.at_commit = planted(monkeypatch, 1, save_over, "link")
    assert kinds(desk.write(photo, "cat")) == ["busy"]
    assert photo.read_bytes() == jpeg(JFIF)
    assert (desk.intents(), desk.files(photo), names_in(desk.root)) == ([], {}, ["cat.jpg"])

    desk.index(photo)
    assert kinds(desk.write(photo, "cat")) == ["written"]
    assert exif.restore(photo.read_bytes()) == jpeg(JFIF)


def test_the_tags_of_a_picture_are_not_written_into_another(desk: Desk, photo: Path) -> None:
    """It was replaced after its analysis; the next one brings its own tags."""
    other = jpeg(JFIF, picture=encoded(24))
    photo.write_bytes(other)

    reports = desk.write(photo, "cat", to="both")

    assert [report.reason for report in reports] == [
        "it changed since it was analysed; scan it again"
    ] * 2
    assert kinds(reports) == ["busy", "busy"]
    assert (photo.read_bytes(), names_in(desk.root)) == (other, ["cat.jpg"])
    desk.index(photo)
    assert kinds(desk.write(photo, "cup", to="both")) == ["written", "written"]
    photo.write_bytes(PHOTO)
    assert kinds(desk.take_back(photo)) == ["unchanged", "written"]


def test_an_edit_of_the_old_file_after_the_rename_comes_back(
    desk: Desk, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edit_late(_name: str, call: Callable[[], Any], _args: tuple[Any, ...]) -> None:
        with photo.open("ab") as file:
            call()
            file.write(b"\x00")

    desk.scribe.at_commit = planted(monkeypatch, 1, edit_late, "rename")
    (report,) = desk.write(photo, "cat")

    assert (report.kind, report.reason) == ("busy", "another program wrote into it meanwhile")
    assert photo.read_bytes() == PHOTO + b"\x00"
    assert (desk.intents(), desk.files(photo), names_in(desk.root)) == ([], {}, ["cat.jpg"])


def test_a_photo_that_is_open_for_writing_waits(desk: Desk, photo: Path) -> None:
    with photo.open("rb") as file:
        try:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except OSError:
            pytest.skip("no leases here")
    with photo.open("r+b"):
        (report,) = desk.write(photo, "cat")
        assert (report.kind, report.reason) == ("busy", "a program has it open for writing")
    assert kinds(desk.write(photo, "cat")) == ["written"]


def test_a_photo_that_came_a_moment_ago_waits_but_not_for_our_own_write(tmp_path: Path) -> None:
    with Desk(tmp_path, settle_seconds=3600.0) as desk:
        photo = desk.add("cat.jpg", PHOTO)
        (report,) = desk.write(photo, "cat")
        assert report.kind == "busy"
        assert 3500 < report.seconds <= 3600
        desk.scribe.scribe._plan = replace(desk.scribe.scribe._plan, settle_seconds=0.0)
        assert kinds(desk.write(photo, "cat")) == ["written"]
        desk.scribe.scribe._plan = replace(desk.scribe.scribe._plan, settle_seconds=3600.0)
        assert kinds(desk.write(photo, "dog")) == ["written"]


def test_the_second_program_does_not_write_below_the_same_root(desk: Desk, photo: Path) -> None:
    desk.write(photo, "cat")
    second = ScribeHere(desk.scribe.scribe._plan)
    order = replace(draft(photo, tag="dog"), root=os.fsencode(desk.root))

    second.send(order)
    second.send(Commit(1))

    drafted, declined = second.answers
    assert isinstance(drafted, Drafted)
    assert (declined.kind, declined.reason) == (
        "locked", "another program writes tags in this library",
    )  # fmt: skip
    desk.scribe.release()
    second.answers.clear()
    second.send(order)
    second.send(Commit(1))
    second.release()
    assert items(photo) == ("holiday", "dog")


def test_a_folder_that_cannot_be_synced_does_not_make_the_ledger_wrong(
    desk: Desk, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The photo is replaced by then."""
    desk.scribe.at_commit = planted(monkeypatch, 2, fail(errno.EIO), "fsync")

    assert kinds(desk.write(photo, "cat")) == ["written"]

    assert items(photo) == ("holiday", "cat")
    assert is_settled(desk, photo)


# Sidecars


def test_another_programs_sidecar_is_not_touched(desk: Desk, photo: Path) -> None:
    beside(photo).write_bytes(DARKTABLE)

    (report,) = desk.write(photo, "cat", to="sidecar")

    assert report.kind == "refused"
    assert "merge_sidecars" in report.reason
    assert beside(photo).read_bytes() == DARKTABLE
    desk.take_back(photo)
    assert beside(photo).read_bytes() == DARKTABLE


@pytest.fixture
def merging(tmp_path: Path) -> Iterator[Desk]:
    with Desk(tmp_path, merge_sidecars=True) as made:
        beside(made.add("cat.jpg", PHOTO)).write_bytes(DARKTABLE)
        yield made


def test_another_programs_sidecar_is_given_back_to_the_byte(merging: Desk) -> None:
    photo = merging.root / "cat.jpg"
    for tags in (("cat", "dog"), ("hen",)):
        assert kinds(merging.write(photo, *tags, to="sidecar")) == ["written"]
        assert sidecar(photo).added == tags
    assert kinds(merging.write(photo, "hen", to="sidecar")) == ["unchanged"]

    for _ in range(2):
        merging.take_back(photo)
        assert beside(photo).read_bytes() == DARKTABLE

    merging.scribe.scribe._plan = replace(merging.scribe.scribe._plan, merge_sidecars=False)
    assert kinds(merging.write(photo, "cat", to="sidecar")) == ["refused"]
    assert beside(photo).read_bytes() == DARKTABLE


@needs_exiftool
def test_what_another_program_adds_to_a_merged_sidecar_later_stays(merging: Desk) -> None:
    photo = merging.root / "cat.jpg"
    theirs = tags_of(DARKTABLE)
    merging.write(photo, "cat", "dog", to="sidecar")
    edit(beside(photo), "-XMP-dc:Subject+=later")

    merging.write(photo, "hen", to="sidecar")
    assert set(sidecar(photo).subjects) >= {"later", "hen"}
    merging.take_back(photo)

    subjects = sidecar(photo).subjects
    assert "later" in subjects
    assert not {"cat", "dog", "hen"} & {*subjects}
    left = tags_of(beside(photo).read_bytes())
    # exiftool drops an empty list and names itself.
    gone = ("Subject", "XMPToolkit", "Masks_history")
    other = {name: value for name, value in theirs.items() if not name.endswith(gone)}
    assert {name: left.get(name) for name in other} == other


@needs_exiftool
def test_a_keyword_that_somebody_adds_to_a_sidecar_of_ours_stays(desk: Desk, photo: Path) -> None:
    desk.write(photo, "cat", to="sidecar")
    edit(beside(photo), "-XMP-dc:Subject+=later")

    (report,) = desk.write(photo, "dog", to="sidecar")
    assert report.kind == "refused"  # it is another program's now
    desk.take_back(photo)

    assert "later" in sidecar(photo).subjects
    assert "cat" not in sidecar(photo).subjects


@needs_exiftool
def test_a_tag_that_is_taken_out_of_a_merged_sidecar_stays_out(merging: Desk) -> None:
    photo = merging.root / "cat.jpg"
    merging.write(photo, "cat", "dog", to="sidecar")
    edit(beside(photo), "-XMP-dc:Subject-=cat")

    (report,) = merging.write(photo, "cat", "dog", to="sidecar")

    assert report.removed == ("cat",)
    assert "cat" not in sidecar(photo).subjects
    assert "dog" in sidecar(photo).subjects


def test_a_sidecar_that_its_owner_deleted_stays_deleted(desk: Desk, photo: Path) -> None:
    desk.write(photo, "cat", to="sidecar")
    beside(photo).unlink()

    for _ in range(2):
        assert kinds(desk.write(photo, "cat", to="sidecar")) == ["unchanged"]
        assert names_in(desk.root) == ["cat.jpg"]
    desk.write(photo, "cat", to="sidecar", again=True)
    assert sidecar(photo).added == ("cat",)


def test_a_sidecar_that_comes_between_draft_and_write_wins(
    desk: Desk, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make_one(_name: str, call: Callable[[], Any], _args: tuple[Any, ...]) -> Any:
        beside(photo).write_bytes(DARKTABLE)
        return call()

    desk.scribe.at_commit = planted(monkeypatch, 1, make_one, "link")
    assert kinds(desk.write(photo, "cat", to="sidecar")) == ["busy"]

    assert beside(photo).read_bytes() == DARKTABLE
    assert names_in(desk.root) == ["cat.jpg", "cat.jpg.xmp"]


@needs_exiftool
@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_are_told_in_the_stored_pixels(desk: Desk, orientation: int) -> None:
    """The judge is the picture itself: where the file stores the red rectangle."""
    upright = Image.new("RGB", (320, 240), "white")
    upright.paste("red", (32, 48, 176, 128))
    box = Box(32 / 320, 48 / 240, 176 / 320, 128 / 240)
    photo = desk.add("cat.jpg", jpeg_bytes(upright, orientation=orientation, quality=100))
    desk.write(photo, "cat", to="sidecar", boxes=[NamedBox("cat", 0.9, box)])

    with Image.open(photo) as image:
        stored = np.asarray(image.convert("RGB")).astype(int)
    ys, xs = np.nonzero(stored[:, :, 1] < 128)
    height, width = stored.shape[:2]
    (region,) = tags_of(beside(photo).read_bytes())["XMP-iptcExt:ImageRegion"]
    found = {name: float(region["RegionBoundary"][f"Rb{name}"]) for name in "XYWH"}
    assert region["Name"] == "cat"
    assert abs(found["X"] * width - xs.min()) < 1
    assert abs(found["Y"] * height - ys.min()) < 1
    assert abs((found["X"] + found["W"]) * width - (xs.max() + 1)) < 1
    assert abs((found["Y"] + found["H"]) * height - (ys.max() + 1)) < 1


@needs_exiftool
def test_exiftool_reads_our_tags_and_nothing_else_new_in_a_real_photo(desk: Desk) -> None:
    data = ROCKET.read_bytes()
    photo = desk.add("rocket.jpg", data)
    before = tags_of(data)

    desk.write(photo, "rocket", "Straße 7", to="both")

    after = tags_of(photo.read_bytes())
    assert after["IFD0:XPKeywords"] == "rocket;Straße 7"
    assert {name: value for name, value in after.items() if name in before} == before
    assert tags_of(beside(photo).read_bytes())["XMP-dc:Subject"] == ["rocket", "Straße 7"]
    desk.take_back(photo)
    assert photo.read_bytes() == data


@needs_exiftool
def test_with_exiftool_as_second_judge_the_photo_is_written(tmp_path: Path) -> None:
    with Desk(tmp_path, use_exiftool=True) as desk:
        photo = desk.add("cat.jpg", jpeg(JFIF, exif_segment(camera_block("<")), XMP, ICC))
        assert kinds(desk.write(photo, "cat")) == ["written"]


def test_a_name_that_is_no_text_is_written_and_known(desk: Desk) -> None:
    photo = desk.root / os.fsdecode(b"\xff\xfe cat.jpg")
    photo.write_bytes(PHOTO)
    desk.index(photo)

    assert kinds(desk.write(photo, "cat", to="both")) == ["written", "written"]

    assert desk.files(photo)["sidecar"].path == os.fsencode(photo) + b".xmp"
