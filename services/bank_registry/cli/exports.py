"""Commands export and template: a file of the server is checked, then takes its place at once."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import typer

from microcredit.bankregistry.v1 import exchange_pb2 as pb
from services.bank_registry.cli.client import Client
from services.bank_registry.cli.options import ADDRESS, File, Known, On
from services.kit import french, wire
from services.kit.cli import GOOD, SERVER, USAGE, Call, CommandError, Output, add_commands, as_json, to_date

SECONDS = 300.0
FORMATS = {
    ".csv": pb.BANK_FILE_FORMAT_CSV,
    ".xlsx": pb.BANK_FILE_FORMAT_XLSX,
    ".jsonl": pb.BANK_FILE_FORMAT_JSONL,
}


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    add_commands(app, ADDRESS, export, template)


def export(call: Call, file: File, on: On = None, known: Known = None) -> int:
    """Écrit les prêteurs dans un fichier .csv, .xlsx ou .jsonl, qu’un import relit à l’identique."""
    client, out = Client(call), call.out
    request = pb.ExportBanksRequest(
        format=_format(file), on_date=to_date(on), known_time=wire.timestamp(known)
    )
    header, data = pb.ExportHeader(), bytearray()
    for message in client.stream(client.admin.ExportBanks, request, SECONDS):
        if message.HasField("header"):
            header = message.header
        data += message.chunk
    if hashlib.sha256(data).hexdigest() != header.sha256:
        raise CommandError("Le fichier reçu est incomplet ou abîmé.", exit_code=SERVER, reason="FILE_DAMAGED")
    _write(file, bytes(data))
    out.document({"file": str(file), **as_json(header)})
    count = french.plural(header.bank_count, "prêteur")
    out.line(f"{file} : {count}, état n° {header.state_number}.")
    out.line(f"SHA-256 : {header.sha256}")
    return GOOD


def template(out: Output, file: File) -> int:
    """Écrit un fichier vierge, avec ses colonnes, en .csv ou en .xlsx."""
    from services.bank_registry.files import csv_bytes, xlsx_bytes

    writers = {".csv": csv_bytes, ".xlsx": xlsx_bytes}
    if file.suffix.lower() not in writers:
        raise CommandError("Un modèle est un fichier .csv ou .xlsx.", exit_code=USAGE, reason="USAGE")
    if file.exists():
        raise CommandError(f"Le fichier {file} existe déjà.", reason="FILE_EXISTS")
    _write(file, writers[file.suffix.lower()]([]))
    out.document({"file": str(file)})
    out.line(f"{file} : modèle vierge, à remplir d’après docs/registre-format.md.")
    return GOOD


def _format(file: Path) -> pb.BankFileFormat.ValueType:
    form = FORMATS.get(file.suffix.lower())
    if form is None:
        raise CommandError(
            "Le nom du fichier doit finir par .csv, .xlsx ou .jsonl.", exit_code=USAGE, reason="USAGE"
        )
    return form


def _write(file: Path, data: bytes) -> None:
    """The whole file or the one that was there before."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_bytes(data)
        beside.replace(file)
    except OSError:
        beside.unlink(missing_ok=True)
        raise CommandError(f"Le fichier {file} ne peut pas être écrit.", reason="FILE_UNWRITABLE") from None
