"""The three kinds of resources that the registry keeper edits, each with its own names and messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from services.bank_registry.api.reads import agreement_versions, convention_versions
from services.bank_registry.messages import (
    names,
    read_agreement,
    read_bank,
    read_convention,
    reads,
    records,
)
from services.bank_registry.registry import (
    Agreement,
    Bank,
    BankRecord,
    LocalConvention,
    Notes,
    Rules,
    Target,
    agreement_target,
    bank_target,
    convention_target,
)
from services.kit.dates import Period
from services.kit.errors import Violations

V = TypeVar("V", Bank, Agreement, LocalConvention)


@dataclass(frozen=True, slots=True, kw_only=True)
class Editable(Generic[V]):
    """How to edit a kind of resource."""

    field: str
    """Name of its field in requests and answers."""
    title: str
    """Name of the field that an id is made from, when a creation gives none."""
    untitled: str = ""
    """The id where that one is empty."""
    taken: tuple[str, str]
    """The reason that refuses an id already used, and its sentence."""
    ids: Callable[[str, Violations, str], tuple[str, str]]
    """The ids of the lender and of the resource in a name."""
    target: Callable[[BankRecord, str], Target[V]]
    """Its versions, none if there is no such resource."""
    require: Callable[[BankRecord, str], object]
    """NotFound if the lender has no such resource."""
    read: Callable[[Any, str, Rules, Notes], V | None]
    """The fact in a message, for an id."""
    message: Callable[[V, Period], Any]
    """A version as a message, with a period."""
    answer: Callable[[BankRecord, tuple[V, ...], date | None, int], Any]
    """The resource on a day, at an instant."""


def _bank_ids(name: str, violations: Violations, field: str) -> tuple[str, str]:
    bank_id = names.bank_id(name, violations, field)
    return bank_id, bank_id


BANKS: Editable[Bank] = Editable(
    field="bank",
    title="display_name",
    taken=("BANK_ALREADY_EXISTS", "L’identifiant « {id} » est déjà celui d’un prêteur."),
    ids=_bank_ids,
    target=lambda record, _: bank_target(record),
    require=lambda record, _: record.bank,
    read=read_bank,
    message=records.bank,
    answer=lambda record, _versions, day, _instant: reads.bank(record, day),
)
AGREEMENTS: Editable[Agreement] = Editable(
    field="agreement",
    title="reference",
    taken=("AGREEMENT_ALREADY_EXISTS", "Ce prêteur a déjà un accord d’identifiant « {id} »."),
    ids=names.agreement_ids,
    target=agreement_target,
    require=agreement_versions,
    read=read_agreement,
    message=lambda fact, life: records.agreement("-", fact, life, 0),
    answer=reads.agreement,
)
CONVENTIONS: Editable[LocalConvention] = Editable(
    field="local_convention",
    title="reference",
    untitled="convention",
    taken=("LOCAL_CONVENTION_ALREADY_EXISTS", "Ce prêteur a déjà une convention d’identifiant « {id} »."),
    ids=names.convention_ids,
    target=convention_target,
    require=convention_versions,
    read=read_convention,
    message=lambda fact, life: records.convention("-", fact, life),
    answer=lambda record, versions, day, _instant: reads.convention(record, versions, day),
)
