"""Requests to an OIDC provider: HTTPS, no redirection, bounded in bytes and in time."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

MAX_BYTES = 256 * 1024
SECONDS = 3.0
_NO_HEADERS: Mapping[str, str] = {}


class ProviderSilent(Exception):  # noqa: N818 - what happened, not whose fault
    """The provider does not answer, or not what it must."""


class ProviderRefuses(ProviderSilent):
    """The provider answers that it cannot say anything of what it is asked about."""


def ask(
    url: str, authority: Path | None, body: bytes | None = None, headers: Mapping[str, str] = _NO_HEADERS
) -> dict[str, Any]:
    """The JSON object that a URL answers to GET, or to POST when there is a body; raises ProviderSilent."""
    try:
        answer = json.loads(_read(url, authority, body, headers))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ProviderSilent(url) from error
    if not isinstance(answer, dict):
        raise ProviderSilent(url)
    return answer


def _read(url: str, authority: Path | None, body: bytes | None, headers: Mapping[str, str]) -> bytes:
    limit = time.monotonic() + SECONDS
    parts = urlsplit(url)
    connection = _connection(parts.scheme, parts.netloc, authority)
    try:
        path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        connection.request("POST" if body is not None else "GET", path, body, dict(headers))
        response = connection.getresponse()
        if response.status == http.client.BAD_REQUEST:
            raise ProviderRefuses(url)
        if response.status != http.client.OK:  # a redirection too: it would leave the pinned provider
            raise ProviderSilent(url)
        content = bytearray()
        # The time-out of a socket is that of one packet: a provider that drips is stopped by the clock.
        while chunk := response.read1(65536):
            content += chunk
            if len(content) > MAX_BYTES or time.monotonic() > limit:
                raise ProviderSilent(url)
        return bytes(content)
    finally:
        connection.close()


def _connection(scheme: str, place: str, authority: Path | None) -> http.client.HTTPConnection:
    if scheme == "http":  # on this machine only: the file of accesses refuses it elsewhere
        return http.client.HTTPConnection(place, timeout=SECONDS)
    trust = ssl.create_default_context(cafile=authority)
    return http.client.HTTPSConnection(place, timeout=SECONDS, context=trust)
