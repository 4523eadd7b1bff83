"""Cells as French people write them, to the values that JSON would hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from services.bank_registry.files.table import Bad
from services.bank_registry.registry import fold
from services.kit import french

GUARDED = re.compile(r"'+[=+\-@＝＋－＠]")
"""A text that an export wrote with one apostrophe more: what follows would be a formula in a spreadsheet."""
_SPACES = "[ \u00a0\u202f]"
_NUMBER = re.compile(rf"([0-9]{{1,3}}(?:{_SPACES}[0-9]{{3}})+|[0-9]+)(?:[.,]([0-9]+))?")
_FRENCH_DAY = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_ISO_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")

Parse = Callable[[object], object]
"""From a cell that is not empty to its value, or Bad."""


def as_text(value: object) -> str:
    """A text without the apostrophe that keeps a spreadsheet from reading it as a formula."""
    written = f"{value:f}" if isinstance(value, Decimal) else str(value).strip()
    return written[1:] if written[:1] == "'" and GUARDED.match(written) else written


def text(value: object) -> object:
    """A text; Bad if the spreadsheet made a date of it."""
    if isinstance(value, date):
        sentence = "Le tableur a changé ce texte en date ; mettez la colonne au format Texte."
        return Bad("DATE_IN_TEXT", sentence)
    return as_text(value)


def code(value: object) -> object:
    """A code whose spaces do not count: `200 066 777`."""
    written = text(value)
    return re.sub(r"\s+", "", written) if isinstance(written, str) else written


def codes(value: object) -> object:
    """A list of codes separated by commas, semicolons, bars or spaces."""
    written = text(value)
    return [part for part in re.split(r"[\s,;|]+", written) if part] if isinstance(written, str) else written


def day(value: object) -> object:
    """`31/12/2026` or `2026-12-31`, or a date of a spreadsheet; as ISO text."""
    if isinstance(value, date):
        return value.isoformat()
    written = str(value).strip()
    if found := _FRENCH_DAY.fullmatch(written):
        number, month, year = map(int, found.groups())
    elif found := _ISO_DAY.fullmatch(written):
        year, month, number = map(int, found.groups())
    else:
        return Bad("DATE_MALFORMED", "Écrivez la date comme 31/12/2026.")
    try:
        return date(year, month, number).isoformat()
    except ValueError:
        return Bad("DATE_IMPOSSIBLE", f"La date {written} n’existe pas dans le calendrier.")


def money(value: object) -> object:
    """`1 234,56 €`, as `1234.56`."""
    return _decimal(value, "€", 2, "MONEY_MALFORMED", "Écrivez le montant comme 1 234,56, en euros.")


def percent(value: object) -> object:
    """`1,5 %`, as `1.5`."""
    return _decimal(value, "%", 6, "PERCENT_MALFORMED", "Écrivez le pourcentage comme 1,5.")


def integer(value: object) -> object:
    """A whole number."""
    written = _decimal(value, "", 0, "INTEGER_MALFORMED", "Écrivez un nombre entier, en chiffres.")
    return int(written) if isinstance(written, str) else written


def choice(labels: Mapping[Any, str]) -> Parse:
    """One of the French labels, whatever its case and accents; as its code."""
    by_fold = {fold(label): code for code, label in labels.items()}
    by_label = {label: code for code, label in labels.items()}

    def parse(value: object) -> object:
        found = by_label.get(str(value)) or by_fold.get(fold(str(value)))
        if found is None:
            said = french.join([f"« {label} »" for label in labels.values()])
            return Bad("UNKNOWN_VALUE", f"Valeurs possibles : {said}.")
        return found

    return parse


def _decimal(value: object, unit: str, places: int, reason: str, sentence: str) -> object:
    """The plain notation of a number that is not negative, with at most `places` decimals."""
    if isinstance(value, int | Decimal):
        written = f"{value:f}"
    else:
        written = str(value).strip().removesuffix(unit).strip()
    found = _NUMBER.fullmatch(written)
    if found is None or len((found[2] or "").rstrip("0")) > places:
        return Bad(reason, sentence)
    whole, decimals = re.sub(_SPACES, "", found[1]), (found[2] or "")[:places]
    return f"{whole}.{decimals}" if decimals else whole
