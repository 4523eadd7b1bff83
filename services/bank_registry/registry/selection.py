"""One lender, or all of them, against an application."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from services.bank_registry.registry import envelopes
from services.bank_registry.registry.geography import Geography, fold
from services.bank_registry.registry.history import Records
from services.bank_registry.registry.model import (
    ALWAYS,
    Agreement,
    Bank,
    BankRecord,
    LoanRequest,
    LocalConvention,
    Suspension,
)
from services.bank_registry.registry.reasons import (
    RANK,
    Reason,
    lender_reasons,
    no_agreement,
    reasons_against,
    suspended_span,
)
from services.bank_registry.registry.timeline import life, version_on
from services.kit import french
from services.kit.dates import Period, add_months

VERIFICATION_MONTHS = 12
"""Delay after which an entry is to be verified again: no public list of lenders says what changed."""

SHORTEST_YEAR = 365
"""Days that are never more than 12 months: most checks need no calendar."""

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
    """An agreement and every reason against it; none = it can take the application.

    `life` is its period whatever its changes of terms; `reserved` what reservations take from its envelope.
    """

    agreement: Agreement
    reasons: tuple[Reason, ...]
    life: Period
    reserved: int = 0


@dataclass(frozen=True, slots=True)
class BankCheck:
    """A lender against an application; `life` and `convention_life` are whatever the changes of terms."""

    bank: Bank
    life: Period
    agreements: tuple[AgreementCheck, ...]
    reasons: tuple[Reason, ...]
    warnings: tuple[SelectionWarning, ...]
    convention: LocalConvention | None
    convention_life: Period

    @property
    def selectable(self) -> bool:
        """At least one agreement has no reason against it."""
        return any(not check.reasons for check in self.agreements)


def check_bank(
    record: BankRecord, request: LoanRequest, records: Records, geography: Geography, instant: int
) -> BankCheck:
    """A lender against an application; `records` gives the name of a successor.

    Reservations weigh on envelopes as they do at an instant (UTC, in microseconds).
    """
    bank = version_on(record.banks, request.on_date)
    against_all = tuple(lender_reasons(bank, request.on_date))
    checks = []
    for versions in record.by_agreement:
        agreement = version_on(versions, request.on_date)
        whole = life(versions, agreement)
        reserved = envelopes.reserved(records, record, agreement, instant)
        reasons = (*against_all, *reasons_against(agreement, request, geography, reserved))
        checks.append(AgreementCheck(agreement, reasons, whole, reserved))
    convention = convention_on(record.conventions, request.on_date)
    return BankCheck(
        bank,
        life(record.banks, bank),
        tuple(checks),
        _bank_reasons(bank, checks, request.on_date, against_all),
        tuple(_warnings(bank, checks, record.conventions, convention, request, records)),
        convention,
        _convention_life(record.conventions, convention),
    )


def select(records: Records, request: LoanRequest, geography: Geography, instant: int) -> list[BankCheck]:
    """Every lender against an application, best first."""
    checks = (check_bank(record, request, records, geography, instant) for record in records.values())
    return sorted(checks, key=ranking)


def convention_on(conventions: Sequence[LocalConvention], day: date) -> LocalConvention | None:
    """The local convention in force on a day, None if there is none or if it is suspended."""
    for convention in conventions:
        if day in convention.period:
            return None if _suspension(convention, day) else convention
    return None


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


def verification_due(verified_on: date | None, day: date) -> bool:
    """Whether an agreement was not verified in the 12 months before a day."""
    if verified_on is None or (day - verified_on).days <= SHORTEST_YEAR:
        return verified_on is None
    return add_months(verified_on, VERIFICATION_MONTHS) < day


def _mattering(checks: Sequence[AgreementCheck], day: date) -> list[AgreementCheck]:
    """The agreements of a day; without one, those to come and the last one that was."""
    periods = {check: check.agreement.period for check in checks}
    found = [check for check, period in periods.items() if day in period]
    if found:
        return found
    over = [check for check, period in periods.items() if period.is_over(day)]
    last = max((periods[check].last or date.min for check in over), default=None)
    return [check for check in checks if check not in over or periods[check].last == last]


def _bank_reasons(
    bank: Bank, checks: Sequence[AgreementCheck], day: date, against_all: tuple[Reason, ...]
) -> tuple[Reason, ...]:
    if not checks:
        return (no_agreement(bank), *against_all)
    if not all(check.reasons for check in checks):
        return ()
    distinct = dict.fromkeys(reason for check in _mattering(checks, day) for reason in check.reasons)
    return tuple(sorted(distinct, key=lambda reason: RANK[reason.code]))


def _warnings(
    bank: Bank,
    checks: Sequence[AgreementCheck],
    conventions: Sequence[LocalConvention],
    convention: LocalConvention | None,
    request: LoanRequest,
    records: Records,
) -> Iterator[SelectionWarning]:
    if convention is None:
        yield SelectionWarning(
            WarningCode.NO_LOCAL_CONVENTION, _no_convention(bank, conventions, request.on_date)
        )
    usable = [check for check in checks if not check.reasons]
    for check in usable or _mattering(checks, request.on_date):
        if not check.agreement.period.is_over(request.on_date):
            yield from _verification(check.agreement, request)
    if bank.successor and (bank.period.last is None or bank.period.is_over(request.on_date)):
        successor = records.get(bank.successor)
        name = successor.bank.name if successor else bank.successor
        yield SelectionWarning(
            WarningCode.SUCCEEDED_BY_ANOTHER_BANK,
            french.spaced(f"Un autre prêteur a repris {bank.name} : {name}."),
        )


def _convention_life(conventions: Sequence[LocalConvention], found: LocalConvention | None) -> Period:
    if found is None:
        return ALWAYS
    return life([convention for convention in conventions if convention.id == found.id], found)


def _no_convention(bank: Bank, conventions: Sequence[LocalConvention], day: date) -> str:
    for convention in conventions:
        suspension = _suspension(convention, day)
        if day in convention.period and suspension:
            return f"La convention locale avec {bank.name} est suspendue {suspended_span(suspension)}."
    return f"Aucune convention locale avec {bank.name} n’est en vigueur le {french.long_date(day)}."


def _suspension(convention: LocalConvention, day: date) -> Suspension | None:
    return next((one for one in convention.suspensions if day in one.period), None)


def _verification(agreement: Agreement, request: LoanRequest) -> Iterator[SelectionWarning]:
    """Flags an agreement verified more than 12 months before the request."""
    name, verified = f"L’accord {agreement.reference}", agreement.verified_on
    if verified is None:
        yield SelectionWarning(WarningCode.NOT_VERIFIED_RECENTLY, f"{name} n’a jamais été vérifié sur pièce.")
    elif verification_due(verified, request.on_date):
        yield SelectionWarning(
            WarningCode.NOT_VERIFIED_RECENTLY,
            f"{name} n’a pas été vérifié depuis le {french.long_date(verified)}, il y a plus de "
            f"{french.months(VERIFICATION_MONTHS)}.",
        )
