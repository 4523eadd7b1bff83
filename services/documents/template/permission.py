"""The authorisations that a template asks for, and how long they hold for an organisation."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from services.documents.contract import (
    CONTRACT,
    DATES,
    Check,
    Durations,
    from_lender,
    lender_away,
    silent_on_health,
    to_lender,
)
from services.documents.profile import Profile
from services.documents.template.fields import IMPLIED
from services.documents.template.manifest import Template

_SAID_BY_LENDER = tuple(CONTRACT.marked("x-said-by"))
_INTERNAL = CONTRACT.marked("x-internal")
_REPORT = [path for path, kept in _INTERNAL.items() if kept == "REPORT"]
_SUMMARY = ("opinion.summary_for_bank",)


def durations(profile: Profile) -> Durations:
    """How long an authorisation without end holds for this organisation."""
    privacy = profile.content["privacy"]
    return Durations(privacy["consent_months"], privacy["news_months"])


def all_checks(template: Template, profile: Profile, names: Collection[str]) -> list[Check]:
    """The checks that a template names, those of the dates that it tells and of the authorisations that it
    needs; `names` are those that its parts may read, as its plan lists them."""
    months, checks = durations(profile), list(template.checks)
    checks.append(lambda data, day, root: DATES.told(data, day, root, names))
    if template.to_lender:
        kept = _read(_INTERNAL, names)
        checks.append(lambda data, day, root: to_lender(data, day, months, root, template.title, names, kept))
        if _read(_SUMMARY, names):
            checks.append(silent_on_health)
    if _read(_REPORT, names):
        checks.append(lender_away)
    if said := said_by_lender(names):
        checks.append(lambda data, day, root: from_lender(data, day, months, root, said))
    return checks


def said_by_lender(names: Collection[str]) -> list[str]:
    """What a template that reads these names may repeat of what the lender said: found in its tags, so that
    no manifest can forget it."""
    read = set(names)
    for computed, needs in IMPLIED.items():
        if read.issuperset(computed.split(".")):
            read.update(name for path in needs for name in path.split("."))
    return _read(_SAID_BY_LENDER, read)


def _read(paths: Iterable[str], names: Collection[str]) -> list[str]:
    """The paths that a template that reads these names may print."""
    return [path for path in paths if set(path.split(".")).issubset(names)]
