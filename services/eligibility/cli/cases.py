"""The cases of a package, run: what was expected and is obtained, and what a candidate changes over them."""

from __future__ import annotations

from dataclasses import dataclass

from services.eligibility.answer import Assessment, Engine, assess
from services.eligibility.engine import CompiledRules, request_day
from services.eligibility.package import Case, RulePackage, check_facts
from services.eligibility.publishing import Gap, case_gaps


@dataclass(frozen=True)
class CaseResult:
    """A case and its gaps; none when it passes."""

    case: Case
    gaps: tuple[Gap, ...]


def run_cases(package: RulePackage) -> tuple[CaseResult, ...]:
    """Every case, assessed by the engine as the service would."""
    engine = CompiledRules(package).fire
    return tuple(
        CaseResult(case, case_gaps(package, case, assess(package, engine, case.facts)))
        for case in package.cases
    )


@dataclass(frozen=True)
class CaseChange:
    """A case that the two packages answer differently."""

    case: Case
    before: Assessment
    after: Assessment

    @property
    def added(self) -> tuple[str, ...]:
        """Codes of the reasons that only the candidate gives."""
        return _only(self.after, self.before)

    @property
    def removed(self) -> tuple[str, ...]:
        """Codes of the reasons that only the base gives."""
        return _only(self.before, self.after)


@dataclass(frozen=True)
class CaseChanges:
    """The cases answered differently, among those compared; the base cannot assess those left out."""

    compared: int
    changes: tuple[CaseChange, ...]
    left_out: tuple[str, ...]


def changed_cases(base: RulePackage, candidate: RulePackage) -> CaseChanges:
    """The cases of the candidate, assessed by both."""
    engines = CompiledRules(base).fire, CompiledRules(candidate).fire
    comparable = [case for case in candidate.cases if _assessable(base, case)]
    found = [_compared(base, candidate, engines, case) for case in comparable]
    return CaseChanges(
        compared=len(found),
        changes=tuple(change for change in found if _differs(change)),
        left_out=tuple(case.id for case in candidate.cases if case not in comparable),
    )


def _compared(
    base: RulePackage, candidate: RulePackage, engines: tuple[Engine, Engine], case: Case
) -> CaseChange:
    before, after = engines
    return CaseChange(case, assess(base, before, case.facts), assess(candidate, after, case.facts))


def _assessable(package: RulePackage, case: Case) -> bool:
    day = request_day(case.facts)
    return day in package.identity.validity and not check_facts(package.facts, case.facts)


def _differs(change: CaseChange) -> bool:
    return change.before.outcome is not change.after.outcome or bool(change.added or change.removed)


def _only(one: Assessment, other: Assessment) -> tuple[str, ...]:
    codes = {reason.code for reason in other.reasons}
    return tuple(reason.code for reason in one.reasons if reason.code not in codes)
