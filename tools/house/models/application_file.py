"""01 — Dossier de demande: the whole file, which the applicant signs; and the copy for the lender."""

from __future__ import annotations

from tools.house.chart import BALANCE, BUDGET
from tools.house.document import Model
from tools.house.letter import agent, sender
from tools.house.mentions import privacy, simulation
from tools.house.models.advice_chapter import advice, commitment, pieces
from tools.house.models.budget_chapter import budget
from tools.house.models.common import (
    BORROWERS,
    DEMAND,
    address,
    funding_plan,
    holder,
    loan_terms,
    one_or_many,
    quotes,
    schedule,
)
from tools.house.ooxml import Column, Rows, Table, heading, labelled, lead_in, optional, paragraph, when


def _facts(title: str, *rows: Rows) -> str:
    return Table(title, [Column("Rubrique", 40), Column("Renseignement", 60)], rows).xml()


def _if_given(label: str, path: str, filters: str = "") -> Rows:
    printed = f"{{{{ {path} | {filters} }}}}" if filters else f"{{{{ {path} }}}}"
    return Rows.when(f"{path} is defined", label, printed)


def _person(title: str, person: str) -> str:
    return _facts(
        title,
        Rows(("Prénom et nom", f"{{{{ {person} | civil_name }}}}")),
        _if_given("Nom de naissance", f"{person}.birth_name"),
        Rows(("Date de naissance", optional(f"{person}.birth_date", "long_date", "non communiquée"))),
        _if_given("Lieu de naissance", f"{person}.birth_place"),
        _if_given("Nationalité", f"{person}.nationality", "label"),
        _if_given("Fin de validité du titre de séjour", f"{person}.residence_permit_end", "long_date"),
        _if_given("Mesure de protection", f"{person}.legal_protection"),
        _if_given("Mesure exercée par", f"{person}.guardian"),
        Rows(("Adresse", address(person))),
        _if_given("À cette adresse depuis le", f"{person}.address_since", "long_date"),
        Rows(("Téléphone", optional(f"{person}.phone", "phone"))),
        Rows(("Courriel", optional(f"{person}.email"))),
    )


_REFERRAL = when(
    "referral_source is defined",
    labelled(
        "Orientation par",
        "{{ referral_source.name }}{% if referral_source.kind is defined %}, "
        "{{ referral_source.kind }}{% endif %}{% if referral_source.contact is defined %} "
        "({{ referral_source.contact }}){% endif %}",
    ),
)


def _cover(title: str, *, for_bank: bool) -> str:
    return "".join(
        (
            sender(),
            paragraph(title, "Title"),
            labelled("Référence", "{{ case.reference }}"),
            labelled(
                "Demande",
                "du {{ case.request_date | long_date }}{% if case.received_on is defined %}, reçue le "
                "{{ case.received_on | long_date }}{% endif %}",
            ),
            labelled("Demande de", BORROWERS),
            labelled(
                "Prêt demandé",
                DEMAND.removeprefix("de "),
            ),
            "" if for_bank else _REFERRAL,
            agent(),
            labelled("Établi", "à {{ profile.organisation.place }}, le {{ document.date | long_date }}"),
        )
    )


def _members() -> str:
    columns = [Column("Personne", 44), Column("Lien de parenté", 30), Column("Date de naissance", 26)]
    name = "{{ member.first_name }}{% if member.last_name is defined %} {{ member.last_name }}{% endif %}"
    birth = optional("member.birth_date", "short_date", "non communiquée")
    rows = [Rows.each("member", "household.members", name, "{{ member.relationship }}", birth)]
    return heading("Les autres personnes du foyer", 2) + when(
        "household.members",
        Table("Autres personnes du foyer", columns, rows).xml(),
        otherwise=[
            when(
                "household.members | asked",
                paragraph("Aucune autre personne déclarée."),
                otherwise=[paragraph("Composition du foyer non communiquée.")],
            )
        ],
    )


def _household(*, for_bank: bool) -> str:
    return "".join(
        (
            heading("Le foyer", 2),
            _facts(
                "Composition du foyer",
                Rows(
                    ("Situation familiale", optional("household.family_situation", absent="non communiquée"))
                ),
                _if_given("Garde alternée", "household.shared_custody"),
                _if_given("Unités de consommation", "household.consumption_units", "number"),
                Rows(("Nombre de personnes", "{{ household.persons }}")),
            ),
            "" if for_bank else _members(),
        )
    )


def _housing() -> str:
    return "".join(
        (
            heading("Le logement", 2),
            when(
                "housing is defined",
                _facts(
                    "Logement",
                    Rows(("Situation", "{{ housing.status }}")),
                    _if_given("Depuis le", "housing.since", "long_date"),
                    _if_given("Loyer mensuel avant aide", "housing.monthly_rent", "euros"),
                    _if_given("Aide mensuelle au logement", "housing.housing_aid", "euros"),
                    Rows(("Retard de loyer", optional("housing.arrears", "euros", "aucun retard déclaré"))),
                ),
                otherwise=[paragraph("Situation de logement non communiquée.")],
            ),
        )
    )


