"""What the tests of the advice share: small packages written in a few lines, and their outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache

from services.eligibility.answer.assess import assess
from services.eligibility.answer.assessment import Assessment
from services.eligibility.engine.evaluation import true_rules
from services.eligibility.package.facts import Fact, WhenAbsent
from services.eligibility.package.load import read_folder
from services.eligibility.package.model import (
    MISSING_FACTS,
    REQUIRED_DOCUMENTS,
    Derived,
    Message,
    Rule,
    RulePackage,
    RuleSeverity,
)
from services.eligibility.package.parse import parse
from services.eligibility.package.tree import (
    BOOLEAN,
    DATE,
    INTEGER,
    MONEY,
    Kind,
    Node,
    Value,
    Values,
    ValueType,
)
from services.eligibility.publishing.deployment import Ruleset, compiled
from tests.eligibility_support import PACKAGE

DAY = date(2026, 12, 1)


@cache
def shipped() -> Ruleset:
    """The shipped package, compiled."""
    return compiled(read_folder(PACKAGE))


class Small:
    """A package of a few facts and rules."""

    def __init__(self, package: RulePackage, text: str) -> None:
        self.package = package
        self.text = text

    def __repr__(self) -> str:
        return f"Small({self.text})"

    def engine(self, values: Values) -> frozenset[str]:
        """The reference evaluator stands for the engine."""
        return true_rules(self.package, values)

    def assess(self, facts: Values) -> Assessment:
        """The advice on these facts, the day being given."""
        return assess(self.package, self.engine, {"request_date": DAY, **facts})

    def rank(self, facts: Values) -> int:
        """How good the outcome is, 0 for the worst."""
        outcome = self.assess(facts).outcome
        return [rank.outcome for rank in self.package.decision.ranks].index(outcome)


def fact(name: str, type_: ValueType, absent: WhenAbsent = WhenAbsent.REFUSED, **more: object) -> Fact:
    """A fact labelled by its name."""
    return Fact(name, type_, name, f"{name} ?", absent, **more)  # type: ignore[arg-type]


def integer(name: str, high: int, absent: WhenAbsent = WhenAbsent.REFUSED, **more: object) -> Fact:
    """A whole number from 0 to `high`."""
    return fact(name, INTEGER, absent, minimum=0, maximum=high, **more)


def money(name: str, euros: int, absent: WhenAbsent = WhenAbsent.REFUSED, **more: object) -> Fact:
    """An amount from 0 to so many euros."""
    return fact(name, MONEY, absent, minimum=0, maximum=euros * 100, **more)


def boolean(name: str, absent: WhenAbsent = WhenAbsent.REFUSED, **more: object) -> Fact:
    """A yes or no."""
    return fact(name, BOOLEAN, absent, **more)


def code(name: str, codes: str, absent: WhenAbsent = WhenAbsent.REFUSED, **more: object) -> Fact:
    """One of some letters."""
    return fact(name, ValueType(Kind.CODE, name, {one: one for one in codes}), absent, **more)


def small(
    facts: Iterable[Fact], derived: Mapping[str, str], rules: Sequence[tuple[RuleSeverity, str]]
) -> Small:
    """A package of these facts, calculations and rules, which bear the codes R0, R1…"""
    declared = {one.name: one for one in (fact("request_date", DATE), *facts)}
    scope = {name: one.type for name, one in declared.items()}
    scope[MISSING_FACTS] = ValueType(Kind.CODES, MISSING_FACTS, {name: name for name in declared})
    scope[REQUIRED_DOCUMENTS] = ValueType(Kind.CODES)
    calculations: dict[str, Derived] = {}
    for name, text in derived.items():
        expression = _parsed(text, scope, calculation=True)
        calculations[name] = Derived(name, expression.type, name, expression, is_figure=False)
        scope[name] = expression.type
    base = shipped().package
    made = tuple(
        _rule(f"R{rank}", severity, _parsed(text, scope, calculation=False), base)
        for rank, (severity, text) in enumerate(rules)
    )
    decision = replace(base.decision, required_documents=())
    written = "; ".join(f"{severity.value}: {text}" for severity, text in rules)
    return Small(
        replace(
            base,
            facts=declared,
            parameters={},
            derived=calculations,
            rules=made,
            decision=decision,
            cases=(),
            properties=(),
            scope=scope,
            labels={name: name for name in scope},
        ),
        written,
    )


def _rule(name: str, severity: RuleSeverity, condition: Node, base: RulePackage) -> Rule:
    validity = base.identity.validity
    return Rule(name, name, severity, condition, (Message((name,), None),), "", "", None, validity)


def _parsed(text: str, scope: Mapping[str, ValueType], *, calculation: bool) -> Node:
    node, problems = parse(text, scope, calculation=calculation)
    assert node is not None, problems
    return node


def domain(one: Fact) -> tuple[Value, ...]:
    """Every value of a small fact; whole euros of an amount."""
    match one.type.kind:
        case Kind.BOOLEAN:
            return (False, True)
        case Kind.CODE:
            return tuple(one.type.labels)
    assert isinstance(one.minimum, int)
    assert isinstance(one.maximum, int)
    return tuple(range(one.minimum, one.maximum + 1, 100 if one.type.kind is Kind.MONEY else 1))
