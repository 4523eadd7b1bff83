"""The facts of a package, and the questions about them, as messages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from microcredit.eligibility.v1 import fact_pb2 as pb
from microcredit.eligibility.v1.assessment_pb2 import Question as QuestionMessage
from services.eligibility.answer import Question
from services.eligibility.messages.values import fact_value
from services.eligibility.package import Fact, Kind, RulePackage, Value, WhenAbsent, rules_by_fact

_TYPES = {kind: pb.FactType.Value(f"FACT_TYPE_{kind.value.upper()}") for kind in Kind}
_ABSENCES = {word: pb.WhenAbsent.Value(f"WHEN_ABSENT_{word.name}") for word in WhenAbsent}
_UNITS = {Kind.MONEY: "€", Kind.PERCENT: "%"}


def catalog(package: RulePackage, day: date) -> Iterator[pb.Fact]:
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


def _fact(fact: Fact, rule_codes: tuple[str, ...]) -> pb.Fact:
    return pb.Fact(
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


def _codes(fact: Fact) -> list[pb.CodeLabel]:
    return [pb.CodeLabel(code=code, label=label) for code, label in fact.type.labels.items()]


def _bound(fact: Fact, bound: Value | None) -> pb.FactValue | None:
    return None if bound is None else fact_value(bound, fact.type)
