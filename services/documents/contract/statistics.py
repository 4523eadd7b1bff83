"""Publication of counts: small cells are not printed, nor what would let a reader compute them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.documents.contract.values import Money
from services.kit.french import euros, number, percent

Data = Mapping[str, Any]

_NOT_GIVEN = "non communiqué"


def published(report: Data, minimum: int) -> dict[str, Any]:
    """Key figures and tables as they may be printed, with a total where nothing is withheld."""
    return {
        "figures": [
            {"label": line["label"], "display": _figure(line, minimum)} for line in report["figures"]
        ],
        "tables": [_table(table, minimum) for table in report["tables"]],
        "withheld": f"moins de {minimum}",
    }


def withheld(counts: Sequence[int], minimum: int) -> frozenset[int]:
    """Ranks of the cells not to print: the small ones, and others until their sum tells nothing.

    Zero is printed: it tells nothing of anybody. A single hidden cell, or several that add up to less than
    the minimum, could be found from the total: the next smallest are hidden with them.
    """
    hidden = [rank for rank, count in enumerate(counts) if 0 < count < minimum]
    others = sorted((rank for rank, count in enumerate(counts) if count >= minimum), key=lambda r: counts[r])
    # Each turn withholds one cell more, the smallest left: the least that is lost for the reader.
    while hidden and others and (len(hidden) == 1 or sum(counts[rank] for rank in hidden) < minimum):
        hidden.append(others.pop(0))
    return frozenset(hidden)


def _table(table: Data, minimum: int) -> dict[str, Any]:
    rows = table["rows"]
    counts = [row["count"] for row in rows]
    hidden = withheld(counts, minimum)
    amounts = all("amount" in row for row in rows)
    printed = [_row(row, rank in hidden, minimum) for rank, row in enumerate(rows)]
    total = {"label": "Total", "count": _count(sum(counts), minimum)}
    total["amount"] = (
        euros(sum(row["amount"].cents for row in rows)) if amounts and not hidden else _NOT_GIVEN
    )
    return {
        "title": table["title"],
        "heading": table["heading"],
        "rows": printed,
        "total": total,
        "amounts": any("amount" in row for row in rows),
    }


def _row(row: Data, hidden: bool, minimum: int) -> dict[str, str]:
    amount: Money | None = None if hidden else row.get("amount")
    small = row["count"] < minimum
    count = _count(row["count"], minimum) if small or not hidden else _NOT_GIVEN
    return {
        "label": row["label"],
        "count": count,
        "amount": _NOT_GIVEN if amount is None else euros(amount.cents),
    }


def _count(count: int, minimum: int) -> str:
    return f"moins de {minimum}" if 0 < count < minimum else number(count)


def _figure(line: Data, minimum: int) -> str:
    if "amount" in line:
        return euros(line["amount"].cents)
    if "rate_pct" in line:
        return percent(line["rate_pct"], 1)
    return _count(line["count"], minimum) if "count" in line else _NOT_GIVEN
