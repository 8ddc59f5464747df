"""What is told to the service manager, over systemd's notification socket.

See sd_notify(3). Without a socket in the environment nothing is sent, and nothing here fails.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

START_SECONDS: Final = 60.0
"""How much more time a start that goes on asks for, again and again."""

LONGEST_START_SECONDS: Final = 1800.0  # a first start prepares the models
SEND_SECONDS: Final = 1.0  # a manager that starts much at once has a full queue for a moment


class Notifier:
    """Sends datagrams to the manager that started this process, if one did and wants them.

    ``watchdog_seconds`` is how often it wants to hear that we live, or None.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self.watchdog_seconds = _watchdog_seconds(environment)

    @property
    def is_wanted(self) -> bool:
        """Tell whether anybody listens."""
        return self._address is not None

    def ready(self, status: str) -> bool:
        """Say that the start, or a reload, is over; tell whether that was sent."""
        return self._send("READY=1", f"STATUS={status}")

    def status(self, text: str) -> None:
        """Say in one line what goes on; `systemctl status` shows it."""
        self._send(f"STATUS={text}")

    def alive(self) -> None:
        """Say that all parts live; without it the manager kills and starts again."""
        self._send("WATCHDOG=1")

    def reloading(self) -> None:
        """Say that settings are being read again; ``ready`` must follow."""
        # Since systemd 253 a reload is only believed with the time at which it began.
        moment = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send("RELOADING=1", f"MONOTONIC_USEC={moment}")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._send("STOPPING=1", "STATUS=stopping")

    def extend_start(self) -> None:
        """Ask for more time: the start goes on."""
        self._send(f"EXTEND_TIMEOUT_USEC={int(START_SECONDS * 1e6)}")

    @contextlib.contextmanager
    def long_step(self, status: str) -> Iterator[None]:
        """Ask for more time all the while that a step of the start takes, but not without end."""
        if not self.is_wanted:
            yield
            return
        is_over = threading.Event()

        def ask() -> None:
            end = time.monotonic() + LONGEST_START_SECONDS
            while time.monotonic() < end:
                self.extend_start()
                if is_over.wait(START_SECONDS / 3):
                    return

        self.status(status)
        thread = threading.Thread(target=ask, name="notify-start", daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def _send(self, *lines: str) -> bool:
        if self._address is None:
            return False
        message = "\n".join(line.replace("\n", " ") for line in lines).encode()
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
        try:
            with socket.socket(socket.AF_UNIX, kind) as sender:
                sender.settimeout(SEND_SECONDS)
                sender.sendto(message, self._address)
        except OSError:  # a manager that is gone or busy is no reason to stop
            return False
        return True


def _address(text: str) -> str | None:
    """Return the socket's address; one with an @ lies in the abstract namespace."""
    if text.startswith("@"):
        return "\0" + text[1:]
    return text if text.startswith("/") else None


def _watchdog_seconds(environment: Mapping[str, str]) -> float | None:
    """Return the watchdog's interval, where it is meant for this process."""
    for_whom = environment.get("WATCHDOG_PID", "")
    if for_whom and for_whom != str(os.getpid()):
        return None
    text = environment.get("WATCHDOG_USEC", "")
    return int(text) / 1e6 if text.isdigit() and int(text) > 0 else None
