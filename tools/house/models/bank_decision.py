"""15 — Décision de la banque: the terms of an agreement, or a refusal and where to turn."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import agent_signature, bullets, closing, opening, rights
from tools.house.mentions import END, debt_advice, lender_freedom, lender_mediator
from tools.house.models.common import ORIENTATION, REQUEST
from tools.house.ooxml import Column, Rows, Table, bullet, heading, lead_in, optional, paragraph, when

_AGREED = 'bank_decision.outcome == "AGREED"'
_ACCEPTED = (
    "bank_decision.offer is defined and bank_decision.offer.accepted_on is defined and terms.withdrawal is "
    "defined"
)
_OFFER = Table(
    "Conditions du prêt accordé",
    [Column("Prêt accordé", 60), Column("Valeur", 40, amount=True)],
    [
        Rows(("Montant", "{{ bank_decision.offer.amount | euros }}")),
        Rows(("Durée", "{{ bank_decision.offer.months | months }}")),
        Rows(("Taux nominal annuel fixe", "{{ bank_decision.offer.nominal_rate_pct | percent }}")),
        Rows(
            (
                "Taux annuel effectif global (TAEG)",
                optional("bank_decision.offer.taeg_pct", "percent", "indiqué dans l’offre"),
            )
        ),
        Rows(("Mensualité", "{{ bank_decision.offer.instalment | euros }}")),
        Rows(
            ("Montant total dû", optional("bank_decision.offer.total_paid", "euros", "indiqué dans l’offre"))
        ),
        Rows(
            (
                "Première mensualité",
                optional("bank_decision.offer.first_due_date", "long_date", "indiquée dans l’offre"),
            )
        ),
    ],
)
_DECIDED = "le {{ bank_decision.decided_on | long_date }}"

_TERMS_KNOWN = f"{_AGREED} and bank_decision.offer is defined"
_INDICATIVE = paragraph(
    "Ces conditions vous sont données pour information : seule l’offre de l’établissement engage.",
    "AfterTable",
)

_AGREEMENT = (
    paragraph(f"**{{{{ bank.name }}}} a accepté votre demande de prêt, {_DECIDED}.**"),
    when(
        "bank_decision.offer is defined",
        paragraph(
            "Ce prêt est de **{{ bank_decision.offer.amount | euros }} sur "
            "{{ bank_decision.offer.months | months }}**, soit "
            "**{{ bank_decision.offer.instalment | euros }} par mois**. Ses autres conditions, et vos "
            "droits, sont à la page suivante."
        ),
    ),
    heading("Ce qu’il vous reste à faire"),
    when(
        _ACCEPTED,
        paragraph(
            "Vous avez accepté l’offre le {{ bank_decision.offer.accepted_on | long_date }}. Vous pouvez "
            "encore changer d’avis, sans motif, **jusqu’au {{ terms.withdrawal | long_day }}** : utilisez le "
            "formulaire de rétractation joint à l’offre."
        ),
        otherwise=(
            bullet("lire l’offre de prêt, si vous le souhaitez avec la personne chargée de votre dossier ;"),
            bullet(
                "la signer si elle vous convient{% if bank_decision.offer is defined and "
                "bank_decision.offer.valid_until is defined %}, **au plus tard le "
                "{{ bank_decision.offer.valid_until | long_day }}**{% endif %} ;"
            ),
            bullet("après la signature, vous avez **quatorze jours** pour changer d’avis, sans motif."),
        ),
    ),
    paragraph(
        "Attendez le versement avant d’engager une dépense : c’est l’établissement qui en fixe la date, et "
        "il peut payer directement votre fournisseur."
    ),
    lead_in(
        "Notre accompagnement continue jusqu’à la dernière mensualité. **Prévenez-nous dès la première "
        "difficulté** : plus tôt nous le savons, plus il y a de solutions."
    ),
)

_REFUSAL = (
    paragraph(f"**{{{{ bank.name }}}} n’a pas accepté votre demande de prêt, {_DECIDED}.**"),
    when(
        "bank_decision.reason is defined",
        paragraph(
            '{% if lender_news is defined and lender_news.source == "APPLICANT" %}Le courrier que vous '
            "nous avez "
            "apporté donne{% else %}L’établissement nous a donné{% endif %} ce motif : "
            "« {{ bank_decision.reason }} »"
        ),
        otherwise=[
            paragraph(
                "L’établissement n’a pas à donner ses motifs, et nous ne les connaissons pas. Vous pouvez "
                "les lui demander."
            )
        ],
    ),
    heading("Ce que vous pouvez faire"),
    paragraph(
        "Appelez-nous : nous verrons ensemble si votre demande peut être revue ou présentée à un autre "
        "établissement, et quelles autres aides existent pour votre projet."
    ),
    when(
        "assessment is defined and assessment.orientations | besides_debt_advice",
        lead_in("Vous pouvez aussi vous adresser à :"),
        bullets("orientation", "assessment.orientations | besides_debt_advice", ORIENTATION + END),
    ),
    debt_advice(),
)

MODEL = Model(
    "15-decision-banque",
    "Information sur la décision de l’établissement prêteur",
    opening("décision de {{ bank.name }} sur votre demande de prêt", REQUEST)
    + when(_AGREED, *_AGREEMENT, otherwise=_REFUSAL)
    + closing()
    + agent_signature()
    + when(_TERMS_KNOWN, heading("Le prêt accordé", new_page=True), _OFFER.xml(), _INDICATIVE)
    + rights(lender_freedom(), lender_mediator()),
)
