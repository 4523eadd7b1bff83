"""Types and values of the language.

Money is in cents, percents are in percent (1.5 is 1.5 %), both exact: int or Fraction. None stands for a
value that is unknown or has no meaning (a division by zero, a fact that does not apply).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from fractions import Fraction
from types import MappingProxyType

Value = bool | int | Fraction | date | str | tuple[str, ...]
"""A known value; a tuple holds the codes of a list."""

Values = Mapping[str, Value | None]
"""Values by name; None is unknown or without meaning."""

NO_LABELS: Mapping[str, str] = MappingProxyType({})


class Kind(Enum):
    """What a value is; the words are those of the package files."""

    MONEY = "money"
    INTEGER = "integer"
    PERCENT = "percent"
    DATE = "date"
    BOOLEAN = "boolean"
    CODE = "code"
    CODES = "code_list"
    TEXT = "text"


def codes_of(value: Value | None) -> tuple[str, ...]:
    """The codes of a list; none when it is unknown."""
    return value if isinstance(value, tuple) else ()


NUMERIC = frozenset({Kind.MONEY, Kind.INTEGER, Kind.PERCENT})
ORDERED = NUMERIC | {Kind.DATE}

FRENCH_KINDS = {
    Kind.MONEY: "un montant",
    Kind.INTEGER: "un nombre entier",
    Kind.PERCENT: "un pourcentage",
    Kind.DATE: "une date",
    Kind.BOOLEAN: "un oui/non",
    Kind.CODE: "un code",
    Kind.CODES: "une liste de codes",
    Kind.TEXT: "un texte",
}


@dataclass(frozen=True)
class ValueType:
    """A kind and, for codes and texts, the name of the fact whose values they are, with their French
    labels."""

    kind: Kind
    of: str = ""
    labels: Mapping[str, str] = field(default_factory=lambda: NO_LABELS, compare=False)
    unit: str = field(default="", compare=False)


MONEY = ValueType(Kind.MONEY)
INTEGER = ValueType(Kind.INTEGER)
PERCENT = ValueType(Kind.PERCENT)
DATE = ValueType(Kind.DATE)
BOOLEAN = ValueType(Kind.BOOLEAN)
