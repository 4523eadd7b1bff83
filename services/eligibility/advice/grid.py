"""The advice over a grid of amounts and durations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from services.eligibility.assessment.assess import Engine, assess
from services.eligibility.assessment.model import Reason
from services.eligibility.language.types import Value, Values
from services.eligibility.loan.schedule import constant_instalment
from services.eligibility.package.model import Outcome, RulePackage, Severity
from services.kit import french

AMOUNT, MONTHS, RATE = "loan.amount", "loan.months", "loan.nominal_rate_pct"
OTHER_FUNDING = "project.other_funding"


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
    reasons: tuple[Reason, ...]
    instalment: int | None

    @property
    def reason_codes(self) -> tuple[str, ...]:
        """Their codes, each once."""
        return tuple(dict.fromkeys(reason.code for reason in self.reasons))


def explore(
    package: RulePackage, engine: Engine, facts: Values, grid: Grid, check: Callable[[], None]
) -> Iterator[Cell]:
    """Row by row, an amount a row; `check` is called before each cell."""
    for amount in grid.amounts:
        for months in grid.months:
            check()
            found = assess(package, engine, {**facts, AMOUNT: amount, MONTHS: months})
            instalment = _instalment(amount, months, facts.get(RATE))
            yield Cell(amount, months, found.outcome, found.reasons, instalment)


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


def summary(cells: list[Cell]) -> str:
    """The largest presentable amount and its shortest duration, or why there is none."""
    presentable = [cell for cell in cells if cell.outcome.is_presentable]
    if not presentable:
        return f"Aucun montant de cette grille n’est présentable, quelle que soit la durée : {_why(cells)}"
    best = min(presentable, key=lambda cell: (-cell.amount, cell.months))
    reserve = ", sous réserve" if best.outcome is Outcome.ELIGIBLE_WITH_RESERVE else ""
    amount, months = french.euros(best.amount), french.months(best.months)
    text = f"Le plus grand montant présentable{reserve} est de {amount}, sur {months} au plus court"
    instalment = "" if best.instalment is None else f" : mensualité de {french.euros(best.instalment)}"
    return french.typeset(f"{text}{instalment}.")


def _why(cells: list[Cell]) -> str:
    """The sentences that hold in every cell, else the codes of what opposes somewhere."""
    opposing = [
        [reason for reason in cell.reasons if reason.severity is not Severity.RESERVE] for cell in cells
    ]
    first, *others = opposing
    common = [
        reason.message
        for reason in first
        if all(any(reason.message == other.message for other in found) for found in others)
    ]
    if common:
        return french.typeset(" ".join(common))
    codes = dict.fromkeys(reason.code for found in opposing for reason in found)
    return f"les motifs y sont, selon la case, {french.join(list(codes))}."


def _instalment(amount: int, months: int, rate: Value | None) -> int | None:
    known = isinstance(rate, int | Fraction) and rate >= 0 and amount >= 0
    return constant_instalment(amount, months, rate) if known else None  # type: ignore[arg-type]
