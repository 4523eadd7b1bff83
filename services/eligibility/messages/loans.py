"""From a SimulateLoanRequest to loan terms or an inverse question, with everything that is wrong in it; from
a simulation to its message and its French summary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from microcredit.eligibility.v1 import loan_pb2
from microcredit.eligibility.v1 import loan_service_pb2 as pb
from services.eligibility.answer import AMOUNT, MONTHS, grid
from services.eligibility.engine import request_day
from services.eligibility.loan import LargestAmount, Line, ShortestDuration, Simulation, Terms, shown_decimal
from services.eligibility.messages.application import read_application
from services.eligibility.messages.fields import BoundedFields
from services.eligibility.package import Values
from services.eligibility.publishing import Deployment, Ruleset
from services.kit import wire
from services.kit.dates import add_months
from services.kit.errors import FieldReason, Violations
from services.kit.french import euros, months, percent, plural, spaced

Question = Terms | ShortestDuration | LargestAmount
NOTICE = "Simulation indicative, sans valeur contractuelle ; seule l’offre de l’établissement prêteur engage."


@dataclass(frozen=True)
class LoanRequest:
    """A question, the day of the first instalment and the monthly cost of an optional insurance, in cents."""

    question: Question
    first_due_date: date | None
    insurance_monthly: int | None


def read_loan_question(request: pb.SimulateLoanRequest, deployment: Deployment) -> LoanRequest:
    """The question asked; InvalidArgument with every wrong field."""
    violations = Violations()
    fields = BoundedFields(request, "", violations)
    first, insurance = fields.day("first_due_date"), fields.money("insurance_monthly", 0, required=False)
    rules = _Rules(request, fields, deployment)
    question: Question | None = None
    match request.WhichOneof("question"):
        case "terms":
            question = _read_terms(BoundedFields(request.terms, "terms.", violations))
        case "shortest_duration":
            question = _read_shortest(
                BoundedFields(request.shortest_duration, "shortest_duration.", violations), rules
            )
        case "largest_amount":
            question = _read_largest(
                BoundedFields(request.largest_amount, "largest_amount.", violations), rules
            )
        case _:
            fields.fail("terms", FieldReason.REQUIRED, "Indiquez terms, shortest_duration ou largest_amount.")
    return violations.whole(LoanRequest(question, first, insurance) if question else None)


class _Rules:
    """The bounds that the rules set to a loan: in the situation of the application, or to any loan on the
    request date, which is required only when they are asked for."""

    def __init__(
        self, request: pb.SimulateLoanRequest, fields: BoundedFields, deployment: Deployment
    ) -> None:
        self._fields = fields
        self._deployment = deployment
        self._day = fields.day("request_date")
        self._asked = False
        self._found = self._situation(request) if request.HasField("application") else None

    def _situation(self, request: pb.SimulateLoanRequest) -> tuple[Ruleset, Values] | None:
        """The rules and the facts of the application; None, with violations, when it is wrong."""
        violations = Violations()
        found = read_application(request, self._deployment, violations)
        wrong = violations.error().violations
        self._fields.violations.extend(wrong)
        if wrong or found is None:
            return None
        day = request_day(found[1])
        if self._day not in (None, day):
            text = "Cette date n’est pas celle de la demande : ne donnez que la demande."
            self._fields.fail("request_date", FieldReason.INCONSISTENT, text)
        self._day = day
        return found

    def bounds(self, axis: str, names: tuple[str, str], asked: Values) -> tuple[int | None, int | None]:
        """The bounds of an axis for what the question asks: in the situation, where rules bound it."""
        least, most = self._admitted(axis, asked)
        return (
            self._bound(names[0]) if least is None else least,
            self._bound(names[1]) if most is None else most,
        )

    def _admitted(self, axis: str, asked: Values) -> tuple[int | None, int | None]:
        if self._found is None:
            return None, None
        ruleset, facts = self._found
        known = {name: value for name, value in asked.items() if value is not None}
        return grid.admitted(ruleset.package, {**facts, **known}, axis)

    def _bound(self, name: str) -> int | None:
        """A bound (a field of LoanBounds) in cents or in months, at least 1: nothing is lent below."""
        if self._day is None:
            if not self._asked and not self._fields.has("request_date"):
                text = "La date de la demande est nécessaire pour appliquer les bornes du règlement."
                self._fields.fail("request_date", FieldReason.REQUIRED, text)
            self._asked = True
            return None
        package = self._deployment.on(self._day).package
        parameter = package.parameters[getattr(package.decision.loan_bounds, name)]
        value = parameter.on(self._day).value
        return max(value, 1) if isinstance(value, int) else None


def _read_terms(fields: BoundedFields) -> Terms | None:
    amount, months = fields.money("amount", 1), fields.months("months")
    rate, fees = fields.rate("nominal_rate_pct"), fields.money("fees", 0, required=False) or 0
    if amount is not None and fees >= amount:
        fields.fail("fees", FieldReason.OUT_OF_RANGE, "Les frais doivent rester inférieurs au montant.")
    if amount is None or months is None or rate is None:
        return None
    return Terms(amount, months, rate, fees)


def _read_shortest(fields: BoundedFields, rules: _Rules) -> ShortestDuration | None:
    amount, rate = fields.money("amount", 1), fields.rate("nominal_rate_pct")
    most_paid = fields.money("max_instalment", 0)
    names = ("min_months", "max_months")
    given = tuple(fields.months(name) if fields.has(name) else None for name in names)
    least, most = _completed(fields, rules, MONTHS, names, given, {AMOUNT: amount})
    _check_order(fields, "min_months", least, most)
    if amount is None or rate is None or most_paid is None or least is None or most is None:
        return None
    return ShortestDuration(amount, rate, most_paid, least, most)


def _read_largest(fields: BoundedFields, rules: _Rules) -> LargestAmount | None:
    months, rate = fields.months("months"), fields.rate("nominal_rate_pct")
    most_paid = fields.money("max_instalment", 0)
    names = ("min_amount", "max_amount")
    given = tuple(fields.money(name, 1) if fields.has(name) else None for name in names)
    least, most = _completed(fields, rules, AMOUNT, names, given, {MONTHS: months})
    _check_order(fields, "min_amount", least, most)
    if months is None or rate is None or most_paid is None or least is None or most is None:
        return None
    return LargestAmount(months, rate, most_paid, least, most)


def _completed(
    fields: BoundedFields,
    rules: _Rules,
    axis: str,
    names: tuple[str, str],
    given: tuple[int | None, ...],
    asked: Values,
) -> tuple[int | None, ...]:
    """The bounds given, those of the rules where one is left out."""
    if all(map(fields.has, names)):
        return given
    found = rules.bounds(axis, names, asked)
    return tuple(
        stated if fields.has(name) else ruled for name, stated, ruled in zip(names, given, found, strict=True)
    )


def _check_order(fields: BoundedFields, name: str, least: int | None, most: int | None) -> None:
    if least is not None and most is not None and least > most:
        fields.fail(name, FieldReason.BOUNDS_REVERSED, "La borne basse dépasse la borne haute.")


def simulation_pb(simulation: Simulation, first_due_date: date | None) -> loan_pb2.LoanSimulation:
    """The whole simulation, its schedule dated when the day of the first instalment is known."""
    message = loan_pb2.LoanSimulation(
        terms=_terms(simulation.terms),
        instalment=wire.money(simulation.instalment),
        last_instalment=wire.money(simulation.last_instalment),
        total_interest=wire.money(simulation.total_interest),
        total_paid=wire.money(simulation.total_paid),
        total_credit_cost=wire.money(simulation.total_credit_cost),
        taeg_pct=wire.decimal_pb(simulation.taeg_pct),
        taeg_pct_exact=wire.decimal_pb(simulation.taeg_pct_exact),
        schedule=_schedule(simulation.lines, first_due_date),
        notice=spaced(NOTICE),
    )
    insurance = simulation.insurance
    if insurance is not None:
        message.total_insurance.CopyFrom(wire.money(insurance.total))
        message.taeg_with_insurance_pct.CopyFrom(wire.decimal_pb(insurance.taeg_pct))
        message.taea_pct.CopyFrom(wire.decimal_pb(insurance.taea_pct))
    return message


def answered(question: Terms | ShortestDuration | LargestAmount, simulation: Simulation) -> str:
    """The answer in words."""
    match question:
        case ShortestDuration():
            tried = f"De {question.min_months} à {months(question.max_months)}"
            found = f"{tried}, la durée la plus courte est de {months(simulation.terms.months)} : "
        case LargestAmount():
            tried = f"De {euros(question.min_amount)} à {euros(question.max_amount)}"
            found = f"{tried}, le montant entier le plus élevé est de {euros(simulation.terms.amount)} : "
        case _:
            found = ""
    cost, taeg = euros(simulation.total_credit_cost), percent(simulation.taeg_pct)
    return spaced(f"{found}{_instalments(simulation)} ; coût total du crédit : {cost} ; TAEG : {taeg}.")


def unanswered(question: Terms | ShortestDuration | LargestAmount) -> str:
    """Why an inverse question has no answer."""
    if isinstance(question, Terms):
        raise TypeError("terms always have a simulation")
    limit = f"ne ramène la mensualité à {euros(question.max_instalment)} ou moins."
    if isinstance(question, ShortestDuration):
        return f"Aucune durée de {months(question.min_months)} à {months(question.max_months)} {limit}"
    return f"Aucun montant entier de {euros(question.min_amount)} à {euros(question.max_amount)} {limit}"


def _instalments(simulation: Simulation) -> str:
    count, last = len(simulation.lines), simulation.last_instalment
    text = f"{plural(count, 'mensualité')} de {euros(simulation.instalment)}"
    return text if last == simulation.instalment else f"{text}, la dernière de {euros(last)}"


def _terms(terms: Terms) -> loan_pb2.LoanTerms:
    return loan_pb2.LoanTerms(
        amount=wire.money(terms.amount),
        months=terms.months,
        nominal_rate_pct=wire.decimal_pb(shown_decimal(terms.nominal_rate_pct)),
        fees=wire.money(terms.fees),
    )


def _schedule(lines: tuple[Line, ...], first: date | None) -> Iterator[loan_pb2.ScheduleLine]:
    for line in lines:
        yield loan_pb2.ScheduleLine(
            number=line.number,
            due_date=wire.date_pb(add_months(first, line.number - 1)) if first else None,
            payment=wire.money(line.payment),
            interest=wire.money(line.interest),
            principal=wire.money(line.principal),
            balance=wire.money(line.balance),
        )
