"""The daemon's queue of tags: what cannot be written now is not forgotten."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from catalog_samples import analysis, tag_file, take_in
from jpeg_parts import JFIF, jpeg
from surroundings import Mounts
from tag_desk import Desk

from phototagd.daemon.config import load_config
from phototagd.daemon.monitoring.stages import StageTimes
from phototagd.daemon.tagging import tagger
from phototagd.daemon.tagging.automatic import AutomaticTagger
from phototagd.daemon.tagging.exif import read_field
from phototagd.daemon.tagging.tagger import Tagger
from phototagd.daemon.version import file_version
from phototagd.db.records import PhotoFacts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RESCAN_SECONDS = 1000.0


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(tmp_path) as made:
        yield made


def run(desk: Desk) -> None:
    """Let a newly started tagger do what it can do now."""
    environ = {
        "PHOTOTAG_CATALOG_PATH": str(desk.path),
        "PHOTOTAG_TAGS_WRITE": "both",
        "PHOTOTAG_WATCH_RESCAN_SECONDS": str(RESCAN_SECONDS),
    }
    config, scribe = load_config(None, environ), desk.scribe
    automatic = AutomaticTagger(desk.catalog, scribe, config, StageTimes())  # type: ignore[arg-type]
    while not automatic.is_idle:
        automatic.feed()
        while scribe.answers:
            automatic.handle(scribe.answers.popleft(), scribe)  # type: ignore[arg-type]


def add_analysed(desk: Desk) -> Path:
    """Put a photo into the library whose analysis has queued it."""
    path = desk.add("cat.jpg", jpeg(JFIF))
    facts = PhotoFacts(*file_version(path.stat()), b"pixels", "JPEG", 16, 16)
    take_in(desk.catalog, desk.record(path).id, facts, analysis({"cat": 0.9}), queue_tags=True)
    return path


def is_tagged(path: Path) -> bool:
    return "cat" in read_field(path.read_bytes()).items


def test_photos_where_nothing_can_be_written_wait_until_a_new_start(desk: Desk) -> None:
    path = add_analysed(desk)
    before = path.read_bytes()
    with Mounts() as mounts:
        mounts.bind(desk.root, desk.root)
        mounts.read_only(desk.root)
        begun = time.time()
        run(desk)
        reasons = {file.target: file.reason for file in desk.files(path).values()}
        assert reasons == {"exif": "it is read-only", "sidecar": "its folder is not writable"}
        assert (path.read_bytes(), os.listdir(desk.root)) == (before, ["cat.jpg"])
        assert desk.catalog.tags.count_waiting() == 1
        assert desk.catalog.tags.next_job_at() >= begun + RESCAN_SECONDS
        desk.scribe.release()

    run(desk)

    assert is_tagged(path)
    assert desk.catalog.tags.count_waiting() == 0


def test_a_photo_whose_disk_is_away_waits_until_it_is_back(desk: Desk) -> None:
    path = add_analysed(desk)
    desk.root.rename(desk.root.with_name("away"))
    desk.root.mkdir()

    run(desk)
    assert desk.catalog.tags.count_waiting() == 1

    desk.root.rmdir()
    desk.root.with_name("away").rename(desk.root)
    run(desk)
    assert is_tagged(path)
    assert desk.catalog.tags.count_waiting() == 0


def test_a_photo_that_its_owner_has_locked_does_not_wait(desk: Desk) -> None:
    path = add_analysed(desk)
    path.chmod(0o444)

    run(desk)

    assert desk.files(path)["exif"].reason == "it is read-only"
    assert desk.catalog.tags.count_waiting() == 0


class SilentScribe:
    """A scribe on a disk that does not answer."""

    is_running = True

    def __init__(self) -> None:
        self.ended = ""

    def send(self, order: object) -> None:
        """Take an order and say nothing."""

    def kill(self, reason: str) -> None:
        """Be ended."""
        self.ended = reason


def test_what_is_given_up_does_not_stay_with_the_scribe(desk: Desk) -> None:
    path = desk.add("cat.jpg", jpeg(JFIF))
    desk.tagger.submit(desk.job(path, "cat"))
    assert desk.scribe.scribe._held

    desk.tagger.give_up()
    assert not desk.scribe.scribe._held


def test_a_recovery_that_hangs_is_ended(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    scribe = SilentScribe()
    waiting = Tagger(desk.catalog, scribe, desk.reports.append)  # type: ignore[arg-type]
    waiting.recover(1, b"/photos/a.jpg", b"/photos", tag_file("cat"))
    waiting.check_deadline()
    assert scribe.ended == ""

    monkeypatch.setattr(tagger, "DEADLINE_SECONDS", 0.0)
    waiting.check_deadline()
    assert "longer than" in scribe.ended
