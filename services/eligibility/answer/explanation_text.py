"""The whole explanation, its four items in the order of CRPA R.311-3-1-2, and their Markdown.

1° is the degree and the mode of contribution of the processing to the decision; 2°, the data processed and
their sources.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from services.eligibility.answer.explained_rules import (
    Line,
    Section,
    Situation,
    listed,
    operations,
    parameters,
)
from services.eligibility.answer.plain import plain_lines
from services.eligibility.package import (
    Fact,
    Outcome,
    WhenAbsent,
    bullets,
    codes_of,
    display,
    paragraphs,
    quoted,
    text,
)
from services.kit.french import COLON, NO_BREAK_SPACE, long_date, signed, spaced

_MEANINGS = {
    Outcome.ELIGIBLE: "Aucune des règles vérifiées ne s’y oppose.",
    Outcome.ELIGIBLE_WITH_RESERVE: (
        "Aucune règle ne s’y oppose, mais un point au moins reste à apprécier par une personne."
    ),
    Outcome.INCOMPLETE: "Il manque un élément au moins ; l’avis peut changer quand vous l’aurez fourni.",
    Outcome.NOT_ELIGIBLE: "Une règle au moins s’y oppose.",
    Outcome.NEEDS_REVIEW: (
        "Les deux évaluations qu’il fait de chaque demande ne concordent pas : il ne propose aucune issue et "
        "c’est une personne qui examine votre demande."
    ),
}
_DOCUMENTS = "documents"

_ABSENT = {
    WhenAbsent.MISSING: "à fournir",
    WhenAbsent.UNKNOWN: "rien n’en est déduit, ni oui ni non",
    WhenAbsent.NO: "l’absence de réponse vaut « non »",
    WhenAbsent.NOT_APPLICABLE: "sans objet, sauf si vous l’indiquez",
}


def contribution(situation: Situation) -> Section:
    """What the program did of the decision, and what it did not."""
    identity, answer = situation.package.identity, situation.assessment
    rules = f"{quoted(identity.title)} ({identity.organisation}), version {identity.version}"
    day = long_date(situation.day)
    return Section(
        f"1°{NO_BREAK_SPACE}Degré et mode de contribution du traitement à la décision",
        (
            Line(f"Un programme informatique a confronté votre demande du {day} aux règles {rules}."),
            Line(
                "Il rend un avis ; il ne décide pas. La décision est prise par une personne, qui lit "
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


def data(situation: Situation) -> Section:
    """Every fact that the rules may read, as it was given, or what its absence meant."""
    return Section(
        f"2°{NO_BREAK_SPACE}Données traitées et leurs sources",
        (
            Line(
                "Le programme n’a lu que les données ci-dessous, transmises par le service qui suit votre "
                "dossier ; il n’a consulté aucun autre fichier. Leur source est votre demande, telle que "
                "vous l’avez déclarée et que ce service l’a saisie ; la pièce qui justifie une donnée est "
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


def sections(situation: Situation) -> tuple[Section, ...]:
    """Contribution to the decision, data and sources, parameters and weighting, operations."""
    found = (contribution(situation), data(situation), parameters(situation), operations(situation))
    return tuple(
        Section(spaced(one.title), tuple(replace(line, text=signed(spaced(line.text))) for line in one.lines))
        for one in found
    )


def markdown(situation: Situation, found: tuple[Section, ...]) -> str:
    """Ten plain lines, then the sections, under a heading that names the decision."""
    case = [f"dossier {text(situation.case_reference)}"] if situation.case_reference else []
    named = (*case, f"demande du {long_date(situation.day)}", f"décision {situation.decision_id}")
    article = f"R.{NO_BREAK_SPACE}311-3-1-2 du code des relations entre le public et l’administration"
    return (
        paragraphs(
            "# Comment votre demande a été examinée",
            f"{text(situation.package.identity.organisation)}{COLON}{', '.join(named)}.",
            bullets(map(text, plain_lines(situation))),
            f"Le détail suit les quatre points de l’article {article}.",
            *(part for section in found for part in (f"## {section.title}", _body(section.lines))),
        )
        + "\n"
    )


def _body(lines: tuple[Line, ...]) -> str:
    return paragraphs(
        *(
            bullets(map(_text, group)) if are_items else paragraphs(*map(_text, group))
            for are_items, group in groupby(lines, lambda line: line.is_item)
        )
    )


def _text(line: Line) -> str:
    return text(line.text)
