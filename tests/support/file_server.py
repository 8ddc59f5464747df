"""A server on this machine that gives one file, with all that can go wrong on the way."""

from __future__ import annotations

import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Line:
    """What the server gives and what it is to do wrong; what it was asked for."""

    body: bytes
    tag: str = '"one"'
    cuts: list[int] = field(default_factory=list)  # the n-th answer ends after so many bytes
    statuses: list[int] = field(default_factory=list)  # the n-th answer is this
    ranges: bool = True
    length: bool = True
    leads_to: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""


def _answer(line: Line) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            wanted, same = self.headers.get("Range", ""), self.headers.get("If-Range", "")
            line.asked.append((wanted, same))
            if line.statuses and (status := line.statuses.pop(0)) != 200:
                self.send_error(status)
            elif line.leads_to and self.path == "/file":
                self.send_response(302)
                self.send_header("Location", line.leads_to)
                self.end_headers()
            else:
                self.give(wanted, same)

        def give(self, wanted: str, same: str) -> None:
            start = 0
            if line.ranges and wanted and same == line.tag:
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
            self.send_response(206 if start else 200)
            if start:
                self.send_header(
                    "Content-Range", f"bytes {start}-{len(line.body) - 1}/{len(line.body)}"
                )
            if line.tag:
                self.send_header("ETag", line.tag)
            if line.length:
                self.send_header("Content-Length", str(len(line.body) - start))
            self.end_headers()
            end = line.cuts.pop(0) if line.cuts else len(line.body)
            self.wfile.write(line.body[start : start + end])

    return Handler


@contextmanager
def serve(body: bytes, certificate: Path | None = None) -> Iterator[Line]:
    """Serve these bytes under any path; what is yielded can be changed meanwhile.

    With a certificate (and its key, in one PEM file) it speaks HTTPS.
    """
    line = Line(body)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _answer(line))
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who hangs up is no news
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    line.url = f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}/file"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield line
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
