"""The commands that change one lender, or one of its agreements, from a day on: suspend, reinstate, end."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from microcredit.bankregistry.v1 import bank_editing_service_pb2 as pb
from services.bank_registry.cli.client import BankId, Client, Reason, bank_name, new_request_id, parse_day
from services.kit import french
from services.kit.cli import Call, DryRun, as_json, to_date
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


def suspend(
    bank: BankId,
    from_: From,
    reason: Reason,
    call: Call,
    until: Until = None,
    agreement: AgreementId = "",
    dry_run: DryRun = False,
) -> int:
    """Suspend un prêteur, ou un de ses accords, à partir d’un jour."""
    last = f"jusqu’au {french.long_date(until)}" if until else "jusqu’à nouvel ordre"
    fields = {
        **_fields(bank, agreement, from_, reason, dry_run=dry_run),
        "end_date": to_date(until + ONE_DAY) if until else None,
    }
    done = f"suspendu à partir du {french.long_date(from_)}, {last}"
    return _edit(call, "Suspend", bank, agreement, fields, done)


def reinstate(
    bank: BankId,
    from_: From,
    reason: Reason,
    call: Call,
    agreement: AgreementId = "",
    dry_run: DryRun = False,
) -> int:
    """Lève la suspension d’un prêteur, ou d’un de ses accords, à partir d’un jour."""
    fields = _fields(bank, agreement, from_, reason, dry_run=dry_run)
    return _edit(call, "Reinstate", bank, agreement, fields, f"rétabli à partir du {french.long_date(from_)}")


def end(
    bank: BankId,
    from_: From,
    reason: Reason,
    call: Call,
    agreement: AgreementId = "",
    dry_run: DryRun = False,
) -> int:
    """Met fin à un prêteur, ou à un de ses accords : à partir de ce jour, il ne prend plus rien."""
    fields = _fields(bank, agreement, from_, reason, dry_run=dry_run)
    last = french.long_date(from_ - ONE_DAY)
    return _edit(call, "End", bank, agreement, fields, f"terminé : son dernier jour est le {last}")


def _fields(bank: str, agreement: str, since: date, reason: str, *, dry_run: bool) -> dict[str, Any]:
    """What every request has."""
    name = bank_name(bank)
    return {
        "name": f"{name}/agreements/{agreement}" if agreement else name,
        "effective_date": to_date(since),
        "reason": reason,
        "validate_only": dry_run,
        "request_id": "" if dry_run else new_request_id(),
    }


def _edit(call: Call, verb: str, bank: str, agreement: str, fields: dict[str, Any], done: str) -> int:
    """Calls the method for lenders, or the one for agreements, and says what it did."""
    client, out, method = Client(call), call.out, f"{verb}{'Agreement' if agreement else 'Bank'}"
    request = getattr(pb, f"{method}Request")(**fields)
    answer = client.call(getattr(client.editing, method), request)
    out.document(as_json(answer))
    what = f"{bank}, accord {agreement}" if agreement else bank
    out.line(f"{what} : {done}.")
    out.lines(f"À savoir : {warning.message}" for warning in answer.warnings)
    out.line("Essai : rien n’est écrit." if request.validate_only else f"État n° {answer.state_number}.")
    return 0
