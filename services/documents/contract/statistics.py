"""The aggregates of a year beside those of the year before, as they may be printed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from services.documents.contract.disclosure import near_wholes, secret_values, withheld
from services.documents.contract.values import Money
from services.kit.french import euros, number, percent

Data = Mapping[str, Any]
Letters = Callable[[int], Mapping[str, int]]
"""The letters kept in a year, by their title."""

DECISIONS, LETTERS = "DECISIONS", "LETTERS"
_ORIGINS = {DECISIONS: "journal des décisions", LETTERS: "lettres gardées par le service"}
LETTERS_TITLE = "Lettres gardées"
"""The table that the service counts itself."""
_DECLARED = "déclaré"


@dataclass(frozen=True)
class Cell:
    """What is printed of a number, and the number where it is printed; withheld, nothing holds it any
    more."""

    text: str = "non communiqué"
    value: Money | Decimal | None = None


NOT_GIVEN = Cell()


@dataclass(frozen=True)
class Row:
    """A line of a table, or its total."""

    count: Cell = NOT_GIVEN
    amount: Cell = NOT_GIVEN


@dataclass(frozen=True)
class Year:
    """What may be printed of one year, whatever the other one holds: it is what that year printed alone."""

    year: int
    figures: Mapping[str, Cell]
    tables: Mapping[str, tuple[Mapping[str, Row], Row]]


@dataclass(frozen=True)
class Statistics:
    """The report of a year: its data, and what may be printed of it and of the year before."""

    report: Data
    minimum: int
    now: Year
    before: Year | None

    def context(self) -> dict[str, Any]:
        """What a template prints."""
        return {
            "figures": [self._figure(line) for line in self.report["figures"]],
            "tables": [self._table(table) for table in self.report["tables"]],
            "withheld": f"moins de {self.minimum}",
            **({"before_year": self.before.year} if self.before else {}),
        }

    def earlier(self, label: str) -> Cell:
        """A key figure of the year before."""
        return self.before.figures.get(label, NOT_GIVEN) if self.before else NOT_GIVEN

    def earlier_rows(self, title: str) -> tuple[Mapping[str, Row], Row]:
        """The lines of a table of the year before, and its total."""
        return self.before.tables.get(title, ({}, Row())) if self.before else ({}, Row())

    def _figure(self, line: Data) -> dict[str, str]:
        label = line["label"]
        return {
            "label": label,
            "display": self.now.figures[label].text,
            "before": self.earlier(label).text,
            "origin": _origin(line),
        }

    def _table(self, table: Data) -> dict[str, Any]:
        rows, total = self.now.tables[table["title"]]
        earlier, earlier_total = self.earlier_rows(table["title"])
        return {
            "title": table["title"],
            "heading": table["heading"],
            "origin": _origin(table),
            "amounts": any("amount" in row for row in table["rows"]),
            "rows": [_shown(label, row, earlier.get(label, Row())) for label, row in rows.items()],
            "total": _shown("Total", total, earlier_total),
        }


def published(report: Data, minimum: int, letters: Letters = lambda year: {}) -> Statistics:
    """Key figures and tables as they may be printed, with a total where nothing is withheld; each year by
    itself, so that printing one again tells no more of it."""
    earlier = report.get("previous")
    given: list[Data] = [report, *([earlier] if earlier else [])]
    counted = [letters(one["year"]) for one in given]
    titles = sorted({title for found in counted for title in found})
    whole = [
        _with_letters(one, {title: found.get(title, 0) for title in titles})
        for one, found in zip(given, counted, strict=True)
    ]
    years = [_year(one, minimum) for one in whole]
    return Statistics(whole[0], minimum, years[0], years[1] if earlier else None)


def _with_letters(report: Data, letters: Mapping[str, int]) -> Data:
    if not letters:
        return report
    rows = [{"label": title, "count": count} for title, count in letters.items()]
    table = {"title": LETTERS_TITLE, "heading": "Lettre", "source": LETTERS, "rows": rows}
    return {**report, "tables": [*report["tables"], table]}


def _year(report: Data, minimum: int) -> Year:
    tables = [[row["count"] for row in table["rows"]] for table in report["tables"]]
    rates = [_parts(line) for line in report["figures"] if "denominator" in line]
    named = ("count", "numerator", "denominator")
    alone = {line[name] for line in report["figures"] for name in named if name in line}
    secret = secret_values([*tables, *rates, *near_wholes(alone, minimum, rates)], minimum)
    return Year(
        report["year"],
        {line["label"]: _figure(line, minimum, secret) for line in report["figures"]},
        {table["title"]: _table(table, minimum, secret) for table in report["tables"]},
    )


def _origin(given: Data) -> str:
    return _ORIGINS.get(given.get("source", ""), _DECLARED)


def _parts(line: Data) -> list[int]:
    return [line["numerator"], line["denominator"] - line["numerator"]]


def _counts(line: Data) -> list[int]:
    """The counts that a key figure comes from."""
    return [*_parts(line), line["denominator"]] if "denominator" in line else [line["count"]]


def _table(table: Data, minimum: int, secret: Collection[int]) -> tuple[Mapping[str, Row], Row]:
    rows = table["rows"]
    hidden = withheld([row["count"] for row in rows], minimum, secret)
    shown = {row["label"]: _row(row, rank in hidden.parts, minimum, secret) for rank, row in enumerate(rows)}
    whole = NOT_GIVEN if hidden.whole else _count(sum(row["count"] for row in rows), minimum)
    if hidden.parts or not all("amount" in row for row in rows):
        return shown, Row(whole)
    return shown, Row(whole, _amount(Money(sum(row["amount"].cents for row in rows))))


def _row(row: Data, hidden: bool, minimum: int, secret: Collection[int]) -> Row:
    small = row["count"] < minimum and row["count"] not in secret
    count = _count(row["count"], minimum) if small or not hidden else NOT_GIVEN
    return Row(count, NOT_GIVEN if hidden or "amount" not in row else _amount(row["amount"]))


def _count(count: int, minimum: int) -> Cell:
    return Cell(f"moins de {minimum}") if 0 < count < minimum else Cell(number(count), Decimal(count))


def _amount(amount: Money) -> Cell:
    return Cell(euros(amount.cents), amount)


def _figure(line: Data, minimum: int, secret: Collection[int]) -> Cell:
    """A key figure, withheld with one of the counts it comes from."""
    counts = _counts(line)
    if any(count in secret for count in counts):
        return NOT_GIVEN
    if "denominator" not in line and "amount" not in line:
        return _count(line["count"], minimum)
    if any(0 < count < minimum for count in counts):
        return NOT_GIVEN
    if "amount" in line:
        return _amount(line["amount"])
    rate = (Decimal(100 * line["numerator"]) / line["denominator"]).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return Cell(percent(rate, 1), rate)


def _shown(label: str, row: Row, before: Row) -> dict[str, str]:
    return {
        "label": label,
        "count": row.count.text,
        "amount": row.amount.text,
        "before": before.count.text,
        "amount_before": before.amount.text,
    }
