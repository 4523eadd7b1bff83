"""From the text of a package file to a typed value; the French sentence says what was expected."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from fractions import Fraction

from services.eligibility.package.language.types import Kind, Value

_MONEY = re.compile(r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{2})?")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,11})")
_PERCENT = re.compile(r"-?(0|[1-9][0-9]{0,5})(\.[0-9]{1,6})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class LiteralError(ValueError):
    """The text is not of the expected type; its message is French."""


def parse_literal(kind: Kind, text: str) -> Value:
    """The value of a text; for a code or a text, itself."""
    parser = _PARSERS.get(kind)
    return parser(text) if parser else text


def parse_date(text: str) -> date:
    """2026-12-01."""
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise LiteralError(f"La date « {text} » n’existe pas.") from None
    raise LiteralError(f"Une date s’écrit année-mois-jour (2026-12-01), et non « {text} ».")


def parse_boolean(text: str) -> bool:
    """true or false."""
    if text not in ("true", "false"):
        raise LiteralError(f"Un oui/non s’écrit true ou false, et non « {text} ».")
    return text == "true"


def _money(text: str) -> int:
    if not _MONEY.fullmatch(text):
        raise LiteralError(
            f"Un montant s’écrit avec un point et deux décimales (3000.00), et non « {text} »."
        )
    return int(Fraction(text) * 100)


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise LiteralError(f"Un nombre entier est attendu, et non « {text} ».")
    return int(text)


def _percent(text: str) -> Fraction:
    if not _PERCENT.fullmatch(text):
        raise LiteralError(
            f"Un pourcentage s’écrit avec un point et six décimales au plus (1.5), et non « {text} »."
        )
    return Fraction(text)


_PARSERS: dict[Kind, Callable[[str], Value]] = {
    Kind.MONEY: _money,
    Kind.INTEGER: _integer,
    Kind.PERCENT: _percent,
    Kind.DATE: parse_date,
    Kind.BOOLEAN: parse_boolean,
}
