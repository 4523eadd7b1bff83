"""Why an agreement cannot take an application: every reason, in French, with the values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Generic

from services.bank_registry.registry.geography import Geography
from services.bank_registry.registry.model import (
    Agreement,
    Bank,
    Bound,
    Bounds,
    LoanRequest,
    Suspension,
)
from services.bank_registry.registry.territory import printed
from services.kit import french
from services.kit.dates import ONE_DAY


@dataclass(frozen=True)
class Advice:
    """Something to look at in a field, that forbids nothing: its path, a stable code, a French sentence."""

    field: str
    code: str
    description: str


class ReasonCode(StrEnum):
    """Codes in the order in which reasons are given."""

    NO_AGREEMENT = "NO_AGREEMENT"
    LENDER_NOT_STARTED = "LENDER_NOT_STARTED"
    LENDER_ENDED = "LENDER_ENDED"
    LENDER_SUSPENDED = "LENDER_SUSPENDED"
    AGREEMENT_NOT_STARTED = "AGREEMENT_NOT_STARTED"
    AGREEMENT_ENDED = "AGREEMENT_ENDED"
    AGREEMENT_SUSPENDED = "AGREEMENT_SUSPENDED"
    OUT_OF_TERRITORY = "OUT_OF_TERRITORY"
    ENVELOPE_EXHAUSTED = "ENVELOPE_EXHAUSTED"
    AMOUNT_BELOW_LENDER_MIN = "AMOUNT_BELOW_LENDER_MIN"
    AMOUNT_ABOVE_LENDER_MAX = "AMOUNT_ABOVE_LENDER_MAX"
    MONTHS_BELOW_LENDER_MIN = "MONTHS_BELOW_LENDER_MIN"
    MONTHS_ABOVE_LENDER_MAX = "MONTHS_ABOVE_LENDER_MAX"
    RATE_BELOW_LENDER_MIN = "RATE_BELOW_LENDER_MIN"
    RATE_ABOVE_LENDER_MAX = "RATE_ABOVE_LENDER_MAX"
    OBJECT_NOT_ACCEPTED_BY_LENDER = "OBJECT_NOT_ACCEPTED_BY_LENDER"


RANK = {code: rank for rank, code in enumerate(ReasonCode)}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a lender, or one of its agreements, cannot take an application."""

    code: ReasonCode
    message: str


def reasons_against(
    agreement: Agreement, request: LoanRequest, geography: Geography, reserved: int
) -> Iterator[Reason]:
    """Every reason against an agreement, each judged alone, in the order of ReasonCode.

    `reserved` is what reservations take from its envelope, in cents.
    """
    yield from agreement_date_reasons(agreement, request.on_date)
    yield from _territory(agreement, request, geography)
    yield from _envelope(agreement, request, reserved)
    named = f"l’accord {agreement.reference}"
    yield from _outside(agreement.amount, request.amount, _AMOUNT, named)
    yield from _outside(agreement.months, request.months, _MONTHS, named)
    if request.rate is not None:
        yield from _outside(agreement.rate, request.rate, _RATE, named)
    yield from _object(agreement, request)


def agreement_date_reasons(agreement: Agreement, day: date) -> Iterator[Reason]:
    """Every reason that a day gives against an agreement."""
    yield from _dates(agreement, f"L’accord {agreement.reference}", day, _AGREEMENT_DATES)


def lender_reasons(bank: Bank, day: date) -> Iterator[Reason]:
    """Every reason against a lender, whatever its agreements."""
    yield from _dates(bank, bank.name, day, _LENDER_DATES)


def no_agreement(bank: Bank) -> Reason:
    """The reason against a lender of which no agreement is known."""
    return Reason(
        ReasonCode.NO_AGREEMENT,
        f"Aucun accord de {bank.name} avec le Fonds de cohésion sociale n’est connu.",
    )


def suspended_span(suspension: Suspension) -> str:
    """`du 7 au 9 décembre 2026 (motif)`, `depuis le 7 décembre 2026, jusqu’à nouvel ordre`."""
    start, last = french.long_date(suspension.period.first), suspension.period.last
    span = f"du {start} au {french.long_date(last)}" if last else f"depuis le {start}, jusqu’à nouvel ordre"
    return f"{span} ({suspension.reason})" if suspension.reason else span


@dataclass(frozen=True, slots=True)
class _Dates:
    """The reasons that days give against a lender or an agreement: codes and ends of sentences."""

    not_started: ReasonCode
    not_started_message: str
    ended: ReasonCode
    ended_message: str
    suspended: ReasonCode
    suspended_message: str


