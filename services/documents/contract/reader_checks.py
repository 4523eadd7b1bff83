"""Checks of who reads a document: a committee where the lender sits, a public that reads aggregates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from services.documents.contract.letter_checks import Check, Data
from services.documents.contract.statistics_checks import faults
from services.documents.contract.wording import full_name
from services.kit.errors import FieldReason, Violation
from services.kit.french import fold


def lender_away(data: Data, document_date: date, root: str) -> Iterator[Violation]:
    """A social report, which the lender must never read, is not given to a committee where it sits."""
    lender = fold(data.get("bank", {}).get("name", ""))
    committee = data.get("committee", {})
    seated = [(name, committee[name]) for name in ("chair", "secretary") if name in committee]
    seated += [(f"members[{rank}]", member) for rank, member in enumerate(committee.get("members", ()))]
    for place, member in seated:
        said = (fold(member[name]) for name in ("organisation", "capacity") if name in member)
        if lender and any(f" {lender} " in f" {text} " for text in said):
            # The member acts for a body: his name is no secret of the file, and says whom to leave out.
            sentence = (
                f"{full_name(member)} siège à la commission pour l’établissement prêteur, qui ne reçoit pas "
                "l’évaluation."
            )
            yield Violation(f"{root}.committee.{place}", FieldReason.INCONSISTENT, sentence)


def _only(part: str) -> Check:
    """A document that may hold one part of the data alone, which is about nobody."""

    def check(data: Data, document_date: date, root: str) -> Iterator[Violation]:
        for name in sorted(set(data) - {"contract_version", part}):
            if data[name] != []:  # an absent list is read as an empty one
                sentence = f"Ce document ne reçoit que les agrégats de {part} : retirez cette partie."
                yield Violation(f"{root}.{name}", FieldReason.UNKNOWN_FIELD, sentence)

    return check


def _figures_counted(data: Data, document_date: date, root: str) -> Iterator[Violation]:
    yield from faults(data["annual_report"], f"{root}.annual_report")


def _identity(data: Data, document_date: date, root: str) -> Iterator[Violation]:
    """A lender identifies each borrower, and consults the FICP by these data."""
    for name in ("birth_date", "birth_place"):
        if "co_applicant" in data and name not in data["co_applicant"]:
            sentence = "L’établissement doit identifier chaque personne qui emprunte."
            yield Violation(f"{root}.co_applicant.{name}", FieldReason.REQUIRED, sentence)


def silent_on_health(data: Data, document_date: date, root: str) -> Iterator[Violation]:
    """What the letter says to the lender tells no health.

    A short lexicon: it finds the usual words, and proves nothing of a text where it finds none.
    """
    if _HEALTH_WORDS.search(fold(data.get("opinion", {}).get("summary_for_bank", ""))):
        sentence = "Ce texte part vers l’établissement et parle de santé : retirez-en ce qui la dit."
        yield Violation(f"{root}.opinion.summary_for_bank", FieldReason.INCONSISTENT, sentence)


_HEALTH_WORDS = re.compile(
    r"\b(addict|alcool|cancer|chimio|depress|diabet|grossesse|hopita|hospitalis|infirmi|invalid|malad|medica(l|ment)"
    r"|psych|schizo|seropos|therap|toxico|vih)|\btraitement (contre|pour)\b"
)
# Names that a manifest may list under `checks`.
READERS: Mapping[str, Check] = {
    "aggregates_only": _only("annual_report"),
    "board_note_only": _only("board_note"),
    "figures_counted": _figures_counted,
    "identity": _identity,
}
