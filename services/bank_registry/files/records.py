"""A whole lender from its fields: all its terms, its agreements and its conventions, none overlapping."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter
from typing import TypeVar

from services.bank_registry.files.banks import BankReader
from services.bank_registry.files.objects import Fields
from services.bank_registry.registry import Agreement, Bank, BankRecord, LocalConvention, suspensions
from services.kit import french
from services.kit.errors import FieldReason

V = TypeVar("V", Bank, Agreement, LocalConvention)
Read = tuple[Fields, V]


def record_of(reader: BankReader, fields: Fields) -> BankRecord | None:
    """The lender; None only with a problem noted by the reader."""
    last = reader.bank(fields)
    bank_id = last.id if last else ""
    earlier = _read(fields, "earlier_terms", lambda item: reader.bank(item, bank_id))
    banks = [*earlier, *([(fields, last)] if last else [])]
    agreements = _read(fields, "agreements", reader.agreement)
    conventions = _read(fields, "local_conventions", reader.convention)
    _refuse_overlaps(banks, "Deux descriptions de ce prêteur")
    for group in _by_id(agreements).values():
        _refuse_overlaps(group, f"Deux périodes de l’accord « {group[0][1].id} »")
    _refuse_overlaps(conventions, "Deux conventions locales")
    if last is None:
        return None
    return BankRecord(_versions(banks), _versions(agreements), _versions(conventions))


def _read(fields: Fields, name: str, read: Callable[[Fields], V | None]) -> list[Read[V]]:
    found = ((item, read(item)) for item in fields.objects(name))
    return [(item, fact) for item, fact in found if fact is not None]


def _by_id(read: Iterable[Read[V]]) -> dict[str, list[Read[V]]]:
    found: dict[str, list[Read[V]]] = {}
    for item, fact in read:
        found.setdefault(fact.id, []).append((item, fact))
    return found


def _refuse_overlaps(read: list[Read[V]], what: str) -> None:
    ordered = sorted(read, key=lambda pair: pair[1].period.first)
    for (_, one), (item, other) in pairwise(ordered):
        if one.period.overlaps(other.period):
            start = french.long_date(other.period.first)
            item.problem("start", FieldReason.OVERLAP, f"{what} se chevauchent à partir du {start}.")


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
