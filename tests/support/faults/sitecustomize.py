"""Faults for the programs that tests start: they have this folder on their PYTHONPATH.

Opening a photo of one of the names below does what a broken decoder or disk would do. The rest
is driven by files in the folder that ``FAULTS`` names, so that a test can begin and end a fault
while the program runs:

- ``scandir``: lines ``ERRNO FOLDER``, as in ``EIO holiday``: listing a folder of this name fails;
  ``STUCK holiday`` never returns, as on a dead network mount.
- ``clock``: seconds that the wall clock is off; ``boottime``: those that were slept through.
- ``observer``, ``emitter``, ``inotify``: the next turn of this thread of watchdog's raises.
- ``kill-rename``, ``kill-link``, ``kill-unlink``: the scribe kills itself before its next call of
  this name; first its parent where the file says ``parent``.
"""

import errno
import os
import signal
import sys
import threading
import time

FAULTS = os.environ.get("FAULTS", "")
SLOW_SECONDS = 0.25
_real_open = os.open
_real_scandir = os.scandir


def _fault_text(name):
    try:
        with open(os.path.join(FAULTS, name), encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def _open(path, flags, *args, **kwargs):
    name = os.path.basename(os.fsencode(path)) if isinstance(path, (str, bytes)) else b""
    if name.startswith(b"segfault"):
        import ctypes

        ctypes.string_at(0)  # in this thread and now, as a decoder would
    if name.startswith(b"hang"):
        while True:
            signal.pause()
    if name.startswith(b"glutton"):
        kept = []
        while True:
            kept.append(b"x" * (64 << 20))
    if name.startswith(b"eacces"):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
    if name.startswith(b"slow"):
        threading.Event().wait(SLOW_SECONDS)
    descriptor = _real_open(path, flags, *args, **kwargs)
    if name.startswith(b"swapped") and os.path.exists(os.fsencode(path) + b".next"):
        os.rename(os.fsencode(path) + b".next", path)
    return descriptor


def _scandir(path="."):
    name = os.readlink(f"/proc/self/fd/{path}") if isinstance(path, int) else path
    base = os.path.basename(os.fsdecode(name).rstrip("/"))
    for line in _fault_text("scandir").splitlines():
        code, _, folder = line.partition(" ")
        if folder == base and code == "STUCK":
            threading.Event().wait()
        if folder == base:
            number = getattr(errno, code)
            raise OSError(number, os.strerror(number), path)
    return _real_scandir(path)


def _skew_clocks():
    """Add what the files say to the clocks; monotonic time goes on as it is."""
    wall, wall_ns = time.time, time.time_ns
    get, get_ns = time.clock_gettime, time.clock_gettime_ns

    def off(clock):
        name = {time.CLOCK_REALTIME: "clock", time.CLOCK_BOOTTIME: "boottime"}.get(clock)
        return float(_fault_text(name) or 0) if name else 0.0

    time.time = lambda: wall() + off(time.CLOCK_REALTIME)
    time.time_ns = lambda: wall_ns() + int(off(time.CLOCK_REALTIME) * 1e9)
    time.clock_gettime = lambda clock: get(clock) + off(clock)
    time.clock_gettime_ns = lambda clock: get_ns(clock) + int(off(clock) * 1e9)


def _make_threads_fail():
    """Let a thread of watchdog's raise once its file appears; the file is taken away."""
    from watchdog.observers import api, inotify_c

    def fail_at(owner, method, name):
        real = getattr(owner, method)

        def turn(self, *args, **kwargs):
            file = os.path.join(FAULTS, name)
            if os.path.exists(file):
                os.unlink(file)
                raise RuntimeError(f"planted: {name}")
            return real(self, *args, **kwargs)

        setattr(owner, method, turn)

    class Pulse:
        def beat(self):
            pass

    def run(self):
        while self.should_keep_running():
            Pulse().beat()
            self.queue_events(self.timeout)

    fail_at(api.BaseObserver, "dispatch_events", "observer")
    fail_at(inotify_c.InotifyFD, "read_events", "inotify")
    fail_at(Pulse, "beat", "emitter")
    api.EventEmitter.run = run


def _make_scribe_die(name):
    real = getattr(os, name)

    def call(*args, **kwargs):
        file = os.path.join(FAULTS, f"kill-{name}")
        if os.path.exists(file):
            is_parents_end = "parent" in _fault_text(f"kill-{name}")
            real_unlink(file)
            if is_parents_end:
                os.kill(os.getppid(), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)

    setattr(os, name, call)


os.open = _open
if FAULTS:
    os.scandir = _scandir
    if any(word.endswith("tagging.scribe") for word in sys.orig_argv):
        real_unlink = os.unlink
        for call_name in ("rename", "link", "unlink"):
            _make_scribe_die(call_name)
    if os.environ.get("FAULTS_CLOCK"):
        _skew_clocks()
    if os.environ.get("FAULTS_WATCHDOG") and "watch" in sys.orig_argv:
        _make_threads_fail()
