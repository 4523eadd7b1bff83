"""Lists in one cell: items separated by `|`, their fields by `;`; a backslash makes either plain."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from services.bank_registry.registry import Contact, Suspension
from services.kit import french, tables
from services.kit.errors import FieldReason
from services.kit.french import SEMICOLON
from services.kit.tables import Bad

_DAY = r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2}"
_SUSPENSION = re.compile(
    rf"(?:(?:du\s+)?(?P<start>{_DAY})\s+au\s+(?P<end>{_DAY})|(?:à\s+partir\s+du|depuis\s+le)\s+(?P<since>{_DAY}))"
    r"(?:\s*;\s*(?P<reason>.*))?",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\\.|.", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)")
CONTACT_FIELDS = ("role", "display_name", "email", "phone")


def suspensions(value: object) -> object:
    """`du 01/03/2026 au 31/05/2026 ; audit | à partir du 01/09/2026`."""
    found = [_suspension(part) for part in _items(value)]
    return next((one for one in found if isinstance(one, Bad)), found)


def contacts(value: object) -> object:
    """`Suivi des impayés ; Service ; impayes@banque.example ; 02 99 00 00 00 | …`."""
    found = []
    for part in _items(value):
        fields = [_plain(field) for field in _split(part, ";")]
        if len(fields) > len(CONTACT_FIELDS):
            form = "rôle ; nom ; courriel ; téléphone"
            return Bad(FieldReason.MALFORMED, f"Écrivez chaque contact comme « {form} », séparés par « | ».")
        found.append(dict(zip(CONTACT_FIELDS, fields, strict=False)))
    return found


def suspended(found: Iterable[Suspension]) -> str:
    """The cell that `suspensions` reads."""
    return " | ".join(
        SEMICOLON.join(filter(None, (_span(item.period.first, item.period.last), _escape(item.reason))))
        for item in found
    )


def contacts_of(found: Iterable[Contact]) -> str:
    """The cell that `contacts` reads."""
    return " | ".join(map(_show_contact, found))


def _show_contact(contact: Contact) -> str:
    fields = [_escape(text) for text in (contact.role, contact.name, contact.email, contact.phone)]
    while not fields[-1]:
        fields.pop()
    return SEMICOLON.join(fields)


def _span(start: date, last: date | None) -> str:
    if last is None:
        return f"à partir du {french.short_date(start)}"
    return f"du {french.short_date(start)} au {french.short_date(last)}"


def _suspension(written: str) -> dict[str, object] | Bad:
    found = _SUSPENSION.fullmatch(written)
    if found is None:
        return Bad(
            FieldReason.MALFORMED,
            "Écrivez chaque suspension comme « du 01/03/2026 au 31/05/2026 ; motif » ou « à partir du "
            "01/03/2026 », séparées par « | ».",
        )
    days = {"start_date": found["start"] or found["since"], "end_date": found["end"]}
    values: dict[str, object] = {}
    for name, text in days.items():
        day = tables.day(text) if text else None
        if isinstance(day, Bad):
            return day
        if day:
            values[name] = day
    return {**values, "reason": _plain(found["reason"])} if found["reason"] else values


def _items(value: object) -> list[str]:
    return [part for part in _split(tables.as_text(value), "|") if part]


def _split(text: str, mark: str) -> list[str]:
    """The parts between marks, less those that a backslash makes plain."""
    parts = [""]
    for token in _TOKEN.findall(text):
        if token == mark:
            parts.append("")
        else:
            parts[-1] += token
    return [part.strip() for part in parts]


def _escape(text: str) -> str:
    return re.sub(r"([\\|;])", r"\\\1", text)


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)
