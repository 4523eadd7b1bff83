"""A rule package, read and checked: immutable, without a trace of YAML; and which rules read which facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from functools import lru_cache

from services.eligibility.package.facts import Fact, WhenAbsent
from services.eligibility.package.tree import Node, Value, Values, ValueType, names
from services.kit.dates import Period
from services.kit.findings import Place

MISSING_FACTS = "missing_facts"
"""Name, in expressions, of the list of absent facts that the package wants."""

REQUIRED_DOCUMENTS = "decision.required_documents"
"""Name, in expressions, of the list of documents that the situation calls for."""

ENGINE_DISAGREEMENT = "ENGINE_DISAGREEMENT"
"""Code of the only reason that no rule may yield."""


class RuleSeverity(Enum):
    """What a rule does to the outcome; the words are those of rules.yaml."""

    BLOCKING = "blocking"
    MISSING = "missing"
    RESERVE = "reserve"


class Outcome(Enum):
    """What the rules advise. NEEDS_REVIEW is never yielded by a rule."""

    ELIGIBLE = "ELIGIBLE"
    ELIGIBLE_WITH_RESERVE = "ELIGIBLE_WITH_RESERVE"
    INCOMPLETE = "INCOMPLETE"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    NEEDS_REVIEW = "NEEDS_REVIEW"

    @property
    def is_presentable(self) -> bool:
        """True when the application may be presented to a lender."""
        return self in (Outcome.ELIGIBLE, Outcome.ELIGIBLE_WITH_RESERVE)


@dataclass(frozen=True)
class DatedValue:
    """The value of a parameter over a period, and the deliberation or article that sets it; a draft waits for
    one, and its reference is not for the applicant."""

    period: Period
    value: Value
    reference: str
    draft: bool = False


@dataclass(frozen=True)
class Parameter:
    """A dated value; the values cover the package's validity without gap or overlap."""

    name: str
    type: ValueType
    label: str
    values: tuple[DatedValue, ...]

    def on(self, day: date) -> DatedValue:
        """The value in force on a day of the package's validity."""
        return next(dated for dated in self.values if day in dated.period)


@dataclass(frozen=True)
class Derived:
    """A named calculation; a figure is shown in the answers."""

    name: str
    type: ValueType
    label: str
    expression: Node
    is_figure: bool


@dataclass(frozen=True)
class Message:
    """A French sentence: texts, and names of values between them; used when its condition is true."""

    parts: tuple[str, ...]
    condition: Node | None


@dataclass(frozen=True)
class PlainWording:
    """What a rule found and what may be done of it, in short sentences for the person concerned; the
    second may be empty. Texts, and names of values between them."""

    found: tuple[str, ...]
    todo: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """A rule: when its condition is true, its code is among the reasons."""

    id: str
    code: str
    severity: RuleSeverity
    condition: Node
    messages: tuple[Message, ...]
    article: str
    orientation: str
    orientation_condition: Node | None
    validity: Period
    plain: PlainWording | None = None


@dataclass(frozen=True)
class OutcomeRank:
    """An outcome, the severity that yields it (none for the best one) and its French label."""

    outcome: Outcome
    severity: RuleSeverity | None
    label: str


@dataclass(frozen=True)
class RequiredDocuments:
    """A parameter that lists documents, required when the condition is true or absent."""

    parameter: str
    condition: Node | None


@dataclass(frozen=True)
class LoanBounds:
    """The parameters that bound an inverse loan question left without bounds."""

    min_amount: str
    max_amount: str
    min_months: str
    max_months: str


@dataclass(frozen=True)
class Decision:
    """Outcomes from the gravest, labels of orientations, documents by situation, bounds of loans."""

    ranks: tuple[OutcomeRank, ...]
    orientations: Mapping[str, str]
    required_documents: tuple[RequiredDocuments, ...]
    loan_bounds: LoanBounds


@dataclass(frozen=True)
class Identity:
    """What the package is, for whom, by what authority, and when it may govern."""

    id: str
    version: str
    title: str
    organisation: str
    legal_basis: tuple[str, ...]
    validity: Period


