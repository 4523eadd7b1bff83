"""The pure functions of the language: their parameters, their result, their meaning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from services.eligibility.loan import constant_instalment, half_up
from services.eligibility.package.language.types import DATE, INTEGER, MONEY, PERCENT, Kind, Value, ValueType
from services.kit.dates import add_months, age_on


@dataclass(frozen=True)
class Function:
    """A function; `result` is None when it has the type of the first argument."""

    parameters: tuple[Kind, ...]
    result: ValueType | None
    body: Callable[..., Value | None]


def _age(birth: date, day: date) -> int | None:
    return age_on(birth, day) if birth <= day else None


def _later(day: date, months: int) -> date | None:
    try:
        return add_months(day, months)
    except (ValueError, OverflowError):
        return None


def _instalment(amount: Fraction | int, months: int, rate: Fraction | int) -> int | None:
    if amount < 0 or months < 1 or rate < 0:
        return None
    return constant_instalment(amount, months, rate)


def _share(part: Fraction | int, whole: Fraction | int) -> Fraction | None:
    return None if whole == 0 else Fraction(part) * 100 / Fraction(whole)


def _missing_items(required: tuple[str, ...], supplied: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(code for code in required if code not in supplied)


FUNCTIONS = {
    "age": Function((Kind.DATE, Kind.DATE), INTEGER, _age),
    "add_months": Function((Kind.DATE, Kind.INTEGER), DATE, _later),
    "instalment": Function((Kind.MONEY, Kind.INTEGER, Kind.PERCENT), MONEY, _instalment),
    "share_pct": Function((Kind.MONEY, Kind.MONEY), PERCENT, _share),
    "missing_items": Function((Kind.CODES, Kind.CODES), None, _missing_items),
    "count": Function((Kind.CODES,), INTEGER, len),
    "round_cents": Function((Kind.MONEY,), MONEY, half_up),
}
"""By name. A function gives None where its result has no meaning; it is not called when an argument is
unknown."""
