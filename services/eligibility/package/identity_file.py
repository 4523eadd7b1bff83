"""package.yaml: what the package is and when it may govern."""

from __future__ import annotations

import re
from datetime import date

from services.eligibility.package.model import Identity
from services.eligibility.package.tables import LiteralError, Table
from services.kit.dates import Period
from services.kit.french import typeset

_ID = re.compile(r"[a-z][a-z0-9-]{0,62}")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,31}")


def _identifier(text: str) -> str:
    if not _ID.fullmatch(text):
        raise LiteralError("Un identifiant s’écrit en minuscules, chiffres et tirets (63 au plus).")
    return text


def _version(text: str) -> str:
    if not _VERSION.fullmatch(text):
        raise LiteralError("Une version s’écrit en lettres, chiffres, points et tirets (32 au plus).")
    return text


def read_identity(table: Table) -> Identity:
    """The identity of the package; its validity is read even when the rest is wrong."""
    identity = Identity(
        id=table.parsed("id", _identifier) or "",
        version=table.parsed("version", _version) or "",
        title=table.typeset("title"),
        organisation=table.typeset("organisation"),
        legal_basis=tuple(typeset(item.text) for item in table.scalars("legal_basis")),
        validity=read_period(table, "effective_from", "effective_until"),
    )
    table.close()
    return identity


def read_period(table: Table, first_key: str, last_key: str, default_first: date | None = None) -> Period:
    """A period written as a first and a last day, both included; no last day means without end."""
    read_first = table.date(first_key, required=default_first is None)
    last = table.date(last_key, required=False)
    first = read_first or default_first or last or date.max
    if last is not None and last < first:
        table.fail(last_key, "Le dernier jour vient avant le premier.")
        first = last
    return Period(first, last)
