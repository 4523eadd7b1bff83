"""Cells as French people write, to exact values; what cannot be read is Bad, never guessed or rounded."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from services.kit import french
from services.kit.errors import FieldReason
from services.kit.french import NARROW_NO_BREAK_SPACE, NO_BREAK_SPACE
from services.kit.tables.table import Bad, Row, cell_name, is_blank

_NO_VALUE = re.compile(
    r"#(?:N/A|REF!|VALUE!|VALEUR!|NAME\?|NOM\?|DIV/0!|NUM!|NOMBRE!|NULL!|NUL!|#+)|NULL|NaN|N/A"
)
"""What spreadsheets and exports write where there is no value; nobody is called so in these capitals."""

_GUARDED = re.compile(rf"('*)(?:[=+\-@＝＋－＠\t\r]|(?:{_NO_VALUE.pattern})\Z)")
"""What a spreadsheet takes for a formula, or a reader for no value; an export writes one apostrophe more."""

_SPACES = f"[ {NO_BREAK_SPACE}{NARROW_NO_BREAK_SPACE}]"
_NUMBER = re.compile(rf"(-|−)?([0-9]{{1,3}}(?:{_SPACES}[0-9]{{3}})+|[0-9]+)(?:[.,]([0-9]+))?")
_TWO_READINGS = re.compile(r"([0-9]{1,3})[.,]([0-9]{3})")
"""What one reads as thousands and another as three decimals."""
_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_EUROS = re.compile(r"(?:€|euros?|EUR)\Z", re.IGNORECASE)
_PERCENT, _MONTHS = re.compile(r"%\Z"), re.compile(r"mois\Z", re.IGNORECASE)
_MOST_DIGITS = 15
_FRENCH_DAY = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_ISO_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TRUE, _FALSE = ("oui", "vrai", "true", "1"), ("non", "faux", "false", "0")

T = TypeVar("T")
Parse = Callable[[object], T | Bad]
"""From a cell that is not blank to its value, or Bad."""


def read_cell(row: Row, index: int, parse: Parse[T]) -> T | Bad | None:
    """The value of a cell; None if it is blank or beyond the end of its row, Bad if it cannot be read."""
    cell = row.cells[index] if index < len(row.cells) else None
    if is_blank(cell):
        return None
    if isinstance(cell, Bad):
        return cell
    if isinstance(cell, bool) and parse is not boolean:  # True is an int: it must not become « 1 »
        name = cell_name(row.line, index)
        return Bad("BOOLEAN", f"La cellule {name} contient VRAI ou FAUX ; écrivez un texte ou un nombre.")
    if isinstance(cell, str) and _NO_VALUE.fullmatch(cell.strip()):
        name = cell_name(row.line, index)
        return Bad("ERROR_VALUE", f"La cellule {name} affiche « {cell.strip()} » au lieu d’une valeur.")
    return parse(cell)


def as_text(value: object) -> str:
    """A text without the apostrophe that keeps it from being read as a formula, or as no value."""
    written = f"{value:f}" if isinstance(value, Decimal) else str(value).strip()
    found = _GUARDED.match(written)
    return written[1:] if found and found[1] else written


def guarded(text: str, *, typed: bool = False) -> str:
    """A text that nothing takes for a formula or for no value: with one apostrophe more where it would.

    In a cell whose type is text, no formula is feared.
    """
    read_otherwise = _GUARDED.match(text) and (not typed or text.startswith("'") or _NO_VALUE.fullmatch(text))
    return f"'{text}" if read_otherwise else text


def text(value: object) -> str | Bad:
    """A text; Bad if the spreadsheet made a date of it."""
    if isinstance(value, date):
        sentence = "Le tableur a changé ce texte en date ; mettez la colonne au format Texte."
        return Bad("DATE_IN_TEXT", sentence)
    return as_text(value)


def code(value: object) -> str | Bad:
    """A code whose spaces do not count and whose leading zeros do: `200 066 777`, `01000`."""
    written = text(value)
    if isinstance(written, Bad):
        return written
    if _ROUNDED.fullmatch(written):
        gesture = "mettez la colonne au format Texte, puis écrivez-le de nouveau"
        return Bad("ROUNDED_CODE", f"Le tableur a arrondi ce code en « {written} » ; {gesture}.")
    return re.sub(r"\s+", "", written)


def codes(value: object) -> list[str] | Bad:
    """A list of codes separated by commas, semicolons, bars, strokes, spaces or « et »."""
    written = text(value)
    if isinstance(written, Bad):
        return written
    return [part for part in re.split(r"[\s,;|/]+", written) if part and part.casefold() != "et"]


def day(value: object) -> date | Bad:
    """`31/12/2026` or `2026-12-31`, or a date of a spreadsheet."""
    if isinstance(value, date):
        return value
    written = str(value).strip()
    if found := _FRENCH_DAY.fullmatch(written):
        number, month, year = map(int, found.groups())
    elif found := _ISO_DAY.fullmatch(written):
        year, month, number = map(int, found.groups())
    else:
        return Bad(FieldReason.MALFORMED, "Écrivez la date comme 31/12/2026.")
    try:
        return date(year, month, number)
    except ValueError:
        return Bad(FieldReason.NOT_IN_CALENDAR, f"La date {written} n’existe pas dans le calendrier.")


def money(value: object) -> int | Bad:
    """`1 234,56 €`, in cents: 123456; a third decimal is refused, not rounded."""
    found = signed_money(value)
    return _bad_money() if not isinstance(found, Bad) and found < 0 else found


def signed_money(value: object) -> int | Bad:
    """As `money`, a debt being negative: `-50,00`."""
    found = _decimal(value, _EUROS, 2)
    return _bad_money(value) if found is None else int(found.scaleb(2))


def percent(value: object) -> Decimal | Bad:
    """`1,5 %`, as 1.5; at most six decimals."""
    found = _decimal(value, _PERCENT, 6)
    if found is None or found.is_signed():
        return Bad(FieldReason.MALFORMED, "Écrivez le pourcentage comme 1,5.")
    return found


def integer(value: object) -> int | Bad:
    """A whole number, not negative; `36 mois` is 36."""
    found = _decimal(value, _MONTHS, 1)
    if found is None or found.is_signed() or found != found.to_integral_value():
        return Bad(FieldReason.MALFORMED, "Écrivez un nombre entier, en chiffres.")
    return int(found)


def boolean(value: object) -> bool | Bad:
    """`oui` or `non`, or a boolean of a spreadsheet."""
    written = str(value).strip().casefold()
    if written in _TRUE or written in _FALSE:
        return written in _TRUE
    return Bad(FieldReason.MALFORMED, "Écrivez « oui » ou « non ».")


def choice(labels: Mapping[Any, str]) -> Parse[Any]:
    """One of the French labels, whatever its case and accents; as its code."""
    by_fold = {french.fold(label): code for code, label in labels.items()}
    by_label = {label: code for code, label in labels.items()}

    def parse(value: object) -> Any:
        written = str(value)
        if written in by_label:
            return by_label[written]
        if (folded := french.fold(written)) in by_fold:
            return by_fold[folded]
        said = french.join([f"« {label} »" for label in labels.values()])
        return Bad(FieldReason.UNKNOWN_VALUE, f"Valeurs possibles : {said}.")

    return parse


def _bad_money(value: object = "") -> Bad:
    written = str(value).strip()
    if found := _TWO_READINGS.fullmatch(_EUROS.sub("", written).strip()):
        advice = f"écrivez {found[1]} {found[2]} si ce sont des milliers, sinon deux décimales au plus"
        return Bad(FieldReason.MALFORMED, f"« {written} » se lit de deux façons ; {advice}.")
    return Bad(FieldReason.MALFORMED, "Écrivez le montant comme 1 234,56, en euros : deux décimales au plus.")


def _decimal(value: object, unit: re.Pattern[str], places: int) -> Decimal | None:
    """An exact number of at most `places` written decimals; None for anything else, another unit included."""
    text = f"{value:f}" if isinstance(value, Decimal) else str(value).strip()
    written = unit.sub("", text).strip()
    found = _NUMBER.fullmatch(written)
    if found is None:
        return None
    whole, decimals = re.sub(_SPACES, "", found[2]), found[3] or ""
    if len(whole) > _MOST_DIGITS or len(decimals) > places:
        return None
    return Decimal(f"{'-' if found[1] else ''}{whole}.{decimals or '0'}")
