"""2°: the data processed and their sources."""

from __future__ import annotations

from collections.abc import Iterator

from services.eligibility.answer.explanation.situation import COLON, Line, Section, Situation, listed
from services.eligibility.package import Fact, WhenAbsent, codes_of, display

_DOCUMENTS = "documents"
_ABSENT = {
    WhenAbsent.MISSING: "à fournir",
    WhenAbsent.UNKNOWN: "rien n’en est déduit, ni oui ni non",
    WhenAbsent.NO: "l’absence de réponse vaut « non »",
    WhenAbsent.NOT_APPLICABLE: "sans objet, sauf si vous l’indiquez",
}


def data(situation: Situation) -> Section:
    """Every fact that the rules may read, as it was given, or what its absence meant."""
    return Section(
        "2° Données traitées et leurs sources",
        (
            Line(
                "Le programme n’a lu que les données ci-dessous, transmises par le service qui suit votre "
                "dossier ; il n’a consulté aucun autre fichier. Leur source est votre demande, telle que "
                "vous l’avez déclarée et que ce service l’a saisie ; la pièce qui justifie une donnée est "
                "indiquée à sa suite."
            ),
            *listed("Données fournies", _given(situation)),
            *listed("Données non fournies", _absent(situation)),
        ),
    )


def _given(situation: Situation) -> Iterator[str]:
    for name, fact in situation.package.facts.items():
        value = situation.given.get(name)
        if value is not None:
            yield f"{fact.label}{COLON}{display(value, fact.type)}{_proof(situation, fact)}."


def _proof(situation: Situation, fact: Fact) -> str:
    """The document that proves a fact, and whether it was handed in."""
    if not fact.proof_document:
        return ""
    documents = situation.package.facts.get(_DOCUMENTS)
    labels = documents.type.labels if documents else {}
    handed_in = fact.proof_document in codes_of(situation.given.get(_DOCUMENTS))
    state = "pièce remise" if handed_in else "pièce non remise"
    return f" ({state}{COLON}{labels.get(fact.proof_document, fact.proof_document)})"


def _absent(situation: Situation) -> Iterator[str]:
    for name, fact in situation.package.facts.items():
        if situation.given.get(name) is None and fact.when_absent in _ABSENT:
            yield f"{fact.label}{COLON}{_ABSENT[fact.when_absent]}{_proof_wanted(situation, fact)}."


def _proof_wanted(situation: Situation, fact: Fact) -> str:
    return _proof(situation, fact) if fact.when_absent is WhenAbsent.MISSING else ""
