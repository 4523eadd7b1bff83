"""What an import changes, shown to a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from microcredit.bankregistry.v1 import exchange_pb2 as pb
from services.kit import french
from services.kit.cli import Output

MOST_ROWS = 200
"""Rows shown of each table; --json gives all of them."""

_KINDS = {
    pb.BANK_DIFFERENCE_KIND_CREATED: "créé",
    pb.BANK_DIFFERENCE_KIND_CHANGED: "modifié",
    pb.BANK_DIFFERENCE_KIND_ENDED: "prend fin",
}


def show_difference(difference: pb.ImportDifference, summary: pb.ImportSummary, out: Output) -> None:
    """The lines refused, what is to be looked at, what changes, and the counts."""
    _findings("Lignes refusées, dont le prêteur reste comme il est", difference.refusals, out)
    _findings("À regarder", difference.warnings, out)
    head = ("prêteur", "", "champ", "avant", "après")
    _rows("Ce qui change", head, list(_changes(difference.banks)), out)
    _past(summary, out)
    out.line(_counts(summary))
    if summary.ends_every_bank:
        out.line("Attention : tous les prêteurs prendraient fin.", "bold red")


def _findings(title: str, findings: Iterable[pb.ImportFinding], out: Output) -> None:
    rows = [
        (str(found.line or ""), found.column, found.bank.removeprefix("banks/"), found.message)
        for found in findings
    ]
    _rows(title, ("ligne", "colonne", "prêteur", "motif"), rows, out)


def _changes(banks: Iterable[pb.BankDifference]) -> Iterator[tuple[str, ...]]:
    for bank in banks:
        name, kind = bank.name.removeprefix("banks/"), _KINDS.get(bank.kind, "?")
        rows = [
            (
                _field(change),
                change.before or "—",
                change.after or "—",
            )
            for change in bank.changes
        ]
        if bank.kind == pb.BANK_DIFFERENCE_KIND_CREATED:
            rows.insert(0, (bank.display_name, "", ""))
        for index, row in enumerate(rows):
            yield ((name, kind) if index == 0 else ("", "")) + row


def _field(change: pb.BankFieldChange) -> str:
    named = ", ".join(filter(None, (change.subject, change.column)))
    return "\n".join(filter(None, (named, _days(change))))


def _days(change: pb.BankFieldChange) -> str:
    return f"{change.days}{french.COLON}corrige le passé" if change.corrects_past else change.days


def _past(summary: pb.ImportSummary, out: Output) -> None:
    """What the difference does to answers already given."""
    show_answers(summary.answers, out)
    if summary.reservation_count or summary.question_count:
        out.line(asked_again(summary, summary.answer_count))
    if summary.past_bank_count and not summary.question_count:
        out.line(
            "Des jours déjà passés changent. Les contrôles déjà faits ne sont pas connus du registre : "
            "donnez-les par --questions pour les refaire avant et après.",
            "bold",
        )
    if summary.past_bank_count and not summary.applied:
        out.line("Pour changer à partir d’un jour : --from DATE. Pour corriger le passé : --correct.", "bold")


def asked_again(counts: Any, changed: int) -> str:
    """How many reservations and past questions were asked again, and how many answers change."""
    asked = french.plural(counts.reservation_count, "réservation en cours", "réservations en cours")
    asked += f" et {french.plural(counts.question_count, 'contrôle passé', 'contrôles passés')}"
    answers = french.plural(changed, "réponse change", "réponses changent")
    return f"{asked}, refaits avant et après : {answers}."


def show_answers(answers: Iterable[pb.AnswerDifference], out: Output) -> None:
    """The answers that a change makes other than they were."""
    rows = [(one.question, one.before, one.after) for one in answers]
    _rows("Réponses qui changent", ("question", "avant", "après"), rows, out)


def _rows(title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]], out: Output) -> None:
    out.table(head, rows[:MOST_ROWS], title=title)
    if len(rows) > MOST_ROWS:
        left = french.plural(len(rows) - MOST_ROWS, "autre ligne", "autres lignes")
        out.line(f"… et {left} (--json donne tout).")


def _counts(summary: pb.ImportSummary) -> str:
    counts = (
        french.plural(summary.created_count, "prêteur créé", "prêteurs créés"),
        french.plural(summary.changed_count, "modifié"),
        f"{french.plural(summary.ended_count, 'prend fin', 'prennent fin')}",
        french.plural(summary.unchanged_count, "inchangé"),
        french.plural(summary.refused_count, "refusé"),
    )
    written = "Écrit" if summary.applied else "Différence"
    return f"{written} : {', '.join(counts)} (état n° {summary.state_number})."
