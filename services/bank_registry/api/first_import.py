"""The first filling of a registry, before a server runs: the very import of the service, in this process."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from microcredit.bankregistry.v1 import exchange_pb2 as pb
from services.bank_registry.api.transfers import Importer
from services.bank_registry.files import FilePlace
from services.bank_registry.registry import Geography, Notes, line
from services.bank_registry.store import RegistryStore, migrate
from services.kit import context, french, wire
from services.kit.errors import InvalidArgument, StartupError
from services.kit.store import Database
from services.kit.tables import MAX_BYTES

LONGEST = 200


def import_file(url: str, file: Path, *, actor: str, reason: str, dry_run: bool) -> int:
    """Shows what is refused, and writes the difference if nothing is; returns the exit code, 1 if refused."""
    data = _read(file)
    notes = Notes.new()
    actor = line("actor", actor, LONGEST, notes)
    reason = line("reason", reason or f"Import de {file.name}", LONGEST, notes)
    for problem in notes.problems:
        raise StartupError(f"--{problem.field} : {problem.description}")
    context.enter(context.Call(request_id="", deadline=float("inf"), actor=actor))
    migrate(url)
    database = Database(url)
    try:
        importer = Importer(RegistryStore(database), Geography.load())
        difference, summary = _ask(importer, _request(file, data, validate_only=True))
        if not dry_run and not difference.refusals:
            quoted = _request(file, data, difference_hash=summary.difference_hash, reason=reason)
            _, summary = _ask(importer, quoted)
    except InvalidArgument as error:
        raise StartupError(f"{file.name} : {error.message}") from error
    finally:
        database.dispose()
    return _report(file, difference, summary, dry_run=dry_run)


def _request(file: Path, data: bytes, **more: object) -> pb.ImportBanksRequest:
    today = wire.date_pb(date.today())  # noqa: DTZ011 - it decides nothing: absent lenders are kept
    return pb.ImportBanksRequest(chunk=data, file_name=file.name, effective_date=today, **more)  # type: ignore[arg-type]


def _ask(importer: Importer, request: pb.ImportBanksRequest) -> tuple[pb.ImportDifference, pb.ImportSummary]:
    difference, summary = pb.ImportDifference(), pb.ImportSummary()
    for answer in importer.run(iter([request])):
        difference.MergeFrom(answer.difference)
        summary = answer.summary
    return difference, summary


def _report(file: Path, difference: pb.ImportDifference, summary: pb.ImportSummary, *, dry_run: bool) -> int:
    _write_lines("Avertissement", difference.warnings)
    if difference.refusals:
        _write_lines("Erreur", difference.refusals)
        count = french.plural(len(difference.refusals), "erreur")
        sys.stderr.write(french.spaced(f"{file.name} : {count}, rien n’est importé.\n"))
        return 1
    created = french.plural(summary.created_count, "prêteur créé", "prêteurs créés")
    changed = french.plural(summary.changed_count + summary.ended_count, "modifié")
    unchanged = french.plural(summary.unchanged_count, "inchangé")
    written = "Essai : rien n’est écrit." if dry_run else f"État n° {summary.state_number}."
    sys.stdout.write(french.spaced(f"{file.name} : {created}, {changed}, {unchanged}. {written}\n"))
    return 0


def _write_lines(label: str, findings: Iterable[pb.ImportFinding]) -> None:
    for found in findings:
        place = FilePlace(found.line, found.column)
        sys.stderr.write(french.spaced(f"{label} : {place} : {found.message}\n"))


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise StartupError(f"Le fichier {file} ne peut pas être lu.") from error
