"""Amounts that must agree: budget, loan, schedule, and the figures that the rules computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.documents.contract import computed
from services.documents.contract.values import Money, NotAsked
from services.kit.errors import FieldReason, Violation

Data = Mapping[str, Any]

_TOTALS = (
    ("income", "incomes", "amount"),
    ("expenses", "expenses", "amount"),
    ("credit_instalments", "credits", "instalment"),
    ("debt_repayments", "debts", "repayment"),
)


def violations(data: Data, root: str) -> Iterator[Violation]:
    """The amounts of a file that do not agree, each at the field to correct."""
    if "budget" in data:
        yield from _totals(data["budget"], f"{root}.budget")
        yield from _living_remainder(data["budget"]["totals"], data.get("loan"), f"{root}.budget.totals")
    if data.get("loan", {}).get("schedule"):
        yield from _schedule(data["loan"], f"{root}.loan")
    yield from computed.violations(data, root)


def _totals(budget: Data, path: str) -> Iterator[Violation]:
    totals = budget["totals"]
    for total, lines, amount in _TOTALS:
        asked = not isinstance(budget[lines], NotAsked)
        known = [line[amount] for line in budget[lines] if amount in line]
        if asked and total in totals and len(known) == len(budget[lines]):
            yield from _equal(totals[total], _sum(known), f"{path}.totals.{total}", "la somme des lignes")


def _living_remainder(totals: Data, loan: Data | None, path: str) -> Iterator[Violation]:
    parts = [totals.get(name) for name, _, _ in _TOTALS]
    before, after = totals.get("living_remainder_before"), totals.get("living_remainder_after")
    if before is not None and None not in parts:
        income, *charges = (part.cents for part in parts if part is not None)
        expected = Money(income - sum(charges))
        yield from _equal(
            before, expected, f"{path}.living_remainder_before", "ressources moins charges, crédits et dettes"
        )
    if before is not None and after is not None and loan is not None:
        expected = Money(before.cents - loan["instalment"].cents)
        where = f"{path}.living_remainder_after"
        yield from _equal(after, expected, where, "le reste à vivre avant le prêt moins la mensualité")


def _schedule(loan: Data, path: str) -> Iterator[Violation]:
    lines: Sequence[Data] = loan["schedule"]
    if [line["number"] for line in lines] != list(range(1, len(lines) + 1)):
        yield Violation(
            f"{path}.schedule", FieldReason.INCONSISTENT, "Les mensualités se numérotent 1, 2, 3… sans trou."
        )
    if len(lines) > loan["months"]:
        yield Violation(
            f"{path}.schedule", FieldReason.TOO_MANY, "L’échéancier a plus de lignes que de mensualités."
        )
    balance = loan["amount"].cents
    # Compared in cents: a schedule has most of the amounts of a file.
    for index, line in enumerate(lines):
        principal = line["principal"].cents
        balance -= principal
        if line["payment"].cents != principal + line["interest"].cents:
            yield _differs(f"{path}.schedule[{index}].payment", "capital plus intérêts")
        if line["balance"].cents != balance:
            yield _differs(f"{path}.schedule[{index}].balance", "le capital restant dû")
    if balance:
        yield Violation(
            f"{path}.schedule", FieldReason.INCONSISTENT, "L’échéancier ne rembourse pas tout le capital."
        )
    yield from _summed(loan, lines, path)


def _summed(loan: Data, lines: Sequence[Data], path: str) -> Iterator[Violation]:
    """What the loan says of its schedule: constant payments, the last one apart, and their sums."""
    *constant, last = [line["payment"] for line in lines]
    instalment = loan["instalment"].cents
    if any(payment.cents != instalment for payment in constant):
        yield _differs(f"{path}.instalment", "celui de l’échéancier")
    said = {
        "last_instalment": last,
        "total_paid": _sum([*constant, last]),
        "total_interest": _sum([line["interest"] for line in lines]),
    }
    for name, expected in said.items():
        if name in loan:
            yield from _equal(loan[name], expected, f"{path}.{name}", "celui de l’échéancier")


def _sum(amounts: Sequence[Money]) -> Money:
    return Money(sum(amount.cents for amount in amounts))


def _equal(found: Money, expected: Money, path: str, what: str) -> Iterator[Violation]:
    if found != expected:
        yield _differs(path, what)


def _differs(path: str, what: str) -> Violation:
    sentence = f"Ce montant diffère de ce qu’il doit être : {what}."
    return Violation(path, FieldReason.INCONSISTENT, sentence)
