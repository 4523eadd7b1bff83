"""Texts that change on a date: the profile gives each version, its period and its origin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

Entry = Mapping[str, Any]


def in_force(entries: Iterable[Entry], day: date) -> str | None:
    """The text that governs `day`, if any; `until` is the last day."""
    governing = (
        entry["text"]
        for entry in entries
        if entry.get("from", date.min) <= day <= entry.get("until", date.max)
    )
    return next(governing, None)


def texts(law: Mapping[str, Any], document_date: date, contract_date: date | None) -> dict[str, str]:
    """The texts in force: credit notice by the date of the document, lender’s duties by the contract’s."""
    found = {"credit_notice": in_force(law["credit_notice"], document_date)}
    if contract_date is not None:
        found["forbearance"] = in_force(law["forbearance"], contract_date)
    return {name: text for name, text in found.items() if text is not None}
