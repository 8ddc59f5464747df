"""What the service manager is told, read from a real notification socket."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

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


@pytest.mark.parametrize("fault", ["is_dead", "is_hung"])
def test_a_dead_observer_and_a_child_that_hangs_keep_the_watchdog_hungry(
    manager: socket.socket, fault: str
) -> None:
    notifier = Notifier(environment(manager, WATCHDOG_USEC="4"))
    part = Part()
    supervision = Supervision(notifier, lambda: "fine", part, part, part)  # type: ignore[arg-type] # a fake
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
    supervision = Supervision(Notifier(environment(manager)), lambda: "loading", part, part, part)  # type: ignore[arg-type] # a fake
    supervision.tick()
    before = heard(manager)
    part.is_ready = True
    supervision.tick()

    assert "READY=1" not in before
    assert any(line.startswith("EXTEND_TIMEOUT_USEC=") for line in before)
    assert "READY=1" in heard(manager)
