"""Mention blocks: what the law or good practice has a letter say (codes B1 to B13 of the catalogue)."""

from __future__ import annotations

from services.kit.french import NARROW_NO_BREAK_SPACE
from tools.house.letter import ORGANISATION_ADDRESS, bullets
from tools.house.ooxml import bullet, heading, lead_in, paragraph, when

# End of an item of a list.
END = f"{{{{ '.' if loop.last else '{NARROW_NO_BREAK_SPACE};' }}}}"


def contact(body: str) -> str:
    """Address, telephone and site of a body of the profile, after its name, as far as they are given."""
    return (
        f"{{% if {body}.address is defined %}}, "
        f"{{{{ {body}.address }}}}{{% endif %}}{{% if {body}.phone is defined %}}, téléphone "
        f"{{{{ {body}.phone }}}}{{% endif %}}{{% if {body}.email is defined %}}, "
        f"{{{{ {body}.email }}}}{{% endif %}}{{% if {body}.website is defined %}}, "
        f"{{{{ {body}.website }}}}{{% endif %}}"
    )


_SILENCE = (
    "Sans réponse de notre part dans les deux mois qui suivent la réception de votre "
    "demande{% if case.received_on is defined %}, le {{ case.received_on | long_date }}{% endif %}, celle-ci "
    "est considérée comme refusée."
)
_SUSPENSION = (
    "Ce délai de deux mois est **suspendu** jusqu’au {{ deadlines.documents | long_date }}, ou jusqu’à ce "
    "que vous ayez tout remis si vous le faites plus tôt{% if terms.suspended_refusal is defined %} ; il se "
    "terminera donc au plus tard le **{{ terms.suspended_refusal | long_date }}**{% endif %} (articles L. "
    "114-5 et L. 231-4 du code des relations entre le public et l’administration)."
)


def suspended_refusal() -> str:
    """B4: suspension of the implicit refusal (CRPA, L. 114-5 and L. 231-4)."""
    return "".join(
        (
            lead_in(f"{_SILENCE} {_SUSPENSION}"),
            paragraph(
                "Vos recours contre ce refus sont indiqués dans l’accusé de réception de votre "
                "demande{% if correspondence is defined and correspondence.acknowledged_on is defined %}, du "
                "{{ correspondence.acknowledged_on | long_date }}{% endif %}."
            ),
        )
    )


def running_refusal() -> str:
    """The implicit refusal, which a letter that decides nothing does not stop (CRPA, L. 231-4)."""
    return when(
        "terms.implicit_refusal is defined and terms.implicit_refusal > document.date",
        paragraph(
            "Ce report ne change pas le délai de réponse : sans décision de notre part le **{{ "
            "terms.implicit_refusal | long_date }}**, votre demande sera considérée comme refusée (article "
            "L. 231-4 du même code)."
        ),
    )


def acknowledgement() -> str:
    """B3: date of the implicit refusal, by its name, and its suspension (CRPA, L. 112-3 and R. 112-5)."""
    return "".join(
        (
            heading("Le délai de réponse"),
            paragraph(
                "Si vous n’avez pas reçu de réponse le **{{ terms.implicit_refusal | long_date }}**, deux "
                "mois après la réception de votre demande, celle-ci sera considérée comme refusée (article "
                "L. 231-4 du code des relations entre le public et l’administration)."
            ),
            when("terms.suspended_refusal is defined and pieces | missing", paragraph(_SUSPENSION)),
        )
    )


def implicit_remedies() -> str:
    """B5 for a refusal by silence: the delay starts from the day when the refusal is born."""
    return "".join(
        (
            heading("Vos recours en cas de refus par silence"),
            paragraph(
                "Vous pourrez alors, **dans les deux mois qui suivent ce refus**, c’est-à-dire jusqu’au "
                "{% if terms.suspended_remedy is defined and pieces | missing %}{{ "
                "terms.suspended_remedy | long_date }} au plus tard"
                "{% else %}{{ terms.implicit_remedy | long_date }}{% endif %} :"
            ),
            *_remedy_list(),
            paragraph(
                "Vous pourrez aussi, dans le même délai, demander les raisons de ce refus : elles vous "
                "seront communiquées dans le mois (article L. 232-4 du code des relations entre le public et "
                "l’administration)."
            ),
        )
    )


