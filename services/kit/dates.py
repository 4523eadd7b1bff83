"""Civil dates and instants: periods of whole days, months that clamp to their end, ages, texts.

The civil time of the product is that of Paris, whatever the machine is set to; stores and logs keep UTC.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.kit.french import NO_BREAK_SPACE, short_date

PARIS = ZoneInfo("Europe/Paris")
"""The civil time of France: that of people, of « today », of the day of an instant."""

ONE_DAY = timedelta(days=1)

_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Period:
    """Days from `first` to `last`, both included; no `last` means without end. At least one day."""

    first: date
    last: date | None = None

    def __post_init__(self) -> None:
        if self.last is not None and self.last < self.first:
            raise ValueError("a period holds at least one day")

    @classmethod
    def ending(cls, first: date, end: date | None) -> Period:
        """The period written half-open, as protos and stores do: `end` is the first day after it."""
        return cls(first, None if end is None else end - ONE_DAY)

    @property
    def end(self) -> date | None:
        """The first day after the period; None without end, and where the calendar ends first."""
        return None if self.last in (None, date.max) else self.last + ONE_DAY

    def __contains__(self, day: date) -> bool:
        return self.first <= day and not self.is_over(day)

    def is_over(self, day: date) -> bool:
        """Whether the period ended before a day."""
        return self.last is not None and self.last < day

    def overlaps(self, other: Period) -> bool:
        """Whether at least one day is in both."""
        return not (self.is_over(other.first) or other.is_over(self.first))

    def intersection(self, other: Period) -> Period | None:
        """The days that are in both; None when there is none."""
        if not self.overlaps(other):
            return None
        lasts = [last for last in (self.last, other.last) if last is not None]
        return Period(max(self.first, other.first), min(lasts, default=None))

    def contains(self, other: Period) -> bool:
        """Whether all the days of another one are in this one."""
        return self.intersection(other) == other

    def before(self, day: date) -> Period | None:
        """The days before a day; None when there is none."""
        return None if day <= self.first else self.intersection(Period(date.min, day - ONE_DAY))

    def since(self, day: date) -> Period | None:
        """The days from a day on, itself included; None when there is none."""
        return self.intersection(Period(day))


def add_months(day: date, months: int) -> date:
    """The day `months` later (or earlier), clamped to the end of the month: 31 August + 6 = 28 February."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    month += 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def age_on(birth: date, day: date) -> int:
    """Age in full years on `day`; someone born on 29 February reaches it on 1 March of a common year."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def instant_text(time: datetime) -> str:
    """`2026-12-01T09:30:00.000000Z`; the year has four digits always, which strftime does not promise."""
    return f"{time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def instant_of(text: str) -> datetime:
    """The instant of its text; ValueError for another form."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def microseconds(time: datetime) -> int:
    """An instant as a whole number of microseconds since 1970, which a store compares."""
    return (time - _UNIX_EPOCH) // _MICROSECOND


def from_microseconds(count: int) -> datetime:
    """The instant of a number of microseconds."""
    return _UNIX_EPOCH + count * _MICROSECOND


def today() -> date:
    """The civil day in Paris."""
    return paris_day(datetime.now(UTC))


def paris_day(instant: datetime) -> date:
    """The civil day of an instant, in Paris."""
    return instant.astimezone(PARIS).date()


def paris_start(day: date) -> datetime:
    """The instant at which a civil day begins in Paris."""
    return datetime.combine(day, time(), PARIS).astimezone(UTC)


def in_paris(written: datetime) -> datetime:
    """The instant that a person wrote, in the time of Paris unless they gave an offset."""
    return (written if written.tzinfo else written.replace(tzinfo=PARIS)).astimezone(UTC)


def paris_text(instant: datetime, *, seconds: bool = False) -> str:
    """`24/11/2026 15:04 (Paris)`, for a person; the hour that comes twice in October says which it is."""
    local = instant.astimezone(PARIS)
    hour = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    season = (", hiver" if local.fold else ", été") if twice else ""
    return f"{short_date(local.date())}{NO_BREAK_SPACE}{hour}{NO_BREAK_SPACE}(Paris{season})"
