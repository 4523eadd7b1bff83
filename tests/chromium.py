"""Debian's Chromium without a screen, driven over its pipe: no library stands between a test and the page."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support import ROOT

CHROMIUM = shutil.which("chromium")
AXE = ROOT / "build" / "npm" / "node_modules" / "axe-core" / "axe.min.js"
needs_chromium = pytest.mark.skipif(
    not CHROMIUM or not AXE.is_file(),
    reason="Chromium (paquet Debian « chromium ») ou axe-core (« make validator ») absent.",
)


class Page:
    """The only page of a browser."""

    def __init__(self, writer: int, reader: int) -> None:
        self._writer, self._reader = writer, reader
        self._buffer, self._number, self._session = b"", 0, ""
        (target,) = [one for one in self.send("Target.getTargets")["targetInfos"] if one["type"] == "page"]
        attached = self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        self.send("Page.enable")

    def send(self, method: str, **params: Any) -> Any:
        """Sends a command of the DevTools protocol; gives its result."""
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._writer, json.dumps(message).encode() + b"\0")
        while (found := self._read()).get("id") != number:
            pass
        assert "error" not in found, found
        return found["result"]

    def open(self, file: Path) -> None:
        """Opens a file, and waits until it is loaded."""
        self.send("Page.navigate", url=file.as_uri())
        while self._read().get("method") != "Page.loadEventFired":
            pass

    def evaluate(self, script: str) -> Any:
        """The value of an expression, or of its promise."""
        found = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, key: str, code: int) -> None:
        """Presses a key as a person does."""
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.send(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text
            )

    def violations(self) -> list[str]:
        """What axe-core finds wrong with the page, by the rules of WCAG 2.2 AA."""
        self.evaluate(AXE.read_text(encoding="utf-8"))
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        found = self.evaluate(f"axe.run({{runOnly: {json.dumps(tags)}}}).then(found => found.violations)")
        return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]

    def _read(self) -> Any:
        while b"\0" not in self._buffer:
            received = os.read(self._reader, 1 << 20)
            assert received, "Chromium s’est arrêté"
            self._buffer += received
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)


@contextmanager
def browser(profile: Path) -> Iterator[Page]:
    """A browser with a profile of its own, closed at the end; it reads commands on 3 and answers on 4."""
    from_us, to_browser = os.pipe()
    from_browser, to_us = os.pipe()
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
    command = f'exec "$0" "$@" 3<&{from_us} 4>&{to_us}'
    process = subprocess.Popen(
        ["bash", "-c", command, str(CHROMIUM), *options, f"--user-data-dir={profile}", "about:blank"],
        pass_fds=(from_us, to_us),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for end in (from_us, to_us):
        os.close(end)
    try:
        yield Page(to_browser, from_browser)
    finally:
        process.terminate()
        process.wait()
        for end in (to_browser, from_browser):
            os.close(end)
