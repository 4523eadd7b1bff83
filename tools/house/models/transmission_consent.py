"""08 — Autorisations: the service to the lender, then the lender to the service, each on its page, signed."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import borrowers_sign, sender
from tools.house.mentions import END, privacy
from tools.house.models.common import BORROWERS, one_or_many
from tools.house.ooxml import bullet, each, heading, labelled, lead_in, paragraph

_I_ALLOW = one_or_many("J’autorise", "Nous autorisons")
_MY = one_or_many("ma demande", "notre demande")
_LENDER = "cet établissement"
_TAKE_BACK = (
    one_or_many("Je peux", "Chacun de nous peut")
    + " la retirer à tout moment, en écrivant à l’adresse de ce document, ou à "
    "{{ profile.organisation.email }}. "
    "Le retrait ne vaut que pour l’avenir."
)


def _names() -> str:
    return "".join(
        (
            labelled("Référence", "{{ case.reference }}"),
            labelled(one_or_many("Personne qui autorise", "Personnes qui autorisent"), BORROWERS),
            labelled(
                "Établissement",
                "{{ bank.name }}, {{ bank.address.lines | join(', ') }}, "
                "{{ bank.address.postal_code }}\u00a0{{ bank.address.city }}",
                "ReferenceLast",
            ),
        )
    )


def _lasts(flow: str, months: str, without: str) -> str:
    """How long an authorisation holds, as the service counts it, and how to take it back."""
    end = f"authorised.{flow}_valid_until"
    return lead_in(
        f"Cette autorisation vaut **{{% if {end} is defined %}}jusqu’au {{{{ {end} | long_date }}}}"
        f"{{% else %}}pendant {{{{ profile.privacy.{months} | months }}}} à partir de ma "
        f"signature{{% endif %}}**. {_TAKE_BACK} {without}"
    )


_TO_LENDER = (
    lead_in(
        f"{_I_ALLOW} le {{{{ profile.organisation.short_name }}}}, dont les agents sont tenus au secret "
        f"professionnel, à transmettre à {_LENDER}, pour qu’il étudie {_MY} de microcrédit et pour ce seul "
        "usage, **ces pièces et aucune autre** :"
    )
    + each("piece", "authorised.pieces", paragraph("{{ piece }}" + END, "ListTight"))
    + _lasts(
        "to_lender",
        "consent_months",
        "Sans elle, le dossier ne peut pas être présenté à l’établissement, mais les autres aides du service "
        "restent ouvertes.",
    )
)

_FROM_LENDER = (
    heading("Autorisation 2 : informer le service", new_page=True)
    + _names()
    + lead_in(
        "Cet établissement est tenu au secret bancaire (article L. 511-33 du code monétaire et financier). "
        f"{_I_ALLOW} {_LENDER} à donner au {{{{ profile.organisation.short_name }}}}, pour qu’il "
        + one_or_many("m’accompagne", "nous accompagne")
        + " jusqu’à la fin du prêt et pour ce seul usage :"
    )
    + bullet("sa décision sur la demande de prêt ;")
    + bullet("les mensualités impayées ;")
    + bullet("les reports et les étalements de mensualités ;")
    + bullet("le capital qui reste à rembourser.")
    + _lasts(
        "from_lender",
        "news_months",
        "Sans elle, le service ne connaît du prêt que ce que "
        + one_or_many("je lui apporte", "nous lui apportons")
        + ".",
    )
)

MODEL = Model(
    "08-autorisation-transmission",
    "Autorisations entre le service et un établissement prêteur",
    sender()
    + paragraph("Autorisation 1 : transmettre le dossier", "Title")
    + _names()
    + _TO_LENDER
    + borrowers_sign()
    + _FROM_LENDER
    + borrowers_sign()
    + heading("Vos données personnelles", new_page=True)
    + privacy()
    + paragraph(
        "Dans les documents qu’il écrit pour l’établissement, le service ne met jamais : "
        "{{ profile.privacy.withheld_data | join('\u202f; ') }}. Les justificatifs que "
        + one_or_many("je remets", "nous remettons")
        + ", comme les relevés de compte, peuvent en dire plus."
    ),
)
