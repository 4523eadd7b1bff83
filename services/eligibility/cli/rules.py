"""The commands that work on a folder: init, check, test, diff, rulebook; what is signed of one.

The engine and the logic are imported when one of these runs: the other commands start at once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.eligibility.cli.client import Client
from services.eligibility.cli.folders import (
    ADDRESS,
    SHIPPED,
    Folder,
    RulesFolder,
    contents_named,
    package_of,
    read_contents,
    read_folder,
    write_file,
    write_folder,
)
from services.kit.cli import GOOD, REFUSED, SERVER, USAGE, Call, CommandError, Output, add_commands, parse_day
from services.kit.dates import today
from services.kit.errors import Unavailable
from services.kit.findings import Severity
from services.kit.french import long_date, plural, spaced

if TYPE_CHECKING:
    from services.eligibility.cli.cases import CaseChanges, CaseResult
    from services.eligibility.package import RulePackage
    from services.eligibility.publishing import Report, RulebookChange
    from services.kit.releases import Statement

CHECK_SECONDS = 120.0
PROOF_SECONDS = 60.0
_UNCOMPARED = (
    "Aucune version en vigueur n’a pu être lue sur le serveur : ce qui change des valeurs déjà en vigueur "
    "n’est pas dit (--since en nomme une)."
)

Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="VERSION",
        help="Un dossier, ou une version publiée, dont on change les valeurs ; sinon la version en vigueur.",
    ),
]


def register(app: typer.Typer) -> None:
    """Adds the commands to the program."""
    add_commands(app, ADDRESS, init, check)
    add_commands(app, ADDRESS, test=run_tests)
    add_commands(app, ADDRESS, diff, rulebook)


def init(
    call: Call,
    folder: Annotated[Path, typer.Argument(metavar="DOSSIER", help="Le dossier à créer.")],
    from_server: Annotated[
        bool, typer.Option("--from-server", help="Copie la version en vigueur aujourd’hui sur le serveur.")
    ] = False,
) -> int:
    """Copie un règlement dans un nouveau dossier, pour en écrire la version suivante."""
    out = call.out
    contents = Client(call).contents_in_force() if from_server else read_folder(SHIPPED).unsigned
    write_folder(folder, contents)
    identity = read_contents(contents, str(folder)).identity
    out.document({"folder": str(folder), "ruleset_id": identity.id, "version": identity.version})
    out.line(f"« {identity.title} », version {identity.version}, est copié dans {folder}.")
    out.line("Changez d’abord « version » dans package.yaml.")
    return GOOD


def check(call: Call, folder: Folder, since: Since = None) -> int:
    """Vérifie un dossier : tout ce qui ne va pas, avec le fichier, la ligne et une phrase."""
    from services.eligibility.publishing import check as check_contents

    out, read = call.out, read_folder(folder)
    try:
        report = check_contents(read.unsigned, seconds=CHECK_SECONDS)
    except Unavailable as error:
        raise CommandError(error.message, exit_code=SERVER, reason=error.reason) from None
    report, compared = _compared(report, read, since, call)
    out.document({**_report_document(report, read), "compared_with": compared})
    for found in report.findings:
        out.finding(str(found.place), found.sentence, warning=found.severity is Severity.WARNING)
    for path in read.ignored:
        out.finding(path, "ce fichier n’est pas du règlement, il est laissé de côté.", warning=True)
    out.line(report.summary(), "green" if report.accepted else "red")
    if report.accepted and not compared:
        out.line(_UNCOMPARED)
    return GOOD if report.accepted else REFUSED


def _compared(report: Report, read: RulesFolder, since: str | None, call: Call) -> tuple[Report, str]:
    """The report with the values already in force that the folder changes, and against what; against the
    version in force on the server, or nothing when no server answers."""
    from services.eligibility.publishing import values_in_force

    if not report.accepted:
        return report, ""
    if since is not None:
        contents = contents_named(since, call)
    else:
        try:
            contents = Client(call).contents_in_force()
        except CommandError:
            return report, ""
    base = read_contents(contents, since or "en vigueur").identity
    found = values_in_force(contents, read.unsigned, today())
    return replace(report, findings=(*report.findings, *found)), f"{base.id} {base.version}"


def run_tests(out: Output, folder: Folder) -> int:
    """Joue les cas d’essai d’un dossier : ce qui était attendu, ce qui est obtenu."""
    from services.eligibility.cli.cases import run_cases
    from services.eligibility.engine import UncompilableError

    package = read_contents(read_folder(folder).contents, str(folder))
    try:
        results = run_cases(package)
    except UncompilableError as error:
        raise CommandError(str(error), reason="PACKAGE_REFUSED") from None
    failed = [result for result in results if result.gaps]
    document = {"case_count": len(results), "failed_count": len(failed)}
    out.document({**document, "cases": list(map(_case, results))})
    rows = (
        (result.case.id, result.case.title, gap.what, gap.expected, gap.obtained)
        for result in failed
        for gap in result.gaps
    )
    out.table(("cas", "intitulé", "quoi", "attendu", "obtenu"), rows)
    told = plural(len(results), "cas joué", "cas joués")
    verdict = f"{len(failed)} en échec" if failed else "tous donnent ce qui est attendu"
    out.line(f"{told}, {verdict}.", "red" if failed else "green")
    return REFUSED if failed else GOOD


def statement(folder: Path) -> Statement:
    """What is signed of a folder that can be read whole."""
    from services.kit.releases import Statement, digest

    contents = read_folder(folder).unsigned
    identity = read_contents(contents, str(folder)).identity
    return Statement(identity.id, identity.version, digest(contents))


def _report_document(report: Report, read: RulesFolder) -> dict[str, Any]:
    counts = ("case", "condition", "covered_condition", "boundary", "random", "property")
    return {
        "accepted": report.accepted,
        "summary": report.summary(),
        "ruleset_id": report.identity.id if report.identity else "",
        "version": report.identity.version if report.identity else "",
        "digest": report.digest,
        "ignored_files": list(read.ignored),
        **{f"{name}_count": getattr(report, f"{name}_count") for name in counts},
        "findings": [
            {
                "file": found.place.file,
                "line": found.place.line,
                "column": found.place.column,
                "severity": found.severity.name,
                "message": found.sentence,
            }
            for found in report.findings
        ],
    }


def _case(result: CaseResult) -> dict[str, Any]:
    gaps = [{"what": gap.what, "expected": gap.expected, "obtained": gap.obtained} for gap in result.gaps]
    return {"id": result.case.id, "title": result.case.title, "passed": not gaps, "gaps": gaps}


def diff(
    call: Call,
    base: Annotated[str, typer.Argument(metavar="AVANT", help="Un dossier, ou une version publiée.")],
    candidate: Annotated[str, typer.Argument(metavar="APRÈS", help="Un dossier, ou une version publiée.")],
    prove: Annotated[
        bool, typer.Option("--prove", help="Dit aussi chaque sorte de demande dont la réponse change.")
    ] = False,
) -> int:
    """Dit ce qui change entre deux versions, et ce que cela change aux cas d’essai de la seconde."""
    from services.eligibility.cli.cases import changed_cases
    from services.eligibility.publishing import Section, differences

    out = call.out
    before, after = package_of(base, call), package_of(candidate, call)
    changes, cases = differences(before, after), changed_cases(before, after)
    proved = _proved(before, after) if prove else ()
    out.document(
        {
            "base": _stamp(before),
            "candidate": _stamp(after),
            "changes": list(map(_change, changes)),
            "cases": _cases(cases),
            **({"proved": list(proved)} if prove else {}),
        }
    )
    for section in Section:
        _show_section(section.value, [change for change in changes if change.section is section], out)
    if not changes:
        out.line("Rien ne change.", "green")
    _show_cases(cases, out)
    for sentence in proved:
        out.line(sentence)
    return REFUSED if changes else GOOD


def _proved(before: RulePackage, after: RulePackage) -> tuple[str, ...]:
    """What changes of every application that both versions may govern, as far as it is proved."""
    from services.eligibility.proof import WITHOUT_SOLVER, Budget, changes, has_solver

    if not has_solver():
        return (WITHOUT_SOLVER,)
    return tuple(map(spaced, changes(before, after, Budget(PROOF_SECONDS)).sentences(after)))


def rulebook(
    call: Call,
    source: Annotated[str, typer.Argument(metavar="VERSION", help="Un dossier, ou une version publiée.")],
    since: Annotated[
        str | None, typer.Option("--since", metavar="VERSION", help="Dit aussi ce qui a changé depuis elle.")
    ] = None,
    on: Annotated[
        date | None,
        typer.Option("--on", metavar="DATE", parser=parse_day, help="Le jour décrit ; sinon aujourd’hui."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FICHIER", help="Écrit dans ce fichier.")
    ] = None,
) -> int:
    """Écrit le règlement en français (Markdown), article par article."""
    from services.eligibility.publishing import rulebook as written

    out, package = call.out, package_of(source, call)
    day = _day(package, on)
    markdown = written(package, day, package_of(since, call) if since else None)
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
    day = on or (today() if today() in validity else validity.first)
    if day not in validity:
        message = f"La version {package.identity.version} ne peut pas s’appliquer le {long_date(day)}."
        raise CommandError(message, exit_code=USAGE, reason="OUTSIDE_VALIDITY")
    return day


def _show_section(title: str, changes: list[RulebookChange], out: Output) -> None:
    if changes:
        out.line(title, "bold")
    for change in changes:
        out.line(f"  {change.label or change.name} ({change.name}) : {change.kind.value}")
        out.lines(f"    {line}" for line in change.details)


def _show_cases(cases: CaseChanges, out: Output) -> None:
    changed, compared = len(cases.changes), plural(cases.compared, "cas d’essai", "cas d’essai")
    left_out = f" ; non comparables : {', '.join(cases.left_out)}" if cases.left_out else ""
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
