"""What an import would change in the registry as it is, and the hash that stands for exactly that."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from itertools import groupby
from operator import attrgetter

from services.bank_registry.files.columns import AGREEMENT_COLUMNS, CONVENTION_COLUMNS, LENDER_COLUMNS, Column
from services.bank_registry.files.items import FileFinding
from services.bank_registry.files.reading import Reading, ReadLender
from services.bank_registry.files.rows import cells_of, rows_of
from services.bank_registry.registry import (
    ALWAYS,
    Agreement,
    Bank,
    BankRecord,
    Difference,
    Holders,
    LenderChange,
    LocalConvention,
    Records,
    Successions,
    end,
    facts,
)
from services.kit import french
from services.kit.canonical import canonical
from services.kit.tables import UnreadableFile, printed

Fact = Bank | Agreement | LocalConvention
Pair = tuple[Fact | None, Fact | None]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A column before and after, empty = none; without a column, the whole subject comes or goes."""

    subject: str
    column: str
    before: str
    after: str


def field_changes(before: BankRecord, after: BankRecord) -> Iterator[FieldChange]:
    """Every field that differs, in the order of the columns."""
    yield from _changes(LENDER_COLUMNS, before.banks, after.banks)
    yield from _changes(AGREEMENT_COLUMNS, before.agreements, after.agreements)
    yield from _changes(CONVENTION_COLUMNS, before.conventions, after.conventions)


def arrivals(record: BankRecord) -> Iterator[FieldChange]:
    """What comes with a new lender: its agreements and its conventions, without their fields."""
    come: list[Fact] = [*record.agreements, *record.conventions]
    for fact in come:
        yield FieldChange(_subject(fact, dated=False), "", "", _span(fact))


def _changes(
    columns: Sequence[Column], before: Sequence[Fact], after: Sequence[Fact]
) -> Iterator[FieldChange]:
    dated = _dated(before) | _dated(after)
    for one, other in _pairs(before, after):
        fact = other or one
        if one == other or fact is None:
            continue
        subject = _subject(fact, dated=fact.id in dated)
        if one is None or other is None:
            span = _span(fact)
            yield FieldChange(subject, "", span if one else "", span if other else "")
        if other is not None:
            cells = zip(columns, _texts(columns, one), _texts(columns, other), strict=True)
            yield from (
                FieldChange(subject, column.name, old, new) for column, old, new in cells if old != new
            )


def _pairs(before: Sequence[Fact], after: Sequence[Fact]) -> Iterator[Pair]:
    """Versions of one thing with the same first day, then the others in order, then what comes or goes."""
    olds, news = _by_id(before), _by_id(after)
    for name in dict.fromkeys((*olds, *news)):
        old, new = olds.get(name, {}), news.get(name, {})
        yield from ((old[start], new[start]) for start in old if start in new)
        left = [version for start, version in old.items() if start not in new]
        come = [version for start, version in new.items() if start not in old]
        yield from zip(left, come, strict=False)
        paired = min(len(left), len(come))
        yield from ((version, None) for version in left[paired:])
        yield from ((None, version) for version in come[paired:])


def _by_id(facts: Iterable[Fact]) -> dict[str, dict[date, Fact]]:
    found: dict[str, dict[date, Fact]] = {}
    for fact in facts:
        found.setdefault(fact.id, {})[fact.period.first] = fact
    return found


def _dated(facts: Sequence[Fact]) -> set[str]:
    """The ids of what has several versions: only the first day tells them apart."""
    ordered = sorted(facts, key=attrgetter("id"))
    return {name for name, group in groupby(ordered, key=attrgetter("id")) if len(list(group)) > 1}


def _subject(fact: Fact, *, dated: bool) -> str:
    match fact:
        case Bank():
            name = "prêteur" if dated else ""
        case Agreement():
            name = f"accord {fact.reference}"
        case LocalConvention():
            name = f"convention {fact.reference or fact.id}"
    start = f"à partir du {french.short_date(fact.period.first)}"
    return f"{name} {start}" if dated and fact.period.first != ALWAYS.first else name


def _span(fact: Fact) -> str:
    start, last = fact.period.first, fact.period.last
    since = "" if start == ALWAYS.first else f"du {french.short_date(start)}"
    return " ".join(filter(None, (since, f"au {french.short_date(last)}" if last else "sans fin")))


def _texts(columns: Sequence[Column], fact: Fact | None) -> list[str]:
    return [printed(cell).removeprefix("'") for cell in cells_of(columns, fact)]


_ROUNDS = 10
"""A refused lender may make others refused, which named it; more rounds than that is no honest file."""


class Kind(StrEnum):
    """What happens to a lender."""

    CREATED = "CREATED"
    CHANGED = "CHANGED"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class LenderOutcome:
    """A lender that changes, and its first line in the file (None if the file does not name it)."""

    kind: Kind
    before: BankRecord | None
    after: BankRecord
    line: int | None

    @property
    def changes(self) -> list[FieldChange]:
        """Field by field; of a lender that is created, its agreements and conventions."""
        return list(field_changes(self.before, self.after) if self.before else arrivals(self.after))


