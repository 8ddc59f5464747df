"""A headless Chromium, spoken to over pipes in its DevTools protocol."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import select
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE = 30.0
WITHOUT = "chromium is not installed (apt-get install chromium)"


class Browser:
    """One page of a browser; `events` is all that it has told so far."""

    def __init__(self, into: int, out: int) -> None:
        self._into = into
        self._out = out
        self._told = bytearray()
        self._numbers = itertools.count(1)
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and wait for its answer."""
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._into, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != number:
            self.events.append(answer)
        assert "error" not in answer, answer
        return dict(answer["result"])

    def open(self, path: Path, fragment: str = "", *, width: int = 1280, height: int = 900) -> None:
        """Show a file, laid out for a screen of this size, and wait until it is loaded."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        self.events.clear()
        loads = "loaderId" in self.call("Page.navigate", url=path.as_uri() + fragment)
        while loads and not any(
            event.get("method") == "Page.loadEventFired" for event in self.events
        ):
            self.events.append(self._read())

    def run(self, script: str) -> Any:
        """Evaluate JavaScript in the page; a promise is waited for."""
        found = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def point(self, selector: str) -> None:
        """Move the mouse over an element."""
        x, y = self.run(
            f"(() => {{ const b = document.querySelector({json.dumps(selector)})"
            ".getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2] })()"
        )
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        self.settle()

    def press(self, key: str, code: int) -> None:
        """Press a key and let it go."""
        text = {"text": "\r"} if key == "Enter" else {}
        key_is = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", **key_is, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **key_is)
        self.settle()

    def settle(self) -> None:
        """Wait until what was begun is drawn and every transition has ended."""
        self.run(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(async () => {"
            " await Promise.all(document.getAnimations().map(one => one.finished)); done(1) })))"
        )

    def screenshot(self, path: Path) -> None:
        """Save what the screen shows as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._told:
            ready, _, _ = select.select([self._out], [], [], PATIENCE)
            assert ready, "the browser says nothing"
            told = os.read(self._out, 1 << 20)
            assert told, "the browser has ended"
            self._told += told
        message, _, rest = self._told.partition(b"\0")
        self._told = rest
        return dict(json.loads(message))

    def close(self) -> None:
        os.close(self._into)
        os.close(self._out)


@contextlib.contextmanager
def open_browser(profile: Path) -> Iterator[Browser]:
    """Start a browser with a profile of its own; it ends with the context."""
    assert PROGRAM is not None, WITHOUT
    (their_in, our_out), (our_in, their_out) = os.pipe(), os.pipe()
    # The browser reads from 3 and writes to 4, whatever else has these numbers here.
    fds = f"exec {{i}}<&{their_in} {{o}}>&{their_out}; exec 3<&$i 4>&$o"
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
    options.append(f"--user-data-dir={profile}")
    with (profile.parent / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            ["bash", "-c", f'{fds}; exec "$@"', "-", PROGRAM, *options],
            pass_fds=(their_in, their_out), stdout=log, stderr=log,
        )  # fmt: skip
    os.close(their_in)
    os.close(their_out)
    browser = Browser(our_out, our_in)
    try:
        yield browser
    finally:
        browser.close()
        process.kill()
        process.wait()
