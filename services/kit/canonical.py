"""The one JSON text of a value, and the chains that seal records one after another."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

GENESIS = "0" * 64
"""The hash before the first record."""

_HASH = re.compile(r"[0-9a-f]{64}")
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_PLAIN = frozenset({str, int, bool, type(None)})


@dataclass(frozen=True)
class Head:
    """The last record of a chain; kept outside the database, it betrays a removed end or a full rewrite."""

    sequence: int
    hash: str


@dataclass(frozen=True)
class Verification:
    """The first record that is not as it was written (0 when all are), how many were read, and the end."""

    broken_sequence: int
    record_count: int
    head: Head


def canonical(value: object) -> str:
    """Sorted keys, no space, characters as they are; floats are refused."""
    _refuse_floats(value)
    return _ENCODER.encode(value)


def chained(previous: str, record: Mapping[str, object]) -> str:
    """The hash of a record and of all those before it: SHA-256, in hexadecimal.

    Bytes that are not UTF-8, which only tampering puts into a database, are hashed as they are.
    """
    return hashlib.sha256(f"{previous}{canonical(record)}".encode(errors="surrogateescape")).hexdigest()


def sealed(key: bytes, previous: str, record: Mapping[str, object]) -> str:
    """The seal of a record and of all those before it, which only who has the key can make: HMAC-SHA256."""
    written = f"{previous}{canonical(record)}".encode(errors="surrogateescape")
    return hmac.digest(key, written, hashlib.sha256).hex()


def is_hash(value: object) -> bool:
    """True for what `chained` or `sealed` may have given."""
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError("a float has no exact form")
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for item in value:
        if type(item) not in _PLAIN:
            _refuse_floats(item)
