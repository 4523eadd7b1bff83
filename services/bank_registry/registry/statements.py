"""A whole lender from its statement: all its terms, its agreements and its conventions, none overlapping."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter
from typing import Any, TypeVar

from services.bank_registry.registry.model import Agreement, Bank, BankRecord, LocalConvention
from services.bank_registry.registry.rules import Notes, Rules, Statement, enumerate_readable
from services.bank_registry.registry.timeline import suspensions
from services.kit import french
from services.kit.errors import FieldReason

V = TypeVar("V", Bank, Agreement, LocalConvention)
Read = tuple[Notes, V]

EARLIER_TERMS, AGREEMENTS, CONVENTIONS = "earlier_terms", "agreements", "local_conventions"
"""The lists of the statement of a lender, beside its latest terms."""


def record_of(rules: Rules, stated: Statement, notes: Notes) -> BankRecord | None:
    """The lender; None only with a problem."""
    last = rules.bank(stated, notes)
    bank_id = last.id if last else ""
    earlier = _read(stated, EARLIER_TERMS, notes, lambda one, inner: rules.bank(one, inner, bank_id))
    banks = [*earlier, *([(notes, last)] if last else [])]
    agreements = _read(stated, AGREEMENTS, notes, rules.agreement)
    conventions = _read(stated, CONVENTIONS, notes, rules.convention)
    _refuse_overlaps(banks, "Deux descriptions de ce prêteur")
    for group in _by_id(agreements).values():
        _refuse_overlaps(group, f"Deux périodes de l’accord « {group[0][1].id} »")
    _refuse_overlaps(conventions, "Deux conventions locales")
    if last is None:
        return None
    return BankRecord(
        banks=_versions(banks), agreements=_versions(agreements), conventions=_versions(conventions)
    )


def _read(
    stated: Statement, name: str, notes: Notes, read: Callable[[Any, Notes], V | None]
) -> list[Read[V]]:
    each = (
        (notes.inside(f"{name}[{index}]"), one) for index, one in enumerate_readable(stated.get(name, ()))
    )
    found = ((inner, read(one, inner)) for inner, one in each)
    return [(inner, fact) for inner, fact in found if fact is not None]


def _by_id(read: Iterable[Read[V]]) -> dict[str, list[Read[V]]]:
    found: dict[str, list[Read[V]]] = {}
    for notes, fact in read:
        found.setdefault(fact.id, []).append((notes, fact))
    return found


def _refuse_overlaps(read: list[Read[V]], what: str) -> None:
    ordered = sorted(read, key=lambda pair: pair[1].period.first)
    for (_, one), (notes, other) in pairwise(ordered):
        if one.period.overlaps(other.period):
            start = french.long_date(other.period.first)
            notes.problem("start_date", FieldReason.OVERLAP, f"{what} se chevauchent à partir du {start}.")


def _versions(read: list[Read[V]]) -> tuple[V, ...]:
    """The versions in their order, all those of one thing with all its suspensions."""
    facts: list[V] = []
    for group in _by_id(read).values():
        found = suspensions([fact for _, fact in group])
        if len(group) > 1 and any(one.period.overlaps(other.period) for one, other in pairwise(found)):
            text = "Ces suspensions contredisent celles d’une autre ligne du même accord ou prêteur."
            group[-1][0].problem("suspensions", FieldReason.OVERLAP, text)
        facts.extend(replace(fact, suspensions=found) for _, fact in group)
    by_start = sorted(facts, key=attrgetter("period.first"))
    return tuple(
        sorted(by_start, key=attrgetter("id")) if facts and isinstance(facts[0], Agreement) else by_start
    )
