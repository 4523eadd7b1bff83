"""What a case sees of an answer: the outcome, the reasons in their order, the orientations, the figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.eligibility.answer import Engine, judge
from services.eligibility.engine import CompiledRules, request_day, true_rules
from services.eligibility.package import (
    Case,
    Outcome,
    RulePackage,
    Value,
    Values,
    check_facts,
    evaluate,
    rounded,
)


@dataclass(frozen=True)
class Seen:
    """An answer without its sentences; `values` are all those of the package, rounded where they are
    figures."""

    outcome: Outcome
    reasons: tuple[str, ...]
    orientations: tuple[str, ...]
    figures: Mapping[str, Value | None]


def seen(package: RulePackage, facts: Values, engine: Engine | None = None) -> Seen:
    """The answer that the reference evaluator gives, or that it and an engine agree on; NEEDS_REVIEW where
    they do not."""
    known = {name: facts.get(name) for name in package.facts}
    judged = judge(package, engine or (lambda values: true_rules(package, values)), known)
    called = {
        rule.orientation
        for rule in judged.rules
        if rule.orientation
        and (
            rule.orientation_condition is None or evaluate(rule.orientation_condition, judged.values) is True
        )
    }
    figures = {name: _figure(package, judged.values, name) for name in package.derived}
    return Seen(judged.outcome, tuple(rule.code for rule in judged.rules), tuple(sorted(called)), figures)


def _figure(package: RulePackage, values: Values, name: str) -> Value | None:
    value = values[name]
    return None if value is None else rounded(value, package.scope[name])


def passes(package: RulePackage, case: Case) -> bool:
    """Whether a case obtains what it announces."""
    found = seen(package, case.facts)
    expected = (case.outcome, case.reasons, tuple(sorted(case.orientations)))
    if (found.outcome, found.reasons, found.orientations) != expected:
        return False
    return all(found.figures[name] == value for name, value in case.figures.items() if name in found.figures)


def shown(package: RulePackage, facts: Values, engine: Engine | None = None) -> Seen:
    """The answer as a person sees it: of the calculations, the figures alone."""
    found = seen(package, facts, engine)
    figures = {name: value for name, value in found.figures.items() if package.derived[name].is_figure}
    return Seen(found.outcome, found.reasons, found.orientations, figures)


def both_evaluators(package: RulePackage) -> Engine:
    """The rules compiled, to confirm what the reference evaluator says."""
    return CompiledRules(package).fire


def nearest(base: Values, witness: Values, confirmed: Callable[[Values], bool]) -> dict[str, Value | None]:
    """The same witness with as many facts as can be those of the base, what is confirmed staying so."""
    found = dict(witness)
    for name in witness:
        tried = {**found, name: base.get(name)}
        if tried[name] != found[name] and confirmed(tried):
            found = tried
    return found


def is_acceptable(package: RulePackage, facts: Values) -> bool:
    """Whether the service would assess these facts."""
    return not check_facts(package.facts, facts) and request_day(facts) in package.identity.validity
