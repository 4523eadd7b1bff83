"""Values that the rules computed, compared with the loan, the budget, and what the reasons say of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from services.documents.contract.values import Money
from services.kit.errors import FieldReason, Violation
from services.kit.french import fold

Data = Mapping[str, Any]

_VALUES = ("amount", "rate_pct", "number", "display")
_REMAINDERS = {
    "living_remainder": "living_remainder_after",
    "living_remainder_after": "living_remainder_after",
    "living_remainder_before": "living_remainder_before",
}
_DEBT_RATIO = "debt_ratio_pct"
_CENT = Decimal("0.01")
_WRITTEN = re.compile(r"([-−]?)(\d[\d\s]*)(?:,(\d+))?\s?[€%]")
_NOT_A_DIGIT = re.compile(r"\D")


def violations(data: Data, root: str) -> Iterator[Violation]:
    """Figures and comparisons of the assessment that contradict the file, each at the field to correct."""
    assessment = data.get("assessment", {})
    figures = assessment.get("figures", ())
    known = _known(data)
    for rank, figure in enumerate(figures):
        yield from _figure(figure, known, f"{root}.assessment.figures[{rank}]")
    valued = [(figure, value) for figure in figures if (value := _value(figure)) is not None]
    named = known | {figure["name"]: value for figure, value in valued}
    labelled = {figure["label"]: value for figure, value in valued}
    for rank, reason in enumerate(assessment.get("reasons", ())):
        for place, one in enumerate(reason["comparisons"]):
            expected = _expected(one, named, labelled)
            if expected is not None and not _agree(_read(one["display"]), expected):
                where = f"{root}.assessment.reasons[{rank}].comparisons[{place}].display"
                sentence = "Cette valeur diffère de celle que donnent les calculs, le prêt ou le budget."
                yield Violation(where, FieldReason.INCONSISTENT, sentence)


def _expected(one: Data, named: Mapping[str, Decimal], labelled: Mapping[str, Decimal]) -> Decimal | None:
    """What the value of a comparison must be: that of its name, else of its label, in capitals or not."""
    if "name" in one:
        return named.get(one["name"])
    label: str = one["label"]
    if label in labelled:
        return labelled[label]
    return {fold(known): value for known, value in labelled.items()}.get(fold(label))


def _known(data: Data) -> dict[str, Decimal]:
    """What the loan and the budget say of the values that the rules name."""
    loan, totals = data.get("loan", {}), data.get("budget", {}).get("totals", {})
    amounts = dict(loan) | {mine: totals[theirs] for mine, theirs in _REMAINDERS.items() if theirs in totals}
    known = {name: _euros(value) for name, value in amounts.items() if isinstance(value, Money)}
    income = totals.get("income", Money(0)).cents
    if income and "credit_instalments" in totals and loan:
        burden = totals["credit_instalments"].cents + loan["instalment"].cents
        known[_DEBT_RATIO] = Decimal(100 * burden) / income
    return known


def _figure(figure: Data, known: Mapping[str, Decimal], path: str) -> Iterator[Violation]:
    """A figure of the rules has one value, typed, and that of the loan or of the budget of the same name."""
    given = [name for name in _VALUES if name in figure]
    if len(given) != 1:
        sentence = "Donnez une valeur et une seule : amount, rate_pct, number ou display."
        yield Violation(path, FieldReason.INCONSISTENT, sentence)
    if {"€", "%"} & set(figure.get("display", "")):
        sentence = "Un montant se donne dans amount, un taux dans rate_pct."
        yield Violation(f"{path}.display", FieldReason.WRONG_TYPE, sentence)
    expected = known.get(figure["name"])
    kind = "rate_pct" if figure["name"] == _DEBT_RATIO else "amount"
    if given and expected is not None and not (kind in figure and _agree(_value(figure), expected)):
        sentence = "Cette valeur calculée diffère de celle que donnent le prêt et le budget."
        yield Violation(f"{path}.{given[0]}", FieldReason.INCONSISTENT, sentence)


def _value(figure: Data) -> Decimal | None:
    if "amount" in figure:
        return _euros(figure["amount"])
    rate: Decimal | None = figure.get("rate_pct")
    return rate


def _agree(found: Decimal | None, expected: Decimal) -> bool:
    """The same to the hundredth, as a letter prints it."""
    return found is not None and (found == expected or _rounded(found) == _rounded(expected))


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP)


def _euros(amount: Money) -> Decimal:
    return amount.cents * _CENT


def _read(display: str) -> Decimal | None:
    """The amount or the rate that a text writes."""
    found = _WRITTEN.fullmatch(display.strip())
    if found is None:
        return None
    sign, whole, decimals = found.groups()
    value = Decimal(f"{_NOT_A_DIGIT.sub('', whole)}.{decimals or 0}")
    return -value if sign else value
