"""What must be unique or known across lenders: ids, SIREN, CIB, LEI, successors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from services.bank_registry.importers.banks import Entry
from services.bank_registry.registry.history import Records
from services.bank_registry.registry.model import Bank
from services.bank_registry.registry.names import closest

_LABELS = {"siren": "SIREN", "cib": "code banque", "lei": "LEI"}


def check_identities(entries: list[Entry], known: Records) -> None:
    """Notes, for each entry, what clashes with an earlier entry or with a lender already in the registry."""
    stated = {entry.record.bank.id: entry.record.bank for entry in entries}
    others = {bank_id: record.bank for bank_id, record in known.items() if bank_id not in stated}
    banks = others | stated
    holders = _Holders()
    for bank in others.values():
        holders.add(bank)
    seen: set[str] = set()
    for entry in entries:
        bank = entry.record.bank
        if bank.id in seen:
            entry.fields.problem(
                "id", "DUPLICATE", f"L’identifiant « {bank.id} » est déjà pris dans ce fichier."
            )
        for field, label in _LABELS.items():
            if holder := holders.find(field, bank):
                text = f"Le {label} {getattr(bank, field)} est déjà celui de {holder.name} ({holder.id})."
                entry.fields.problem(field, "DUPLICATE", text)
        _check_successor(entry, banks)
        seen.add(bank.id)
        holders.add(bank)


class _Holders:
    """The lenders by identifier."""

    def __init__(self) -> None:
        self._banks: dict[tuple[str, str], list[Bank]] = defaultdict(list)

    def add(self, bank: Bank) -> None:
        for field in _LABELS:
            self._banks[field, getattr(bank, field)].append(bank)

    def find(self, field: str, bank: Bank) -> Bank | None:
        """Another lender with the same identifier; a successor keeps the CIB of what it absorbed."""
        value = getattr(bank, field)
        for other in self._banks[field, value] if value else ():
            merged = field == "cib" and (bank.successor == other.id or other.successor == bank.id)
            if other.id != bank.id and not merged:
                return other
        return None


def _check_successor(entry: Entry, banks: Mapping[str, Bank]) -> None:
    bank = entry.record.bank
    if bank.successor and bank.successor not in banks:
        near = closest(bank.successor, banks.values())
        hint = f" ; vouliez-vous dire « {near[0].id} » ?" if near else "."
        entry.fields.problem("successor", "UNKNOWN_BANK", f"Aucun prêteur n’a cet identifiant{hint}")
    followed = [bank.id]
    while bank.successor in banks:
        bank = banks[bank.successor]
        if bank.id in followed:
            entry.fields.problem("successor", "CIRCULAR", "Les reprises tournent en rond.")
            return
        followed.append(bank.id)
