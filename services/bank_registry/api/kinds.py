"""The three kinds of resources that the keeper edits, each with its own fields, names and messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from services.bank_registry.api.reads import agreement_versions, convention_versions
from services.bank_registry.messages import Entries, names, reads
from services.bank_registry.messages import records as messages
from services.bank_registry.registry import (
    Agreement,
    Bank,
    BankRecord,
    LocalConvention,
    Target,
    agreement_target,
    bank_target,
    convention_target,
)
from services.kit.dates import Period
from services.kit.errors import Violations

V = TypeVar("V", Bank, Agreement, LocalConvention)


@dataclass(frozen=True)
class Desk(Generic[V]):
    """How to edit a kind of resource."""

    field: str
    """Name of its field in requests and answers."""
    ids: Callable[[str, Violations, str], tuple[str, str]]
    """The ids of the lender and of the resource in a name."""
    target: Callable[[BankRecord, str], Target[V]]
    """Its versions; NotFound if there are none."""
    read: Callable[[Entries, Any, str], V | None]
    """The fact in a message, for an id."""
    message: Callable[[V, Period], Any]
    """A version as a message, with a period."""
    answer: Callable[[BankRecord, tuple[V, ...], date | None, int], Any]
    """The resource on a day, at an instant."""


def _bank_ids(name: str, violations: Violations, field: str) -> tuple[str, str]:
    bank_id = names.bank_id(name, violations, field)
    return bank_id, bank_id


def _agreement(record: BankRecord, agreement_id: str) -> Target[Agreement]:
    agreement_versions(record, agreement_id)
    return agreement_target(record, agreement_id)


def _convention(record: BankRecord, convention_id: str) -> Target[LocalConvention]:
    convention_versions(record, convention_id)
    return convention_target(record, convention_id)


BANKS: Desk[Bank] = Desk(
    "bank",
    _bank_ids,
    lambda record, _: bank_target(record),
    Entries.bank,
    messages.bank,
    lambda record, _versions, day, _instant: reads.bank(record, day),
)
AGREEMENTS: Desk[Agreement] = Desk(
    "agreement",
    names.agreement_ids,
    _agreement,
    Entries.agreement,
    lambda fact, life: messages.agreement("-", fact, life, 0),
    reads.agreement,
)
CONVENTIONS: Desk[LocalConvention] = Desk(
    "local_convention",
    names.convention_ids,
    _convention,
    Entries.convention,
    lambda fact, life: messages.convention("-", fact, life),
    lambda record, versions, day, _instant: reads.convention(record, versions, day),
)
