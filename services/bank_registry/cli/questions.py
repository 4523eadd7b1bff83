"""Reads the tables beside an import: checks made in the past, and how a source names its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from google.type.decimal_pb2 import Decimal as DecimalMessage

from microcredit.bankregistry.v1 import bank_registry_service_pb2 as registry_pb
from microcredit.bankregistry.v1 import exchange_pb2 as pb
from services.bank_registry.cli.client import bank_name, file_bytes
from services.kit import french, tables, wire
from services.kit.cli import CommandError, to_date
from services.kit.tables import Bad, Row, UnreadableFile

COLUMNS: Mapping[str, Callable[[object], Any]] = {
    "date": tables.day,
    "commune": tables.code,
    "montant": tables.money,
    "mois": tables.integer,
    "taux": tables.percent,
    "objet": tables.text,
    "preteur": tables.text,
}
_TITLES = ("fichier", "registre")
NECESSARY = ("date", "commune", "montant", "mois")


Questions = Annotated[
    Path | None,
    typer.Option(
        "--questions",
        metavar="FICHIER",
        help="Des contrôles déjà faits, à refaire avant et après (date ; commune ; montant ; mois).",
    ),
]


def read_questions(file: Path | None) -> list[pb.PastQuestion]:
    """The checks of a table, none without one; CommandError with the first lines that cannot be read."""
    if file is None:
        return []
    try:
        header, *rows = tables.read_table(file_bytes(file), lambda name: french.fold(name) in COLUMNS).rows
    except UnreadableFile as error:
        raise CommandError(f"--questions : {error}", reason="FILE_UNREADABLE") from None
    names = [french.fold(str(name or "")) for name in header.cells]
    missing = [name for name in NECESSARY if name not in names]
    if missing:
        text = f"--questions : il manque {french.join([f'la colonne « {name} »' for name in missing])}."
        raise CommandError(text, reason="FILE_UNREADABLE")
    found, wrong = [], []
    for row in rows:
        values = _values(names, row)
        bad = next((one for one in values.values() if isinstance(one, Bad)), None)
        if bad or any(values.get(name) is None for name in NECESSARY):
            wrong.append(f"ligne {row.line} : {bad.message if bad else 'une case nécessaire est vide.'}")
        else:
            found.append(_question(values))
    if wrong:
        raise CommandError(f"--questions : {' '.join(wrong[:5])}", reason="FILE_UNREADABLE")
    return found


def _values(names: Sequence[str], row: Row) -> dict[str, Any]:
    known = ((index, name) for index, name in enumerate(names) if name in COLUMNS)
    return {name: tables.read_cell(row, index, COLUMNS[name]) for index, name in known}


def _question(values: Mapping[str, Any]) -> pb.PastQuestion:
    rate: Decimal | None = values.get("taux")
    loan = registry_pb.LoanRequest(
        on_date=to_date(values["date"]),
        commune_insee=values["commune"],
        amount=wire.money(values["montant"]),
        months=values["mois"],
        nominal_rate_pct=None if rate is None else DecimalMessage(value=f"{rate:f}"),
        object_category=values.get("objet") or "",
    )
    lender = values.get("preteur")
    return pb.PastQuestion(bank=bank_name(lender) if lender else "", loan_request=loan)


def read_column_names(data: bytes) -> dict[str, str]:
    """The column that each title of a source stands for; CommandError if it is no such table."""
    try:
        header, *rows = tables.read_table(data, lambda name: french.fold(name) in _TITLES).rows
    except UnreadableFile as error:
        raise CommandError(f"--columns : {error}", reason="FILE_UNREADABLE") from None
    places = [french.fold(str(name or "")) for name in header.cells]
    if not set(_TITLES) <= set(places):
        text = "--columns : il faut deux colonnes, « fichier » (le titre dans le fichier) et « registre »."
        raise CommandError(text, reason="FILE_UNREADABLE")
    cells = ([tables.read_cell(row, places.index(title), tables.text) for title in _TITLES] for row in rows)
    return {str(title): str(name) for title, name in cells if title and name}
