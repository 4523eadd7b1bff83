"""What a template sees besides the dossier: organisation, recipient, signatory, borrowers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.documents.profile import Profile
from services.documents.recipient import RECIPIENTS, borrowers
from services.documents.template.package import Template

ADDED = frozenset({"borrowers", "document", "logo", "profile", "recipient", "signatory"})
"""Names of the context that no field of the contract may take."""


def make_context(data: Mapping[str, Any], template: Template, profile: Profile, day: date) -> dict[str, Any]:
    """Everything that the template may print."""
    added: dict[str, Any] = {
        "borrowers": borrowers(data),
        "document": {"date": day, "title": template.title},
        "profile": profile.content,
    }
    if profile.logo is not None:
        logo = profile.logo
        added["logo"] = {"alt": logo.alt, "width": logo.width, "height": logo.height}
    if template.signatory in profile.content["signatories"]:
        added["signatory"] = profile.content["signatories"][template.signatory]
    if template.recipient in RECIPIENTS:
        recipient = RECIPIENTS[template.recipient](data)
        added["recipient"] = {"lines": recipient.lines, "salutation": recipient.salutation}
    return {**data, **added}
