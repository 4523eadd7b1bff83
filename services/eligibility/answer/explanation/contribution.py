"""1°: the degree and the mode of contribution of the processing to the decision."""

from __future__ import annotations

from services.eligibility.answer.explanation.situation import COLON, Line, Section, Situation, listed
from services.eligibility.package import Outcome, quoted
from services.kit.french import long_date

_MEANINGS = {
    Outcome.ELIGIBLE: "Aucune des règles vérifiées ne s’y oppose.",
    Outcome.ELIGIBLE_WITH_RESERVE: (
        "Aucune règle ne s’y oppose, mais un point au moins reste à apprécier par une personne."
    ),
    Outcome.INCOMPLETE: "Il manque un élément au moins ; l’avis peut changer quand vous l’aurez fourni.",
    Outcome.NOT_ELIGIBLE: "Une règle au moins s’y oppose.",
    Outcome.NEEDS_REVIEW: (
        "Les deux évaluations qu’il fait de chaque demande ne concordent pas : il ne propose aucune issue et "
        "c’est une personne qui examine votre demande."
    ),
}


def contribution(situation: Situation) -> Section:
    """What the program did of the decision, and what it did not."""
    identity, answer = situation.package.identity, situation.assessment
    rules = f"{quoted(identity.title)} ({identity.organisation}), version {identity.version}"
    day = long_date(situation.day)
    return Section(
        "1° Degré et mode de contribution du traitement à la décision",
        (
            Line(f"Un programme informatique a confronté votre demande du {day} aux règles {rules}."),
            Line(
                "Il rend un avis ; il ne décide pas. La décision est prise par une personne, qui lit "
                "cet avis, ses motifs et votre dossier, et qui peut s’en écarter."
            ),
            Line(
                f"Son avis, enregistré le {long_date(situation.record_day)}{COLON}"
                f"{quoted(answer.outcome_label)}. {_MEANINGS[answer.outcome]}"
            ),
            Line(
                "Il applique les mêmes règles à toutes les demandes. Il ne donne pas de note, ne compare pas "
                "les personnes entre elles et n’apprend rien des demandes passées."
            ),
            *listed("Ces règles se fondent sur", (f"{basis}." for basis in identity.legal_basis)),
        ),
    )
