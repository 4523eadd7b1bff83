"""What a call sees of the registry: a state, and what was known then."""

from __future__ import annotations

import time
from dataclasses import dataclass

from services.bank_registry.registry import BankRecord, Records, Registry, bank_name, closest
from services.bank_registry.store import RegistryStore
from services.kit import french
from services.kit.errors import NotFound, Unavailable


@dataclass(frozen=True)
class View:
    """The lenders known at a state; reservations weigh as they do at `instant` (UTC, in microseconds)."""

    registry: Registry
    state_number: int
    records: Records
    instant: int

    def record(self, bank_id: str) -> BankRecord:
        """The lender of an id; NotFound with the closest names."""
        record = self.records.get(bank_id)
        if record is None:
            raise bank_not_found(bank_id, self.records)
        return record


def registry_at(store: RegistryStore, min_state_number: int) -> Registry:
    """The registry, at least at a state; Unavailable if that one cannot be seen yet."""
    registry = store.registry(min_state_number)
    if registry.state_number < min_state_number:
        raise Unavailable(
            "STATE_NOT_REACHED",
            f"L’état n° {min_state_number} du registre n’est pas encore visible d’ici.",
            metadata={"state_number": str(registry.state_number), "min_state_number": str(min_state_number)},
        )
    return registry


def view(registry: Registry, known_instant: int | None, state_number: int = 0) -> View:
    """What was known at an instant (None = now), at a state at most (0 = the present one)."""
    state_number = state_number or registry.state_number
    if known_instant is None:
        return View(registry, state_number, registry.at_state(state_number), registry_clock(registry))
    known = registry.at_state(min(state_number, registry.state_number_at(known_instant)))
    return View(registry, state_number, known, known_instant)


def registry_clock(registry: Registry) -> int:
    """The present instant (UTC, in microseconds), never before a write that the registry holds."""
    return max(time.time_ns() // 1000, registry.last_instant)


def bank_not_found(bank_id: str, records: Records) -> NotFound:
    """The error for a lender that is not known, with those whose names are the closest."""
    near = closest(bank_id, [record.bank for record in records.values()])
    hint = f" Vouliez-vous dire {french.join([bank.name for bank in near])} ?" if near else ""
    return NotFound(
        "BANK_NOT_FOUND",
        f"Aucun prêteur connu n’a l’identifiant « {bank_id} ».{hint}",
        metadata={
            "name": bank_name(bank_id),
            "suggestions": ", ".join(bank_name(bank.id) for bank in near),
        },
    )


def resource_not_found(reason: str, text: str, name: str) -> NotFound:
    """The error for something that a lender does not have."""
    return NotFound(reason, text, metadata={"name": name})
