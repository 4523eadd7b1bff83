"""The absent facts that can still change the outcome of an application.

Witnesses prove which open facts decide: for each, two answers that lead to different outcomes, the other
answers being the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from services.eligibility.answer.assess import Engine, assess
from services.eligibility.answer.assessment import Assessment, Question
from services.eligibility.answer.openness import INCOMPLETE, Openness, Reading, open_facts, reading
from services.eligibility.engine import LazyValues, request_day
from services.eligibility.package import (
    Fact,
    Outcome,
    Rule,
    RulePackage,
    Value,
    Values,
    WhenAbsent,
    completed,
    evaluate,
    missing_facts,
)

EFFORT = 6_000
"""Rules evaluated for one assessment: beyond, what could not be proved useless is asked."""

Answers = dict[str, Value | None]
_Tried = Callable[[Values, str], tuple[Value, ...]]
DOCUMENTS = "documents"
"""Name of the fact whose codes are the proof documents."""


class _TooLongError(Exception):
    """The effort is spent."""


class Witnesses:
    """Looks for them under rules that are not settled, gravest first; `floor` is the rank that holds when
    none of them is true.

    Exact where each condition reads one open fact; a calculation over several of them is taken as monotone in
    each, as the check of packages does.
    """

    def __init__(self, package: RulePackage, facts: Values, rules: list[Rule], floor: int) -> None:
        self._package, self._rules, self._floor = package, rules, floor
        self._facts = completed(package.facts, facts)
        self._reading = reading(package)
        self._ranks: dict[tuple[Value | None, ...], list[int]] = {}

    def deciding(self, candidates: frozenset[str]) -> list[str]:
        """Those of the candidates that decide, in the order of the package: most are found at once from the
        ends of the domains, the others around critical values."""
        names = [name for name in self._package.facts if name in candidates]
        left = list(names)
        try:
            for tried in (self._reading.critical.ends, self._reading.critical.values):
                if left:
                    best = self._best(names, tried)
                    left = [name for name in left if not self._decides(best, name, tried)]
            for answers in self._combinations(names, {}) if left else ():
                left = [
                    name for name in left if not self._decides(answers, name, self._reading.critical.values)
                ]
                if not left:
                    break
        except _TooLongError:
            return names
        return [name for name in names if name not in left]

    def _best(self, names: Sequence[str], tried: _Tried) -> Answers:
        """Answers of which no single one can be bettered."""
        best: Answers = {name: self._answers({}, name, tried)[0] for name in names}
        weight, improved = self._weight(best), True
        while improved:
            improved = False
            for name in names:
                for value in self._answers(best, name, tried):
                    found = weight if value == best[name] else self._weight({**best, name: value})
                    if found < weight:
                        best, weight, improved = {**best, name: value}, found, True
        return best

    def _decides(self, answers: Answers, name: str, tried: _Tried) -> bool:
        """True when another answer changes the outcome, or when leaving the question unanswered makes it
        worse."""
        rank = self._rank(answers)
        if self._package.facts[name].when_absent is WhenAbsent.MISSING:
            unanswered = self._rank({**answers, name: None})
            if unanswered < rank:
                return True
        others = (value for value in self._answers(answers, name, tried) if value != answers[name])
        return any(self._rank({**answers, name: value}) != rank for value in others)

    def _combinations(self, names: Sequence[str], answers: Answers) -> Iterator[Answers]:
        """Every combination of critical answers, those of a fact being around the former ones."""
        if not names:
            yield answers
            return
        name, *others = names
        for value in self._answers(answers, name, self._reading.critical.values):
            yield from self._combinations(others, {**answers, name: value})

    def _answers(self, given: Answers, name: str, tried: _Tried) -> tuple[Value | None, ...]:
        """Those to try; not to know is one when the package admits it."""
        values = tried({**self._facts, **given}, name)
        unknown = self._package.facts[name].when_absent is WhenAbsent.UNKNOWN
        return (*values, None) if unknown or not values else values

    def _rank(self, answers: Answers) -> int:
        """The gravest one, the floor included."""
        return min(self._contributions(answers), default=self._floor)

    def _weight(self, answers: Answers) -> tuple[int, ...]:
        """How many times each rank is brought."""
        return tuple(map(self._contributions(answers).count, range(self._reading.best)))

    def _contributions(self, answers: Answers) -> list[int]:
        """The ranks that the rules and what is still missing bring, where they are graver than the floor."""
        key = tuple(answers[name] for name in sorted(answers))
        if key not in self._ranks:
            if len(self._ranks) * len(self._rules) > EFFORT:
                raise _TooLongError
            values = LazyValues(self._package, {**self._facts, **answers})
            brought = [
                self._reading.contribution(rule, evaluate(rule.condition, values)) for rule in self._rules
            ]
            brought += [INCOMPLETE] * len(missing_facts(self._package.facts, values))
            self._ranks[key] = [rank for rank in brought if rank < self._floor]
        return self._ranks[key]


def assess_and_ask(package: RulePackage, engine: Engine, facts: Values) -> Assessment:
    """The advice on checked facts, with the questions that may still change it."""
    assessment = assess(package, engine, facts)
    return replace(assessment, questions=questions(package, engine, facts, assessment))


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
    if floor > INCOMPLETE:
        wanted = missing_facts(package.facts, LazyValues(package, completed(package.facts, facts)))
        candidates |= opened.intersection(wanted)
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
    day = request_day(facts)
    given = {reason.code for reason in assessment.reasons} | {rule.code for rule in assessment.undecided}
    rules = [
        rule
        for rule in package.rules
        if day in rule.validity and (rule.code in given or read.rules[rule.id] & opened)
    ]
    floor, undecided = read.best, []
    for rule in sorted(rules, key=lambda rule: (read.rank_of(rule), bool(read.rules[rule.id] & opened))):
        if read.rank_of(rule) >= floor:
            break
        brought = {read.contribution(rule, truth) for truth in openness.truths(rule.condition)}
        floor = min(floor, max(brought))
        if read.rules[rule.id] & opened:
            least = read.rank_of(rule) if rule.id in read.reading_absence else min(brought)
            undecided.append((least, rule))
    return [rule for least, rule in undecided if least < floor], floor


def _usefulness(read: Reading, rules: list[Rule], name: str, opened: frozenset[str]) -> tuple[int, float]:
    """Least for the most useful: the rank of the gravest rule that reads the fact, then its share of all the
    rules that it settles with others."""
    reading_it = [rule for rule in rules if name in read.rules[rule.id]]
    share = sum(1 / len(read.rules[rule.id] & opened) for rule in reading_it)
    return min(map(read.rank_of, reading_it), default=INCOMPLETE), -share


def _question(package: RulePackage, read: Reading, rules: list[Rule], fact: Fact) -> Question:
    documents = package.facts.get(DOCUMENTS)
    label = documents.type.labels.get(fact.proof_document, "") if documents else ""
    read_by = {rule.id for rule in rules if fact.name in read.rules[rule.id]}
    codes = dict.fromkeys(rule.code for rule in package.rules if rule.id in read_by)
    return Question(fact, label, tuple(codes))
