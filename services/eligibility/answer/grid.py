"""The advice over a grid of amounts and durations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from services.eligibility.answer.assess import Engine, Judgement, in_words, judge
from services.eligibility.answer.assessment import Assessment
from services.eligibility.answer.openness import reading
from services.eligibility.answer.wording import in_french, provided
from services.eligibility.engine import LazyValues, leaves_of, request_day
from services.eligibility.loan import constant_instalment
from services.eligibility.package import (
    ENGINE_DISAGREEMENT,
    Outcome,
    Rule,
    RulePackage,
    RuleSeverity,
    Value,
    Values,
    completed,
    evaluate,
    names,
)
from services.kit import french

AMOUNT, MONTHS, RATE = "loan.amount", "loan.months", "loan.nominal_rate_pct"
OTHER_FUNDING = "project.other_funding"

_NONE = "Aucune case de cette grille n’est présentable"


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
    judged: Judgement
    instalment: int | None

    @property
    def outcome(self) -> Outcome:
        """That of the application with these terms."""
        return self.judged.outcome

    @property
    def reason_codes(self) -> tuple[str, ...]:
        """Its reasons, in the order of the package."""
        codes = tuple(rule.code for rule in self.judged.rules)
        return (ENGINE_DISAGREEMENT, *codes) if self.judged.disagreements else codes


def explore(
    package: RulePackage, engine: Engine, facts: Values, grid: Grid, check: Callable[[], None]
) -> Iterator[Cell]:
    """Row by row, an amount a row; `check` is called before each cell."""
    for amount in grid.amounts:
        for months in grid.months:
            check()
            judged = judge(package, engine, {**facts, AMOUNT: amount, MONTHS: months})
            yield Cell(amount, months, judged, _instalment(amount, months, facts.get(RATE)))


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


def admitted(
    package: RulePackage, facts: Values, name: str, crossed: str = ""
) -> tuple[int | None, int | None]:
    """The least and the greatest value of an axis that no blocking rule refuses for itself in this situation,
    whatever the other axis is worth if one is crossed; None where no rule bounds it.

    Looked for around the thresholds of the rules that compare the fact itself; what a calculation refuses
    shows in the cells.
    """
    critical, day = reading(package).critical_of_refusals, request_day(facts)
    direct = set(critical.reach(name).direct)
    rules = [
        rule
        for rule in reading(package).refusals
        if rule.severity is RuleSeverity.BLOCKING
        and day in rule.validity
        and direct & {*leaves_of(rule.condition)}
    ]
    crossings = [{crossed: value} for value in critical.values(facts, crossed)] if crossed else [{}]
    free = [
        value
        for value in critical.values(facts, name)
        if isinstance(value, int)
        and any(not _refused(package, rules, {**facts, name: value, **other}) for other in crossings)
    ]
    ends = critical.ends(facts, name)
    low, high = min(free, default=None), max(free, default=None)
    return (None if low == ends[0] else low), (None if high == ends[-1] else high)


def _refused(package: RulePackage, rules: list[Rule], facts: Values) -> bool:
    values = LazyValues(package, completed(package.facts, facts))
    return any(evaluate(rule.condition, values) is True for rule in rules)


def summary(package: RulePackage, grid: Grid, cells: list[Cell], current: Assessment) -> str:
    """The largest amount of the grid that is presentable, provided maybe that what is missing arrives, with
    its shortest duration; or why there is none. `current` is the advice on the application as it stands."""
    for acceptable in (_presentable, _only_incomplete(package)):
        found = [cell for cell in cells if acceptable(cell)]
        if found:
            best = min(found, key=lambda cell: (-cell.amount, cell.months))
            # What these terms wait for may be more than what the present ones do.
            told = in_words(package, best.judged)
            return in_french(f"{_largest(grid, best)}{provided(told)}")
    return in_french(f"{_NONE} : {_why(package, cells, current)}")


def _presentable(cell: Cell) -> bool:
    return cell.outcome.is_presentable


def _only_incomplete(package: RulePackage) -> Callable[[Cell], bool]:
    """True for a cell where nothing opposes but what does not depend on the terms of the loan."""
    apart = _apart(package) | {rule.code for rule in package.rules if rule.severity is RuleSeverity.RESERVE}
    return lambda cell: cell.outcome is Outcome.INCOMPLETE and apart >= set(cell.reason_codes)


def _largest(grid: Grid, best: Cell) -> str:
    reserve = ", sous réserve" if best.outcome is Outcome.ELIGIBLE_WITH_RESERVE else ""
    tried = f"{_tried(grid.amounts, french.euros)} ; {_tried(grid.months, french.months)}"
    amount, months = french.euros(best.amount), french.months(best.months)
    text = (
        f"Parmi les montants et les durées essayés ({tried}), le plus grand montant présentable{reserve} est "
        f"de {amount}, sur {months} au plus court"
    )
    if best.instalment is not None:
        text += f" : mensualité de {french.euros(best.instalment)}"
    return text


def _tried(values: range, said: Callable[[int], str]) -> str:
    if len(values) == 1:
        return said(values[0])
    return f"de {said(values[0])} à {said(values[-1])}, de {said(values.step)} en {said(values.step)}"


def _apart(package: RulePackage) -> set[str]:
    """The codes of the rules that read none of the terms; what is to be supplied may depend on them."""
    return {rule.code for rule in package.rules if not _read_terms(package, names(rule.condition))}


def _read_terms(package: RulePackage, read: Iterable[str]) -> bool:
    derived = package.derived
    return any(
        name in (AMOUNT, MONTHS, OTHER_FUNDING)
        or (name in derived and _read_terms(package, names(derived[name].expression)))
        for name in read
    )


def _why(package: RulePackage, cells: list[Cell], current: Assessment) -> str:
    """What opposes everywhere whatever the terms, in words; else the codes found somewhere."""
    everywhere = _apart(package).intersection(*(cell.reason_codes for cell in cells))
    opposing = [reason for reason in current.reasons if reason.severity is not RuleSeverity.RESERVE]
    told = [reason.message for reason in opposing if reason.code in everywhere]
    if any(reason.severity is RuleSeverity.BLOCKING and reason.code in everywhere for reason in opposing):
        return " ".join(told)
    codes = dict.fromkeys(code for cell in cells for code in cell.reason_codes)
    return f"les motifs y sont, selon la case, {french.join(list(codes))}."


def _instalment(amount: int, months: int, rate: Value | None) -> int | None:
    known = isinstance(rate, int | Fraction) and rate >= 0 and amount >= 0
    return constant_instalment(amount, months, rate) if known else None  # type: ignore[arg-type]
