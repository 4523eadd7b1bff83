"""17 — Convention tripartite d’accompagnement: duties of the borrower, of the service and of the lender."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import borrowers_sign, bullets, cover, sign_here
from tools.house.mentions import END, privacy
from tools.house.models.common import address, one_or_many
from tools.house.ooxml import bullet, each, heading, labelled, lead_in, paragraph, when

_BORROWER = one_or_many("La personne qui emprunte", "Les personnes qui empruntent")
_TERMS = (
    "{% if bank_decision is defined and bank_decision.offer is defined %}"
    "{{ bank_decision.offer.amount | euros }} ({{ bank_decision.offer.amount | in_words }}), "
    "remboursable en {{ bank_decision.offer.months | months }}"
    "{% else %}{{ loan.amount | euros }} ({{ loan.amount | in_words }}), remboursable en {{ loan.months "
    "| months }}{% endif %}"
)

MODEL = Model(
    "17-convention-accompagnement",
    "Convention tripartite d’accompagnement",
    cover(
        "Convention d’accompagnement d’un microcrédit personnel",
        labelled("Référence", "{{ case.reference }}"),
    )
    + heading("Les parties")
    + lead_in("Cette convention est conclue entre :")
    + each("person", "borrowers", bullet("{{ person | civil_name }}, " + address("person") + " ;"))
    + bullet(
        "le {{ profile.organisation.name }}, ci-après « le service », que représente "
        "{{ signatory | full_name }}, {{ signatory.capacity | uncapital }} ;"
    )
    + bullet(
        "{{ bank.name }}, ci-après « l’établissement », {{ bank.address.lines | join(', ') }}, "
        "{{ bank.address.postal_code }}\u00a0{{ bank.address.city }}{% if bank.contact is defined %}, que "
        "représente {{ bank.contact | civil_name }}, {{ bank.contact.capacity }}{% endif %}."
    )
    + heading("L’objet")
    + paragraph(
        f"L’établissement accorde un microcrédit personnel de {_TERMS}, pour : {{{{ project | purpose }}}}. "
        f"Cette convention dit ce "
        "que chacun fait pour que le projet réussisse et que le prêt soit remboursé. Elle ne remplace pas le "
        "contrat de prêt."
    )
    + heading(
        one_or_many(
            "Les engagements de la personne qui emprunte", "Les engagements des personnes qui empruntent"
        )
    )
    + lead_in(_BORROWER + one_or_many(" s’engage", " s’engagent") + " :")
    + bullet("à utiliser le prêt pour le projet prévu ;")
    + bullet("à rembourser chaque mensualité à sa date ;")
    + bullet("à rencontrer le référent aux rendez-vous convenus ;")
    + bullet("à prévenir le référent dès la première difficulté, ou si la situation change.")
    + heading("Les engagements du service")
    + lead_in("Le service s’engage :")
    + bullet(
        "à désigner un référent{% if support.referent is defined %} : {{ support.referent | civil_name }}, "
        "{{ support.referent.capacity }}{% endif %} ;"
    )
    + bullet(
        "à proposer {% if support.frequency is defined %}{{ support.frequency }}{% else %}des rendez-vous "
        "réguliers, jusqu’à la dernière mensualité{% endif %} ;"
    )
    + bullet(
        "à reprendre contact dans les {{ profile.follow_up.contact_days }}\u00a0jours quand l’établissement "
        "signale un impayé ;"
    )
    + bullet(
        "à ne transmettre que les données autorisées par écrit. Le service ne prête pas et ne garantit pas "
        "le prêt."
    )
    + when(
        "support.actions",
        lead_in("Actions convenues :"),
        bullets("action", "support.actions", "{{ action }}" + END),
    )
    + heading("Les engagements de l’établissement")
    + lead_in("L’établissement s’engage :")
    + bullet("à ne demander ni frais de dossier ni caution ;")
    + bullet(
        "à signaler au référent tout impayé dans les {{ profile.follow_up.alert_days }}\u00a0jours, "
        "avant toute "
        "mesure de recouvrement ;"
    )
    + bullet("à étudier avec le service un report ou un étalement quand le remboursement devient difficile ;")
    + bullet("à n’utiliser les données reçues que pour ce prêt ;")
    + bullet(
        "à n’informer le service que de ce que la personne qui emprunte a autorisé par écrit (article L. "
        "511-33 "
        "du code monétaire et financier)."
    )
    + heading("La durée et la fin")
    + lead_in(
        "La convention commence à sa signature et prend fin à la dernière "
        "mensualité{% if support.end_date is defined %}, prévue le "
        "{{ support.end_date | long_date }}{% endif %}, ou au remboursement anticipé du prêt. La fin de "
        "l’accompagnement ne change rien aux obligations du contrat de prêt."
    )
    + heading("Les signatures")
    + lead_in(
        f"Fait en {one_or_many('3', '4')} exemplaires, à {{{{ profile.organisation.place }}}}. Chacun "
        f"date sa "
        "signature."
    )
    + borrowers_sign(kept=True)
    + sign_here(
        "Pour le service, {{ signatory | full_name }}, {{ signatory.capacity | uncapital }}", kept=True
    )
    + sign_here(
        "Pour l’établissement{% if bank.contact is defined %}, {{ bank.contact | full_name }}, "
        "{{ bank.contact.capacity }}{% endif %}"
    )
    + heading("Annexe : les données personnelles", new_page=True)
    + privacy(),
    form=True,
)
