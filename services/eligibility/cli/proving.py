"""The command that proves: what holds of every application, and what the cases of a folder would not see."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from services.eligibility.cli.folders import ADDRESS, Folder, read_contents, read_folder, write_file
from services.kit.cli import GOOD, REFUSED, Output, add_commands
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
    out.document({**found.document(), "digest": found.digest(), "summary": found.summary()})
    for one in found.findings():
        out.finding(str(one.place), one.sentence, warning=one.severity is Severity.WARNING)
    if cases is not None:
        write_file(cases, ready_cases(found).encode())
        out.line(f"Les cas prêts à relire sont écrits dans {cases}.")
    out.line(found.summary(), "green" if found.passes else "red")
    out.line(f"Empreinte de ce rapport : {found.digest()}")
    return GOOD if found.passes else REFUSED


@contextmanager
def _interrupted() -> Iterator[Callable[[], bool]]:
    """Ctrl-C ends the work with what is already known, instead of the program."""
    asked: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: asked.append(number))
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)
