"""What a template sees besides the dossier: organisation, recipient, signatory, computed dates, charts."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from datetime import date
from functools import cache
from typing import Any

from services.documents.contract import (
    METROPOLE,
    RECIPIENTS,
    Letters,
    Statistics,
    authorised,
    borrowers,
    charts,
    data_recipients,
    document_reference,
    published,
    report_charts,
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
    names: Container[str] | None = None,
    letters: Letters = lambda year: {},
) -> dict[str, Any]:
    """Everything that the template may print, or what is among these names of what the service adds;
    `dossier` lists the pieces, for their summary alone, and `letters` those kept, for a report."""
    content = profile.content
    makers = _makers(data, template, content, day)
    if profile.logo is not None:
        logo = profile.logo
        makers["logo"] = lambda: {"alt": logo.alt, "width": logo.width, "height": logo.height}
    if template.signatory in content["signatories"]:
        makers["signatory"] = lambda: content["signatories"][template.signatory]
    if template.recipient in RECIPIENTS:
        makers["recipient"] = lambda: _recipient(template.recipient, data)
    if "annual_report" in data:
        report = _report(data["annual_report"], content, letters)
        makers["statistics"] = lambda: report().context()
        makers["charts"] = lambda: {**charts(data), **report_charts(report())}
    if dossier is not None:
        makers["dossier"] = lambda: dossier
    added = {name: make() for name, make in makers.items() if names is None or name in names}
    return {**data, **added}


def _makers(
    data: Mapping[str, Any], template: Template, content: Mapping[str, Any], day: date
) -> dict[str, Callable[[], Any]]:
    """How each value is made that every document may print."""
    contract_date = data.get("bank_decision", {}).get("offer", {}).get("accepted_on")
    return {
        "authorised": lambda: authorised(data),
        "borrowers": lambda: borrowers(data),
        "charts": lambda: charts(data),
        "data_recipients": lambda: [
            *content["privacy"]["recipients"],
            *data_recipients(data, for_lender=template.to_lender),
        ],
        "document": lambda: {
            "date": day,
            "title": template.title,
            "reference": document_reference(data, template.requires),
        },
        "law": lambda: texts(content["law"], day, contract_date),
        "profile": lambda: content,
        "terms": lambda: terms(data, day, content["remedies"].get("public_holidays", METROPOLE)),
    }


def _report(
    data: Mapping[str, Any], content: Mapping[str, Any], letters: Letters
) -> Callable[[], Statistics]:
    """What a report may print, made once for its figures and its charts."""
    return cache(lambda: published(data, content["statistics"]["minimum_cell"], letters))


def _recipient(kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    recipient = RECIPIENTS[kind](data)
    return {"lines": recipient.lines, "salutation": recipient.salutation}
