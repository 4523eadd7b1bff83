"""What a template sees besides the dossier: organisation, recipient, signatory, borrowers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.documents.profile import Profile
from services.documents.template.package import Template
from services.documents.wording import POSTAL_LINES, POSTAL_WIDTH, civil_name, civil_names, postal_block, salutation
from services.kit.errors import Violation, Violations

Data = Mapping[str, Any]

# Names of the context that are not fields of the contract.
ADDED = ("borrowers", "document", "logo", "profile", "recipient", "signatory")

_ATTENTION = "À l’attention de\u00a0"


def context(data: Data, template: Template, profile: Profile, day: date) -> dict[str, Any]:
    """Everything that the template may print."""
    borrowers = [data[name] for name in ("applicant", "co_applicant") if name in data]
    added: dict[str, Any] = {
        "borrowers": borrowers,
        "document": {"date": day, "title": template.title},
        "profile": profile.content,
    }
    if profile.logo is not None:
        added["logo"] = {"alt": profile.logo.alt, "width": profile.logo.width, "height": profile.logo.height}
    if template.signatory in profile.content["signatories"]:
        added["signatory"] = profile.content["signatories"][template.signatory]
    if template.recipient != "NOBODY":
        added["recipient"] = _recipient(data, template, borrowers)
    return {**data, **added}


def postal_violations(data: Data, template: Template, root: str, violations: Violations) -> None:
    """Adds a violation if the recipient does not fit the postal block."""
    if template.recipient == "NOBODY":
        return
    owner = "bank" if template.recipient == "BANK" else "applicant"
    borrowers = [data[name] for name in ("applicant", "co_applicant") if name in data]
    if len(_recipient(data, template, borrowers)["lines"]) > POSTAL_LINES:
        violations.extend(
            [
                Violation(
                    f"{root}.{owner}.address",
                    "POSTAL_BLOCK_TOO_LONG",
                    f"Nom et adresse dépassent {POSTAL_LINES} lignes de {POSTAL_WIDTH} caractères\u00a0: raccourcissez-les.",
                )
            ]
        )


def _recipient(data: Data, template: Template, borrowers: Sequence[Data]) -> dict[str, Any]:
    if template.recipient == "APPLICANT":
        names = [civil_name(person) for person in borrowers]
        return {"lines": postal_block(names, data["applicant"]["address"]), "salutation": salutation(borrowers)}
    bank = data["bank"]
    contacts = [bank["contact"]] if "contact" in bank else []
    attention = [_ATTENTION + civil_names(contacts)] if contacts else []
    department = [bank["department"]] if "department" in bank else []
    # The least useful line goes first when the block is too long.
    for names in ([bank["name"], *department, *attention], [bank["name"], *attention], [bank["name"]]):
        lines = postal_block(names, bank["address"])
        if len(lines) <= POSTAL_LINES:
            break
    return {"lines": lines, "salutation": salutation(contacts)}
