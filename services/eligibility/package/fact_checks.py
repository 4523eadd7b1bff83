"""Check of the facts that a caller gives, against what the rule package declares of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from services.eligibility.loan import exact_decimal
from services.eligibility.package.display import display
from services.eligibility.package.facts import Fact, WhenAbsent
from services.eligibility.package.language.types import Kind, Value, Values
from services.kit.errors import Violation

MAX_PERCENT_DECIMALS = 6
MAX_TEXT_LENGTH = 200

Problem = tuple[str, str]
"""Reason in UPPER_SNAKE_CASE and French sentence."""


def check_facts(facts: Mapping[str, Fact], given: Values) -> list[Violation]:
    """Everything wrong in the given facts; the fields of the violations are names of facts."""
    request_date = given.get("request_date")
    found: list[Violation] = []
    for fact in facts.values():
        value = given.get(fact.name)
        if value is not None:
            problem = _problem(fact, value, request_date)
        elif fact.when_absent is WhenAbsent.REFUSED:
            problem = ("FIELD_REQUIRED", f"« {fact.label} » est obligatoire.")
        else:
            continue
        if problem:
            found.append(Violation(fact.name, *problem))
    return found


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
                return "DATE_IN_FUTURE", f"« {fact.label} » ne peut pas être après la date de la demande."
            return _bound_problem(fact, value)
    if fact.type.kind is Kind.PERCENT and exact_decimal(value, MAX_PERCENT_DECIMALS) is None:
        return "TOO_MANY_DECIMALS", f"« {fact.label} » compte {MAX_PERCENT_DECIMALS} décimales au plus."
    return _bound_problem(fact, value)


def _bound_problem(fact: Fact, value: int | Fraction | date) -> Problem | None:
    low: Any = fact.minimum
    high: Any = fact.maximum
    dated = isinstance(value, date)
    below, above = ("être avant le", "être après le") if dated else ("être inférieur à", "dépasser")
    if low is not None and value < low:
        return "VALUE_TOO_SMALL", f"« {fact.label} » ne peut {below} {display(low, fact.type)}."
    if high is not None and value > high:
        return "VALUE_TOO_LARGE", f"« {fact.label} » ne peut {above} {display(high, fact.type)}."
    return None


def _code_problem(fact: Fact, code: str) -> Problem | None:
    if code in fact.type.labels:
        return None
    return "CODE_UNKNOWN", f"Ce code n’existe pas pour « {fact.label} » : {', '.join(fact.type.labels)}."


def _codes_problem(fact: Fact, codes: tuple[str, ...]) -> Problem | None:
    for code in codes:
        if code not in fact.type.labels:
            return _code_problem(fact, code)
    if len(set(codes)) < len(codes):
        return "CODE_REPEATED", f"Chaque code de « {fact.label} » n’est donné qu’une fois."
    return None


def _text_problem(fact: Fact, text: str) -> Problem | None:
    if fact.format and not fact.format.pattern.fullmatch(text):
        return "TEXT_MALFORMED", fact.format.description
    if len(text) > MAX_TEXT_LENGTH:
        return "TEXT_TOO_LONG", f"« {fact.label} » compte {MAX_TEXT_LENGTH} caractères au plus."
    return None
