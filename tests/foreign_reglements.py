"""Two règlements unlike the shipped one, after what other bodies lend: what is said must hold of any."""

# ruff: noqa: E501 - one fact a line

from __future__ import annotations

_OUTCOMES = """outcomes:
  - {outcome: NOT_ELIGIBLE, severity: blocking, label: Non présentable}
  - {outcome: INCOMPLETE, severity: missing, label: Incomplète}
  - {outcome: ELIGIBLE_WITH_RESERVE, severity: reserve, label: Sous réserve}
  - {outcome: ELIGIBLE, label: Présentable}
required_documents: []
orientations: {}
loan_bounds: {min_amount: amount_min, max_amount: amount_max, min_months: months_min, max_months: months_max}
"""
_LOAN = """request_date: {type: date, label: Date, maximum: 2999-12-31, personal_data: none}
loan.amount: {type: money, label: Montant demandé, minimum: 0.00, maximum: 9999.00, personal_data: none, actionable: {effort: 3, direction: less}}
loan.months: {type: integer, label: Durée, unit: mois, minimum: 1, maximum: 120, personal_data: none, actionable: {effort: 1}}
loan.nominal_rate_pct: {type: percent, label: Taux, minimum: 0, maximum: 100, personal_data: none}
"""

_CITY_FACTS = """project.total_cost: {type: money, label: Coût, minimum: 0.00, maximum: 99999.00, personal_data: none, actionable: {effort: 4, direction: less}}
project.other_funding: {type: money, label: Autres financements, minimum: 0.00, maximum: 99999.00, personal_data: none, actionable: {effort: 2, direction: more, most: project.total_cost}}
life_accident: {source: additional, type: boolean, label: Accident de la vie, personal_data: ordinary}
couple: {source: additional, type: boolean, label: Vie en couple, personal_data: ordinary}
own_income: {source: additional, type: money, label: Ressources, question: Quelles ressources ?, minimum: 0.00, maximum: 99999.00, when_absent: missing, personal_data: sensitive}
partner_income: {source: additional, type: money, label: Ressources du conjoint, question: Et votre conjoint ?, minimum: 0.00, maximum: 99999.00, when_absent: missing, asked_when: couple, personal_data: sensitive}
district: {source: additional, type: integer, label: Arrondissement, minimum: 1, maximum: 20, personal_data: ordinary}
committee: {source: additional, type: code, label: Avis du comité, question: Quel est l’avis du comité ?, codes: {FAVORABLE: favorable, DEFAVORABLE: défavorable}, when_absent: missing, personal_data: ordinary}
support.accepted: {type: boolean, label: Suivi accepté, personal_data: ordinary, actionable: {effort: 2}}
support.referent_named: {type: boolean, label: Référent désigné, personal_data: none}
"""
_CITY_DERIVED = """income: {label: Ressources du ménage, value: "sum_known(own_income, partner_income)"}
instalment: {label: Mensualité, value: "instalment(loan.amount, loan.months, loan.nominal_rate_pct)"}
bearable: {label: Mensualité supportable, value: burden * income}
gap: {label: Écart, value: project.total_cost - project.other_funding - loan.amount}
"""
_CITY_PARAMETERS = (
    ("amount_min", "money", "300.00"),
    ("amount_max", "money", "3000.00"),
    ("amount_accident", "money", "5000.00"),
    ("months_min", "integer", "6"),
    ("months_max", "integer", "36"),
    ("months_accident", "integer", "60"),
    ("income_single", "money", "2000.00"),
    ("income_couple", "money", "2500.00"),
    ("first_district", "integer", "18"),
    ("burden", "percent", "10"),
)
_CITY_RULES = (
    ("AMOUNT_LOW", "blocking", "loan.amount < amount_min"),
    ("AMOUNT_HIGH", "blocking", "loan.amount > amount_max and not life_accident"),
    ("AMOUNT_ACCIDENT", "blocking", "loan.amount > amount_accident and life_accident"),
    ("MONTHS_LOW", "blocking", "loan.months < months_min"),
    ("MONTHS_HIGH", "blocking", "loan.months > months_max and not life_accident"),
    ("MONTHS_ACCIDENT", "blocking", "loan.months > months_accident and life_accident"),
    ("INCOME_SINGLE", "blocking", "not couple and income > income_single"),
    ("INCOME_COUPLE", "blocking", "couple and income > income_couple"),
    ("DISTRICT", "blocking", "district != first_district"),
    ("BURDEN", "blocking", "instalment > bearable"),
    ("COMMITTEE", "blocking", "committee == 'DEFAVORABLE'"),
    ("SUPPORT", "blocking", "not support.accepted"),
    ("REFERENT", "missing", "support.accepted and not support.referent_named"),
    ("PLAN_SHORT", "missing", "gap > 0"),
    ("PLAN_EXCESS", "missing", "gap < 0"),
)
_CITY_BASE = """facts: {request_date: 2026-12-01, loan.amount: 1500.00, loan.months: 24, loan.nominal_rate_pct: 4, project.total_cost: 1500.00, project.other_funding: 0.00, life_accident: false, couple: false, own_income: 1000.00, district: 18, committee: FAVORABLE, support.accepted: true, support.referent_named: true}
"""

