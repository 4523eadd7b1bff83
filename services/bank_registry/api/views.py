"""What a call sees of the registry: a revision, and what was known then."""

from __future__ import annotations

import time
from dataclasses import dataclass

from services.bank_registry.registry import BankRecord, Records, Registry, bank_name, closest
from services.bank_registry.store import RegistryStore
from services.kit import french
from services.kit.errors import NotFound, Unavailable


@dataclass(frozen=True)
class View:
    """The lenders known at a revision; reservations weigh as they do at `instant` (UTC, in microseconds)."""

    registry: Registry
    revision: int
    records: Records
    instant: int

    def record(self, bank_id: str) -> BankRecord:
        """The lender of an id; NotFound with the closest names."""
        record = self.records.get(bank_id)
        if record is None:
            raise bank_not_found(bank_id, self.records)
        return record


def registry_at(store: RegistryStore, min_revision: int) -> Registry:
    """The registry, at least at a revision; Unavailable if that one cannot be seen yet."""
    registry = store.registry(min_revision)
    if registry.revision < min_revision:
        raise Unavailable(
            "REVISION_NOT_REACHED",
            f"La révision {min_revision} du registre n’est pas encore visible d’ici.",
            metadata={"revision": str(registry.revision), "min_revision": str(min_revision)},
        )
    return registry


def view(registry: Registry, known_instant: int | None, revision: int = 0) -> View:
    """What was known at an instant (None = now), at a revision at most (0 = the present one)."""
    revision = revision or registry.revision
    if known_instant is None:
        return View(registry, revision, registry.at_revision(revision), registry_clock(registry))
    known = registry.at_revision(min(revision, registry.revision_at(known_instant)))
    return View(registry, revision, known, known_instant)


def registry_clock(registry: Registry) -> int:
    """The present instant (UTC, in microseconds), never before a write that the registry holds."""
    return max(time.time_ns() // 1000, registry.last_instant)


def bank_not_found(bank_id: str, records: Records) -> NotFound:
    """The error for a lender that is not known, with those whose names are the closest."""
    near = closest(bank_id, [record.bank for record in records.values()])
    hint = f" Vouliez-vous dire {french.join([bank.name for bank in near])} ?" if near else ""
    return NotFound(
        "BANK_NOT_FOUND",
        f"Aucun prêteur connu n’a l’identifiant « {bank_id} ».{hint}",
        metadata={
            "name": bank_name(bank_id),
            "suggestions": ", ".join(bank_name(bank.id) for bank in near),
        },
    )


def resource_not_found(reason: str, text: str, name: str) -> NotFound:
    """The error for something that a lender does not have."""
    return NotFound(reason, text, metadata={"name": name})
