"""Two pieces of advice on one application, and how many applications go from one to the other: at once, or in
a shadow run, where a candidate is assessed on recorded decisions and on each new one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from fractions import Fraction

import structlog

from services.eligibility.answer import Engine, RulesetStamp, assess
from services.eligibility.package import NUMERIC, Kind, Outcome, RulePackage, Value, Values, check_facts
from services.kit.serve import exception_fields

MAX_EXAMPLES = 5
"""Applications named for each change."""

_OUTCOMES = {outcome: rank for rank, outcome in enumerate(Outcome)}
log = structlog.get_logger()

_CLASSES: Mapping[Kind, type] = {
    Kind.BOOLEAN: bool,
    Kind.DATE: date,
    Kind.CODE: str,
    Kind.TEXT: str,
    Kind.CODES: tuple,
}


@dataclass(frozen=True)
class Advice:
    """What is compared of an assessment: its outcome and the codes of its reasons."""

    outcome: Outcome
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class OutcomeChange:
    """From the base to the candidate; the codes of reasons are in alphabetical order."""

    base: Outcome
    candidate: Outcome
    added: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def outcome_differs(self) -> bool:
        """True when the outcome is another one."""
        return self.base is not self.candidate

    @property
    def differs(self) -> bool:
        """True when the outcome or a reason is another one."""
        return self.outcome_differs or bool(self.added or self.removed)


@dataclass(frozen=True)
class Count:
    """How many applications, and the first of them by name."""

    number: int
    examples: tuple[str, ...] = ()

    def plus(self, later: Count) -> Count:
        """Both together; the examples of the first come first."""
        return Count(self.number + later.number, (*self.examples, *later.examples)[:MAX_EXAMPLES])


class Base(Enum):
    """What a candidate is compared with."""

    VERSION = "VERSION"
    RULES_NOW = "RULES_NOW"
    ANSWERS_THEN = "ANSWERS_THEN"


@dataclass(frozen=True)
class Pair:
    """What both rulesets advise on one application, and how an example names it."""

    base: Advice
    candidate: Advice
    name: str


@dataclass(frozen=True)
class Tally:
    """Applications by change, the unchanged ones included, and how many could not be compared."""

    counts: Mapping[OutcomeChange, Count]
    left_out: int = 0

    @property
    def compared(self) -> int:
        """Applications compared."""
        return sum(count.number for count in self.counts.values())

    @property
    def changes(self) -> tuple[tuple[OutcomeChange, Count], ...]:
        """The real changes: most frequent first, then in the order of outcomes and codes."""
        changed = [item for item in self.counts.items() if item[0].differs]
        return tuple(sorted(changed, key=_rank))

    @property
    def changed(self) -> int:
        """Applications whose outcome or reasons change."""
        return sum(count.number for _, count in self.changes)

    @property
    def outcome_changed(self) -> int:
        """Applications whose outcome changes."""
        return sum(count.number for change, count in self.changes if change.outcome_differs)


def together(earlier: Tally, later: Tally) -> Tally:
    """Both counts as one."""
    counts = dict(earlier.counts)
    for change, count in later.counts.items():
        counts[change] = counts.get(change, Count(0)).plus(count)
    return Tally(counts, earlier.left_out + later.left_out)


def tally(pairs: Iterable[Pair | None]) -> Tally:
    """Counts the pairs; None stands for an application left out."""
    counts: dict[OutcomeChange, Count] = {}
    left_out = 0
    for pair in pairs:
        if pair is None:
            left_out += 1
            continue
        change = change_of(pair.base, pair.candidate)
        one = Count(1, (pair.name,) if change.differs else ())
        counts[change] = counts.get(change, Count(0)).plus(one)
    return Tally(counts, left_out)


def change_of(base: Advice, candidate: Advice) -> OutcomeChange:
    """What goes from one to the other."""
    before, after = set(base.reasons), set(candidate.reasons)
    return OutcomeChange(
        base.outcome, candidate.outcome, tuple(sorted(after - before)), tuple(sorted(before - after))
    )


def _rank(item: tuple[OutcomeChange, Count]) -> tuple[object, ...]:
    change, count = item
    return -count.number, _OUTCOMES[change.base], _OUTCOMES[change.candidate], change.added, change.removed


def moved(facts: Values, day: date | None) -> Values:
    """The same application, made on that day; without one, as it is."""
    return facts if day is None else {**facts, "request_date": day}


def advice(package: RulePackage, engine: Engine, facts: Values) -> Advice | None:
    """The advice of a ruleset; None when it does not govern the day of the application, refuses its facts or
    fails on them. Facts that it does not declare are ignored."""
    if not accepts(package, facts):
        return None
    known = {name: facts.get(name) for name in package.facts}
    try:
        assessment = assess(package, engine, known)
    except Exception as error:
        log.error("comparison_failed", ruleset=package.digest, **exception_fields(error))
        return None
    return Advice(assessment.outcome, tuple(reason.code for reason in assessment.reasons))


def accepts(package: RulePackage, facts: Values) -> bool:
    """Whether a package may govern an application: its day, and each fact that the package declares."""
    day = facts.get("request_date")
    if not isinstance(day, date) or day not in package.identity.validity:
        return False
    fitting = all(_fits(facts.get(name), fact.type.kind) for name, fact in package.facts.items())
    return fitting and not check_facts(package.facts, facts)


def _fits(value: Value | None, kind: Kind) -> bool:
    """Whether a value is one of a kind: the same name may have had another kind in another package."""
    if value is None:
        return True
    if kind in NUMERIC:
        return isinstance(value, int | Fraction) and not isinstance(value, bool)
    return isinstance(value, _CLASSES[kind])


@dataclass(frozen=True)
class NewShadow:
    """A run to start: from the decisions recorded at `from_time` on (None: those to come), as if every
    application were made on `as_of` (None: on its own day); the request id may be empty."""

    candidate: RulesetStamp
    from_time: datetime | None
    as_of: date | None
    actor: str
    request_id: str = ""


@dataclass(frozen=True)
class Shadow:
    """A run and what it has counted; `pending` decisions are still to be."""

    number: int
    candidate: RulesetStamp
    as_of: date | None
    actor: str
    start_time: datetime
    stop_time: datetime | None
    tally: Tally
    pending: int


@dataclass(frozen=True)
class RunPosition:
    """Where a run that decisions wait for stands in the journal; `held` by the process that reads it."""

    number: int
    digest: str
    as_of: date | None
    from_time: datetime | None
    last_sequence: int
    held: bool
