"""A folder of photos, indexed and asked by the installed program."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from photo_files import ASTRONAUT, CAT, COFFEE, MOTORCYCLE, REAL_PHOTOS, jpeg_bytes, open_rgb
from PIL import Image
from program import BIN, Program, wait_until

TUTORIAL = Path(__file__).parents[3] / "shared" / "photos"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for source in REAL_PHOTOS:
        (folder / source.name).write_bytes(source.read_bytes())
    return folder


def overlap(one: list[float], other: list[float]) -> float:
    """Return the intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    both = max(width, 0) * max(height, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return both / (sum(areas) - both)


def test_real_photos_get_true_names_and_can_be_found(program: Program, photos: Path) -> None:
    done = program.run("scan", photos)
    assert done.returncode == 0, done.stderr
    assert "5 new" in done.stdout
    assert str(program.catalog) in done.stdout

    assert program.search("cat") == [str(photos / CAT.name)]
    assert program.search("cup espresso") == [str(photos / COFFEE.name)]
    assert program.search("motorcycle OR cat -espresso") != []
    assert str(photos / ASTRONAUT.name) in program.search("person@0.5>=1")
    assert program.search("motorcycle") == [str(photos / MOTORCYCLE.name)]
    assert program.search("cat motorcycle") == []
    assert program.run("search", "zebra").returncode == 1


def test_the_json_of_a_photo_has_the_documented_shape(program: Program, photos: Path) -> None:
    program.run("scan", photos)
    (found,) = program.json("search", "cat")
    shown = program.json("show", photos / CAT.name)

    assert found == shown
    assert found["path"] == str(photos / CAT.name)
    assert (found["width"], found["height"], found["format"]) == (451, 300, "PNG")
    assert found["state"] == "done"
    for entry in found["detections"]:
        assert set(entry) == {"name", "confidence", "box", "model"}
        assert 0 < entry["confidence"] <= 1
        assert entry["model"] in found["models"]
    for entry in found["tags"]:
        assert set(entry) == {"name", "confidence", "kind", "shown"}
        assert 0 < entry["confidence"] <= 1
        assert entry["kind"] in ("object", "label", "parent")
    cat = next(entry for entry in found["detections"] if entry["name"] == "cat")
    left, top, right, bottom = cat["box"]
    assert 0 <= left < right <= 1
    assert 0 <= top < bottom <= 1
    assert right - left > 0.6  # the cat fills most of the picture


def test_csv_and_null_carry_the_same_photos(program: Program, photos: Path) -> None:
    program.run("scan", photos)
    rows = list(csv.DictReader(io.StringIO(program.run("search", "cat", "--csv").stdout)))
    paths = program.run("search", "cat OR cup", "-0").stdout

    assert {row["path"] for row in rows} == {str(photos / CAT.name)}
    assert "cat" in {row["name"] for row in rows if row["kind"] == "detection"}
    assert sorted(paths.split("\0")) == ["", str(photos / CAT.name), str(photos / COFFEE.name)]


def test_a_second_scan_looks_at_nothing_and_photos_are_never_written(
    program: Program, photos: Path
) -> None:
    before = {file: hashlib.sha256(file.read_bytes()).digest() for file in photos.iterdir()}
    program.run("scan", photos)
    first = program.json("show", photos / CAT.name)

    again = program.run("scan", photos)

    assert "0 new, 0 changed, 0 moved, 5 unchanged" in again.stdout
    assert "0 named" in again.stdout
    assert program.json("show", photos / CAT.name) == first
    assert {file: hashlib.sha256(file.read_bytes()).digest() for file in photos.iterdir()} == before


def test_copies_and_moves_are_known_pictures(program: Program, photos: Path) -> None:
    program.run("scan", photos)
    (photos / "copy.png").write_bytes(CAT.read_bytes())
    (photos / CAT.name).rename(photos / "moved.png")

    done = program.run("scan", photos)

    assert "1 new, 0 changed, 1 moved" in done.stdout
    assert "1 named (1 of them known pictures)" in done.stdout
    assert sorted(program.search("cat")) == [str(photos / "copy.png"), str(photos / "moved.png")]


@pytest.mark.parametrize("name", ["cat.jpg"])
def test_all_eight_orientations_give_the_same_boxes(
    program: Program, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "turned"
    folder.mkdir()
    for orientation in range(1, 9):
        data = jpeg_bytes(open_rgb(CAT), orientation=orientation, quality=95)
        (folder / f"{orientation}-{name}").write_bytes(data)
    program.run("scan", folder)

    found = {photo["path"][-9]: photo for photo in program.json("search", "cat")}

    assert sorted(found) == list("12345678")
    boxes = {
        key: next(d["box"] for d in photo["detections"] if d["name"] == "cat")
        for key, photo in found.items()
    }
    assert all(overlap(boxes["1"], box) > 0.97 for box in boxes.values())
    assert {(p["width"], p["height"]) for p in found.values()} == {(451, 300)}


def test_every_file_of_a_mixed_folder_is_accounted_for(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    good, bad, unsupported, others = fill_mixed_folder(folder)

    done = program.run("scan", folder)

    assert done.returncode == 1  # some failed
    assert f"{len(good) + len(bad) + len(unsupported)} photos found" in done.stdout
    assert f"{len(good)} named" in done.stdout
    assert f"{len(bad)} failed, {len(unsupported)} not supported" in done.stdout
    assert f"{len(others)} other files left alone" in done.stdout
    for path in bad:
        shown = program.json("show", path)
        assert shown["state"] == "failed"
        assert shown["error"]
        assert shown["attempts"] == 1
    for path in unsupported:
        assert "no RAW file that LibRaw" in program.json("show", path)["error"]
    for path in good[:: len(good) // 12]:
        assert program.json("show", path)["state"] == "done"
    stats = program.json("stats")
    assert stats["photos"]["done"] == len(good)


def fill_mixed_folder(folder: Path) -> tuple[list[bytes], list[bytes], list[bytes], list[bytes]]:
    """Make about 500 files: real photos under odd names, broken ones, and what is no photo."""
    base = os.fsencode(folder)
    folders = [
        b"",
        b"2023/summer holiday",
        "ünïcode/😀 party".encode(),
        b"bytes \xff\xfe",
        b"-dash",
    ]
    pictures = [jpeg_bytes(open_rgb(source), quality=q) for source in REAL_PHOTOS for q in (70, 88)]
    pictures += [source.read_bytes() for source in REAL_PHOTOS]
    good = [
        os.path.join(base, folders[n % 5], b"photo %d \xe9'\"\n.JPG" % n if n % 9 == 0 else
                     b"photo %d.jpg" % n)
        for n in range(420)
    ]  # fmt: skip
    broken = [b"", b"no picture", pictures[0][:5000], pictures[0][:100], bytes(4000)]
    bad = [os.path.join(base, folders[n % 5], b"broken %d.jpg" % n) for n in range(40)]
    bad += [os.path.join(base, b"phone %d.heic" % n) for n in range(10)]
    # A TIFF under the name of a RAW photo is for LibRaw to read, which does not know it.
    unsupported = [os.path.join(base, b"raw %d.NEF" % n) for n in range(10)]
    others = [os.path.join(base, b"notes %d.txt" % n) for n in range(20)]
    for name in folders:
        os.makedirs(os.path.join(base, name))
    for n, path in enumerate(good):
        Path(os.fsdecode(path)).write_bytes(pictures[n % len(pictures)])
    for path in unsupported:
        Image.new("RGB", (64, 64)).save(os.fsdecode(path), "TIFF")
    for n, path in enumerate((*bad, *others)):
        Path(os.fsdecode(path)).write_bytes(broken[n % 5])
    return good, bad, unsupported, others


def test_ctrl_c_stops_a_scan_and_the_next_one_goes_on(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for n in range(60):
        (folder / f"{n}.jpg").write_bytes(jpeg_bytes(open_rgb(CAT), quality=30 + n))
    program.run("scan", tmp_path / "home")  # prepares the models, so that the scan starts at once
    process = subprocess.Popen(
        [BIN / "phototag", "scan", folder],
        env=program.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with process:
        wait_until(lambda: program.json("stats")["photos"].get("done", 0) > 3, what="first photos")
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[0]

    assert process.returncode == 130, said
    done = program.json("stats")["photos"]["done"]
    assert 3 < done < 60
    assert "Traceback" not in said.decode()
    again = program.run("scan", folder)
    assert f"{60 - done} named" in again.stdout
    assert len(program.search("cat")) == 60


def test_search_loads_neither_opencv_nor_an_engine_nor_sqlalchemy(
    program: Program, photos: Path
) -> None:
    program.run("scan", photos)
    code = (
        "import sys; from phototagd.daemon.cli import main\n"
        "heavy = {'cv2', 'openvino', 'numpy', 'sqlalchemy', 'PIL', 'lark', 'logging'}\n"
        "try: main(['search', 'cat'])\n"
        "finally: print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=program.environ,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines() == [str(photos / CAT.name), "[]"]


def test_boxes_are_drawn_into_a_copy(program: Program, photos: Path, tmp_path: Path) -> None:
    program.run("scan", photos)
    out = tmp_path / "boxes.png"

    done = program.run("show", photos / CAT.name, "--image", out)

    assert done.returncode == 0, done.stderr
    drawn, original = open_rgb(out), open_rgb(CAT)
    assert drawn.size == original.size
    assert drawn.tobytes() != original.tobytes()
    refused = program.run("show", photos / CAT.name, "--image", photos / CAT.name)
    assert refused.returncode == 2
    assert (photos / CAT.name).read_bytes() == CAT.read_bytes()


def test_nothing_is_written_over_a_photo(program: Program, photos: Path) -> None:
    program.run("scan", photos)
    photo = photos / CAT.name
    before = {path: path.read_bytes() for path in photos.iterdir() if path.is_file()}
    other = next(path for path in before if path != photo)

    for arguments in (
        ("show", photo, "--image", other),
        ("search", "cat", "--sheet", photo),
        ("export", "--csv", photo),
        ("db", "backup", photo),
        ("db", "backup", program.catalog),
    ):
        assert program.run(*arguments).returncode == 2, arguments

    assert {path: path.read_bytes() for path in photos.iterdir() if path.is_file()} == before


def test_a_backup_takes_the_place_of_an_earlier_one(program: Program, photos: Path) -> None:
    program.run("scan", photos)
    target = program.home / "mine.db"

    assert [program.run("db", "backup", target).returncode for _ in range(2)] == [0, 0]
    refused = program.run("db", "backup", program.home / "no" / "mine.db")
    assert f"{program.home / 'no'} is not a folder" in refused.stderr


def test_a_backup_does_not_take_the_place_of_another_programs_database(
    program: Program, photos: Path
) -> None:
    program.run("scan", photos)
    foreign = program.home / "albums.db"
    with closing(sqlite3.connect(foreign)) as connection:
        connection.execute("CREATE TABLE albums (name)")
    before = foreign.read_bytes()

    assert program.run("db", "backup", foreign).returncode == 2
    assert foreign.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["search", "cat"], "there is no catalog yet"),
        (["search", "(cat"], "there is no catalog yet"),
        (["scan", "/no/such/folder"], "/no/such/folder is not a folder"),
        (["watch", "/no/such/folder"], "/no/such/folder is not a folder"),
        (["serch"], "Did you mean 'search'"),
        (["--config", "/no/such/file.toml", "stats"], "/no/such/file.toml: there is no such file"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line_and_status_2(
    program: Program, arguments: list[str], text: str
) -> None:
    done = program.run(*arguments)

    assert done.returncode == 2
    assert text in done.stderr
    assert "Traceback" not in done.stderr
    assert not program.catalog.exists()


def test_questions_that_cannot_be_understood_point_at_the_place(
    program: Program, photos: Path
) -> None:
    program.run("scan", photos)

    unknown = program.run("search", "cat dgo")
    broken = program.run("search", "cat (dog")

    assert unknown.returncode == broken.returncode == 2
    assert "    cat dgo\n        ^" in unknown.stderr
    assert "dog" in unknown.stderr
    assert "    cat (dog\n        ^" in broken.stderr


def test_the_tutorials_photos_are_named_as_its_author_saw_them(program: Program) -> None:
    if not TUTORIAL.is_dir():
        pytest.skip("the tutorial's photos are not beside this checkout")
    # Only the named files: other collections may lie below.
    folder = program.home / "tutorial"
    folder.mkdir()
    for file in TUTORIAL.glob("*.jp*g"):
        (folder / file.name).write_bytes(file.read_bytes())
    program.run("scan", folder)
    names = {
        Path(photo["path"]).name: photo
        for photo in program.json("search", "banana OR dog OR car OR dining_table")
    }

    def said(name: str, kind: str) -> list[str]:
        return [entry["name"] for entry in names[name][kind]]

    assert "banana" in said("banana.jpg", "tags")
    assert "dog" in said("husky.jpg", "detections")
    assert {"Siberian Husky", "animal"} <= set(said("husky.jpg", "tags"))
    assert [Path(photo["path"]).name for photo in program.json("search", "animal")] == ["husky.jpg"]
    assert said("cars.jpeg", "detections").count("car") >= 3
    table = said("dishes.jpg", "detections")
    assert "dining table" in table
    assert len(set(table) & {"fork", "knife", "spoon", "bowl", "cup", "wine glass", "bottle"}) >= 2
