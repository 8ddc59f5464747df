"""Saved searches beside the one writer: many matches at once, and which of them get commands."""

from __future__ import annotations

import contextlib
import os
import queue
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from catalog_samples import add_photos, analysis, entry, facts, rows, take_in
from mounting import mounted_dead_server
from program import wait_until

from phototagd.daemon.config import load_config
from phototagd.daemon.saved import commands, keeper, matcher
from phototagd.daemon.saved.commands import Ran
from phototagd.daemon.saved.keeper import SavedSearchKeeper
from phototagd.daemon.saved.matcher import MOST_AT_ONCE, Matcher
from phototagd.db.catalog import Catalog
from phototagd.db.errors import CatalogBusy
from phototagd.db.states import RootState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from phototagd.daemon.saved.matcher import Compared

MANY = MOST_AT_ONCE + 100


class Desk:
    """A keeper, its catalog, and what the service's thread does for it."""

    def __init__(self, folder: Path) -> None:
        self.told, self.script = folder / "told", folder / "tell.sh"
        self.script.write_text(f'#!/bin/sh\necho "$1" >> "{self.told}"\n')
        self.script.chmod(0o755)
        settings = folder / "c.toml"
        settings.write_text(f'[on_match]\nall = ["{self.script}", "{{name}}"]\n')
        self.config = load_config(settings, {"PHOTOTAG_CATALOG_PATH": str(folder / "c.db")})
        self.catalog = Catalog.open(self.config.catalog.path)
        self.inbox: queue.SimpleQueue[Compared | Ran] = queue.SimpleQueue()
        self.keeper = SavedSearchKeeper(self.catalog, self.config, self.inbox.put)
        self.largest = 0
        self.hold = False  # whether the ends of commands are kept back
        self.ended: Ran | None = None

    def turn_until(self, condition: Callable[[], bool]) -> None:
        """Do what the service does until something is so."""

        def turn() -> bool:
            with contextlib.suppress(queue.Empty):
                while True:
                    message = self.inbox.get(timeout=0.02)
                    change = getattr(message, "change", None)
                    self.largest = max(self.largest, len(change.found) if change else 0)
                    if self.hold and isinstance(message, Ran):
                        self.ended = message
                    else:
                        self.keeper.handle(message)
            self.keeper.feed()
            return condition()

        wait_until(turn)

    def is_armed(self) -> bool:
        return rows(self.config.catalog.path, "SELECT is_armed FROM saved_search") == [(1,)]

    def lines(self) -> list[str]:
        return self.told.read_text().splitlines() if self.told.exists() else []


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.keeper.stop()
    desk.catalog.close()


def test_what_a_search_finds_first_gets_links_in_pieces_and_no_commands(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matcher, "REST", 1)  # making so many links may take seconds
    links = tmp_path / "links"
    links.mkdir()
    add_photos(desk.catalog, [b"%d.jpg" % number for number in range(MANY)])
    desk.catalog.saved.save("all", "state:pending", os.fsencode(links))
    desk.keeper.start()

    desk.turn_until(lambda: desk.is_armed() and len(os.listdir(links)) == MANY + 1)
    assert desk.largest == MOST_AT_ONCE
    add_photos(desk.catalog, [b"new.jpg"], folder=b"later")
    desk.turn_until(lambda: bool(desk.lines()) and (links / "new.jpg").is_symlink())

    assert desk.lines() == ["new.jpg"]


def test_a_match_whose_photo_is_away_waits_until_it_is_back(desk: Desk) -> None:
    desk.catalog.saved.save("all", "state:pending")
    desk.keeper.start()
    desk.turn_until(desk.is_armed)
    desk.script.rename(desk.script.with_name("away"))
    (photo,) = add_photos(desk.catalog, [b"a.jpg"])
    desk.turn_until(lambda: bool(desk.keeper.troubles()))
    desk.catalog.mark_missing([photo])
    desk.script.with_name("away").rename(desk.script)
    desk.keeper.use(desk.config)
    add_photos(desk.catalog, [b"b.jpg"], folder=b"other")

    desk.turn_until(lambda: desk.lines() == ["b.jpg"])
    desk.catalog.reconcile_folder(desk.catalog.root_records()[0].id, b"", [entry(b"a.jpg")])
    desk.turn_until(lambda: desk.lines() == ["b.jpg", "a.jpg"])


