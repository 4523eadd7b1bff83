"""What can be proved of the rules of a package over every application that it may govern."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import permutations
from typing import Any

from services.eligibility.answer import judge
from services.eligibility.package import (
    Property,
    Rule,
    RulePackage,
    Values,
    evaluate,
    facts_read,
    names,
)
from services.eligibility.proof.search import Answer, Budget, Space, first_answer
from services.eligibility.proof.seen import both_evaluators, is_acceptable, nearest
from services.eligibility.proof.solver import solver
from services.eligibility.proof.terms import Model, segments


class Subject(Enum):
    """What is proved."""

    NEVER = "never true"
    ALWAYS = "always true"
    NOBODY = "nobody eligible"
    PROPERTY = "property"
    IMPLIED = "implied"


@dataclass(frozen=True)
class Proof:
    """One question and its answer; `other` is the rule that follows from the first."""

    subject: Subject
    name: str
    answer: Answer
    other: str = ""

    @property
    def is_fault(self) -> bool:
        """True when something is to be mended: a property refuted, or a rule proved useless."""
        if self.subject is Subject.PROPERTY:
            return self.answer.witness is not None
        return self.answer.proved and self.subject is not Subject.IMPLIED


class Prover:
    """A package over each period of its values, with the questions that are asked of it."""

    def __init__(self, package: RulePackage, budget: Budget) -> None:
        self._package, self._budget = package, budget
        self._models = [Model(package, period) for period in segments(package)]
        self._spaces = [Space((model,), budget) for model in self._models]
        self._engine = both_evaluators(package)

    def proofs(self) -> Iterator[Proof]:
        """The properties first, then the outcomes, the rules, and the implications while time is left."""
        for item in self._package.properties:
            yield Proof(Subject.PROPERTY, item.id, self._property(item))
        yield Proof(Subject.NOBODY, "", self._nobody())
        settled: set[str] = set()
        for rule in self._package.rules:
            for subject, truth in ((Subject.NEVER, True), (Subject.ALWAYS, False)):
                proof = Proof(subject, rule.id, self._is(rule, truth=truth))
                settled |= {rule.id} if proof.answer.proved else set()
                yield proof
        yield from self._implications([rule for rule in self._package.rules if rule.id not in settled])

    def _everywhere(self, question: Callable[[Model], Any], confirmed: Callable[[Values], bool]) -> Answer:
        return first_answer(
            space.ask(question(model), confirmed)
            for model, space in zip(self._models, self._spaces, strict=True)
        )

    def _is(self, rule: Rule, *, truth: bool) -> Answer:
        z3 = solver()

        def question(model: Model) -> Any:
            if not model.in_force(rule):
                return z3.BoolVal(False)
            return model.rule(rule) if truth else z3.Not(model.rule(rule))

        return self._everywhere(question, lambda facts: self._true(rule, facts) is truth)

    def _true(self, rule: Rule, facts: Values) -> bool:
        return rule in judge(self._package, self._engine, facts).rules

    def _nobody(self) -> Answer:
        z3 = solver()

        def question(model: Model) -> Any:
            return z3.Or(*(here for outcome, here in model.outcomes().items() if outcome.is_presentable))

        return self._everywhere(
            question, lambda facts: judge(self._package, self._engine, facts).outcome.is_presentable
        )

    def _property(self, item: Property) -> Answer:
        condition = item.condition
        if condition is None:
            return self._monotone(item.improving_fact)
        z3 = solver()

        def question(model: Model) -> Any:
            outcomes = model.outcomes()
            return z3.And(model.true(condition), z3.Or(*(outcomes[outcome] for outcome in item.excluded)))

        def confirmed(facts: Values) -> bool:
            judged = judge(self._package, self._engine, facts)
            return evaluate(condition, judged.values) is True and judged.outcome in item.excluded

        found = self._everywhere(question, confirmed)
        if found.witness is None:
            return found
        near = nearest(
            self._package.base,
            found.witness,
            lambda facts: is_acceptable(self._package, facts) and confirmed(facts),
        )
        return Answer(proved=False, witness=near)

    def _monotone(self, fact: str) -> Answer:
        """No application answers worse than another that has less of one fact and is else the same."""
        return first_answer(self._worse(model, fact) for model in self._models)

    def _worse(self, model: Model, fact: str) -> Answer:
        z3 = solver()
        more = Model(self._package, model.period, model, _depending(self._package, fact))
        less_value, more_value = model.name(fact), more.name(fact)
        ranks = [rank.outcome for rank in self._package.decision.ranks]
        before, after = model.outcomes(), more.outcomes()
        worse = [
            z3.And(before[better], after[graver])
            for place, better in enumerate(ranks)
            for graver in ranks[:place]
        ]
        question = z3.And(
            less_value.known, more_value.known, more_value.value > less_value.value, z3.Or(*worse)
        )
        # An answer that is not "none" would need both applications confirmed together: it is left not proved.
        return Space((model, more), self._budget).ask(question, lambda facts: False)

    def _implications(self, rules: Sequence[Rule]) -> Iterator[Proof]:
        """Between rules of one severity that share a fact."""
        read = {rule.id: facts_read(self._package, names(rule.condition)) for rule in rules}
        for one, other in permutations(rules, 2):
            if read[one.id] & read[other.id] and one.severity is other.severity:
                if self._budget.left <= 0:
                    self._budget.untried += 1
                    continue
                yield Proof(Subject.IMPLIED, one.id, self._implied(one, other), other.id)

    def _implied(self, one: Rule, other: Rule) -> Answer:
        z3 = solver()
        return self._everywhere(
            lambda model: z3.And(model.rule(one), z3.Not(model.rule(other))),
            lambda facts: self._true(one, facts) and not self._true(other, facts),
        )


def _depending(package: RulePackage, fact: str) -> frozenset[str]:
    """A fact and the calculations that read it."""
    found = {fact}
    for name, derived in package.derived.items():
        if found & set(names(derived.expression)):
            found.add(name)
    return frozenset(found)
