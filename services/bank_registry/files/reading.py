"""The lenders of a file, each read whole or refused whole with every reason."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field

from services.bank_registry.files.columns import SHEET, finder
from services.bank_registry.files.items import MAX_FINDINGS, Content, FileFinding, Item, identifier, too_many
from services.bank_registry.files.json_items import read_json
from services.bank_registry.files.lender_rows import content_of
from services.bank_registry.registry import Advice, BankRecord, Geography, Notes, Rules, record_of
from services.kit.errors import FieldReason, Violation
from services.kit.tables import MAX_BYTES, read_table


def read_content(data: bytes, names: Mapping[str, str]) -> Content:
    """The lenders that a file states; raises UnreadableFile, in French, if it is not one of lenders."""
    if len(data) <= MAX_BYTES and data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        return read_json(data)
    find = finder(names)
    return content_of(read_table(data, lambda name: find(name) is not None, sheet=SHEET), find)


NO_NAMES: Mapping[str, str] = {}
"""The columns are named as in the template."""
STEP = 250
"""Lenders read between two announcements of progress."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Lenders read, of all those of the file."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class ReadLender:
    """A lender that could be read, and where."""

    record: BankRecord
    item: Item

    def finding(self, name: str, code: str, message: str) -> FileFinding:
        """Something about one of its fields."""
        return FileFinding(self.item.place_of(name), code, message, self.record.bank.id)


@dataclass(slots=True)
class Reading:
    """What a file states, what forbids some of it, and what is to be looked at."""

    content: Content
    rules: Rules
    entries: dict[str, ReadLender] = field(default_factory=dict)
    refusals: list[FileFinding] = field(default_factory=list)
    warnings: list[FileFinding] = field(default_factory=list)
    cited: set[str] = field(default_factory=set)
    flawed: list[ReadLender] = field(default_factory=list)
    """Lenders refused for a field, whose other fields could be read."""


def read(
    data: bytes, geography: Geography, names: Mapping[str, str] = NO_NAMES
) -> Generator[Progress, None, Reading]:
    """Reads a file, whatever the registry holds, some of its columns having other `names`; raises
    UnreadableFile if it is not one of lenders."""
    content = read_content(data, names)
    rules, total = Rules(geography), len(content.items)
    reading = Reading(content, rules, refusals=list(content.findings), warnings=list(content.warnings))
    for done, item in enumerate(content.items):
        if done % STEP == 0:
            yield Progress(done, total)
        _read_item(item, reading, rules)
        if len(reading.refusals) > MAX_FINDINGS:
            raise too_many(reading.refusals[0])
    yield Progress(total, total)
    return reading


def read_whole(data: bytes, geography: Geography, names: Mapping[str, str] = NO_NAMES) -> Reading:
    """Reads a file without announcing progress."""
    steps = read(data, geography, names)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            reading: Reading = done.value
            return reading


def _read_item(item: Item, reading: Reading, rules: Rules) -> None:
    notes = Notes.new()
    record = record_of(rules, item.statement, notes)
    bank_id = identifier(item.statement)
    refused = [*item.findings, *(_finding(item, found, found.reason, bank_id) for found in notes.problems)]
    reading.warnings.extend(_finding(item, found, found.code, bank_id) for found in notes.advice)
    if bank_id in reading.cited:
        text = f"L’identifiant « {bank_id} » est déjà pris dans ce fichier."
        refused.append(FileFinding(item.place_of("id"), FieldReason.DUPLICATE, text, bank_id))
        reading.entries.pop(bank_id, None)
    reading.cited.add(bank_id)
    reading.refusals.extend(refused)
    if record is not None and refused:
        reading.flawed.append(ReadLender(record, item))
    elif record is not None:
        reading.entries[bank_id] = ReadLender(record, item)


def _finding(item: Item, found: Violation | Advice, code: str, bank_id: str) -> FileFinding:
    return FileFinding(item.place_of(found.field), code, found.description, bank_id)