def test_troubles_of_a_search_that_is_forgotten_are_over(desk: Desk) -> None:
    desk.catalog.saved.save("all", "state:pending")
    desk.keeper.start()
    desk.turn_until(desk.is_armed)
    desk.script.unlink()
    add_photos(desk.catalog, [b"a.jpg"])
    desk.turn_until(lambda: "cannot be started" in str(desk.keeper.troubles()))

    desk.catalog.saved.forget("all")

    desk.turn_until(lambda: "no search is saved" in str(desk.keeper.troubles()))
    assert "cannot be started" not in str(desk.keeper.troubles())


def test_a_search_for_what_no_photo_has_yet_finds_it_when_it_comes(desk: Desk) -> None:
    desk.catalog.saved.save("all", "dog")
    desk.keeper.start()
    desk.turn_until(desk.is_armed)
    assert desk.keeper.troubles() == []
    assert desk.lines() == []

    (photo,) = add_photos(desk.catalog, [b"first.jpg"])
    take_in(desk.catalog, photo, facts(), analysis({"dog": 0.9}))

    desk.turn_until(lambda: desk.lines() == ["first.jpg"])


@pytest.mark.parametrize("query", ["dog -keyword:private", "dog OR keyword:private"])
def test_a_word_that_no_photo_has_changes_nothing_of_what_is_found_beside_it(
    desk: Desk, query: str
) -> None:
    def add(name: bytes, *keywords: str) -> int:
        (photo,) = add_photos(desk.catalog, [name], folder=b"with " + name)
        known = facts(fingerprint=name, keywords=keywords)
        take_in(desk.catalog, photo, known, analysis({"dog": 0.9}))
        return photo

    add(b"old.jpg")
    desk.catalog.saved.save("all", query)
    desk.keeper.start()
    desk.turn_until(desk.is_armed)
    assert rows(desk.config.catalog.path, "SELECT count(*) FROM saved_match") == [(1,)]
    secret = add(b"secret.jpg", "private")
    add(b"new.jpg")
    desk.turn_until(lambda: "new.jpg" in desk.lines())
    assert set(desk.lines()) <= {"new.jpg", "secret.jpg"}

    desk.catalog.mark_missing([secret])
    desk.catalog.purge_missing(2**40)
    add(b"newer.jpg")
    desk.turn_until(lambda: "newer.jpg" in desk.lines())

    assert "old.jpg" not in desk.lines()
    assert rows(desk.config.catalog.path, "SELECT count(*) FROM saved_match") == [(3,)]
    assert desk.keeper.troubles() == []


def test_a_disk_with_links_that_does_not_answer_is_told_and_holds_up_no_end(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matcher, "HUNG_SECONDS", 0.1)
    monkeypatch.setattr(matcher, "STOP_SECONDS", 0.1)
    links = tmp_path / "links"
    links.mkdir()
    with mounted_dead_server(links) as hang_up:
        desk.catalog.saved.save("all", "state:pending", os.fsencode(links))
        desk.keeper.start()
        desk.turn_until(lambda: "the disk does not answer" in str(desk.keeper.troubles()))
        desk.keeper.stop()
        hang_up()


