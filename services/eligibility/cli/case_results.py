"""The cases of a package, run: what was expected, what is obtained."""

from __future__ import annotations

from dataclasses import dataclass

from services.eligibility.answer import assess
from services.eligibility.engine import CompiledRules
from services.eligibility.package import Case, RulePackage
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
