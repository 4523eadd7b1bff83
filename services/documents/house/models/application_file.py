"""01 — Dossier de demande: the whole file, which the applicant signs and the lender receives."""

from __future__ import annotations

from services.documents.house.document import Model
from services.documents.house.letter import agent, letterhead
from services.documents.house.mentions import privacy, simulation
from services.documents.house.models.advice_chapter import advice, commitment, pieces
from services.documents.house.models.budget_chapter import budget
from services.documents.house.models.common import BORROWERS, address, funding_plan, loan_terms, one_or_many
from services.documents.house.ooxml import (
    Column,
    Rows,
    Table,
    heading,
    labelled,
    lead_in,
    optional,
    paragraph,
    when,
)


def _facts(title: str, *rows: Rows) -> str:
    return Table(title, [Column("Rubrique", 40), Column("Renseignement", 60)], rows, together=True).xml()


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


def _cover() -> str:
    return "".join(
        (
            letterhead(),
            paragraph("Dossier de demande de microcrédit personnel accompagné", "Title"),
            labelled("Référence", "{{ case.reference }}"),
            labelled(
                "Demande",
                "du {{ case.request_date | long_date }}{% if case.received_on is defined %}, reçue le "
                "{{ case.received_on | long_date }}{% endif %}",
            ),
            labelled(one_or_many("Demandeur", "Demandeurs"), BORROWERS),
            labelled(
                "Prêt demandé",
                "{{ loan.amount | euros }} sur {{ loan.months | months }}, pour : {{ project | purpose }}",
            ),
            when(
                "referral_source is defined",
                labelled(
                    "Orientation par",
                    "{{ referral_source.name }}"
                    "{% if referral_source.kind is defined %}, {{ referral_source.kind }}{% endif %}"
                    "{% if referral_source.contact is defined %} ({{ referral_source.contact }}){% endif %}",
                ),
            ),
            agent(),
            labelled("Établi", "à {{ profile.organisation.place }}, le {{ document.date | long_date }}"),
        )
    )


def _household() -> str:
    columns = [Column("Personne", 44), Column("Lien avec le demandeur", 30), Column("Date de naissance", 26)]
    name = "{{ member.first_name }}{% if member.last_name is defined %} {{ member.last_name }}{% endif %}"
    birth = optional("member.birth_date", "short_date", "non communiquée")
    rows = [Rows.each("member", "household.members", name, "{{ member.relationship }}", birth)]
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
            heading("Les autres personnes du foyer", 2),
            when(
                "household.members",
                Table("Autres personnes du foyer", columns, rows).xml(),
                otherwise=[paragraph("Aucune autre personne déclarée.")],
            ),
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
        "{{ entry.status }}{% if entry.occupation is defined %}, {{ entry.occupation }}{% endif %}"
        "{% if entry.employer is defined %} ({{ entry.employer }}){% endif %}"
        "{% if entry.income_regularity is defined %} ; revenus : {{ entry.income_regularity }}{% endif %}"
    )
    since = optional("entry.since", "short_date", "non communiqué")
    end = optional("entry.contract_end", "short_date", "sans objet")
    rows = [Rows.each("entry", "work", "{{ entry.holder | label }}", situation, since, end)]
    return "".join(
        (
            heading("Le travail", 2),
            when(
                "work",
                Table("Situation professionnelle", columns, rows, together=True).xml(),
                otherwise=[paragraph("Situation professionnelle non communiquée.")],
            ),
        )
    )


def _banking() -> str:
    return "".join(
        (
            heading("La situation bancaire déclarée"),
            lead_in(
                "Ces renseignements sont ceux que déclare le demandeur : le service ne consulte aucun "
                "fichier de la Banque de France."
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
    columns = [
        Column("Fournisseur", 30),
        Column("Objet", 30),
        Column("Date", 16),
        Column("Montant", 24, amount=True),
    ]
    rows = [
        Rows.each(
            "quote",
            "project.quotes",
            "{{ quote.supplier }}",
            optional("quote.label", absent="non précisé"),
            optional("quote.date", "short_date", "sans date"),
            "{{ quote.amount | euros }}",
        )
    ]
    details = (
        when("project.description is defined", paragraph("{{ project.description }}")),
        when(
            "project.benefit is defined",
            paragraph("**Ce que le projet doit apporter** : {{ project.benefit }}"),
        ),
        when("project.quotes", heading("Les devis", 2), Table("Devis", columns, rows).xml()),
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
    columns = [
        Column("Rang", 10),
        Column("Échéance", 18),
        Column("Mensualité", 18, amount=True),
        Column("Intérêts", 17, amount=True),
        Column("Capital", 18, amount=True),
        Column("Restant dû", 19, amount=True),
    ]
    rows = [
        Rows.each(
            "line",
            "loan.schedule",
            "{{ line.number }}",
            optional("line.due_date", "short_date", "à fixer"),
            *(f"{{{{ line.{name} | euros }}}}" for name in ("payment", "interest", "principal", "balance")),
        ),
        Rows(
            (
                "Total",
                "{{ loan.schedule | length | months }}",
                "{{ loan.total_paid | euros }}",
                "{{ loan.total_interest | euros }}",
                "{{ loan.amount | euros }}",
                "soldé",
            )
        ),
    ]
    return "".join(
        (
            heading("Le prêt demandé"),
            simulation(),
            loan_terms(),
            heading("L’échéancier indicatif", 2),
            Table("Échéancier indicatif, montants en euros", columns, rows, total=True).xml(),
        )
    )


def _body() -> str:
    return "".join(
        (
            _cover(),
            heading(one_or_many("Le demandeur et son foyer", "Les demandeurs et leur foyer")),
            _person("Identité du demandeur", "applicant"),
            when(
                "co_applicant is defined",
                heading("Le codemandeur", 2),
                _person("Identité du codemandeur", "co_applicant"),
            ),
            _household(),
            _housing(),
            _work(),
            budget(),
            _banking(),
            _project(),
            _loan(),
            advice(),
            pieces(),
            heading("Vos données personnelles"),
            privacy(),
            commitment(),
        )
    )


MODEL = Model(
    "01-dossier-demande", "Dossier de demande de microcrédit personnel accompagné", _body(), form=True
)
