"""The smallest changes of what the applicant can act upon that make an application presentable."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from services.eligibility.answer.advice.repairs import Repairs, SearchTooLongError
from services.eligibility.answer.assess import Engine, assess
from services.eligibility.answer.assessment import Assessment
from services.eligibility.package import Rule, RulePackage, Values, WhenAbsent

_NOT_TO_INVENT = (WhenAbsent.MISSING, WhenAbsent.UNKNOWN)


@dataclass(frozen=True)
class Suggestion:
    """Facts to change together, and the advice that they lead to."""

    changes: Values
    assessment: Assessment


@dataclass(frozen=True)
class Suggestions:
    """What was found; the rules that no change of the given facts repairs; whether the search went to its
    end."""

    found: tuple[Suggestion, ...] = ()
    fixed: tuple[Rule, ...] = ()
    complete: bool = True


def changeable(package: RulePackage, facts: Values, names: Iterable[str]) -> tuple[str, ...]:
    """Those of these facts that may be changed: a fact that is unknown has first to be told."""
    return tuple(
        name
        for name in names
        if facts.get(name) is not None or package.facts[name].when_absent not in _NOT_TO_INVENT
    )


def smallest_changes(
    package: RulePackage,
    engine: Engine,
    facts: Values,
    names: tuple[str, ...],
    most: int,
    check: Callable[[], None],
) -> Suggestions:
    """At most `most` changes of these facts, fewest facts first, then the smallest; none of them contains the
    facts of another. `check` is called now and then, to stop in time."""
    repairs = Repairs(package, facts, names, check)
    fixed = repairs.fixed()
    found: list[Suggestion] = []
    solved: list[frozenset[str]] = []
    complete = True
    try:
        for size in range(1, 0 if fixed else len(names) + 1):
            changes = repairs.of_size(size, list(solved))
            for change in sorted(changes, key=repairs.distance.total):
                assessment = assess(package, engine, {**facts, **change})
                if assessment.outcome.is_presentable:
                    found.append(Suggestion(change, assessment))
                    solved.append(frozenset(change))
            if len(found) >= most:
                break
    except SearchTooLongError:
        complete = False
    return Suggestions(tuple(found[:most]), fixed, complete)
