"""What a record keeps encrypted: the case, the request, the facts and the answer, as JSON and back; and the
comparison of a recorded answer with the one that the same rules give again.

Exact, without float; no kind of value is taken for another.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from services.eligibility.answer.assessment import (
    Assessment,
    Comparison,
    Figure,
    MissingFact,
    Operand,
    Orientation,
    Question,
    Reason,
    UndecidedRule,
)
from services.eligibility.answer.decisions import DecisionContent, NewDecision
from services.eligibility.package import (
    Fact,
    Format,
    Kind,
    Lever,
    Outcome,
    PersonalData,
    RuleSeverity,
    Value,
    Values,
    ValueType,
    WhenAbsent,
)
from services.kit.canonical import canonical

Json = Any
"""What json.loads gives."""
VERSION = 1
"""Of the form below; a record keeps its own, so that another form can be read beside it one day."""


def value_json(value: Value | None) -> Json:
    """A value; None is null."""
    match value:
        case date():
            return {"date": value.isoformat()}
        case Fraction():
            return {"fraction": f"{value.numerator}/{value.denominator}"}
        case tuple():
            return list(value)
    return value


def read_value(data: Json) -> Value | None:
    """The value of its JSON."""
    match data:
        case {"date": text}:
            return date.fromisoformat(text)
        case {"fraction": text}:
            return Fraction(text)
        case list():
            return tuple(data)
        case None | bool() | int() | str():
            return data
    raise ValueError("not a value")


def values_json(values: Values) -> Json:
    """The values that are known, by name."""
    return {name: value_json(value) for name, value in values.items() if value is not None}


def read_values(data: Json) -> Values:
    """The values of their JSON."""
    return {name: read_value(value) for name, value in data.items()}


def type_json(type_: ValueType) -> Json:
    """A type without the labels and the unit, which the text of a displayed value holds already."""
    return {"kind": type_.kind.value, "of": type_.of}


def read_type(data: Json) -> ValueType:
    """The type of its JSON."""
    return ValueType(Kind(data["kind"]), data["of"])


def fact_json(fact: Fact) -> Json:
    """All that a package declares of a fact."""
    return {
        "name": fact.name,
        "type": type_json(fact.type),
        "labels": [list(pair) for pair in fact.type.labels.items()],
        "unit": fact.type.unit,
        "label": fact.label,
        "question": fact.question,
        "when_absent": fact.when_absent.value,
        "minimum": value_json(fact.minimum),
        "maximum": value_json(fact.maximum),
        "not_in_future": fact.not_in_future,
        "format": _format_json(fact.format),
        "proof_document": fact.proof_document,
        "actionable": fact.actionable,
        "personal_data": fact.personal_data.value,
    }


def read_fact(data: Json) -> Fact:
    """The fact of its JSON."""
    return Fact(
        name=data["name"],
        type=ValueType(Kind(data["type"]["kind"]), data["type"]["of"], dict(data["labels"]), data["unit"]),
        label=data["label"],
        question=data["question"],
        when_absent=WhenAbsent(data["when_absent"]),
        minimum=read_value(data["minimum"]),
        maximum=read_value(data["maximum"]),
        not_in_future=data["not_in_future"],
        format=_read_format(data["format"]),
        proof_document=data["proof_document"],
        lever=Lever() if data["actionable"] else None,
        personal_data=PersonalData(data["personal_data"]),
    )


def _format_json(format_: Format | None) -> Json:
    if format_ is None:
        return None
    return [format_.pattern.pattern, int(format_.pattern.flags), format_.description]


def _read_format(data: Json) -> Format | None:
    return None if data is None else Format(re.compile(data[0], data[1]), data[2])


def assessment_json(assessment: Assessment) -> Json:
    """The whole answer."""
    return {
        "outcome": assessment.outcome.value,
        "outcome_label": assessment.outcome_label,
        "reasons": [reason_json(reason) for reason in assessment.reasons],
        "figures": [figure_json(figure) for figure in assessment.figures],
        "missing": [vars(fact) for fact in assessment.missing],
        "orientations": [vars(place) for place in assessment.orientations],
        "disagreements": list(assessment.disagreements),
        "questions": [_question_json(question) for question in assessment.questions],
        "undecided": [_undecided_json(rule) for rule in assessment.undecided],
        "unread": list(assessment.unread),
    }


def read_assessment(data: Json) -> Assessment:
    """The answer of its JSON."""
    return Assessment(
        outcome=Outcome(data["outcome"]),
        outcome_label=data["outcome_label"],
        reasons=tuple(map(_read_reason, data["reasons"])),
        figures=tuple(map(_read_figure, data["figures"])),
        missing=tuple(MissingFact(**fact) for fact in data["missing"]),
        orientations=tuple(Orientation(**place) for place in data["orientations"]),
        disagreements=tuple(data["disagreements"]),
        questions=tuple(map(_read_question, data["questions"])),
        # Absent from a record of before they were said.
        undecided=tuple(map(_read_undecided, data.get("undecided", []))),
        unread=tuple(data.get("unread", [])),
    )


def _undecided_json(rule: UndecidedRule) -> Json:
    return {**vars(rule), "severity": rule.severity.value, "facts": [vars(fact) for fact in rule.facts]}


def _read_undecided(data: Json) -> UndecidedRule:
    facts = tuple(MissingFact(**fact) for fact in data["facts"])
    return UndecidedRule(**{**data, "severity": RuleSeverity(data["severity"]), "facts": facts})


def reason_json(reason: Reason) -> Json:
    """A reason with its comparisons."""
    return {
        "code": reason.code,
        "severity": reason.severity.value if reason.severity else None,
        "message": reason.message,
        "article": reason.article,
        "orientation": reason.orientation,
        "comparisons": [_comparison_json(comparison) for comparison in reason.comparisons],
    }


def figure_json(figure: Figure) -> Json:
    """A figure."""
    return {
        "name": figure.name,
        "label": figure.label,
        "type": type_json(figure.type),
        "value": value_json(figure.value),
        "display": figure.display,
    }


def _read_reason(data: Json) -> Reason:
    return Reason(
        code=data["code"],
        severity=RuleSeverity(data["severity"]) if data["severity"] else None,
        message=data["message"],
        article=data["article"],
        orientation=data["orientation"],
        comparisons=tuple(map(_read_comparison, data["comparisons"])),
    )


def _comparison_json(comparison: Comparison) -> Json:
    threshold = comparison.threshold
    return {
        "actual": _operand_json(comparison.actual),
        "operator": comparison.operator,
        "threshold": None if threshold is None else _operand_json(threshold),
    }


def _read_comparison(data: Json) -> Comparison:
    threshold = data["threshold"]
    return Comparison(
        _read_operand(data["actual"]),
        data["operator"],
        None if threshold is None else _read_operand(threshold),
    )


def _operand_json(operand: Operand) -> Json:
    return {
        "name": operand.name,
        "label": operand.label,
        "type": type_json(operand.type),
        "value": value_json(operand.value),
        "display": operand.display,
        "reference": operand.reference,
    }


def _read_operand(data: Json) -> Operand:
    return Operand(
        data["name"],
        data["label"],
        read_type(data["type"]),
        read_value(data["value"]),
        data["display"],
        data["reference"],
    )


def _read_figure(data: Json) -> Figure:
    value = read_value(data["value"])
    if value is None:  # an answer leaves out what it cannot compute: this is no record of ours
        raise ValueError("a figure without a value")
    return Figure(data["name"], data["label"], read_type(data["type"]), value, data["display"])


def _question_json(question: Question) -> Json:
    return {
        "fact": fact_json(question.fact),
        "proof_document_label": question.proof_document_label,
        "rule_codes": list(question.rule_codes),
    }


def _read_question(data: Json) -> Question:
    return Question(read_fact(data["fact"]), data["proof_document_label"], tuple(data["rule_codes"]))


def encode_content(decision: NewDecision) -> bytes:
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


def decode_content(text: bytes) -> DecisionContent:
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


def is_same_request(earlier: DecisionContent, decision: NewDecision) -> bool:
    """True when a decision is about the case and the facts of a recorded one."""
    before, now = (canonical(values_json(facts)) for facts in (earlier.facts, decision.facts))
    return (earlier.case_reference, before) == (decision.case_reference, now)


@dataclass(frozen=True)
class Replay:
    """Two canonical texts, and the paths where they differ."""

    recorded: str
    replayed: str
    differences: tuple[str, ...]

    @property
    def identical(self) -> bool:
        """True when the two texts are equal, byte for byte."""
        return self.recorded == self.replayed


def replay(recorded: Assessment, replayed: Assessment) -> Replay:
    """Compares outcome, reasons, compared values and figures."""
    before, after = _compared(recorded), _compared(replayed)
    return Replay(canonical(before), canonical(after), tuple(_differences(before, after, "")))


def _compared(assessment: Assessment) -> Json:
    return {
        "outcome": assessment.outcome.value,
        "reasons": [reason_json(reason) for reason in assessment.reasons],
        "values": _values(assessment),
        "figures": [figure_json(figure) for figure in assessment.figures],
    }


def _values(assessment: Assessment) -> Json:
    """The exact named values that the reasons compare."""
    return {
        operand.name: value_json(operand.value)
        for reason in assessment.reasons
        for comparison in reason.comparisons
        for operand in (comparison.actual, comparison.threshold)
        if operand is not None and operand.name
    }


def _differences(before: Json, after: Json, path: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted({*before, *after}):
            yield from _item(name in before and name in after, before, after, name, f"{path}.{name}")
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            both = index < min(len(before), len(after))
            yield from _item(both, before, after, index, f"{path}[{index}]")
    elif (type(before), before) != (type(after), after):
        yield path.removeprefix(".")


def _item(both: bool, before: Json, after: Json, key: str | int, path: str) -> Iterator[str]:
    if both:
        yield from _differences(before[key], after[key], path)
    else:
        yield path.removeprefix(".")
