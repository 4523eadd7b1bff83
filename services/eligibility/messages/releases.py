"""What rulesets have besides what every package deployed without the code has, as messages."""

from __future__ import annotations

from microcredit.releases.v1.package_pb2 import RulesetCheck, RulesetDetails
from services.eligibility.package import Identity
from services.eligibility.publishing import Report


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
    )
