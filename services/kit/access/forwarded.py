"""The header x-forwarded-client-cert, in which a gateway says whose certificate it saw.

Grammar of Envoy: elements separated by commas, one per hop; each is `Key=value` pairs separated by
semicolons; a value that holds one of these signs is between double quotes, where a quote is written with a
backslash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HEADER = "x-forwarded-client-cert"

_VALUE = r'"(?P<quoted>(?:[^"\\]|\\["\\])*)"|(?P<bare>[^",;]*)'
_PAIR = re.compile(rf"(?P<key>[A-Za-z]+)=(?:{_VALUE})(?P<end>[;,]|\Z)")
_ESCAPED = re.compile(r'\\(["\\])')
_KEYS = {"by", "hash", "cert", "chain", "subject", "uri", "dns"}


@dataclass(frozen=True)
class Forwarded:
    """Whose certificate the gateway saw, and the SHA-256 of that certificate, in hexadecimal."""

    name: str
    fingerprint: str


def parse(header: str) -> Forwarded | None:
    """The one client that the header names; None if it is not the one element that a gateway writes.

    Several elements are several hops: the gateway appended to what its own client sent, and nothing tells
    which of them it proved. Several names, or none, name nobody.
    """
    pairs: dict[str, list[str]] = {}
    position = 0
    while True:
        match = _PAIR.match(header, position)
        if not match or match["end"] == ",":
            return None
        value = match["bare"] if match["quoted"] is None else _ESCAPED.sub(r"\1", match["quoted"])
        pairs.setdefault(match["key"].lower(), []).append(value)
        position = match.end()
        if not match["end"]:
            return _one(pairs)


def _one(pairs: dict[str, list[str]]) -> Forwarded | None:
    names = pairs.get("uri", []) or pairs.get("dns", [])
    hashes = pairs.get("hash", [])
    if pairs.keys() - _KEYS or len(names) != 1 or not names[0] or len(hashes) != 1:
        return None
    if not re.fullmatch("[0-9a-fA-F]{64}", hashes[0]):
        return None
    return Forwarded(names[0], hashes[0].lower())
