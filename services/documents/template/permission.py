"""The authorisations that a template asks for, and how long they hold for an organisation."""

from __future__ import annotations

from services.documents.contract import Check, Durations, from_lender, to_lender
from services.documents.profile import Profile
from services.documents.template.manifest import Template


def durations(profile: Profile) -> Durations:
    """How long an authorisation without end holds for this organisation."""
    privacy = profile.content["privacy"]
    return Durations(privacy["consent_months"], privacy["news_months"])


def all_checks(template: Template, profile: Profile) -> list[Check]:
    """The checks that a template names, and those of the authorisations that it needs."""
    months, checks = durations(profile), list(template.checks)
    if template.to_lender:
        checks.append(lambda data, day, root: to_lender(data, day, months, root, template.title))
    if template.from_lender:
        checks.append(lambda data, day, root: from_lender(data, day, months, root))
    return checks
