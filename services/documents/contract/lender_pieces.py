"""What leaves for a lender, what a document says of it, and who else receives the data of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.kit.french import fold, typeset

Data = Mapping[str, Any]

SERVICE_DOCUMENTS = (
    "Présentation d’une demande de microcrédit à un établissement prêteur",
    "Dossier de demande de microcrédit personnel accompagné – exemplaire de l’établissement",
    "Fiche projet",
    "Budget mensuel",
    "Tableau d’amortissement indicatif",
    "Attestation d’accompagnement",
    "Convention tripartite d’accompagnement",
)
"""The titles of what the service itself writes for a lender: an authorisation to sign proposes them."""

INTERNAL = "Évaluation sociale"
"""The title of what the service writes for itself, and says that no lender receives."""

_HEALTH = "SANTE"
_QUOTE = "DEVIS"
_FORWARDED = (
    "à qui votre demande est transmise (article L. 114-2 du code des relations entre le public et "
    "l’administration)"
)


@dataclass(frozen=True)
class Sent:
    """A piece that leaves for the lender, and its field in the data; none for what the service writes."""

    label: str
    field: str = ""


def enclosed(data: Data) -> list[Sent]:
    """The papers joined for the lender; the quote of a care project would tell of the health."""
    pieces = data.get("pieces", ())
    care = data.get("project", {}).get("category") == _HEALTH
    kept = {fold(piece["label"]) for piece in pieces if care and piece.get("code") == _QUOTE}
    listed = [Sent(label, f"enclosures[{rank}]") for rank, label in enumerate(data.get("enclosures", ()))]
    listed += [
        Sent(piece["label"], f"pieces[{rank}]")
        for rank, piece in enumerate(pieces)
        if piece["status"] == "PROVIDED"
    ]
    once = {fold(sent.label): sent for sent in reversed(listed)}
    return [sent for sent in listed if once[fold(sent.label)] is sent and fold(sent.label) not in kept]


def authorised(data: Data) -> dict[str, Any]:
    """What a document says of the authorisations of the lender of a file, signed or to sign."""
    found: dict[str, Any] = {}
    to_sign = [*SERVICE_DOCUMENTS, *(sent.label for sent in enclosed(data))]
    lender = data.get("bank", {}).get("name", "")
    for one in data.get("authorisations", ()):
        if fold(one["lender"]) == fold(lender):
            name = one["kind"].lower()
            found |= {f"{name}_{end}": one[end] for end in ("given_on", "valid_until") if end in one}
            if one["kind"] == "TO_LENDER" and one["pieces"]:
                to_sign = one["pieces"]
    return {**found, "pieces": list(dict.fromkeys(to_sign))}


def data_recipients(data: Data, *, for_lender: bool) -> list[str]:
    """Who receives the data of a document besides the agents of the service: those who take part in the file.

    What is made for the lender tells it of no other: who referred the person is no business of its.
    """
    found = []
    if for_lender:
        data = {name: data[name] for name in ("bank",) if name in data}
    if "committee" in data:
        found.append("les membres de la commission qui examine votre demande, tenus au secret")
    if "referral_source" in data:
        found.append(f"« {data['referral_source']['name']} », par qui vous avez connu le service")
    if "transfer" in data:
        found.append(f"{data['transfer']['organisation']}, {_FORWARDED}")
    lender = f"l’établissement « {data['bank']['name']} »" if "bank" in data else "l’établissement prêteur"
    found.append(
        f"{lender}, seulement après votre autorisation écrite et pour les seules pièces qu’elle liste"
    )
    return [typeset(line) for line in found]
