"""Amounts that must agree: budget, loan, schedule, and the figures that the rules computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from services.documents.contract import computed
from services.documents.contract.values import Money, NotAsked
from services.kit.errors import FieldReason, Violation

Data = Mapping[str, Any]

# A rate is of a year and in percent, an interest of a month.
_MONTHLY_PERCENT = 1200
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
    for name, loan in (("loan", data.get("loan")), ("bank_decision.offer", offer(data))):
        if loan is not None:
            yield from _terms(loan, f"{root}.{name}")
    if data.get("loan", {}).get("schedule"):
        yield from _schedule(data["loan"], f"{root}.loan")
    if "loan" in data and "project" in data:
        yield from _funding(data, root)
    yield from computed.violations(data, root)


def offer(data: Data) -> Data | None:
    """What the lender offers, if it has."""
    found: Data | None = data.get("bank_decision", {}).get("offer")
    return found


def _terms(loan: Data, path: str) -> Iterator[Violation]:
    """What constant instalments make of a loan; unknown, the last one takes at most a cent for each."""
    months, instalment = loan["months"], loan["instalment"].cents
    last, spread = (loan["last_instalment"].cents, 0) if "last_instalment" in loan else (instalment, months)
    paid = (months - 1) * instalment + last
    if paid + spread < loan["amount"].cents:
        sentence = "Ces mensualités ne remboursent pas le capital."
        yield Violation(f"{path}.instalment", FieldReason.INCONSISTENT, sentence)
    if "schedule" not in loan and "total_paid" in loan and abs(loan["total_paid"].cents - paid) > spread:
        yield _differs(f"{path}.total_paid", "la somme des mensualités")
    if "taeg_pct" in loan and loan["taeg_pct"] < loan["nominal_rate_pct"]:
        sentence = "Un taux annuel effectif global n’est jamais inférieur au taux nominal."
        yield Violation(f"{path}.taeg_pct", FieldReason.INCONSISTENT, sentence)


def _funding(data: Data, root: str) -> Iterator[Violation]:
    if data["loan"]["amount"].cents > data["project"]["total_cost"].cents:
        sentence = "Le prêt dépasse le coût total du projet."
        yield Violation(f"{root}.project.total_cost", FieldReason.INCONSISTENT, sentence)


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
    if before is not None:
        for name in (name for name, _, _ in _TOTALS if name not in totals):
            sentence = "Le reste à vivre avant le prêt est donné : donnez aussi ce total, dont il vient."
            yield Violation(f"{path}.{name}", FieldReason.REQUIRED, sentence)
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
    if len(lines) != loan["months"]:
        sentence = "L’échéancier n’a pas une ligne par mensualité."
        yield Violation(f"{path}.schedule", FieldReason.INCONSISTENT, sentence)
    due = [line["due_date"] for line in lines if "due_date" in line]
    if any(later <= earlier for earlier, later in pairwise(due)):
        sentence = "Les dates d’échéance ne se suivent pas."
        yield Violation(f"{path}.schedule", FieldReason.INCONSISTENT, sentence)
    balance, owed = loan["amount"].cents, 0
    # Compared in cents: a schedule has most of the amounts of a file.
    for index, line in enumerate(lines):
        principal = line["principal"].cents
        owed += balance
        balance -= principal
        if line["payment"].cents != principal + line["interest"].cents:
            yield _differs(f"{path}.schedule[{index}].payment", "capital plus intérêts")
        if line["balance"].cents != balance:
            yield _differs(f"{path}.schedule[{index}].balance", "le capital restant dû")
    if balance:
        yield Violation(
            f"{path}.schedule", FieldReason.INCONSISTENT, "L’échéancier ne rembourse pas tout le capital."
        )
    at_rate = owed * loan["nominal_rate_pct"] / _MONTHLY_PERCENT
    if abs(sum(line["interest"].cents for line in lines) - at_rate) > len(lines):
        sentence = "Les intérêts de l’échéancier ne sont pas ceux de ce taux."
        yield Violation(f"{path}.nominal_rate_pct", FieldReason.INCONSISTENT, sentence)
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
        "total_credit_cost": _sum([loan.get("fees", Money(0)), *(line["interest"] for line in lines)]),
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
