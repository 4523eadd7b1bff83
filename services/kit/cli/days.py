"""Days as people say them on a command line."""

from __future__ import annotations

import re
from datetime import date, timedelta

import typer

from services.kit import french
from services.kit.dates import today


def parse_day(text: str) -> date:
    """A day as people say it: 31/12/2026, 2026-12-31, 31 décembre 2026, demain; in the time of Paris."""
    day = said_day(text, today())
    if day is None:
        form = "31/12/2026, « 31 décembre 2026 », « demain »"
        raise typer.BadParameter(f"« {text} » n’est pas une date ; écrivez {form}.")
    return day


_NEAR = {"avant hier": -2, "hier": -1, "aujourd hui": 0, "demain": 1, "apres demain": 2}
_SPOKEN = re.compile(r"(?:le )?(?P<day>[0-9]{1,2})(?:er)? (?P<month>[a-z]+|[0-9]{1,2}) (?P<year>[0-9]{4})")
_WRITTEN = re.compile(r"(?P<year>[0-9]{4}) (?P<month>[0-9]{1,2}) (?P<day>[0-9]{1,2})")


_SHORTEST_MONTH = 3
"""Letters of the name of a month below which it could be another."""


def said_day(text: str, present: date) -> date | None:
    """A day as people say it: 31/12/2026, 2026-12-31, 1er janvier 2027, 31 déc. 2026, demain; None if it is
    none."""
    folded = french.fold(text)
    if folded in _NEAR:
        return present + timedelta(days=_NEAR[folded])
    found = _SPOKEN.fullmatch(folded) or _WRITTEN.fullmatch(folded)
    month = found and _month(found["month"])
    if not found or not month:
        return None
    try:
        return date(int(found["year"]), month, int(found["day"]))
    except ValueError:
        return None


def _month(text: str) -> int | None:
    """The number of a month, of its name or of its first letters."""
    if text.isdigit():
        return int(text)
    named = [number for number, name in enumerate(french.MONTHS, 1) if french.fold(name).startswith(text)]
    return named[0] if len(text) >= _SHORTEST_MONTH and len(named) == 1 else None
