"""Commands that state the terms of a lender, an agreement or a local convention: create, update."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any

import typer
from google.type.decimal_pb2 import Decimal as DecimalMessage

from microcredit.bankregistry.v1 import bank_editing_service_pb2 as pb
from microcredit.bankregistry.v1 import bank_pb2 as bank_pb
from services.bank_registry.cli.client import (
    ADDRESS,
    AgreementId,
    BankId,
    Client,
    ConventionId,
    Correct,
    Reason,
    bank_name,
    resource_name,
)
from services.bank_registry.cli.edits import kind_of, tell, writing
from services.bank_registry.cli.questions import Questions
from services.bank_registry.registry import Kind
from services.kit import french, wire
from services.kit.cli import Call, DryRun, add_commands, parse_day, to_date
from services.kit.dates import ONE_DAY
from services.kit.tables import Bad

Set = Annotated[
    list[str],
    typer.Option(
        "--set", metavar="COLONNE=VALEUR", help="Une colonne du tableau et sa valeur ; autant qu’il en faut."
    ),
]

_FIELDS = {"Bank": "bank", "Agreement": "agreement", "LocalConvention": "local_convention"}
_GROUPS = {"Bank": "LENDER", "Agreement": "AGREEMENT", "LocalConvention": "CONVENTION"}
_WRITE: Mapping[Kind, Callable[[Any], Any]] = {
    **dict.fromkeys((Kind.TEXT, Kind.CODE, Kind.COUNT), lambda value: value),
    Kind.CODES: list,
    Kind.LENDER: bank_name,
    Kind.LENDER_KIND: lambda kind: bank_pb.BankKind.Value(f"BANK_KIND_{kind}"),
    Kind.SCOPE: lambda scope: bank_pb.TerritoryScope.Value(f"TERRITORY_SCOPE_{scope}"),
    **dict.fromkeys((Kind.FIRST_DAY, Kind.DAY), to_date),
    Kind.LAST_DAY: lambda day: to_date(day + ONE_DAY),
    Kind.MONEY: wire.money,
    Kind.PERCENT: lambda rate: DecimalMessage(value=f"{rate:f}"),
    Kind.CONTACTS: lambda contacts: [bank_pb.Contact(**one) for one in contacts],
}
"""Lines are put together; an id is the name of the resource; a suspension has its own command."""


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    add_commands(app, ADDRESS, create, update)


def create(
    call: Call,
    bank: BankId,
    set_: Set,
    reason: Reason,
    agreement: AgreementId = "",
    convention: ConventionId = "",
    correct: Correct = False,
    questions: Questions = None,
    dry_run: DryRun = False,
) -> int:
    """Ajoute un prêteur ou, avec --agreement ou --convention, ce qu’il conclut."""
    name = resource_name(bank, agreement, convention)
    kind = kind_of(name)
    field = _FIELDS[kind]
    if kind == "Bank" and questions:
        raise typer.BadParameter("un prêteur nouveau n’a encore répondu à rien.", param_hint="--questions")
    request: dict[str, Any] = {
        field: _message(kind, _values(kind, set_)),
        **writing(reason, correct, questions, dry_run),
    }
    request[f"{field}_id"] = name.rpartition("/")[2]
    if kind != "Bank":
        request["parent"] = bank_name(bank)
    client = Client(call)
    asked = getattr(pb, f"Create{kind}Request")(**request)
    answer = client.call(getattr(client.editing, f"Create{kind}"), asked)
    return tell(call, name, "entré au registre" if kind == "Bank" else "ajouté", answer, dry_run=dry_run)


def update(
    call: Call,
    bank: BankId,
    set_: Set,
    reason: Reason,
    agreement: AgreementId = "",
    convention: ConventionId = "",
    from_: Annotated[
        date | None,
        typer.Option(
            "--from", metavar="DATE", parser=parse_day, help="Le premier jour où cela vaut ; sinon, tous."
        ),
    ] = None,
    correct: Correct = False,
    questions: Questions = None,
    dry_run: DryRun = False,
) -> int:
    """Change des valeurs d’un prêteur, d’un accord ou d’une convention, à partir d’un jour ou de tous."""
    name = resource_name(bank, agreement, convention)
    kind, values = kind_of(name), _values(kind_of(name), set_)
    message = _message(kind, values)
    message.name = name
    request = {_FIELDS[kind]: message, "update_mask": {"paths": list(values)}}
    asked = getattr(pb, f"Update{kind}Request")(
        **request, effective_date=to_date(from_), **writing(reason, correct, questions, dry_run)
    )
    client = Client(call)
    answer = client.call(getattr(client.editing, f"Update{kind}"), asked)
    return tell(call, name, "modifié", answer, dry_run=dry_run)


def _message(kind: str, values: Mapping[str, Any]) -> Any:
    """The resource in a message; what is cleared is absent."""
    given = {name: value for name, value in values.items() if value is not None}
    return getattr(bank_pb, kind)(**given)


def _values(kind: str, written: Sequence[str]) -> dict[str, Any]:
    """The fields of a message, None where the value is cleared."""
    from services.bank_registry.files import COLUMNS, Group  # what it reads takes long to load

    columns = {
        french.fold(one.name): one
        for one in COLUMNS
        if one.group is Group[_GROUPS[kind]] and (one.field.kind in _WRITE or one.field.kind is Kind.LINES)
    }
    found: dict[str, Any] = {}
    for text in written:
        title, equals, value = text.partition("=")
        column = columns.get(french.fold(title))
        if column is None or not equals:
            raise typer.BadParameter(_unknown(title, columns), param_hint="--set")
        read = column.form.read(value.strip()) if value.strip() else None
        if isinstance(read, Bad):
            raise typer.BadParameter(f"{column.name} : {read.message}", param_hint="--set")
        if column.line is not None:
            found[column.field.name] = [*found.get(column.field.name, []), *([read] if read else [])]
        else:
            found[column.field.name] = None if read is None else _WRITE[column.field.kind](read)
    return found


def _unknown(title: str, columns: Mapping[str, Any]) -> str:
    near = get_close_matches(french.fold(title), columns, n=1)
    if near:
        hint = f"vouliez-vous dire « {columns[near[0]].name} » ?"
    else:
        hint = f"colonnes possibles : {french.join([one.name for one in columns.values()])}."
    return f"écrivez « colonne=valeur » ; « {title} » n’est pas une colonne ici ; {hint}"
