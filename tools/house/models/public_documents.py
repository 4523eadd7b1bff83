"""22 — Documents for the public: flyer, sheet for prescribers, press release; no personal data."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import ORGANISATION_ADDRESS, bullets, cover, sender
from tools.house.mentions import credit_notice, representative_example
from tools.house.ooxml import each, heading, labelled, lead_in, paragraph, when

_TERMS = (
    "de {{ profile.offer.amount_min | round_euros }} à {{ profile.offer.amount_max | round_euros }}, à "
    "rembourser en {{ profile.offer.months_min }} à {{ profile.offer.months_max }}\u00a0mois"
)
_RATE = (
    "Le taux d’intérêt est fixe, entre {{ profile.offer.rate_min_pct | number }} % et "
    "{{ profile.offer.rate_max_pct | number }} % par an. Il n’y a ni frais de dossier ni caution."
)
_LENDER = (
    "Le {{ profile.organisation.short_name }} ne prête pas : un établissement agréé par le "
    "{{ profile.fund.name }} étudie la demande et décide seul."
)
_STEPS = each("step", "profile.offer.steps", paragraph("{{ step }}", "ListNumber"))
_CONTACT = (
    "{{ profile.organisation.service }}, "
    + ORGANISATION_ADDRESS
    + ", téléphone {{ profile.organisation.phone | phone }}, "
    "{{ profile.organisation.email }}, {{ profile.organisation.opening_hours }}"
)


def _listed(title: str, items: str) -> str:
    return heading(title) + bullets("item", items, "{{ item | capital }}")


FLYER = Model(
    "22-depliant-usagers",
    "Le microcrédit personnel accompagné : dépliant",
    sender()
    + paragraph("Un petit prêt pour un projet qui compte", "Title")
    + paragraph("Le microcrédit personnel accompagné, dans {{ profile.offer.territory }}", "Subtitle")
    + credit_notice()
    + paragraph(
        "Les banques vous refusent un crédit ? Le {{ profile.organisation.name }} peut vous aider à préparer "
        "une demande de "
        f"microcrédit : **{_TERMS}**."
    )
    + _listed("Pour quels projets ?", "profile.offer.purposes")
    + _listed("À quelles conditions ?", "profile.offer.conditions")
    + _listed("Ce que le microcrédit ne finance pas", "profile.offer.exclusions")
    + heading("Combien ça coûte ?")
    + paragraph(f"{_RATE} {_LENDER}")
    + representative_example()
    + heading("Comment faire ?", new_page=True)
    + _STEPS
    + _listed("Que préparer ?", "profile.offer.documents")
    + heading("Prenez rendez-vous")
    + labelled("Contact", _CONTACT)
    + paragraph("Le premier rendez-vous est gratuit et confidentiel. Il ne vous engage à rien."),
    subject="",
)

SHEET = Model(
    "22-fiche-prescripteurs",
    "Le microcrédit personnel accompagné : fiche des prescripteurs",
    cover(
        "Orienter une personne vers le microcrédit personnel accompagné",
        paragraph("Fiche destinée aux structures qui orientent les personnes", "Subtitle"),
    )
    + credit_notice()
    + paragraph(
        f"Le {{{{ profile.organisation.name }}}} instruit depuis {{{{ profile.offer.since_year }}}} des "
        f"demandes de microcrédit {_TERMS}. {_RATE} {_LENDER}"
    )
    + representative_example()
    + _listed("Qui orienter", "profile.offer.conditions")
    + _listed("Pour quels projets", "profile.offer.purposes")
    + _listed("Qui orienter ailleurs : ce que le microcrédit ne finance pas", "profile.offer.exclusions")
    + paragraph("Avant d’orienter, vérifiez qu’aucune aide ne couvre déjà le projet.")
    + paragraph(
        "En cas de dettes ou de surendettement, orientez d’abord vers "
        "{{ profile.debt_advice.name }}{% if profile.debt_advice.phone is defined %} "
        "({{ profile.debt_advice.phone | phone }}){% endif %}."
    )
    + _listed("Les pièces à préparer", "profile.offer.documents")
    + heading("Les étapes pour la personne")
    + _STEPS
    + heading("Comment nous joindre")
    + lead_in(
        "Avec l’accord de la personne, transmettez-nous ses coordonnées et l’objet de son projet, rien de "
        "plus : le service fait le reste avec elle."
    )
    + labelled("Contact", _CONTACT),
    subject="",
)

PRESS = Model(
    "22-communique-presse",
    "Le microcrédit personnel accompagné : communiqué de presse",
    cover(
        "{{ press.headline }}",
        paragraph("Communiqué de presse", "Subtitle"),
    )
    + paragraph("{{ press.body }}")
    + when(
        "press.quote is defined",
        paragraph(
            "« {{ press.quote }} »{% if press.quote_author is defined %}, déclare "
            "{{ press.quote_author }}.{% endif %}"
        ),
    )
    + heading("Le microcrédit personnel accompagné en bref")
    + paragraph(
        f"Depuis {{{{ profile.offer.since_year }}}}, le {{{{ profile.organisation.name }}}} aide les "
        f"habitants de son territoire à qui les banques refusent un crédit à préparer une demande de prêt "
        f"{_TERMS}. {_RATE} {_LENDER} Un accompagnement social va avec le "
        "prêt, jusqu’à la dernière mensualité."
    )
    + representative_example()
    + credit_notice()
    + heading("Contacts")
    + when(
        "press.contact is defined",
        labelled(
            "Presse",
            "{{ press.contact | civil_name }}, "
            "{{ press.contact.capacity }}{% if press.contact.phone is defined %}, "
            "{{ press.contact.phone | phone }}{% endif %}{% if press.contact.email is defined %}, "
            "{{ press.contact.email }}{% endif %}",
        ),
    )
    + labelled("Public", _CONTACT),
    subject="",
)
