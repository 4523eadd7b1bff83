"""What the data of a file say of its situation on a day: each fact is one sentence of the trade."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

Data = Mapping[str, Any]


def has(data: Data, *paths: str) -> bool:
    """Whether every path has a value; an empty list has none."""
    return all(_value(data, path) not in (None, []) for path in paths)


def on_or_before(data: Data, path: str, day: date) -> bool:
    """Whether something had happened on that day."""
    found = _value(data, path)
    return found is not None and bool(found <= day)


def not_past(data: Data, path: str, day: date) -> bool:
    """Whether a date is known, and not past."""
    found = _value(data, path)
    return found is not None and bool(found >= day)


def offer_open(data: Data, day: date) -> bool:
    """The offer of the lender, if it made one, is accepted or may still be."""
    accepted = has(data, "bank_decision.offer.accepted_on")
    end = "bank_decision.offer.valid_until"
    return accepted or not has(data, end) or not_past(data, end, day)


def answered(data: Data, day: date) -> bool:
    """The lender has answered, or a loan is running: the request itself is over."""
    running = ("incident.reported_on", "settlement.settled_on", "follow_up.period_start")
    return any(on_or_before(data, path, day) for path in ("bank_decision.decided_on", *running))


def refused(data: Data) -> bool:
    """The service does not present the request: a rule stands against it."""
    reasons = data.get("assessment", {}).get("reasons", [])
    blocking = any(reason["severity"] == "BLOCKING" for reason in reasons)
    return bool(_value(data, "assessment.outcome") == "NOT_ELIGIBLE" and blocking)


def incomplete(data: Data) -> bool:
    """A document or a fact is missing."""
    return any(piece["status"] == "MISSING" for piece in data.get("pieces", [])) or has(
        data, "assessment.missing"
    )


def lacks_documents(data: Data) -> bool:
    """A document is missing."""
    return any(piece["status"] == "MISSING" for piece in data.get("pieces", []))


def reminded_in_vain(data: Data, day: date) -> bool:
    """Every deadline given for the documents is past, and at least one was given."""
    given = [
        found
        for path in ("documents_deadline", "reminder_deadline")
        if (found := _value(data, f"correspondence.{path}")) is not None
    ]
    return bool(given) and max(given) < day and not not_past(data, "deadlines.documents", day)


def _value(data: Data, path: str) -> Any:
    node: Any = data
    for name in path.split("."):
        if not isinstance(node, Mapping) or name not in node:
            return None
        node = node[name]
    return node
