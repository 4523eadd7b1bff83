"""The mutation score of the cases of a package: of the changes of one token, those that a case sees, those
that nobody could see, and the others, each with the application that would see it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from services.eligibility.engine import EngineError, UncompilableError
from services.eligibility.package import RulePackage, Values
from services.eligibility.proof.differences import pair, parts
from services.eligibility.proof.mutations import Mutation, mutations
from services.eligibility.proof.replay import Replay
from services.eligibility.proof.search import Answer, Budget, Space, first_answer
from services.eligibility.proof.seen import Seen, both_evaluators, is_acceptable, nearest, shown
from services.eligibility.proof.solver import has_solver, solver
from services.eligibility.proof.terms import segments
from services.kit.dates import Period

PASS_PERCENT = 95.0
"""Below, a publication is to say why."""


class Verdict(Enum):
    """What is known of a mutation."""

    KILLED = "KILLED"
    EQUIVALENT = "EQUIVALENT"
    SURVIVES = "SURVIVES"
    NOT_PROVED = "NOT_PROVED"
    UNTRIED = "UNTRIED"


@dataclass(frozen=True)
class Survivor:
    """A mutation that no case sees; the application that would see it, as near as can be to the base case,
    what the package answers to it, and the figures that change."""

    mutation: Mutation
    verdict: Verdict
    witness: Values | None = None
    answer: Seen | None = None
    figures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Score:
    """The mutations that the cases kill, and all the others."""

    killed: int
    others: tuple[Survivor, ...]

    @property
    def total(self) -> int:
        """All the mutations."""
        return self.killed + len(self.others)

    def count(self, verdict: Verdict) -> int:
        """How many have this verdict."""
        return self.killed * (verdict is Verdict.KILLED) + sum(one.verdict is verdict for one in self.others)

    @property
    def equivalent(self) -> int:
        """Those that nobody could see, proved so."""
        return self.count(Verdict.EQUIVALENT)

    @property
    def visible(self) -> Iterator[Survivor]:
        """Those that no case sees, and that are not proved to have no effect."""
        return (one for one in self.others if one.verdict is not Verdict.EQUIVALENT)

    @property
    def percent(self) -> float:
        """Those killed among those not proved equivalent: what is not proved counts against the cases."""
        meant = self.total - self.equivalent
        return 100.0 * self.killed / meant if meant else 100.0

    @property
    def passes(self) -> bool:
        """Whether the cases see enough."""
        return self.percent >= PASS_PERCENT


def mutation_score(package: RulePackage, budget: Budget) -> Score:
    """Tries every mutation on the cases, then asks the solver about those that no case sees."""
    return _with_solver(package, seen_by_cases(package, budget), budget)


def publication_score(package: RulePackage, seconds: float, *, waived: bool) -> Score:
    """What a publication counts within a time of the processor, so that the load of the machine changes
    nothing; the solver is asked only where it could spare a waiver."""
    budget = Budget(seconds, clock=time.process_time)
    found = seen_by_cases(package, budget)
    return found if waived or found.passes else _with_solver(package, found, budget)


def _with_solver(package: RulePackage, found: Score, budget: Budget) -> Score:
    return replace(found, others=tuple(_judged(package, one, budget) for one in found.others))


def seen_by_cases(package: RulePackage, budget: Budget) -> Score:
    """Tries every mutation on the cases alone: nothing is proved of the others."""
    killed, others, replay = 0, [], Replay(package)
    for mutation in mutations(package):
        if budget.left <= 0:
            others.append(Survivor(mutation, Verdict.UNTRIED))
        elif replay.sees(mutation.package):
            killed += 1
        else:
            others.append(Survivor(mutation, Verdict.NOT_PROVED))
    return Score(killed, tuple(others))


def _judged(package: RulePackage, survivor: Survivor, budget: Budget) -> Survivor:
    mutation = survivor.mutation
    if survivor.verdict is Verdict.UNTRIED or not has_solver():
        return survivor
    if budget.left <= 0:
        return replace(survivor, verdict=Verdict.UNTRIED)
    mutant = mutation.package
    try:
        engines = both_evaluators(package), both_evaluators(mutant)

        def seen_by_case(facts: Values) -> bool:
            return shown(package, facts, engines[0]) != shown(mutant, facts, engines[1])

        found = first_answer(
            _asked(package, mutant, period, seen_by_case, budget) for period in segments(package, mutant)
        )
    except (EngineError, UncompilableError):
        return survivor
    if found.witness is None:
        return Survivor(mutation, Verdict.EQUIVALENT if found.proved else Verdict.NOT_PROVED)
    witness = nearest(
        package.base, found.witness, lambda facts: is_acceptable(package, facts) and seen_by_case(facts)
    )
    answer, other = shown(package, witness, engines[0]), shown(mutant, witness, engines[1])
    figures = tuple(name for name, value in answer.figures.items() if value != other.figures.get(name))
    return Survivor(mutation, Verdict.SURVIVES, witness, answer, figures)


def _asked(
    package: RulePackage,
    mutant: RulePackage,
    period: Period,
    confirmed: Callable[[Values], bool],
    budget: Budget,
) -> Answer:
    base, candidate, changed = pair(package, mutant, period)
    found = list(parts(base, candidate, changed))
    if not found:
        return Answer(proved=True)
    return Space((base, candidate), budget).ask(solver().Or(*found), confirmed)
