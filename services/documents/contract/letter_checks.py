"""Cross-field checks of the letters and sheets that follow a request: what each must not contradict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from services.documents.contract.amounts import offer
from services.kit.errors import FieldReason, Violation

Data = Mapping[str, Any]
Check = Callable[[Data, date, str], Iterator[Violation]]
"""What is wrong with data, for a document of a day, with paths below a root."""


def _deadline_passed(data: Data, document_date: date, root: str) -> Iterator[Violation]:
    for name in ("documents_deadline", "reminder_deadline"):
        day = data["correspondence"].get(name)
        if day is not None and day >= document_date:
            sentence = "Ce délai n’est pas écoulé : le dossier ne peut pas être clos."
            yield Violation(f"{root}.correspondence.{name}", FieldReason.INCONSISTENT, sentence)


def _committee_file(data: Data, document_date: date, root: str) -> Iterator[Violation]:
    if not data["committee"]["files"]:
        sentence = "Un relevé de commission exige au moins un dossier examiné."
        yield Violation(f"{root}.committee.files", FieldReason.TOO_FEW, sentence)


def _partnership_bounds(data: Data, document_date: date, root: str) -> Iterator[Violation]:
    terms = data["partnership"]
    ordered = (
        (terms["amount_min"].cents, terms["amount_max"].cents, "amount_max"),
        (terms["months_min"], terms["months_max"], "months_max"),
        (terms["start_date"], terms["end_date"], "end_date"),
    )
    for low, high, name in ordered:
        if low > high:
            sentence = "Cette borne est inférieure à celle qui la précède."
            yield Violation(f"{root}.partnership.{name}", FieldReason.OUT_OF_RANGE, sentence)


def _follow_up_period(data: Data, document_date: date, root: str) -> Iterator[Violation]:
    follow_up = data["follow_up"]
    if follow_up["period_start"] > follow_up["period_end"]:
        yield Violation(
            f"{root}.follow_up.period_end", FieldReason.OUT_OF_RANGE, "La période finit avant de commencer."
        )
    due, paid = follow_up.get("instalments_due"), follow_up.get("instalments_paid")
    if due is not None and paid is not None and paid > due:
        sentence = "Plus de mensualités sont payées qu’échues."
        yield Violation(f"{root}.follow_up.instalments_paid", FieldReason.OUT_OF_RANGE, sentence)
    granted = offer(data) or data.get("loan")
    if granted is not None and due is not None and due > granted["months"]:
        sentence = "Plus de mensualités sont échues que le prêt n’en compte."
        yield Violation(f"{root}.follow_up.instalments_due", FieldReason.OUT_OF_RANGE, sentence)
    left = follow_up.get("outstanding")
    if granted is not None and left is not None and left.cents > granted["amount"].cents:
        sentence = "Le capital restant dû dépasse le capital prêté."
        yield Violation(f"{root}.follow_up.outstanding", FieldReason.OUT_OF_RANGE, sentence)


def _incident_total(data: Data, document_date: date, root: str) -> Iterator[Violation]:
    incident = data["incident"]
    if incident["total"].cents != sum(line["amount"].cents for line in incident["unpaid"]):
        sentence = "Ce montant diffère de ce qu’il doit être : la somme des mensualités impayées."
        yield Violation(f"{root}.incident.total", FieldReason.INCONSISTENT, sentence)
    for rank, line in enumerate(incident["unpaid"]):
        if line["due_date"] > incident["reported_on"]:
            sentence = "Cette échéance suit le jour où le service a appris l’impayé."
            yield Violation(f"{root}.incident.unpaid[{rank}].due_date", FieldReason.INCONSISTENT, sentence)


def _settlement_term(data: Data, document_date: date, root: str) -> Iterator[Violation]:
    """A loan is not repaid before it starts, nor at its term before its last instalment."""
    due = [line["due_date"] for line in data["loan"].get("schedule", ()) if "due_date" in line]
    at_term = data["settlement"].get("term") == "AT_TERM"
    if due and data["settlement"]["settled_on"] < (due[-1] if at_term else due[0]):
        sentence = "Cette date précède la première mensualité du prêt, ou la dernière pour un prêt au terme."
        yield Violation(f"{root}.settlement.settled_on", FieldReason.INCONSISTENT, sentence)


def _settlement_total(data: Data, document_date: date, root: str) -> Iterator[Violation]:
    """A loan repaid gave back its capital at least, and no more interest is refunded than was paid."""
    settlement, lent = data["settlement"], (offer(data) or data["loan"])["amount"].cents
    if "total_paid" not in settlement:
        return
    interest = settlement["total_paid"].cents - lent
    if interest < 0:
        sentence = "Ce total n’atteint pas le capital du prêt."
        yield Violation(f"{root}.settlement.total_paid", FieldReason.INCONSISTENT, sentence)
    elif "interest_refund" in settlement and settlement["interest_refund"]["amount"].cents > interest:
        sentence = "Ce remboursement dépasse les intérêts payés."
        yield Violation(f"{root}.settlement.interest_refund.amount", FieldReason.INCONSISTENT, sentence)


def _support_accepted(data: Data, document_date: date, root: str) -> Iterator[Violation]:
    if data["support"]["accepted"] != "YES":
        sentence = "Ce document dit l’accompagnement accepté par la personne."
        yield Violation(f"{root}.support.accepted", FieldReason.INCONSISTENT, sentence)


def _loan_granted(data: Data, document_date: date, root: str) -> Iterator[Violation]:
    if data.get("bank_decision", {}).get("outcome") == "REFUSED":
        sentence = "Ce document dit que l’établissement accorde le prêt."
        yield Violation(f"{root}.bank_decision.outcome", FieldReason.INCONSISTENT, sentence)


# Names that a manifest may list under `checks`.
SITUATIONS: Mapping[str, Check] = {
    "deadline_passed": _deadline_passed,
    "committee_file": _committee_file,
    "partnership_bounds": _partnership_bounds,
    "follow_up_period": _follow_up_period,
    "incident_total": _incident_total,
    "settlement_term": _settlement_term,
    "settlement_total": _settlement_total,
    "support_accepted": _support_accepted,
    "loan_granted": _loan_granted,
}
