"""Assessments as messages; the facts of a package, and the questions about them, too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from microcredit.eligibility.v1 import assessment_pb2 as pb
from microcredit.eligibility.v1 import fact_pb2
from microcredit.eligibility.v1.assessment_pb2 import Question as QuestionMessage
from services.eligibility.answer import (
    Assessment,
    Comparison,
    Figure,
    MissingFact,
    Operand,
    Question,
    Reason,
    RulesetStamp,
    UndecidedRule,
)
from services.eligibility.messages.application import fact_value
from services.eligibility.package import (
    Fact,
    Kind,
    RulePackage,
    RuleSeverity,
    Value,
    WhenAbsent,
    rules_by_fact,
)
from services.kit.french import signed

MAX_LISTED_CODES = 20
"""A longer list (the communes of a territory) is counted in words rather than repeated in every answer."""

_SEVERITIES = {
    RuleSeverity.BLOCKING: pb.SEVERITY_BLOCKING,
    RuleSeverity.MISSING: pb.SEVERITY_MISSING,
    RuleSeverity.RESERVE: pb.SEVERITY_RESERVE,
    None: pb.SEVERITY_BLOCKING,
}
"""The disagreement of the evaluators blocks: a client that reads severities alone must not take it for an
agreement."""
_TYPES = {kind: fact_pb2.FactType.Value(f"FACT_TYPE_{kind.value.upper()}") for kind in Kind}
_ABSENCES = {word: fact_pb2.WhenAbsent.Value(f"WHEN_ABSENT_{word.name}") for word in WhenAbsent}
_UNITS = {Kind.MONEY: "€", Kind.PERCENT: "%"}


def assessment_pb(
    assessment: Assessment, stamp: RulesetStamp, case_reference: str = "", decision_id: str = ""
) -> pb.Assessment:
    """The advice on one application; a decision_id if it is recorded."""
    return pb.Assessment(
        outcome=pb.Outcome.Value(f"OUTCOME_{assessment.outcome.value}"),
        outcome_label=assessment.outcome_label,
        reasons=map(_reason, assessment.reasons),
        figures=map(_figure, assessment.figures),
        missing=map(_missing, assessment.missing),
        orientations=[
            pb.Orientation(code=place.code, label=place.label) for place in assessment.orientations
        ],
        ruleset=ruleset_pb(stamp),
        case_reference=case_reference,
        questions=map(question_pb, assessment.questions),
        decision_id=decision_id,
        undecided=map(_undecided, assessment.undecided),
        unread_fields=assessment.unread,
    )


def _undecided(rule: UndecidedRule) -> pb.UndecidedRule:
    return pb.UndecidedRule(
        code=rule.code,
        severity=_SEVERITIES[rule.severity],
        # An answer holds 500 of the worst applications: what the facts tell is not said again.
        facts=[fact.path for fact in rule.facts],
        message="" if rule.facts else signed(rule.message),
    )


def ruleset_pb(stamp: RulesetStamp) -> pb.RulesetVersion:
    """The package that answers."""
    return pb.RulesetVersion(
        ruleset_id=stamp.id, version=stamp.version, digest=stamp.digest, state_number=stamp.state_number
    )


def _reason(reason: Reason) -> pb.Reason:
    return pb.Reason(
        code=reason.code,
        severity=_SEVERITIES[reason.severity],
        message=signed(reason.message),
        article=reason.article,
        orientation=reason.orientation,
        comparisons=map(_comparison, reason.comparisons),
    )


def _comparison(comparison: Comparison) -> pb.Comparison:
    threshold = comparison.threshold
    return pb.Comparison(
        actual=_operand(comparison.actual),
        operator=comparison.operator,
        threshold=None if threshold is None else _operand(threshold),
    )


def _operand(operand: Operand) -> pb.Operand:
    counted = isinstance(operand.value, tuple) and len(operand.value) > MAX_LISTED_CODES
    return pb.Operand(
        name=operand.name,
        label=operand.label,
        value=None if counted else fact_value(operand.value, operand.type),
        display=signed(operand.display),
        reference=operand.reference,
    )


def _figure(figure: Figure) -> pb.Figure:
    return pb.Figure(
        name=figure.name,
        label=figure.label,
        value=fact_value(figure.value, figure.type),
        display=signed(figure.display),
    )


def _missing(fact: MissingFact) -> pb.MissingFact:
    return pb.MissingFact(
        path=fact.path, label=fact.label, question=fact.question, proof_document=fact.proof_document
    )


def catalog(package: RulePackage, day: date) -> Iterator[fact_pb2.Fact]:
    """The facts, in the order of the package, with the rules in force on a day that read them."""
    codes = rules_by_fact(package, day)
    for name, fact in package.facts.items():
        yield _fact(fact, codes[name])


def question_pb(question: Question) -> QuestionMessage:
    """A question to ask the applicant."""
    fact = question.fact
    return QuestionMessage(
        path=fact.path,
        label=fact.label,
        question=fact.question,
        proof_document=fact.proof_document,
        proof_document_label=question.proof_document_label,
        type=_TYPES[fact.type.kind],
        codes=_codes(fact),
        unit=_unit(fact),
        rule_codes=question.rule_codes,
    )


def _fact(fact: Fact, rule_codes: tuple[str, ...]) -> fact_pb2.Fact:
    return fact_pb2.Fact(
        name=fact.name,
        path=fact.path,
        type=_TYPES[fact.type.kind],
        label=fact.label,
        question=fact.question,
        unit=_unit(fact),
        codes=_codes(fact),
        minimum=_bound(fact, fact.minimum),
        maximum=_bound(fact, fact.maximum),
        when_absent=_ABSENCES[fact.when_absent],
        proof_document=fact.proof_document,
        actionable=fact.actionable,
        personal_data=fact.personal_data.value,
        rule_codes=rule_codes,
    )


def _unit(fact: Fact) -> str:
    return fact.type.unit or _UNITS.get(fact.type.kind, "")


def _codes(fact: Fact) -> list[fact_pb2.CodeLabel]:
    return [fact_pb2.CodeLabel(code=code, label=label) for code, label in fact.type.labels.items()]


def _bound(fact: Fact, bound: Value | None) -> fact_pb2.FactValue | None:
    return None if bound is None else fact_value(bound, fact.type)
