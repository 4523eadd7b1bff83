"""What must be unique or known across lenders: SIREN, CIB, LEI, successors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from services.bank_registry.registry.model import Bank, BankRecord
from services.bank_registry.registry.names import closest
from services.kit.errors import FieldReason

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
