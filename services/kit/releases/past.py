"""What a change does to days already past, and what nobody voted yet: said, never done in silence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from services.kit.dates import Period, today
from services.kit.errors import FailedPrecondition
from services.kit.findings import Finding, Place, Severity
from services.kit.french import long_date, plural, spaced
from services.kit.releases.archive import Contents
from services.kit.releases.changes import Transition
from services.kit.releases.deployments import Deployments
from services.kit.releases.kinds import Kind
from services.kit.releases.report import Report
from services.kit.releases.timeline import Release, State

PAST_DAYS, UNCOMPARED = "PAST_DAYS", "VALUES_NOT_COMPARED"


def rewritten(deployments: Deployments[Any], kind: Kind[Any], name: str, contents: Contents) -> list[Finding]:
    """The values already in force that the files of a version change, against what governs its name today."""
    governing = deployments.store.state().governing(name, today())
    return [] if governing is None else _compared(deployments, kind, governing, contents)


def told(deployments: Deployments[Any], kind: Kind[Any], report: Report) -> Report:
    """The report of a check, with the values already in force that the candidate changes."""
    if report.candidate is None or not report.accepted:
        return report
    found = rewritten(deployments, kind, report.candidate.name, report.contents)
    if not found:
        return report
    said = plural(len(found), "avertissement", "avertissements")
    summary = f"{report.summary} Sur les valeurs déjà en vigueur : {said}."
    return replace(report, findings=(*report.findings, *found), summary=summary)


def announced(deployments: Deployments[Any], kind: Kind[Any], change: Transition) -> list[Finding]:
    """What an activation or a rollback does to days already past, and to values already in force; the values
    that it makes govern though they wait for a vote."""
    name, release = change.event.name, change.state.of(change.event.digest)
    before = change.state.as_of(change.event.state_number - 1)
    past = [
        _past(days, before.of(former), change.state.of(latter))
        for days, former, latter in replaced(before, change.state, name, today())
    ]
    contents = deployments.contents(release.digest)
    governed = before.governing(name, today())
    if governed is not None and governed.digest != release.digest:
        past += _compared(deployments, kind, governed, contents)
    return [*past, *kind.unvoted(contents, change.event.effective_date or release.valid_from)]


def replaced(before: State, after: State, name: str, day: date) -> Iterator[tuple[Period, str, str]]:
    """The days before that one which pass from one release to another one, with their digests."""
    for span in after.timeline(name):
        for former in before.timeline(name):
            days = span.days.intersection(former.days) if span.digest != former.digest else None
            past = days.before(day) if days else None
            if past:
                yield past, former.digest, span.digest


def _past(days: Period, former: Release, latter: Release) -> Finding:
    assert days.last is not None  # noqa: S101 - past days end
    return Finding(
        Place(),
        spaced(
            f"Des jours déjà passés changent de version : du {long_date(days.first)} au "
            f"{long_date(days.last)}, la version {latter.version} prend la place de la version "
            f"{former.version}. Ce qui a déjà été rendu ne change pas ; ce qui sera rendu à ces dates change."
        ),
        PAST_DAYS,
        severity=Severity.WARNING,
    )


def _compared(
    deployments: Deployments[Any], kind: Kind[Any], governing: Release, contents: Contents
) -> list[Finding]:
    try:
        return list(kind.rewritten(deployments.contents(governing.digest), contents, today()))
    except (FailedPrecondition, *kind.unusable):  # type: ignore[misc]
        sentence = (
            f"La version {governing.version}, en vigueur, ne peut pas être relue : les valeurs déjà en "
            "vigueur n’ont pas été comparées."
        )
        return [Finding(Place(), spaced(sentence), UNCOMPARED, severity=Severity.WARNING)]
