"""Why an agreement cannot take an application: every reason, in French, with the values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Generic

from services.bank_registry.registry.model import Agreement, Bank, Bound, Bounds, LoanRequest
from services.bank_registry.registry.territory import printed
from services.kit import french
from services.kit.geography import Geography


class ReasonCode(StrEnum):
    """Codes in the order in which reasons are given."""

    NO_AGREEMENT = "NO_AGREEMENT"
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


def reasons_against(agreement: Agreement, request: LoanRequest, geography: Geography) -> Iterator[Reason]:
    """Every reason against an agreement, each judged alone, in the order of ReasonCode."""
    yield from _dates(agreement, request)
    yield from _territory(agreement, request, geography)
    yield from _envelope(agreement, request)
    yield from _outside(agreement.amount, request.amount, _AMOUNT)
    yield from _outside(agreement.months, request.months, _MONTHS)
    if request.rate is not None:
        yield from _outside(agreement.rate, request.rate, _RATE)
    yield from _object(agreement, request)


def no_agreement(bank: Bank) -> Reason:
    """The reason against a lender of which no agreement is known."""
    return Reason(
        ReasonCode.NO_AGREEMENT,
        f"Aucun accord de {bank.name} avec le Fonds de cohésion sociale n’est connu.",
    )


def _dates(agreement: Agreement, request: LoanRequest) -> Iterator[Reason]:
    day, name = request.on_date, f"L’accord {agreement.reference}"
    if day < agreement.period.start:
        start = french.long_date(agreement.period.start)
        yield Reason(ReasonCode.AGREEMENT_NOT_STARTED, f"{name} ne commence que le {start}.")
    if agreement.period.ended_by(day) and agreement.period.last:
        last = french.long_date(agreement.period.last)
        yield Reason(ReasonCode.AGREEMENT_ENDED, f"{name} s’est terminé le {last}.")
    for suspension in agreement.suspensions:
        if day in suspension:
            start = french.long_date(suspension.start)
            span = (
                f"du {start} au {french.long_date(suspension.last)}"
                if suspension.last
                else f"depuis le {start}, jusqu’à nouvel ordre"
            )
            yield Reason(ReasonCode.AGREEMENT_SUSPENDED, f"{name} est suspendu {span}.")


def _territory(agreement: Agreement, request: LoanRequest, geography: Geography) -> Iterator[Reason]:
    if not agreement.territory.covers(request.commune, geography):
        commune = f"{printed(request.commune.name)} ({request.commune.code})"
        yield Reason(
            ReasonCode.OUT_OF_TERRITORY,
            f"{commune} est hors du territoire de l’accord {agreement.reference} "
            f"({agreement.territory.describe(geography)}).",
        )


def _envelope(agreement: Agreement, request: LoanRequest) -> Iterator[Reason]:
    if agreement.remaining is not None and request.amount > agreement.remaining:
        yield Reason(
            ReasonCode.ENVELOPE_EXHAUSTED,
            f"Le montant demandé ({french.euros(request.amount)}) dépasse ce qui reste de l’enveloppe "
            f"({french.euros(agreement.remaining)}).",
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
    "Le montant demandé ({asked}) est inférieur au minimum du prêteur ({bound}).",
    ReasonCode.AMOUNT_ABOVE_LENDER_MAX,
    "Le montant demandé ({asked}) dépasse le maximum du prêteur ({bound}).",
    french.euros,
)
_MONTHS = _Quantity(
    ReasonCode.MONTHS_BELOW_LENDER_MIN,
    "La durée demandée ({asked}) est inférieure à la durée minimale du prêteur ({bound}).",
    ReasonCode.MONTHS_ABOVE_LENDER_MAX,
    "La durée demandée ({asked}) dépasse la durée maximale du prêteur ({bound}).",
    french.months,
)
_RATE = _Quantity(
    ReasonCode.RATE_BELOW_LENDER_MIN,
    "Le taux demandé ({asked}) est inférieur au taux minimal du prêteur ({bound}).",
    ReasonCode.RATE_ABOVE_LENDER_MAX,
    "Le taux demandé ({asked}) dépasse le taux maximal du prêteur ({bound}).",
    _exact_percent,
)


def _outside(bounds: Bounds[Bound], asked: Bound, quantity: _Quantity[Bound]) -> Iterator[Reason]:
    if bounds.least is not None and asked < bounds.least:
        values = {"asked": quantity.show(asked), "bound": quantity.show(bounds.least)}
        yield Reason(quantity.below, quantity.below_message.format(**values))
    if bounds.greatest is not None and asked > bounds.greatest:
        values = {"asked": quantity.show(asked), "bound": quantity.show(bounds.greatest)}
        yield Reason(quantity.above, quantity.above_message.format(**values))


def _object(agreement: Agreement, request: LoanRequest) -> Iterator[Reason]:
    accepted = agreement.accepted_objects
    if request.category and accepted and request.category not in accepted:
        yield Reason(
            ReasonCode.OBJECT_NOT_ACCEPTED_BY_LENDER,
            f"L’objet demandé ({request.category}) n’est pas de ceux que prend le prêteur "
            f"({french.join(accepted)}).",
        )
