"""Disclosure control: no set of printed numbers determines, or bounds, a count that is withheld."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.documents.contract.disclosure import withheld
from services.documents.contract.report_charts import report_charts
from services.documents.contract.statistics import published
from services.documents.contract.statistics_checks import faults
from services.documents.contract.values import Money
from services.kit.french import euros, number, percent

MINIMUM = 5
MOST = 45
SMALL, HIDDEN = "moins de 5", "non communiqué"
LEAST_LENT, MOST_LENT = 300, 3000
"""What the règlement lends at least and at most, in cents here: a reader knows both."""

Report = dict[str, Any]


def lent(count: int, rank: int) -> Money:
    """What so many loans came to, within the bounds of each."""
    return Money(count * (LEAST_LENT + 700 * rank))


def report(rows: Sequence[int], numerator: int, *, year: int = 2026, linked: bool = True) -> Report:
    """Loans by category; those without an unpaid instalment, the others; the rate that says so, unless only
    their names do; the amounts of each."""
    total = sum(rows)
    counts = {"accordés": total, "sans impayé": numerator, "avec impayé": total - numerator}
    figures: list[Report] = [{"label": label, "count": count} for label, count in counts.items()]
    lines: list[Report] = [
        {"label": str(rank), "count": count, "amount": lent(count, rank)} for rank, count in enumerate(rows)
    ]
    whole = Money(sum(line["amount"].cents for line in lines))
    figures.append({"label": "montant, accordés", "count": total, "amount": whole})
    figures += [
        {"label": f"montant, {label}", "count": counts[label], "amount": lent(counts[label], 1)}
        for label in ("sans impayé", "avec impayé")
    ]
    if total and linked:
        figures.append({"label": "taux", "numerator": numerator, "denominator": total})
    table = {"title": "t", "heading": "h", "rows": lines}
    return {"year": year, "figures": figures, "tables": [table]}


def told(shown: Report, column: str) -> tuple[dict[str, str], list[str], str, list[str]]:
    """Of what is printed of a year: key figures; counts of the table, and their total; its amounts."""
    (table,) = shown["tables"]
    count, amount = ("count", "amount") if column == "display" else ("before", "amount_before")
    figures = {line["label"]: line[column] for line in shown["figures"]}
    return (
        figures,
        [row[count] for row in table["rows"]],
        table["total"][count],
        [row[amount] for row in table["rows"]],
    )


def values(*printed: str) -> range:
    """What one number may be, from all the cells that print it."""
    exact = [int(text.replace("\u202f", "")) for text in printed if text not in (SMALL, HIDDEN)]
    if exact:
        return range(exact[0], exact[0] + 1)
    return range(1, MINIMUM) if SMALL in printed else range(MOST)


def cents(text: str) -> int:
    """A printed amount."""
    return int("".join(filter(str.isdigit, text)))


def possible(figures: dict[str, str], counts: list[str], total: str, amounts: list[str]) -> Iterator[Any]:
    """Every world that prints this: rows, then the loans without and with an unpaid instalment."""
    whole = values(figures["accordés"], total)
    sums: dict[int, list[tuple[int, ...]]] = {}
    for world in itertools.product(*map(values, counts)):
        sums.setdefault(sum(world), []).append(world)
    printed = figures["montant, accordés"]
    for good, bad in itertools.product(*(values(figures[name]) for name in ("sans impayé", "avec impayé"))):
        if good + bad not in whole or good + bad not in sums:
            continue
        rate = figures.get("taux", HIDDEN)
        if rate == HIDDEN or rate == percent(Decimal(100 * good) / (good + bad), 1):
            for world in sums[good + bad]:
                if printed == HIDDEN or _lends(world, amounts, cents(printed)):
                    yield (*world, good, bad)


def _lends(world: Sequence[int], amounts: Sequence[str], total: int) -> bool:
    """Whether each loan may be within the bounds, the amounts that are printed being what they are."""
    left, most = total, 0
    for count, amount in zip(world, amounts, strict=True):
        if amount == HIDDEN:
            most += count
        else:
            left -= cents(amount)
    return most * LEAST_LENT <= left <= most * MOST_LENT


def check(truth: Sequence[int], shown: Report, column: str) -> None:
    """The truth is possible, and every value of each small count with it."""
    seen: list[set[int]] = [set() for _ in truth]
    for world in possible(*told(shown, column)):
        for found, value in zip(seen, world, strict=True):
            found.add(value)
    for true, found in zip(truth, seen, strict=True):
        assert true in found
        if 0 < true < MINIMUM:
            assert set(range(1, MINIMUM)) <= found


@st.composite
def years(draw: st.DrawFn) -> tuple[list[int], int]:
    """Loans by category in a year, and how many have no unpaid instalment."""
    rows = draw(st.lists(st.integers(0, 12), min_size=2, max_size=2))
    return rows, draw(st.integers(0, sum(rows)))


@given(years(), years(), st.booleans())
def test_every_value_of_a_withheld_count_stays_possible(
    now: tuple[list[int], int], before: tuple[list[int], int], linked: bool
) -> None:
    data = report(*now, linked=linked) | {"previous": report(*before, year=2025, linked=linked)}
    shown = published(data, MINIMUM).context()
    for (rows, numerator), column in ((now, "display"), (before, "before")):
        check((*rows, numerator, sum(rows) - numerator), shown, column)


@pytest.mark.more("énumère tous les mondes de trois lignes")
@given(st.lists(st.integers(0, 12), min_size=1, max_size=3), st.data())
def test_rows_that_others_bound_are_withheld(rows: list[int], data: st.DataObject) -> None:
    numerator = data.draw(st.integers(0, sum(rows)))
    shown = published(report(rows, numerator), MINIMUM).context()
    check((*rows, numerator, sum(rows) - numerator), shown, "display")


@given(years().filter(lambda now: any(now[0])), years().filter(lambda before: any(before[0])))
def test_a_year_printed_again_says_no_more(now: tuple[list[int], int], before: tuple[list[int], int]) -> None:
    """What the report of a year printed is what the next one prints beside its own."""
    earlier = report(*before, year=2025)
    again = published(report(*now) | {"previous": earlier}, MINIMUM).context()
    assert told(again, "before") == told(published(earlier, MINIMUM).context(), "display")


@given(years(), years())
def test_charts_show_what_is_printed_alone(now: tuple[list[int], int], before: tuple[list[int], int]) -> None:
    data = report(*now) | {"previous": report(*before, year=2025)}
    found = published(data, MINIMUM)
    shown = found.context()
    printed = {
        text
        for column in ("display", "before")
        for figures, counts, _, amounts in [told(shown, column)]
        for text in (*figures.values(), *counts, *amounts)
    }
    drawn = (
        value
        for chart in report_charts(found).values()
        for series in chart["series"].values()
        for value in series
    )
    for value in drawn:
        whole = {euros(value.cents)} if isinstance(value, Money) else {number(value), percent(value, 1)}
        assert whole & printed


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
        line["label"]: line["display"]
        for line in published(report(rows, numerator), MINIMUM).context()["figures"]
    }
    assert told.items() <= shown.items()
    assert (shown["montant, avec impayé"] == HIDDEN) == (told["avec impayé"] == SMALL)


def test_what_only_names_link_cannot_be_subtracted() -> None:
    """24 loans and 23 of them paid: no rate says that one is a part of the other."""
    figures = [{"label": label, "count": count} for label, count in (("a", 24), ("b", 23), ("c", 12))]
    shown = published({"year": 2026, "figures": figures, "tables": []}, MINIMUM).context()
    assert [line["display"] for line in shown["figures"]] == ["24", HIDDEN, "12"]


def test_letters_are_counted_and_withheld_as_the_rest() -> None:
    letters = {2026: {"Refus": 3, "Accusé": 40, "Relance": 12}, 2025: {"Refus": 9}}
    data = {
        "year": 2026,
        "figures": [],
        "tables": [],
        "previous": {"year": 2025, "figures": [], "tables": []},
    }
    (table,) = published(data, MINIMUM, letters.__getitem__).context()["tables"]
    assert table["origin"] == "lettres gardées par le service"
    assert [(row["label"], row["count"], row["before"]) for row in table["rows"]] == [
        ("Accusé", "40", "0"),
        ("Refus", SMALL, "9"),
        ("Relance", HIDDEN, "0"),
    ]
    assert not published(data, MINIMUM).context()["tables"]


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
        ({"label": "a", "count": 0, "amount": Money(1)}, "figures[0].amount"),
    ],
)
def test_a_figure_says_the_counts_it_comes_from(figure: Report, field: str) -> None:
    data = {"figures": [figure], "tables": []}
    assert [found.field for found in faults(data, "report")] == [f"report.{field}"]


def test_lines_are_told_apart_and_those_of_the_year_before_are_known() -> None:
    line, row = {"label": "a", "count": 1}, {"label": "r", "count": 1}
    table = {"title": "t", "heading": "h", "rows": [row]}
    earlier = {
        "year": 2024,
        "figures": [line | {"label": "b"}],
        "tables": [table | {"rows": [row | {"label": "s"}]}, table | {"title": "u"}],
    }
    data = {"year": 2026, "figures": [line, line], "tables": [table], "previous": earlier}
    assert [found.field for found in faults(data, "r")] == [
        "r.figures[1].label",
        "r.previous.year",
        "r.previous.figures[0].label",
        "r.previous.tables[1].title",
        "r.previous.tables[0].rows[0].label",
    ]
