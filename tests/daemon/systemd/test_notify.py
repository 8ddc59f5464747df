"""What the service manager is told, read from a real notification socket."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from mounting import wait_until

from phototagd.daemon.systemd import notify
from phototagd.daemon.systemd import supervision as supervision_module
from phototagd.daemon.systemd.notify import Notifier
from phototagd.daemon.systemd.supervision import Supervision

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        yield listener


def heard(manager: socket.socket) -> list[str]:
    """All lines that have been sent by now."""
    lines: list[str] = []
    while True:
        try:
            lines += manager.recv(4096).decode().splitlines()
        except BlockingIOError:
            return lines


def environment(manager: socket.socket, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": manager.getsockname(), **more}


def test_a_reload_is_told_with_its_time_and_ended_by_ready(manager: socket.socket) -> None:
    notifier = Notifier(environment(manager))
    notifier.reloading()
    notifier.ready("two\nlines")

    reloading, moment, ready, status = heard(manager)
    assert (reloading, ready, status) == ("RELOADING=1", "READY=1", "STATUS=two lines")
    assert moment.startswith("MONOTONIC_USEC=")


def test_an_abstract_socket_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0phototagd-test-" + str(os.getpid()))
        listener.setblocking(False)
        name = listener.getsockname().decode()
        Notifier({"NOTIFY_SOCKET": "@" + name[1:]}).stopping()

        assert heard(listener)[0] == "STOPPING=1"


@pytest.mark.parametrize(
    ("variables", "seconds"),
    [
        ({"WATCHDOG_USEC": "3000000"}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_counts_only_if_it_is_meant_for_this_process(
    variables: dict[str, str], seconds: float | None
) -> None:
    assert Notifier(variables).watchdog_seconds == seconds


def test_without_a_manager_and_with_one_that_is_gone_nothing_fails(tmp_path: Path) -> None:
    Notifier({}).alive()
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready("x")

    assert not Notifier({}).is_wanted


def test_a_long_step_of_the_start_asks_for_time(manager: socket.socket) -> None:
    notifier = Notifier(environment(manager))
    with notifier.long_step("opening the catalog"):
        pass

    assert heard(manager)[:2] == ["STATUS=opening the catalog", "EXTEND_TIMEOUT_USEC=60000000"]


def test_a_long_step_does_not_ask_for_time_without_end(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "START_SECONDS", 0.03)
    monkeypatch.setattr(notify, "LONGEST_START_SECONDS", 0.1)
    with Notifier(environment(manager)).long_step("opening the catalog"):
        wait_until(lambda: "notify-start" not in {thread.name for thread in threading.enumerate()})

    assert "EXTEND_TIMEOUT_USEC=30000" in heard(manager)


class Part:
    """A stand-in for the parts whose life is asked for: a fault is planted by a flag."""

    def __init__(self) -> None:
        self.is_dead = self.is_hung = False
        self.is_ready = True
        self.roots: dict[int, object] = {}

    def has_dead(self) -> bool:
        return self.is_dead

    def is_stuck(self) -> bool:
        return self.is_hung

    def is_decided(self, _top: bytes) -> bool:
        return True


def supervise(notifier: Notifier, part: Part, hung: tuple[int, ...] = ()) -> Supervision:
    return Supervision(notifier, lambda: "fine", lambda: hung, part, part, part)  # type: ignore[arg-type] # a fake


@pytest.mark.parametrize("fault", ["is_dead", "is_hung"])
def test_a_dead_observer_and_a_child_that_hangs_keep_the_watchdog_hungry(
    manager: socket.socket, fault: str
) -> None:
    notifier = Notifier(environment(manager, WATCHDOG_USEC="4"))
    part = Part()
    supervision = supervise(notifier, part)
    supervision.tick()
    healthy = heard(manager)
    setattr(part, fault, True)
    supervision.tick()

    assert "WATCHDOG=1" in healthy
    assert "READY=1" in healthy
    assert "WATCHDOG=1" not in heard(manager)


def test_it_is_not_ready_before_the_models_are(manager: socket.socket) -> None:
    part = Part()
    part.is_ready = False
    supervision = supervise(Notifier(environment(manager)), part)
    supervision.tick()
    before = heard(manager)
    part.is_ready = True
    supervision.tick()

    assert "READY=1" not in before
    assert any(line.startswith("EXTEND_TIMEOUT_USEC=") for line in before)
    assert "READY=1" in heard(manager)


def test_a_folder_whose_disk_never_answered_is_away_and_no_reason_to_wait(
    manager: socket.socket,
) -> None:
    part = Part()
    part.roots = {7: SimpleNamespace(key=7, top=b"/nas", error=None, identity=None)}
    supervise(Notifier(environment(manager)), part).tick()
    before = heard(manager)
    supervise(Notifier(environment(manager)), part, hung=(7,)).tick()

    assert "READY=1" not in before
    assert "READY=1" in heard(manager)


def test_what_a_busy_manager_could_not_take_is_said_again(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "SEND_SECONDS", 0.01)
    monkeypatch.setattr(supervision_module, "STATUS_SECONDS", 0.0)
    supervision = supervise(Notifier(environment(manager)), Part())

    fill(manager)
    supervision.tick()
    assert "READY=1" not in heard(manager)
    supervision.tick()
    assert "READY=1" in heard(manager)

    fill(manager)
    supervision.reloaded()
    assert "READY=1" not in heard(manager)
    supervision.tick()
    assert "READY=1" in heard(manager)
    supervision.tick()
    assert "READY=1" not in heard(manager)


def fill(manager: socket.socket) -> None:
    """Send until the manager's queue takes no more; each sender may only have so much in it."""
    sent = 1
    while sent:
        sent = 0
        with (
            contextlib.suppress(BlockingIOError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender,
        ):
            sender.setblocking(False)
            while True:
                sender.sendto(b"X=1", manager.getsockname())
                sent += 1
