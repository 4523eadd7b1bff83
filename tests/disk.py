"""Reads the disk as one would who holds the master key and every file of a store, and nothing else."""

from __future__ import annotations

import mmap
from base64 import b64decode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import create_engine, make_url, text

from services.kit.store import vault
from services.kit.store.database import Database
from services.kit.store.ring import open_ring

_WRAPPED_BYTES = 12 + 32 + 16
"""A nonce, a key and a tag."""


@dataclass
class Written:
    """All that was encrypted, by the place that it was for, however many times."""

    texts: dict[str, list[bytes]] = field(default_factory=dict)

    @classmethod
    def watched(cls, monkeypatch: pytest.MonkeyPatch) -> Written:
        """Watches what this process encrypts from now on."""
        found, encrypted = cls(), vault.encrypted

        def encrypt(key: bytes, text: bytes, place: str) -> bytes:
            sealed = encrypted(key, text, place)
            found.texts.setdefault(place, []).append(sealed)
            return sealed

        monkeypatch.setattr(vault, "encrypted", encrypt)
        return found

    def of(self, places: Iterable[str]) -> list[tuple[str, bytes]]:
        """What was encrypted for some places."""
        return [(place, sealed) for place in places for sealed in self.texts.get(place, ())]


@dataclass(frozen=True)
class Disk:
    """The files of a store: its folder, and the data directory of the server of a PostgreSQL one."""

    url: str
    folder: Path
    server: Path | None
    master_key: Path
    epochs: Path
    wrapping: bytes

    @classmethod
    def of(cls, url: str, folder: Path, keys: Database, master_key: Path, epochs: Path) -> Disk:
        """The disk of a store: its folder, or the whole data directory of its server, pg_wal included; and
        what the master key opens of its key database."""
        wrapping = open_ring(keys, master_key).key("case keys")
        host = make_url(url).query.get("host")
        return cls(url, folder, Path(str(host)) if host else None, master_key, epochs, wrapping)

    def holds(self, pieces: Iterable[bytes]) -> list[bytes]:
        """Those of some pieces that a file still holds, whatever opens them."""
        wanted, found = set(pieces), set[bytes]()
        if self.server:
            self._write_out()
        for content in self._files(self.folder, *([self.server] if self.server else [])):
            found |= {piece for piece in wanted - found if content.find(piece) >= 0}
        return sorted(found)

    def keys(self, wrapped: Iterable[tuple[str, bytes]]) -> list[bytes]:
        """The keys of cases that can be opened: each wrapped key that was written and is still somewhere, and
        in the folder each run of bytes that may be one, tried with every secret of the disk."""
        wanted = list(wrapped)
        cases = sorted({case_id for case_id, _ in wanted})
        openings = [AESGCM(opening) for opening in self._openings()]
        found = []
        for content in self._files(self.folder):
            for run in _runs(content):
                found += [key for opening in openings for key in _tried(opening, run, cases)]
        for run in self.holds(piece for _, piece in wanted):
            found += [key for opening in openings for key in _tried(opening, run, cases)]
        return found

    def _write_out(self) -> None:
        """Makes the server write what it holds in memory, so that there is something to find."""
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CHECKPOINT"))
        engine.dispose()

    def _openings(self) -> Iterator[bytes]:
        """What may wrap keys: what the master key opens alone, or with each secret that the folder of epochs
        holds; and what a former version derived from the master key."""
        for wrapping in (self.wrapping, vault.load(self.master_key).derived("case keys")):
            yield wrapping
            for path in self.epochs.glob("*"):
                secret = vault.MasterKey(wrapping + _decoded(path.read_bytes()))
                yield secret.derived("case keys of an epoch")

    def _files(self, *folders: Path) -> Iterator[mmap.mmap]:
        for folder in folders:
            for path in folder.rglob("*"):
                # A file of a living server may end meanwhile.
                with suppress(OSError, ValueError), path.open("rb") as file:
                    yield mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _runs(content: mmap.mmap) -> set[bytes]:
    """Every run of the length of a wrapped key that is not mostly empty, as a page is."""
    data = content[:]
    return {
        data[start : start + _WRAPPED_BYTES]
        for start in range(len(data) - _WRAPPED_BYTES + 1)
        if data[start + 20 : start + 24] != b"\0\0\0\0"
    }


def _tried(opening: AESGCM, run: bytes, cases: Iterable[str]) -> Iterator[bytes]:
    for case_id in cases:
        try:
            yield opening.decrypt(run[:12], run[12:], case_id.encode())
        except InvalidTag:
            continue


def _decoded(content: bytes) -> bytes:
    try:
        return b64decode(content)
    except ValueError:
        return content
