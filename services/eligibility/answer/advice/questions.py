"""The absent facts that can still change the outcome of an application."""

from __future__ import annotations

from services.eligibility.answer.advice.openness import Openness, open_facts
from services.eligibility.answer.advice.reading import Reading, reading
from services.eligibility.answer.advice.witnesses import Witnesses
from services.eligibility.answer.assess import Engine
from services.eligibility.answer.assessment import Assessment, Question
from services.eligibility.engine import request_day
from services.eligibility.package import Fact, Outcome, Rule, RulePackage, Values

DOCUMENTS = "documents"
"""Name of the fact whose codes are the proof documents."""


def questions(
    package: RulePackage, engine: Engine, facts: Values, assessment: Assessment
) -> tuple[Question, ...]:
    """What to ask, most useful first: what may settle the gravest rules, most of them, and alone."""
    opened = open_facts(package, facts)
    if not opened or assessment.outcome is Outcome.NEEDS_REVIEW:
        return ()
    read = reading(package)
    rules, floor = _deciding(package, facts, assessment, opened)
    candidates = opened & frozenset().union(*(read.rules[rule.id] for rule in rules))
    if not candidates:
        return ()
    deciding = Witnesses(package, facts, rules, floor).deciding(candidates)
    ranked = sorted(deciding, key=lambda name: _usefulness(read, rules, name, opened))
    return tuple(_question(package, read, rules, package.facts[name]) for name in ranked)


def _deciding(
    package: RulePackage, facts: Values, assessment: Assessment, opened: frozenset[str]
) -> tuple[list[Rule], int]:
    """The rules in force that the open facts decide and that count, gravest first, and the rank which holds
    whatever they do."""
    read, openness = reading(package), Openness(package, facts, opened)
    day, given = request_day(facts), {reason.code for reason in assessment.reasons}
    rules = [
        rule
        for rule in package.rules
        if day in rule.validity and (rule.code in given or read.rules[rule.id] & opened)
    ]
    floor, undecided = read.best, []
    for rule in sorted(rules, key=lambda rule: (read.rank_of(rule), bool(read.rules[rule.id] & opened))):
        if read.rank_of(rule) >= floor:
            break
        truths = openness.truths(rule.condition)
        if truths == {True}:
            floor = read.rank_of(rule)
        elif read.rules[rule.id] & opened and (True in truths or rule.id in read.reading_absence):
            undecided.append(rule)
    return [rule for rule in undecided if read.rank_of(rule) < floor], floor


def _usefulness(read: Reading, rules: list[Rule], name: str, opened: frozenset[str]) -> tuple[int, float]:
    """Least for the most useful: the rank of the gravest rule that reads the fact, then its share of all the
    rules that it settles with others."""
    reading_it = [rule for rule in rules if name in read.rules[rule.id]]
    share = sum(1 / len(read.rules[rule.id] & opened) for rule in reading_it)
    return min(map(read.rank_of, reading_it)), -share


def _question(package: RulePackage, read: Reading, rules: list[Rule], fact: Fact) -> Question:
    documents = package.facts.get(DOCUMENTS)
    label = documents.type.labels.get(fact.proof_document, "") if documents else ""
    read_by = {rule.id for rule in rules if fact.name in read.rules[rule.id]}
    codes = dict.fromkeys(rule.code for rule in package.rules if rule.id in read_by)
    return Question(fact, label, tuple(codes))
