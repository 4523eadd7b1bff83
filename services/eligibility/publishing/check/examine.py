"""The whole examination of a package, its own cases included, in the process that calls it."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from services.eligibility.answer import in_words
from services.eligibility.engine import Critical, EngineError, Leaf, all_values, request_day
from services.eligibility.package import (
    Case,
    RulePackage,
    assemble_package,
    evaluate,
    facts_read,
    ordered,
    tree,
)
from services.eligibility.proof import publication_score, shortfall, unseen
from services.eligibility.publishing.check.agreement import Trial, broken_properties
from services.eligibility.publishing.check.applications import (
    Application,
    around_facts,
    at_boundaries,
    at_random,
    of_cases,
)
from services.eligibility.publishing.check.consistency import check_consistency, check_coverage, check_use
from services.eligibility.publishing.check.gaps import Gap, case_gaps, record_gaps
from services.eligibility.publishing.check.report import SCORE_SECONDS, Report
from services.eligibility.publishing.check.sense import check_sense
from services.eligibility.publishing.check.undecidable import check_undecidable
from services.eligibility.publishing.check.wordings import check_plain
from services.kit.findings import Findings, Place
from services.kit.releases import FINDINGS_ALONE, Asked, Contents, digest

_MAX_SEARCHES = 40


def examine(contents: Contents, asked: Asked = FINDINGS_ALONE) -> Report:
    """Reads the package, then tries it; after errors of reading, only what needs no running is said
    besides. What is to be published is also counted: how much its cases see."""
    findings = Findings()
    package = assemble_package(contents, findings)
    if package is not None:
        check_consistency(package, findings)
    if package is None or findings.errors:
        identity = package.identity if package and package.identity.id else None
        return Report(ordered(findings), identity, digest(contents))
    try:
        report = _tried(package, findings)
        return _scored(package, report, asked) if asked.publishing and report.accepted else report
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
    check_sense(package, findings)
    check_plain(package, findings)
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


def _scored(package: RulePackage, report: Report, asked: Asked) -> Report:
    score = publication_score(package, SCORE_SECONDS, waived=asked.waived)
    said = shortfall(score)
    return replace(
        report,
        mutation_count=score.total,
        seen_mutation_count=score.killed,
        equivalent_mutation_count=score.equivalent,
        shortfall=said,
        unseen=tuple(unseen(package, score.visible)) if said else (),
    )


def _run_cases(package: RulePackage, trial: Trial, findings: Findings) -> frozenset[str]:
    """Records what the cases do not obtain; gives the codes of the reasons that they obtain."""
    codes: set[str] = set()
    gaps: list[tuple[Case, tuple[Gap, ...]]] = []
    for case, application in zip(package.cases, of_cases(package), strict=True):
        found = in_words(package, trial.run(application))
        day = request_day(case.facts)
        obtained = {reason.code for reason in found.reasons}
        codes |= {rule.id for rule in package.rules if rule.code in obtained and day in rule.validity}
        gaps.append((case, case_gaps(package, case, found)))
    record_gaps(package, gaps, findings)
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