def remedies() -> str:
    """B5: gracious remedy, administrative court, two months (CJA, R. 421-1 and R. 421-5; CRPA, L. 411-2)."""
    return "".join(
        (
            heading("Vos recours"),
            paragraph(
                "Si vous contestez cette décision, vous pouvez, **dans les deux mois qui suivent le jour où "
                "vous avez reçu cette lettre** :"
            ),
            *_remedy_list(),
        )
    )


def _remedy_list() -> tuple[str, str]:
    court = (
        "{{ profile.remedies.court.name }}{% if profile.remedies.court.address is defined %} "
        "({{ profile.remedies.court.address }}){% endif %}"
    )
    return (
        bullet(
            "former un recours gracieux, en écrivant à {{ profile.remedies.gracious_recipient }}, "
            f"{ORGANISATION_ADDRESS}. "
            "Ce recours interrompt le délai pour saisir le tribunal : vous disposez à nouveau de deux mois à "
            "partir de la réponse, ou de l’absence de réponse pendant deux mois, qui vaut refus (articles L. "
            "411-2 et L. 231-4 du code des relations entre le public et l’administration) ;"
        ),
        bullet(
            f"saisir {court}, par courrier, sur place ou par internet avec Télérecours citoyens"
            "{% if profile.remedies.court.website is defined %} "
            "({{ profile.remedies.court.website }}){% endif %} (articles R. 421-1 et R. 421-5 du code de "
            "justice administrative)."
        ),
    )


def algorithm() -> str:
    """B7: use of an algorithm (CRPA, L. 311-3-1, R. 311-3-1-1; refusals: R. 311-13, R. 343-1)."""
    return "".join(
        (
            heading("L’aide d’un logiciel"),
            paragraph(
                "Cette décision a été prise par la personne qui signe cette lettre, après un avis préparé à "
                "l’aide d’un traitement algorithmique dont le {{ profile.organisation.short_name }} est "
                "responsable. Il a pour finalité {{ profile.algorithm.purpose }} (règles « "
                "{{ assessment.ruleset.ruleset_id }} », version {{ assessment.ruleset.version }})."
            ),
            paragraph(
                "Vous avez le droit d’obtenir la communication des règles de ce traitement et des "
                "principales caractéristiques de sa mise en œuvre dans votre cas (articles L. 311-3-1 et R. "
                "311-3-1-1 du code des relations entre le public et l’administration). Écrivez-nous à "
                "l’adresse de cette lettre ou à {{ profile.organisation.email }}, en rappelant la référence "
                "du dossier{% if profile.algorithm.rules_website is defined %} ; les règles sont aussi "
                "publiées sur {{ profile.algorithm.rules_website }}{% endif %}. Sans réponse dans le mois, "
                "vous avez deux mois pour saisir {{ profile.algorithm.access_commission.name }}"
                + contact("profile.algorithm.access_commission")
                + " (articles R. 311-13 et R. 343-1 du même code)."
            ),
        )
    )


def mediation() -> str:
    """B9 below its heading."""
    return heading("La médiation et le Défenseur des droits") + mediation_texts()


def mediation_texts() -> str:
    """B9: administrative mediation (CRPA, L. 421-1) and Défenseur des droits, and their effect on the delay
    to go to court."""
    return administrative_mediation("court_delay") + defender("defender_court_delay")


def administrative_mediation(*notices: str) -> str:
    """B9: mediation, and what the profile says besides of it where it is given."""
    return paragraph("{{ profile.mediation.administrative }}" + "".join(map(_given, notices)))


def defender(*notices: str) -> str:
    """B9: the Défenseur des droits, and what the profile says besides of it where it is given."""
    return paragraph(
        "Si vous estimez que vos droits n’ont pas été respectés, vous pouvez saisir "
        "{{ profile.mediation.defender.name }}" + contact("profile.mediation.defender") + ". "
        "{{ profile.mediation.defender_notice }}" + "".join(map(_given, notices))
    )


