"""Fragments that several templates share: borrowers, loan, project."""

from __future__ import annotations

from tools.house.ooxml import Column, Rows, Table, labelled, optional, when

BORROWERS = "{{ borrowers | civil_names }}"
ORIENTATION = (
    "{{ orientation.label }}{% if orientation.contact is defined %} ({{ orientation.contact }}){% endif %}"
)


REQUEST = "dossier {{ case.reference }}, demande du {{ case.request_date | long_date }}"
"""References of a letter to the applicant."""

DEMAND = "de {{ loan.amount | euros }} sur {{ loan.months | months }}, pour : {{ project | purpose }}"
"""What is asked for."""


def computed(figure: str) -> str:
    """The value of a computed figure, whatever its type."""
    return (
        f"{{% if {figure}.amount is defined %}}{{{{ {figure}.amount | euros }}}}"
        f"{{% elif {figure}.rate_pct is defined %}}{{{{ {figure}.rate_pct | percent }}}}"
        f"{{% elif {figure}.number is defined %}}{{{{ {figure}.number }}}}"
        f"{{% elif {figure}.display is defined %}}{{{{ {figure}.display }}}}{{% endif %}}"
    )


def holder(path: str) -> str:
    """Who a line concerns: by first name, which has no gender to guess."""
    return (
        f'{{% if {path} == "APPLICANT" and applicant is defined %}}{{{{ applicant.first_name }}}}'
        f'{{% elif {path} == "CO_APPLICANT" and co_applicant is defined %}}{{{{ co_applicant.first_name }}}}'
        f"{{% else %}}{{{{ {path} | label }}}}{{% endif %}}"
    )


def address(owner: str) -> str:
    """Postal address on one line."""
    return (
        f"{{{{ {owner}.address.lines | join(', ') }}}}, "
        f"{{{{ {owner}.address.postal_code }}}}\u00a0{{{{ {owner}.address.city }}}}"
    )


def one_or_many(one: str, many: str) -> str:
    """One word for a single borrower, another for two."""
    return f"{{% if borrowers | length == 1 %}}{one}{{% else %}}{many}{{% endif %}}"


def loan_terms() -> str:
    """Table of the terms of the loan."""
    rows = [
        Rows(("Montant", "{{ loan.amount | euros }}")),
        Rows(("Durée", "{{ loan.months | months }}")),
        Rows(("Taux nominal annuel fixe", "{{ loan.nominal_rate_pct | percent }}")),
        Rows.when(
            "loan.taeg_pct is defined", "Taux annuel effectif global (TAEG)", "{{ loan.taeg_pct | percent }}"
        ),
        Rows.when(
            "loan.total_credit_cost is defined",
            "Coût total du crédit",
            "{{ loan.total_credit_cost | euros }}",
        ),
        Rows(("Frais de dossier", optional("loan.fees", "euros", "aucun"))),
        Rows(("Mensualité", "{{ loan.instalment | euros }}")),
    ]
    columns = [Column("Prêt demandé", 60), Column("Valeur", 40, amount=True)]
    return Table("Caractéristiques du prêt demandé", columns, rows).xml()


def funding_plan() -> str:
    """Table of the cost of the project and of what pays for it."""
    rows = [
        Rows(("Coût total du projet", "à financer", "{{ project.total_cost | euros }}")),
        Rows.each(
            "line",
            "project.other_funding",
            "{{ line.label }}",
            optional("line.status"),
            "{{ line.amount | euros }}",
        ),
        Rows(("Microcrédit", "demandé", "{{ loan.amount | euros }}")),
    ]
    columns = [Column("Coût et financement", 50), Column("État", 26), Column("Montant", 24, amount=True)]
    return Table("Coût du projet et plan de financement", columns, rows).xml()


def quotes() -> str:
    """Table of the quotes of the project."""
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
    return Table("Devis", columns, rows).xml()


def schedule() -> str:
    """Table of the instalments, and their total."""
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
    return Table("Échéancier indicatif, montants en euros", columns, rows, total=True).xml()


BROUGHT = 'lender_news is defined and lender_news.source == "APPLICANT"'
"""The person brought the paper of the lender: nothing came from the lender itself."""
LENDER = (
    "{% if bank is defined %}l’établissement « {{ bank.name }} »{% else %}l’établissement prêteur{% endif %}"
)
"""The lender, named where it is known."""


def support_terms() -> str:
    """Who accompanies the borrower, and how often."""
    organisation = (
        "{{ support.organisation if support.organisation is defined else profile.organisation.short_name }}"
    )
    referent = "{{ support.referent | civil_name }}, {{ support.referent.capacity }}"
    return "".join(
        (
            labelled("Structure", organisation),
            when("support.referent is defined", labelled("Personne référente", referent)),
            when("support.frequency is defined", labelled("Fréquence", "{{ support.frequency }}")),
        )
    )
