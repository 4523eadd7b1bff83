"""The advice over a grid of amounts and durations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from services.eligibility.assessment.assess import Engine, assess
from services.eligibility.language.types import Value, Values
from services.eligibility.loan.schedule import constant_instalment
from services.eligibility.package.model import Outcome, RulePackage

AMOUNT, MONTHS, RATE, OTHER_FUNDING = (
    "loan.amount",
    "loan.months",
    "loan.nominal_rate_pct",
    "project.other_funding",
)
PRESENTABLE = frozenset({Outcome.ELIGIBLE, Outcome.ELIGIBLE_WITH_RESERVE})
MAX_CELLS = 1_000


@dataclass(frozen=True)
class Cell:
    """The advice for one amount in cents and one number of months; the instalment in cents, None when it has
    no meaning."""

    amount: int
    months: int
    outcome: Outcome
    reason_codes: tuple[str, ...]
    instalment: int | None


@dataclass(frozen=True)
class Axis:
    """Values from `least` to `most`, included, by `step`."""

    least: int
    most: int
    step: int

    def values(self) -> range:
        """Ascending."""
        return range(self.least, self.most + 1, self.step)


def cells(
    package: RulePackage,
    engine: Engine,
    facts: Values,
    amounts: Sequence[int],
    months: Sequence[int],
    *,
    balance_funding: bool,
    check: Callable[[], None],
) -> Iterator[Cell]:
    """Row by row, an amount a row; `check` is called before each cell."""
    for amount in amounts:
        for duration in months:
            check()
            changed = {**facts, AMOUNT: amount, MONTHS: duration}
            if balance_funding:
                changed[OTHER_FUNDING] = _other_funding(facts, amount)
            assessment = assess(package, engine, changed)
            codes = tuple(dict.fromkeys(reason.code for reason in assessment.reasons))
            yield Cell(amount, duration, assessment.outcome, codes, _instalment(changed))


def _other_funding(facts: Values, amount: int) -> Value | None:
    """The other funding that keeps the plan what it is; never less than nothing."""
    before, other = facts.get(AMOUNT), facts.get(OTHER_FUNDING)
    if not isinstance(before, int) or not isinstance(other, int):
        return other
    return max(0, other + before - amount)


def _instalment(facts: Values) -> int | None:
    amount, months, rate = facts.get(AMOUNT), facts.get(MONTHS), facts.get(RATE)
    if rate is None:
        return None
    return constant_instalment(amount, months, rate)  # type: ignore[arg-type]
