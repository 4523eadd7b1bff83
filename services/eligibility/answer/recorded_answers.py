"""An assessment as JSON, and back."""

from __future__ import annotations

from services.eligibility.answer.assessment import (
    Assessment,
    Comparison,
    Figure,
    MissingFact,
    Operand,
    Orientation,
    Question,
    Reason,
)
from services.eligibility.answer.recorded_values import (
    Json,
    fact_json,
    read_fact,
    read_type,
    read_value,
    type_json,
    value_json,
)
from services.eligibility.package import Outcome, RuleSeverity


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
    )


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
    assert value is not None  # noqa: S101 - an answer leaves out what it cannot compute
    return Figure(data["name"], data["label"], read_type(data["type"]), value, data["display"])


def _question_json(question: Question) -> Json:
    return {
        "fact": fact_json(question.fact),
        "proof_document_label": question.proof_document_label,
        "rule_codes": list(question.rule_codes),
    }


def _read_question(data: Json) -> Question:
    return Question(read_fact(data["fact"]), data["proof_document_label"], tuple(data["rule_codes"]))
