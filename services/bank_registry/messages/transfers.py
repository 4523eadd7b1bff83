"""Messages of imports and exports."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from microcredit.bankregistry.v1 import exchange_pb2 as pb
from services.bank_registry.files import FileFinding, ImportPlan, Kind, LenderOutcome, Progress, find
from services.bank_registry.messages.answers import Questions, answer_differences, past_questions
from services.bank_registry.messages.edits import day as day_of
from services.bank_registry.messages.requests import NAME_PREFIX, Sight, sight
from services.bank_registry.registry import AnswerChange, Geography
from services.kit import wire
from services.kit.dates import today
from services.kit.errors import FailedPrecondition, FieldReason, Violations
from services.kit.french import spaced

BATCH = 100
LONGEST_TEXT, LONGEST_REASON = 200, 500

EXTENSIONS: Mapping[int, str] = {
    pb.BANK_FILE_FORMAT_CSV: "csv",
    pb.BANK_FILE_FORMAT_XLSX: "xlsx",
    pb.BANK_FILE_FORMAT_JSONL: "jsonl",
}

_HASH = re.compile(r"[0-9a-f]{64}")
_KINDS = {
    Kind.CREATED: pb.BANK_DIFFERENCE_KIND_CREATED,
    Kind.CHANGED: pb.BANK_DIFFERENCE_KIND_CHANGED,
    Kind.ENDED: pb.BANK_DIFFERENCE_KIND_ENDED,
}
T = TypeVar("T")


@dataclass(frozen=True)
class Options:
    """How a file is imported."""

    file_name: str
    effective_date: date
    complete: bool
    confirm_ending_all: bool
    validate_only: bool
    difference_hash: str
    reason: str
    request_id: str
    change_date: date | None
    correct_past: bool
    questions: Questions
    column_names: Mapping[str, str]
    """The column of each title that the file gives to one of ours."""

    @property
    def today(self) -> date:
        """The day before which days are past: that of the import, unless it is to come."""
        return min(self.effective_date, today())


def options(message: pb.ImportBanksRequest, geography: Geography) -> Options:
    """The options of the first message; raises InvalidArgument with every wrong one."""
    violations = Violations()
    day = date.min
    if message.HasField("effective_date"):
        day = wire.civil_date(message.effective_date, "effective_date", violations) or day
    else:
        violations.add("effective_date", FieldReason.REQUIRED, "Ce champ est obligatoire.")
    found = Options(
        wire.line(message.file_name, "file_name", violations, longest=LONGEST_TEXT),
        day,
        message.complete,
        message.confirm_ending_all,
        message.validate_only,
        message.difference_hash,
        wire.line(
            message.reason, "reason", violations, longest=LONGEST_REASON, required=not message.validate_only
        ),
        wire.request_id(message.request_id, "request_id", violations),
        day_of(message, "change_date", violations, required=False),
        message.correct_past,
        past_questions(message, geography, violations),
        dict(sorted(message.column_names.items())),
    )
    _check_names(found.column_names, violations)
    if found.difference_hash and not _HASH.fullmatch(found.difference_hash):
        text = "L’empreinte d’une différence compte 64 chiffres hexadécimaux."
        violations.add("difference_hash", FieldReason.MALFORMED, text)
    violations.raise_if_any()
    if not found.validate_only and not found.difference_hash:
        sentence = "Lisez d’abord la différence (validate_only), puis citez son empreinte."
        raise FailedPrecondition("DIFFERENCE_REQUIRED", sentence)
    return found


def _check_names(names: Mapping[str, str], violations: Violations) -> None:
    """A title and a name that no column has may say anything: neither is repeated."""
    text = "Ce titre n’est celui d’aucune colonne du modèle ; ils comptent depuis 0, par ordre alphabétique."
    for rank, name in enumerate(names.values()):
        if not find(name):
            violations.add(f"column_names[{rank}]", FieldReason.UNKNOWN_VALUE, text)


def export(message: pb.ExportBanksRequest, clock: int) -> Sight:
    """Which lenders are asked for, at an instant; raises InvalidArgument with every wrong field."""
    violations = Violations()
    if message.format not in EXTENSIONS:
        violations.add("format", FieldReason.REQUIRED, "Indiquez le format : CSV, XLSX ou JSONL.")
    found = sight(message, violations, clock)
    violations.raise_if_any()
    return found


def header(form: int, state_number: int, count: int, data: bytes) -> pb.ExportHeader:
    """What the file is."""
    return pb.ExportHeader(
        state_number=state_number,
        bank_count=count,
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        file_name=f"preteurs-r{state_number}.{EXTENSIONS[form]}",
    )


def progress(step: Progress) -> pb.ImportBanksResponse:
    """How far the reading is."""
    return pb.ImportBanksResponse(
        progress=pb.ImportProgress(done_count=step.done, total_count=step.total),
    )


def difference(plan: ImportPlan) -> Iterator[pb.ImportBanksResponse]:
    """The difference, in parts."""
    for outcomes in _batches(plan.outcomes):
        yield _part(banks=[_bank(outcome) for outcome in outcomes])
    for refusals in _batches(plan.refusals):
        yield _part(refusals=[_finding(found) for found in refusals])
    for warnings in _batches(plan.warnings):
        yield _part(warnings=[_finding(found) for found in warnings])


@dataclass(frozen=True)
class Answers:
    """How many reservations in force and past questions were answered again, and the answers that change."""

    reservation_count: int
    question_count: int
    changed: Sequence[AnswerChange]


def summary(plan: ImportPlan, state_number: int, answers: Answers, *, applied: bool) -> pb.ImportSummary:
    """What the import changes, or changed."""
    return pb.ImportSummary(
        created_count=plan.count(Kind.CREATED),
        changed_count=plan.count(Kind.CHANGED),
        ended_count=plan.count(Kind.ENDED),
        unchanged_count=plan.unchanged,
        refused_count=plan.refused,
        difference_hash=plan.hash,
        ends_every_bank=plan.ends_every_bank,
        applied=applied,
        state_number=state_number,
        past_bank_count=len(plan.past),
        reservation_count=answers.reservation_count,
        question_count=answers.question_count,
        answer_count=len(answers.changed),
        answers=answer_differences(answers.changed),
    )


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))


def _part(
    banks: Sequence[pb.BankDifference] = (),
    refusals: Sequence[pb.ImportFinding] = (),
    warnings: Sequence[pb.ImportFinding] = (),
) -> pb.ImportBanksResponse:
    return pb.ImportBanksResponse(
        difference=pb.ImportDifference(banks=banks, refusals=refusals, warnings=warnings)
    )


def _bank(outcome: LenderOutcome) -> pb.BankDifference:
    return pb.BankDifference(
        name=f"{NAME_PREFIX}{outcome.after.bank.id}",
        display_name=outcome.after.bank.name,
        kind=_KINDS[outcome.kind],
        line=outcome.line,
        changes=[
            pb.BankFieldChange(
                subject=change.subject,
                column=change.column,
                before=change.before,
                after=change.after,
                days=change.days,
                corrects_past=change.corrects_past,
            )
            for change in outcome.changes
        ],
    )


def _finding(found: FileFinding) -> pb.ImportFinding:
    return pb.ImportFinding(
        line=found.place.line,
        column=found.place.column,
        code=found.code,
        message=spaced(found.message),
        bank=f"{NAME_PREFIX}{found.bank}" if found.bank else "",
    )
