"""Ed25519 signatures of packages, in a file of the package that its digest leaves out."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
        fields = {"digest": self.digest, "name": self.name, "version": self.version}
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class PublicKeys:
    """The keys whose signatures are accepted, by key id."""

    def __init__(self, keys: Mapping[str, Ed25519PublicKey]) -> None:
        self._keys = dict(keys)

    @classmethod
    def load(cls, folder: Path) -> PublicKeys:
        """The keys of the files *.pem of a folder; StartupError if there is none, or another file."""
        keys: dict[str, Ed25519PublicKey] = {}
        for path in _files(folder):
            try:
                key = read_public_key(path.read_bytes())
            except (OSError, KeyFileError):
                raise StartupError(
                    f"Le fichier {path} n’est pas une clé publique Ed25519 (PEM) ou en contient plusieurs : "
                    "une clé par fichier."
                ) from None
            keys[key_id(key)] = key
        if not keys:
            raise StartupError(f"Le dossier {folder} ne contient aucune clé publique (*.pem).")
        return cls(keys)

    def verify(self, statement: Statement, signature_file: bytes | None) -> str:
        """The id of the key that signed the statement; SignatureError otherwise."""
        if signature_file is None or len(signature_file) > _MAX_SIGNATURE_FILE_BYTES:
            raise SignatureError
        try:
            stated = json.loads(signature_file)
            key = self._keys[stated["key_id"]]
            signature = b64decode(stated["signature"], validate=True)
            if stated["algorithm"] != _ALGORITHM:
                raise SignatureError
            key.verify(signature, statement.text())
        except (ValueError, TypeError, KeyError, RecursionError, InvalidSignature):
            raise SignatureError from None
        return str(stated["key_id"])


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


def read_public_key(pem: bytes) -> Ed25519PublicKey:
    """The key of a file that holds one; KeyFileError for a key that anyone may sign with."""
    if pem.count(b"-----BEGIN ") != 1:
        raise KeyFileError
    try:
        key = load_pem_public_key(pem)
    except ValueError:
        raise KeyFileError from None
    if not isinstance(key, Ed25519PublicKey) or _is_weak(key):
        raise KeyFileError
    return key


def _is_weak(key: Ed25519PublicKey) -> bool:
    """Whether the point has a small order, or is written otherwise than it should: signatures made without
    any private key pass its verification (RFC 8032 does not ask to refuse them)."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    y = int.from_bytes(raw, "little") & ~_SIGN
    return y >= _PRIME or y in _SMALL_ORDER


def sign(statement: Statement, private_key_pem: bytes) -> bytes:
    """The signature file of a statement; KeyFileError if the key cannot be read."""
    try:
        key = load_pem_private_key(private_key_pem, password=None)
    except (ValueError, TypeError):
        raise KeyFileError from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError
    fields = {
        "algorithm": _ALGORITHM,
        "key_id": key_id(key.public_key()),
        "signature": b64encode(key.sign(statement.text())).decode(),
    }
    return (json.dumps(fields, indent=2) + "\n").encode()


def generate_key() -> tuple[bytes, bytes]:
    """A new private key and its public key, in PEM form."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private, public


def key_id(key: Ed25519PublicKey) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the raw key."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]
