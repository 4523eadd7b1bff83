"""What a set of entries would change in the registry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from services.bank_registry.registry.history import Records
from services.bank_registry.registry.model import Agreement, Bank, BankRecord, LocalConvention

Fact = Bank | Agreement | LocalConvention


@dataclass(frozen=True, slots=True)
class LenderChange:
    """One lender before and after; `before` is None for a new one."""

    before: BankRecord | None
    after: BankRecord

    @property
    def withdrawn(self) -> list[Fact]:
        """The facts that are no longer held true."""
        return _missing(facts(self.before), facts(self.after))

    @property
    def stated(self) -> list[Fact]:
        """The facts that are newly held true."""
        return _missing(facts(self.after), facts(self.before))


@dataclass(slots=True)
class Difference:
    """The lenders that a write creates and changes, and how many it leaves as they are."""

    created: list[LenderChange] = field(default_factory=list)
    changed: list[LenderChange] = field(default_factory=list)
    unchanged: int = 0

    @property
    def changes(self) -> list[LenderChange]:
        """What is to be written."""
        return self.created + self.changed


def difference(known: Records, entries: Iterable[BankRecord]) -> Difference:
    """Compares entries with what is known; an entry states all that is true of its lender."""
    found = Difference()
    for entry in entries:
        before = known.get(entry.bank.id)
        if before is None:
            found.created.append(LenderChange(None, entry))
        elif set(facts(before)) != set(facts(entry)):
            found.changed.append(LenderChange(before, entry))
        else:
            found.unchanged += 1
    return found


def facts(record: BankRecord | None) -> list[Fact]:
    """The lender, its agreements and its conventions, one by one."""
    return [] if record is None else [*record.banks, *record.agreements, *record.conventions]


def _missing(these: list[Fact], those: list[Fact]) -> list[Fact]:
    others = set(those)
    return [fact for fact in these if fact not in others]
