"""14 — Refus de présentation: reasons in law and in fact, remedies, algorithm, other solutions."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import bullets, closing, opening, rights, signature
from tools.house.mentions import END, algorithm, debt_advice, mediation, remedies
from tools.house.models.common import DEMAND, ORIENTATION, REQUEST
from tools.house.ooxml import Column, Rows, Table, heading, lead_in, optional, paragraph, when

_COMPARISONS = Table(
    "Ce qui a été constaté et la règle appliquée",
    [Column("Élément examiné", 40), Column("Votre situation", 26), Column("Règle appliquée", 34)],
    [
        Rows.each(
            "value",
            "assessment.reasons | blocking | comparisons",
            "{{ value.label }}",
            "{{ value.display | place_names(applicant) }}",
            "{% if value.limit_label is defined %}{{ value.limit_label }} : {% endif %}"
            + optional("value.limit_display", absent="condition à remplir")
            + "{% if value.reference is defined %} ({{ value.reference }}){% endif %}",
        )
    ],
)

_TOTALS = ("income", "expenses", "credit_instalments", "debt_repayments", "living_remainder_before")
_BUDGET_KNOWN = "assessment.reasons | budget_related and budget is defined" + "".join(
    f" and budget.totals.{total} is defined" for total in (*_TOTALS, "living_remainder_after")
)

_BUDGET = (
    "Vos ressources sont de {{ budget.totals.income | euros }} par mois. Après vos charges "
    "({{ budget.totals.expenses | euros }}), vos crédits "
    "({{ budget.totals.credit_instalments | euros }}) et vos dettes "
    "({{ budget.totals.debt_repayments | euros }}), il vous reste "
    "{{ budget.totals.living_remainder_before | euros }} ; après la mensualité demandée "
    "({{ loan.instalment | euros }}), il resterait "
    "{{ budget.totals.living_remainder_after | euros }}."
)

_ELSEWHERE = "assessment.orientations | besides_debt_advice"
# On the page of the signature, unless what was done with the demand takes their room there.
_BODIES = (
    lead_in("Vous pouvez aussi vous adresser à :"),
    bullets("orientation", _ELSEWHERE, ORIENTATION + END),
)

MODEL = Model(
    "14-refus-presentation",
    "Décision de ne pas présenter une demande de microcrédit",
    opening(
        "votre demande de microcrédit personnel – décision de ne pas la présenter à un prêteur",
        REQUEST,
    )
    + paragraph(
        f"Vous avez demandé un microcrédit personnel accompagné {DEMAND}."
        "{% if committee is defined %} La commission a examiné votre dossier le "
        "{{ committee.met_on | long_date }}.{% endif %}"
    )
    + paragraph(
        "**J’ai le regret de vous informer que le {{ profile.organisation.short_name }} ne présentera pas "
        "votre demande à un établissement prêteur.**"
    )
    + heading("Les motifs de cette décision")
    + paragraph(
        "Cette décision applique le {{ profile.bylaw.title }} ({{ profile.bylaw.deliberation }} du "
        "{{ profile.bylaw.adopted_on | long_date }}), "
        "{% if assessment.reasons | blocking | length == 1 %}pour la raison suivante{% else %}pour les "
        "raisons suivantes{% endif %} :"
    )
    + bullets(
        "reason",
        "assessment.reasons | blocking",
        "{{ reason.message | place_names(applicant) }}{% if reason.article is defined %} ({{ "
        "reason.article }}){% endif %}",
    )
    + when(
        "assessment.reasons | blocking | comparisons",
        _COMPARISONS.xml(),
    )
    + when(
        "transfer is defined",
        heading("Votre demande est transmise à l’administration compétente"),
        paragraph(
            "Votre demande relève d’une autre administration. Nous l’avons transmise, le "
            "{{ transfer.sent_on | long_date }}, à l’administration compétente : "
            "{{ transfer.organisation }}{% if transfer.contact is defined %} "
            "({{ transfer.contact }}){% endif %}. L’article L. 114-2 du code des relations entre le public "
            "et l’administration le prévoit. Elle vous répondra directement."
        ),
    )
    + heading("Ce que vous pouvez faire")
    + lead_in(
        "Le {{ profile.organisation.short_name }} ne prête pas et ne garantit pas les prêts : cette décision "
        "ne vous empêche pas d’en demander un ailleurs. Si votre situation ou votre projet change, vous "
        "pouvez présenter une nouvelle demande. Vos droits et vos recours sont expliqués à la page suivante."
    )
    + when(f"transfer is not defined and {_ELSEWHERE}", *_BODIES)
    + when("assessment.reasons | budget_related", debt_advice())
    + closing()
    + signature()
    + rights(remedies(), mediation(), algorithm(), new_page=True)
    + when(_BUDGET_KNOWN, heading("Votre budget, tel que nous l’avons compté"), paragraph(_BUDGET))
    + when(f"transfer is defined and {_ELSEWHERE}", heading("Où vous adresser"), *_BODIES),
)
