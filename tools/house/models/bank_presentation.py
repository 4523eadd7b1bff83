"""11 — Lettre de présentation à la banque: strictly necessary facts, and the lender decides alone."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import closing, opening, signature
from tools.house.mentions import lender_freedom, simulation
from tools.house.models.common import BORROWERS, address, funding_plan, loan_terms, one_or_many, support_terms
from tools.house.ooxml import Column, Rows, Table, heading, labelled, lead_in, optional, paragraph, when

_REFERENCES = (
    "dossier {{ case.reference }}{% if bank.agreement_reference is defined %}, agrément "
    "{{ bank.agreement_reference }}{% endif %}{% if bank.convention_reference is defined %}, convention "
    "{{ bank.convention_reference }}{% endif %}"
)

_BORROWERS = Table(
    "Identité des emprunteurs",
    [Column("Emprunteur", 36), Column("Naissance", 26), Column("Adresse", 38)],
    [
        Rows.each(
            "person",
            "borrowers",
            "{{ person | civil_name }}{% if person.birth_name is defined %} (nom de naissance : "
            "{{ person.birth_name }}){% endif %}",
            optional("person.birth_date", "long_date", "date non communiquée")
            + "{% if person.birth_place is defined %}, {{ person.birth_place }}{% endif %}",
            address("person"),
        )
    ],
)

_OPINION = (
    heading("L’avis du service"),
    paragraph(
        "Le service a rendu un avis **{{ opinion.outcome | label }}**{% if opinion.given_on is defined %} le "
        "{{ opinion.given_on | long_date }}{% endif %}."
    ),
    when("opinion.summary_for_bank is defined", paragraph("{{ opinion.summary_for_bank }}")),
)

_SUPPORT = when(
    "support is defined",
    heading("L’accompagnement", 2),
    support_terms(),
    paragraph(
        "Prévenez-nous dès le premier retard de paiement : nous reprendrons aussitôt contact avec "
        + one_or_many("cette personne", "ces personnes")
        + "."
    ),
)

MODEL = Model(
    "11-presentation-banque",
    "Présentation d’une demande de microcrédit à un établissement prêteur",
    opening(
        "présentation d’une demande de microcrédit personnel accompagné",
        _REFERENCES,
        labelled("Pièces jointes", "{{ enclosures | join(' ; ') }}"),
    )
    + paragraph(
        f"Le {{{{ profile.organisation.short_name }}}} accompagne {BORROWERS} dans une demande de "
        f"microcrédit personnel. Avec {one_or_many('son', 'leur')} autorisation "
        "écrite{% if authorised.to_lender_given_on is defined %} du "
        "{{ authorised.to_lender_given_on | long_date }}{% endif %}, "
        f"je vous présente {one_or_many('son', 'leur')} dossier."
    )
    + labelled("Le projet", "**{{ project | purpose }}** ({{ project.category_label }})")
    + labelled(
        "Le prêt demandé",
        "**{{ loan.amount | euros }} sur {{ loan.months | months }}**, au taux nominal annuel fixe de "
        "{{ loan.nominal_rate_pct | percent }}, soit {{ loan.instalment | euros }} par mois",
    )
    + "".join(_OPINION)
    + heading("Votre décision")
    + lender_freedom()
    + lead_in(
        "Je vous remercie de nous faire connaître votre décision, et d’en informer directement "
        + one_or_many("la personne intéressée", "les personnes intéressées")
        + "."
    )
    + closing()
    + signature()
    + heading("La demande en détail", new_page=True)
    + heading(one_or_many("L’emprunteur", "Les emprunteurs"), 2)
    + _BORROWERS.xml()
    + heading("Le coût et le financement du projet", 2)
    + funding_plan()
    + _SUPPORT
    + heading("Le prêt demandé", 2)
    + simulation()
    + loan_terms(),
)
