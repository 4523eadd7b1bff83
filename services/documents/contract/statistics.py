"""Publication of counts: small ones are not printed, nor what would let a reader compute or bound them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.documents.contract.values import Money
from services.kit.errors import FieldReason, Violation
from services.kit.french import euros, number, percent

Data = Mapping[str, Any]

_NOT_GIVEN = "non communiqué"


@dataclass(frozen=True)
class Withheld:
    """What a whole and its parts may not print: ranks of parts, and the whole itself."""

    parts: frozenset[int]
    whole: bool


def published(report: Data, minimum: int) -> dict[str, Any]:
    """Key figures and tables as they may be printed, with a total where nothing is withheld."""
    tables = [[row["count"] for row in table["rows"]] for table in report["tables"]]
    rates = [_parts(line) for line in report["figures"] if "denominator" in line]
    secret = _secret([*tables, *rates], minimum)
    return {
        "figures": [
            {"label": line["label"], "display": _figure(line, minimum, secret)} for line in report["figures"]
        ],
        "tables": [_table(table, minimum, secret) for table in report["tables"]],
        "withheld": f"moins de {minimum}",
    }


def faults(report: Data, root: str) -> Iterator[Violation]:
    """Figures without the count that they come from, or with one that cannot be."""
    for rank, line in enumerate(report["figures"]):
        given = {"count", "amount", "numerator", "denominator"} & line.keys()
        if given not in ({"count"}, {"count", "amount"}, {"numerator", "denominator"}):
            sentence = (
                "Donnez un effectif (count), un montant et l’effectif dont il vient (amount, count), ou "
                "un taux "
                "par ses deux effectifs (numerator, denominator)."
            )
            yield Violation(f"{root}.figures[{rank}]", FieldReason.INCONSISTENT, sentence)
        elif "denominator" in given and not line["numerator"] <= line["denominator"] > 0:
            sentence = "Le numérateur d’un taux ne dépasse pas son dénominateur, qui n’est pas nul."
            yield Violation(f"{root}.figures[{rank}].numerator", FieldReason.OUT_OF_RANGE, sentence)


def withheld(
    counts: Sequence[int], minimum: int, secret: Collection[int] = (), *, whole: bool = False
) -> Withheld:
    """What not to print of a whole and its parts, some values being secret, and maybe the whole.

    Zero is printed: it tells nothing of anybody. Every value from 1 to the minimum - 1 must stay possible for
    each small part, given what is printed: the next smallest parts are hidden until it is so, then the whole.
    """
    total = sum(counts)
    small = {rank for rank, count in enumerate(counts) if 0 < count < minimum}
    hidden = small | {rank for rank, count in enumerate(counts) if count and count in secret}
    others = sorted(set(range(len(counts))) - hidden, key=lambda rank: counts[rank])
    others = [rank for rank in others if counts[rank]]
    if whole or total in secret:
        return Withheld(frozenset([*hidden, *others]), True)
    while hidden and not _possible(counts, hidden, small, minimum):
        if not others:
            # The parts of a small whole bound each other: « fewer than 5 » in all leaves no 4 beside another.
            return Withheld(frozenset(hidden), total > 0)
        hidden.add(others.pop(0))
    return Withheld(frozenset(hidden), False)


def _possible(counts: Sequence[int], hidden: set[int], small: set[int], minimum: int) -> bool:
    """Whether each small part may have every value, the sum of the hidden ones being known."""
    if hidden == small and len(small) == 1 and sum(counts) < minimum:
        return True  # the whole is that part, and is printed as small
    if not small:
        return len(hidden) > 1
    rest = len(small) - 1
    known = sum(counts[rank] for rank in hidden)
    large = len(hidden) - len(small)
    least = rest + large * minimum
    most = known if large else rest * (minimum - 1)
    return all(least <= known - value <= most for value in range(1, minimum))


def _parts(line: Data) -> list[int]:
    return [line["numerator"], line["denominator"] - line["numerator"]]


def _secret(wholes: Sequence[Sequence[int]], minimum: int) -> frozenset[int]:
    """The values that may be printed nowhere: a value that a table hides may be a key figure by its side.

    A value alone tells what a figure is: two that are equal by chance are hidden together.
    """
    secret: frozenset[int] = frozenset()
    while True:
        found = set(secret)
        for counts in wholes:
            hidden = withheld(counts, minimum, secret)
            # « Moins de 5 » beside each part of a hidden whole would bound it: they are as silent as it is.
            found |= {counts[rank] for rank in hidden.parts if counts[rank] >= minimum or hidden.whole}
            found |= {sum(counts)} if hidden.whole else set()
        if found == secret:
            return secret
        secret = frozenset(found)


def _table(table: Data, minimum: int, secret: Collection[int]) -> dict[str, Any]:
    rows = table["rows"]
    counts = [row["count"] for row in rows]
    hidden = withheld(counts, minimum, secret)
    amounts = all("amount" in row for row in rows)
    printed = [_row(row, rank in hidden.parts, minimum, secret) for rank, row in enumerate(rows)]
    told = _NOT_GIVEN if hidden.whole else _count(sum(counts), minimum)
    total = {"label": "Total", "count": told}
    total["amount"] = (
        euros(sum(row["amount"].cents for row in rows)) if amounts and not hidden.parts else _NOT_GIVEN
    )
    return {
        "title": table["title"],
        "heading": table["heading"],
        "rows": printed,
        "total": total,
        "amounts": any("amount" in row for row in rows),
    }


def _row(row: Data, hidden: bool, minimum: int, secret: Collection[int]) -> dict[str, str]:
    amount: Money | None = None if hidden else row.get("amount")
    small = row["count"] < minimum and row["count"] not in secret
    count = _count(row["count"], minimum) if small or not hidden else _NOT_GIVEN
    return {
        "label": row["label"],
        "count": count,
        "amount": _NOT_GIVEN if amount is None else euros(amount.cents),
    }


def _count(count: int, minimum: int) -> str:
    return f"moins de {minimum}" if 0 < count < minimum else number(count)


def _figure(line: Data, minimum: int, secret: Collection[int]) -> str:
    """A figure, or what says that it is withheld with one of the counts it comes from."""
    rate = "denominator" in line
    counts = [*_parts(line), line["denominator"]] if rate else [line["count"]]
    if any(count in secret for count in counts):
        return _NOT_GIVEN
    if not rate and "amount" not in line:
        return _count(line["count"], minimum)
    if any(0 < count < minimum for count in counts):
        return _NOT_GIVEN
    if rate:
        return percent(Decimal(100 * line["numerator"]) / line["denominator"], 1)
    return euros(line["amount"].cents)
