"""23 — Explication du traitement algorithmique: the four items of CRPA R. 311-3-1-2."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import agent_signature, bullets, closing, opening, rights
from tools.house.mentions import contact
from tools.house.models.common import REQUEST
from tools.house.ooxml import control, heading, lead_in, paragraph

MODEL = Model(
    "23-explication-algorithme",
    "Réponse à une demande d’explication du traitement algorithmique",
    opening("votre demande d’explication du {{ explanation.requested_on | long_date }}", REQUEST)
    + paragraph(
        "Vous nous avez demandé comment un logiciel a été utilisé pour la décision du "
        "{{ explanation.decided_on | long_date }}. Voici les quatre éléments que prévoit l’article R. "
        "311-3-1-2 du code des relations entre le public et l’administration, à la page suivante."
    )
    + paragraph(
        "Le logiciel a seulement préparé un avis : **une personne du {{ profile.organisation.short_name }} a "
        "décidé.** Il a pour finalité {{ profile.algorithm.purpose }}{% if assessment is defined %} (règles "
        "« {{ assessment.ruleset.ruleset_id }} », version {{ assessment.ruleset.version }}){% endif %}."
    )
    + lead_in(
        "Si cette réponse ne vous suffit pas, demandez un rendez-vous à la personne chargée de votre "
        "dossier, qui vous expliquera ces éléments de "
        "vive voix{% if profile.algorithm.rules_website is defined %} ; les règles sont publiées sur "
        "{{ profile.algorithm.rules_website }}{% endif %}."
    )
    + closing()
    + agent_signature()
    + heading("Les quatre éléments", new_page=True)
    + control("for section in explanation.sections")
    + heading("{{ section.title }}", 2)
    + bullets("line", "section.lines", "{{ line }}")
    + control("endfor")
    + rights(
        paragraph(
            "Si vous pensez que cette réponse est incomplète, vous pouvez saisir, dans les deux mois, "
            "{{ profile.algorithm.access_commission.name }}"
            + contact("profile.algorithm.access_commission")
            + " (articles R. 311-13 et R. 343-1 du code des relations entre le public et l’administration)."
        )
    ),
)
