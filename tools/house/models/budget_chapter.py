"""The budget chapter of the application file."""

from __future__ import annotations

from tools.house.models.common import holder
from tools.house.ooxml import Column, Rows, Table, heading, optional, paragraph, when


def _incomes() -> str:
    columns = [Column("Ressource", 52), Column("Personne", 22), Column("Montant mensuel", 26, amount=True)]
    person = "{% if line.holder is defined %}" + holder("line.holder") + "{% else %}foyer{% endif %}"
    rows = [
        Rows.each("line", "budget.incomes", "{{ line.label }}", person, optional("line.amount", "euros")),
        Rows(("Total des ressources", "foyer", optional("budget.totals.income", "euros"))),
    ]
    return Table("Ressources mensuelles du foyer", columns, rows, total=True).xml()


def _expenses() -> str:
    columns = [Column("Charge", 74), Column("Montant mensuel", 26, amount=True)]
    rows = [
        Rows.each("line", "budget.expenses", "{{ line.label }}", optional("line.amount", "euros")),
        Rows(("Total des charges", optional("budget.totals.expenses", "euros"))),
    ]
    return Table("Charges mensuelles, hors crédits et dettes", columns, rows, total=True).xml()


def _credits() -> str:
    columns = [
        Column("Crédit", 38),
        Column("Dernière échéance", 20),
        Column("Restant dû", 21, amount=True),
        Column("Mensualité", 21, amount=True),
    ]
    rows = [
        Rows.each(
            "line",
            "budget.credits",
            "{{ line.lender }}, {{ line.label }}",
            optional("line.end_date", "short_date", "non communiquée"),
            optional("line.outstanding", "euros"),
            optional("line.instalment", "euros", "non communiquée"),
        )
    ]
    return Table("Crédits en cours", columns, rows).xml()


def _debts() -> str:
    columns = [
        Column("Dette", 38),
        Column("Échéancier", 20),
        Column("Restant dû", 21, amount=True),
        Column("Par mois", 21, amount=True),
    ]
    rows = [
        Rows.each(
            "line",
            "budget.debts",
            "{{ line.label }}",
            optional("line.plan", absent="aucun"),
            optional("line.outstanding", "euros"),
            optional("line.repayment", "euros", "aucun versement"),
        )
    ]
    return Table("Dettes", columns, rows).xml()


def _summary() -> str:
    totals = (
        ("Ressources", "income"),
        ("Charges", "expenses"),
        ("Mensualités de crédits", "credit_instalments"),
        ("Remboursements de dettes", "debt_repayments"),
        ("Reste à vivre avant le prêt", "living_remainder_before"),
    )
    rows = [Rows((label, optional(f"budget.totals.{name}", "euros"))) for label, name in totals]
    rows.append(Rows(("Mensualité du microcrédit demandé", "{{ loan.instalment | euros }}")))
    rows.append(
        Rows(("Reste à vivre après le prêt", optional("budget.totals.living_remainder_after", "euros")))
    )
    columns = [Column("Synthèse du budget", 74), Column("Par mois", 26, amount=True)]
    return Table("Synthèse du budget mensuel", columns, rows, total=True).xml()


def _listed(items: str, table: str, nothing: str) -> str:
    absent = when(f"{items} | asked", paragraph(nothing), otherwise=[paragraph("Non demandé à ce jour.")])
    return when(items, table, otherwise=[absent])


def budget() -> str:
    """Chapter of a form: the tables below one heading."""
    return heading("Le budget mensuel") + _tables(2)


def budget_tables() -> str:
    """The same tables, each below a heading of the first level."""
    return _tables(1)


def _tables(level: int) -> str:
    return "".join(
        (
            heading("Les ressources", level),
            _listed("budget.incomes", _incomes(), "Aucune ressource déclarée."),
            heading("Les charges", level),
            _listed("budget.expenses", _expenses(), "Aucune charge déclarée."),
            heading("Les crédits en cours", level),
            _listed("budget.credits", _credits(), "Aucun crédit en cours."),
            heading("Les dettes", level),
            _listed("budget.debts", _debts(), "Aucune dette déclarée."),
            heading("Le reste à vivre", level),
            paragraph(
                "Le reste à vivre est ce qui reste chaque mois, une fois payés les charges, les crédits et "
                "les dettes."
            ),
            _summary(),
            when(
                "budget.comment is defined",
                paragraph("Observation : {{ budget.comment }}", "AfterTable"),
            ),
        )
    )
