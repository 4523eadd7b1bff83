"""19 — Compte rendu de suivi or bilan final: contacts, instalments kept, what the project became."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import agent, agent_signature, bullets, cover
from tools.house.mentions import END
from tools.house.models.common import BORROWERS, BROUGHT, LENDER, one_or_many
from tools.house.ooxml import Column, Rows, Table, heading, labelled, optional, paragraph, when

_FINAL = 'follow_up.kind == "FINAL"'
_REPAYMENT = Table(
    "Remboursement du prêt pendant la période",
    [Column("Remboursement", 60), Column("Valeur", 40, amount=True)],
    [
        Rows(("Mensualités échues", optional("follow_up.instalments_due"))),
        Rows(("Mensualités payées", optional("follow_up.instalments_paid"))),
        Rows(("Capital restant dû", optional("follow_up.outstanding", "euros"))),
    ],
)
_CONTACTS = Table(
    "Contacts de la période",
    [Column("Date", 18), Column("Contact", 32), Column("Ce qui a été convenu", 50)],
    [
        Rows.each(
            "contact",
            "follow_up.contacts",
            "{{ contact.date | short_date }}",
            "{{ contact.kind }}",
            optional("contact.summary", absent="sans observation"),
        )
    ],
)

MODEL = Model(
    "19-suivi",
    "Suivi d’un microcrédit personnel accompagné",
    cover(
        f"{{% if {_FINAL} %}}Bilan final{{% else %}}Compte rendu de suivi{{% endif %}}",
        labelled("Référence", "{{ case.reference }}"),
        labelled(one_or_many("Prêt au nom de", "Prêt aux noms de"), BORROWERS),
        when("bank is defined", labelled("Établissement", "{{ bank.name }}")),
        labelled(
            "Période", "du {{ follow_up.period_start | long_date }} au {{ follow_up.period_end | long_date }}"
        ),
        agent(),
    )
    + heading("Le remboursement")
    + _REPAYMENT.xml()
    + when(
        "follow_up.instalments_due is defined or follow_up.instalments_paid is defined or "
        "follow_up.outstanding is defined",
        paragraph(
            f"Source : {{% if {BROUGHT} %}}un document de {LENDER} que la personne a apporté{{% else %}}"
            f"{LENDER}, avec l’autorisation de la personne{{% endif %}}.",
            "AfterTable",
        ),
    )
    + heading("Les contacts")
    + when("follow_up.contacts", _CONTACTS.xml(), otherwise=[paragraph("Aucun contact pendant la période.")])
    + heading("Le projet")
    + paragraph("Objet du prêt : {{ project | purpose }}.")
    + when("follow_up.project_outcome is defined", paragraph("{{ follow_up.project_outcome }}"))
    + when(
        "follow_up.situation is defined",
        heading("La situation"),
        paragraph("{{ follow_up.situation }}"),
    )
    + when(
        "follow_up.actions",
        heading("Les actions convenues"),
        bullets("action", "follow_up.actions", "{{ action }}" + END),
    )
    + heading("La suite")
    + paragraph(
        f"{{% if {_FINAL} %}}L’accompagnement lié à ce prêt est terminé ; le service reste ouvert à toute "
        f"nouvelle demande."
        "{% elif follow_up.next_on is defined %}Prochain rendez-vous : "
        "**{{ follow_up.next_on | long_day }}**.{% else %}Le prochain rendez-vous reste à fixer.{% endif %}",
        properties="<w:keepNext/>",
    )
    + agent_signature(),
)
