"""Converted models are kept, made anew when damaged, and done without when they cannot be kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from phototagd.models.analyzer import load_analyzer
from phototagd.models.cache import PART, PART_SECONDS, SEAL, UNUSED_SECONDS, ConversionCache
from phototagd.models.settings import ModelSettings

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("openvino", reason="OpenVINO has no wheel for this machine")


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A cache that holds the classifier, which converts quickly."""
    directory = tmp_path_factory.mktemp("filled")
    load_classifier(directory)
    return directory


def load_classifier(directory, report=print):
    settings = ModelSettings(detectors=(), precision="f32", threads=2, cache_directory=directory)
    return load_analyzer(settings, report)


def entry(directory, stage):
    (found,) = (directory / "converted").glob(f"*-{stage}-*")
    return found


def test_the_first_start_says_that_it_takes_seconds_and_the_second_is_quick(
    openvino, settings, reports
):
    assert openvino
    assert [sentence for sentence in reports if "some seconds, once" in sentence] == reports
    assert len(reports) == 1
    again = []
    load_analyzer(settings, again.append).self_test()
    assert again == []


def test_a_kept_model_is_not_written_again(filled):
    before = {path: path.stat().st_mtime_ns for path in filled.rglob("*") if path.is_file()}
    load_classifier(filled)
    after = {path: path.stat().st_mtime_ns for path in filled.rglob("*") if path.is_file()}
    assert before.keys() == after.keys()
    assert all(after[path] == before[path] for path in before if "converted" in path.parts)


def truncate(folder):
    for path in folder.iterdir():
        if path.name != SEAL:
            os.truncate(path, path.stat().st_size // 2)


def scramble(folder):
    for path in folder.iterdir():
        if path.name != SEAL:
            with path.open("r+b") as stream:
                stream.seek(path.stat().st_size // 3)
                stream.write(b"\xa5" * 4096)


def unseal(folder):
    (folder / SEAL).unlink()


def misseal(folder):
    (folder / SEAL).write_text("[1", encoding="utf-8")


def empty(folder):
    for path in folder.iterdir():
        path.unlink()


@pytest.mark.parametrize("stage", ["compiled", "graph"])
@pytest.mark.parametrize("damage", [truncate, scramble, unseal, misseal, empty])
def test_a_damaged_entry_is_made_anew(filled, photo, stage, damage):
    folder = entry(filled, stage)
    damage(folder)
    if stage == "graph":  # it is only read when the compiled one is not there
        unseal(entry(filled, "compiled"))
    found = load_classifier(filled).analyze(photo("coffee.png"))
    assert found.labels[0].name == "espresso"
    assert ConversionCache(filled, print).find(folder.name) == folder


def test_an_entry_that_the_engine_refuses_is_made_anew(filled, photo):
    """Sealed rightly, and yet rubbish: as after a full disk."""
    cache = ConversionCache(filled, print)
    for stage, files in (("compiled", ["compiled.blob"]), ("graph", ["graph.xml", "graph.bin"])):
        folder = entry(filled, stage)
        cache.drop(folder.name)
        cache.store(folder.name, lambda aside, files=files: rubbish(aside, files))
    found = load_classifier(filled).analyze(photo("coffee.png"))
    assert found.labels[0].name == "espresso"


def rubbish(folder, files):
    for name in files:
        (folder / name).write_bytes(b"rubbish" * 100)


def test_the_same_is_said_with_and_without_a_cache(filled, photo):
    cold, warm = load_classifier(None), load_classifier(filled)
    assert cold.analyze(photo("coffee.png")) == warm.analyze(photo("coffee.png"))


def test_a_cache_that_cannot_be_written_is_told_and_done_without(tmp_path, photo):
    (tmp_path / "file").touch()
    told = []
    analyzer = load_classifier(tmp_path / "file" / "cache", told.append)
    assert analyzer.analyze(photo("coffee.png")).labels
    (sentence,) = told
    assert "cannot be written" in sentence
    assert str(tmp_path / "file") in sentence


FULL_DISK = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
from phototagd.models.analyzer import load_analyzer
from phototagd.models.settings import ModelSettings
settings = ModelSettings(detectors=(), cache_directory=Path(sys.argv[1]))
analyzer = load_analyzer(settings, print)
analyzer.self_test()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits on file sizes are POSIX's")
def test_a_full_disk_is_told_and_done_without(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "cannot be written" in done.stdout
    assert done.stderr == ""
    assert list((tmp_path / "converted").iterdir()) == []


def test_other_settings_have_entries_of_their_own(filled):
    settings = ModelSettings(detectors=(), precision="f32", threads=1, cache_directory=filled)
    load_analyzer(settings, print)
    assert len(list((filled / "converted").glob("*-compiled-*"))) == 2
    assert len(list((filled / "converted").glob("*-graph-*"))) == 1
    load_analyzer(replace(settings, threads=2), print)


def write(folder: Path) -> None:
    (folder / "a").write_bytes(b"12345")


def test_an_entry_is_whole_or_not_there(tmp_path):
    cache = ConversionCache(tmp_path, print)

    def fail(folder):
        write(folder)
        raise RuntimeError("half way")

    told = []
    assert ConversionCache(tmp_path, told.append).store("key", fail) is None
    assert "half way" in told[0]
    assert cache.find("key") is None
    assert cache.store("key", write) == tmp_path / "converted" / "key"
    assert cache.find("key") == tmp_path / "converted" / "key"
    assert [path.name for path in (tmp_path / "converted").iterdir()] == ["key"]


def test_two_that_make_the_same_entry_at_once_both_get_it(tmp_path):
    cache = ConversionCache(tmp_path, print)

    def overtaken(folder):
        cache.store("key", write)
        write(folder)

    assert cache.store("key", overtaken) == cache.find("key") is not None


def test_entries_that_nobody_used_for_a_month_go(tmp_path):
    cache = ConversionCache(tmp_path, print)
    for key in ("old", "used"):
        folder = cache.store(key, write)
        os.utime(folder, (0, time.time() - UNUSED_SECONDS - 60))
    cache.find("used")
    cache.store("new", write)
    assert sorted(path.name for path in (tmp_path / "converted").iterdir()) == ["new", "used"]


def test_what_a_killed_process_left_half_written_goes(tmp_path):
    cache = ConversionCache(tmp_path, print)
    cache.store("key", write)
    for name, age in ((PART + "old", PART_SECONDS + 60), (PART + "busy", 60)):
        (tmp_path / "converted" / name).mkdir()
        os.utime(tmp_path / "converted" / name, (0, time.time() - age))
    cache.store("new", write)
    left = sorted(path.name for path in (tmp_path / "converted").iterdir())
    assert left == [PART + "busy", "key", "new"]


def test_the_seal_names_every_file(tmp_path):
    folder = ConversionCache(tmp_path, print).store("key", write)
    assert json.loads((folder / SEAL).read_text(encoding="utf-8")).keys() == {"a"}
