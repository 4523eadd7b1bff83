"""What of an application decides the answer about a lender: the rest may change, the answer does not."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import inf

from services.bank_registry.registry.geography import Commune, Geography
from services.bank_registry.registry.model import (
    Agreement,
    BankRecord,
    Bound,
    Bounds,
    LoanRequest,
    ReservationState,
    Suspension,
)
from services.bank_registry.registry.period import ONE_DAY
from services.bank_registry.registry.selection import VERIFICATION_MONTHS, convention_on, in_play
from services.bank_registry.registry.territory import Scope, Territory
from services.bank_registry.registry.timeline import Dated
from services.kit.dates import add_months

Key = tuple[object, ...]
Application = tuple[date, Commune, int, int, Decimal | None, str]
"""The values of a LoanRequest, in its order: building one costs as much as comparing them."""

_PLACE_OF = {
    Scope.REGIONS: lambda commune: commune.region,
    Scope.DEPARTEMENTS: lambda commune: commune.departement,
    Scope.EPCI: lambda commune: commune.epci,
    Scope.COMMUNES: lambda commune: commune.code,
}


@dataclass(frozen=True, slots=True)
class _Terms:
    """What is compared on days on which nothing changes: a value within all the bounds gives no reason."""

    amount: tuple[float, float]
    months: tuple[float, float]
    rate: tuple[float | Decimal, float | Decimal]
    objects: frozenset[str] | None
    places: tuple[tuple[Scope, frozenset[str]], ...]
    has_convention: bool

    def covers(self, commune: Commune) -> bool:
        """Whether a commune is in all the territories."""
        return all(_PLACE_OF[scope](commune) in codes for scope, codes in self.places)


class Decisive:
    """The keys of applications to a lender, until a reservation expires (UTC, in microseconds)."""

    def __init__(self, record: BankRecord, geography: Geography, instant: int) -> None:
        self._record = record
        self._geography = geography
        self._instant = instant
        self._days = sorted(set(_days(record)))
        self._terms: dict[int, _Terms] = {}
        held = (one for one in record.reservations if one.state is ReservationState.HELD)
        self.valid_until = min((one.expires_at for one in held if one.expires_at > instant), default=inf)
        self.expires = self.valid_until < inf

    def key(self, application: Application) -> Key:
        """Two applications with the same key have the same answer."""
        day, commune, amount, months, rate, category = application
        span = bisect_right(self._days, day)
        terms = self._terms.get(span)
        if terms is None:
            terms = self._terms[span] = self._terms_on(LoanRequest(*application))
        return (
            self,
            span if terms.has_convention else day,
            None if terms.amount[0] <= amount <= terms.amount[1] else amount,
            None if terms.months[0] <= months <= terms.months[1] else months,
            None if rate is None or terms.rate[0] <= rate <= terms.rate[1] else rate,
            None if terms.objects is None or category in terms.objects else category,
            None if terms.covers(commune) else commune.code,
        )

    def _terms_on(self, loan: LoanRequest) -> _Terms:
        agreements = [agreement for agreement, _ in in_play(self._record.agreements, loan)]
        objects = [frozenset(one.accepted_objects) for one in agreements if one.accepted_objects]
        return _Terms(
            _within([*(one.amount for one in agreements), *self._remaining(agreements)]),
            _within(one.months for one in agreements),
            _within(one.rate for one in agreements),
            frozenset(("",)).union(frozenset.intersection(*objects)) if objects else None,
            tuple(_places(one.territory, self._geography) for one in agreements if one.territory.codes),
            convention_on(self._record.conventions, loan.on_date) is not None,
        )

    def _remaining(self, agreements: Iterable[Agreement]) -> Iterator[Bounds[int]]:
        for agreement in agreements:
            yield Bounds(None, agreement.remaining(self._record.reserved(agreement.id, self._instant)))


def _within(bounds: Iterable[Bounds[Bound]]) -> tuple[float | Bound, float | Bound]:
    """The values that are within all the bounds."""
    known = list(bounds)
    least: float | Bound = max((one.least for one in known if one.least is not None), default=-inf)
    greatest: float | Bound = min((one.greatest for one in known if one.greatest is not None), default=inf)
    return least, greatest


def _places(territory: Territory, geography: Geography) -> tuple[Scope, frozenset[str]]:
    if territory.scope is not Scope.COMMUNES:
        return territory.scope, frozenset(territory.codes)
    present = (geography.resolve(code) for code in territory.codes)
    return territory.scope, frozenset(commune.code for commune in present if commune)


def _days(record: BankRecord) -> Iterator[date]:
    """The days from which something else is true."""
    facts: list[Dated] = [*record.banks, *record.agreements, *record.conventions]
    for fact in facts:
        yield from _bounds(fact.period.start, fact.period.end)
        yield from _suspension_days(fact.suspensions)
    for agreement in record.agreements:
        if agreement.verified_on is not None:
            yield add_months(agreement.verified_on, VERIFICATION_MONTHS) + ONE_DAY


def _suspension_days(suspensions: Iterable[Suspension]) -> Iterator[date]:
    for suspension in suspensions:
        yield from _bounds(suspension.period.start, suspension.period.end)


def _bounds(start: date, end: date | None) -> Iterator[date]:
    yield start
    if end is not None:
        yield end
