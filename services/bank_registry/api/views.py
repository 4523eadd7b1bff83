"""What a call sees of the registry: a state, and what was known then."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from services.bank_registry.messages import Sight
from services.bank_registry.registry import BankRecord, Geography, Records, Registry, bank_name, closest
from services.bank_registry.store import RegistryStore
from services.kit import french
from services.kit.errors import NotFound, Unavailable
from services.kit.wire import Page


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


def registry_at(store: RegistryStore, min_state_number: int, known: Registry | None = None) -> Registry:
    """The registry at least at a state, the one just seen if it will do; Unavailable if there is none."""
    if known is not None and known.state_number >= min_state_number:
        return known
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


MAX_PAGE_BYTES = 1024 * 1024
"""A page ends early above this size: unary answers stay under 2 MiB."""


class Handlers:
    """The registry and the geography that handlers answer from; `page_key` seals the tokens of lists."""

    def __init__(self, store: RegistryStore, geography: Geography) -> None:
        self._store = store
        self._geography = geography
        self._page_key = store.page_key()

    def _clock(self) -> int:
        """The present instant of the registry (UTC, in microseconds)."""
        return registry_clock(self._store.registry())

    def _view(self, sight: Sight, page: Page | None = None) -> View:
        """What a read asks for; the pages of a list all show the state of the first one."""
        state_number = page.place.state_number if page else 0
        registry = registry_at(self._store, max(sight.min_state_number, state_number))
        return view(registry, sight.known_instant, state_number)


def fill(field: Any, messages: Iterable[Any]) -> int:
    """Adds messages to a repeated field until the page is too large; returns how many, one at least."""
    size = count = 0
    for message in messages:
        size += message.ByteSize()
        if size > MAX_PAGE_BYTES and count:
            break
        field.append(message)
        count += 1
    return count
