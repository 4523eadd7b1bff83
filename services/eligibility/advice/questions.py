"""The absent facts that can still change the outcome of an application."""

from __future__ import annotations

from collections.abc import Iterator

from services.eligibility.advice.openness import Openness, open_facts
from services.eligibility.assessment.assess import Engine
from services.eligibility.assessment.model import Assessment, Question
from services.eligibility.evaluation import request_day
from services.eligibility.facts import Fact
from services.eligibility.language import tree
from services.eligibility.language.types import Values
from services.eligibility.package.model import Outcome, Rule, RulePackage, Severity
from services.eligibility.reads import facts_read

DOCUMENTS = "documents"
"""Name of the fact whose codes are the proof documents."""


def questions(
    package: RulePackage, engine: Engine, facts: Values, assessment: Assessment
) -> tuple[Question, ...]:
    """What to ask the applicant, most useful first."""
    opened = open_facts(package, facts)
    if not opened or assessment.outcome is Outcome.NEEDS_REVIEW:
        return ()
    deciding = tuple(_deciding(package, facts, Openness(package, facts, opened)))
    codes = {name: _codes(package, name, deciding) for name in opened}
    asked = sorted((name for name in opened if codes[name]), key=lambda name: -len(codes[name]))
    return tuple(_question(package, package.facts[name], codes[name]) for name in asked)


def _deciding(package: RulePackage, facts: Values, openness: Openness) -> Iterator[Rule]:
    """The rules that the open facts decide and that count, whatever is settled already."""
    day = request_day(facts)
    rules = [rule for rule in package.rules if day in rule.validity]
    certain = [rule for rule in rules if not openness.is_open(rule.condition)]
    ranks = _ranks(package)
    true = (ranks[rule.severity] for rule in certain if openness.value(rule.condition) is True)
    floor = min(true, default=len(ranks))
    for rule in rules:
        if ranks[rule.severity] < floor and openness.is_open(rule.condition):
            yield rule


def _ranks(package: RulePackage) -> dict[Severity, int]:
    """The severities from the gravest, 0."""
    ranked = [rank.severity for rank in package.decision.ranks if rank.severity is not None]
    return {severity: rank for rank, severity in enumerate(ranked)}


def _codes(package: RulePackage, name: str, rules: tuple[Rule, ...]) -> tuple[str, ...]:
    """The codes of the rules that read a fact."""
    reading = (rule.code for rule in rules if name in facts_read(package, tree.names(rule.condition)))
    return tuple(dict.fromkeys(reading))


def _question(package: RulePackage, fact: Fact, codes: tuple[str, ...]) -> Question:
    documents = package.facts.get(DOCUMENTS)
    label = documents.type.labels.get(fact.proof_document, "") if documents else ""
    return Question(fact, label, codes)
