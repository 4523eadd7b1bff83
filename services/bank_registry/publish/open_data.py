"""The open data: tables with their Table Schema, JSON lines, licence; whole, and what changed since a state.

Tables are for programs: UTF-8, commas, ISO days, decimal points; each column is a field of the registry.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from services.bank_registry.files import json_lines_bytes
from services.bank_registry.publish.opening import HIDDEN, Publication
from services.bank_registry.registry import AGREEMENT, ALWAYS, BANK, CONVENTION, BankRecord, Field, Kind

LICENCE_PAGE = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
LICENCE = f"""\
Ces données sont publiées sous Licence Ouverte / Open Licence 2.0 (Etalab) :
{LICENCE_PAGE}

Citez la source (l’organisme qui tient ce registre), le jour et le numéro d’état que donne datapackage.json.
"""
BANK_TABLE, AGREEMENT_TABLE, CONVENTION_TABLE = "preteurs", "accords", "conventions"
_LENDER = {"name": "lender", "type": "string", "title": "identifiant du prêteur"}
_TYPES = {
    Kind.MONEY: "number",
    Kind.PERCENT: "number",
    Kind.COUNT: "integer",
    Kind.DAY: "date",
    Kind.FIRST_DAY: "date",
    Kind.LAST_DAY: "date",
}
_TABLES = {BANK_TABLE: BANK, AGREEMENT_TABLE: AGREEMENT, CONVENTION_TABLE: CONVENTION}
_FACTS = {BANK_TABLE: "banks", AGREEMENT_TABLE: "agreements", CONVENTION_TABLE: "conventions"}


def open_data(publication: Publication, since: int | None) -> dict[str, bytes]:
    """The files of the package, by name; those of the delta begin with the state that they follow."""
    files = {f"{name}.csv": _csv(name, publication.records) for name in _TABLES}
    files["preteurs.jsonl"] = json_lines_bytes(publication.records)
    if since is not None:
        changed = publication.changed_since(since)
        files |= {f"depuis-{since}-{name}.csv": _csv(name, changed) for name in _TABLES}
        files[f"depuis-{since}-preteurs.jsonl"] = json_lines_bytes(changed)
    files["datapackage.json"] = _described(publication, files)
    files["LICENCE.txt"] = LICENCE.encode()
    return files


def _columns(name: str) -> list[Field]:
    return [field for field in _TABLES[name] if field.name not in HIDDEN]


def _csv(name: str, records: Iterable[BankRecord]) -> bytes:
    """A table; agreements and conventions begin with the id of their lender."""
    columns = _columns(name)
    held = name != BANK_TABLE
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*([_LENDER["name"]] if held else []), *(field.json for field in columns)])
    for record in records:
        for fact in getattr(record, _FACTS[name]):
            head = [record.bank.id] if held else []
            writer.writerow([*head, *(_cell(field, field.of(fact)) for field in columns)])
    return out.getvalue().encode()


def _cell(field: Field, value: Any) -> str:
    """A value as programs read it; a list has bars between its items."""
    if value is None or value == ALWAYS.first:
        return ""
    match field.kind:
        case Kind.MONEY:
            return f"{Decimal(value).scaleb(-2):f}"
        case Kind.PERCENT:
            return f"{value:f}"
        case Kind.CODES:
            return "|".join(value)
        case Kind.SUSPENSIONS:
            return "|".join(f"{one.period.first}/{one.period.last or '..'}" for one in value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _described(publication: Publication, files: Mapping[str, bytes]) -> bytes:
    """The Data Package of the tables, whose schemas are those of the fields of the registry."""
    tables = [
        _resource(file, file.removesuffix(".csv").rpartition("-")[2])
        for file in files
        if file.endswith(".csv")
    ]
    package = {
        "name": "preteurs-du-micro-credit",
        "title": "Prêteurs du micro-crédit accompagné",
        "description": "Prêteurs, accords avec le Fonds de cohésion sociale, conventions : passé et présent.",
        "version": str(publication.state_number),
        "created": f"{publication.day.isoformat()}T00:00:00Z",
        "licenses": [{"name": "etalab-2.0", "path": LICENCE_PAGE}],
        "resources": tables,
    }
    if publication.url:
        package["homepage"] = publication.url
    return f"{json.dumps(package, ensure_ascii=False, indent=2)}\n".encode()


def _resource(file: str, table: str) -> dict[str, Any]:
    """A table, its dialect and its schema."""
    return {
        "name": file.removesuffix(".csv"),
        "path": file,
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {"delimiter": ",", "lineTerminator": "\n", "header": True},
        "schema": schema(table, whole=file == f"{table}.csv"),
    }


def schema(table: str, *, whole: bool = True) -> dict[str, Any]:
    """The Table Schema of a table; of a whole one, its lenders are in that of lenders."""
    held = table != BANK_TABLE
    columns = _columns(table)
    first = next(field for field in columns if field.kind is Kind.FIRST_DAY)
    found: dict[str, Any] = {
        "fields": [*([_LENDER | {"constraints": {"required": True}}] if held else []), *map(_field, columns)],
        "missingValues": [""],
    }
    if held:
        found["primaryKey"] = [_LENDER["name"], "id", first.json]
        if whole:
            reference = {"resource": BANK_TABLE, "fields": "id"}
            found["foreignKeys"] = [{"fields": _LENDER["name"], "reference": reference}]
    return found


def _field(field: Field) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": field.json,
        "title": field.column or field.label,
        "type": _TYPES.get(field.kind, "string"),
    }
    if field.kind is Kind.SUSPENSIONS:
        described["description"] = "Intervalles ISO 8601 séparés par |, dernier jour compris ; .. = sans fin."
    elif field.kind is Kind.CODES:
        described["description"] = "Codes séparés par |."
    elif field.kind is Kind.LAST_DAY:
        described["description"] = "Dernier jour, compris ; vide = sans fin."
    if field.required or field.name == "id":
        described["constraints"] = {"required": True}
    return described


def names(files: Sequence[str]) -> list[str]:
    """The files in the order in which a person looks for them."""
    return sorted(files, key=lambda name: (name.startswith("depuis-"), name))
