"""The advice over a grid of amounts and durations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from services.eligibility.answer.assess import Engine, judge
from services.eligibility.answer.assessment import Assessment
from services.eligibility.answer.openness import reading
from services.eligibility.loan import constant_instalment
from services.eligibility.package import (
    ENGINE_DISAGREEMENT,
    Outcome,
    RulePackage,
    RuleSeverity,
    Value,
    Values,
)
from services.kit import french

AMOUNT, MONTHS, RATE = "loan.amount", "loan.months", "loan.nominal_rate_pct"
OTHER_FUNDING = "project.other_funding"

_NONE = "Aucun montant de cette grille n’est présentable, quelle que soit la durée"


@dataclass(frozen=True)
class Grid:
    """Amounts in cents and durations in months, ascending."""

    amounts: range
    months: range


@dataclass(frozen=True)
class Cell:
    """The advice for an amount and a duration; the instalment in cents, None when it cannot be computed."""

    amount: int
    months: int
    outcome: Outcome
    reason_codes: tuple[str, ...]
    instalment: int | None


def explore(
    package: RulePackage, engine: Engine, facts: Values, grid: Grid, check: Callable[[], None]
) -> Iterator[Cell]:
    """Row by row, an amount a row; `check` is called before each cell."""
    for amount in grid.amounts:
        for months in grid.months:
            check()
            found = judge(package, engine, {**facts, AMOUNT: amount, MONTHS: months})
            codes = [rule.code for rule in found.rules]
            if found.disagreements:
                codes.insert(0, ENGINE_DISAGREEMENT)
            instalment = _instalment(amount, months, facts.get(RATE))
            yield Cell(amount, months, found.outcome, tuple(codes), instalment)


def explore_balanced(
    package: RulePackage, engine: Engine, facts: Values, grid: Grid, check: Callable[[], None]
) -> Iterator[Cell]:
    """The same, the other funding following the amount; it cannot be less than nothing."""
    before, other = facts.get(AMOUNT), facts.get(OTHER_FUNDING)
    for amount in grid.amounts:
        row = Grid(range(amount, amount + 1), grid.months)
        changed: dict[str, Value | None] = dict(facts)
        if isinstance(before, int) and isinstance(other, int):
            changed[OTHER_FUNDING] = max(0, other + before - amount)
        yield from explore(package, engine, changed, row, check)


def summary(package: RulePackage, cells: list[Cell], current: Assessment) -> str:
    """The largest presentable amount and its shortest duration, or why there is none; `current` is the advice
    on the application as it stands."""
    presentable = [cell for cell in cells if cell.outcome.is_presentable]
    if not presentable:
        return french.typeset(f"{_NONE} : {_why(package, cells, current)}")
    best = min(presentable, key=lambda cell: (-cell.amount, cell.months))
    reserve = ", sous réserve" if best.outcome is Outcome.ELIGIBLE_WITH_RESERVE else ""
    amount, months = french.euros(best.amount), french.months(best.months)
    text = f"Le plus grand montant présentable{reserve} est de {amount}, sur {months} au plus court"
    instalment = "" if best.instalment is None else f" : mensualité de {french.euros(best.instalment)}"
    return french.typeset(f"{text}{instalment}.")


def _why(package: RulePackage, cells: list[Cell], current: Assessment) -> str:
    """What opposes everywhere whatever the terms, in words; else the codes found somewhere."""
    read = reading(package).rules
    apart = {rule.code for rule in package.rules if read[rule.id].isdisjoint((AMOUNT, MONTHS, OTHER_FUNDING))}
    everywhere = apart.intersection(*(cell.reason_codes for cell in cells))
    opposing = [reason for reason in current.reasons if reason.severity is not RuleSeverity.RESERVE]
    told = [reason.message for reason in opposing if reason.code in everywhere]
    if told:
        return " ".join(told)
    codes = dict.fromkeys(code for cell in cells for code in cell.reason_codes)
    return f"les motifs y sont, selon la case, {french.join(list(codes))}."


def _instalment(amount: int, months: int, rate: Value | None) -> int | None:
    known = isinstance(rate, int | Fraction) and rate >= 0 and amount >= 0
    return constant_instalment(amount, months, rate) if known else None  # type: ignore[arg-type]
