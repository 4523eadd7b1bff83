"""18 — Convention de partenariat between the organisation and a lender."""

from __future__ import annotations

from tools.house.document import Model
from tools.house.letter import bullets, cover, sign_here
from tools.house.mentions import END
from tools.house.ooxml import bullet, heading, labelled, lead_in, paragraph, when

_CONTACT = (
    "{{ person | civil_name }}, {{ person.capacity }}{% if person.phone is defined %}, "
    "{{ person.phone | phone }}{% endif %}{% if person.email is defined %}, {{ person.email }}{% endif %}"
)

MODEL = Model(
    "18-convention-partenariat",
    "Convention de partenariat pour le microcrédit personnel accompagné",
    cover(
        "Convention de partenariat pour le microcrédit personnel accompagné",
        labelled("Référence", "{{ partnership.reference }}"),
    )
    + heading("Les parties")
    + lead_in("Cette convention est conclue entre :")
    + bullet(
        "le {{ profile.organisation.name }}, ci-après « le service », que représente "
        "{{ signatory | full_name }}, {{ signatory.capacity | uncapital }} ;"
    )
    + bullet(
        "{{ bank.name }}, ci-après « l’établissement », {{ bank.address.lines | join(', ') }}, "
        "{{ bank.address.postal_code }}\u00a0{{ bank.address.city }}, que représente "
        "{{ partnership.lender_signatory | civil_name }}, {{ partnership.lender_signatory.capacity }}."
    )
    + heading("L’objet")
    + paragraph(
        "L’établissement est agréé par le "
        "{{ profile.fund.name }}{% if bank.agreement_reference is defined %} (agrément "
        "{{ bank.agreement_reference }}){% endif %}. Le service instruit les demandes de microcrédit "
        "personnel et accompagne les personnes ; l’établissement décide seul d’accorder les prêts et les "
        "verse. Le service n’est ni prêteur, ni caution, ni rémunéré."
    )
    + heading("Le territoire et les prêts")
    + paragraph("La convention porte sur les prêts suivants :")
    + bullet("Territoire : {{ partnership.territory }}.")
    + bullet(
        "Montant : de {{ partnership.amount_min | round_euros }} ({{ partnership.amount_min | in_words }}) à "
        "{{ partnership.amount_max | round_euros }} ({{ partnership.amount_max | in_words }})."
    )
    + bullet("Durée : de {{ partnership.months_min }} à {{ partnership.months_max | months }}.")
    + bullet("Taux : {{ partnership.rate }} ; ni frais de dossier, ni caution, ni assurance obligatoire.")
    + when(
        "partnership.guarantee_share_pct is defined",
        bullet(
            "Garantie du fonds : {{ partnership.guarantee_share_pct | number }} % du prêt impayé, au profit "
            "du seul établissement."
        ),
    )
    + bullet("Projets : l’insertion sociale ou professionnelle, selon le {{ profile.bylaw.title }}.")
    + heading("Les engagements du service")
    + paragraph("Le service s’engage à :")
    + bullet("présenter des dossiers complets, avec l’autorisation écrite de la personne et un avis motivé ;")
    + bullet(
        "désigner un référent pour chaque prêt et assurer l’accompagnement jusqu’à la dernière mensualité ;"
    )
    + bullet(
        "reprendre contact avec la personne dans les {{ profile.follow_up.contact_days }}\u00a0jours "
        "après le "
        "signalement d’un impayé."
    )
    + heading("Les engagements de l’établissement")
    + paragraph("L’établissement s’engage à :")
    + bullet(
        "répondre à chaque dossier complet dans les {{ partnership.decision_days }}\u00a0jours, et "
        "informer la "
        "personne et le service ;"
    )
    + bullet("signaler tout impayé au référent dans les {{ profile.follow_up.alert_days }}\u00a0jours ;")
    + bullet("étudier avec le service un report ou un étalement avant toute mesure de recouvrement.")
    + heading("Les données personnelles")
    + paragraph(
        "Chaque partie est responsable de ses propres traitements. Le service ne transmet que les données "
        "couvertes par l’autorisation écrite de la personne, par un moyen protégé :"
    )
    + bullets("item", "profile.privacy.bank_data", "{{ item }}" + END)
    + paragraph(
        "L’établissement n’utilise ces données que pour étudier et gérer le prêt ; il efface celles des "
        "demandes refusées dans le délai que la loi lui fixe. Toute violation de données est signalée à "
        "l’autre partie sans retard."
    )
    + heading("Le suivi et les statistiques")
    + paragraph(
        "{% if partnership.statistics is defined %}{{ partnership.statistics }}{% else %}Les parties "
        "échangent chaque année des statistiques sans donnée personnelle.{% endif %} Elles se réunissent au "
        "moins une fois par an."
    )
    + when(
        "partnership.contacts",
        lead_in("Interlocuteurs :"),
        bullets("person", "partnership.contacts", _CONTACT + END),
    )
    + heading("La durée et la résiliation")
    + lead_in(
        "La convention prend effet le **{{ partnership.start_date | long_date }}** et prend fin le "
        "**{{ partnership.end_date | long_date }}**.{% if partnership.renewal is defined %} "
        "{{ partnership.renewal }}{% endif %} Chaque partie peut la résilier par lettre recommandée, avec un "
        "préavis de {{ partnership.notice_months | months }}. Les prêts en cours et leur accompagnement "
        "continuent jusqu’à leur terme."
    )
    + lead_in("Avant toute action en justice, les parties cherchent un accord amiable.")
    + heading("Les signatures")
    + lead_in("Fait en 2 exemplaires, à {{ profile.organisation.place }}. Chacun date sa signature.")
    + sign_here(
        "Pour le service, {{ signatory | full_name }}, {{ signatory.capacity | uncapital }}", kept=True
    )
    + sign_here(
        "Pour l’établissement, {{ partnership.lender_signatory | full_name }}, "
        "{{ partnership.lender_signatory.capacity }}"
    ),
    form=True,
    subject="Convention",
)