def _given(notice: str) -> str:
    name = f"profile.mediation.{notice}"
    return f"{{% if {name} is defined %}} {{{{ {name} }}}}{{% endif %}}"


def privacy() -> str:
    """B8: information on personal data (GDPR, article 13)."""
    return "".join(
        (
            paragraph(
                "Le {{ profile.organisation.short_name }} est responsable du traitement de ces données. Il "
                "repose sur {{ profile.privacy.basis }}. Il sert à :"
            ),
            bullets("purpose", "profile.privacy.purposes", "{{ purpose }}" + END),
            lead_in("À la date de ce document, les données qu’il contient sont communiquées à :"),
            bullets("one", "data_recipients", "{{ one }}" + END),
            lead_in("Elles sont conservées :"),
            bullets("term", "profile.privacy.retention", "{{ term }}" + END),
            lead_in(
                "{{ profile.privacy.rights }} Adressez-vous à : {{ profile.privacy.officer.name }}"
                + contact("profile.privacy.officer")
                + ". Vous pouvez aussi adresser une réclamation à {{ profile.privacy.authority.name }}"
                + contact("profile.privacy.authority")
                + "."
            ),
        )
    )


def simulation() -> str:
    """B11: a schedule is indicative and only the lender's offer binds."""
    return paragraph(
        "Simulation indicative établie le "
        "{{ (loan.simulated_on if loan.simulated_on is defined else case.request_date) | long_date }}, sans "
        "valeur contractuelle : seule l’offre de l’établissement prêteur engage. Hypothèses : taux fixe, "
        "mensualités constantes arrondies au centime, sans assurance ; la dernière mensualité absorbe les "
        "arrondis.",
        "Notice",
    )


def debt_advice() -> str:
    """B12: the nearest debt-advice service."""
    return lead_in(
        "Le **{{ profile.debt_advice.name }}**"
        + contact("profile.debt_advice")
        + ", vous reçoit gratuitement et "
        "en toute confidentialité pour faire le point sur votre budget et sur vos droits."
    )


def lender_freedom() -> str:
    """B13: the lender decides alone; the organisation neither lends nor guarantees."""
    return paragraph(
        "L’établissement décide seul d’accorder ou non ce prêt, après sa propre analyse. Le "
        "{{ profile.organisation.short_name }} ne prête pas et ne garantit pas le prêt. "
        "{{ profile.fund.guarantee }}"
    )


def credit_notice() -> str:
    """B10: the notice of every document that promotes the loan; its text depends on the date."""
    return when("law.credit_notice is defined", paragraph("**{{ law.credit_notice }}**", "Notice"))


def representative_example() -> str:
    """B10: the figures that must go with a rate (code de la consommation, L. 312-6)."""
    return when(
        "profile.offer.example is defined",
        paragraph(
            "Exemple représentatif : pour un prêt de {{ profile.offer.example.amount | euros }} sur "
            "{{ profile.offer.example.months | months }} au taux débiteur fixe de "
            "{{ profile.offer.example.nominal_rate_pct | percent }}, sans frais ni assurance, le taux annuel "
            "effectif global (TAEG) est de {{ profile.offer.example.taeg_pct | percent }}. Vous remboursez "
            "{{ profile.offer.example.instalment | euros }} par mois, et "
            "{{ profile.offer.example.last_instalment | euros }} le dernier mois. Le montant total dû est de "
            "{{ profile.offer.example.total_paid | euros }}, dont "
            "{{ profile.offer.example.total_credit_cost | euros }} d’intérêts."
        ),
    )


def lender_mediator() -> str:
    """B9 for a dispute with the lender: its complaints service, then its mediator."""
    return paragraph(
        "Pour un désaccord avec l’établissement, adressez-vous d’abord à son service des réclamations, puis "
        "à son médiateur de la consommation{% if bank is defined and bank.mediator is defined %} : "
        "{{ bank.mediator.name }}"
        + contact("bank.mediator")
        + "{% endif %}. La médiation est gratuite. Vous pouvez aussi saisir "
        "{{ profile.mediation.defender.name }}"
        + contact("profile.mediation.defender")
        + ", si vous pensez subir une discrimination."
    )
