"""24 — Attestation de solde: the loan is repaid; interest refunded where the organisation does so."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import agent, cover, signature
from tools.house.models.common import BORROWERS, BROUGHT, LENDER, one_or_many
from tools.house.ooxml import heading, labelled, paragraph, when

MODEL = Model(
    "24-attestation-solde",
    "Attestation de fin de remboursement",
    cover(
        "Attestation de fin de remboursement",
        labelled("Référence", "{{ case.reference }}"),
        agent(),
    )
    + paragraph(
        "Le {{ profile.organisation.name }} atteste que, selon "
        f"{{% if {BROUGHT} %}}un document de {LENDER} que la personne a apporté"
        f"{{% else %}}ce que {LENDER} lui a dit avec l’autorisation de la personne"
        "{% endif %}, le microcrédit "
        "personnel de {{ loan.amount | euros }} accordé à "
        f"**{BORROWERS}** a été remboursé en entier le **{{{{ settlement.settled_on | long_date }}}}**"
        "{% if settlement.term is defined %}, {{ settlement.term | label }}{% endif %}."
    )
    + when(
        "settlement.total_paid is defined",
        paragraph("Total payé : {{ settlement.total_paid | euros }}."),
    )
    + when(
        "settlement.interest_refund is defined",
        heading("Le remboursement des intérêts"),
        paragraph(
            "En application de la {{ settlement.interest_refund.deliberation }} du "
            "{{ settlement.interest_refund.decided_on | long_date }}, le "
            "{{ profile.organisation.short_name }} rembourse les intérêts du prêt : "
            "**{{ settlement.interest_refund.amount | euros }}**, par virement sur le compte "
            + one_or_many("de la personne intéressée", "des personnes intéressées")
            + "."
        ),
    )
    + paragraph(
        "Cette attestation est délivrée pour servir et valoir ce que de droit. Seul l’établissement prêteur "
        "peut délivrer un décompte ou une mainlevée.",
        properties="<w:keepNext/>",
    )
    + signature(),
)
