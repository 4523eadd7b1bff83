"""The mutation score of the cases of a package: of the changes of one token, those that a case sees, those
that nobody could see, and the others, each with the application that would see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from services.eligibility.engine import EngineError, UncompilableError
from services.eligibility.package import Case, RulePackage, Values
from services.eligibility.proof.differences import pair, parts
from services.eligibility.proof.mutations import Mutation, mutations
from services.eligibility.proof.search import Answer, Budget, Space, first_answer
from services.eligibility.proof.seen import Seen, both_evaluators, is_acceptable, nearest, passes, shown
from services.eligibility.proof.solver import has_solver, solver
from services.eligibility.proof.terms import segments
from services.kit.dates import Period


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

    def count(self, verdict: Verdict) -> int:
        """How many have this verdict."""
        return self.killed * (verdict is Verdict.KILLED) + sum(one.verdict is verdict for one in self.others)

    @property
    def percent(self) -> float:
        """Those killed among those not proved equivalent: what is not proved counts against the cases."""
        meant = self.killed + len(self.others) - self.count(Verdict.EQUIVALENT)
        return 100.0 * self.killed / meant if meant else 100.0


def mutation_score(package: RulePackage, budget: Budget) -> Score:
    """Tries every mutation on the cases, then asks the solver about those that no case sees."""
    killed, alive, cases = 0, [], list(package.cases)
    untried: list[Survivor] = []
    for mutation in mutations(package):
        if budget.left <= 0:
            untried.append(Survivor(mutation, Verdict.UNTRIED))
        elif _killer(mutation, cases):
            killed += 1
        else:
            alive.append(mutation)
    return Score(killed, (*(_judged(package, mutation, budget) for mutation in alive), *untried))


def _killer(mutation: Mutation, cases: list[Case]) -> bool:
    for rank, case in enumerate(cases):
        if not passes(mutation.package, case):
            # The next mutation is often of the same line: the case that saw this one is tried first.
            cases.insert(0, cases.pop(rank))
            return True
    return False


def _judged(package: RulePackage, mutation: Mutation, budget: Budget) -> Survivor:
    if not has_solver() or budget.left <= 0:
        return Survivor(mutation, Verdict.NOT_PROVED if budget.left > 0 else Verdict.UNTRIED)
    mutant = mutation.package
    try:
        engines = both_evaluators(package), both_evaluators(mutant)

        def seen_by_case(facts: Values) -> bool:
            return shown(package, facts, engines[0]) != shown(mutant, facts, engines[1])

        found = first_answer(
            _asked(package, mutant, period, seen_by_case, budget) for period in segments(package, mutant)
        )
    except (EngineError, UncompilableError):
        return Survivor(mutation, Verdict.NOT_PROVED)
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
