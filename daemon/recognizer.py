"""The child process: photos in, what is on them out.

A few threads read and decode ahead while one thread runs the models; OpenCV and the engines
release the interpreter lock. A photo passes twice: ``Identify`` reads it and tells its
fingerprint, and only if the catalog does not know that picture yet, ``Analyze`` follows.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..db.records import PhotoFacts
from ..models.analyzer import Analyzer, load_analyzer
from ..models.errors import ModelError
from ..models.settings import ModelSettings
from . import decode
from .errors import PhotoError
from .messages import (
    Analyze,
    Analyzed,
    Drop,
    Failed,
    Identified,
    Identify,
    Ready,
    Refused,
    Reply,
    Report,
    Request,
    decode_request,
    encode,
)
from .metadata.reader import read_metadata
from .metadata.sidecars import read_sidecars
from .monitoring.stages import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..models.results import Analysis

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Held:
    """A photo between its two passes; ``pixels`` are there if identifying had to decode it."""

    photo: decode.PhotoFile
    header: decode.Header
    pixels: decode.Pixels | None


class Recognizer:
    """Answers requests; ``reply`` may be called from several threads and is serialised here."""

    def __init__(
        self, analyzer: Analyzer, limits: decode.Limits, threads: int, send: Callable[[Reply], None]
    ) -> None:
        self._analyzer = analyzer
        self._limits = limits
        self._send = send
        self._held: dict[int, _Held | None] = {}  # None while it is read
        self._holding = threading.Lock()
        self._decoders = ThreadPoolExecutor(threads, "decode")
        self._models = ThreadPoolExecutor(1, "models")

    def handle(self, request: Request) -> None:
        """Take up one request; its answer comes later, from another thread."""
        match request:
            case Identify(id=number):
                self._held[number] = None
                self._decoders.submit(self._guard, number, partial(self._identify, request))
            case Analyze(id=number, is_thorough=is_thorough):
                held = self._held.pop(number, None)
                if held is None:  # dropped while it was on its way
                    return
                step = partial(self._decode, number, held, is_thorough=is_thorough)
                self._decoders.submit(self._guard, number, step)
            case Drop(id=number):
                with self._holding:
                    self._held.pop(number, None)

    def _identify(self, request: Identify) -> None:
        if request.id not in self._held:  # dropped while it waited
            return
        watch = Stopwatch()
        photo = decode.read_photo(request.path, self._limits)
        watch.lap("read")
        header, pixels = decode.inspect(photo, self._limits)
        watch.lap("fingerprint" if pixels is None else "decode")
        fingerprint = decode.fingerprint(photo, header, pixels)
        watch.lap("fingerprint")
        if pixels is not None:
            pixels = decode.finish(pixels, header, self._analyzer.min_side)
            watch.lap("decode")
        with self._holding:
            if request.id not in self._held:
                return
            self._held[request.id] = _Held(photo, header, pixels)
        width, height = header.upright_size
        sidecars, version = read_sidecars(photo.path)
        metadata, keywords = read_metadata(photo, header, sidecars)
        facts = PhotoFacts(
            size=photo.size,
            mtime_ns=photo.mtime_ns,
            inode=photo.inode,
            fingerprint=fingerprint,
            format=header.format,
            width=width,
            height=height,
            keywords=keywords,
            metadata=metadata,
            sidecar=version,
        )
        watch.lap("metadata")
        self._send(Identified(request.id, facts, watch.seconds))

    def _decode(self, number: int, held: _Held, *, is_thorough: bool) -> None:
        pixels, watch = held.pixels, Stopwatch()
        if pixels is None:
            min_side = self._analyzer.min_side
            pixels = decode.decode_pixels(held.photo, held.header, min_side)
            pixels = decode.finish(pixels, held.header, min_side)
            watch.lap("decode")
        photo = held.photo
        version = (photo.size, photo.mtime_ns, photo.inode)
        look = partial(self._analyzer.analyze, pixels, thorough=is_thorough)
        step = partial(self._analyze, number, look, photo.path, version, watch.seconds)
        self._models.submit(self._guard, number, step)

    def _analyze(
        self,
        number: int,
        look: Callable[..., Analysis],
        path: bytes,
        version: tuple[int, int, int],
        seconds: dict[str, float],
    ) -> None:
        watch = Stopwatch()  # it has waited for its turn
        analysis = look(on_step=watch.lap)
        is_current = decode.read_version(path) == version
        self._send(Analyzed(number, analysis, is_current, seconds | watch.seconds))

    def _guard(self, number: int, step: Callable[[], None]) -> None:
        failed = _run(number, step)
        if failed is not None:
            self._held.pop(number, None)
            self._send(failed)


def _run(number: int, step: Callable[[], None]) -> Failed | None:
    """Run one step of one photo; whatever goes wrong costs only this photo."""
    try:
        step()
    except PhotoError as error:
        return Failed(number, error.state, error.reason, error.is_counted)
    except MemoryError:
        return Failed(number, PhotoError.state, "not enough memory to decode it")
    except Exception as error:
        logger.exception("photo %d", number)
        return Failed(number, PhotoError.state, f"{type(error).__name__}: {error}")
    return None


def main() -> None:
    """Read the settings and then requests from standard input until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the parent's to handle
    warnings.simplefilter("ignore")
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    requests, send = _open_pipes()
    settings = json.loads(requests.readline())
    try:
        recognizer = _build(settings, send)
    except ModelError as error:
        send(Refused(str(error)))
        return
    for line in requests:
        recognizer.handle(decode_request(line))
    os._exit(0)  # the parent is gone or done: nothing here is worth finishing


def _build(settings: dict[str, Any], send: Callable[[Reply], None]) -> Recognizer:
    analyzer = load_analyzer(_model_settings(settings["models"]), lambda text: send(Report(text)))
    analyzer.self_test()
    _limit_memory(settings["memory_limit"])
    send(
        Ready(
            models=analyzer.models,
            thorough_models=analyzer.thorough_models,
            vocabulary=analyzer.vocabulary(),
            notices=analyzer.notices,
        )
    )
    return Recognizer(analyzer, decode.Limits(**settings["limits"]), settings["threads"], send)


def _limit_memory(room: int) -> None:
    """Let this process take ``room`` more bytes of address space than now; 0: no limit."""
    if room:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        limit = pages * resource.getpagesize() + room
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _model_settings(fields: dict[str, Any]) -> ModelSettings:
    paths = {key: Path(fields[key]) for key in ("weights_directory", "cache_directory")}
    manifests = tuple(map(Path, fields["manifest_directories"]))
    return ModelSettings(**fields | paths | {"manifest_directories": manifests})


def _open_pipes() -> tuple[BinaryIO, Callable[[Reply], None]]:
    """Take the real standard output for replies; what libraries print goes to standard error."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    lock = threading.Lock()

    def send(reply: Reply) -> None:
        with lock:
            replies.write(encode(reply))
            replies.flush()

    return sys.stdin.buffer, send


if __name__ == "__main__":
    main()
