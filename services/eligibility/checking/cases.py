"""The cases of a package against what it answers: what was expected, what was obtained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.eligibility.assessment.model import Assessment
from services.eligibility.display import NOTHING, display, rounded
from services.eligibility.evaluation import all_values
from services.eligibility.package.model import Case, RulePackage


@dataclass(frozen=True)
class Gap:
    """One thing that is not as a case expects it, in French."""

    what: str
    expected: str
    obtained: str


def case_gaps(package: RulePackage, case: Case, found: Assessment) -> tuple[Gap, ...]:
    """Outcome, reasons in their order, orientations and figures that differ; none when the case passes."""
    labels = {rank.outcome: rank.label for rank in package.decision.ranks}
    orientations = sorted(place.code for place in found.orientations)
    pairs = (
        ("issue", labels[case.outcome], found.outcome_label),
        ("motifs", _codes(case.reasons), _codes(reason.code for reason in found.reasons)),
        ("orientations", _codes(sorted(case.orientations)), _codes(orientations)),
        *_figures(package, case),
    )
    return tuple(Gap(*pair) for pair in pairs if pair[1] != pair[2])


def _figures(package: RulePackage, case: Case) -> Iterator[tuple[str, str, str]]:
    values = all_values(package, case.facts)
    for name, expected in case.figures.items():
        type_, value = package.scope[name], values[name]
        shown = None if value is None else rounded(value, type_)
        yield package.labels.get(name, name), display(expected, type_), display(shown, type_)


def _codes(codes: Iterable[str]) -> str:
    return ", ".join(codes) or NOTHING
