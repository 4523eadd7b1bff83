"""What the engine refuses: a template that cannot be compiled, a document that would be wrong."""

from __future__ import annotations

from enum import StrEnum

from services.kit.french import spaced


class TemplateError(Exception):
    """The template cannot be compiled; `sentence` says why, in French, `part` and `tag` where."""

    def __init__(self, sentence: str, part: str = "", tag: str = "") -> None:
        super().__init__(sentence)
        self.sentence, self.part, self.tag = spaced(sentence), part, tag


class IllegalCharacterError(ValueError):
    """A text holds a character that XML or a reader cannot bear."""


class Reason(StrEnum):
    """Why a document was not made."""

    ABSENT = "ABSENT"
    NULL = "NULL"
    UNFORMATTED = "UNFORMATTED"
    ILLEGAL_CHARACTER = "ILLEGAL_CHARACTER"
    NOT_WELL_FORMED = "NOT_WELL_FORMED"
    TAG_LEFT = "TAG_LEFT"
    IMPOSSIBLE = "IMPOSSIBLE"
    TOO_COSTLY = "TOO_COSTLY"
    EMPTIED = "EMPTIED"
    NOT_AN_ADDRESS = "NOT_AN_ADDRESS"


_SENTENCES = {
    Reason.ABSENT: "Le modèle imprime ce champ, que la donnée ne contient pas.",
    Reason.NULL: "Le modèle imprime ce champ, qui n’a pas de valeur.",
    Reason.UNFORMATTED: "Le modèle imprime un champ sans le filtre de son type.",
    Reason.ILLEGAL_CHARACTER: "Ce champ contient un caractère qu’un document Word ne peut pas porter.",
    Reason.NOT_WELL_FORMED: "Avec cette donnée, le modèle donne un document que Word ne pourrait pas ouvrir.",
    Reason.TAG_LEFT: "Une balise du modèle resterait dans le document.",
    Reason.IMPOSSIBLE: "Le modèle demande un calcul impossible : c’est lui qu’il faut corriger.",
    Reason.TOO_COSTLY: "Le document serait trop long : les boucles du modèle sont à revoir.",
    Reason.NOT_AN_ADDRESS: "Ce champ est le but d’un lien : un site (https://…), mailto: ou tel:.",
    Reason.EMPTIED: "Le modèle laisserait vide un endroit où Word veut un paragraphe.",
}


class RenderError(Exception):
    """No document was made; no value of the data is ever told.

    `field` is the path in the context, `assessment.reasons[2].article`, empty when no field is at fault;
    `tag` is the tag of the template, as it is written there.
    """

    def __init__(self, reason: Reason, part: str, field: str = "", tag: str = "") -> None:
        super().__init__(f"{reason} {part} {field}")
        self.reason = reason
        self.part = part
        self.field = field
        self.tag = tag

    @property
    def sentence(self) -> str:
        """What happened, in French."""
        return _SENTENCES[self.reason]
