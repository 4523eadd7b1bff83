"""Half-open intervals of days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `start`, included, to `end`, excluded; an `end` of None means for ever."""

    start: date
    end: date | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end <= self.start:
            raise ValueError("a period holds at least one day")

    @classmethod
    def through(cls, first: date, last: date | None) -> Period:
        """The period from a first to a last day, both included, as people write it."""
        return cls(first, None if last is None else last + ONE_DAY)

    @property
    def last(self) -> date | None:
        """The last day of the period, None if it has none."""
        return None if self.end is None else self.end - ONE_DAY

    def __contains__(self, day: date) -> bool:
        return self.start <= day and not self.ended_by(day)

    def ended_by(self, day: date) -> bool:
        """Whether the period is over on `day`."""
        return self.end is not None and self.end <= day

    def until(self, day: date) -> Period:
        """The same days, those from `day` on left out; at least one is left."""
        return self if self.ended_by(day) else Period(self.start, day)

    def overlaps(self, other: Period) -> bool:
        """Whether at least one day is in both."""
        return not (self.ended_by(other.start) or other.ended_by(self.start))
