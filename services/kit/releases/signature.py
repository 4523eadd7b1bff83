"""Ed25519 signatures of packages, in a file of the package that its digest leaves out."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from services.kit.errors import StartupError
from services.kit.releases.trust import Trust

_ALGORITHM = "ed25519"
_PRIME = 2**255 - 19
_SIGN = 1 << 255
_ORDER_8 = int("05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826", 16)
_SMALL_ORDER = frozenset({0, 1, _PRIME - 1, _ORDER_8, _PRIME - _ORDER_8})
"""The y of the eight points of a small order: each with its two signs."""
_MAX_SIGNATURE_FILE_BYTES = 2000


class SignatureError(Exception):
    """The signature is absent, or not that of this package by an accepted key."""


class KeyFileError(Exception):
    """The file is not one Ed25519 key in PEM form."""


@dataclass(frozen=True)
class Statement:
    """What is signed: this content is this version of this package."""

    name: str
    version: str
    digest: str

    def text(self) -> bytes:
        """The canonical bytes that are signed."""
        return _canonical(vars(self))


@dataclass(frozen=True)
class Act:
    """What is signed of an activation or a rollback: upon that state of the package, which `etag` tells."""

    act: str
    name: str
    version: str
    digest: str
    effective_date: str
    etag: str

    def text(self) -> bytes:
        """The canonical bytes that are signed."""
        return _canonical(vars(self))


def _canonical(fields: Mapping[str, str]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read_folder(folder: Path) -> Mapping[str, tuple[str, bytes]]:
    """The names and the keys of the files *.pem of a folder, by key id; StartupError if there is none, or
    another file."""
    keys: dict[str, tuple[str, bytes]] = {}
    for path in _files(folder):
        try:
            raw = read_public_key(path.read_bytes())
        except (OSError, KeyFileError):
            raise StartupError(
                f"Le fichier {path} n’est pas une clé publique Ed25519 (PEM) ou en contient plusieurs : "
                "une clé par fichier."
            ) from None
        keys[key_id(raw)] = (path.stem, raw)
    if not keys:
        raise StartupError(f"Le dossier {folder} ne contient aucune clé publique (*.pem).")
    return keys


def signer(trust: Trust, statement: Statement | Act, file: bytes | None, now: datetime) -> str:
    """The id of the stored key that signed a statement, if it is accepted now; SignatureError otherwise."""
    stated = _stated(file)
    key = trust.keys.get(stated.key_id)
    if key is None or not key.accepts(statement.name, now):
        raise SignatureError
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(stated.signature, statement.text())
    except (ValueError, InvalidSignature):
        raise SignatureError from None
    return key.key_id


def stated(file: bytes | None, package_digest: str) -> Statement:
    """What a signature file says that it signs: a package of that digest, whose own files are not read;
    SignatureError."""
    found = _stated(file)
    return Statement(found.name, found.version, package_digest)


@dataclass(frozen=True)
class _Stated:
    key_id: str
    signature: bytes
    name: str
    version: str


def _stated(file: bytes | None) -> _Stated:
    """What anyone's signature file says; SignatureError."""
    if file is None or len(file) > _MAX_SIGNATURE_FILE_BYTES:
        raise SignatureError
    try:
        fields = json.loads(file)
        found = _Stated(
            fields["key_id"],
            b64decode(fields["signature"], validate=True),
            fields.get("name", ""),
            fields.get("version", ""),
        )
        if fields["algorithm"] != _ALGORITHM:
            raise SignatureError
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise SignatureError from None
    if not all(isinstance(text, str) for text in (found.key_id, found.name, found.version)):
        raise SignatureError
    return found


def _files(folder: Path) -> Sequence[Path]:
    """The files *.pem of a folder, where nothing else may be but hidden files, which those who mount folders
    of settings add; StartupError."""
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        raise StartupError(f"Le dossier {folder} des clés publiques ne peut pas être lu.") from None
    for path in paths:
        if path.suffix != ".pem":
            raise StartupError(
                f"Le fichier {path} n’est pas pris pour une clé publique : renommez-le en .pem s’il en est "
                "une, sinon retirez-le de ce dossier."
            )
    return paths


def read_public_key(pem: bytes) -> bytes:
    """The key of a file that holds one (32 bytes); KeyFileError for a key that anyone may sign with."""
    if pem.count(b"-----BEGIN ") != 1:
        raise KeyFileError
    try:
        key = load_pem_public_key(pem)
    except ValueError:
        raise KeyFileError from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError
    raw = key.public_bytes_raw()
    if _is_weak(raw):
        raise KeyFileError
    return raw


def _is_weak(raw: bytes) -> bool:
    """Whether the point has a small order, or is written otherwise than it should: signatures made without
    any private key pass its verification (RFC 8032 does not ask to refuse them)."""
    y = int.from_bytes(raw, "little") & ~_SIGN
    return y >= _PRIME or y in _SMALL_ORDER


def sign(statement: Statement | Act, private_key_pem: bytes) -> bytes:
    """The signature file of a statement; KeyFileError if the key cannot be read."""
    key = _private_key(private_key_pem)
    fields = {
        "algorithm": _ALGORITHM,
        "key_id": key_id(key.public_key().public_bytes_raw()),
        "name": statement.name,
        "signature": b64encode(key.sign(statement.text())).decode(),
        "version": statement.version,
    }
    return (json.dumps(fields, indent=2) + "\n").encode()


def sign_bytes(content: bytes, private_key_pem: bytes) -> tuple[bytes, bytes]:
    """The bare signature of a content, as openssl checks it, and the public key in PEM form; KeyFileError."""
    key = _private_key(private_key_pem)
    return key.sign(content), _public_pem(key)


def _private_key(pem: bytes) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        raise KeyFileError from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError
    return key


def _public_pem(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def generate_key() -> tuple[bytes, bytes]:
    """A new private key and its public key, in PEM form."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, _public_pem(key)


def key_id(raw: bytes) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the raw key."""
    return hashlib.sha256(raw).hexdigest()[:16]
