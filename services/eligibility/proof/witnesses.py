"""An application that shows something, in French and as the files of a package write it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from services.eligibility.package import Kind, RulePackage, Value, Values, ValueType, display
from services.kit.french import join

_MAX_SHOWN = 8


def witness_words(package: RulePackage, witness: Values) -> str:
    """The witness in French, by what it changes of the base case."""
    changed = [
        f"« {package.labels[name]} » {display(value, package.scope[name])}"
        for name, value in witness.items()
        if value != package.base.get(name)
    ]
    more = f" et {len(changed) - _MAX_SHOWN} autres faits" if len(changed) > _MAX_SHOWN else ""
    return (
        f"la demande du cas de base où {join(changed[:_MAX_SHOWN])}{more}"
        if changed
        else "la demande du cas de base"
    )


def written_value(value: Value, type_: ValueType) -> str:
    """As the files of a package write it."""
    match value:
        case bool():
            return str(value).lower()
        case tuple():
            return f"[{', '.join(value)}]"
        case int() | Fraction() if type_.kind is Kind.MONEY:  # a figure that is calculated is a fraction
            cents = abs(round(value))
            return f"{'-' * (value < 0)}{cents // 100}.{cents % 100:02d}"
        case Fraction():
            return f"{Decimal(value.numerator) / Decimal(value.denominator):f}"
    return str(value)
