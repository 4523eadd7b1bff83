"""What diff and rulebook do: say a règlement, and what changes from one to another."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from services.eligibility.cli.case_changes import CaseChanges, changed_cases
from services.eligibility.cli.folders import write_file
from services.eligibility.cli.sources import package_of
from services.eligibility.package import RulePackage
from services.eligibility.publishing import RulebookChange, Section, differences, rulebook
from services.kit.cli import GOOD, REFUSED, USAGE, CommandError, Output, Target
from services.kit.french import long_date, plural


def diff(base: str, candidate: str, target: Target, out: Output) -> int:
    """Says what changes, then what it changes over the cases of the candidate."""
    before, after = package_of(base, target), package_of(candidate, target)
    changes, cases = differences(before, after), changed_cases(before, after)
    out.document(
        {
            "base": _stamp(before),
            "candidate": _stamp(after),
            "changes": list(map(_change, changes)),
            "cases": _cases(cases),
        }
    )
    for section in Section:
        _show_section(section, [change for change in changes if change.section is section], out)
    if not changes:
        out.line("Rien ne change.", "green")
    _show_cases(cases, out)
    return REFUSED if changes else GOOD


def write_rulebook(
    source: str, since: str | None, on: date | None, output: Path | None, target: Target, out: Output
) -> int:
    """Writes the règlement of a day: on the screen, in a file, or in the JSON document."""
    package = package_of(source, target)
    day = _day(package, on)
    markdown = rulebook(package, day, package_of(since, target) if since else None)
    out.document({**_stamp(package), "date": day.isoformat(), "markdown": markdown})
    if output is None:
        out.line(markdown.rstrip("\n"))
    else:
        write_file(output, markdown.encode(), replace=True)
        out.line(f"Le règlement au {long_date(day)} est écrit dans {output}.", "green")
    return GOOD


def _day(package: RulePackage, on: date | None) -> date:
    """The day asked; else today, or the first day of a package that is not in force yet."""
    validity = package.identity.validity
    today = date.today()  # noqa: DTZ011 - the reader's day
    day = on or (today if today in validity else validity.first)
    if day not in validity:
        message = f"La version {package.identity.version} ne peut pas s’appliquer le {long_date(day)}."
        raise CommandError(message, exit_code=USAGE, reason="OUTSIDE_VALIDITY")
    return day


def _show_section(section: Section, changes: list[RulebookChange], out: Output) -> None:
    if changes:
        out.line(section.value, "bold")
    for change in changes:
        out.line(f"  {change.label or change.name} ({change.name}) : {change.kind.value}")
        out.lines(f"    {line}" for line in change.details)


def _show_cases(cases: CaseChanges, out: Output) -> None:
    changed, compared = len(cases.changes), plural(cases.compared, "cas d’essai", "cas d’essai")
    left_out = f" ; non comparables : {', '.join(cases.left_out)}" if cases.left_out else ""
    verb = "changent" if changed > 1 else "change"
    out.line(f"{changed or 'Aucun'} sur {compared} {verb} de réponse{left_out}.")
    rows = (
        (
            change.case.id,
            change.case.title,
            f"{change.before.outcome_label} → {change.after.outcome_label}",
            ", ".join((*(f"+{code}" for code in change.added), *(f"−{code}" for code in change.removed))),
        )
        for change in cases.changes
    )
    out.table(("cas", "intitulé", "réponse", "motifs"), rows)


def _cases(cases: CaseChanges) -> dict[str, Any]:
    return {
        "compared_count": cases.compared,
        "left_out": list(cases.left_out),
        "changes": [
            {
                "id": change.case.id,
                "base_outcome": change.before.outcome.value,
                "candidate_outcome": change.after.outcome.value,
                "added_reasons": list(change.added),
                "removed_reasons": list(change.removed),
            }
            for change in cases.changes
        ],
    }


def _stamp(package: RulePackage) -> dict[str, str]:
    return {
        "ruleset_id": package.identity.id,
        "version": package.identity.version,
        "digest": package.digest,
    }


def _change(change: RulebookChange) -> dict[str, Any]:
    return {
        "section": change.section.name,
        "kind": change.kind.name,
        "name": change.name,
        "label": change.label,
        "details": list(change.details),
    }
