"""Rulesets as a kind of package that is deployed without the code."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from microcredit.releases.v1.package_pb2 import RulesetCheck, RulesetDetails
from services.eligibility.package import Identity, RulePackage, read_package_identity
from services.eligibility.publishing import (
    MAX_FINDINGS,
    UNUSABLE,
    Report,
    Ruleset,
    check,
    compiled_once,
    unvoted_values,
    values_in_force,
)
from services.kit import releases
from services.kit.releases import (
    FINDINGS_ALONE,
    Asked,
    Candidate,
    Contents,
    Description,
    Kind,
    Proof,
    Shortfall,
)

MAX_ARCHIVE_BYTES = 4 * 1024 * 1024


def ruleset_details(identity: Identity) -> RulesetDetails:
    """What a ruleset says of itself."""
    return RulesetDetails(organisation=identity.organisation, legal_basis=identity.legal_basis)


def ruleset_check(report: Report) -> RulesetCheck:
    """How much of a ruleset was tried."""
    return RulesetCheck(
        case_count=report.case_count,
        condition_count=report.condition_count,
        covered_condition_count=report.covered_condition_count,
        boundary_count=report.boundary_count,
        random_count=report.random_count,
        property_count=report.property_count,
        mutation_count=report.mutation_count,
        seen_mutation_count=report.seen_mutation_count,
        equivalent_mutation_count=report.equivalent_mutation_count,
    )


def ruleset_kind(read: Mapping[str, RulePackage]) -> Kind[Ruleset]:
    """Rulesets; `read` are packages that the master has read already, by digest."""
    return Kind(
        collection="rulesets",
        prefix="",  # a store names a ruleset by its identifier alone, since its first version
        example="ploermel",
        noun="règlement",
        max_archive_bytes=MAX_ARCHIVE_BYTES,
        max_findings=MAX_FINDINGS,
        check=checked,
        compile=partial(compiled_once, read),
        describe=_described,
        unusable=UNUSABLE,
        single=True,
        proved=True,
        rewritten=values_in_force,
        unvoted=unvoted_values,
    )


def checked(contents: Contents, seconds: float, asked: Asked = FINDINGS_ALONE) -> releases.Report:
    """The check of a ruleset, as that of any package."""
    report = check(contents, seconds=seconds, asked=asked)
    identity, candidate = report.identity, None
    if identity is not None:
        days = (identity.validity.first, identity.validity.last)
        candidate = Candidate(identity.id, identity.version, *days, contents)
    return releases.Report(
        findings=report.findings,
        summary=report.summary(),
        contents=contents,
        candidate=candidate,
        identifier=identity.id if identity else "",
        version=identity.version if identity else "",
        own={"ruleset": ruleset_check(report)} if report.condition_count else {},
        proof=Proof(report.mutation_count, report.seen_mutation_count, report.equivalent_mutation_count)
        if asked.publishing
        else None,
        shortfall=Shortfall(report.shortfall, report.unseen) if report.shortfall else None,
    )


def _described(contents: Contents) -> Description:
    """What a package that passed its check says of itself."""
    identity = read_package_identity(contents)
    return Description(identity.title, {"ruleset": ruleset_details(identity)})
