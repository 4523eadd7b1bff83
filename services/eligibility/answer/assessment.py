"""What an assessment says."""

from __future__ import annotations

from dataclasses import dataclass

from services.eligibility.package import Fact, Outcome, RuleSeverity, Value, ValueType


@dataclass(frozen=True)
class Operand:
    """A side of a comparison; a literal has no name, an unknown value is None."""

    name: str
    label: str
    type: ValueType
    value: Value | None
    display: str
    reference: str = ""


@dataclass(frozen=True)
class Comparison:
    """A value against its threshold; a yes/no fact has neither operator nor threshold."""

    actual: Operand
    operator: str = ""
    threshold: Operand | None = None


@dataclass(frozen=True)
class Reason:
    """A rule that holds; no severity for the disagreement of the evaluators."""

    code: str
    severity: RuleSeverity | None
    message: str
    article: str
    orientation: str
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True)
class Figure:
    """A computed value, rounded for display."""

    name: str
    label: str
    type: ValueType
    value: Value
    display: str


@dataclass(frozen=True)
class Orientation:
    """Where else the applicant may turn."""

    code: str
    label: str


@dataclass(frozen=True)
class MissingFact:
    """An absent fact that the rules need; `proof_document` may be empty."""

    path: str
    label: str
    question: str
    proof_document: str


@dataclass(frozen=True)
class UndecidedRule:
    """A rule that could be neither verified nor set aside; an answer to these facts is known to decide it,
    and there are none when no answer that was tried does."""

    code: str
    severity: RuleSeverity
    message: str
    article: str
    facts: tuple[MissingFact, ...]


@dataclass(frozen=True)
class Question:
    """An absent fact whose answer can still change the outcome, by settling the rules of these codes."""

    fact: Fact
    proof_document_label: str
    rule_codes: tuple[str, ...]


@dataclass(frozen=True)
class RulesetStamp:
    """The rule package that answered, and the state number of the deployments that chose it."""

    id: str
    version: str
    digest: str
    state_number: int


@dataclass(frozen=True)
class Assessment:
    """The advice; `disagreements` names the rules on which the evaluators differ, `unread` the fields that
    were given and that nothing reads."""

    outcome: Outcome
    outcome_label: str
    reasons: tuple[Reason, ...]
    figures: tuple[Figure, ...]
    missing: tuple[MissingFact, ...]
    orientations: tuple[Orientation, ...]
    disagreements: tuple[str, ...]
    questions: tuple[Question, ...] = ()
    undecided: tuple[UndecidedRule, ...] = ()
    unread: tuple[str, ...] = ()
