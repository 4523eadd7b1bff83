"""A whole lender from its statement, and what must be unique or known across lenders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter
from typing import Any, TypeVar

from services.bank_registry.registry.model import Agreement, Bank, BankRecord, LocalConvention
from services.bank_registry.registry.resources import closest
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
        for _, fact in group:
            facts.append(fact if fact.suspensions == found else replace(fact, suspensions=found))
    by_start = sorted(facts, key=attrgetter("period.first"))
    return tuple(
        sorted(by_start, key=attrgetter("id")) if facts and isinstance(facts[0], Agreement) else by_start
    )


Banks = Mapping[str, BankRecord]
Clash = tuple[str, FieldReason, str]
"""A field of the lender, a reason, a French sentence."""

MAX_HINTS = 20
"""Unknown successors that have a suggestion: each takes a comparison with every name."""

_LABELS = {"siren": "SIREN", "cib": "code banque", "lei": "LEI"}


class Holders:
    """The lenders by identifier."""

    def __init__(self, records: Iterable[BankRecord] = ()) -> None:
        self._banks: dict[tuple[str, str], list[Bank]] = defaultdict(list)
        for record in records:
            self.add(record)

    def add(self, record: BankRecord) -> None:
        """Adds a lender with all its terms."""
        for bank in record.banks:
            for field in _LABELS:
                self._banks[field, getattr(bank, field)].append(bank)

    def clashes(self, record: BankRecord) -> Iterator[Clash]:
        """Each identifier that another lender already has."""
        for field, label in _LABELS.items():
            holder = next(filter(None, (self._other(field, bank) for bank in record.banks)), None)
            if holder:
                text = f"Le {label} {getattr(holder, field)} est déjà celui de {holder.name} ({holder.id})."
                yield field, FieldReason.DUPLICATE, text

    def _other(self, field: str, bank: Bank) -> Bank | None:
        """Another lender with the same identifier; a successor keeps the CIB of what it absorbed."""
        value = getattr(bank, field)
        for other in self._banks.get((field, value), ()) if value else ():
            merged = field == "cib" and (bank.successor == other.id or other.successor == bank.id)
            if other.id != bank.id and not merged:
                return other
        return None


class Successions:
    """Who took over whom; a chain is followed once, however many lenders lead to it."""

    def __init__(self, records: Banks) -> None:
        self._records = records
        self._leads: dict[str, bool] = {}
        self._unknown = 0

    def clashes(self, record: BankRecord) -> Iterator[Clash]:
        """A successor that is unknown, or that leads back to the lender."""
        successor = record.bank.successor
        if successor and successor not in self._records:
            self._unknown += 1
            near = closest(successor, self._banks()) if self._unknown <= MAX_HINTS else []
            hint = f" ; vouliez-vous dire « {near[0].id} » ?" if near else "."
            yield "successor", FieldReason.UNKNOWN_RESOURCE, f"Aucun prêteur n’a cet identifiant{hint}"
        elif successor and not self._ends_somewhere(record.bank.id):
            yield "successor", FieldReason.INCONSISTENT, "Les reprises tournent en rond."

    def _banks(self) -> Iterator[Bank]:
        return (record.bank for record in self._records.values())

    def _ends_somewhere(self, bank_id: str) -> bool:
        followed: dict[str, None] = {}
        while bank_id in self._records and bank_id not in self._leads:
            if bank_id in followed:
                self._leads.update(dict.fromkeys(followed, False))
                return False
            followed[bank_id] = None
            bank_id = self._records[bank_id].bank.successor
        ends = self._leads.get(bank_id, True)
        self._leads.update(dict.fromkeys(followed, ends))
        return ends
