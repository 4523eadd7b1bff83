"""The règlement rewritten in plain Python, apart from the product: what the shipped rules must answer, and
random applications around every threshold."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from random import Random

from tests.eligibility_support import Json, read_cases

CASES = read_cases("eligibility_cases.json")
PARAMETERS = CASES["parameters"]
BASE: Json = CASES["base_input"]
BUDGET = ("monthly_income", "monthly_charges", "credit_instalments", "debt_repayments")
RANKS = ("ELIGIBLE", "ELIGIBLE_WITH_RESERVE", "INCOMPLETE", "NOT_ELIGIBLE")


# The règlement, in cents, days and fractions


def cents(text: str | None) -> int | None:
    return None if text is None else int(Fraction(text) * 100)


def half_up(value: Fraction) -> int:
    sign = -1 if value < 0 else 1
    return sign * int(abs(value) + Fraction(1, 2))


def instalment(amount: int, months: int, rate: Fraction) -> int:
    i = rate / 1200
    return half_up(Fraction(amount, months) if i == 0 else amount * i / (1 - (1 + i) ** -months))


def age(birth: date, day: date) -> int:
    try:
        birthday = birth.replace(year=day.year)
    except ValueError:
        birthday = date(day.year, 3, 1)
    return day.year - birth.year - (day < birthday)


def term(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for number in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, number)
        except ValueError:
            continue
    raise AssertionError


def national_ceiling(day: date) -> int:
    if day >= date(2022, 2, 7):
        return 800_000
    return 500_000 if day >= date(2016, 1, 17) else 300_000


class Facts:
    """The facts of an application, typed."""

    def __init__(self, facts: Json) -> None:
        loan, project, applicant = facts["loan"], facts["project"], facts["applicant"]
        self.day = date.fromisoformat(facts["request_date"])
        self.amount = cents(loan["amount"]) or 0
        self.months: int = loan["months"]
        self.rate = Fraction(loan["nominal_rate_pct"])
        self.fees = cents(loan["fees"]) or 0
        self.guarantor: bool = loan["guarantor_required"]
        self.category: str = project["category"]
        self.cost, self.funding = cents(project["total_cost"]) or 0, cents(project["other_funding"]) or 0
        birth, permit = applicant["birth_date"], applicant["residence_permit_end"]
        self.birth = date.fromisoformat(birth) if birth else None
        self.permit = date.fromisoformat(permit) if permit else None
        self.applicant: Json = applicant
        self.persons: int = facts["household"]["persons"]
        self.income, self.charges, self.credits, self.debts = (cents(facts["budget"][n]) for n in BUDGET)
        self.banking: Json = facts["banking"]
        self.outstanding = cents(self.banking["outstanding_microcredit"]) or 0
        self.support: Json = facts["support"]
        self.documents: list[str] = facts["documents"]
        self.instalment = instalment(self.amount, self.months, self.rate)
        self.floor = cents(PARAMETERS["living_floor_per_person_per_day"] or "") or 0
        self.floor *= PARAMETERS["days_per_month"] * self.persons

    @property
    def remainder(self) -> int | None:
        if None in (self.income, self.charges, self.credits, self.debts):
            return None
        return (
            (self.income or 0)
            - (self.charges or 0)
            - (self.credits or 0)
            - (self.debts or 0)
            - self.instalment
        )

    @property
    def missing(self) -> list[str]:
        lines = [
            f"budget.{name}"
            for name, value in zip(BUDGET, (self.income, self.charges, self.credits, self.debts), strict=True)
            if value is None
        ]
        return ["applicant.birth_date"] * (self.birth is None) + lines

    @property
    def missing_documents(self) -> list[str]:
        return [code for code in PARAMETERS["required_documents"] if code not in self.documents]


def _blocking(f: Facts) -> dict[str, bool]:
    p, bank = PARAMETERS, f.banking
    debts = f.category in ("RACHAT_DETTES", "DECOUVERT")
    business = f.category == "CREATION_ENTREPRISE"
    burden = None if f.credits is None else f.credits + f.instalment
    ratio = Fraction(p["debt_ratio_max_pct"])
    return {
        "AMOUNT_BELOW_MIN": f.amount < (cents(p["amount_min"]) or 0),
        "AMOUNT_ABOVE_MAX": f.amount > (cents(p["amount_max"]) or 0),
        "MONTHS_BELOW_MIN": f.months < p["months_min"],
        "MONTHS_ABOVE_MAX": f.months > p["months_max"],
        "RATE_BELOW_MIN": f.rate < Fraction(p["rate_min_pct"]),
        "RATE_ABOVE_MAX": f.rate > Fraction(p["rate_max_pct"]),
        "FEES_FORBIDDEN": f.fees > (cents(p["fees_max"]) or 0),
        "GUARANTOR_FORBIDDEN": f.guarantor and not p["guarantor_allowed"],
        "APPLICANT_MINOR": f.birth is not None and age(f.birth, f.day) < p["age_min"],
        "OUTSIDE_TERRITORY": f.applicant["commune_insee"] not in p["communes"],
        "PROJECT_BUSINESS": business,
        "PROJECT_DEBTS": debts,
        "PROJECT_EXCLUDED": f.category in p["excluded_categories"] and not business and not debts,
        "SUPPORT_REFUSED": not f.support["accepted"],
        "OVERINDEBTEDNESS_NO_AGREEMENT": bank["overindebtedness"] == "RECEVABLE"
        and not bank["commission_agreement"],
        "LIVING_REMAINDER_TOO_LOW": f.remainder is not None and f.remainder < f.floor,
        "DEBT_RATIO_TOO_HIGH": f.income == 0
        or (f.income is not None and burden is not None and burden * 100 > ratio * f.income),
        "CUMULATIVE_CEILING": f.outstanding > 0
        and f.outstanding + f.amount > (cents(p["max_outstanding_microcredit"]) or 0),
    }


def _missing_or_reserve(f: Facts) -> dict[str, bool]:
    bank, gap = f.banking, f.cost - f.funding - f.amount
    agreed, state = bool(bank["commission_agreement"]), bank["overindebtedness"]
    protected = f.applicant["legal_protection"] in ("CURATELLE", "TUTELLE")
    return {
        "DATA_MISSING": bool(f.missing),
        "FUNDING_PLAN_SHORT": gap > 0,
        "FUNDING_PLAN_EXCESS": gap < 0,
        "PROTECTION_AUTHORISATION_MISSING": protected and not f.applicant["protection_authorised"],
        "RESIDENCE_RIGHT_UNPROVEN": not f.applicant["right_of_residence"],
        "COMMISSION_AGREEMENT_MISSING": state == "PLAN" and not agreed,
        "ACCOUNT_MISSING": not bank["has_account"],
        "REFERENT_MISSING": f.support["accepted"] and not f.support["referent_named"],
        "DOCUMENT_MISSING": bool(f.missing_documents),
        "PROJECT_TO_ASSESS": f.category in PARAMETERS["review_categories"],
        "ORDINARY_CREDIT_AVAILABLE": bank["ordinary_credit_available"],
        "FICP_DECLARED": bank["ficp"] is True,
        "FCC_DECLARED": bank["fcc"] is True,
        "BANKING_STATUS_UNKNOWN": bank["ficp"] is None or bank["fcc"] is None,
        "OVERINDEBTEDNESS_FILED": state == "DEPOSE",
        "OVERINDEBTEDNESS_PLAN_AGREED": state == "PLAN" and agreed,
        "PERMIT_ENDS_BEFORE_TERM": f.applicant["right_of_residence"]
        and f.permit is not None
        and f.permit < term(f.day, f.months),
    }


def true_codes(f: Facts) -> set[str]:
    """Every rule that holds."""
    holds = _blocking(f) | _missing_or_reserve(f)
    assert list(holds) == CASES["reason_order"]
    return {code for code, true in holds.items() if true}


ORIENTATIONS = {
    "AMOUNT_BELOW_MIN": "AIDE_FACULTATIVE_OU_SECOURS",
    "AMOUNT_ABOVE_MAX": "AUTRE_PRETEUR_HABILITE_PLAFOND_8000",
    "APPLICANT_MINOR": "MISSION_LOCALE",
    "OUTSIDE_TERRITORY": "CCAS_DE_RESIDENCE",
    "PROJECT_BUSINESS": "MICROCREDIT_PROFESSIONNEL",
    "PROJECT_DEBTS": "POINT_CONSEIL_BUDGET",
    "OVERINDEBTEDNESS_NO_AGREEMENT": "POINT_CONSEIL_BUDGET",
    "LIVING_REMAINDER_TOO_LOW": "POINT_CONSEIL_BUDGET",
    "DEBT_RATIO_TOO_HIGH": "POINT_CONSEIL_BUDGET",
    "ACCOUNT_MISSING": "DROIT_AU_COMPTE",
    "ORDINARY_CREDIT_AVAILABLE": "PRET_BANCAIRE_CLASSIQUE",
    "OVERINDEBTEDNESS_FILED": "POINT_CONSEIL_BUDGET",
}


def expected_answer(f: Facts) -> tuple[str, list[str], list[str], list[str]]:
    """Outcome, reasons, orientations and missing facts."""
    true = true_codes(f)
    reasons = [code for code in CASES["reason_order"] if code in true]
    ranks = {"RESERVE": 1, "MISSING": 2, "BLOCKING": 3}
    outcome = RANKS[max((ranks[CASES["reason_severity"][code]] for code in reasons), default=0)]
    called = [
        ORIENTATIONS[code]
        for code in reasons
        if code in ORIENTATIONS and (code != "AMOUNT_ABOVE_MAX" or f.amount <= national_ceiling(f.day))
    ]
    return outcome, reasons, list(dict.fromkeys(called)), f.missing


def euros(value: Fraction | int) -> str:
    rounded = half_up(Fraction(value))
    return f"{'-' if rounded < 0 else ''}{abs(rounded) // 100}.{abs(rounded) % 100:02d}"


def expected_figures(f: Facts) -> Json:
    """The figures that can be computed."""
    found: Json = {
        "instalment": euros(f.instalment),
        "living_floor": euros(f.floor),
        "funding_gap": euros(f.cost - f.funding - f.amount),
        "missing": f.missing,
        "missing_documents": f.missing_documents,
    }
    if f.remainder is not None:
        found["living_remainder"] = euros(f.remainder)
        days = f.persons * PARAMETERS["days_per_month"]
        found["daily_average_per_person"] = euros(Fraction(f.remainder, days))
    if f.income and f.credits is not None:
        found["debt_ratio_pct"] = euros(Fraction((f.credits + f.instalment) * 10_000, f.income))
    return found


# Random applications, near the thresholds more often than not


def amount_text(value: int) -> str:
    return f"{max(value, 0) // 100}.{max(value, 0) % 100:02d}"


def near(random: Random, *thresholds: int) -> int:
    return random.choice(thresholds) + random.choice((-1, 0, 0, 1))


def yes_no_unknown(random: Random) -> bool | None:
    return random.choice((True, False, False, None))


def random_loan(random: Random) -> Json:
    amount = near(random, 30_000, 150_000, 300_000, 500_000, 800_000)
    step = random.choice(("", "", "000001", "5"))
    rates = ("0.999999", "1", "1." + (step or "5"), "2", "2." + (step or "0"), "0")
    return {
        "amount": amount_text(amount),
        "months": near(random, 6, 24, 36),
        "nominal_rate_pct": random.choice(rates),
        "fees": random.choice(("0.00", "0.00", "0.01")),
        "guarantor_required": random.random() < 0.1,
    }


def random_budget(random: Random, persons: int, due: int) -> Json:
    """Incomes and charges around the floor and around the debt ratio."""
    income = random.choice((0, 100_000, 160_000, 123_457, random.randrange(0, 400_000)))
    credits = random.choice((0, 0, max(0, near(random, income * 33 // 100 - due))))
    debts = random.choice((0, 0, 5_000))
    charges = max(0, near(random, income - credits - debts - due - 21_000 * persons))
    lines = dict(zip(BUDGET, map(amount_text, (income, charges, credits, debts)), strict=True))
    return {name: None if random.random() < 0.1 else value for name, value in lines.items()}


def _random_facts(random: Random) -> Json:
    day = random.choice((date(2026, 12, 1), date(2024, 2, 29), date(2022, 2, 6), date(2022, 2, 7)))
    day = random.choice((day, date(2016, 1, 16), date(2016, 1, 17), date(2011, 1, 1), date(2025, 8, 31)))
    loan, persons = random_loan(random), random.choice((1, 1, 2, 5))
    amount = cents(loan["amount"]) or 0
    due = instalment(amount, loan["months"], Fraction(loan["nominal_rate_pct"]))
    funding = random.choice((0, 0, 20_000))
    birth = date(day.year - 18, day.month, min(day.day, 28)) + timedelta(random.randint(-1, 1))
    permit = term(day, loan["months"]) + timedelta(random.randint(-1, 1))
    codes = PARAMETERS["excluded_categories"] + PARAMETERS["review_categories"]
    documents = [code for code in PARAMETERS["required_documents"] if random.random() < 0.9]
    return {
        "request_date": day.isoformat(),
        "loan": loan,
        "project": {
            "category": random.choice(codes + 2 * PARAMETERS["core_categories"]),
            "total_cost": amount_text(amount + funding + random.choice((-1, 0, 0, 0, 1))),
            "other_funding": amount_text(funding),
        },
        "applicant": {
            "birth_date": random.choice((birth, date(2008, 2, 29), date(1990, 5, 14), None)),
            "commune_insee": random.choice((*PARAMETERS["communes"], "56800", "2A004", "97105")),
            "legal_protection": random.choice(("AUCUNE", "AUCUNE", "CURATELLE", "TUTELLE")),
            "protection_authorised": yes_no_unknown(random),
            "right_of_residence": random.random() < 0.9,
            "residence_permit_end": random.choice((None, None, permit)),
        },
        "household": {"persons": persons},
        "budget": random_budget(random, persons, due),
        "banking": {
            "has_account": random.random() < 0.9,
            "ordinary_credit_available": random.random() < 0.1,
            "ficp": yes_no_unknown(random),
            "fcc": yes_no_unknown(random),
            "overindebtedness": random.choice(("AUCUN", "AUCUN", "DEPOSE", "RECEVABLE", "PLAN")),
            "commission_agreement": yes_no_unknown(random),
            "outstanding_microcredit": amount_text(random.choice((0, 0, 1, near(random, 300_000 - amount)))),
        },
        "support": {"accepted": random.random() < 0.9, "referent_named": random.random() < 0.9},
        "documents": documents + random.choice(([], ["CARTE_GRISE"])),
    }


def as_text(facts: Json) -> Json:
    """The same with dates as texts."""
    if isinstance(facts, dict):
        return {name: as_text(value) for name, value in facts.items()}
    return facts.isoformat() if isinstance(facts, date) else facts


def random_facts(random: Random) -> Json:
    """A valid application, in the JSON of the cases."""
    return as_text(_random_facts(random))
