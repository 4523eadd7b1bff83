"""The master key: a file kept outside both databases, created at the first start."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import os
import stat
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path

import structlog

from services.eligibility.store.cipher import KEY_BYTES, derived, new_key
from services.kit.errors import StartupError

log = structlog.get_logger()


@dataclass(frozen=True)
class MasterKey:
    """The keys derived from the master key; `fingerprint` says nothing of it."""

    wrapping: bytes
    references: bytes
    requests: bytes
    fingerprint: str

    def reference_hash(self, case_reference: str) -> str:
        """What stands for a case reference in the key database."""
        return hmac.digest(self.references, case_reference.encode(), hashlib.sha256).hex()

    def request_tag(self, request_id: str) -> str:
        """What stands for a request id in the journal."""
        return hmac.digest(self.requests, request_id.encode(), hashlib.sha256).hex()


def warn_if_exposed(path: Path) -> None:
    """Says in the log that any account of the machine may read the master key."""
    if path.stat().st_mode & stat.S_IROTH:
        log.warning("master_key_exposed", file=str(path))


def load(path: Path) -> MasterKey:
    """The master key of a file; StartupError in French."""
    try:
        secret = b64decode(path.read_bytes().strip(), validate=True)
    except FileNotFoundError:
        raise StartupError(
            f"La clé maîtresse {path} est absente et la base des clés s’en sert déjà : "
            "remettez le fichier en place."
        ) from None
    except (OSError, binascii.Error):
        raise StartupError(f"La clé maîtresse {path} ne peut pas être lue.") from None
    if len(secret) != KEY_BYTES:
        raise StartupError(f"La clé maîtresse {path} n’a pas la bonne longueur : le fichier est abîmé.")
    return MasterKey(
        wrapping=derived(secret, "case keys"),
        references=derived(secret, "case references"),
        requests=derived(secret, "request ids"),
        fingerprint=derived(secret, "fingerprint").hex(),
    )


def create(path: Path) -> None:
    """Writes a new master key that its owner alone can read; the file appears whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(b64encode(new_key()) + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        draft.rename(path)
        _keep(path.parent)
    except OSError:
        raise StartupError(f"La clé maîtresse {path} ne peut pas être créée.") from None


def _keep(folder: Path) -> None:
    """Makes the name of a new file survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