def test_a_match_waits_for_the_disk_of_its_photo(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "COUNT_SECONDS", 0.1)
    desk.catalog.saved.save("all", "state:pending")
    desk.keeper.start()
    desk.turn_until(desk.is_armed)
    desk.script.rename(desk.script.with_name("away"))
    add_photos(desk.catalog, [b"a.jpg"])
    desk.turn_until(lambda: "cannot be started" in str(desk.keeper.troubles()))
    disk = desk.catalog.add_root(b"/photos").id
    desk.catalog.set_root_state(disk, RootState.OFFLINE)
    desk.script.with_name("away").rename(desk.script)
    desk.keeper.use(desk.config)
    add_photos(desk.catalog, [b"b.jpg"], root=b"/other")

    desk.turn_until(lambda: desk.keeper.summary()["run"] == 1)
    assert desk.lines() == ["b.jpg"]
    desk.catalog.set_root_state(disk, RootState.OK)
    desk.turn_until(lambda: desk.lines() == ["b.jpg", "a.jpg"])


@pytest.mark.parametrize("has_begun", [True, False])
def test_an_end_that_a_busy_catalog_does_not_take_in_is_not_forgotten(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, has_begun: bool
) -> None:
    desk.catalog.saved.save("all", "state:pending")
    desk.keeper.start()
    desk.turn_until(desk.is_armed)
    desk.hold = True
    add_photos(desk.catalog, [b"a.jpg"])
    desk.turn_until(lambda: desk.ended is not None)
    assert desk.ended is not None

    def refuse(_run: object) -> None:
        raise CatalogBusy(b"c.db")

    with monkeypatch.context() as patch:
        patch.setattr(desk.catalog.saved, "end_run" if has_begun else "put_back", refuse)
        with pytest.raises(CatalogBusy):
            desk.keeper.handle(Ran(desk.ended.run, has_begun=has_begun))
    desk.hold = False

    times = 1 if has_begun else 2
    desk.turn_until(lambda: len(desk.lines()) == times and desk.keeper.summary()["run"] == 1)
    assert desk.catalog.saved.begun_runs() == []


def test_a_command_taken_out_before_it_began_does_not_wait(desk: Desk) -> None:
    desk.catalog.saved.save("all", "state:pending")
    desk.keeper.start()
    desk.turn_until(desk.is_armed)
    desk.hold = True
    add_photos(desk.catalog, [b"a.jpg"])
    desk.turn_until(lambda: desk.ended is not None)
    assert desk.ended is not None

    desk.keeper.use(replace(desk.config, on_match={}))
    desk.turn_until(lambda: not desk.is_armed())
    desk.keeper.handle(Ran(desk.ended.run, has_begun=False))

    assert desk.catalog.saved.count_waiting() == 0


def test_a_search_is_armed_though_the_first_word_of_it_was_lost(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matcher, "AGAIN_SECONDS", 0.1)
    monkeypatch.setattr(matcher, "SOONEST_SECONDS", 0.1)
    desk.catalog.saved.save("all", "state:pending")
    desk.keeper.start()
    desk.inbox.get(timeout=30)  # the catalog was busy, and the service paused

    desk.turn_until(desk.is_armed)


def test_the_catalog_is_not_asked_without_pause_when_it_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matcher, "AGAIN_SECONDS", 0.1)
    alarms: list[bool] = []
    seeker = Matcher(os.fsencode(tmp_path / "c.db"), lambda _message: None)

    def refuse(path: bytes) -> None:
        alarms.append(seeker._woken.is_set())
        raise CatalogBusy(path)

    monkeypatch.setattr(matcher.CatalogReader, "open", refuse)
    seeker.start(["all"])
    wait_until(lambda: len(alarms) >= 2)
    seeker.stop()

    assert alarms[:2] == [False, False]  # each wait is a whole one


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ended_before_its_first_look_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_path: bytes) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(matcher.CatalogReader, "open", fail)
    desk.keeper.start()

    desk.turn_until(lambda: "not compared any more" in str(desk.keeper.troubles()))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_end_of_the_thread_with_the_commands_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(commands, "fill", fail)
    desk.catalog.saved.save("all", "state:pending")
    desk.keeper.start()
    desk.turn_until(desk.is_armed)
    assert desk.keeper.troubles() == []
    add_photos(desk.catalog, [b"a.jpg"])

    desk.turn_until(lambda: "no command is run any more" in str(desk.keeper.troubles()))
