"""The rules that could be neither verified nor set aside, and the absent facts on which each waits."""

from __future__ import annotations

from collections.abc import Iterable

from services.eligibility.answer.assessment import MissingFact, UndecidedRule
from services.eligibility.answer.openness import reading
from services.eligibility.engine import LazyValues, absent_facts, request_day, suppliable
from services.eligibility.package import Rule, RulePackage, Values, Words, completed, evaluate, quoted
from services.kit.french import join, typeset


def undecided(package: RulePackage, rules: Iterable[Rule], values: Values) -> tuple[UndecidedRule, ...]:
    """What is said of rules whose condition is unknown."""
    return tuple(_undecided(package, rule, values) for rule in rules)


def _undecided(package: RulePackage, rule: Rule, values: Values) -> UndecidedRule:
    asked = suppliable(package, rule.condition, values)
    facts = asked if _would_decide(package, rule, values, asked) else ()
    labels = [quoted(package.facts[name].label) for name in facts]
    why = f"faute de {join(labels)}" if facts else _without_answer(package, rule, values)
    said = Words(package, request_day(values)).say(rule.condition)
    return UndecidedRule(
        code=rule.code,
        severity=rule.severity,
        message=typeset(f"Règle non vérifiée, {why} : elle joue si {said}."),
        article=rule.article,
        facts=tuple(missing_fact(package, name) for name in facts),
    )


def missing_fact(package: RulePackage, name: str) -> MissingFact:
    """An absent fact, as it is asked."""
    fact = package.facts[name]
    return MissingFact(fact.name, fact.label, fact.question, fact.proof_document)


def _would_decide(package: RulePackage, rule: Rule, values: Values, names: tuple[str, ...]) -> bool:
    """True when an answer to these facts is known to decide the rule: those tried are the least and the
    greatest of each."""
    facts = completed(package.facts, values)
    ends = [reading(package).critical.ends(facts, name) for name in names]
    corners = ({name: end[rank] for name, end in zip(names, ends, strict=True) if end} for rank in (0, -1))
    return bool(names) and any(
        evaluate(rule.condition, LazyValues(package, {**facts, **corner})) is not None for corner in corners
    )


def _without_answer(package: RulePackage, rule: Rule, values: Values) -> str:
    """Why no answer that was tried decides."""
    absent = [quoted(package.facts[name].label) for name in absent_facts(package, rule.condition, values)]
    return (
        f"car elle lit {join(absent)}, sans valeur ici"
        if absent
        else "un de ses calculs étant impossible ici"
    )
