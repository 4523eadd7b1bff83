"""Values as a French reader writes them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from services.eligibility.language.types import Kind, Value, ValueType
from services.eligibility.rounding import decimal_half_up, exact_decimal
from services.kit import french

MOST_DECIMALS = 6
UNKNOWN = "inconnu"
NOTHING = "aucun élément"


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


def display_rounded(value: Value, type_: ValueType) -> str:
    """The same with two decimals for amounts and percents, rounded half-up."""
    if isinstance(value, int | Fraction) and not isinstance(value, bool) and type_.kind is not Kind.INTEGER:
        places = 0 if type_.kind is Kind.MONEY else 2
        return display(Fraction(decimal_half_up(value, places)), type_)
    return display(value, type_)


def _number(value: int | Fraction, type_: ValueType) -> str:
    match type_.kind:
        case Kind.MONEY:
            return f"{french.number(_shown(Fraction(value) / 100))}\u00a0€"
        case Kind.PERCENT:
            return f"{french.number(_shown(value))}\u00a0%"
    if type_.unit:
        return french.plural(int(value), type_.unit, type_.unit if type_.unit[-1] in "sx" else None)
    return french.number(int(value))


def _shown(value: int | Fraction) -> Decimal:
    """At least two decimals; all of them up to six, rounded beyond."""
    exact = exact_decimal(value, MOST_DECIMALS)
    shown = decimal_half_up(value, MOST_DECIMALS) if exact is None else exact
    return shown if -int(shown.as_tuple().exponent) >= 2 else shown.quantize(Decimal("0.01"))
