"""Which lenders a reader looks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

from services.bank_registry.registry.geography import Commune, Geography, fold
from services.bank_registry.registry.history import Records
from services.bank_registry.registry.model import Agreement, Bank, BankKind, BankRecord
from services.bank_registry.registry.selection import verification_due
from services.bank_registry.registry.spelling import meant
from services.bank_registry.registry.timeline import version_on

_folded = lru_cache(20_000)(fold)


class BankState(StrEnum):
    """What a lender is on a day, its agreements apart."""

    NOT_STARTED = "NOT_STARTED"
    IN_FORCE = "IN_FORCE"
    SUSPENDED = "SUSPENDED"
    ENDED = "ENDED"


@dataclass(frozen=True)
class Wanted:
    """Filters on lenders; what is empty or None does not filter."""

    query: str = ""
    kinds: frozenset[BankKind] = frozenset()
    states: frozenset[BankState] = frozenset()
    commune: Commune | None = None
    manager: str = ""
    verification_due: bool = False


def search(
    records: Records, wanted: Wanted, day: date | None, geography: Geography
) -> tuple[list[BankRecord], bool]:
    """The lenders that pass every filter, by name without a query, else those most like it first; and whether
    they are only close to the query, none being as it is written."""
    kept = [record for record in records.values() if _passes(record, wanted, day, geography)]
    query = fold(wanted.query)
    if not query:
        return sorted(kept, key=_by_name), False
    ranked = [(rank, record) for record in kept if (rank := _rank(record, query)) is not None]
    if not ranked:
        return sorted((record for record in kept if _is_close(record, query)), key=_by_name), True
    return [record for _, record in sorted(ranked, key=lambda one: (one[0], _by_name(one[1])))], False


def state_on(record: BankRecord, day: date) -> BankState:
    """What a lender is on a day."""
    bank: Bank = version_on(record.banks, day)
    if day < bank.period.first:
        return BankState.NOT_STARTED
    if bank.period.is_over(day):
        return BankState.ENDED
    return BankState.SUSPENDED if _suspended(bank, day) else BankState.IN_FORCE


def in_force(agreement: Agreement, day: date) -> bool:
    """Whether an agreement has begun, has not ended and is not suspended."""
    return day in agreement.period and not _suspended(agreement, day)


def to_verify(record: BankRecord, day: date) -> bool:
    """Whether an agreement in force or to come was not verified in the 12 months before a day."""
    return any(
        verification_due(agreement.verified_on, day)
        for agreement in record.agreements
        if not agreement.period.is_over(day)
    )


def _suspended(fact: Bank | Agreement, day: date) -> bool:
    return any(day in suspension.period for suspension in fact.suspensions)


def _passes(record: BankRecord, wanted: Wanted, day: date | None, geography: Geography) -> bool:
    if wanted.kinds and version_on(record.banks, day).kind not in wanted.kinds:
        return False
    if wanted.states and (day is None or state_on(record, day) not in wanted.states):
        return False
    if wanted.verification_due and (day is None or not to_verify(record, day)):
        return False
    if wanted.commune is None and not wanted.manager:
        return True
    return any(
        (wanted.commune is None or agreement.territory.covers(wanted.commune, geography, day))
        and (not wanted.manager or _folded(agreement.manager) == fold(wanted.manager))
        for agreement in record.agreements
        if day is None or day in agreement.period
    )


def _by_name(record: BankRecord) -> tuple[str, str]:
    return _folded(record.bank.name), record.bank.id


def _rank(record: BankRecord, query: str) -> int | None:
    """0 for the name itself, 1 for its beginning, 2 for an identifier, 3 for words; None without a match."""
    names = [_folded(bank.name) for bank in record.banks]
    if query in names:
        return 0
    if any(name.startswith(query) for name in names):
        return 1
    if any(identifier.startswith(query.replace(" ", "")) for identifier in _identifiers(record.banks)):
        return 2
    words = " ".join(_texts(record)).split()
    return 3 if all(any(word.startswith(part) for word in words) for part in query.split()) else None


def _is_close(record: BankRecord, query: str) -> bool:
    words = set(" ".join(_texts(record)).split())
    return all(meant(part, words) for part in query.split())


def _identifiers(banks: Iterable[Bank]) -> Iterator[str]:
    for bank in banks:
        given = (bank.id.replace("-", ""), bank.siren, bank.siret, bank.cib, bank.bic, bank.lei)
        yield from (identifier.lower() for identifier in given if identifier)


def _texts(record: BankRecord) -> Iterator[str]:
    for bank in record.banks:
        yield from (_folded(bank.name), _folded(bank.network))
    yield from (_folded(agreement.reference) for agreement in record.agreements)
