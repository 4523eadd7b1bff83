"""The cases of a package played once, then asked which changes of one token they would see: of a changed
package, only what reads the change is evaluated again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.eligibility.engine import LazyValues, all_values, verdicts
from services.eligibility.package import (
    MISSING_FACTS,
    Case,
    Rule,
    RulePackage,
    Value,
    Values,
    evaluate,
)
from services.eligibility.proof.differences import reads, touched
from services.eligibility.proof.seen import passes


@dataclass(frozen=True)
class _Played:
    """A case, and what the package makes of it."""

    case: Case
    values: Values
    truths: dict[str, Value | None]


class Replay:
    """The cases that obtain what they announce: one that fails already tells nothing of a change."""

    def __init__(self, package: RulePackage) -> None:
        self._package = package
        self._played = [_played(package, case) for case in package.cases if passes(package, case)]

    def sees(self, mutant: RulePackage) -> bool:
        """Whether a case no longer obtains what it announces of the same package with one token changed."""
        changed = touched(self._package, mutant)
        pairs = [
            (before, after)
            for before, after in zip(self._package.rules, mutant.rules, strict=True)
            if before is not after or reads(after, changed)
        ]
        return any(
            _may_see(played, mutant, changed, pairs) and not passes(mutant, played.case)
            for played in self._played
        )


def _played(package: RulePackage, case: Case) -> _Played:
    values = all_values(package, case.facts)
    return _Played(case, values, verdicts(package, values))


def _may_see(
    played: _Played, mutant: RulePackage, changed: frozenset[str], pairs: Iterable[tuple[Rule, Rule]]
) -> bool:
    """False when a case obtains the same of both; else it is to be played whole."""
    values = LazyValues(mutant, played.values)
    for name in changed:
        values.pop(name, None)
    return any(values[name] != played.values[name] for name in changed & _watched(played.case)) or any(
        _differs(played, before, after, values) for before, after in pairs
    )


def _watched(case: Case) -> frozenset[str]:
    """What a case sees besides the rules."""
    return frozenset({MISSING_FACTS, *case.figures})


def _differs(played: _Played, before: Rule, after: Rule, values: Values) -> bool:
    """Whether a rule is decided otherwise, or is not false and says something else."""
    was, is_now = played.truths[before.id], evaluate(after.condition, values)
    if was is False and is_now is False:
        return False
    return was is not is_now or _said(before, played.values) != _said(after, values)


def _said(rule: Rule, values: Values) -> tuple[object, ...]:
    condition = rule.orientation_condition
    called = condition is None or evaluate(condition, values) is True
    return rule.severity, rule.validity, rule.orientation, called
