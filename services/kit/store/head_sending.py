"""Where anchored heads go besides their file: the journal of the system, a command, an address."""

from __future__ import annotations

import logging.handlers
import shlex
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import structlog

_SEND_SECONDS = 20.0

log = structlog.get_logger()


@dataclass(frozen=True)
class HeadPlaces:
    """Where anchored heads go: the file, and elsewhere where a setting says so."""

    file: Path
    seconds: float = 5.0
    syslog: str = ""
    command: str = ""
    webhook: str = ""


class HeadSender:
    """Sends heads away from the machine or the account of the service."""

    def __init__(self, places: HeadPlaces) -> None:
        self._places = places
        self._failures = 0

    def send(self, line: str) -> None:
        """Sends a signed line everywhere that a setting says; a failure is logged and counted."""
        for name, send in (
            ("syslog", self._to_syslog),
            ("command", self._to_command),
            ("webhook", self._to_web),
        ):
            if getattr(self._places, name):
                try:
                    send(line)
                except (OSError, ValueError, subprocess.SubprocessError) as error:
                    self._failures += 1
                    log.error("head_not_sent", to=name, error=type(error).__name__, failures=self._failures)

    def _to_syslog(self, line: str) -> None:
        host, _, port = self._places.syslog.rpartition(":")
        address = (host, int(port)) if host else self._places.syslog
        handler = logging.handlers.SysLogHandler(address)
        try:
            handler.emit(logging.makeLogRecord({"msg": f"microcredit head {line}", "levelno": logging.INFO}))
        finally:
            handler.close()

    def _to_command(self, line: str) -> None:
        command = shlex.split(self._places.command)
        subprocess.run(  # noqa: S603 - the operator's own setting
            command, input=line, text=True, check=True, capture_output=True, timeout=_SEND_SECONDS
        )

    def _to_web(self, line: str) -> None:
        if not self._places.webhook.startswith(("http://", "https://")):
            raise ValueError
        request = urllib.request.Request(  # noqa: S310 - its scheme was read
            self._places.webhook, line.encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=_SEND_SECONDS):  # noqa: S310
            pass
