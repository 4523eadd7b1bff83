"""The command that proves: what holds of every application, and what the cases of a folder would not see."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from services.eligibility.cli.folders import ADDRESS, Folder, read_contents, read_folder, write_file
from services.kit.cli import GOOD, REFUSED, USAGE, CommandError, Output, add_commands
from services.kit.findings import Severity

_SECONDS = 120.0


def register(app: typer.Typer) -> None:
    """Adds the command to the program."""
    add_commands(app, ADDRESS, prove)


def prove(
    out: Output,
    folder: Folder,
    cases: Annotated[
        Path | None,
        typer.Option("--cases", metavar="FICHIER", help="Écrit ici les cas qui verraient le reste."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FICHIER", help="Écrit ici le rapport, que publish --proof cite."),
    ] = None,
    seconds: Annotated[
        float, typer.Option("--seconds", metavar="SECONDES", help="Ce qui n’est pas fini alors est dit.")
    ] = _SECONDS,
) -> int:
    """Prouve ce qui vaut de toute demande, et compte ce que les cas ne verraient pas si un mot changeait."""
    from services.eligibility.proof import prove as proved
    from services.eligibility.proof import ready_cases

    package = read_contents(read_folder(folder).contents, str(folder))
    with _interrupted() as cancelled:
        found = proved(package, seconds, cancelled)
    document = {**found.document(), "digest": found.digest(), "summary": found.summary()}
    out.document(document)
    for one in found.findings():
        out.finding(str(one.place), one.sentence, warning=one.severity is Severity.WARNING)
    if cases is not None:
        write_file(cases, ready_cases(found).encode())
        out.line(f"Les cas prêts à relire sont écrits dans {cases}.")
    if report is not None:
        write_file(report, json.dumps(document, ensure_ascii=False, indent=1).encode(), replace=True)
        out.line(f"Le rapport est écrit dans {report}.")
    out.line(found.summary(), "green" if found.passes else "red")
    out.line(f"Empreinte de ce rapport : {found.digest()}")
    return GOOD if found.passes else REFUSED


def proof_quoted(file: Path, package_digest: str) -> str:
    """The digest of a report that `prove` wrote; CommandError if it is that of another package, or is no
    longer what was written."""
    from services.eligibility.proof import report_digest

    try:
        document = dict(json.loads(file.read_bytes()))
        digest = str(document.pop("digest"))
        del document["summary"]
    except (OSError, ValueError, TypeError, KeyError):
        text = f"« {file} » n’est pas un rapport que « eligibility prove --report » a écrit."
        raise CommandError(text, exit_code=USAGE, reason="FILE") from None
    if report_digest(document) != digest:
        text = f"Le rapport « {file} » a été modifié depuis qu’il a été écrit : refaites-le."
        raise CommandError(text, reason="PROOF_ALTERED")
    if document.get("package_digest") != package_digest:
        text = f"Le rapport « {file} » est celui d’un autre contenu : refaites-le sur ce que vous publiez."
        raise CommandError(text, reason="PROOF_OF_ANOTHER_PACKAGE")
    return digest


@contextmanager
def _interrupted() -> Iterator[Callable[[], bool]]:
    """Ctrl-C ends the work with what is already known, instead of the program."""
    asked: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: asked.append(number))
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)
