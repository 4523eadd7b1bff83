"""What the cases do not obtain, said once for each cause: many cases that gain or lose one reason, or another
figure, are one fault of a rule or of a calculation, and not as many of the cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from services.eligibility.answer import Assessment
from services.eligibility.engine import all_values
from services.eligibility.package import (
    NOTHING,
    Case,
    RulePackage,
    display,
    names,
    parameters_read,
    rounded,
)
from services.kit.findings import Findings

_FEW = 2
"""Up to so many cases, the case itself is as likely at fault, and is told whole."""
_NAMED = 5
_SHOWN_CODES = 12


@dataclass(frozen=True)
class Gap:
    """One thing that is not as a case expects it, in French; `name` is that of a figure, `gained` and `lost`
    are codes of reasons."""

    what: str
    expected: str
    obtained: str
    name: str = ""
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def case_gaps(package: RulePackage, case: Case, found: Assessment) -> tuple[Gap, ...]:
    """Outcome, reasons in their order, orientations and figures that differ; none when the case passes."""
    labels = {rank.outcome: rank.label for rank in package.decision.ranks}
    return (
        *_gap("issue", labels[case.outcome], found.outcome_label),
        *_reasons_gap(case, [reason.code for reason in found.reasons]),
        *_codes_gap(
            "orientations", sorted(case.orientations), sorted(place.code for place in found.orientations)
        ),
        *_figures(package, case),
    )


def _gap(what: str, expected: str, obtained: str) -> tuple[Gap, ...]:
    return () if expected == obtained else (Gap(what, expected, obtained),)


def _codes_gap(what: str, expected: Sequence[str], obtained: Sequence[str]) -> tuple[Gap, ...]:
    if list(expected) == list(obtained):
        return ()
    return (Gap(what, _codes(expected), _codes(obtained)),)


def _reasons_gap(case: Case, obtained: Sequence[str]) -> tuple[Gap, ...]:
    gained = tuple(code for code in obtained if code not in case.reasons)
    lost = tuple(code for code in case.reasons if code not in obtained)
    return tuple(
        replace(gap, gained=gained, lost=lost) for gap in _codes_gap("motifs", case.reasons, obtained)
    )


def _figures(package: RulePackage, case: Case) -> Iterator[Gap]:
    values = all_values(package, case.facts)
    for name, expected in case.figures.items():
        type_, value = package.scope[name], values[name]
        shown = None if value is None else rounded(value, type_)
        for gap in _gap(package.labels.get(name, name), display(expected, type_), display(shown, type_)):
            yield replace(gap, name=name)


def _codes(codes: Sequence[str]) -> str:
    """The codes as a person compares them; only the first ones when there are too many to read."""
    more = f"… ({len(codes)} en tout)" if len(codes) > _SHOWN_CODES else ""
    return (", ".join(codes[:_SHOWN_CODES]) or NOTHING) + more


def record_gaps(
    package: RulePackage, gaps: Sequence[tuple[Case, tuple[Gap, ...]]], findings: Findings
) -> None:
    """Records one finding for each reason or figure that many cases do not obtain, then the rest."""
    moved: dict[tuple[str, str], list[tuple[Case, Gap]]] = {}
    for case, found in gaps:
        for gap in found:
            for key in _causes(gap):
                moved.setdefault(key, []).append((case, gap))
    shared = {key: cases for key, cases in moved.items() if len(cases) > _FEW}
    for (verb, name), cases in shared.items():
        _record_shared(package, verb, name, cases, findings)
    for case, found in gaps:
        reasons = [key for gap in found if not gap.name for key in _causes(gap)]
        explained = bool(reasons) and shared.keys() >= set(reasons)
        for gap in found:
            if not (shared.keys() & set(_causes(gap)) if gap.name else explained):
                findings.error(
                    package.place("cases", case.id),
                    f"Cas {case.id}, {gap.what} : attendu « {gap.expected} », obtenu « {gap.obtained} ».",
                )


def _causes(gap: Gap) -> list[tuple[str, str]]:
    if gap.name:
        return [("calculent autrement", gap.name)]
    return [*(("gagnent", code) for code in gap.gained), *(("perdent", code) for code in gap.lost)]


def _record_shared(
    package: RulePackage, verb: str, name: str, cases: Sequence[tuple[Case, Gap]], findings: Findings
) -> None:
    ids = ", ".join(case.id for case, _ in cases[:_NAMED]) + ("…" if len(cases) > _NAMED else "")
    if name in package.derived:
        case, gap = cases[0]
        example = f"{case.id} attend « {gap.expected} » et obtient « {gap.obtained} »"
        text = f"{len(cases)} cas attendent autre chose de « {package.labels[name]} » ({name}) : {example}."
        findings.error(package.place("derived.yaml", name, "value"), text)
        return
    rule = next((rule for rule in package.rules if rule.code == name), None)
    place = package.place("rules.yaml", rule.id, "when") if rule else package.place("cases", cases[0][0].id)
    read = parameters_read(package, names(rule.condition)) if rule else ()
    values = f", et les valeurs qu’elle lit ({', '.join(read)})" if read else ""
    findings.error(place, f"{len(cases)} cas {verb} {name} ({ids}) : relisez la condition{values}.")