@dataclass(frozen=True)
class Case:
    """One of the package's own tests: facts, and the outcome, reasons, orientations and figures expected."""

    id: str
    title: str
    basis: str
    facts: Values
    outcome: Outcome
    reasons: tuple[str, ...]
    orientations: tuple[str, ...]
    figures: Mapping[str, Value | None]


@dataclass(frozen=True)
class Property:
    """What must hold of every application: an outcome excluded when a condition is true, or a fact whose
    growth never makes the outcome worse."""

    id: str
    title: str
    condition: Node | None
    excluded: tuple[Outcome, ...]
    improving_fact: str


@dataclass(frozen=True, eq=False)
class RulePackage:
    """A whole package, itself and no other; `digest` is the SHA-256 of its files, in hexadecimal; `places`
    says where things are written, as `place` reads it."""

    identity: Identity
    facts: Mapping[str, Fact]
    parameters: Mapping[str, Parameter]
    derived: Mapping[str, Derived]
    rules: tuple[Rule, ...]
    decision: Decision
    base: Values
    cases: tuple[Case, ...]
    properties: tuple[Property, ...]
    scope: Mapping[str, ValueType]
    labels: Mapping[str, str]
    digest: str
    places: Mapping[str, Place] = field(default_factory=dict, compare=False, repr=False)

    def place(self, file: str, name: str, key: str = "") -> Place:
        """Where an entry of a file begins, or the value of one of its keys; cases are all in `cases`."""
        found = self.places.get(f"{file}#{name}#{key}") or self.places.get(f"{file}#{name}#")
        return found or Place(file, 1, 1)

    def place_of_value(self, parameter: str, dated: DatedValue) -> Place:
        """Where a dated value of a parameter begins."""
        return self.place("parameters.yaml", parameter, dated.period.first.isoformat())


def rules_by_fact(package: RulePackage, day: date) -> dict[str, tuple[str, ...]]:
    """For each fact, the codes of the rules in force on a day that read it, in their order."""
    codes: dict[str, dict[str, None]] = {name: {} for name in package.facts}
    for rule in package.rules:
        if day in rule.validity:
            for name in facts_read(package, names(rule.condition)):
                codes[name][rule.code] = None
    return {name: tuple(found) for name, found in codes.items()}


@lru_cache(maxsize=16)
def facts_of_rules(package: RulePackage) -> frozenset[str]:
    """The facts behind the rules, their sentences, the figures and the required documents, with the day."""
    conditions = [node for rule in package.rules for node in (rule.condition, rule.orientation_condition)]
    conditions += [message.condition for rule in package.rules for message in rule.messages]
    conditions += [required.condition for required in package.decision.required_documents]
    read = {name for node in conditions if node is not None for name in names(node)}
    read |= {name for rule in package.rules for message in rule.messages for name in message.parts[1::2]}
    read |= {name for name, derived in package.derived.items() if derived.is_figure}
    return facts_read(package, read) | {"request_date"}


def facts_read(package: RulePackage, read: Iterable[str]) -> frozenset[str]:
    """The facts behind names of facts, parameters and calculations."""
    found: set[str] = set()
    for name in read:
        if name in package.facts:
            found.add(name)
        else:
            found |= facts_read(package, _behind(package, name))
    return frozenset(found)


def parameters_read(package: RulePackage, read: Iterable[str]) -> tuple[str, ...]:
    """The parameters behind names of facts, parameters and calculations, in their order, each once."""
    found: dict[str, None] = {}
    for name in read:
        if name in package.parameters:
            found[name] = None
        elif name not in package.facts:
            found |= dict.fromkeys(parameters_read(package, _behind(package, name)))
    return tuple(found)


def _behind(package: RulePackage, name: str) -> Iterator[str]:
    """The names that a name which is not a fact is made of; none for a parameter."""
    if name in package.derived:
        yield from names(package.derived[name].expression)
    elif name == MISSING_FACTS:
        for fact in package.facts.values():
            if fact.when_absent is WhenAbsent.MISSING:
                yield fact.name
                yield from names(fact.type.asked_when) if fact.type.asked_when else ()
    elif name == REQUIRED_DOCUMENTS:
        for required in package.decision.required_documents:
            if required.condition is not None:
                yield from names(required.condition)
