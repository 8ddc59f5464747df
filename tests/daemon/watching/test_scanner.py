"""The threads that walk and look: order, bounds, and roots that do not answer."""

from __future__ import annotations

import os
import queue
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from mounting import mounted_dead_server, mounted_tmpfs, wait_until

from phototagd.daemon.watching.scanner import (
    MOST_UNHANDLED,
    MOST_WAITING,
    Listed,
    RootSeen,
    Scanner,
    ScannerMessage,
    ScanRequest,
    Walked,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Inbox:
    """A main loop that deals with all messages, and remembers them."""

    def __init__(self, look_seconds: float = 0.05) -> None:
        self._queue: queue.SimpleQueue[ScannerMessage] = queue.SimpleQueue()
        self.scanner = Scanner(self._queue.put, look_seconds=look_seconds)
        self.all: list[ScannerMessage] = []

    def handle(self) -> None:
        while not self._queue.empty():
            message = self._queue.get()
            self.all.append(message)
            self.scanner.handled(message)

    def listed(self, root_id: int) -> list[bytes]:
        self.handle()
        listings = [m for m in self.all if isinstance(m, Listed)]
        return [m.listing.relpath for m in listings if m.request.root_id == root_id]

    def walked(self, root_id: int) -> list[Walked]:
        self.handle()
        walks = [m for m in self.all if isinstance(m, Walked)]
        return [m for m in walks if m.request.root_id == root_id]

    def seen(self, root_id: int) -> list[RootSeen]:
        self.handle()
        return [m for m in self.all if isinstance(m, RootSeen) and m.root_id == root_id]


@contextmanager
def running(look_seconds: float = 0.05) -> Iterator[Inbox]:
    inbox = Inbox(look_seconds)
    try:
        yield inbox
    finally:
        inbox.scanner.stop()
        wait_until(lambda: not [t for t in threading.enumerate() if t.name.startswith("scanner")])


def folder(path: Path, *names: str) -> bytes:
    for name in names:
        (path / name).mkdir(parents=True)
    return os.fsencode(path)


def test_a_request_is_walked_and_its_end_is_told(tmp_path: Path) -> None:
    root = folder(tmp_path, "a/b", "c")
    with running() as inbox:
        assert inbox.scanner.request(ScanRequest(7, root))
        wait_until(lambda: inbox.walked(7))

        assert inbox.listed(7) == [b"", b"a", b"a/b", b"c"]
        assert inbox.walked(7)[0].walk.is_complete
        assert isinstance(inbox.all[0], RootSeen)
        wait_until(lambda: inbox.scanner.is_idle)


def test_it_is_busy_until_all_messages_were_handled(tmp_path: Path) -> None:
    root = folder(tmp_path)
    messages: queue.SimpleQueue[ScannerMessage] = queue.SimpleQueue()
    scanner = Scanner(messages.put)
    scanner.request(ScanRequest(1, root))
    assert not scanner.is_idle

    while not isinstance(message := messages.get(timeout=10), Walked):
        scanner.handled(message)
    assert not scanner.is_idle
    scanner.handled(message)
    wait_until(lambda: scanner.is_idle)
    scanner.stop()


def test_a_walk_waits_when_nobody_deals_with_what_it_found(tmp_path: Path) -> None:
    root = folder(tmp_path, *(f"{number:03}" for number in range(2 * MOST_UNHANDLED)))
    with running() as inbox:
        inbox.scanner.request(ScanRequest(1, root))
        wait_until(lambda: inbox._queue.qsize() >= MOST_UNHANDLED)
        assert inbox._queue.qsize() <= MOST_UNHANDLED + 1  # and one look at the root
        wait_until(lambda: inbox.walked(1))

    assert len(inbox.listed(1)) == 2 * MOST_UNHANDLED + 1


def test_it_stops_at_once_while_nobody_deals_with_messages(tmp_path: Path) -> None:
    root = folder(tmp_path, *(f"{number:03}" for number in range(2 * MOST_UNHANDLED)))
    with running() as inbox:
        inbox.scanner.request(ScanRequest(1, root))
        wait_until(lambda: inbox._queue.qsize() >= MOST_UNHANDLED)
        began = time.monotonic()
        inbox.scanner.stop()

    assert time.monotonic() - began < 1


def test_what_a_waiting_walk_covers_is_not_queued_again(tmp_path: Path) -> None:
    root = folder(tmp_path, "a/b", "ab")
    with mounted_dead_server(tmp_path / "a") as hang_up, running() as inbox:
        scanner = inbox.scanner
        scanner.request(ScanRequest(1, root))  # it hangs in `a`, what follows waits
        wait_until(lambda: inbox.listed(1) == [b""])
        assert scanner.request(ScanRequest(1, root, b"ab"))
        assert not scanner.request(ScanRequest(1, root, b"ab"))
        assert not scanner.request(ScanRequest(1, root, b"ab/deep"))
        assert scanner.request(ScanRequest(1, root))
        assert not scanner.request(ScanRequest(1, root, b"ab"))
        hang_up()
        wait_until(lambda: scanner.is_idle or inbox.handle())

        assert [walked.request.under for walked in inbox.walked(1)] == [b"", b""]


def test_very_many_requests_become_one_walk_of_the_root(tmp_path: Path) -> None:
    root = folder(tmp_path, "dead")
    with mounted_dead_server(tmp_path / "dead") as hang_up, running() as inbox:
        inbox.scanner.request(ScanRequest(1, root))
        wait_until(lambda: inbox.listed(1) == [b""])
        for number in range(MOST_WAITING + 10):
            inbox.scanner.request(ScanRequest(1, root, b"%d" % number))
        hang_up()
        wait_until(lambda: inbox.scanner.is_idle or inbox.handle())

        assert [walked.request.is_full for walked in inbox.walked(1)] == [True, True]


def test_a_root_that_hangs_holds_up_no_other_and_is_named(tmp_path: Path) -> None:
    dead, alive = folder(tmp_path / "dead", ""), folder(tmp_path / "alive", "a")
    with mounted_dead_server(tmp_path / "dead") as hang_up, running() as inbox:
        inbox.scanner.request(ScanRequest(1, dead))
        inbox.scanner.request(ScanRequest(2, alive))
        wait_until(lambda: inbox.walked(2))
        wait_until(lambda: inbox.scanner.hung(0.2) == [1])

        assert inbox.walked(1) == []
        assert not inbox.scanner.is_idle
        hang_up()
        wait_until(lambda: inbox.walked(1))
        assert not inbox.walked(1)[0].walk.is_complete
        assert inbox.seen(1)[-1].error == "Transport endpoint is not connected"


def test_a_root_that_hangs_does_not_hold_up_the_end(tmp_path: Path) -> None:
    dead = folder(tmp_path / "dead", "")
    with mounted_dead_server(tmp_path / "dead"):
        inbox = Inbox()
        inbox.scanner.request(ScanRequest(1, dead))
        wait_until(lambda: inbox.scanner.hung(0.05) == [1])
        began = time.monotonic()
        inbox.scanner.stop()
        assert time.monotonic() - began < 5

    wait_until(lambda: not [t for t in threading.enumerate() if t.name == "scanner-1"])


def test_a_root_is_looked_at_and_each_change_is_told_once(tmp_path: Path) -> None:
    root = tmp_path / "root"
    with running() as inbox:
        inbox.scanner.look_at(1, os.fsencode(root))
        wait_until(lambda: len(inbox.seen(1)) == 1)
        root.mkdir()
        wait_until(lambda: len(inbox.seen(1)) == 2)
        root.rename(tmp_path / "old")
        wait_until(lambda: len(inbox.seen(1)) == 3)
        root.mkdir()
        wait_until(lambda: len(inbox.seen(1)) == 4)

    absent, first, gone, again = inbox.seen(1)
    assert absent.is_absent
    assert absent.error == "No such file or directory"
    assert gone == absent
    assert first.identity is not None
    assert again.identity is not None
    assert first.identity.inode != again.identity.inode


def test_mounting_and_unmounting_is_noticed(tmp_path: Path) -> None:
    with running() as inbox:
        inbox.scanner.look_at(1, os.fsencode(tmp_path))
        wait_until(lambda: len(inbox.seen(1)) == 1)
        with mounted_tmpfs(tmp_path):
            wait_until(lambda: len(inbox.seen(1)) == 2)
        wait_until(lambda: len(inbox.seen(1)) == 3)

    states = [(s.identity.is_mount, s.identity.is_empty) for s in inbox.seen(1) if s.identity]
    assert states == [(False, True), (True, False), (False, True)]


def test_a_dropped_root_is_heard_of_no_more(tmp_path: Path) -> None:
    root = folder(tmp_path)
    with running() as inbox:
        inbox.scanner.look_at(1, root)
        wait_until(lambda: inbox.seen(1))
        inbox.scanner.drop(1)
        wait_until(lambda: "scanner-1" not in {t.name for t in threading.enumerate()})
        assert inbox.scanner.hung(0.0) == []
        assert inbox.scanner.is_idle


@pytest.mark.parametrize(
    ("one", "other", "covers"),
    [
        (b"", b"a", True),
        (b"a", b"a", True),
        (b"a", b"a/b", True),
        (b"a", b"ab", False),
        (b"a/b", b"a", False),
    ],
)
def test_which_walk_covers_which(one: bytes, other: bytes, covers: bool) -> None:
    assert ScanRequest(1, b"/r", one).covers(ScanRequest(1, b"/r", other)) is covers
