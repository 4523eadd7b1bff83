"""20 — Courrier d’incident: what is unpaid, an appointment, the options, debt advice."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import agent_signature, bullets, closing, opening, rights
from tools.house.mentions import debt_advice, lender_mediator
from tools.house.models.appointment import appointment_lines
from tools.house.ooxml import Column, Rows, Table, bullet, heading, lead_in, paragraph, when

_UNPAID = Table(
    "Mensualités impayées",
    [Column("Échéance", 60), Column("Somme impayée", 40, amount=True)],
    [
        Rows.each("line", "incident.unpaid", "{{ line.due_date | long_date }}", "{{ line.amount | euros }}"),
        Rows(("Total", "{{ incident.total | euros }}")),
    ],
    total=True,
)

MODEL = Model(
    "20-incident",
    "Impayé d’un microcrédit : cherchons une solution",
    opening(
        "votre microcrédit – cherchons ensemble une solution",
        "dossier {{ case.reference }}{% if bank is defined %}, prêt de {{ bank.name }}{% endif %}",
    )
    + paragraph(
        "Le {{ incident.reported_on | long_date }}, "
        '{% if lender_news is defined and lender_news.source == "APPLICANT" %}vous nous avez apporté un '
        "courrier "
        "{% if bank is defined %}de {{ bank.name }}{% else %}de l’établissement prêteur{% endif %} qui "
        "signale "
        "{% else %}"
        "{% if bank is defined %}{{ bank.name }}{% else %}l’établissement prêteur{% endif %} nous a signalé "
        "{% endif %}"
        "{% if incident.unpaid | length == 1 %}qu’une mensualité n’a pas été payée{% else %}que des "
        "mensualités n’ont pas été payées{% endif %}. Cela peut arriver : **nous vous écrivons pour vous "
        "aider**, pas pour vous réclamer cette somme."
    )
    + heading("Ce qui reste à payer")
    + _UNPAID.xml()
    + heading("Parlons-en")
    + when(
        "appointment is defined",
        lead_in("Je vous propose un rendez-vous :"),
        appointment_lines(),
        paragraph(
            "Apportez le courrier de l’établissement, vos derniers relevés de compte et vos justificatifs de "
            "ressources. Si vous ne pouvez pas venir, appelez-nous."
        ),
        otherwise=[
            paragraph(
                "Appelez-nous **dans les {{ profile.follow_up.contact_days }}\u00a0jours** au "
                "{{ profile.organisation.phone | phone }} : nous fixerons un rendez-vous."
            )
        ],
    )
    + lead_in("Les solutions possibles et vos droits sont expliqués à la page suivante.")
    + closing()
    + agent_signature()
    + heading("Les solutions possibles", new_page=True)
    + lead_in("Avec votre accord, nous pouvons demander à l’établissement, qui décide :")
    + when(
        "incident.options",
        bullets("option", "incident.options", "{{ option }}"),
        otherwise=[
            bullet("de reporter une ou plusieurs mensualités ;"),
            bullet("de changer la date du prélèvement ;"),
            bullet("d’étaler le remboursement sur une durée plus longue."),
        ],
    )
    + paragraph(
        "N’attendez pas : après deux mensualités impayées, l’établissement peut engager l’inscription au "
        "fichier des incidents de remboursement des crédits aux particuliers (FICP), puis demander le "
        "remboursement de tout le prêt. {{ profile.fund.guarantee }}"
    )
    + rights(
        debt_advice(),
        when("law.forbearance is defined", paragraph("{{ law.forbearance }}")),
        lender_mediator(),
    ),
)
