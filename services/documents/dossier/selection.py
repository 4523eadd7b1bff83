"""Which pieces make a dossier, and why: decided from the data alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from typing import Any

from services.documents.contract import (
    Durations,
    Flow,
    Sent,
    enclosed,
    is_presentable,
    refused_to_lender,
    uncovered,
)
from services.documents.dossier.situation import (
    answered,
    has,
    incomplete,
    lacks_documents,
    not_past,
    offer_open,
    on_or_before,
    refused,
    reminded_in_vain,
)
from services.kit.errors import FieldReason, Violation

Data = Mapping[str, Any]


class Purpose(Enum):
    """Whom the dossier is for."""

    FILE = "FILE"
    """The service itself: the whole file, social report included; letters have their own dates."""
    BANK = "BANK"
    """The lender: only what the person has allowed to leave."""
    APPLICANT = "APPLICANT"
    """The person: the letters that the situation calls for, and what goes with them."""


@dataclass(frozen=True)
class Piece:
    """A document of a dossier, and the French sentence that says why it belongs."""

    template_id: str
    because: str


@dataclass(frozen=True)
class _Candidate:
    template_id: str
    because: str
    belongs: Callable[[Data, date], bool]
    covered: bool | None = None
    """Only where the person has allowed to tell the lender (True), or has not yet (False)."""


_REQUEST = ("applicant", "household", "budget", "project", "loan.schedule", "loan.total_paid")
_REQUEST_SHOWN = (*_REQUEST, "loan.total_interest", "assessment", "pieces", "agent")
_SCHEDULE = ("applicant", "loan.schedule", "loan.total_paid", "loan.total_interest")


def _file(template_id: str) -> _Candidate:
    return _Candidate(template_id, "La demande est décrite.", lambda data, day: has(data, *_REQUEST_SHOWN))


_PROJECT = _Candidate(
    "02-fiche-projet",
    "Un projet et un prêt sont demandés.",
    lambda data, day: has(data, "applicant", "project", "loan", "agent"),
)
_BUDGET = _Candidate(
    "03-budget-mensuel",
    "Le budget du foyer est connu.",
    lambda data, day: has(data, "applicant", "budget", "loan", "agent") and not refused(data),
)
_AMORTISATION = _Candidate(
    "16-tableau-amortissement",
    "Le prêt a un échéancier.",
    lambda data, day: has(data, *_SCHEDULE) and not refused(data),
)
_CONSENT = _Candidate(
    "08-autorisation-transmission",
    "Un établissement est choisi et l’autorisation n’est pas encore signée.",
    lambda data, day: has(data, "applicant", "bank") and is_presentable(data) and not answered(data, day),
    covered=False,
)
_CERTIFICATE = _Candidate(
    "12-attestation-accompagnement",
    "L’accompagnement est accepté et un référent est désigné.",
    lambda data, day: (
        has(data, "applicant", "project", "loan", "support.referent", "agent")
        and data["support"]["accepted"] == "YES"
        and is_presentable(data)
    ),
    covered=True,
)
_AGREEMENT = _Candidate(
    "17-convention-accompagnement",
    "L’établissement a accordé le prêt.",
    lambda data, day: (
        has(data, "applicant", "project", "loan", "bank", "support")
        and on_or_before(data, "bank_decision.decided_on", day)
        and data["bank_decision"]["outcome"] == "AGREED"
        and data["support"]["accepted"] == "YES"
    ),
    covered=True,
)
_REPORT = _Candidate(
    "09-evaluation-sociale",
    "Le travailleur social a rendu un avis.",
    lambda data, day: has(data, "applicant", "project", "loan", "opinion", "agent"),
)
_LETTER_TO_BANK = _Candidate(
    "11-presentation-banque",
    "La demande peut être présentée et la personne l’a autorisé.",
    lambda data, day: (
        has(data, "applicant", "project", "loan", "bank", "opinion", "enclosures", "agent")
        and is_presentable(data)
    ),
    covered=True,
)
_FOLLOW_UP = _Candidate(
    "19-suivi",
    "Le prêt est suivi.",
    lambda data, day: (
        has(data, "applicant", "project", "follow_up", "agent")
        and on_or_before(data, "follow_up.period_start", day)
    ),
)


def _before_the_answer(candidate: _Candidate) -> _Candidate:
    """The same piece, only as long as it is a simulation."""
    return replace(
        candidate, belongs=lambda data, day: candidate.belongs(data, day) and not answered(data, day)
    )


def _while_asked(belongs: Callable[[Data, date], bool]) -> Callable[[Data, date], bool]:
    """Only as long as the request itself is open."""
    return lambda data, day: (
        has(data, "applicant", "agent") and not answered(data, day) and belongs(data, day)
    )


def _afterwards(path: str, *others: str) -> Callable[[Data, date], bool]:
    """Once this has happened."""
    return lambda data, day: has(data, "applicant", "agent", *others) and on_or_before(data, path, day)


_LETTERS = (
    _Candidate(
        "04-accuse-reception",
        "La demande est reçue et n’a pas d’accusé de réception.",
        _while_asked(
            lambda data, day: (
                on_or_before(data, "case.received_on", day)
                and not has(data, "correspondence.acknowledged_on")
            )
        ),
    ),
    _Candidate(
        "05-demande-pieces",
        "Des pièces ou des renseignements manquent et n’ont pas encore été demandés.",
        _while_asked(
            lambda data, day: (
                incomplete(data)
                and not refused(data)
                and not_past(data, "deadlines.documents", day)
                and not has(data, "correspondence.documents_requested_on")
            )
        ),
    ),
    _Candidate(
        "06-relance-pieces",
        "Les pièces déjà demandées ne sont pas toutes venues.",
        _while_asked(
            lambda data, day: (
                lacks_documents(data)
                and not refused(data)
                and not_past(data, "deadlines.documents", day)
                and on_or_before(data, "correspondence.documents_requested_on", day)
            )
        ),
    ),
    _Candidate(
        "06-cloture-dossier",
        "Les délais donnés pour remettre les pièces sont passés.",
        _while_asked(
            lambda data, day: (
                lacks_documents(data)
                and on_or_before(data, "correspondence.documents_requested_on", day)
                and reminded_in_vain(data, day)
            )
        ),
    ),
    _Candidate(
        "07-rendez-vous",
        "Un rendez-vous est proposé.",
        lambda data, day: (
            has(data, "applicant", "agent")
            and not_past(data, "appointment.date", day)
            and not has(data, "incident")
        ),
    ),
    _Candidate(
        "13-ajournement",
        "L’examen de la demande est reporté.",
        _while_asked(
            lambda data, day: (
                has(data, "project", "loan")
                and not_past(data, "adjournment.deadline", day)
                and not refused(data)
            )
        ),
    ),
    _Candidate(
        "14-refus-presentation",
        "Une règle s’oppose à la présentation de la demande.",
        _while_asked(lambda data, day: has(data, "project", "loan") and refused(data)),
    ),
    _Candidate(
        "15-decision-banque",
        "L’établissement a rendu sa décision.",
        lambda data, day: (
            _afterwards("bank_decision.decided_on", "bank")(data, day) and offer_open(data, day)
        ),
    ),
    _Candidate(
        "20-incident",
        "L’établissement a signalé un impayé.",
        lambda data, day: (
            _afterwards("incident.reported_on")(data, day)
            and not on_or_before(data, "settlement.settled_on", day)
        ),
    ),
    _Candidate(
        "23-explication-algorithme",
        "La personne a demandé comment le logiciel a servi.",
        _afterwards("explanation.requested_on"),
    ),
    _Candidate(
        "24-attestation-solde",
        "Le prêt est remboursé.",
        _afterwards("settlement.settled_on", "loan"),
    ),
)
_WITH_THE_LETTERS = (
    _before_the_answer(_BUDGET),
    _before_the_answer(_AMORTISATION),
    _CONSENT,
    _AGREEMENT,
)

_CANDIDATES: Mapping[Purpose, Sequence[_Candidate]] = {
    Purpose.FILE: (
        *(_file("01-dossier-demande"), _PROJECT, _BUDGET, _AMORTISATION, _REPORT),
        *(_CONSENT, _CERTIFICATE, _LETTER_TO_BANK, _AGREEMENT, _FOLLOW_UP),
    ),
    Purpose.BANK: (
        *(_LETTER_TO_BANK, _file("01-dossier-demande-banque"), _PROJECT, _BUDGET, _AMORTISATION),
        *(_CERTIFICATE, _AGREEMENT),
    ),
    Purpose.APPLICANT: (*_LETTERS, *_WITH_THE_LETTERS),
}


def select(data: Data, purpose: Purpose, day: date, months: Durations) -> list[Piece]:
    """The pieces that belong on this day, in their order; none when nothing may leave for the lender."""
    if purpose is Purpose.BANK and any(obstacles(data, purpose, "")):
        return []
    covered = not any(uncovered(data, Flow.TO_LENDER, day, months, ""))
    return [
        Piece(candidate.template_id, candidate.because)
        for candidate in _CANDIDATES[purpose]
        # What is made for the lender is refused piece by piece, with what the authorisation lacks.
        if candidate.covered in (None, covered) or (candidate.covered and purpose is Purpose.BANK)
        if candidate.belongs(data, day)
    ]


def obstacles(data: Data, purpose: Purpose, root: str) -> Iterator[Violation]:
    """What forbids a dossier for the lender, besides what is not allowed: no lender, a refusal, no paper."""
    if purpose is not Purpose.BANK:
        return
    for path in ("bank", "enclosures", "assessment", "opinion"):
        if not has(data, path):
            yield Violation(
                f"{root}.{path}",
                FieldReason.REQUIRED,
                "Ce champ est exigé d’un dossier pour l’établissement.",
            )
    yield from refused_to_lender(data, root)


def not_allowed(
    data: Data, purpose: Purpose, day: date, months: Durations, titles: Sequence[str], root: str
) -> Iterator[Violation]:
    """What a dossier for the lender holds, papers included, that no authorisation covers."""
    if purpose is Purpose.BANK:
        sent = [*map(Sent, titles), *_joined(titles, data)]
        yield from uncovered(data, Flow.TO_LENDER, day, months, root, sent)


def enclosures(titles: Sequence[str], data: Data) -> list[str]:
    """The supporting documents joined on paper, besides the pieces of these titles."""
    return [sent.label for sent in _joined(titles, data)]


def _joined(titles: Sequence[str], data: Data) -> list[Sent]:
    return [sent for sent in enclosed(data) if sent.label not in titles]
