"""The facts of a package as messages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from microcredit.eligibility.v1 import fact_pb2 as pb
from services.eligibility.edge.values import fact_value
from services.eligibility.facts import Fact, WhenAbsent
from services.eligibility.language.types import Kind, Value
from services.eligibility.package.model import RulePackage
from services.eligibility.reads import rules_by_fact

_TYPES = {kind: pb.FactType.Value(f"FACT_TYPE_{kind.value.upper()}") for kind in Kind}
_ABSENCES = {word: pb.WhenAbsent.Value(f"WHEN_ABSENT_{word.name}") for word in WhenAbsent}
_UNITS = {Kind.MONEY: "€", Kind.PERCENT: "%"}


def catalog(package: RulePackage, day: date) -> Iterator[pb.Fact]:
    """The facts, in the order of the package, with the rules in force on a day that read them."""
    codes = rules_by_fact(package, day)
    for name, fact in package.facts.items():
        yield _fact(fact, codes[name])


def _fact(fact: Fact, rule_codes: tuple[str, ...]) -> pb.Fact:
    return pb.Fact(
        name=fact.name,
        path=fact.path,
        type=_TYPES[fact.type.kind],
        label=fact.label,
        question=fact.question,
        unit=fact.type.unit or _UNITS.get(fact.type.kind, ""),
        codes=[pb.CodeLabel(code=code, label=label) for code, label in fact.type.labels.items()],
        minimum=_bound(fact, fact.minimum),
        maximum=_bound(fact, fact.maximum),
        when_absent=_ABSENCES[fact.when_absent],
        proof_document=fact.proof_document,
        actionable=fact.actionable,
        personal_data=fact.personal_data.value,
        rule_codes=rule_codes,
    )


def _bound(fact: Fact, bound: Value | None) -> pb.FactValue | None:
    return None if bound is None else fact_value(bound, fact.type)
