"""The dates that letters state and that no caller has to compute."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.documents.contract.deadlines import implicit_refusal, remedy_last_day, withdrawal_last_day
from services.kit.dates import add_months


def terms(data: Mapping[str, Any], consent_months: int, document_date: date) -> dict[str, date]:
    """Implicit refusal, with and without the suspension that this letter opens; withdrawal; consent."""
    found = {"consent_end": add_months(document_date, consent_months)}
    received = data.get("case", {}).get("received_on")
    if received is not None:
        found["implicit_refusal"] = implicit_refusal(received)
        found["implicit_remedy"] = remedy_last_day(found["implicit_refusal"])
        deadline = data.get("deadlines", {}).get("documents")
        if deadline is not None and deadline >= document_date:
            suspended = (deadline - document_date).days
            found["suspended_refusal"] = implicit_refusal(received, suspended)
            found["suspended_remedy"] = remedy_last_day(found["suspended_refusal"])
    accepted = data.get("bank_decision", {}).get("offer", {}).get("accepted_on")
    if accepted is not None:
        found["withdrawal"] = withdrawal_last_day(accepted)
    return found
