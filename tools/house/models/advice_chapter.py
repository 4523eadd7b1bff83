"""The last chapters of the application file: advice, documents, support, commitment and signature."""

from __future__ import annotations

from tools.house.letter import borrowers_sign, bullets
from tools.house.mentions import END
from tools.house.models.common import ORIENTATION, computed, holder, one_or_many, support_terms
from tools.house.ooxml import Column, Rows, Table, bullet, heading, lead_in, optional, paragraph, when


def _reasons() -> str:
    columns = [Column("Constat", 54), Column("Portée", 16), Column("Texte appliqué", 30)]
    values = (
        "{% for value in reason.comparisons %} – {{ value.label }} : "
        "{{ value.display | place_names(applicant) }}{% if value.limit_display is defined %} "
        "({{ value.limit_label if value.limit_label is defined else 'limite' }} : "
        "{{ value.limit_display }}){% endif %}{% endfor %}"
    )
    rows = [
        Rows.each(
            "reason",
            "assessment.reasons",
            "{{ reason.message | place_names(applicant) }}" + values,
            "{{ reason.severity | label }}",
            optional("reason.article", absent="non précisé"),
        )
    ]
    return Table("Constats au regard du règlement", columns, rows).xml()


def _figures() -> str:
    columns = [Column("Valeur calculée", 68), Column("Résultat", 32, amount=True)]
    rows = [Rows.each("figure", "assessment.figures", "{{ figure.label }}", computed("figure"))]
    return Table("Valeurs calculées", columns, rows).xml()


def advice() -> str:
    """Chapter: outcome, reasons, figures, missing facts, orientations."""
    return "".join(
        (
            heading("La vérification des conditions"),
            paragraph("Résultat : **{{ assessment.outcome_label }}**."),
            paragraph(
                "Cette vérification compare la demande au {{ profile.bylaw.title }} "
                "({{ profile.bylaw.deliberation }} "
                "du {{ profile.bylaw.adopted_on | long_date }}), à l’aide d’un traitement algorithmique "
                "(règles « {{ assessment.ruleset.ruleset_id }} », version {{ assessment.ruleset.version }}). "
                "Elle ne décide rien : une personne du service décide de présenter la demande, puis le "
                "prêteur "
                "décide seul du prêt."
            ),
            heading("Les constats", 2),
            when(
                "assessment.reasons",
                _reasons(),
                otherwise=[paragraph("Aucune réserve ni aucun motif de refus.")],
            ),
            heading("Les valeurs calculées", 2),
            when("assessment.figures", _figures(), otherwise=[paragraph("Aucune valeur calculée.")]),
            when(
                "assessment.missing",
                heading("Les renseignements à compléter", 2),
                bullets(
                    "fact",
                    "assessment.missing",
                    "{{ fact.label }}{% if fact.question is defined %} – {{ fact.question }}{% endif %}",
                ),
            ),
            when(
                "assessment.orientations",
                heading("Les autres interlocuteurs utiles", 2),
                bullets(
                    "orientation",
                    "assessment.orientations",
                    ORIENTATION + END,
                ),
            ),
        )
    )


def pieces() -> str:
    """Chapter: documents handed in and to hand in."""
    columns = [Column("Pièce", 48), Column("État", 16), Column("Précision", 36)]
    detail = (
        "{% if piece.provided_on is defined %}remise le {{ piece.provided_on | short_date }}"
        "{% elif piece.reason is defined %}{{ piece.reason }}{% else %}sans précision{% endif %}"
        "{% if piece.max_age_months is defined %} ; "
        "de moins de {{ piece.max_age_months | months }}{% endif %}"
    )
    rows = [
        Rows.each(
            "piece",
            "pieces",
            "{{ piece.label }}{% if piece.holder is defined %} (" + holder("piece.holder") + "){% endif %}",
            "{{ piece.status | label }}",
            detail,
        )
    ]
    return heading("Les pièces justificatives") + when(
        "pieces",
        Table("Pièces justificatives", columns, rows).xml(),
        otherwise=[
            when(
                "pieces | asked",
                paragraph("Aucune pièce n’est demandée."),
                otherwise=[paragraph("Pièces non communiquées.")],
            )
        ],
    )


def _support() -> str:
    return "".join(
        (
            heading("L’accompagnement", 2),
            paragraph(
                "L’accompagnement va avec le prêt, jusqu’à la dernière mensualité. Accompagnement accepté : "
                "**{{ support.accepted | label }}**."
            ),
            support_terms(),
            when(
                "support.actions",
                lead_in("Actions convenues :"),
                bullets("action", "support.actions", "{{ action }}" + END),
            ),
        )
    )


def commitment() -> str:
    """Chapter: support, declaration on honour, signature of each borrower."""
    me, us = "Je déclare que les renseignements", "Nous déclarons que les renseignements"
    return "".join(
        (
            heading("L’accompagnement et l’engagement"),
            when("support is defined", _support()),
            heading("La déclaration", 2),
            lead_in(
                one_or_many(me, us)
                + " de ce dossier sont exacts et complets. "
                + one_or_many("Je m’engage", "Nous nous engageons")
                + " :"
            ),
            bullet("à signaler au service tout changement de situation ;"),
            bullet("à rencontrer le référent aux rendez-vous convenus, jusqu’à la fin du prêt ;"),
            bullet("à prévenir le service dès la première difficulté à payer une mensualité."),
            lead_in(
                one_or_many("Je sais", "Nous savons")
                + " que le {{ profile.organisation.short_name }} ne prête pas et ne "
                "garantit pas le prêt, que le prêteur décide seul, et qu’un prêt accordé doit être remboursé "
                "en entier. {{ profile.fund.guarantee }}"
            ),
            borrowers_sign(),
        )
    )