_LENDER_DATES = _Dates(
    ReasonCode.LENDER_NOT_STARTED,
    "n’a d’agrément qu’à partir du",
    ReasonCode.LENDER_ENDED,
    "n’a plus d’agrément depuis le",
    ReasonCode.LENDER_SUSPENDED,
    "ne prête pas",
)
_AGREEMENT_DATES = _Dates(
    ReasonCode.AGREEMENT_NOT_STARTED,
    "ne commence que le",
    ReasonCode.AGREEMENT_ENDED,
    "s’est terminé le",
    ReasonCode.AGREEMENT_SUSPENDED,
    "est suspendu",
)


def _dates(fact: Bank | Agreement, name: str, day: date, dates: _Dates) -> Iterator[Reason]:
    period = fact.period
    if day < period.first:
        yield Reason(
            dates.not_started, f"{name} {dates.not_started_message} {french.long_date(period.first)}."
        )
    if period.last is not None and period.is_over(day):
        shown = period.last + ONE_DAY if dates is _LENDER_DATES else period.last
        yield Reason(dates.ended, f"{name} {dates.ended_message} {french.long_date(shown)}.")
    for suspension in fact.suspensions:
        if day in suspension.period:
            span = suspended_span(suspension)
            yield Reason(dates.suspended, f"{name} {dates.suspended_message} {span}.")


def _territory(agreement: Agreement, request: LoanRequest, geography: Geography) -> Iterator[Reason]:
    if not agreement.territory.covers(request.commune, geography, request.on_date):
        commune = f"{printed(request.commune.name)} ({request.commune.code})"
        yield Reason(
            ReasonCode.OUT_OF_TERRITORY,
            f"{commune} est hors du territoire de l’accord {agreement.reference} "
            f"({agreement.territory.describe(geography, request.on_date)}).",
        )


def _envelope(agreement: Agreement, request: LoanRequest, reserved: int) -> Iterator[Reason]:
    remaining = agreement.remaining(reserved)
    if remaining is not None and request.amount > remaining:
        yield Reason(
            ReasonCode.ENVELOPE_EXHAUSTED,
            f"Le montant demandé ({french.euros(request.amount)}) dépasse ce qui reste de l’enveloppe "
            f"de l’accord {agreement.reference} ({french.euros(remaining)}).",
        )


@dataclass(frozen=True, slots=True)
class _Quantity(Generic[Bound]):
    """A quantity bounded by an agreement: its codes and their sentences."""

    below: ReasonCode
    below_message: str
    above: ReasonCode
    above_message: str
    show: Callable[[Bound], str]


def _exact_percent(rate: Decimal) -> str:
    """A rate with all its decimals, two at least, so that 2.001 % is not shown equal to its bound."""
    exponent = rate.normalize().as_tuple().exponent
    return french.percent(rate, max(2, -int(exponent)))


_AMOUNT = _Quantity(
    ReasonCode.AMOUNT_BELOW_LENDER_MIN,
    "Le montant demandé ({asked}) est inférieur au minimum de {named} ({bound}).",
    ReasonCode.AMOUNT_ABOVE_LENDER_MAX,
    "Le montant demandé ({asked}) dépasse le maximum de {named} ({bound}).",
    french.euros,
)
_MONTHS = _Quantity(
    ReasonCode.MONTHS_BELOW_LENDER_MIN,
    "La durée demandée ({asked}) est inférieure à la durée minimale de {named} ({bound}).",
    ReasonCode.MONTHS_ABOVE_LENDER_MAX,
    "La durée demandée ({asked}) dépasse la durée maximale de {named} ({bound}).",
    french.months,
)
_RATE = _Quantity(
    ReasonCode.RATE_BELOW_LENDER_MIN,
    "Le taux demandé ({asked}) est inférieur au taux minimal de {named} ({bound}).",
    ReasonCode.RATE_ABOVE_LENDER_MAX,
    "Le taux demandé ({asked}) dépasse le taux maximal de {named} ({bound}).",
    _exact_percent,
)


def _outside(bounds: Bounds[Bound], asked: Bound, quantity: _Quantity[Bound], named: str) -> Iterator[Reason]:
    if bounds.least is not None and asked < bounds.least:
        values = {"asked": quantity.show(asked), "bound": quantity.show(bounds.least), "named": named}
        yield Reason(quantity.below, quantity.below_message.format(**values))
    if bounds.greatest is not None and asked > bounds.greatest:
        values = {"asked": quantity.show(asked), "bound": quantity.show(bounds.greatest), "named": named}
        yield Reason(quantity.above, quantity.above_message.format(**values))


def _object(agreement: Agreement, request: LoanRequest) -> Iterator[Reason]:
    accepted = agreement.accepted_objects
    if request.category and accepted and request.category not in accepted:
        yield Reason(
            ReasonCode.OBJECT_NOT_ACCEPTED_BY_LENDER,
            f"L’objet demandé ({request.category}) n’est pas de ceux de l’accord {agreement.reference} "
            f"({french.join(accepted)}).",
        )
