"""Writes what a read sees: lenders, agreements and conventions on a day, communes, what changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from microcredit.bankregistry.v1 import bank_pb2 as pb
from microcredit.bankregistry.v1 import bank_registry_service_pb2 as service_pb
from services.bank_registry.messages import records as messages
from services.bank_registry.messages.records import instant
from services.bank_registry.registry import (
    Agreement,
    Bank,
    BankRecord,
    BankState,
    Commune,
    Geography,
    LocalConvention,
    Records,
    StateChange,
    bank_name,
    envelopes,
    etag,
    life,
    state_on,
    to_verify,
    verification_due,
    version_on,
)
from services.kit import french

_STATES = {state: service_pb.BankState.Value(f"BANK_STATE_{state}") for state in BankState}


def bank(record: BankRecord, day: date | None) -> pb.Bank:
    """The terms of a lender on a day; without one, the latest."""
    version: Bank = version_on(record.banks, day)
    due = day is not None and to_verify(record, day)
    return messages.bank(version, life(record.banks, version), etag=etag(record.banks), verification_due=due)


def agreement(
    records: Records, record: BankRecord, versions: tuple[Agreement, ...], day: date | None, instant: int
) -> pb.Agreement:
    """The terms of an agreement on a day; without one, the latest."""
    version = version_on(versions, day)
    return messages.agreement(
        record.bank.id,
        version,
        life(versions, version),
        envelopes.reserved(records, record, version, instant),
        etag=etag(versions),
        verification_due=day is not None and verification_due(version.verified_on, day),
    )


def convention(
    record: BankRecord, versions: tuple[LocalConvention, ...], day: date | None
) -> pb.LocalConvention:
    """The terms of a convention on a day; without one, the latest."""
    version = version_on(versions, day)
    return messages.convention(record.bank.id, version, life(versions, version), etag=etag(versions))


def bank_state(record: BankRecord, day: date | None) -> service_pb.BankState.ValueType:
    """The state of a lender on a day, unspecified without one."""
    return service_pb.BANK_STATE_UNSPECIFIED if day is None else _STATES[state_on(record, day)]


def commune(found: Commune, geography: Geography) -> service_pb.Commune:
    """A commune of today."""
    departement, epci = geography.departement(found.departement), geography.epci(found.epci)
    return service_pb.Commune(
        insee_code=found.code,
        display_name=found.name,
        departement_code=found.departement,
        departement_name=departement.name if departement else "",
        epci_siren=found.epci,
        epci_name=epci.name if epci else "",
        postal_codes=found.postal_codes,
    )


MAX_NAMES = 10_000


def change(found: StateChange) -> service_pb.Change:
    """What a state changed."""
    return service_pb.Change(
        state_number=found.state_number,
        record_time=instant(found.recorded_at),
        actor=found.actor,
        method=found.method,
        reason=found.reason,
        names=found.names[:MAX_NAMES],
        name_count=len(found.names),
    )


def event(bank_id: str, found: StateChange, sentences: Iterable[str]) -> service_pb.BankEvent:
    """What a state changed for a lender."""
    return service_pb.BankEvent(
        bank=bank_name(bank_id),
        state_number=found.state_number,
        record_time=instant(found.recorded_at),
        actor=found.actor,
        method=found.method,
        reason=found.reason,
        sentences=map(french.typeset, sentences),
    )
