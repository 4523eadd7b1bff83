"""Whose signatures are accepted and what must be signed: stored, hence the same for every server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from services.kit.dates import paris_day


@dataclass(frozen=True)
class Policy:
    """What a publication and an activation must have: `signatures` and `signed_activations` by a stored key,
    `two_persons` that who activates is known and is not who published."""

    signatures: bool = False
    signed_activations: bool = False
    two_persons: bool = False


@dataclass(frozen=True)
class Signature:
    """A signature that was accepted, and when; `file` is empty for the one of the archive itself."""

    key_id: str
    time: datetime
    file: str = ""


@dataclass(frozen=True)
class Key:
    """A public key (32 bytes), and what it signs and when; no `collections` means all of them.

    A retired key accepts nothing new, and what it had accepted stays; of a revoked one, whatever it accepted
    from an instant on is void.
    """

    key_id: str
    public: bytes
    name: str
    collections: tuple[str, ...]
    valid_from: date | None
    valid_until: date | None
    add_time: datetime
    retire_time: datetime | None = None
    revoke_from: datetime | None = None

    @property
    def is_active(self) -> bool:
        """Whether it was neither retired nor revoked."""
        return self.retire_time is None and self.revoke_from is None

    def accepts(self, name: str, now: datetime) -> bool:
        """Whether what it signs now of a package of that name is accepted."""
        day = paris_day(now)
        begun = self.valid_from is None or self.valid_from <= day
        ended = self.valid_until is not None and day > self.valid_until
        suits = not self.collections or name.partition("/")[0] in self.collections
        return self.is_active and begun and not ended and suits


@dataclass(frozen=True)
class Trust:
    """The keys, by their id, and the policy; none is recorded in a store that no server used yet."""

    recorded: Policy | None = None
    keys: Mapping[str, Key] = field(default_factory=dict)

    @property
    def policy(self) -> Policy:
        """What publications and activations must have."""
        return self.recorded or Policy()

    @property
    def active(self) -> frozenset[str]:
        """The keys that were neither retired nor revoked."""
        return frozenset(key.key_id for key in self.keys.values() if key.is_active)

    def with_key(self, key: Key) -> Trust:
        """With one more key, or a key changed."""
        return replace(self, keys={**self.keys, key.key_id: key})

    def standing(self, signatures: Iterable[Signature]) -> tuple[Signature, ...]:
        """The signatures that no revocation voids."""
        return tuple(one for one in signatures if not self._is_void(one))

    def _is_void(self, signature: Signature) -> bool:
        key = self.keys.get(signature.key_id)
        # Packages published before keys were stored name the key of a folder that no server has any more.
        return key is not None and key.revoke_from is not None and signature.time >= key.revoke_from


NO_TRUST = Trust()
"""Nothing was recorded yet."""
