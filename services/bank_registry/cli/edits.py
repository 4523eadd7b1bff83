"""Commands that change a lender or one of its agreements: suspend, prolong, reinstate, end, extend, undo."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from microcredit.bankregistry.v1 import bank_editing_service_pb2 as pb
from microcredit.bankregistry.v1 import bank_pb2 as bank_pb
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
    add_commands(app, ADDRESS, suspend, prolong, reinstate, end, extend, undo)


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
    reason: Reason,
    from_: Annotated[
        date | None,
        typer.Option("--from", metavar="DATE", parser=parse_day, help="Le premier jour sans lui."),
    ] = None,
    last: Annotated[
        date | None, typer.Option("--last", metavar="DATE", parser=parse_day, help="Ou son dernier jour.")
    ] = None,
    successor: Annotated[
        str, typer.Option("--successor", metavar="PRÊTEUR", help="Le prêteur qui le reprend.")
    ] = "",
    agreement: AgreementId = "",
    dry_run: DryRun = False,
) -> int:
    """Met fin à un prêteur, ou à un de ses accords : à partir de ce jour, il ne prend plus rien."""
    since = last + ONE_DAY if last else from_
    if since is None or (from_ and last):
        raise typer.BadParameter(
            "donnez --last, son dernier jour, ou --from, le premier jour sans lui.", param_hint="--last"
        )
    if successor and agreement:
        raise typer.BadParameter("un accord n’a pas de repreneur.", param_hint="--successor")
    done = f"terminé : son dernier jour est le {french.long_date(since - ONE_DAY)}"
    request = _request(bank, agreement, since, reason, dry_run)
    if successor:
        request["successor"] = bank_name(successor)
    return _write(call, "End", request, done)


def extend(
    call: Call,
    bank: BankId,
    agreement: Annotated[str, typer.Option("--agreement", metavar="ACCORD", help="L’accord à prolonger.")],
    last: Annotated[
        date, typer.Option("--last", metavar="DATE", parser=parse_day, help="Son nouveau dernier jour.")
    ],
    reason: Reason,
    dry_run: DryRun = False,
) -> int:
    """Prolonge un accord : son dernier jour devient un autre, ses conditions restent."""
    request = _request(bank, agreement, last, reason, dry_run)
    name = request.pop("name")
    del request["effective_date"]
    request["agreement"] = bank_pb.Agreement(name=name, end_date=to_date(last + ONE_DAY))
    request["update_mask"] = {"paths": ["end_date"]}
    client = Client(call)
    answer = client.call(client.editing.UpdateAgreement, pb.UpdateAgreementRequest(**request))
    done = f"prolongé : son dernier jour est le {french.long_date(last)}"
    return _tell(call, name, done, answer, dry_run=dry_run)


def prolong(
    call: Call,
    bank: BankId,
    from_: Annotated[
        date, typer.Option("--from", metavar="DATE", parser=parse_day, help="Un jour de la suspension.")
    ],
    reason: Reason,
    until: Until = None,
    agreement: AgreementId = "",
    dry_run: DryRun = False,
) -> int:
    """Prolonge, ou raccourcit, la suspension d’un prêteur ou d’un de ses accords."""
    request = _request(bank, agreement, from_, reason, dry_run)
    request["end_date"] = to_date(until + ONE_DAY) if until else None
    client = Client(call)
    answer = client.call(client.editing.ProlongSuspension, pb.ProlongSuspensionRequest(**request))
    return _tell(call, request["name"], "", answer, dry_run=dry_run)


def undo(
    call: Call,
    bank: BankId,
    state: Annotated[
        int, typer.Option("--state", metavar="ÉTAT", min=1, help="Le numéro de l’état, dans l’historique.")
    ],
    reason: Reason,
    agreement: AgreementId = "",
    dry_run: DryRun = False,
) -> int:
    """Défait ce qu’un état a changé d’un prêteur, ou d’un de ses accords : l’historique garde les deux."""
    request = _request(bank, agreement, date.min, reason, dry_run)
    del request["effective_date"]
    client = Client(call)
    asked = pb.UndoChangeRequest(**request, undone_state_number=state)
    answer = client.call(client.editing.UndoChange, asked)
    return _tell(
        call, request["name"], f"ce que l’état n° {state} avait changé est défait", answer, dry_run=dry_run
    )


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
    method = f"{verb}Agreement" if "/agreements/" in request["name"] else f"{verb}Bank"
    answer = client.call(getattr(client.editing, method), getattr(pb, f"{method}Request")(**request))
    return _tell(call, request["name"], done, answer, dry_run=request["validate_only"])


def _tell(call: Call, name: str, done: str, answer: Any, *, dry_run: bool) -> int:
    """Says what was done, or would be."""
    bank, _, agreement = name.removeprefix(PREFIX).partition("/agreements/")
    call.out.document(as_json(answer))
    if done:
        call.out.line(f"{bank}, accord {agreement} : {done}." if agreement else f"{bank} : {done}.")
    call.out.lines(getattr(answer, "sentences", ()))
    call.out.lines(f"À savoir : {warning.message}" for warning in getattr(answer, "warnings", ()))
    call.out.line("Essai : rien n’est écrit." if dry_run else f"État n° {answer.state_number}.")
    return GOOD
