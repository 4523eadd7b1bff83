"""The words by which people name the fields: the labels of the contract, and what offices write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from services.documents.template.fields import Field
from services.kit.french import fold

_PERSON = {
    "civility": "civilité|titre|m mme",
    "first_name": "prénom|prénoms",
    "last_name": "nom|nom de famille|nom d usage|nom usuel",
    "birth_name": "nom de naissance|nom de jeune fille",
    "birth_date": "date de naissance|né le|née le|naissance",
    "birth_place": "lieu de naissance|né à|née à|ville de naissance",
    "address.lines[0]": "adresse|adresse 1|rue|voie|adresse postale",
    "address.lines[1]": "adresse 2|complément d adresse|complément",
    "address.lines[2]": "adresse 3",
    "address.postal_code": "code postal|cp",
    "address.city": "ville|commune|localité",
    "phone": "téléphone|tél|numéro de téléphone|portable|mobile",
    "email": "courriel|e mail|email|mail|adresse électronique|mél",
}
_OTHERS = {
    "case.reference": "référence|référence du dossier|numéro de dossier|n° de dossier|dossier|réf",
    "case.request_date": "date de la demande|date de demande",
    "case.received_on": "date de réception",
    "deadlines.documents": "date limite|délai|échéance des pièces",
    "document.date": "date|date du jour|date du courrier|fait le|date de la lettre|now|aujourd hui",
    "household.persons": "nombre de personnes|personnes au foyer",
    "loan.amount": "montant|montant demandé|montant du prêt|capital|somme",
    "loan.instalment": "mensualité|échéance|mensualités",
    "loan.months": "durée|durée en mois|nombre de mensualités",
    "loan.nominal_rate_pct": "taux|taux nominal|taux d intérêt",
    "project.label": "projet|objet|objet du prêt",
    "project.total_cost": "coût|coût total|coût du projet",
    "bank.name": "banque|prêteur|établissement",
    "signatory.last_name": "signataire",
    "agent.last_name": "agent|référent|instructeur|nom de l agent",
    "profile.organisation.name": "organisme|nom de l organisme",
}
PEOPLE = frozenset({"demandeur", "client", "usager", "beneficiaire", "emprunteur", "personne", "applicant"})
"""Who the applicant is called by the templates of others."""
_JOINING = frozenset(("d", "de", "des", "du", "l", "la", "le", "les", "of", "the"))
_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])")
_SECOND = ("du co emprunteur", "de la co emprunteuse", "co emprunteur", "du conjoint", "de la conjointe")


def spoken(name: str) -> str:
    """A name as it is compared: `DateNaissance`, `date_naissance`, « Date de naissance » are the same."""
    words = fold(_CAMEL.sub(" ", name).replace("_", " ")).split()
    ends = (0, len(words) - 1)
    return " ".join(word for rank, word in enumerate(words) if rank in ends or word not in _JOINING)


def _spelt() -> Iterator[tuple[str, str]]:
    for path, words in _OTHERS.items():
        yield from ((spoken(word), path) for word in words.split("|"))
    for name, words in _PERSON.items():
        for word in map(spoken, words.split("|")):
            yield word, f"applicant.{name}"
            yield from ((spoken(f"{word} {second}"), f"co_applicant.{name}") for second in _SECOND)


LEXICON: Mapping[str, str] = dict(_spelt())
"""The path of what people call by a word of the trade, the word being as `spoken` gives it."""


def by_words(fields: Mapping[str, Field]) -> dict[str, str]:
    """The path behind each word: those of the lexicon, and the labels that one field alone bears."""
    found: dict[str, list[str]] = {}
    for name, one in fields.items():
        for path, label in _labels(name, one):
            found.setdefault(spoken(re.split("[:(,;]", label)[0]), []).append(path)
    alone = {label: paths[0] for label, paths in found.items() if label and len(paths) == 1}
    return {**alone, **LEXICON}


def _labels(path: str, one: Field) -> Iterator[tuple[str, str]]:
    if one.label and one.kind not in ("object", "list"):
        yield path, one.label
    for name, below in one.fields.items():
        yield from _labels(f"{path}.{name}", below)
