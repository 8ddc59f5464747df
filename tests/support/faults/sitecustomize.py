"""Faults for a child process that has this folder on its PYTHONPATH.

Opening a photo of one of these names does what a broken decoder would do.
"""

import os
import signal

_open = os.open


def _faulty_open(path, flags, *args, **kwargs):
    name = os.path.basename(os.fsencode(path)) if isinstance(path, (str, bytes)) else b""
    if name == b"segfault.jpg":
        os.kill(os.getpid(), signal.SIGSEGV)
    if name == b"hang.jpg":
        while True:
            signal.pause()
    return _open(path, flags, *args, **kwargs)


os.open = _faulty_open
