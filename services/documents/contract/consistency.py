"""Cross-field checks: what a signed letter must not get wrong, even when every field is well formed.

They read typed data (money in cents, dates) and answer violations with the path of the field to correct,
never with its value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from services.documents.contract import amounts
from services.documents.contract.images import image_faults
from services.documents.contract.letter_checks import SITUATIONS, Data
from services.documents.contract.letter_checks import Check as Check
from services.documents.contract.reader_checks import READERS
from services.documents.contract.recipient import Recipient
from services.documents.contract.wording import POSTAL_LINES, POSTAL_WIDTH
from services.kit.errors import FieldReason, Violation
from services.kit.french import long_date

_MET = ("ELIGIBLE", "ELIGIBLE_WITH_RESERVE")
# The heaviest first: what the rules answer once a reason of this severity holds.
_OUTCOMES = (
    ("BLOCKING", ("NOT_ELIGIBLE",)),
    ("MISSING", ("INCOMPLETE",)),
    ("RESERVE", ("ELIGIBLE_WITH_RESERVE", "INCOMPLETE")),
)
_WITHOUT_REASON = ("ELIGIBLE", "INCOMPLETE")


def violations(data: Data, document_date: date, root: str) -> Iterator[Violation]:
    """What no document may print, whatever the template."""
    yield from amounts.violations(data, root)
    yield from image_faults(data, root)
    yield from _outcome(data, root)
    yield from _difference(data, root)
    yield from _household(data, root)


def _outcome(data: Data, root: str) -> Iterator[Violation]:
    """An assessment is what its reasons make it; engines that disagree leave it to a person."""
    assessment = data.get("assessment")
    if assessment is None or assessment["outcome"] == "NEEDS_REVIEW":
        return
    held = {reason["severity"] for reason in assessment["reasons"]}
    expected = next((outcomes for severity, outcomes in _OUTCOMES if severity in held), _WITHOUT_REASON)
    if assessment["outcome"] not in expected:
        sentence = f"Cette issue contredit les motifs : attendu, {' ou '.join(expected)}."
        yield Violation(f"{root}.assessment.outcome", FieldReason.INCONSISTENT, sentence)


def _difference(data: Data, root: str) -> Iterator[Violation]:
    """The social worker may see otherwise than the rules, and says why."""
    checked = data.get("assessment", {}).get("outcome")
    opinion = data.get("opinion", {})
    against = opinion.get("outcome") == "UNFAVORABLE"
    differs = (checked == "NOT_ELIGIBLE" and not against) or (checked in _MET and against)
    if opinion and differs and "difference" not in opinion:
        sentence = "L’avis du service diffère de la vérification des conditions : dites pourquoi."
        yield Violation(f"{root}.opinion.difference", FieldReason.REQUIRED, sentence)


def _household(data: Data, root: str) -> Iterator[Violation]:
    household = data.get("household")
    if household is not None and household["persons"] <= len(household["members"]):
        sentence = "Le foyer compte moins de personnes que celles qui sont décrites avec le demandeur."
        yield Violation(f"{root}.household.persons", FieldReason.INCONSISTENT, sentence)


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


def _evaluation(data: Data, document_date: date, root: str) -> Iterator[Violation]:
    if not any(name in data["opinion"] for name in ("evaluation", "summary_for_bank")):
        sentence = "L’évaluation est vide : écrivez-la, ou au moins ce que la lettre dit à l’établissement."
        yield Violation(f"{root}.opinion.evaluation", FieldReason.REQUIRED, sentence)


CHECKS: Mapping[str, Check] = {
    "evaluation": _evaluation,
    "blocking_reason": _blocking_reason,
    "missing_piece": _missing_piece,
    "document_deadline": _deadline,
    "enclosure": _enclosure,
    **READERS,
    **SITUATIONS,
}
"""The checks that a manifest may list, by name."""
