"""The daemon's signals: SIGTERM and SIGINT end it, SIGHUP lets it read its settings again."""

from __future__ import annotations

import logging
import os
import signal
from typing import TYPE_CHECKING

from .systemd.notify import Notifier

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from .service import Service

logger = logging.getLogger(__name__)


def run_until_signalled(make: Callable[[Notifier], Service]) -> None:
    """Make a service and run it; SIGTERM and SIGINT end it cleanly, SIGHUP reloads its settings."""
    notifier = Notifier(os.environ)
    made: list[Service] = []

    def end(number: int, _frame: FrameType | None) -> None:
        logger.info("stopping (%s)", signal.Signals(number).name)
        if not made:
            raise SystemExit(0)
        made[0].stop()

    def reload(_number: int, _frame: FrameType | None) -> None:
        for service in made:
            service.reload()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    signal.signal(signal.SIGHUP, reload)
    with notifier.long_step("opening the catalog"):
        made.append(make(notifier))
    made[0].run()
