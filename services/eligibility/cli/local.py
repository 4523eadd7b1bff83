"""What init, check, test and sign do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.eligibility.cli.folders import SHIPPED, Folder, read_folder, write_folder
from services.eligibility.cli.sources import read_contents
from services.kit.cli import GOOD, REFUSED, SERVER, CommandError, Output, Target
from services.kit.errors import Unavailable
from services.kit.french import plural

if TYPE_CHECKING:
    from services.eligibility.cli.case_results import CaseResult
    from services.eligibility.publishing import Report
    from services.kit.releases import Statement

CHECK_SECONDS = 120.0


def init(folder: Path, target: Target | None, out: Output) -> int:
    """Writes the shipped package, or the one in force on the server, into a new folder."""
    contents = _in_force(target) if target else read_folder(SHIPPED).unsigned
    write_folder(folder, contents)
    identity = read_contents(contents, str(folder)).identity
    out.document({"folder": str(folder), "ruleset_id": identity.id, "version": identity.version})
    out.line(f"« {identity.title} », version {identity.version}, est copié dans {folder}.")
    out.line("Changez d’abord « version » dans package.yaml.")
    return GOOD


def _in_force(target: Target) -> Mapping[str, bytes]:
    from services.eligibility.cli.client import Client

    return Client(target).contents_in_force()


def check_folder(folder: Path, out: Output) -> int:
    """Checks a folder as the server would."""
    from services.eligibility.package import Severity
    from services.eligibility.publishing import check

    read = read_folder(folder)
    try:
        report = check(read.unsigned, seconds=CHECK_SECONDS)
    except Unavailable as error:
        raise CommandError(error.message, exit_code=SERVER, reason=error.reason) from None
    out.document(_report_document(report, read))
    for found in report.findings:
        place = f"{found.place.file}:{found.place.line}:{found.place.column}"
        out.finding(place, found.message, warning=found.severity is Severity.WARNING)
    for path in read.ignored:
        out.finding(path, "ce fichier n’est pas du règlement, il est laissé de côté.", warning=True)
    out.line(report.summary(), "green" if report.accepted else "red")
    return GOOD if report.accepted else REFUSED


def run_tests(folder: Path, out: Output) -> int:
    """Runs the cases of a folder."""
    from services.eligibility.cli.case_results import run_cases
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


def _report_document(report: Report, read: Folder) -> dict[str, Any]:
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
                "message": found.message,
            }
            for found in report.findings
        ],
    }


def _case(result: CaseResult) -> dict[str, Any]:
    gaps = [{"what": gap.what, "expected": gap.expected, "obtained": gap.obtained} for gap in result.gaps]
    return {"id": result.case.id, "title": result.case.title, "passed": not gaps, "gaps": gaps}
