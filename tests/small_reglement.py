"""A ruleset of a few lines, for what depends on the size of a ruleset and not on what it says."""

from __future__ import annotations

_PARAMETERS = (
    ("amount_min", "money", "300.00"),
    ("amount_max", "money", "3000.00"),
    ("months_min", "integer", "6"),
    ("months_max", "integer", "36"),
)
_RULES = (
    ("AMOUNT_BELOW_MIN", "loan.amount < amount_min"),
    ("AMOUNT_ABOVE_MAX", "loan.amount > amount_max"),
    ("MONTHS_BELOW_MIN", "loan.months < months_min"),
    ("MONTHS_ABOVE_MAX", "loan.months > months_max"),
)
_AT_THE_BOUNDS = {
    "AMOUNT_BELOW_MIN": ("loan.amount: 299.99", "loan.amount: 300.00"),
    "AMOUNT_ABOVE_MAX": ("loan.amount: 3000.01", "loan.amount: 3000.00"),
    "MONTHS_BELOW_MIN": ("loan.months: 5", "loan.months: 6"),
    "MONTHS_ABOVE_MAX": ("loan.months: 37", "loan.months: 36"),
}


def small_reglement(version: str, *, at_the_bounds: bool = True) -> dict[str, bytes]:
    """Four rules on an amount and a number of months; without the cases at the bounds, each rule still has
    one, far from its bound."""
    far = ("loan.amount: 1.00", "loan.amount: 9000.00", "loan.months: 1", "loan.months: 99")
    cases = [_case(f"F{rank}", change, _RULES[rank][0]) for rank, change in enumerate(far)]
    if at_the_bounds:
        for code, (refused, accepted) in _AT_THE_BOUNDS.items():
            cases += [_case(f"{code}_R", refused, code), _case(f"{code}_A", accepted)]
    files = {
        "package.yaml": f'id: ploermel\nversion: "{version}"\ntitle: Petit règlement\norganisation: CIAS\n'
        "legal_basis: [Règlement intérieur]\neffective_from: 2011-01-01\n",
        "facts.yaml": "request_date: {type: date, label: Date, maximum: 2999-12-31, personal_data: none}\n"
        "loan.amount: {type: money, label: Montant, minimum: 0.00, maximum: 9999.00, personal_data: none}\n"
        "loan.months: {type: integer, label: Durée, minimum: 1, maximum: 99, personal_data: none}\n",
        "parameters.yaml": "".join(
            f"{name}:\n  type: {kind}\n  label: Borne {name}\n"
            f"  values: [{{valid_from: 2011-01-01, value: {value}, reference: Article 2}}]\n"
            for name, kind, value in _PARAMETERS
        ),
        "derived.yaml": "{}\n",
        "rules.yaml": "".join(
            f"{code}:\n  severity: blocking\n  when: {condition}\n  message: Hors des bornes.\n"
            "  article: Règlement intérieur, article 2\n"
            for code, condition in _RULES
        ),
        "decision.yaml": "outcomes:\n"
        "  - {outcome: NOT_ELIGIBLE, severity: blocking, label: Non présentable}\n"
        "  - {outcome: INCOMPLETE, severity: missing, label: Incomplète}\n"
        "  - {outcome: ELIGIBLE_WITH_RESERVE, severity: reserve, label: Sous réserve}\n"
        "  - {outcome: ELIGIBLE, label: Présentable}\n"
        "required_documents: []\norientations: {}\n"
        "loan_bounds: {min_amount: amount_min, max_amount: amount_max, min_months: months_min, "
        "max_months: months_max}\n",
        "properties.yaml": "{}\n",
        "cases/base.yaml": "facts: {request_date: 2026-12-01, loan.amount: 1500.00, loan.months: 24}\n",
        "cases/10-bornes.yaml": "cases:\n" + "".join(cases),
    }
    return {file: text.encode() for file, text in files.items()}


def _case(name: str, change: str, code: str = "") -> str:
    expected = f"outcome: NOT_ELIGIBLE, reasons: [{code}]" if code else "outcome: ELIGIBLE"
    return f"  - {{id: {name}, title: {name}, changes: {{{change}}}, expected: {{{expected}}}}}\n"
