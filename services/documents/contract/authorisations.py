"""What the person has allowed, in writing, between the service and a lender: asked by all that makes a
document for a lender, or that repeats what a lender said."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from services.documents.contract.lender_pieces import INTERNAL, Sent, enclosed
from services.documents.contract.values import NotAsked
from services.kit.dates import add_months
from services.kit.errors import FieldReason, Violation
from services.kit.french import fold

Data = Mapping[str, Any]

_PRESENTABLE = frozenset({"ELIGIBLE", "ELIGIBLE_WITH_RESERVE"})


class Flow(Enum):
    """Who may tell whom."""

    TO_LENDER = "TO_LENDER"
    """The service to the lender: the pieces that the authorisation lists."""
    FROM_LENDER = "FROM_LENDER"
    """The lender to the service: decision, unpaid instalments, rescheduling, balance (CMF, L. 511-33)."""


@dataclass(frozen=True)
class Durations:
    """How many months an authorisation without end holds, by flow: the profile says it."""

    to_lender: int
    from_lender: int

    def of(self, flow: Flow) -> int:
        """The months of a flow."""
        return self.to_lender if flow is Flow.TO_LENDER else self.from_lender


_NONE = {
    Flow.TO_LENDER: "Aucune autorisation de transmettre à cet établissement n’est enregistrée : faites "
    "signer "
    "le modèle « 08-autorisation-transmission ».",
    Flow.FROM_LENDER: "Aucune autorisation de l’établissement à informer le service n’est enregistrée : "
    "faites "
    "signer le modèle « 08-autorisation-transmission », ou dites dans lender_news.source que la personne a "
    "apporté ce document.",
}


def uncovered(
    data: Data, flow: Flow, day: date, durations: Durations, root: str, sent: Sequence[Sent] = ()
) -> Iterator[Violation]:
    """Why no authorisation of a file covers this flow, and all that is sent, on a day."""
    if "bank" not in data:
        yield Violation(f"{root}.bank", FieldReason.REQUIRED, "Ce document nomme un établissement prêteur.")
        return
    tried = [
        list(_faults(one, f"{root}.authorisations[{rank}]", data, day, durations.of(flow), root, sent))
        for rank, one in enumerate(data.get("authorisations", ()))
        if one["kind"] == flow.value
    ]
    if not tried:
        yield Violation(f"{root}.authorisations", FieldReason.REQUIRED, _NONE[flow])
    else:  # the nearest to what is asked tells what is wrong
        yield from min(tried, key=lambda found: (_names_another(found), len(found)))


def to_lender(
    data: Data,
    day: date,
    durations: Durations,
    root: str,
    title: str,
    names: Collection[str],
    internal: Collection[str],
) -> Iterator[Violation]:
    """What forbids to make a document of this title for the lender: an opinion, a rule, no permission, what
    it reads at these paths and that the service keeps for itself.

    The papers that it says are joined leave with it; `names` are those that the document reads.
    """
    yield from refused_to_lender(data, root)
    for path in (path for path in internal if _given(data, path)):
        sentence = "Le service n’écrit jamais ce champ à un établissement : ce modèle ne doit pas le lire."
        yield Violation(f"{root}.{path}", FieldReason.INCONSISTENT, sentence)
    unread = {"enclosures", "pieces"}.difference(names)
    joined = enclosed({name: value for name, value in data.items() if name not in unread})
    yield from uncovered(data, Flow.TO_LENDER, day, durations, root, [Sent(title), *joined])


def from_lender(
    data: Data, day: date, durations: Durations, root: str, said: Collection[str]
) -> Iterator[Violation]:
    """What forbids to use what the lender said at these paths; nothing if the person brought the paper."""
    brought = data.get("lender_news", {}).get("source") == "APPLICANT"
    if not brought and any(_given(data, path) for path in said):
        yield from uncovered(data, Flow.FROM_LENDER, day, durations, root)


def _given(data: Data, path: str) -> bool:
    node: Any = data
    for name in path.split("."):
        if name not in node:
            return False
        node = node[name]
    return not isinstance(node, NotAsked)


def refused_to_lender(data: Data, root: str) -> Iterator[Violation]:
    """A request that the rules or the social worker do not support never reaches a lender."""
    outcome = data.get("assessment", {}).get("outcome")
    if outcome is not None and outcome not in _PRESENTABLE:
        sentence = (
            "La vérification des conditions ne permet pas de présenter cette demande à un établissement."
        )
        yield Violation(f"{root}.assessment.outcome", FieldReason.INCONSISTENT, sentence)
    if data.get("opinion", {}).get("outcome") == "UNFAVORABLE":
        sentence = "Un avis défavorable du service ne part pas vers un établissement."
        yield Violation(f"{root}.opinion.outcome", FieldReason.INCONSISTENT, sentence)


def is_presentable(data: Data) -> bool:
    """The conditions were checked and allow it, and the social worker is not against it."""
    return "assessment" in data and not any(refused_to_lender(data, ""))


_OTHER_LENDER = "Cette autorisation nomme un autre établissement que celui du dossier."


def _names_another(found: Sequence[Violation]) -> bool:
    return any(violation.description == _OTHER_LENDER for violation in found)


def _faults(
    one: Data, path: str, data: Data, day: date, months: int, root: str, sent: Sequence[Sent]
) -> Iterator[Violation]:
    """What one authorisation lacks."""
    if fold(one["lender"]) != fold(data["bank"]["name"]):
        yield Violation(f"{path}.lender", FieldReason.INCONSISTENT, _OTHER_LENDER)
    yield from _out_of_time(one, path, day, months)
    listed = {fold(label) for label in one["pieces"]}
    for piece in sent:
        if fold(piece.label) == fold(INTERNAL):
            where = f"{root}.{piece.field}" if piece.field else f"{path}.pieces"
            sentence = "L’évaluation sociale ne part jamais vers un établissement."
            yield Violation(where, FieldReason.INCONSISTENT, sentence)
        elif fold(piece.label) not in listed:
            # The label of a paper may name somebody; the titles of the service name nobody.
            named = "cette pièce" if piece.field else f"« {piece.label} »"
            where = f"{root}.{piece.field}" if piece.field else f"{path}.pieces"
            yield Violation(where, FieldReason.INCONSISTENT, f"L’autorisation ne liste pas {named}.")


def _out_of_time(one: Data, path: str, day: date, months: int) -> Iterator[Violation]:
    given = one.get("given_on")
    if given is None:
        sentence = "Cette autorisation n’est pas encore signée."
        yield Violation(f"{path}.given_on", FieldReason.REQUIRED, sentence)
        return
    end = one.get("valid_until", add_months(given, months))
    if given > day:
        sentence = "Cette autorisation est signée après la date du document."
        yield Violation(f"{path}.given_on", FieldReason.INCONSISTENT, sentence)
    if end < day:
        name = "valid_until" if "valid_until" in one else "given_on"
        sentence = "Cette autorisation ne vaut plus à la date du document : faites-en signer une nouvelle."
        yield Violation(f"{path}.{name}", FieldReason.INCONSISTENT, sentence)
    if "revoked_on" in one and one["revoked_on"] <= day:
        sentence = "La personne a retiré cette autorisation à la date du document."
        yield Violation(f"{path}.revoked_on", FieldReason.INCONSISTENT, sentence)
