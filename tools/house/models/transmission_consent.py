"""08 — Autorisation de transmission: what may leave for the lender, signed by the person."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import bullets, cover, sign_here
from tools.house.mentions import END, privacy
from tools.house.models.common import BORROWERS, one_or_many
from tools.house.ooxml import bullet, each, heading, labelled, lead_in

_I_ALLOW = one_or_many("J’autorise", "Nous autorisons")
_MY = one_or_many("ma demande", "notre demande")

MODEL = Model(
    "08-autorisation-transmission",
    "Autorisation de transmettre un dossier à un établissement prêteur",
    cover(
        "Autorisation de transmettre mon dossier à un établissement prêteur",
        labelled("Référence", "{{ case.reference }}"),
        labelled(one_or_many("Personne qui autorise", "Personnes qui autorisent"), BORROWERS),
        labelled(
            "Établissement",
            "{{ bank.name }}, {{ bank.address.lines | join(', ') }}, "
            "{{ bank.address.postal_code }}\u00a0{{ bank.address.city }}",
        ),
    )
    + heading("L’autorisation")
    + lead_in(
        f"{_I_ALLOW} le {{{{ profile.organisation.short_name }}}}, dont les agents sont tenus au secret "
        f"professionnel, à transmettre à {{{{ bank.name }}}}, pour que cet établissement étudie {_MY} de "
        f"microcrédit et pour ce seul usage :"
    )
    + bullets("item", "profile.privacy.bank_data", "{{ item }}" + END)
    + heading("Ce qui n’est jamais transmis")
    + bullets("item", "profile.privacy.withheld_data", "{{ item }}" + END)
    + heading("La durée et le retrait de l’autorisation")
    + lead_in(
        "Cette autorisation vaut **jusqu’au {% if consent is defined and consent.valid_until is defined %}"
        "{{ consent.valid_until | long_date }}{% else %}{{ terms.consent_end | long_date }}{% endif %}** :"
    )
    + bullet(
        one_or_many("je peux", "chacun de nous peut")
        + " la retirer à tout moment, en écrivant à l’adresse de ce document, ou à {{ "
        "profile.organisation.email }} ;"
    )
    + bullet("le retrait ne vaut que pour l’avenir : il n’efface pas ce qui a déjà été transmis ;")
    + bullet(
        "sans cette autorisation, le dossier ne peut pas être présenté à l’établissement, mais les autres "
        "aides du service restent ouvertes."
    )
    + heading("Vos données personnelles")
    + privacy()
    + heading(one_or_many("La signature", "Les signatures"))
    + each("person", "borrowers", sign_here("{{ person | civil_name }}")),
)
