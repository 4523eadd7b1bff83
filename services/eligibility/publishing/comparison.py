"""Two pieces of advice on one application, and how many applications go from one to the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.eligibility.package import Outcome

MAX_EXAMPLES = 5
"""Applications named for each change."""

_OUTCOMES = {outcome: rank for rank, outcome in enumerate(Outcome)}


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
