"""A thread a root, and what is left of it when the root goes."""

from __future__ import annotations

import os
import queue
import threading
from typing import TYPE_CHECKING

from program import wait_until

from phototagd.daemon.watching.settler import Settled, Settlers

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_that_rests_is_told_and_a_dropped_roots_files_wait_no_more(tmp_path: Path) -> None:
    told: queue.Queue[Settled] = queue.Queue()
    settlers = Settlers(1000.0, told.put)
    before = set(threading.enumerate())
    (tmp_path / "a.jpg").write_bytes(b"x")
    path = os.fsencode(tmp_path / "a.jpg")
    settlers.touch(1, path, 0.0)
    assert [file.path for file in told.get(timeout=60).stable] == [path]

    settlers.touch(2, path)
    assert not settlers.is_empty
    settlers.drop(2)
    assert settlers.is_empty
    settlers.stop()
    wait_until(lambda: set(threading.enumerate()) <= before)
