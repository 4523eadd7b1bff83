"""Cross-field checks: what a signed letter must not get wrong, even when every field is well formed.

They read typed data (money in cents, dates) and answer violations with the path of the field to correct,
never with its value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from services.documents.contract import authorisations
from services.documents.contract.letter_checks import SITUATIONS, Data
from services.documents.contract.letter_checks import Check as Check
from services.documents.contract.reader_checks import READERS
from services.documents.contract.recipient import Recipient
from services.documents.contract.values import Money
from services.documents.contract.wording import POSTAL_LINES, POSTAL_WIDTH
from services.kit.errors import FieldReason, Violation
from services.kit.french import long_date

_TOTALS = (
    ("income", "incomes", "amount"),
    ("expenses", "expenses", "amount"),
    ("credit_instalments", "credits", "instalment"),
    ("debt_repayments", "debts", "repayment"),
)
_PAST = (
    ("case", "request_date"),
    ("case", "received_on"),
    ("applicant", "birth_date"),
    ("co_applicant", "birth_date"),
    ("committee", "met_on"),
    ("opinion", "given_on"),
    ("loan", "simulated_on"),
)


def violations(data: Data, document_date: date, root: str) -> Iterator[Violation]:
    """What no document may print, whatever the template."""
    yield from _future_dates(data, document_date, root)
    yield from authorisations.impossible(data, root)
    if "budget" in data:
        yield from _totals(data["budget"], f"{root}.budget")
        yield from _living_remainder(data["budget"]["totals"], data.get("loan"), f"{root}.budget.totals")
    if data.get("loan", {}).get("schedule"):
        yield from _schedule(data["loan"], f"{root}.loan")


def _future_dates(data: Data, document_date: date, root: str) -> Iterator[Violation]:
    for part, name in _PAST:
        day = data.get(part, {}).get(name)
        if day is not None and day > document_date:
            yield Violation(
                f"{root}.{part}.{name}",
                FieldReason.INCONSISTENT,
                f"Cette date est postérieure à celle du document ({long_date(document_date)}).",
            )


def _totals(budget: Data, path: str) -> Iterator[Violation]:
    totals = budget["totals"]
    for total, lines, amount in _TOTALS:
        known = [line[amount] for line in budget[lines] if amount in line]
        if total in totals and len(known) == len(budget[lines]):
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
    for index, line in enumerate(lines):
        here = f"{path}.schedule[{index}]"
        expected = Money(line["principal"].cents + line["interest"].cents)
        yield from _equal(line["payment"], expected, f"{here}.payment", "capital plus intérêts")
        balance -= line["principal"].cents
        yield from _equal(line["balance"], Money(balance), f"{here}.balance", "le capital restant dû")
    if balance:
        yield Violation(
            f"{path}.schedule", FieldReason.INCONSISTENT, "L’échéancier ne rembourse pas tout le capital."
        )
    if "total_paid" in loan:
        paid = _sum([line["payment"] for line in lines])
        yield from _equal(loan["total_paid"], paid, f"{path}.total_paid", "la somme des mensualités")


def _sum(amounts: Sequence[Money]) -> Money:
    return Money(sum(amount.cents for amount in amounts))


def _equal(found: Money, expected: Money, path: str, what: str) -> Iterator[Violation]:
    if found != expected:
        yield Violation(path, FieldReason.INCONSISTENT, f"Ce montant diffère de ce qu’il doit être : {what}.")


def _blocking_reason(data: Data, document_date: date, root: str) -> Iterator[Violation]:
    if not any(reason["severity"] == "BLOCKING" for reason in data["assessment"]["reasons"]):
        yield Violation(
            f"{root}.assessment.reasons",
            FieldReason.INCONSISTENT,
            "Un refus exige au moins un motif bloquant.",
        )


def _missing_piece(data: Data, document_date: date, root: str) -> Iterator[Violation]:
    asked = [piece for piece in data["pieces"] if piece["status"] == "MISSING"]
    if not asked and not data.get("assessment", {}).get("missing"):
        sentence = "Une demande de pièces exige au moins une pièce ou un renseignement à fournir."
        yield Violation(f"{root}.pieces", FieldReason.INCONSISTENT, sentence)


def _deadline(data: Data, document_date: date, root: str) -> Iterator[Violation]:
    found = [("deadlines.documents", data["deadlines"]["documents"])]
    found += [
        (f"pieces[{index}].deadline", piece["deadline"])
        for index, piece in enumerate(data["pieces"])
        if piece["status"] == "MISSING" and "deadline" in piece
    ]
    for path, day in found:
        if day < document_date:
            yield Violation(
                f"{root}.{path}",
                FieldReason.INCONSISTENT,
                f"Cette date limite précède celle du document ({long_date(document_date)}).",
            )


def _enclosure(data: Data, document_date: date, root: str) -> Iterator[Violation]:
    if not data["enclosures"]:
        yield Violation(
            f"{root}.enclosures",
            FieldReason.TOO_FEW,
            "La lettre à la banque exige au moins une pièce jointe.",
        )


def postal_check(recipient: Callable[[Data], Recipient]) -> Check:
    """The check that the address of this recipient can be written."""

    def check(data: Data, document_date: date, root: str) -> Iterator[Violation]:
        found = recipient(data)
        if not found.fits():
            yield Violation(
                f"{root}.{found.part}.address",
                FieldReason.TOO_LONG,
                f"Nom et adresse dépassent {POSTAL_LINES} lignes de {POSTAL_WIDTH} caractères : "
                "raccourcissez l’adresse.",
            )

    return check


CHECKS: Mapping[str, Check] = {
    "blocking_reason": _blocking_reason,
    "missing_piece": _missing_piece,
    "document_deadline": _deadline,
    "enclosure": _enclosure,
    **READERS,
    **SITUATIONS,
}
"""The checks that a manifest may list, by name."""
