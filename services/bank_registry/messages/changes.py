"""Writes what changed."""

from __future__ import annotations

from collections.abc import Iterable

from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from services.bank_registry.messages.records import instant
from services.bank_registry.registry import StateChange
from services.kit import french

MAX_NAMES = 10_000


def change(found: StateChange) -> pb.Change:
    """What a state changed."""
    return pb.Change(
        state_number=found.state_number,
        record_time=instant(found.recorded_at),
        actor=found.actor,
        method=found.method,
        reason=found.reason,
        names=found.names[:MAX_NAMES],
        name_count=len(found.names),
    )


def event(found: StateChange, sentences: Iterable[str]) -> pb.BankEvent:
    """What a state changed for a lender."""
    return pb.BankEvent(
        state_number=found.state_number,
        record_time=instant(found.recorded_at),
        actor=found.actor,
        method=found.method,
        reason=found.reason,
        sentences=map(french.typeset, sentences),
    )
