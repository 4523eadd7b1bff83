"""The heads of chains kept outside their database: signed lines in a file to which they are only added.

Whoever writes the database cannot write them: a backup put back in its place, or an end that was rewritten,
is found at the next start.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from services.kit.canonical import Head, canonical
from services.kit.errors import StartupError

HEAD_SIGNATURES = "head signatures"
"""The purpose of the key (Ed25519) that signs heads."""

_TAIL_BYTES = 65536
"""More than one line: the last one is in there."""


class HeadError(Exception):
    """A text that is not a signed head, or whose signature is not of the expected key."""


@dataclass(frozen=True)
class Heads:
    """The last record of each chain of a store at an instant; `acknowledged` is what a named person answers
    for when the store is behind: the id of the heads that are lost, and who says so."""

    store: str
    time: str
    heads: Mapping[str, Head]
    acknowledged: Mapping[str, str] = field(default_factory=dict)

    def statement(self) -> dict[str, object]:
        """What is signed."""
        heads = {name: [head.sequence, head.hash] for name, head in self.heads.items()}
        said: dict[str, object] = {"version": 1, "store": self.store, "time": self.time, "heads": heads}
        return said | ({"acknowledged": dict(self.acknowledged)} if self.acknowledged else {})

    @property
    def id(self) -> str:
        """What names these heads: SHA-256 of what is signed."""
        return hashlib.sha256(canonical(self.statement()).encode()).hexdigest()


class HeadSigner:
    """Signs heads; who has the public key alone can verify them."""

    def __init__(self, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self.public_key = b64encode(self._key.public_key().public_bytes_raw()).decode()

    def signed(self, heads: Heads) -> str:
        """One line of JSON."""
        statement = heads.statement()
        signature = b64encode(self._key.sign(canonical(statement).encode())).decode()
        return canonical({"statement": statement, "public_key": self.public_key, "signature": signature})


def read_signed(line: str | bytes, public_key: str = "") -> Heads:
    """The heads of a signed line, by the key that it names or, better, by the one that is expected;
    HeadError."""
    try:
        given: dict[str, Any] = json.loads(line)
        statement = given["statement"]
        key = Ed25519PublicKey.from_public_bytes(b64decode(public_key or given["public_key"], validate=True))
        key.verify(b64decode(given["signature"], validate=True), canonical(statement).encode())
        heads = {str(name): Head(int(rank), str(seal)) for name, (rank, seal) in statement["heads"].items()}
        found = Heads(statement["store"], statement["time"], heads, statement.get("acknowledged", {}))
    except (InvalidSignature, ValueError, TypeError, KeyError, AttributeError) as error:
        raise HeadError from error
    return found


class HeadsFile:
    """The file of the anchored heads: its owner's alone, one line added at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def has_lines(self) -> bool:
        """Whether heads were anchored in it; StartupError if it cannot be read."""
        try:
            with self.path.open("rb") as stream:
                return b"\n" in stream.read(_TAIL_BYTES)
        except FileNotFoundError:
            return False
        except OSError:
            raise self._refusal() from None

    def last(self, public_key: str = "") -> Heads | None:
        """The heads of the last line, None in an absent or empty file; StartupError if it was changed, or if
        another key than the one expected signed it."""
        if not self.path.exists():
            return None
        with self._opened(create=False) as stream:
            return self._last(stream, public_key)

    @contextmanager
    def turn(self, public_key: str, *, create: bool) -> Iterator[tuple[Heads | None, BinaryIO]]:
        """The last heads, and the file to add to, while no other process adds any."""
        with self._opened(create=create) as stream:
            yield self._last(stream, public_key), stream

    @contextmanager
    def _opened(self, *, create: bool) -> Iterator[BinaryIO]:
        creation = os.O_CREAT if create else 0
        try:
            if create:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | creation, 0o600)
        except FileNotFoundError:
            raise lost(self.path) from None
        except OSError:
            raise self._refusal() from None
        with os.fdopen(descriptor, "r+b", buffering=0) as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield stream

    def _refusal(self) -> StartupError:
        return StartupError(
            f"Le fichier des empreintes {self.path} ne peut pas être lu ou écrit : corrigez ses droits "
            "ou ceux de son dossier."
        )

    def _last(self, stream: BinaryIO, public_key: str) -> Heads | None:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - _TAIL_BYTES))
        # What has no end of line was cut while it was written: it was not anchored.
        lines = stream.read().rpartition(b"\n")[0].split(b"\n")
        if not lines[-1]:
            return None
        try:
            return read_signed(lines[-1], public_key)
        except HeadError:
            raise StartupError(
                f"La dernière ligne du fichier des empreintes {self.path} a été modifiée, ou vient d’une "
                "autre base : remettez le fichier de cette base."
            ) from None


def lost(path: Path) -> StartupError:
    """The refusal of a file of heads that was there, and is there no more or empty."""
    return StartupError(f"Le fichier des empreintes {path} a disparu ou a été vidé : remettez-le en place.")


def add_line(stream: BinaryIO, line: str) -> None:
    """Adds a line, on the disk once this returns; a line that was cut before it is left as it is."""
    size = stream.seek(0, os.SEEK_END)
    cut = b""
    if size:
        stream.seek(size - 1)
        cut = b"" if stream.read(1) == b"\n" else b"\n"
    stream.write(cut + line.encode() + b"\n")
    os.fsync(stream.fileno())
