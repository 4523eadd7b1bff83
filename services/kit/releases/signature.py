"""Ed25519 signatures of packages, in a file of the package that its digest leaves out."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
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
_MAX_SIGNATURE_FILE_BYTES = 2000


class SignatureError(Exception):
    """The signature is absent, or not that of this package by an accepted key."""


class KeyFileError(Exception):
    """The file is not an Ed25519 private key in PEM form."""


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
        """The keys of the files *.pem of a folder; StartupError if there is none or one is not Ed25519."""
        keys: dict[str, Ed25519PublicKey] = {}
        for path in sorted(folder.glob("*.pem")):
            try:
                key = load_pem_public_key(path.read_bytes())
            except (OSError, ValueError):
                key = None
            if not isinstance(key, Ed25519PublicKey):
                raise StartupError(f"Le fichier {path} n’est pas une clé publique Ed25519 (PEM).")
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