_PORT_FACTS = """formula: {source: additional, type: code, label: Formule, codes: {COURTE: courte, LONGUE: longue, SOLIDAIRE: solidaire}, personal_data: none, actionable: {effort: 2}}
income: {source: additional, type: money, label: Ressources, question: Quelles ressources ?, minimum: 0.00, maximum: 99999.00, when_absent: missing, personal_data: sensitive}
half_parts: {source: additional, type: integer, label: Demi-parts, minimum: 1, maximum: 20, personal_data: ordinary}
last_loan: {source: additional, type: date, label: Dernier prêt, minimum: 2000-01-01, when_absent: not_applicable, personal_data: ordinary}
co_borrower: {source: additional, type: boolean, label: Co-emprunteur, personal_data: ordinary, actionable: {effort: 5}}
listed: {source: additional, type: boolean, label: Inscription au fichier, question: Êtes-vous inscrit ?, when_absent: unknown, personal_data: sensitive}
savings: {source: additional, type: money, label: Épargne, minimum: 0.00, maximum: 9999.00, when_absent: not_applicable, personal_data: ordinary, actionable: {effort: 4, direction: more, most: loan.amount}}
"""
_PORT_DERIVED = """quotient: {label: Quotient, value: income * two / half_parts}
rate_max: {label: Taux maximal, value: savings_rate + margin}
again: {label: Fin du délai, value: "add_months(last_loan, delay)"}
wanted: {label: Épargne demandée, value: savings_share * loan.amount}
put_aside: {label: Épargne comptée, value: or_zero(savings)}
"""
_PORT_PARAMETERS = (
    ("amount_min", "money", "300.00"),
    ("amount_max", "money", "8000.00"),
    ("amount_short", "money", "2000.00"),
    ("amount_solidarity", "money", "4000.00"),
    ("amount_two", "money", "6000.00"),
    ("months_min", "integer", "6"),
    ("months_max", "integer", "84"),
    ("months_short", "integer", "24"),
    ("quotient_max", "money", "900.00"),
    ("two", "integer", "2"),
    ("delay", "integer", "60"),
    ("savings_rate", "percent", "1.7"),
    ("margin", "percent", "1"),
    ("savings_share", "percent", "10"),
)
_PORT_RULES = (
    ("AMOUNT_LOW", "blocking", "loan.amount < amount_min"),
    ("AMOUNT_HIGH", "blocking", "loan.amount > amount_max"),
    ("AMOUNT_SHORT", "blocking", "formula == 'COURTE' and loan.amount > amount_short"),
    ("AMOUNT_SOLIDARITY", "blocking", "formula == 'SOLIDAIRE' and loan.amount > amount_solidarity"),
    ("MONTHS_SHORT", "blocking", "formula == 'COURTE' and loan.months > months_short"),
    ("MONTHS_LOW", "blocking", "loan.months < months_min"),
    ("MONTHS_HIGH", "blocking", "loan.months > months_max"),
    ("RATE", "blocking", "loan.nominal_rate_pct > rate_max"),
    ("QUOTIENT", "blocking", "formula == 'SOLIDAIRE' and quotient > quotient_max"),
    ("TOO_SOON", "blocking", "known(last_loan) and again > request_date"),
    ("CO_BORROWER", "blocking", "formula == 'LONGUE' and loan.amount > amount_two and not co_borrower"),
    ("SAVINGS", "blocking", "formula == 'LONGUE' and put_aside < wanted"),
    ("LISTED", "reserve", "listed"),
)
_PORT_BASE = """facts: {request_date: 2026-12-01, loan.amount: 1500.00, loan.months: 24, loan.nominal_rate_pct: 2, formula: COURTE, income: 800.00, half_parts: 2, co_borrower: false, listed: false}
"""


def city() -> dict[str, bytes]:
    """A large city: higher ceilings after an accident of life, ceilings of income by household, a committee."""
    return _package("city", _LOAN + _CITY_FACTS, _CITY_PARAMETERS, _CITY_DERIVED, _CITY_RULES, _CITY_BASE)


def port() -> dict[str, bytes]:
    """A port: three formulas, a family quotient, a delay between two loans, a co-borrower, savings."""
    return _package("port", _LOAN + _PORT_FACTS, _PORT_PARAMETERS, _PORT_DERIVED, _PORT_RULES, _PORT_BASE)


def _package(
    name: str,
    facts: str,
    parameters: tuple[tuple[str, str, str], ...],
    derived: str,
    rules: tuple[tuple[str, str, str], ...],
    base: str,
) -> dict[str, bytes]:
    files = {
        "package.yaml": f'id: {name}\nversion: "1"\ntitle: Microcrédit\norganisation: CCAS de {name}\n'
        "legal_basis: [Délibération]\neffective_from: 2008-01-01\n",
        "facts.yaml": facts,
        "parameters.yaml": "".join(
            f"{key}: {{type: {kind}, label: Seuil {key},\n"
            f"  values: [{{valid_from: 2008-01-01, value: {value}, reference: Article 1}}]}}\n"
            for key, kind, value in parameters
        ),
        "derived.yaml": derived,
        "rules.yaml": "".join(
            f'{code}: {{severity: {severity}, when: "{when}", message: Motif {code}., article: Article 1}}\n'
            for code, severity, when in rules
        ),
        "decision.yaml": _OUTCOMES,
        "properties.yaml": "{}\n",
        "cases/base.yaml": base,
        "cases/10.yaml": "cases: []\n",
    }
    return {file: text.encode() for file, text in files.items()}
