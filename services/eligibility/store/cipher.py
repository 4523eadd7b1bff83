"""AES-256-GCM, and the keys that one master key stands for."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32

_NONCE_BYTES = 12


class UnreadableError(Exception):
    """A text was changed, or was not encrypted with this key for this place."""


def new_key() -> bytes:
    """A random key."""
    return secrets.token_bytes(KEY_BYTES)


def derived(master: bytes, purpose: str) -> bytes:
    """The key of one purpose (HKDF-SHA256): no purpose betrays another, nor the master key."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()).derive(master)


def encrypted(key: bytes, text: bytes, place: str) -> bytes:
    """A random nonce and the text, encrypted for one place only (the id of what holds it)."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, text, place.encode())


def decrypted(key: bytes, sealed: bytes, place: str) -> bytes:
    """The text encrypted for a place; UnreadableError if anything was changed."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
    except (InvalidTag, ValueError) as error:
        raise UnreadableError from error
