"""What the aggregates of a report must be: counts behind each figure, lines told apart, the year before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.documents.contract.statistics import LETTERS_TITLE
from services.kit.errors import FieldReason, Violation

Data = Mapping[str, Any]


def faults(report: Data, root: str) -> Iterator[Violation]:
    """Figures without the count that they come from, lines that cannot be told apart or compared."""
    yield from _year(report, root)
    if earlier := report.get("previous"):
        yield from _year(earlier, f"{root}.previous")
        yield from _compared(report, earlier, f"{root}.previous")


def _year(report: Data, root: str) -> Iterator[Violation]:
    yield from _twice(report["figures"], "label", f"{root}.figures")
    yield from _twice(report["tables"], "title", f"{root}.tables")
    for rank, line in enumerate(report["figures"]):
        yield from _figure(line, f"{root}.figures[{rank}]")
    for rank, table in enumerate(report["tables"]):
        if table["title"] == LETTERS_TITLE:
            sentence = "Le service compte lui-même ce tableau : retirez-le, ou nommez-le autrement."
            yield Violation(f"{root}.tables[{rank}].title", FieldReason.INCONSISTENT, sentence)
        yield from _twice(table["rows"], "label", f"{root}.tables[{rank}].rows")
        for place, row in enumerate(table["rows"]):
            yield from _amount(row, f"{root}.tables[{rank}].rows[{place}]")


def _figure(line: Data, field: str) -> Iterator[Violation]:
    given = {"count", "amount", "numerator", "denominator"} & line.keys()
    if given not in ({"count"}, {"count", "amount"}, {"numerator", "denominator"}):
        sentence = (
            "Donnez un effectif (count), un montant et l’effectif dont il vient (amount, count), ou un taux "
            "par ses deux effectifs (numerator, denominator)."
        )
        yield Violation(field, FieldReason.INCONSISTENT, sentence)
    elif "denominator" in given and not line["numerator"] <= line["denominator"] > 0:
        sentence = "Le numérateur d’un taux ne dépasse pas son dénominateur, qui n’est pas nul."
        yield Violation(f"{field}.numerator", FieldReason.OUT_OF_RANGE, sentence)
    else:
        yield from _amount(line, field)


def _amount(line: Data, field: str) -> Iterator[Violation]:
    if "amount" in line and line.get("count") == 0 and line["amount"].cents:
        sentence = "Un montant ne vient pas d’un effectif nul : corrigez l’un ou l’autre."
        yield Violation(f"{field}.amount", FieldReason.INCONSISTENT, sentence)


def _twice(lines: Sequence[Data], name: str, field: str) -> Iterator[Violation]:
    seen: set[str] = set()
    for rank, line in enumerate(lines):
        if line[name] in seen:
            yield Violation(
                f"{field}[{rank}].{name}",
                FieldReason.INCONSISTENT,
                "Ce nom est déjà celui d’une autre ligne.",
            )
        seen.add(line[name])


def _compared(report: Data, earlier: Data, root: str) -> Iterator[Violation]:
    """The year before has no line that this year has not: its totals are those of what is printed."""
    if earlier["year"] != report["year"] - 1:
        sentence = "L’année précédente est celle qui vient juste avant l’année du rapport."
        yield Violation(f"{root}.year", FieldReason.INCONSISTENT, sentence)
    yield from _unknown(earlier["figures"], report["figures"], "label", f"{root}.figures")
    yield from _unknown(earlier["tables"], report["tables"], "title", f"{root}.tables")
    tables = {table["title"]: table for table in report["tables"]}
    for rank, table in enumerate(earlier["tables"]):
        if table["title"] in tables:
            rows = tables[table["title"]]["rows"]
            yield from _unknown(table["rows"], rows, "label", f"{root}.tables[{rank}].rows")


def _unknown(lines: Sequence[Data], known: Sequence[Data], name: str, field: str) -> Iterator[Violation]:
    names = {line[name] for line in known}
    for rank, line in enumerate(lines):
        if line[name] not in names:
            sentence = "Cette ligne n’est pas dans l’année du rapport : ajoutez-la, à zéro s’il le faut."
            yield Violation(f"{field}[{rank}].{name}", FieldReason.INCONSISTENT, sentence)
