"""Every kind of application that a candidate answers otherwise than its base, each with a witness as near as
can be to the base case; or the proof that none does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.eligibility.answer import Engine
from services.eligibility.package import Outcome, RulePackage, Values
from services.eligibility.proof.differences import pair, parts
from services.eligibility.proof.search import Answer, Budget, Space
from services.eligibility.proof.seen import Seen, both_evaluators, is_acceptable, nearest, shown
from services.eligibility.proof.solver import solver
from services.eligibility.proof.terms import segments
from services.eligibility.proof.witnesses import witness_words
from services.kit.dates import Period
from services.kit.french import join, long_date

_FAR_YEAR = 2999


@dataclass(frozen=True)
class Kind:
    """Applications that go from one outcome to another over a period; the same one twice when only reasons,
    orientations or figures change."""

    period: Period
    before: Outcome
    after: Outcome


@dataclass(frozen=True)
class Change:
    """A kind of application whose answer changes, the application that shows it, and what both packages
    answer."""

    kind: Kind
    witness: Values
    answers: tuple[Seen, Seen]


@dataclass(frozen=True)
class Changes:
    """The kinds found, and those of which nothing is proved; every other kind is proved to be empty."""

    found: tuple[Change, ...]
    not_proved: tuple[Kind, ...]

    def sentences(self, candidate: RulePackage) -> Iterator[str]:
        """What changes, for whom, and what is not proved; or that nothing does."""
        labels = {rank.outcome: rank.label for rank in candidate.decision.ranks}
        for one in self.found:
            yield _told(candidate, one, labels)
        if self.nothing:
            yield "Prouvé : aucune demande des jours que les deux peuvent gouverner n’est traitée autrement."
        elif self.not_proved:
            kinds = join([f"{_words(one, labels)} ({_days(one.period)})" for one in self.not_proved])
            yield f"Ni prouvé, ni démenti : {kinds}."
        else:
            yield "Prouvé : rien d’autre ne change, pour les jours que les deux peuvent gouverner."

    @property
    def nothing(self) -> bool:
        """True when it is proved that nothing changes."""
        return not self.found and not self.not_proved


def changes(base: RulePackage, candidate: RulePackage, budget: Budget, since: date | None = None) -> Changes:
    """What the candidate changes, over the days that both may govern, from a day on."""
    engines = both_evaluators(base), both_evaluators(candidate)
    found: list[Change] = []
    not_proved: list[Kind] = []
    for period in segments(base, candidate):
        if since and period.last and period.last < since:
            continue
        begun = replace(period, first=max(period.first, since)) if since else period
        for kind, answer in _asked(base, candidate, begun, engines, budget):
            if answer.witness is not None:
                near = _nearest(base, candidate, kind, answer.witness, engines)
                found.append(Change(kind, near, _both(base, candidate, near, engines)))
            elif not answer.proved:
                not_proved.append(kind)
    return Changes(tuple(found), tuple(not_proved))


def _asked(
    base: RulePackage, candidate: RulePackage, period: Period, engines: tuple[Engine, Engine], budget: Budget
) -> Iterator[tuple[Kind, Answer]]:
    z3 = solver()
    first, second, changed = pair(base, candidate, period)
    differing = z3.Or(*parts(first, second, changed))
    space = Space((first, second), budget)
    outcomes = first.outcomes(), second.outcomes()
    for before, here in outcomes[0].items():
        for after, there in outcomes[1].items():
            kind = Kind(period, before, after)
            question = z3.And(here, there, differing)
            yield kind, space.ask(question, _confirmed(base, candidate, kind, engines))


def _confirmed(
    base: RulePackage, candidate: RulePackage, kind: Kind, engines: tuple[Engine, Engine]
) -> Callable[[Values], bool]:
    def confirmed(facts: Values) -> bool:
        if not all(is_acceptable(package, _of(package, facts)) for package in (base, candidate)):
            return False
        before, after = _both(base, candidate, facts, engines)
        same_period = facts.get("request_date") in kind.period  # type: ignore[operator]
        return (
            same_period
            and (before.outcome, after.outcome) == (kind.before, kind.after)
            and _differ(before, after)
        )

    return confirmed


def _differ(before: Seen, after: Seen) -> bool:
    shared = before.figures.keys() & after.figures.keys()
    figures = any(before.figures[name] != after.figures[name] for name in shared)
    return figures or replace(before, figures={}) != replace(after, figures={})


def _nearest(
    base: RulePackage, candidate: RulePackage, kind: Kind, witness: Values, engines: tuple[Engine, Engine]
) -> Values:
    return nearest(candidate.base, witness, _confirmed(base, candidate, kind, engines))


def _both(
    base: RulePackage, candidate: RulePackage, facts: Values, engines: tuple[Engine, Engine]
) -> tuple[Seen, Seen]:
    return (
        shown(base, _of(base, facts), engines[0]),
        shown(candidate, _of(candidate, facts), engines[1]),
    )


def _of(package: RulePackage, facts: Values) -> dict[str, Any]:
    """The facts that a package declares."""
    return {name: facts.get(name) for name in package.facts}


def _told(candidate: RulePackage, one: Change, labels: Mapping[Outcome, str]) -> str:
    before, after = one.answers
    moved = [
        *(f"−{code}" for code in before.reasons if code not in after.reasons),
        *(f"+{code}" for code in after.reasons if code not in before.reasons),
    ]
    reasons = f" ({', '.join(moved)})" if moved else ""
    witness = witness_words(candidate, one.witness)
    return f"{_days(one.kind.period)}, {_words(one.kind, labels)}{reasons} : par exemple {witness}."


def _words(kind: Kind, labels: Mapping[Outcome, str]) -> str:
    if kind.before is kind.after:
        return f"« {labels[kind.before]} », autrement"
    return f"« {labels[kind.before]} » devient « {labels[kind.after]} »"


def _days(period: Period) -> str:
    return f"Demandes datées du {long_date(period.first)}" + (
        f" au {long_date(period.last)}" if period.last and period.last.year < _FAR_YEAR else " et après"
    )
