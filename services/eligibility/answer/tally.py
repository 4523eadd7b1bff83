"""Decisions counted: by answer, month, version of the rules and code of a fact; nobody is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from services.eligibility.answer.decisions import DecisionRecord, StoredDecision
from services.eligibility.package import Kind, Outcome
from services.kit.dates import paris_day


@dataclass(frozen=True)
class Cell:
    """What the decisions that are counted together share; `code` is empty where it is not known."""

    outcome: Outcome
    month: date
    version: str
    code: str


@dataclass
class Tally:
    """Decisions by cell, and cases by the cell of their latest decision; `damaged` records say nothing."""

    decisions: Counter[Cell] = field(default_factory=Counter)
    cases: Counter[Cell] = field(default_factory=Counter)
    damaged: int = 0


def tally(decisions: Iterable[StoredDecision], fact: str) -> Tally:
    """The count of decisions, which come in the order of the journal."""
    found = Tally()
    latest: dict[str, Cell] = {}
    for decision in decisions:
        if decision.record is None:
            found.damaged += 1
            continue
        cell = _cell(decision, decision.record, fact)
        found.decisions[cell] += 1
        latest[decision.record.case_id] = cell
    found.cases.update(latest.values())
    return found


def _cell(decision: StoredDecision, record: DecisionRecord, fact: str) -> Cell:
    read = decision.read
    code = read.facts.get(fact) if read and read.kinds.get(fact) is Kind.CODE else None
    return Cell(
        record.outcome,
        paris_day(record.time).replace(day=1),
        record.stamp.version,
        code if isinstance(code, str) else "",
    )
