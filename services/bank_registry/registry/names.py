"""Names of lenders compared as people write them: without accents, case or punctuation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from services.bank_registry.registry.geography import fold
from services.bank_registry.registry.model import Bank

ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
LONGEST_ID = 63
SUGGESTIONS = 3


def slug(name: str) -> str:
    """An id made from a name: `banque-fictive-de-l-oust`; empty if the name has no letter or digit."""
    return fold(name).replace(" ", "-")[:LONGEST_ID].strip("-")


def closest(bank_id: str, banks: Iterable[Bank]) -> list[Bank]:
    """The lenders whose id or name looks most like an id."""
    by_key = {key: bank for bank in banks for key in (bank.id, slug(bank.name))}
    matches = get_close_matches(bank_id, by_key, n=2 * SUGGESTIONS)
    return list({by_key[match].id: by_key[match] for match in matches}.values())[:SUGGESTIONS]
