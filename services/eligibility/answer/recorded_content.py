"""What a record keeps encrypted: the case, the request, the facts and the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from services.eligibility.answer.assessment import Assessment
from services.eligibility.answer.decisions import NewDecision, StoredDecision
from services.eligibility.answer.recorded_answers import assessment_json, read_assessment
from services.eligibility.answer.recorded_values import read_values, values_json
from services.eligibility.package import Kind, Values
from services.kit.canonical import canonical

VERSION = 1
"""Of the form below; a record keeps its own, so that another form can be read beside it one day."""


@dataclass(frozen=True)
class DecisionContent:
    """The encrypted part of a record."""

    case_reference: str
    request_id: str
    facts: Values
    kinds: Mapping[str, Kind]
    assessment: Assessment


def encode(decision: NewDecision) -> bytes:
    """The canonical JSON of a decision."""
    facts = values_json(decision.facts)
    content = {
        "version": VERSION,
        "case_reference": decision.case_reference,
        "request_id": decision.request_id,
        "facts": facts,
        "kinds": {name: decision.kinds[name].value for name in facts},
        "answer": assessment_json(decision.assessment),
    }
    return canonical(content).encode()


def decode(text: bytes) -> DecisionContent:
    """The content of its canonical JSON; ValueError for another form."""
    data = json.loads(text)
    if data["version"] != VERSION:
        raise ValueError("another form of record")
    return DecisionContent(
        data["case_reference"],
        data["request_id"],
        read_values(data["facts"]),
        {name: Kind(kind) for name, kind in data["kinds"].items()},
        read_assessment(data["answer"]),
    )


def is_same_request(earlier: StoredDecision, decision: NewDecision) -> bool:
    """True when a decision is about the case and the facts of a recorded one, which can be read."""
    assert earlier.facts is not None  # noqa: S101 - the caller has seen that it can be read
    before, now = (canonical(values_json(facts)) for facts in (earlier.facts, decision.facts))
    return (earlier.case_reference, before) == (decision.case_reference, now)
