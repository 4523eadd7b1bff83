"""4°: the operations carried out."""

from __future__ import annotations

from collections.abc import Iterator

from services.eligibility.answer.assessment import Question
from services.eligibility.answer.explanation.situation import COLON, SEMICOLON, Section, Situation, listed
from services.eligibility.package import Derived, Outcome, Words, display, facts_read, names, quoted, rounded
from services.kit.french import join, number


def operations(situation: Situation) -> Section:
    """The steps in their order, each calculation with its values, and what may follow."""
    answer = situation.assessment
    return Section(
        "4° Opérations effectuées par le traitement",
        (
            *listed("Le programme a, dans cet ordre", _steps(situation)),
            *listed(
                "Calculs, exacts ; les montants affichés sont arrondis au centime", _calculations(situation)
            ),
            *listed(
                "Autres pistes qui vous sont proposées", (f"{place.label}." for place in answer.orientations)
            ),
            *listed("Réponses qui peuvent encore changer l’avis", map(_question, answer.questions)),
        ),
    )


def _steps(situation: Situation) -> Iterator[str]:
    answer = situation.assessment
    agree = "concordent" if answer.outcome is not Outcome.NEEDS_REVIEW else "ne concordent pas"
    count = number(len(situation.rules))
    yield "vérifié la forme des données, leurs bornes et leurs dates ;"
    yield "fait les calculs ci-dessous ;"
    yield f"examiné les {count} règles en vigueur, sans s’arrêter à la première qui s’applique ;"
    yield f"refait cet examen par une seconde méthode, indépendante ; les deux {agree} ;"
    yield f"conclu{COLON}{quoted(answer.outcome_label)} ;"
    yield "enregistré le tout avant de répondre, de façon à pouvoir le refaire à l’identique."


def _calculations(situation: Situation) -> Iterator[str]:
    words = Words(situation.package, situation.day, situation.values)
    for name, derived in situation.package.derived.items():
        said = words.say(derived.expression)
        value = situation.values[name]
        if value is None:
            yield f"{derived.label}{COLON}{said}{SEMICOLON}{_uncomputed(situation, derived)}."
        else:
            shown = display(rounded(value, derived.type), derived.type)
            yield f"{derived.label}{COLON}{said}, soit {shown}."


def _uncomputed(situation: Situation, derived: Derived) -> str:
    """Why a calculation has no value."""
    package = situation.package
    read = facts_read(package, names(derived.expression))
    absent = [
        quoted(fact.label)
        for name, fact in package.facts.items()
        if name in read and situation.values[name] is None
    ]
    return f"non calculé, faute de {join(absent)}" if absent else "sans objet ici"


def _question(question: Question) -> str:
    proof = question.proof_document_label
    return f"{question.fact.question}{f' (pièce{COLON}{proof})' if proof else ''}"