def _work() -> str:
    columns = [
        Column("Personne", 20),
        Column("Situation", 46),
        Column("Depuis le", 17),
        Column("Fin de contrat", 17),
    ]
    situation = (
        "{{ entry.status }}{% if entry.occupation is defined %}, "
        "{{ entry.occupation }}{% endif %}{% if entry.employer is defined %} "
        "({{ entry.employer }}){% endif %}{% if entry.income_regularity is defined %} ; revenus : "
        "{{ entry.income_regularity }}{% endif %}"
    )
    since = optional("entry.since", "short_date", "non communiqué")
    end = optional("entry.contract_end", "short_date", "sans objet")
    rows = [Rows.each("entry", "work", holder("entry.holder"), situation, since, end)]
    return "".join(
        (
            heading("Le travail", 2),
            when(
                "work",
                Table("Situation professionnelle", columns, rows).xml(),
                otherwise=[paragraph("Situation professionnelle non communiquée.")],
            ),
        )
    )


def _banking() -> str:
    return "".join(
        (
            heading("La situation bancaire déclarée"),
            lead_in(
                "Ces renseignements sont ceux que déclarent les personnes qui empruntent : le service ne "
                "consulte aucun fichier de la Banque de France."
            ),
            when(
                "banking is defined",
                _facts(
                    "Situation bancaire déclarée",
                    Rows(("Compte bancaire", "{{ banking.has_account | label }}")),
                    _if_given("Établissement", "banking.bank_name"),
                    _if_given("Compte ouvert le", "banking.account_since", "long_date"),
                    _if_given("Découvert autorisé", "banking.overdraft_allowed", "euros"),
                    _if_given("Incidents récents", "banking.incidents"),
                    _if_given("Surendettement", "banking.overindebtedness"),
                    _if_given(
                        "Restant dû sur d’autres microcrédits", "banking.outstanding_microcredit", "euros"
                    ),
                    Rows(("Fichier des incidents de crédit (FICP)", "{{ banking.ficp | label }}")),
                    Rows(("Fichier central des chèques (FCC)", "{{ banking.fcc | label }}")),
                ),
                otherwise=[paragraph("Situation bancaire non communiquée.")],
            ),
        )
    )


def _project() -> str:
    details = (
        when("project.description is defined", paragraph("{{ project.description }}")),
        when(
            "project.benefit is defined",
            paragraph("**Ce que le projet doit apporter** : {{ project.benefit }}"),
        ),
        when("project.quotes", heading("Les devis", 2), quotes()),
    )
    return "".join(
        (
            heading("Le projet et son financement"),
            paragraph("**{{ project | purpose | capital }}** ({{ project.category_label }})"),
            when(
                'project.category == "SANTE"',
                paragraph(
                    "Le détail d’un projet de soins reste au service : il n’est pas transmis au prêteur."
                ),
                otherwise=details,
            ),
            heading("Le plan de financement", 2),
            funding_plan(),
        )
    )


def _loan() -> str:
    return "".join(
        (
            heading("Le prêt demandé"),
            simulation(),
            loan_terms(),
            heading("Le capital restant dû", 2),
            BALANCE.drawing(2),
            heading("L’échéancier indicatif", 2),
            schedule(),
        )
    )


def _body(title: str, *, for_bank: bool) -> str:
    return "".join(
        (
            _cover(title, for_bank=for_bank),
            heading(
                one_or_many(
                    "La personne qui emprunte et son foyer", "Les personnes qui empruntent et leur foyer"
                )
            ),
            _person("Identité de la personne qui emprunte", "applicant"),
            when(
                "co_applicant is defined",
                heading("La personne qui emprunte aussi", 2),
                _person("Identité de la personne qui emprunte aussi", "co_applicant"),
            ),
            _household(for_bank=for_bank),
            _housing(),
            _work(),
            budget(),
            when(
                "charts.budget is defined", heading("Le budget avant et après le prêt", 2), BUDGET.drawing(1)
            ),
            _banking(),
            _project(),
            _loan(),
            "" if for_bank else advice(),
            pieces(),
            heading("Vos données personnelles"),
            privacy(),
            commitment(),
        )
    )


_TITLE = "Dossier de demande de microcrédit personnel accompagné"
_CHARTS = (BUDGET, BALANCE)

MODEL = Model("01-dossier-demande", _TITLE, _body(_TITLE, for_bank=False), form=True, charts=_CHARTS)

BANK_COPY = Model(
    "01-dossier-demande-banque",
    f"{_TITLE} – exemplaire de l’établissement",
    _body(f"{_TITLE} – exemplaire de l’établissement", for_bank=True),
    form=True,
    charts=_CHARTS,
)
"""What the lender receives: neither the children nor who sent the person to the service."""
