"""Values as a French reader writes them."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from services.eligibility.loan import decimal_half_up, shown_decimal
from services.eligibility.package.tree import Kind, Value, ValueType
from services.kit import french

UNKNOWN = "inconnu"
NOT_APPLICABLE = "sans objet"
NOTHING = "néant"


def display(value: Value | None, type_: ValueType) -> str:
    """A value exact to six decimals, with its unit or its label; « inconnu » for none."""
    match value:
        case None:
            return UNKNOWN
        case bool():
            return "oui" if value else "non"
        case str():
            return type_.labels.get(value, value)
        case tuple():
            return french.join([type_.labels.get(code, code) for code in value]) or NOTHING
        case date():
            return french.long_date(value)
    return _number(value, type_)


def rounded(value: Value, type_: ValueType) -> Value:
    """An amount rounded half-up to the cent, a percent to two decimals; anything else as it is."""
    if isinstance(value, int | Fraction) and type_.kind in (Kind.MONEY, Kind.PERCENT):
        return Fraction(decimal_half_up(value, 0 if type_.kind is Kind.MONEY else 2))
    return value


def _number(value: int | Fraction, type_: ValueType) -> str:
    match type_.kind:
        case Kind.MONEY:
            return f"{french.number(shown_decimal(Fraction(value) / 100))}{french.NO_BREAK_SPACE}€"
        case Kind.PERCENT:
            return f"{french.number(shown_decimal(value))}{french.NO_BREAK_SPACE}%"
    if type_.unit:
        return french.plural(int(value), type_.unit, type_.unit if type_.unit[-1] in "sx" else None)
    return french.number(int(value))
