"""Fetching one file over HTTPS: resumed where it was cut, checked by sha256, then moved in.

Only ever called when somebody asks for it; nothing here runs while photos are looked at. Resuming
follows RFC 9110, sections 13.1.5 (If-Range) and 14 (Range).
"""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import socket
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import IO, TYPE_CHECKING

from .errors import DownloadError
from .manifest import is_safe_url

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Progress = Callable[[int, int], None]

ATTEMPTS = 6
TIMEOUT_SECONDS = 30.0
CHUNK = 1 << 18
LARGEST = 8 << 30  # bytes; for files whose size nobody wrote down
_PASSING_STATUS = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to fetch: from where, to where, and how it is known (0 bytes: size not known).

    `accepts` says whether a sha256 sum is right; `expected` is that sum as text, for messages.
    """

    url: str
    target: Path
    size: int
    expected: str
    accepts: Callable[[str], bool]


class _Cut(Exception):
    """The transfer ended early; what came so far is kept."""


class _Anew(Exception):
    """What came so far is of no use: begin again."""


def fetch(wanted: Wanted, progress: Progress, wait: Callable[[float], None] = time.sleep) -> None:
    """Fetch a file; it appears under its name only when it is whole and right.

    What came of it stays beside as `.part`, so that a later call goes on there. `progress` gets
    bytes done and in all (0: not known). Raises `DownloadError`, at once when trying again would
    not help, else after some attempts with growing pauses, by `wait`.
    """
    transfer = _Transfer(wanted, progress)
    try:
        transfer.run(wait)
    except OSError as error:  # of the disk: those of the network are told apart where they occur
        raise transfer.disk_error(error) from error


@dataclass(slots=True)
class _Transfer:
    wanted: Wanted
    progress: Progress
    part: Path = field(init=False)
    validator: Path = field(init=False)

    def __post_init__(self) -> None:
        name = self.wanted.target.name
        self.part = self.wanted.target.with_name(f"{name}.part")
        self.validator = self.wanted.target.with_name(f"{name}.part.validator")

    def run(self, wait: Callable[[float], None]) -> None:
        self.part.parent.mkdir(parents=True, exist_ok=True)
        self._require_room()
        reason = "the server's answers do not fit together"
        for attempt in range(ATTEMPTS):
            if attempt:
                wait(min(2.0 ** (attempt - 1), 30.0))
            try:
                self._receive()
                break
            except _Anew:
                self._forget()
            except _Cut as cut:
                reason = str(cut)
        else:
            raise self.error(f"the transfer was cut {ATTEMPTS} times ({reason})")
        self._finish()

    def _receive(self) -> None:
        done = self._done()
        if done and done == self.wanted.size:
            return
        with self._open(done) as response:
            done, total = self._place_of(response, done)
            self._note_validator(response)
            with self.part.open("r+b" if done else "wb") as stream:
                if done:
                    stream.seek(done)
                    stream.truncate()
                self._copy(response, stream, done, total)

    def _done(self) -> int:
        """Return how many bytes of an earlier attempt can be used."""
        if not self.part.exists() or not self.validator.exists():
            return 0
        return self.part.stat().st_size

    def _open(self, done: int) -> http.client.HTTPResponse:
        request = urllib.request.Request(self.wanted.url, headers=_HEADERS)  # noqa: S310  (checked)
        if done:
            request.add_header("Range", f"bytes={done}-")
            request.add_header("If-Range", self.validator.read_text("utf-8"))
        try:
            response: http.client.HTTPResponse = _opener(self.wanted.url).open(
                request, timeout=TIMEOUT_SECONDS
            )
        except urllib.error.HTTPError as error:
            error.close()
            raise self._judge_status(error.code) from error
        except urllib.error.URLError as error:
            if isinstance(error.reason, socket.gaierror | ssl.SSLCertVerificationError):
                raise self.error(f"the server cannot be reached ({error.reason})") from error
            raise _Cut(str(error.reason)) from error
        except (http.client.HTTPException, OSError) as error:
            raise _Cut(str(error) or type(error).__name__) from error
        return response

    def _judge_status(self, status: int) -> Exception:
        if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return _Anew()
        if status in _PASSING_STATUS:
            return _Cut(f"the server answered {status}")
        if status // 100 == 3:  # urllib itself follows nothing but http, https and ftp
            return self.error("it leads to a place that is not HTTPS")
        return self.error(f"the server answered {status} {http.client.responses.get(status, '')}")

    def _place_of(self, response: http.client.HTTPResponse, done: int) -> tuple[int, int]:
        """Return where the answer's bytes belong and how many bytes the whole file has."""
        length = response.length or 0
        if response.status != HTTPStatus.PARTIAL_CONTENT:
            done = 0
        elif not (response.headers.get("Content-Range") or "").startswith(f"bytes {done}-"):
            raise _Anew
        total = done + length if length else 0
        if total and self.wanted.size and total != self.wanted.size:
            raise self.error(f"the server's file has {total} bytes, not {self.wanted.size}")
        return done, total or self.wanted.size

    def _note_validator(self, response: http.client.HTTPResponse) -> None:
        """Keep what proves at the next attempt that the server's file is still the same."""
        tag = response.headers.get("ETag") or ""
        proof = tag if tag.startswith('"') else response.headers.get("Last-Modified")
        if proof:  # a weak tag does not prove that the bytes are the same
            self.validator.write_text(proof, encoding="utf-8")
        else:
            self.validator.unlink(missing_ok=True)

    def _copy(
        self, response: http.client.HTTPResponse, stream: IO[bytes], done: int, total: int
    ) -> None:
        most = self.wanted.size or LARGEST
        while chunk := _read(response):
            done += len(chunk)
            if done > most:
                raise self.error(f"the server sends more than {most} bytes")
            stream.write(chunk)
            self.progress(done, total)
        if total and done < total:
            raise _Cut(f"after {done} of {total} bytes")

    def _finish(self) -> None:
        with self.part.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
            os.fsync(stream.fileno())
        if not self.wanted.accepts(found):
            self._forget()
            raise self.error(f"its sha256 is {found}, expected {self.wanted.expected}")
        self.part.replace(self.wanted.target)
        self.validator.unlink(missing_ok=True)

    def _forget(self) -> None:
        self.part.unlink(missing_ok=True)
        self.validator.unlink(missing_ok=True)

    def _require_room(self) -> None:
        missing = self.wanted.size - self._done()
        free = shutil.disk_usage(self.part.parent).free
        if missing > free:
            raise self.error(f"{missing} bytes are needed in {self.part.parent}, {free} are free")

    def disk_error(self, error: OSError) -> DownloadError:
        return self.error(f"{error.filename or self.part}: {error.strerror or error}")

    def error(self, reason: str) -> DownloadError:
        return DownloadError(self.wanted.url, reason)


_HEADERS = {"User-Agent": "phototagd", "Accept-Encoding": "identity"}


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Follow only to where a file may come from, and never from HTTPS to less."""
        encrypted = req.full_url.startswith("https://")
        if not is_safe_url(newurl) or (encrypted and not newurl.startswith("https://")):
            raise DownloadError(req.full_url, f"it leads to {newurl}, which is not HTTPS")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(url: str) -> urllib.request.OpenerDirector:
    handlers: list[urllib.request.BaseHandler] = [_SafeRedirects()]
    if not url.startswith("https://"):  # this very machine: no proxy can reach it
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(CHUNK)
    except (http.client.HTTPException, OSError) as error:
        raise _Cut(str(error) or type(error).__name__) from error
