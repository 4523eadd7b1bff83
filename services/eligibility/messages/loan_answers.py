"""From a simulation to its message and its French summary."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from microcredit.eligibility.v1 import loan_pb2
from services.eligibility.loan import LargestAmount, Line, ShortestDuration, Simulation, Terms, shown_decimal
from services.kit import wire
from services.kit.dates import add_months
from services.kit.french import euros, months, percent, plural

NOTICE = "Simulation indicative, sans valeur contractuelle ; seule l’offre de l’établissement prêteur engage."


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
        notice=NOTICE,
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
            found = f"La durée la plus courte est de {months(simulation.terms.months)} : "
        case LargestAmount():
            found = f"Le montant le plus élevé est de {euros(simulation.terms.amount)} : "
        case _:
            found = ""
    cost, taeg = euros(simulation.total_credit_cost), percent(simulation.taeg_pct)
    return f"{found}{_instalments(simulation)} ; coût total du crédit : {cost} ; TAEG : {taeg}."


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
