"""What a template sees besides the dossier: organisation, recipient, signatory, computed dates, charts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.documents.contract import (
    METROPOLE,
    RECIPIENTS,
    authorised,
    borrowers,
    charts,
    data_recipients,
    document_reference,
    published,
    terms,
)
from services.documents.profile import Profile, texts
from services.documents.template.manifest import Template

ADDED = frozenset(
    {
        *("authorised", "borrowers", "charts", "data_recipients", "document", "dossier", "law", "logo"),
        *("profile", "recipient", "signatory", "statistics", "terms"),
    }
)
"""Names of the context that no field of the contract may take."""


def make_context(
    data: Mapping[str, Any],
    template: Template,
    profile: Profile,
    day: date,
    dossier: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Everything that the template may print; `dossier` lists the pieces, for their summary alone."""
    content = profile.content
    contract_date = data.get("bank_decision", {}).get("offer", {}).get("accepted_on")
    added: dict[str, Any] = {
        "authorised": authorised(data),
        "borrowers": borrowers(data),
        "charts": charts(data),
        "data_recipients": [
            *content["privacy"]["recipients"],
            *data_recipients(data, for_lender=template.to_lender),
        ],
        "document": {
            "date": day,
            "title": template.title,
            "reference": document_reference(data, template.requires),
        },
        "law": texts(content["law"], day, contract_date),
        "profile": content,
        "terms": terms(data, day, content["remedies"].get("public_holidays", METROPOLE)),
    }
    if profile.logo is not None:
        logo = profile.logo
        added["logo"] = {"alt": logo.alt, "width": logo.width, "height": logo.height}
    if template.signatory in content["signatories"]:
        added["signatory"] = content["signatories"][template.signatory]
    if template.recipient in RECIPIENTS:
        recipient = RECIPIENTS[template.recipient](data)
        added["recipient"] = {"lines": recipient.lines, "salutation": recipient.salutation}
    if "annual_report" in data:
        added["statistics"] = published(data["annual_report"], content["statistics"]["minimum_cell"])
    if dossier is not None:
        added["dossier"] = dossier
    return {**data, **added}
