"""The whole examination of a package, its own cases included, in the process that calls it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from services.eligibility.answer import Assessment
from services.eligibility.engine import Critical, EngineError, Leaf, all_values, request_day
from services.eligibility.package import (
    NOTHING,
    Case,
    RulePackage,
    assemble_package,
    display,
    evaluate,
    facts_read,
    ordered,
    rounded,
    tree,
)
from services.eligibility.publishing.check.agreement import Trial, broken_properties
from services.eligibility.publishing.check.applications import (
    Application,
    around_facts,
    at_boundaries,
    at_random,
    of_cases,
)
from services.eligibility.publishing.check.consistency import check_consistency, check_coverage, check_use
from services.eligibility.publishing.check.report import Report
from services.eligibility.publishing.check.undecidable import check_undecidable
from services.kit.findings import Findings, Place
from services.kit.releases import Contents, digest

_SHOWN_CODES = 12
_MAX_SEARCHES = 40


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


def examine(contents: Contents) -> Report:
    """Reads the package, then tries it; after errors of reading, only what needs no running is said
    besides."""
    findings = Findings()
    package = assemble_package(contents, findings)
    if package is not None:
        check_consistency(package, findings)
    if package is None or findings.errors:
        identity = package.identity if package and package.identity.id else None
        return Report(ordered(findings), identity, digest(contents))
    try:
        return _tried(package, findings)
    except EngineError:
        findings.error(Place("rules.yaml", 1, 1), "Le moteur de règles refuse les règles de ce paquet.")
        return Report(ordered(findings), package.identity, package.digest)


def _tried(package: RulePackage, findings: Findings) -> Report:
    """The package tried on its cases, at their limits and at random."""
    trial, critical = Trial(package, findings), Critical(package)
    true_in_cases = _run_cases(package, trial, findings)
    boundaries = at_boundaries(package, critical)
    drawn = at_random(package, critical)
    for application in (*boundaries, *drawn):
        trial.run(application)
    searched = _search(package, critical, trial)
    check_undecidable(package, critical, trial, findings)
    check_coverage(package, trial.coverage, true_in_cases, findings)
    for broken, example in broken_properties(package, trial.tried):
        place = package.place("properties.yaml", broken.id)
        findings.error(place, f"La propriété « {broken.title} » n’est pas tenue : {example}.")
    check_use(package, findings)
    return Report(
        findings=ordered(findings),
        identity=package.identity,
        digest=package.digest,
        case_count=len(package.cases),
        condition_count=len(trial.coverage.leaves),
        covered_condition_count=trial.coverage.covered(),
        boundary_count=len(boundaries) + searched,
        random_count=len(drawn),
        property_count=len(package.properties),
    )


def _run_cases(package: RulePackage, trial: Trial, findings: Findings) -> frozenset[str]:
    """Records what the cases do not obtain; gives the codes of the reasons that they obtain."""
    codes: set[str] = set()
    for case, application in zip(package.cases, of_cases(package), strict=True):
        found = trial.run(application)
        day = request_day(case.facts)
        obtained = {reason.code for reason in found.reasons}
        codes |= {rule.id for rule in package.rules if rule.code in obtained and day in rule.validity}
        for gap in case_gaps(package, case, found):
            findings.error(
                package.place("cases", case.id),
                f"Cas {case.id}, {gap.what} : attendu « {gap.expected} », obtenu « {gap.obtained} ».",
            )
    return frozenset(codes)


def _search(package: RulePackage, critical: Critical, trial: Trial) -> int:
    """Looks beyond the applications tried for what the leaves still lack; gives the number of those added."""
    lacking = islice(tuple(trial.coverage.unseen()), _MAX_SEARCHES)
    found = [_witness(package, critical, leaf, truth) for leaf, truth in lacking]
    witnesses = [witness for witness in found if witness is not None]
    for witness in witnesses:
        trial.run(witness)
    return len(witnesses)


def _witness(package: RulePackage, critical: Critical, leaf: Leaf, truth: bool) -> Application | None:
    """An application that gives a leaf the truth that it lacks."""
    read = facts_read(package, tree.names(leaf.node)) | {"request_date"}
    for found in around_facts(package, critical, read):
        in_force = request_day(found.facts) in leaf.validity
        if in_force and evaluate(leaf.node, all_values(package, found.facts)) is truth:
            return found
    return None
