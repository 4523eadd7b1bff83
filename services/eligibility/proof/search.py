"""What the solver excludes is proved; what it finds is shown only once the evaluators confirm it; the rest is
not proved, and said so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.eligibility.engine import all_values
from services.eligibility.package import Value, Values, check_facts, evaluate, tree
from services.eligibility.proof.reading import lemma, read_application
from services.eligibility.proof.solver import solver
from services.eligibility.proof.terms import Model

_TRIES = 6
"""Witnesses asked for before giving up: each one refused teaches the solver the exact value of its calls."""
_QUERY_SECONDS = 2.0


@dataclass(frozen=True)
class Answer:
    """Of a question: proved that no application answers it, or one that does; neither is not proved."""

    proved: bool
    witness: Values | None = None


NOT_PROVED = Answer(proved=False)


@dataclass
class Budget:
    """The time that proofs may take, and what was left for lack of it."""

    seconds: float
    cancelled: Callable[[], bool] = lambda: False
    clock: Callable[[], float] = time.monotonic
    untried: int = 0
    _end: float = field(init=False)

    def __post_init__(self) -> None:
        self._end = self.clock() + self.seconds

    @property
    def left(self) -> float:
        """Seconds left; none once cancelled."""
        return 0.0 if self.cancelled() else max(0.0, self._end - self.clock())


class Space:
    """The applications of one or several models over one period, asked about one question at a time."""

    def __init__(self, models: Sequence[Model], budget: Budget) -> None:
        self._models, self._budget = models, budget
        self._z3 = solver()
        self._solver = self._z3.Solver()
        self._given = 0
        self._add_constraints()

    def _add_constraints(self) -> None:
        constraints = [one for model in self._models for one in model.constraints]
        self._solver.add(*constraints[self._given :])
        self._given = len(constraints)

    def ask(self, question: Any, confirmed: Callable[[Values], bool]) -> Answer:
        """Whether an application of the first model answers a question and the evaluators confirm it."""
        # A term may bring constraints with it; those added here hold for all the questions to come.
        fresh = [one for model in self._models for one in model.constraints][self._given :]
        self._solver.add(*fresh)
        self._given += len(fresh)
        self._solver.push()
        try:
            self._solver.add(question)
            return self._found(confirmed)
        finally:
            self._solver.pop()

    def _found(self, confirmed: Callable[[Values], bool]) -> Answer:
        for _ in range(_TRIES):
            facts = self._solved()
            if facts is None or isinstance(facts, Answer):
                return facts or NOT_PROVED
            if self._is_witness(facts, confirmed):
                return Answer(proved=False, witness=facts)
            lemmas = [lemma for model in self._models for lemma in _lemmas(model, facts)]
            if not lemmas:
                return NOT_PROVED
            self._solver.add(*(self._z3.Implies(same, result) for same, result in lemmas))
            # The same arguments again, whose results are now exact: the other facts may adapt to them.
            again = self._solved(*(same for same, _ in lemmas))
            if isinstance(again, dict) and self._is_witness(again, confirmed):
                return Answer(proved=False, witness=again)
        return NOT_PROVED

    def _is_witness(self, facts: Values, confirmed: Callable[[Values], bool]) -> bool:
        return not check_facts(self._models[0].package.facts, facts) and confirmed(facts)

    def _solved(self, *besides: Any) -> dict[str, Value | None] | Answer | None:
        """The application that the solver finds, the proof that there is none, or neither."""
        left = min(self._budget.left, _QUERY_SECONDS)
        if left <= 0:
            return None
        self._solver.set("timeout", max(1, int(left * 1000)))
        result = self._solver.check(*besides)
        if result == self._z3.unsat:
            return Answer(proved=True)
        if result != self._z3.sat:
            return None
        found: dict[str, Value | None] = {}
        for model in reversed(self._models):
            found |= read_application(model, self._solver.model())
        return found


def _lemmas(model: Model, facts: Values) -> Iterator[tuple[Any, Any]]:
    values = all_values(model.package, {name: facts.get(name) for name in model.package.facts})
    for free in model.free:
        given: dict[str, Value | None] = {
            str(rank): evaluate(argument, values) for rank, argument in enumerate(tree.children(free.node))
        }
        yield lemma(model, free, given, evaluate(free.node, values))


def first_answer(answers: Iterator[Answer]) -> Answer:
    """Over several periods: proved when all are, a witness when one has it."""
    proved = True
    for answer in answers:
        if answer.witness is not None:
            return answer
        proved = proved and answer.proved
    return Answer(proved=proved)