@dataclass(frozen=True)
class ImportPlan:
    """The whole difference: what changes, what does not, what is refused."""

    outcomes: tuple[LenderOutcome, ...]
    unchanged: int
    refused: int
    refusals: tuple[FileFinding, ...]
    warnings: tuple[FileFinding, ...]
    ends_every_bank: bool
    scope: tuple[str, ...]

    @property
    def difference(self) -> Difference:
        """What the store is to write."""
        found = Difference(unchanged=self.unchanged)
        for outcome in self.outcomes:
            change = LenderChange(outcome.before, outcome.after)
            (found.changed if outcome.before else found.created).append(change)
        return found

    @cached_property
    def hash(self) -> str:
        """SHA-256, in hexadecimal, of every change before and after and of every refusal."""
        sealed = hashlib.sha256(canonical(list(self.scope)).encode())
        for outcome in self.outcomes:
            states = [_rows_of_texts(record) for record in (outcome.before, outcome.after) if record]
            sealed.update(canonical([outcome.kind, *states]).encode())
        for found in self.refusals:
            place = [found.place.line, found.place.column]
            sealed.update(canonical([*place, found.bank, found.code, found.message]).encode())
        return sealed.hexdigest()

    def count(self, kind: Kind) -> int:
        """How many lenders are created, changed or ended."""
        return sum(outcome.kind is kind for outcome in self.outcomes)


def make_plan(reading: Reading, known: Records, on: date, *, complete: bool) -> ImportPlan:
    """Compares a file with the registry; `complete` ends on a day the lenders that the file does not name."""
    accepted, refusals = _agreeing(reading, known)
    stated = [_outcome(known, entry.record, entry.item.line or None) for entry in accepted.values()]
    changed = [outcome for outcome in stated if outcome]
    if complete:
        absent = (record for bank_id, record in known.items() if bank_id not in reading.cited)
        changed.extend(filter(None, (_outcome(known, _ended(record, on), None) for record in absent)))
    return ImportPlan(
        tuple(changed),
        stated.count(None),
        len({found.bank or found.place for found in refusals}),
        tuple(refusals),
        tuple(reading.warnings),
        _ends_every(changed, known, on),
        ("complete", on.isoformat()) if complete else (),
    )


def _outcome(known: Records, after: BankRecord, line: int | None) -> LenderOutcome | None:
    """What happens to a lender, None if nothing does."""
    before = known.get(after.bank.id)
    if before is None:
        return LenderOutcome(Kind.CREATED, None, after, line)
    if set(facts(before)) == set(facts(after)):
        return None
    kind = Kind.ENDED if lends_until(after) < lends_until(before) else Kind.CHANGED
    return LenderOutcome(kind, before, after, line)


def _agreeing(reading: Reading, known: Records) -> tuple[dict[str, ReadLender], list[FileFinding]]:
    """The entries that go together with the rest of the registry, and all the refusals."""
    accepted = {bank_id: _filled(entry, reading, known) for bank_id, entry in reading.entries.items()}
    refusals = list(reading.refusals)
    for _ in range(_ROUNDS):
        found = list(_clashes(accepted, known))
        if not found:
            return accepted, [*refusals, *_more_clashes(reading, known)]
        refusals.extend(found)
        for finding in found:
            accepted.pop(finding.bank, None)
    raise UnreadableFile("Trop de prêteurs dépendent de lignes refusées ; corrigez d’abord les premières.")


def _filled(entry: ReadLender, reading: Reading, known: Records) -> ReadLender:
    """A lender with what the file cannot say of it, or does not speak of."""
    before = known.get(entry.record.bank.id)
    if before is None:
        return entry
    record = replace(entry.record, reservations=before.reservations)
    if reading.content.without_agreements:
        record = replace(record, agreements=before.agreements)
    if reading.content.without_conventions:
        record = replace(record, conventions=before.conventions)
    return replace(entry, record=record)


def _more_clashes(reading: Reading, known: Records) -> Iterator[FileFinding]:
    """What else is wrong with the lenders refused for a field, the rest of the file being taken for right."""
    holders = Holders(record for bank_id, record in known.items() if bank_id not in reading.cited)
    for entry in reading.entries.values():
        holders.add(entry.record)
    for entry in reading.flawed:
        for clash in holders.clashes(entry.record):
            yield entry.finding(*clash)
        holders.add(entry.record)


def _clashes(accepted: dict[str, ReadLender], known: Records) -> Iterator[FileFinding]:
    after = {**known, **{bank_id: entry.record for bank_id, entry in accepted.items()}}
    holders = Holders(record for bank_id, record in known.items() if bank_id not in accepted)
    successions = Successions(after)
    for entry in accepted.values():
        for clash in (*holders.clashes(entry.record), *successions.clashes(entry.record)):
            yield entry.finding(*clash)
        holders.add(entry.record)


def _ended(record: BankRecord, day: date) -> BankRecord:
    """A lender as it is until a day, with nothing from then on."""
    return replace(
        record,
        banks=end(record.banks, day) or record.banks,
        agreements=end(record.agreements, day),
        conventions=end(record.conventions, day),
    )


def _ends_every(outcomes: Iterable[LenderOutcome], known: Records, on: date) -> bool:
    """Whether each lender that has an agreement on a day or later ends sooner than before."""
    lending = {bank_id for bank_id, record in known.items() if lends_until(record) > on}
    ended = {outcome.after.bank.id for outcome in outcomes if outcome.kind is Kind.ENDED}
    return bool(lending) and lending <= ended


def lends_until(record: BankRecord) -> date:
    """The day after the last one on which a lender has an agreement; date.min if it has none."""
    lender = record.bank.period.end or date.max
    return min(lender, max((one.period.end or date.max for one in record.agreements), default=date.min))


def _rows_of_texts(record: BankRecord) -> list[list[str]]:
    return [[printed(cell) for cell in row] for row in rows_of([record])]
