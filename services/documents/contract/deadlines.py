"""The dates that letters state and that no caller has to compute: delays, working days, implicit refusal."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import MAXYEAR, date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from services.kit.dates import add_months

if TYPE_CHECKING:
    from holidays.countries.france import France

REMEDY_MONTHS = 2
"""Months to challenge a decision (CJA, R. 421-1), and after which silence is a refusal (CRPA, L. 231-4)."""

WITHDRAWAL_DAYS = 14
"""Calendar days to withdraw from a credit, from its acceptance (code de la consommation, L. 312-19)."""

METROPOLE = "METROPOLE"
"""The territory of a profile that names none: the country without Alsace-Moselle."""

_SLAVERY, _GOOD_FRIDAY, _SECOND_CHRISTMAS = "Abolition de l'esclavage", "Vendredi saint", "Saint-Étienne"
# Subdivision of the library, and those of its days that are legal holidays there besides the eleven of the
# country. The library has more, kept by usage and by no law: with them a letter would promise a day too many.
_TERRITORIES: Mapping[str, tuple[str | None, tuple[str, ...]]] = {
    METROPOLE: (None, ()),
    # Good Friday is one where the commune has a Protestant or a mixed church (code du travail, L. 3134-13).
    "ALSACE_MOSELLE": ("6AE", (_SECOND_CHRISTMAS,)),
    "ALSACE_MOSELLE_GOOD_FRIDAY": ("6AE", (_SECOND_CHRISTMAS, _GOOD_FRIDAY)),
    "GUADELOUPE": ("971", (_SLAVERY,)),
    "MARTINIQUE": ("972", (_SLAVERY,)),
    "GUYANE": ("973", (_SLAVERY,)),
    "LA_REUNION": ("974", (_SLAVERY,)),
    "MAYOTTE": ("976", (_SLAVERY,)),
    "SAINT_BARTHELEMY": ("BL", (_SLAVERY,)),
    "SAINT_MARTIN": ("MF", (_SLAVERY,)),
}
_ASCENSION_TO_WHIT_MONDAY = timedelta(days=11)
_DAY = timedelta(days=1)
_SATURDAY = 5


def terms(data: Mapping[str, Any], document_date: date, territory: str = METROPOLE) -> dict[str, date]:
    """Implicit refusal, with and without the suspension that this letter opens; withdrawal."""
    found = {}
    received = data.get("case", {}).get("received_on")
    if received is not None:
        found["implicit_refusal"] = implicit_refusal(received)
        found["implicit_remedy"] = remedy_last_day(found["implicit_refusal"], territory)
        deadline = data.get("deadlines", {}).get("documents")
        if deadline is not None and deadline >= document_date:
            suspended = (deadline - document_date).days
            found["suspended_refusal"] = implicit_refusal(received, suspended)
            found["suspended_remedy"] = remedy_last_day(found["suspended_refusal"], territory)
    accepted = data.get("bank_decision", {}).get("offer", {}).get("accepted_on")
    if accepted is not None:
        found["withdrawal"] = withdrawal_last_day(accepted)
    return found


@lru_cache(maxsize=256)
def public_holidays(year: int, territory: str = METROPOLE) -> frozenset[date]:
    """The eleven legal holidays of the country (code du travail, L. 3133-1), and those of a territory."""
    subdivision, added = _TERRITORIES[territory]
    common, local = _calendar(year, None), _calendar(year, subdivision)
    # The library leaves out Whit Monday of 2005, 2006 and 2007: worked by default, it stayed a legal holiday.
    whit_mondays = {day + _ASCENSION_TO_WHIT_MONDAY for day in _named(common, ("Ascension",))}
    return frozenset({*common, *whit_mondays, *_named(local, added)})


def _calendar(year: int, subdivision: str | None) -> France:
    # Imported at the first delay: the library loads two hundred countries, which commands and most checks do
    # without.
    from holidays.countries.france import France

    calendar = France(subdiv=subdivision, language="fr")
    calendar.end_year = MAXYEAR  # after 2100, it would take every day for an open one
    calendar.get(date(year, 1, 1))  # a year is filled when one of its days is asked for
    return calendar


def _named(calendar: France, names: Collection[str]) -> set[date]:
    """The days with one of these names; a day may have two, as 1 May 2008."""
    return {day for day in calendar if not set(names).isdisjoint(calendar.get_list(day))}


def next_working_day(day: date, territory: str = METROPOLE) -> date:
    """`day`, or the first day after it that is neither a Saturday, a Sunday nor a holiday."""
    while day.weekday() >= _SATURDAY or day in public_holidays(day.year, territory):
        day += _DAY
    return day


def remedy_last_day(notified_on: date, territory: str = METROPOLE) -> date:
    """Last day to go to court: two months « francs », moved to the next working day (CJA, R. 421-1)."""
    return next_working_day(add_months(notified_on, REMEDY_MONTHS) + _DAY, territory)


def implicit_refusal(received_on: date, suspended_days: int = 0) -> date:
    """The day when silence becomes a refusal: two months after reception, plus the days of suspension.

    A calendar date, not moved: the refusal is born whatever the day (CRPA, L. 231-4 and L. 114-5).
    """
    return add_months(received_on, REMEDY_MONTHS) + suspended_days * _DAY


def withdrawal_last_day(accepted_on: date) -> date:
    """Last day to withdraw from a credit accepted on this day (code de la consommation, L. 312-19)."""
    return accepted_on + WITHDRAWAL_DAYS * _DAY
