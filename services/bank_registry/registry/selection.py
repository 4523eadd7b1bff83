"""One lender, or all of them, against an application."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import groupby
from operator import attrgetter

from services.bank_registry.registry.history import Records
from services.bank_registry.registry.model import Agreement, Bank, BankRecord, LoanRequest, LocalConvention
from services.bank_registry.registry.reasons import RANK, Reason, no_agreement, reasons_against
from services.kit import french
from services.kit.dates import add_months
from services.kit.geography import Geography, fold

VERIFICATION_MONTHS = 12
"""Delay after which an entry is to be verified again: no public list of lenders says what changed."""

_folded = lru_cache(10_000)(fold)


class WarningCode(StrEnum):
    """What to know that does not prevent the selection."""

    NO_LOCAL_CONVENTION = "NO_LOCAL_CONVENTION"
    NOT_VERIFIED_RECENTLY = "NOT_VERIFIED_RECENTLY"
    SUCCEEDED_BY_ANOTHER_BANK = "SUCCEEDED_BY_ANOTHER_BANK"


@dataclass(frozen=True, slots=True)
class SelectionWarning:
    """Something to know that does not prevent the selection."""

    code: WarningCode
    message: str


@dataclass(frozen=True, slots=True)
class AgreementCheck:
    """An agreement and every reason against it; none = it can take the application."""

    agreement: Agreement
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class BankCheck:
    """A lender against an application."""

    bank: Bank
    agreements: tuple[AgreementCheck, ...]
    reasons: tuple[Reason, ...]
    warnings: tuple[SelectionWarning, ...]
    convention: LocalConvention | None

    @property
    def selectable(self) -> bool:
        """At least one agreement has no reason against it."""
        return any(not check.reasons for check in self.agreements)


def check_bank(record: BankRecord, request: LoanRequest, records: Records, geography: Geography) -> BankCheck:
    """A lender against an application; `records` gives the name of a successor."""
    checks = tuple(
        AgreementCheck(agreement, tuple(reasons_against(agreement, request, geography)))
        for agreement in in_play(record.agreements, request)
    )
    convention = next((c for c in record.conventions if request.on_date in c.period), None)
    return BankCheck(
        record.bank,
        checks,
        _bank_reasons(record.bank, checks),
        tuple(_warnings(record.bank, checks, convention, request, records)),
        convention,
    )


def select(records: Records, request: LoanRequest, geography: Geography) -> list[BankCheck]:
    """Every lender against an application, best first."""
    checks = (check_bank(record, request, records, geography) for record in records.values())
    return sorted(checks, key=ranking)


def ranking(check: BankCheck) -> tuple[object, ...]:
    """Selectable, then local convention, shortest usual answer, lowest maximum rate, name."""
    answer_days = check.convention and check.convention.answer_days
    rates = [
        found.agreement.rate.greatest
        for found in check.agreements
        if found.agreement.rate.greatest is not None and (not found.reasons or not check.selectable)
    ]
    return (
        not check.selectable,
        check.convention is None,
        (answer_days is None, answer_days or 0),
        (not rates, min(rates, default=Decimal(0))),
        _folded(check.bank.name),
        check.bank.id,
    )


def in_play(agreements: Sequence[Agreement], request: LoanRequest) -> Iterator[Agreement]:
    """Of each agreement, the terms of the day, else the last terms past, else the first to come."""
    for _, periods in groupby(agreements, key=attrgetter("id")):
        versions = list(periods)
        begun = [version for version in versions if version.period.start <= request.on_date]
        yield begun[-1] if begun else versions[0]


def _bank_reasons(bank: Bank, checks: Iterable[AgreementCheck]) -> tuple[Reason, ...]:
    found = [check.reasons for check in checks]
    if not found:
        return (no_agreement(bank),)
    if not all(found):
        return ()
    distinct = dict.fromkeys(reason for reasons in found for reason in reasons)
    return tuple(sorted(distinct, key=lambda reason: RANK[reason.code]))


def _warnings(
    bank: Bank,
    checks: Sequence[AgreementCheck],
    convention: LocalConvention | None,
    request: LoanRequest,
    records: Records,
) -> Iterator[SelectionWarning]:
    if convention is None:
        day = french.long_date(request.on_date)
        yield SelectionWarning(
            WarningCode.NO_LOCAL_CONVENTION,
            f"Aucune convention locale avec {bank.name} n’est en vigueur le {day}.",
        )
    usable = [check.agreement for check in checks if not check.reasons]
    for agreement in usable or [check.agreement for check in checks]:
        yield from _verification(agreement, request)
    if bank.successor:
        successor = records.get(bank.successor)
        name = successor.bank.name if successor else bank.successor
        yield SelectionWarning(
            WarningCode.SUCCEEDED_BY_ANOTHER_BANK, f"Un autre prêteur a repris {bank.name} : {name}."
        )


def _verification(agreement: Agreement, request: LoanRequest) -> Iterator[SelectionWarning]:
    """Flags an agreement verified more than 12 months before the request."""
    name, verified = f"L’accord {agreement.reference}", agreement.verified_on
    if verified is None:
        yield SelectionWarning(WarningCode.NOT_VERIFIED_RECENTLY, f"{name} n’a jamais été vérifié sur pièce.")
    elif add_months(verified, VERIFICATION_MONTHS) < request.on_date:
        yield SelectionWarning(
            WarningCode.NOT_VERIFIED_RECENTLY,
            f"{name} n’a pas été vérifié depuis le {french.long_date(verified)}, il y a plus de "
            f"{french.months(VERIFICATION_MONTHS)}.",
        )
