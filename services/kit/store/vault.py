"""The master key of a service: a file kept outside its databases, and what is encrypted or tagged with it."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import os
import secrets
import stat
from base64 import b64decode, b64encode
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.kit.errors import StartupError

KEY_BYTES = 32

KEYS_FOLDER = Path("keys")
"""Where keys are unless a setting says otherwise: beside var/, never in it, so that a copy of var/ opens
nothing."""

_NONCE_BYTES = 12


class UnreadableError(Exception):
    """A text was changed, or was not encrypted with this key for this place."""


class MasterKey:
    """A master key; a key derived from it for one purpose betrays neither another nor the master key."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def derived(self, purpose: str) -> bytes:
        """The key of one purpose (HKDF-SHA256)."""
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()).derive(
            self._secret
        )

    def fingerprint(self) -> str:
        """What tells this key from another, and nothing of it."""
        return self.derived("fingerprint").hex()


def tag(key: bytes, content: str | bytes) -> str:
    """What stands for a text or for bytes, for those who hold the key alone (HMAC-SHA256, in hexadecimal)."""
    written = content.encode() if isinstance(content, str) else content
    return hmac.digest(key, written, hashlib.sha256).hex()


def new_key() -> bytes:
    """A random key."""
    return secrets.token_bytes(KEY_BYTES)


def encrypted(key: bytes, text: bytes, place: str) -> bytes:
    """A random nonce and the text, in AES-256-GCM, for one place only (the id of what holds it)."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, text, place.encode())


def decrypted(key: bytes, sealed: bytes, place: str) -> bytes:
    """The text encrypted for a place; UnreadableError if anything was changed."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
    except (InvalidTag, ValueError) as error:
        raise UnreadableError from error


def place(service: str) -> Path:
    """Where the master key of a service is unless a setting says it: the systemd credential of its name if
    there is one, else the folder keys/."""
    name, given = f"{service}-master.key", os.environ.get("CREDENTIALS_DIRECTORY")
    credential = Path(given or "", name)
    return credential if given and credential.exists() else KEYS_FOLDER / name


def successor(path: Path) -> Path:
    """Where the next master key is while it takes the place of the one of `path`."""
    return path.with_name(f"{path.name}.next")


def load(path: Path) -> MasterKey:
    """The master key of a file; StartupError in French."""
    try:
        mode, written = path.stat().st_mode, path.read_bytes()
        secret = b64decode(written.strip(), validate=True)
    except FileNotFoundError:
        refuse_old_place(path)
        raise StartupError(
            f"La clé maîtresse {path} est absente et la base s’en sert déjà : remettez le fichier en place."
        ) from None
    except (OSError, binascii.Error):
        raise StartupError(f"La clé maîtresse {path} ne peut pas être lue.") from None
    if len(secret) != KEY_BYTES:
        raise StartupError(f"La clé maîtresse {path} n’a pas la bonne longueur : le fichier est abîmé.")
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise StartupError(
            f"D’autres comptes que celui du service peuvent lire ou changer la clé maîtresse {path} : "
            f"retirez-leur ce droit (chmod 600 {path}), et changez-la si l’un d’eux a pu la lire "
            "(commande rotate-master-key)."
        )
    return MasterKey(secret)


def create(path: Path) -> None:
    """Writes a new master key that its owner alone can read; the file appears whole or not at all."""
    refuse_old_place(path)
    try:
        write_whole(path, b64encode(new_key()) + b"\n")
    except OSError:
        raise StartupError(f"La clé maîtresse {path} ne peut pas être créée.") from None


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file that its owner alone can read, on the disk once this returns: whole, or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    draft.rename(path)
    keep_name(path)


def refuse_old_place(path: Path) -> None:
    """A key that an earlier version made beside the databases is moved by hand: whoever copies var/ for a
    backup must know that it is no longer there."""
    old = path.parent.parent / "var" / path.name
    if path.parent.name == KEYS_FOLDER.name and old.exists():
        raise StartupError(
            f"La clé maîtresse {old} est encore à côté des bases : déplacez-la hors de leur dossier "
            f"(mkdir -m 700 -p {path.parent} && mv {old} {path}), puis redémarrez."
        )


def keep_name(path: Path) -> None:
    """Makes the name of a new file survive a power cut."""
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
