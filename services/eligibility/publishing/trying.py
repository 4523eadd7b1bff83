"""What a ruleset advises on an application that was made under another one, or on another day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

import structlog

from services.eligibility.answer import Engine, assess
from services.eligibility.package import NUMERIC, Kind, RulePackage, Value, Values, check_facts
from services.eligibility.publishing.comparison import Advice
from services.kit.serve import exception_fields

log = structlog.get_logger()

_CLASSES: Mapping[Kind, type] = {
    Kind.BOOLEAN: bool,
    Kind.DATE: date,
    Kind.CODE: str,
    Kind.TEXT: str,
    Kind.CODES: tuple,
}


def moved(facts: Values, day: date | None) -> Values:
    """The same application, made on that day; without one, as it is."""
    return facts if day is None else {**facts, "request_date": day}


def advice(package: RulePackage, engine: Engine, facts: Values) -> Advice | None:
    """The advice of a ruleset; None when it does not govern the day of the application, refuses its facts or
    fails on them. Facts that it does not declare are ignored."""
    if not accepts(package, facts):
        return None
    known = {name: facts.get(name) for name in package.facts}
    try:
        assessment = assess(package, engine, known)
    except Exception as error:
        log.error("comparison_failed", ruleset=package.digest, **exception_fields(error))
        return None
    return Advice(assessment.outcome, tuple(reason.code for reason in assessment.reasons))


def accepts(package: RulePackage, facts: Values) -> bool:
    """Whether a package may govern an application: its day, and each fact that the package declares."""
    day = facts.get("request_date")
    if not isinstance(day, date) or day not in package.identity.validity:
        return False
    fitting = all(_fits(facts.get(name), fact.type.kind) for name, fact in package.facts.items())
    return fitting and not check_facts(package.facts, facts)


def _fits(value: Value | None, kind: Kind) -> bool:
    """Whether a value is one of a kind: the same name may have had another kind in another package."""
    if value is None:
        return True
    if kind in NUMERIC:
        return isinstance(value, int | Fraction) and not isinstance(value, bool)
    return isinstance(value, _CLASSES[kind])
