"""The cases of a package against what it answers: what was expected, what was obtained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.eligibility.answer import Assessment
from services.eligibility.engine import all_values
from services.eligibility.package import NOTHING, Case, RulePackage, display, rounded

_SHOWN_CODES = 12


@dataclass(frozen=True)
class Gap:
    """One thing that is not as a case expects it, in French."""

    what: str
    expected: str
    obtained: str


def case_gaps(package: RulePackage, case: Case, found: Assessment) -> tuple[Gap, ...]:
    """Outcome, reasons in their order, orientations and figures that differ; none when the case passes."""
    labels = {rank.outcome: rank.label for rank in package.decision.ranks}
    return (
        *_gap("issue", labels[case.outcome], found.outcome_label),
        *_codes_gap("motifs", case.reasons, [reason.code for reason in found.reasons]),
        *_codes_gap(
            "orientations", sorted(case.orientations), sorted(place.code for place in found.orientations)
        ),
        *(gap for figure in _figures(package, case) for gap in _gap(*figure)),
    )


def _gap(what: str, expected: str, obtained: str) -> tuple[Gap, ...]:
    return () if expected == obtained else (Gap(what, expected, obtained),)


def _codes_gap(what: str, expected: Sequence[str], obtained: Sequence[str]) -> tuple[Gap, ...]:
    if list(expected) == list(obtained):
        return ()
    return (Gap(what, _codes(expected), _codes(obtained)),)


def _figures(package: RulePackage, case: Case) -> Iterator[tuple[str, str, str]]:
    values = all_values(package, case.facts)
    for name, expected in case.figures.items():
        type_, value = package.scope[name], values[name]
        shown = None if value is None else rounded(value, type_)
        yield package.labels.get(name, name), display(expected, type_), display(shown, type_)


def _codes(codes: Sequence[str]) -> str:
    """The codes as a person compares them; only the first ones when there are too many to read."""
    more = f"… ({len(codes)} en tout)" if len(codes) > _SHOWN_CODES else ""
    return (", ".join(codes[:_SHOWN_CODES]) or NOTHING) + more
