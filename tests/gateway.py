"""The gateway of the tests: Envoy, with the shipped configuration before three services over TLS."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.oidc import free_port
from tests.support import ROOT, wait_until

TOOLS = ROOT / "build/gateway/bin"
"""What `make gateway` installs apart from the project."""
CONFIGURATION = ROOT / "deploy/gateway/envoy.yaml"
PORTS = {"eligibility": 50051, "documents": 50052, "bank-registry": 50053}
"""The ports that the configuration names, by the service of each."""
PORT = 8443

needs_envoy = pytest.mark.needs((TOOLS / "envoy").exists(), "sans « make gateway », Envoy manque")


@dataclass(frozen=True)
class Answer:
    """What came back of a call: its HTTP status, its headers, its bytes."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        """The content, read."""
        return json.loads(self.content)

    @property
    def reason(self) -> str:
        """The reason of an error in JSON."""
        return next((str(each["reason"]) for each in self.json["details"] if "reason" in each), "")


@dataclass
class Gateway:
    """A running gateway."""

    port: int
    pid: int

    def call(
        self,
        trust: ssl.SSLContext,
        service: str,
        path: str,
        body: object = None,
        *,
        method: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Calls a path of a service in JSON: GET without a body, POST with one."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=trust, timeout=120)
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        said = {"host": f"{service}.localhost", "content-type": "application/json", **(headers or {})}
        try:
            connection.request(method or ("GET" if body is None else "POST"), path, content, said)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()


@contextmanager
def running(folder: Path, addresses: Mapping[str, str]) -> Iterator[Gateway]:
    """Runs Envoy in a folder that holds certs/ and dist/, before the services at some addresses."""
    port = free_port()
    text = CONFIGURATION.read_text(encoding="utf-8")
    ports = {PORT: port, **{PORTS[name]: int(at.rpartition(":")[2]) for name, at in addresses.items()}}
    for known, own in ports.items():
        assert text.count(f"port_value: {known}") == 1
        text = text.replace(f"port_value: {known}", f"port_value: {own}")
    (folder / "envoy.yaml").write_text(text, encoding="utf-8")
    log = folder / "envoy.log"
    options = ("-c", "envoy.yaml", "--concurrency", "1", "--disable-hot-restart", "-l", "warning")
    with log.open("wb") as stream:
        process = subprocess.Popen([str(TOOLS / "envoy"), *options], cwd=folder, stdout=stream, stderr=stream)
    try:
        wait_until(lambda: _listens(port) or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield Gateway(port, process.pid)
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False
