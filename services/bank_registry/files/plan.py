"""What an import would change in the registry as it is, and the hash that stands for exactly that."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cached_property

from services.bank_registry.files.changes import FieldChange, field_changes
from services.bank_registry.files.completion import completed
from services.bank_registry.files.items import FileFinding
from services.bank_registry.files.reading import Reading, ReadLender
from services.bank_registry.registry import (
    BankRecord,
    Difference,
    Holders,
    LenderChange,
    Notes,
    Records,
    Successions,
    days_touched,
    end,
    facts,
    from_day,
    past_days,
    record_of,
)
from services.kit.canonical import canonical
from services.kit.dates import Period
from services.kit.tables import UnreadableFile

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
    today: date
    """The day before which days are past."""

    @property
    def changes(self) -> list[FieldChange]:
        """Field by field; of a lender that is created, every field that it has."""
        if self.before:
            return list(field_changes(self.before, self.after, self.today))
        return list(field_changes(BankRecord(()), self.after, date.min))

    @property
    def past(self) -> list[Period]:
        """The past days on which a lender that was known is not as it was."""
        return past_days(days_touched(self.before, self.after), self.today) if self.before else []


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

    @cached_property
    def past(self) -> dict[str, list[Period]]:
        """The past days that change, by lender."""
        found = {outcome.after.bank.id: outcome.past for outcome in self.outcomes}
        return {bank_id: days for bank_id, days in found.items() if days}

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
            states = [_stated(record) for record in (outcome.before, outcome.after) if record]
            sealed.update(repr([outcome.kind, *states]).encode())
        for found in self.refusals:
            place = [found.place.line, found.place.column]
            sealed.update(canonical([*place, found.bank, found.code, found.message]).encode())
        return sealed.hexdigest()

    def count(self, kind: Kind) -> int:
        """How many lenders are created, changed or ended."""
        return sum(outcome.kind is kind for outcome in self.outcomes)


def make_plan(
    reading: Reading,
    known: Records,
    on: date,
    *,
    complete: bool,
    today: date | None = None,
    since: date | None = None,
) -> ImportPlan:
    """Compares a file with the registry; `complete` ends on a day the lenders that the file does not name,
    `since` leaves the days before it as they are; past days are those before `today`, else before `on`."""
    today = today or on
    accepted, refusals = _agreeing(reading, known, since)
    stated = [_outcome(known, entry.record, entry.item.line or None, today) for entry in accepted.values()]
    changed = [outcome for outcome in stated if outcome]
    if complete:
        absent = (record for bank_id, record in known.items() if bank_id not in reading.cited)
        changed.extend(filter(None, (_outcome(known, _ended(record, on), None, today) for record in absent)))
    return ImportPlan(
        tuple(changed),
        stated.count(None),
        len({found.bank or found.place for found in refusals}),
        tuple(refusals),
        tuple(reading.warnings),
        _ends_every(changed, known, on),
        ("complete", on.isoformat()) if complete else (),
    )


def _outcome(known: Records, after: BankRecord, line: int | None, today: date) -> LenderOutcome | None:
    """What happens to a lender, None if nothing does."""
    before = known.get(after.bank.id)
    if before is None:
        return LenderOutcome(Kind.CREATED, None, after, line, today)
    if set(facts(before)) == set(facts(after)):
        return None
    kind = Kind.ENDED if lends_until(after) < lends_until(before) else Kind.CHANGED
    return LenderOutcome(kind, before, after, line, today)


def _agreeing(
    reading: Reading, known: Records, since: date | None
) -> tuple[dict[str, ReadLender], list[FileFinding]]:
    """The entries that go together with the rest of the registry, and all the refusals."""
    refusals = list(reading.refusals)
    accepted: dict[str, ReadLender] = {}
    for bank_id, entry in reading.entries.items():
        record = _completed(entry, reading, known.get(bank_id), refusals)
        if record is not None:
            accepted[bank_id] = _filled(replace(entry, record=record), reading, known, since)
    for _ in range(_ROUNDS):
        found = list(_clashes(accepted, known))
        if not found:
            return accepted, [*refusals, *_more_clashes(reading, known)]
        refusals.extend(found)
        for finding in found:
            accepted.pop(finding.bank, None)
    raise UnreadableFile("Trop de prêteurs dépendent de lignes refusées ; corrigez d’abord les premières.")


def _completed(
    entry: ReadLender, reading: Reading, before: BankRecord | None, refusals: list[FileFinding]
) -> BankRecord | None:
    """A lender with the fields that no column gives as they are known; None if they do not go together."""
    absent = reading.content.absent
    if before is None or not any(absent.values()):
        return entry.record
    notes = Notes.new()
    record = record_of(reading.rules, completed(entry, absent, before), notes)
    refusals.extend(entry.finding(one.field, one.reason, one.description) for one in notes.problems)
    return None if notes.problems else record


def _filled(entry: ReadLender, reading: Reading, known: Records, since: date | None) -> ReadLender:
    """A lender with what the file cannot say of it, or does not speak of."""
    before = known.get(entry.record.bank.id)
    if before is None:
        return entry
    record = replace(entry.record, reservations=before.reservations)
    if reading.content.without_agreements:
        record = replace(record, agreements=before.agreements)
    if reading.content.without_conventions:
        record = replace(record, conventions=before.conventions)
    if since is not None:
        record = from_day(before, record, since)
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


def _stated(record: BankRecord) -> tuple[object, ...]:
    """What a file says of a lender: its reservations, which come and go meanwhile, are no part of it."""
    return (record.banks, record.agreements, record.conventions)
