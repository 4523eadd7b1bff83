"""The lenders, their agreements with the Fonds de cohésion sociale, and what is asked of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

from services.bank_registry.registry.period import Period
from services.bank_registry.registry.territory import Territory
from services.kit.geography import Commune

CATEGORY = re.compile(r"[A-Z][A-Z0-9_]{0,62}")
"""Form of the code of a category of projects; the list itself belongs to the rules of eligibility."""

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
class Bank:
    """An approved institution; an association or a foundation may have no CIB, BIC or LEI (empty)."""

    id: str
    name: str
    kind: BankKind
    siren: str
    cib: str = ""
    bic: str = ""
    lei: str = ""
    successor: str = ""


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
    suspensions: tuple[Period, ...] = ()
    guarantee_share: Decimal | None = None
    envelope: int | None = None
    committed: int | None = None
    amount: Bounds[int] = Bounds()
    months: Bounds[int] = Bounds()
    rate: Bounds[Decimal] = Bounds()
    accepted_objects: tuple[str, ...] = ()
    verified_on: date | None = None

    @property
    def remaining(self) -> int | None:
        """What may still be lent, in cents; None without an envelope, never negative."""
        if self.envelope is None:
            return None
        return max(0, self.envelope - (self.committed or 0))


@dataclass(frozen=True, slots=True)
class LocalConvention:
    """Who to write to at the lender during a period, and its usual number of days before an answer."""

    period: Period
    contact_name: str
    address_lines: tuple[str, ...]
    postal_code: str
    city: str
    reference: str = ""
    email: str = ""
    phone: str = ""
    answer_days: int | None = None


@dataclass(frozen=True, slots=True)
class BankRecord:
    """All that is known of a lender; agreements are ordered by id, then start; conventions by start."""

    bank: Bank
    agreements: tuple[Agreement, ...] = ()
    conventions: tuple[LocalConvention, ...] = ()


@dataclass(frozen=True, slots=True)
class LoanRequest:
    """What a lender is asked to take: cents, months, percent; no rate or category = not checked."""

    on_date: date
    commune: Commune
    amount: int
    months: int
    rate: Decimal | None = None
    category: str = ""
