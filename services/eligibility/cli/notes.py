"""The data of a board note: what a version changes, and for how many applications. It goes to the documents
service as it is; this program does not call it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from microcredit.eligibility.v1 import ruleset_pb2 as pb
from services.eligibility.cli.client import OUTCOMES, Client
from services.eligibility.cli.folders import contents_named, read_contents, write_file
from services.eligibility.package import RulePackage
from services.eligibility.publishing import board_note, reason_labels
from services.kit.cli import Call, CommandError
from services.kit.dates import today

CONTRACT_VERSION = "1.0"


def write_note(
    call: Call, candidate: str, over: str, as_of: date | None, report: pb.ComparisonReport, file: Path
) -> None:
    """Writes the data of the note, against what governs the day compared; refuses to overwrite a file."""
    after = read_contents(contents_named(candidate, call), candidate)
    client = Client(call)
    day = as_of or today()
    version = client.releases.in_force("", day)
    if not version:
        raise CommandError("Aucun règlement n’est en vigueur ce jour-là.", reason="RULESET_NOT_IN_FORCE")
    before = read_contents(client.contents(version), version)
    note = note_of(before, after, over, as_of, report)
    write_file(file, f"{json.dumps(note, ensure_ascii=False, indent=2)}\n".encode())


def note_of(
    before: RulePackage, after: RulePackage, over: str, as_of: date | None, report: pb.ComparisonReport
) -> dict[str, Any]:
    """The data of a note on two versions, and on what a comparison of them found."""
    note = {
        "ruleset": board_note.cut(after.identity.title, board_note.MAX_LABEL),
        "organisation": board_note.cut(after.identity.organisation, board_note.MAX_LABEL),
        "version": after.identity.version,
        "former_version": before.identity.version,
        "values": board_note.changed_values(before, after),
        "rules": board_note.changed_rules(before, after),
        "impact": _impact(report, over, as_of, reason_labels(after, before)),
    }
    return {"contract_version": CONTRACT_VERSION, "board_note": note}


def _impact(
    report: pb.ComparisonReport, over: str, as_of: date | None, labels: dict[str, str]
) -> dict[str, Any]:
    """How many applications change and how: no name, no example of them."""
    return {
        "over": over,
        **({"as_of": as_of.isoformat()} if as_of else {}),
        "summary": report.summary,
        "compared": report.compared_count,
        "changed": report.changed_count,
        "left_out": report.left_out_count,
        "groups": [
            {
                "count": change.count,
                "before": OUTCOMES.get(change.base_outcome, "?"),
                "after": OUTCOMES.get(change.candidate_outcome, "?"),
                "reasons": list(_reasons(change, labels))[: board_note.MAX_LINES],
            }
            for change in report.changes[: board_note.MAX_ITEMS]
        ],
    }


def _reasons(change: pb.OutcomeChange, labels: dict[str, str]) -> Iterator[str]:
    for verb, codes in (("en moins", change.removed_reasons), ("en plus", change.added_reasons)):
        for code in codes:
            yield board_note.cut(f"{verb} : {labels.get(code, code)}")
