"""Disclosure control: no set of printed numbers determines, or bounds, a count that is withheld."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.documents.contract.statistics import faults, published, withheld
from services.documents.contract.values import Money
from services.kit.french import percent

MINIMUM = 5
MOST = 45
SMALL, HIDDEN = "moins de 5", "non communiqué"


def report(rows: Sequence[int], numerator: int) -> dict[str, Any]:
    """Loans by category; those without an unpaid instalment, the others, the rate, the amounts of each."""
    total = sum(rows)
    counts = {"accordés": total, "sans impayé": numerator, "avec impayé": total - numerator}
    figures: list[dict[str, Any]] = [{"label": label, "count": count} for label, count in counts.items()]
    figures += [
        {"label": f"montant, {label}", "count": count, "amount": Money(100 * count)}
        for label, count in counts.items()
    ]
    if total:
        figures.append({"label": "taux", "numerator": numerator, "denominator": total})
    table = {
        "title": "t",
        "heading": "h",
        "rows": [{"label": str(rank), "count": count} for rank, count in enumerate(rows)],
    }
    return {"figures": figures, "tables": [table]}


def values(*printed: str) -> range:
    """What one number may be, from all the cells that print it."""
    exact = [int(text.replace("\u202f", "")) for text in printed if text not in (SMALL, HIDDEN)]
    if exact:
        return range(exact[0], exact[0] + 1)
    return range(1, MINIMUM) if SMALL in printed else range(MOST)


def possible(shown: dict[str, Any]) -> Iterator[tuple[int, ...]]:
    """Every world that prints this: rows, then the loans without and with an unpaid instalment."""
    told = {line["label"]: line["display"] for line in shown["figures"]}
    (table,) = shown["tables"]
    rows = [values(row["count"]) for row in table["rows"]]
    whole = values(told["accordés"], table["total"]["count"])
    parts = [values(told[name]) for name in ("sans impayé", "avec impayé")]
    sums: dict[int, list[tuple[int, ...]]] = {}
    *firsts, last = rows
    for first in itertools.product(*firsts):
        for one in last:
            sums.setdefault(sum(first) + one, []).append((*first, one))
    for good, bad in itertools.product(*parts):
        total = good + bad
        if total not in whole or total not in sums:
            continue
        rate = told.get("taux", HIDDEN)
        if rate == HIDDEN or rate == percent(Decimal(100 * good) / total, 1):
            yield from ((*world, good, bad) for world in sums[total])


@given(st.lists(st.integers(0, 12), min_size=1, max_size=3), st.data())
def test_every_value_of_a_withheld_count_stays_possible(rows: list[int], data: st.DataObject) -> None:
    numerator = data.draw(st.integers(0, sum(rows)))
    shown = published(report(rows, numerator), MINIMUM)
    truth = (*rows, numerator, sum(rows) - numerator)
    seen: list[set[int]] = [set() for _ in truth]
    for world in possible(shown):
        for found, value in zip(seen, world, strict=True):
            found.add(value)
    for true, found in zip(truth, seen, strict=True):
        assert true in found
        if 0 < true < MINIMUM:
            assert set(range(1, MINIMUM)) <= found


@pytest.mark.parametrize(
    ("rows", "numerator", "told"),
    [
        # 23 of 24: neither the rate, nor the 23, nor what the only loan is worth.
        ([14, 10], 23, {"taux": HIDDEN, "sans impayé": HIDDEN, "avec impayé": SMALL, "accordés": "24"}),
        ([14, 10], 24, {"taux": "100,0\u00a0%", "sans impayé": "24", "avec impayé": "0"}),
        ([14, 10], 14, {"taux": "58,3\u00a0%", "sans impayé": "14", "avec impayé": "10"}),
    ],
)
def test_a_rate_is_withheld_with_its_counts(rows: list[int], numerator: int, told: dict[str, str]) -> None:
    shown = {
        line["label"]: line["display"] for line in published(report(rows, numerator), MINIMUM)["figures"]
    }
    assert told.items() <= shown.items()
    assert (shown["montant, avec impayé"] == HIDDEN) == (told["avec impayé"] == SMALL)


def test_a_part_that_its_neighbour_bounds_is_not_enough() -> None:
    """14, 5, 1: the two last make 6, and a count that is not small is at least 5: the last would be 1."""
    assert withheld([14, 5, 1], MINIMUM).parts == {0, 1, 2}
    assert withheld([3, 3], MINIMUM).whole
    assert withheld([2, 1], MINIMUM).whole
    assert not withheld([3, 0], MINIMUM).whole


@pytest.mark.parametrize(
    ("figure", "field"),
    [
        ({"label": "a", "amount": Money(1)}, "figures[0]"),
        ({"label": "a"}, "figures[0]"),
        ({"label": "a", "numerator": 3}, "figures[0]"),
        ({"label": "a", "numerator": 3, "denominator": 2}, "figures[0].numerator"),
        ({"label": "a", "numerator": 0, "denominator": 0}, "figures[0].numerator"),
    ],
)
def test_a_figure_says_the_counts_it_comes_from(figure: dict[str, Any], field: str) -> None:
    assert [found.field for found in faults({"figures": [figure]}, "report")] == [f"report.{field}"]
