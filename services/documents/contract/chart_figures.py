"""What the native charts show: numbers of their caches, and the words that stand for each chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from services.documents.contract.report_charts import REPORT_SERIES
from services.documents.contract.values import Money
from services.kit.french import euros, join, months, short_date, signed, spaced

Data = Mapping[str, Any]

BUDGET_CATEGORIES = ("Avant le prêt", "Après le prêt")
"""The two groups of bars of the chart of the budget."""
BUDGET_SERIES = {
    "Charges": "expenses",
    "Crédits": "credit_instalments",
    "Dettes": "debt_repayments",
    "Microcrédit": "loan",
    "Reste à vivre": "remainder",
}
"""What each series of the chart of the budget shows, by its title."""

BALANCE_SERIES = "Capital restant dû"
"""The title of the only series of the chart of what is left to repay."""
SERIES = {"budget": tuple(BUDGET_SERIES), "balance": (BALANCE_SERIES,), **REPORT_SERIES}
"""The titles that the series of each chart may have."""

_CHARGES = {"expenses": "charges", "credit_instalments": "crédits", "debt_repayments": "dettes"}
_STEPS = ((12, 1), (18, 3), (inf, 6))
"""Up to so many months, one label every so many months: LibreOffice leaves none out by itself."""

_BEFORE, _AFTER = "living_remainder_before", "living_remainder_after"


def charts(data: Data) -> dict[str, Any]:
    """The charts whose figures are all known: `budget`, `balance`."""
    found = {}
    budget = _budget(data.get("budget", {}).get("totals", {}), data.get("loan", {}).get("instalment"))
    if budget is not None:
        found["budget"] = budget
    if schedule := data.get("loan", {}).get("schedule"):
        found["balance"] = _balance(data["loan"]["amount"], schedule)
    return found


def _budget(totals: Data, instalment: Money | None) -> dict[str, Any] | None:
    if instalment is None or not {*_CHARGES, _BEFORE, _AFTER} <= totals.keys():
        return None
    charges = {name: totals[name] for name in _CHARGES}
    before = {**charges, "loan": Money(0), "remainder": totals[_BEFORE]}
    after = {**charges, "loan": instalment, "remainder": totals[_AFTER]}
    common = [f"{label} {euros(charges[name].cents)}" for name, label in _CHARGES.items()]
    alt = (
        f"Graphique en barres du budget mensuel. Avant le prêt : {join(common)}, reste à vivre "
        f"{euros(totals[_BEFORE].cents)}. Après le prêt : les mêmes montants, la mensualité du "
        f"microcrédit "
        f"{euros(instalment.cents)}, reste à vivre {euros(totals[_AFTER].cents)}."
    )
    series = {title: [before[name], after[name]] for title, name in BUDGET_SERIES.items()}
    return {"alt": signed(spaced(alt)), "categories": BUDGET_CATEGORIES, "series": series}


def _balance(amount: Money, schedule: Sequence[Data]) -> dict[str, Any]:
    step = next(step for most, step in _STEPS if len(schedule) <= most)
    numbers = [0, *(line["number"] for line in schedule)]
    categories = [str(number) if number % step == 0 else "" for number in numbers]
    series = {BALANCE_SERIES: [amount, *(line["balance"] for line in schedule)]}
    last = schedule[-1]
    when = f", le {short_date(last['due_date'])}" if "due_date" in last else ""
    alt = (
        f"Graphique en aires du capital restant dû : {euros(amount.cents)} au départ, puis une baisse "
        f"régulière jusqu’à {euros(last['balance'].cents)} après {months(len(schedule))}{when}."
    )
    return {"alt": spaced(alt), "categories": categories, "series": series}
