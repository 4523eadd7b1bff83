"""Commands that change one lender, or one of its agreements, from a day on: suspend, reinstate, end."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from microcredit.bankregistry.v1 import bank_editing_service_pb2 as pb
from services.bank_registry.cli.client import (
    ADDRESS,
    PREFIX,
    BankId,
    Client,
    Reason,
    bank_name,
    new_request_id,
    parse_day,
)
from services.kit import french
from services.kit.cli import GOOD, Call, DryRun, add_commands, as_json, to_date
from services.kit.dates import ONE_DAY

From = Annotated[
    date, typer.Option("--from", metavar="DATE", parser=parse_day, help="Le premier jour où cela vaut.")
]
Until = Annotated[
    date | None,
    typer.Option(
        "--until", metavar="DATE", parser=parse_day, help="Le dernier jour ; sinon, jusqu’à nouvel ordre."
    ),
]
AgreementId = Annotated[
    str, typer.Option("--agreement", metavar="ACCORD", help="Cet accord seulement, et non tout le prêteur.")
]


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    add_commands(app, ADDRESS, suspend, reinstate, end)


def suspend(
    call: Call,
    bank: BankId,
    from_: From,
    reason: Reason,
    until: Until = None,
    agreement: AgreementId = "",
    dry_run: DryRun = False,
) -> int:
    """Suspend un prêteur, ou un de ses accords, à partir d’un jour."""
    until_text = f"jusqu’au {french.long_date(until)}" if until else "jusqu’à nouvel ordre"
    done = f"suspendu à partir du {french.long_date(from_)}, {until_text}"
    request = _request(bank, agreement, from_, reason, dry_run)
    request["end_date"] = to_date(until + ONE_DAY) if until else None
    return _write(call, "Suspend", request, done)


def reinstate(
    call: Call,
    bank: BankId,
    from_: From,
    reason: Reason,
    agreement: AgreementId = "",
    dry_run: DryRun = False,
) -> int:
    """Lève la suspension d’un prêteur, ou d’un de ses accords, à partir d’un jour."""
    done = f"rétabli à partir du {french.long_date(from_)}"
    return _write(call, "Reinstate", _request(bank, agreement, from_, reason, dry_run), done)


def end(
    call: Call,
    bank: BankId,
    from_: From,
    reason: Reason,
    agreement: AgreementId = "",
    dry_run: DryRun = False,
) -> int:
    """Met fin à un prêteur, ou à un de ses accords : à partir de ce jour, il ne prend plus rien."""
    done = f"terminé : son dernier jour est le {french.long_date(from_ - ONE_DAY)}"
    return _write(call, "End", _request(bank, agreement, from_, reason, dry_run), done)


def _request(bank: str, agreement: str, since: date, reason: str, dry_run: bool) -> dict[str, Any]:
    """What every request has."""
    name = bank_name(bank)
    return {
        "name": f"{name}/agreements/{agreement}" if agreement else name,
        "effective_date": to_date(since),
        "reason": reason,
        "validate_only": dry_run,
        "request_id": "" if dry_run else new_request_id(),
    }


def _write(call: Call, verb: str, request: dict[str, Any], done: str) -> int:
    """Calls the method for lenders, or the one for agreements, and says what was done."""
    client = Client(call)
    bank, _, agreement = request["name"].removeprefix(PREFIX).partition("/agreements/")
    method = f"{verb}Agreement" if agreement else f"{verb}Bank"
    answer = client.call(getattr(client.editing, method), getattr(pb, f"{method}Request")(**request))
    call.out.document(as_json(answer))
    call.out.line(f"{bank}, accord {agreement} : {done}." if agreement else f"{bank} : {done}.")
    call.out.lines(f"À savoir : {warning.message}" for warning in answer.warnings)
    state = f"État n° {answer.state_number}."
    call.out.line("Essai : rien n’est écrit." if request["validate_only"] else state)
    return GOOD
