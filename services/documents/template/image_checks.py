"""The places of the images of the data: a picture of the body, alone under its alternative text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from services.documents.render import WORD_PART, image_places, opc, parser
from services.documents.template.reading import PARAGRAPH, enclosing, paragraph_text, place
from services.kit.findings import Finding

_NAMED = b"images."
_BODY_ONLY = "Une image du dossier ne peut être que dans le corps du document."
_NOT_A_PICTURE = "Ce texte de remplacement nomme une image du dossier, et n’est pas celui d’une image seule."
_UNREAD = "Ce texte de remplacement ne dit pas au service quelle image du dossier mettre ici."


def images(parts: Mapping[str, bytes]) -> Iterator[Finding]:
    """Each place where the image of the template would be seen instead of that of the data."""
    for name in filter(WORD_PART.fullmatch, parts):
        if _NAMED not in parts[name]:
            continue
        root = etree.fromstring(parts[name], parser())
        ranks = {node: rank for rank, node in enumerate(root.iter(PARAGRAPH))}
        for found in image_places(root):
            sentence = _NOT_A_PICTURE if len(found.blips) != 1 else "" if name == opc.MAIN else _BODY_ONLY
            if not found.image:
                sentence = _UNREAD
            if sentence:
                paragraph = enclosing(found.drawing, PARAGRAPH)
                yield Finding(
                    place(name, paragraph_text(paragraph), ranks[paragraph]),
                    sentence,
                    "IMAGE_PLACE",
                    "Insérez une image dans le corps, et donnez-lui pour texte de remplacement, par exemple, "
                    "« {{ images.stamp.alt }} ».",
                )
