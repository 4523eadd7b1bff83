"""The lenders, their agreements with the Fonds de cohésion sociale, and what is asked of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from operator import attrgetter
from typing import Generic, TypeVar

from services.bank_registry.registry.geography import Commune
from services.bank_registry.registry.territory import Territory
from services.kit.dates import Period

CATEGORY = re.compile(r"[A-Z][A-Z0-9_]{0,62}")
"""Form of the code of a category of projects; the list itself belongs to the rules of eligibility."""

ALWAYS = Period(date.min)
"""The period of a lender that is not known to have begun or ended."""

Bound = TypeVar("Bound", int, Decimal)


class BankKind(StrEnum):
    """Kind of institution; an association or a foundation lends under L. 511-6 5° CMF."""

    CREDIT_INSTITUTION = "CREDIT_INSTITUTION"
    CREDIT_MUNICIPAL = "CREDIT_MUNICIPAL"
    ASSOCIATION = "ASSOCIATION"
    FOUNDATION = "FOUNDATION"


@dataclass(frozen=True, slots=True)
class Bounds(Generic[Bound]):
    """Least and greatest value accepted, both included; None = no bound."""

    least: Bound | None = None
    greatest: Bound | None = None


@dataclass(frozen=True, slots=True)
class Suspension:
    """Days without a decision to lend, and why (empty = unknown)."""

    period: Period
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Bank:
    """The terms of an approved institution during a period; a change of terms is a later period.

    An association or a foundation may have no CIB, BIC or LEI (empty).
    """

    id: str
    name: str
    kind: BankKind
    siren: str
    cib: str = ""
    bic: str = ""
    lei: str = ""
    successor: str = ""
    siret: str = ""
    network: str = ""
    period: Period = ALWAYS
    suspensions: tuple[Suspension, ...] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    """The terms of an agreement during a period; a change of terms is a later period under the same id.

    Amounts are in cents, rates and shares in percent.
    """

    id: str
    reference: str
    territory: Territory
    period: Period
    manager: str = ""
    suspensions: tuple[Suspension, ...] = ()
    guarantee_share: Decimal | None = None
    envelope: int | None = None
    committed: int | None = None
    amount: Bounds[int] = Bounds()
    months: Bounds[int] = Bounds()
    rate: Bounds[Decimal] = Bounds()
    accepted_objects: tuple[str, ...] = ()
    verified_on: date | None = None
    evidence: str = ""
    rate_rule: str = ""
    continues: str = ""
    """Name of the agreement of another lender that it goes on from: they share one envelope."""

    def remaining(self, reserved: int = 0) -> int | None:
        """What may still be lent beside what is reserved, in cents, at least 0; None without an envelope."""
        if self.envelope is None:
            return None
        return max(0, self.envelope - (self.committed or 0) - reserved)


@dataclass(frozen=True, slots=True)
class Contact:
    """A service to call at a lender, by its role."""

    role: str
    name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class LocalConvention:
    """Who to write to at the lender during a period, and its usual number of days before an answer."""

    id: str
    period: Period
    contact_name: str
    address_lines: tuple[str, ...]
    postal_code: str
    city: str
    reference: str = ""
    email: str = ""
    phone: str = ""
    answer_days: int | None = None
    contacts: tuple[Contact, ...] = ()
    suspensions: tuple[Suspension, ...] = ()


class ReservationState(StrEnum):
    """What became of a reservation; one that is held past its last instant has expired, recorded or not."""

    HELD = "HELD"
    COMMITTED = "COMMITTED"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Reservation:
    """Part of the envelope of an agreement, in cents; instants are in microseconds (UTC)."""

    id: int
    agreement_id: str
    amount: int
    state: ReservationState
    on_date: date
    case_reference: str
    created_at: int
    expires_at: int

    def state_at(self, instant: int) -> ReservationState:
        """What became of it by an instant."""
        expired = self.state is ReservationState.HELD and self.expires_at <= instant
        return ReservationState.EXPIRED if expired else self.state

    def weighs(self, instant: int) -> bool:
        """Whether it takes its amount from the envelope at an instant."""
        return self.state_at(instant) in (ReservationState.HELD, ReservationState.COMMITTED)


@dataclass(frozen=True, slots=True)
class BankRecord:
    """All that is known of a lender: its terms by start, its agreements by id then start, its conventions
    by start, its reservations by id."""

    banks: tuple[Bank, ...]
    agreements: tuple[Agreement, ...] = ()
    conventions: tuple[LocalConvention, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    by_agreement: tuple[tuple[Agreement, ...], ...] = field(init=False, repr=False, compare=False)
    """The versions of each agreement, told apart once: every check asks for them."""

    def __post_init__(self) -> None:
        versions = tuple(tuple(found) for _, found in groupby(self.agreements, key=attrgetter("id")))
        object.__setattr__(self, "by_agreement", versions)

    @classmethod
    def of(
        cls,
        bank: Bank,
        agreements: Sequence[Agreement] = (),
        conventions: Sequence[LocalConvention] = (),
    ) -> BankRecord:
        """A lender whose terms never changed."""
        return cls((bank,), tuple(agreements), tuple(conventions))

    @property
    def bank(self) -> Bank:
        """The latest terms of the lender."""
        return self.banks[-1]

    def reserved(self, agreement_id: str, instant: int) -> int:
        """What the reservations of an agreement take from its envelope at an instant, in cents."""
        return sum(
            reservation.amount
            for reservation in self.reservations
            if reservation.agreement_id == agreement_id and reservation.weighs(instant)
        )


@dataclass(frozen=True, slots=True)
class LoanRequest:
    """What a lender is asked to take: cents, months, percent; no rate or category = not checked."""

    on_date: date
    commune: Commune
    amount: int
    months: int
    rate: Decimal | None = None
    category: str = ""
