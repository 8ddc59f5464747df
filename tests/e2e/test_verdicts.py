"""The owner's word from the command line: it holds, whatever happens to files, rules and models."""

from __future__ import annotations

import os
import re
import subprocess
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from exiftool import tags_of
from photo_files import ASTRONAUT, CAT, COFFEE, jpeg_bytes, open_rgb
from program import BIN, Program, wait_until

if TYPE_CHECKING:
    from pathlib import Path

DETECTOR = "ssd-mobilenet-v2-coco"


@pytest.fixture
def photos(program: Program) -> Path:
    """A scanned folder of three photos that nobody has written to."""
    folder = program.home / "photos"
    folder.mkdir()
    for source in (CAT, COFFEE, ASTRONAUT):
        data = jpeg_bytes(open_rgb(source), quality=95)
        (folder / source.with_suffix(".jpg").name).write_bytes(data)
    done = program.run("scan", folder)
    assert done.returncode == 0, done.stderr
    return folder


def keywords(path: Path) -> set[str]:
    """Return the words that other programs see in a file."""
    found = tags_of(path.read_bytes())
    words = next((value for name, value in found.items() if name.endswith("XPKeywords")), "")
    return set(words.split(";"))


def answer(program: Program, keys: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a verb that asks, with a letter a question on its standard input."""
    return subprocess.run(
        [BIN / "phototag", *arguments],
        env=program.environ,
        input="\n".join(keys),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def digest(program: Program, path: Path) -> str:
    """Return which detector has looked at a photo."""
    models = program.json("why", path)["models"]
    return next(model["digest"] for model in models if model["name"] == DETECTOR)


def bring_another_detector(program: Program) -> None:
    """Bring the detector in a version whose results have another identity."""
    text = (files("phototagd.models") / "manifests" / f"{DETECTOR}.toml").read_text("utf-8")
    changed = re.sub(r"(?m)^floor = .*$", "floor = 0.11", text)
    assert changed != text
    manifest = program.home / f"{DETECTOR}.toml"
    manifest.write_text(changed, encoding="utf-8")
    done = program.run("models", "add", manifest, "--replace")
    assert done.returncode == 0, done.stderr


def test_a_rejected_tag_stays_away_through_move_edit_rules_and_models(
    program: Program, photos: Path
) -> None:
    program.environ |= {"PHOTOTAG_TAGS_WRITE": "exif", "PHOTOTAG_TAGS_MIN_CONFIDENCE": "0.2"}
    coffee, copy = photos / "coffee.jpg", photos / "copy.jpg"
    copy.write_bytes(coffee.read_bytes())
    assert program.run("write", photos).returncode == 0
    assert sorted(program.search("table")) == [str(coffee), str(copy)]
    assert {"cup", "dining table"} <= keywords(coffee)

    done = program.run("reject", coffee, "Dining_Tables")
    assert done.returncode == 0, done.stderr
    program.run("scan", photos)  # the daemon would do it: files that carry our tags follow

    assert program.search("table") == program.search("dining_table") == []
    assert "cup" in keywords(coffee)
    assert keywords(coffee).isdisjoint({"dining table", "table", "furniture"})
    assert "dining table" not in keywords(copy)

    (photos / "2024").mkdir()
    moved = photos / "2024" / "breakfast.jpg"
    moved.write_bytes(coffee.read_bytes())
    coffee.unlink()
    copy.unlink()
    subprocess.run(["exiftool", "-q", "-overwrite_original", "-Artist=Somebody", moved], check=True)
    program.environ["PHOTOTAG_RECOGNITION_TAGS"] = "many"
    before = digest(program, photos / "chelsea.jpg")
    bring_another_detector(program)
    with program.watch(photos):
        wait_until(lambda: is_by_another(program, moved, before), 120, "the new model's results")
        wait_until(lambda: program.status()["tags"]["waiting"] == 0, what="the tags are written")

    assert program.search("table") == program.search("dining_table") == []
    assert program.search("espresso") == [str(moved)]
    assert "cup" in keywords(moved)
    assert keywords(moved).isdisjoint({"dining table", "table", "furniture"})
    (why,) = (tag for tag in program.json("why", moved, "dining table")["tags"]
              if tag["name"] == "dining table")  # fmt: skip
    assert not why["is_believed"]
    assert why["verdict"]["kind"] == "reject"
    assert why["evidence"][0]["confidence"] > 0.3
    assert why["evidence"][0]["digest"] != before

    assert program.run("reject", "--undo", moved, "dining table").returncode == 0
    assert program.search("tables") == [str(moved)]


def is_by_another(program: Program, path: Path, before: str) -> bool:
    """Tell whether a photo is in the catalog with another detector's results."""
    done = program.run("why", path, "--json")
    return done.returncode == 0 and digest(program, path) != before


def test_an_added_name_is_found_by_all_above_it_and_written(program: Program, photos: Path) -> None:
    program.environ["PHOTOTAG_TAGS_WRITE"] = "exif"
    portrait = photos / "astronaut.jpg"

    assert program.run("add", portrait, "siberian_husky").returncode == 0
    assert program.run("add", portrait, "Eileen").returncode == 0
    program.run("scan", photos)

    assert program.search("dog") == program.search("eileen") == [str(portrait)]
    assert str(portrait) in program.search("animals")
    assert {"Siberian Husky", "Eileen"} <= keywords(portrait)
    assert program.run("add", "--undo", portrait, "Eileen").returncode == 0
    assert program.search("eileen") == []


def test_a_name_that_is_not_there_cannot_be_confirmed(program: Program, photos: Path) -> None:
    cat = photos / "chelsea.jpg"

    assert program.run("confirm", cat, "cat").returncode == 0
    refused = program.run("confirm", cat, "banana")
    unknown = program.run("confirm", cat, "bananna")
    stranger = program.run("confirm", photos / "none.jpg", "cat")

    assert refused.returncode == 1
    assert "phototag add" in refused.stderr
    assert unknown.returncode == 2
    assert "did you mean banana" in unknown.stderr
    assert stranger.returncode == 1
    assert "is not there" in stranger.stderr
    assert program.run("confirm", "--undo", cat, "cat").returncode == 0
    assert program.run("confirm", "--undo", cat, "cat").returncode == 1


def test_why_shows_each_models_word_and_why_a_name_is_not_there(
    program: Program, photos: Path
) -> None:
    cat = photos / "chelsea.jpg"
    tags = {tag["name"]: tag for tag in program.json("why", cat)["tags"]}

    assert tags["cat"]["is_believed"]
    assert tags["cat"]["parents"] == ["animal", "mammal", "feline"]
    sources = {(one["model"], one["source"]) for one in tags["cat"]["evidence"]}
    assert (DETECTOR, "detection") in sources
    assert any(source == "label" for _, source in sources)
    detection = tags["cat"]["evidence"][0]
    assert len(detection["digest"]) == 64
    left, top, right, bottom = detection["box"]
    assert 0 <= left < right <= 1
    assert 0 <= top < bottom <= 1

    asked = program.run("why", cat, "zebra")
    assert asked.returncode == 1
    assert "nothing speaks for zebra" in asked.stdout
    lynx = program.json("why", cat, "lynx")["tags"]
    assert [tag["is_believed"] for tag in lynx] == [False]
    assert "threshold" in lynx[0]["not_because"] or "crop" in lynx[0]["not_because"]
    printed = program.run("why", cat).stdout
    assert DETECTOR in printed
    assert "animal" in printed


def test_changed_settings_change_the_tags_without_the_models(
    program: Program, photos: Path
) -> None:
    cat = photos / "chelsea.jpg"
    before = program.json("show", cat)
    assert program.search("cat") == [str(cat)]
    program.environ["PHOTOTAG_RECOGNITION_DENY"] = "cat"
    assert not program.json("why", cat)["is_up_to_date"]

    done = program.run("refresh")

    assert "3 photos read again" in done.stdout
    assert program.run("search", "cat").stdout == ""
    assert program.json("show", cat)["analyzed_at"] == before["analyzed_at"]
    assert program.json("why", cat)["is_up_to_date"]
    assert "0 photos read again" in program.run("refresh").stdout
    del program.environ["PHOTOTAG_RECOGNITION_DENY"]
    assert "1 photo read again" in program.run("refresh", cat).stdout
    assert program.search("cat") == [str(cat)]


def test_a_review_asks_about_the_uncertain_ones_with_a_way_back(
    program: Program, photos: Path
) -> None:
    done = answer(program, "nuys?q", "review")

    assert done.returncode == 0, done.stderr
    assert "1 right, 0 wrong, 1 skipped" in done.stdout
    asked = re.findall(r"    (.+)\? \((\d\.\d\d), needs (\d\.\d\d)\)", done.stdout)
    margins = [float(sure) - float(least) for _, sure, least in asked]
    assert asked[0] == asked[2]  # taken back, asked again
    assert margins[2:] == sorted(margins[2:])
    first = asked[0][0]
    judged = {one["name"]: one for one in program.json("calibrate")}
    assert judged[first]["right"] == 1
    assert judged[first]["wrong"] == 0
    again = answer(program, "q", "review")
    assert f" {first}? ({asked[0][1]}" not in again.stdout

    only = answer(program, "sssssssssssssss", "review", "cat")
    assert str(photos / "coffee.jpg") not in only.stdout
    assert program.run("review", "catt").returncode == 2


def test_the_picture_in_question_is_opened_where_there_is_a_desktop(
    program: Program, photos: Path
) -> None:
    viewer, seen = program.home / "bin" / "xdg-open", program.home / "seen"
    viewer.parent.mkdir()
    viewer.write_text(f'#!/bin/sh\nprintf "%s" "$1" > "{seen}.new"; mv "{seen}.new" "{seen}"\n')
    viewer.chmod(0o755)
    program.environ |= {"PATH": f"{viewer.parent}{os.pathsep}{program.environ['PATH']}"}
    program.environ |= {"DISPLAY": ":9"}

    done = answer(program, "oq", "review", "cat")

    assert "opened with xdg-open" in done.stdout
    wait_until(seen.exists, what="the viewer was started")
    assert seen.read_text() == str(photos / "chelsea.jpg")


def test_thresholds_from_verdicts_are_written_into_the_settings(
    program: Program, photos: Path
) -> None:
    folder = photos / "many"
    folder.mkdir()
    for n in range(12):
        data = jpeg_bytes(open_rgb(COFFEE).crop((0, 0, 600 - 8 * n, 400)), quality=95)
        (folder / f"{n}.jpg").write_bytes(data)
    program.run("scan", photos)
    tables = program.json("search", "dining_table")
    assert len(tables) >= 12
    sure = {photo["path"]: confidence(photo, "dining table") for photo in tables}
    ranked = sorted(sure, key=lambda path: sure[path])
    assert program.run("reject", *ranked[:4], "dining table").returncode == 0
    assert program.run("confirm", *ranked[4:], "dining table").returncode == 0

    done = program.run("calibrate", "--precision", "0.9", "--write")
    (found,) = (one for one in program.json("calibrate") if one["name"] == "dining table")

    assert done.returncode == 0, done.stderr
    assert (found["right"], found["wrong"]) == (len(tables) - 4, 0)  # at the new threshold
    assert sure[ranked[3]] < found["threshold"] <= sure[ranked[4]]
    settings = (program.home / "config" / "phototagd" / "config.toml").read_text("utf-8")
    assert '"dining table" = 0.' in settings


def add_strict_detector(program: Program) -> None:
    """Make a detector known that believes only in what is very sure."""
    text = (files("phototagd.models") / "manifests" / f"{DETECTOR}.toml").read_text("utf-8")
    for key, value in (("name", '"strict"'), ("few", 0.97), ("normal", 0.9), ("many", 0.9)):
        text = re.sub(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
    manifest = program.home / "strict.toml"
    manifest.write_text(text, encoding="utf-8")
    done = program.run("models", "add", manifest)
    assert done.returncode == 0, done.stderr


def test_other_models_are_tried_switched_to_and_taken_back(program: Program, photos: Path) -> None:
    coffee, settings = photos / "coffee.jpg", program.home / "config" / "phototagd" / "config.toml"
    add_strict_detector(program)
    before = program.json("show", coffee)

    tried = program.run("retag", "--model", "strict", "--dry-run", "--sample", "3")
    assert tried.returncode == 0, tried.stderr
    assert re.search(rf"dining table +-1 +-{re.escape(str(coffee))}", tried.stdout)
    assert program.json("show", coffee) == before

    part = program.run("retag", "--model", "strict", "cup")
    assert "1 photo read, 1 of them looked at again, 0 left out" in part.stdout
    assert program.search("dining_table") == [str(coffee)]
    program.run("reject", coffee, "espresso")  # after its new reading was made

    done = program.run("retag", "--model", "strict")
    assert "2 photos read, 2 of them looked at again, 0 left out" in done.stdout, done.stderr
    assert re.search("(?m)^switched to .*: 3 photos$", done.stdout)
    assert program.search("dining_table") == program.search("espresso") == []
    assert program.search("cup") == [str(coffee)]
    assert 'detectors = ["strict"]' in settings.read_text("utf-8")
    assert "0 named" in program.run("scan", photos).stdout

    back = program.run("retag", "--rollback")
    assert back.returncode == 0, back.stderr
    assert program.search("dining_table") == [str(coffee)]
    assert program.search("espresso") == []
    assert f'detectors = ["{DETECTOR}"]' in settings.read_text("utf-8")
    again = program.run("retag", "--model", "strict")
    assert "0 of them looked at again" in again.stdout
    assert program.run("prune", "--yes").returncode == 0
    assert program.run("retag", "--rollback").returncode == 1
    assert program.search("dining_table") == []


def confidence(photo: dict[str, Any], name: str) -> float:
    """Return how sure a photo's tag is."""
    tags = program_tags(photo)
    return next(float(tag["confidence"]) for tag in tags if tag["name"] == name)


def program_tags(photo: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a photo's tags as JSON shows them."""
    tags: list[dict[str, Any]] = photo["tags"]
    return tags
