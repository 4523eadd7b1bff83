"""Facts of an application: what a package declares of each, what absence means, the check of those given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from fractions import Fraction
from types import MappingProxyType
from typing import Any
from unicodedata import normalize

from services.eligibility.loan import exact_decimal
from services.eligibility.package.display import display
from services.eligibility.package.evaluate import evaluate
from services.eligibility.package.tree import Kind, Node, Value, Values, ValueType
from services.kit.errors import FieldReason, Violation
from services.kit.french import NARROW_NO_BREAK_SPACE, NO_BREAK_SPACE, spaced

APPLICATION_FACTS: Mapping[str, frozenset[Kind]] = MappingProxyType(
    {
        "request_date": frozenset({Kind.DATE}),
        "loan.amount": frozenset({Kind.MONEY}),
        "loan.months": frozenset({Kind.INTEGER}),
        "loan.nominal_rate_pct": frozenset({Kind.PERCENT}),
        "loan.fees": frozenset({Kind.MONEY}),
        "loan.guarantor_required": frozenset({Kind.BOOLEAN}),
        "project.category": frozenset({Kind.CODE}),
        "project.total_cost": frozenset({Kind.MONEY}),
        "project.other_funding": frozenset({Kind.MONEY}),
        "applicant.birth_date": frozenset({Kind.DATE}),
        "applicant.commune_insee": frozenset({Kind.CODE, Kind.TEXT}),
        "applicant.legal_protection": frozenset({Kind.CODE}),
        "applicant.protection_authorised": frozenset({Kind.BOOLEAN}),
        "applicant.right_of_residence": frozenset({Kind.BOOLEAN}),
        "applicant.residence_permit_end": frozenset({Kind.DATE}),
        "household.persons": frozenset({Kind.INTEGER}),
        "budget.monthly_income": frozenset({Kind.MONEY}),
        "budget.monthly_charges": frozenset({Kind.MONEY}),
        "budget.credit_instalments": frozenset({Kind.MONEY}),
        "budget.debt_repayments": frozenset({Kind.MONEY}),
        "banking.has_account": frozenset({Kind.BOOLEAN}),
        "banking.ordinary_credit_available": frozenset({Kind.BOOLEAN}),
        "banking.ficp": frozenset({Kind.BOOLEAN}),
        "banking.fcc": frozenset({Kind.BOOLEAN}),
        "banking.overindebtedness": frozenset({Kind.CODE}),
        "banking.commission_agreement": frozenset({Kind.BOOLEAN}),
        "banking.outstanding_microcredit": frozenset({Kind.MONEY}),
        "support.accepted": frozenset({Kind.BOOLEAN}),
        "support.referent_named": frozenset({Kind.BOOLEAN}),
        "documents": frozenset({Kind.CODES}),
    }
)
"""The fields of an Application with the kinds that a package may give them; any other fact is an additional
one."""
MAX_PERCENT_DECIMALS = 6
MAX_TEXT_LENGTH = 200
MAX_WHOLE = 2**53 - 1
"""Beyond, the rule engine does not compare integers exactly, and JSON does not carry them."""
_SPACES = str.maketrans(dict.fromkeys((NO_BREAK_SPACE, NARROW_NO_BREAK_SPACE), " "))
Problem = tuple[FieldReason, str]
"""Reason and French sentence."""


class WhenAbsent(Enum):
    """What the absence of a fact means; the words are those of facts.yaml."""

    REFUSED = "refused"
    MISSING = "missing"
    UNKNOWN = "unknown"
    NO = "no"
    NOT_APPLICABLE = "not_applicable"


class PersonalData(Enum):
    """Class of personal data of a fact."""

    NONE = "none"
    ORDINARY = "ordinary"
    SENSITIVE = "sensitive"


@dataclass(frozen=True)
class Format:
    """A form that a text must have, and the French sentence that describes it."""

    pattern: re.Pattern[str]
    description: str


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "commune_insee": Format(
            re.compile(r"(0[1-9]|1\d|2[1-9AB]|[3-8]\d|9[0-5])\d{3}|97[1-8]\d{2}|98[46-9]\d{2}", re.ASCII),
            spaced(
                "Le code INSEE de la commune compte cinq caractères (« 56165 », « 2A004 ») ; "
                "ce n’est pas le code postal."
            ),
        )
    }
)
"""By the word of facts.yaml. INSEE code: 2A and 2B for Corsica since 1976, five digits elsewhere, 97 and 98
overseas."""


class Direction(Enum):
    """Which way a number or a date may be suggested to move; the words are those of facts.yaml."""

    LESS = "less"
    MORE = "more"
    ANY = "any"


@dataclass(frozen=True)
class Lever:
    """How the applicant may act on a fact: what it costs them, from 1 (little) to 9 (a last resort); the
    direction and, calculated on the application as it stands, the bounds that no suggestion passes."""

    effort: int = 1
    direction: Direction = Direction.ANY
    least: Node | None = None
    most: Node | None = None


@dataclass(frozen=True)
class Fact:
    """What a package declares of one fact; the bounds are inclusive."""

    name: str
    type: ValueType
    label: str
    question: str
    when_absent: WhenAbsent
    minimum: Value | None = None
    maximum: Value | None = None
    not_in_future: bool = False
    format: Format | None = None
    proof_document: str = ""
    lever: Lever | None = None
    personal_data: PersonalData = PersonalData.ORDINARY

    @property
    def actionable(self) -> bool:
        """True when the applicant may act on it."""
        return self.lever is not None

    @property
    def additional(self) -> bool:
        """True when the fact travels in additional_facts."""
        return self.name not in APPLICATION_FACTS

    @property
    def path(self) -> str:
        """Where an Application carries it."""
        return f"additional_facts.{self.name}" if self.additional else self.name

    @property
    def may_be_unknown(self) -> bool:
        """True when rules may meet it without a value."""
        return self.when_absent not in (WhenAbsent.REFUSED, WhenAbsent.NO)


def completed(facts: Mapping[str, Fact], given: Values) -> dict[str, Value | None]:
    """The value of every declared fact, what its absence means being applied."""
    return {
        name: False if value is None and fact.when_absent is WhenAbsent.NO else value
        for name, fact in facts.items()
        for value in (given.get(name),)
    }


def missing_facts(facts: Mapping[str, Fact], values: Values) -> tuple[str, ...]:
    """The absent facts that the package wants, in its order; the values are those of the facts and of the
    parameters."""
    return tuple(
        name
        for name, fact in facts.items()
        if fact.when_absent is WhenAbsent.MISSING and values[name] is None and is_asked(fact, values)
    )


def is_asked(fact: Fact, values: Values) -> bool:
    """False when the fact does not concern the person; while that is not known, it is asked."""
    asked_when = fact.type.asked_when
    return asked_when is None or evaluate(asked_when, values) is not False


def check_facts(facts: Mapping[str, Fact], given: Values) -> list[Violation]:
    """Everything wrong in the given facts; the fields of the violations are names of facts."""
    request_date = given.get("request_date")
    found: list[Violation] = []
    for fact in facts.values():
        value = given.get(fact.name)
        if value is not None:
            problem = _problem(fact, value, request_date)
        elif fact.when_absent is WhenAbsent.REFUSED:
            problem = (FieldReason.REQUIRED, f"« {fact.label} » est obligatoire.")
        else:
            continue
        if problem:
            found.append(Violation(fact.name, *problem))
    return found


def plain_text(text: str) -> str:
    """A text composed (NFC), its no-break spaces made ordinary: two ways to type it are one value."""
    return normalize("NFC", text).translate(_SPACES)


def _problem(fact: Fact, value: Value, request_date: Value | None) -> Problem | None:
    """What is wrong in a value whose Python type is that of its kind."""
    match value:
        case bool():
            return None
        case str():
            return _code_problem(fact, value) if fact.type.kind is Kind.CODE else _text_problem(fact, value)
        case tuple():
            return _codes_problem(fact, value)
        case date():
            if fact.not_in_future and isinstance(request_date, date) and value > request_date:
                return (
                    FieldReason.IN_FUTURE,
                    f"« {fact.label} » ne peut pas être après la date de la demande.",
                )
            return _bound_problem(fact, value)
    if fact.type.kind is Kind.PERCENT and exact_decimal(value, MAX_PERCENT_DECIMALS) is None:
        return (
            FieldReason.TOO_MANY_DECIMALS,
            f"« {fact.label} » compte {MAX_PERCENT_DECIMALS} décimales au plus.",
        )
    return _bound_problem(fact, value)


def _bound_problem(fact: Fact, value: int | Fraction | date) -> Problem | None:
    low: Any = fact.minimum
    high: Any = fact.maximum
    dated = isinstance(value, date)
    if not isinstance(value, date) and not -MAX_WHOLE <= value <= MAX_WHOLE:
        return FieldReason.OUT_OF_RANGE, f"« {fact.label} » est hors de l’intervalle accepté."
    below, above = ("être avant le", "être après le") if dated else ("être inférieur à", "dépasser")
    if low is not None and value < low:
        return FieldReason.OUT_OF_RANGE, f"« {fact.label} » ne peut {below} {display(low, fact.type)}."
    if high is not None and value > high:
        return FieldReason.OUT_OF_RANGE, f"« {fact.label} » ne peut {above} {display(high, fact.type)}."
    return None


def _code_problem(fact: Fact, code: str) -> Problem | None:
    if code in fact.type.labels:
        return None
    return (
        FieldReason.UNKNOWN_VALUE,
        f"Ce code n’existe pas pour « {fact.label} » : {', '.join(fact.type.labels)}.",
    )


def _codes_problem(fact: Fact, codes: tuple[str, ...]) -> Problem | None:
    for code in codes:
        if code not in fact.type.labels:
            return _code_problem(fact, code)
    if len(set(codes)) < len(codes):
        return FieldReason.DUPLICATE, f"Chaque code de « {fact.label} » n’est donné qu’une fois."
    return None


def _text_problem(fact: Fact, text: str) -> Problem | None:
    if not text.isprintable():
        return (
            FieldReason.NOT_PRINTABLE,
            f"« {fact.label} » tient sur une ligne, sans tabulation ni caractère invisible.",
        )
    if fact.format and not fact.format.pattern.fullmatch(text):
        return FieldReason.NOT_PRINTABLE, fact.format.description
    if len(text) > MAX_TEXT_LENGTH:
        return FieldReason.TOO_LONG, f"« {fact.label} » compte {MAX_TEXT_LENGTH} caractères au plus."
    return None
