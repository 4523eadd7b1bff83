"""The commands on who reaches what in a server: its accesses, what waits for a second person, its teams."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, TypeVar
from uuid import uuid4

import typer

from microcredit.access.v1 import access_service_pb2 as pb
from microcredit.access.v1.access_service_pb2_grpc import AccessServiceStub
from services.kit import wire
from services.kit.cli.commands import Call, add_commands
from services.kit.cli.days import parse_day
from services.kit.cli.outcome import GOOD, REFUSED, USAGE, CommandError
from services.kit.cli.showing import as_json, instant, to_date
from services.kit.cli.target import Address, DryRun
from services.kit.dates import paris_start
from services.kit.errors import Unimplemented
from services.kit.french import long_date, plural

_KINDS = {
    pb.ACCESS_KIND_START: "début d’un processus",
    pb.ACCESS_KIND_STOP: "fin d’un processus",
    pb.ACCESS_KIND_GAP: "processus interrompu",
    pb.ACCESS_KIND_REMOVAL: "anciennes lignes retirées",
}

_UNKNOWN_CALLERS = (
    "Ce serveur ne sait pas qui l’appelle : sans fichier d’accès, il ne garde ni journal des accès ni équipe "
    "de dossier (docs/acces.md)."
)

_LONGEST_PAGE = 200
_SHOWN = 8
"""The digits of a tag that are shown: enough to tell it from the others."""

A = TypeVar("A")

Day = Annotated[date, typer.Argument(metavar="JOUR", parser=parse_day, help="Le jour.")]
OneDay = Annotated[
    date | None, typer.Option("--day", metavar="JOUR", parser=parse_day, help="Ceux d’un jour.")
]


def register(app: typer.Typer, address: Address) -> None:
    """Adds the commands to a program."""
    commands: dict[str, Callable[..., int]] = {
        "access-summary": summary,
        "verify-accesses": verify,
        "pending-acts": pending,
        "withdraw-act": withdraw,
        "reassign-case": reassign,
    }
    add_commands(app, address, accesses, **commands)


def accesses(
    call: Call,
    day: OneDay = None,
    subject: Annotated[str, typer.Option("--subject", metavar="AGENT", help="Ceux d’un agent.")] = "",
    case: Annotated[str, typer.Option("--case", metavar="RÉFÉRENCE", help="Ceux d’un dossier.")] = "",
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, max=_LONGEST_PAGE, help="Au plus N.")
    ] = 50,
) -> int:
    """Liste les accès, du dernier au premier : qui, d’où, quel appel, quel dossier, avec quelle issue."""
    request = pb.ListAccessesRequest(
        subject=subject,
        case_reference=case,
        page_size=limit,
        start_time=wire.timestamp(paris_start(day)) if day else None,
        end_time=wire.timestamp(paris_start(day + timedelta(days=1))) if day else None,
    )
    answer = _asked(call, AccessServiceStub(call.remote.channel).ListAccesses, request)
    call.out.document(as_json(answer))
    call.out.table(
        ("le", "agent ou application", "de", "appel", "dossier", "issue"), map(_row, answer.accesses)
    )
    call.out.line(f"{plural(len(answer.accesses), 'ligne')}.")
    return GOOD


def summary(call: Call, day: Day) -> int:
    """Dit ce qui est inhabituel dans les accès d’un jour."""
    request = pb.SummarizeAccessesRequest(day=to_date(day))
    answer = _asked(call, AccessServiceStub(call.remote.channel).SummarizeAccesses, request)
    call.out.document(as_json(answer))
    call.out.line(f"{plural(answer.call_count, 'appel')} le {long_date(day)}.")
    call.out.lines(
        f"- {one.subject or one.application or 'serveur'} : {one.message}" for one in answer.unusual
    )
    return GOOD


def verify(
    call: Call,
    head: Annotated[
        str, typer.Option("--head", metavar="RANG:SCEAU", help="La fin du journal, gardée d’un autre jour.")
    ] = "",
) -> int:
    """Relit tout le journal des accès : rien n’a été changé, retiré ou déplacé."""
    request = pb.VerifyAccessesRequest(expected_head=_head(head))
    answer = _asked(call, AccessServiceStub(call.remote.channel).VerifyAccesses, request)
    call.out.document(as_json(answer))
    call.out.line(answer.message, "green" if answer.whole else "red")
    call.out.line(f"Fin du journal, à garder ailleurs : {answer.head.sequence}:{answer.head.hash}")
    return GOOD if answer.whole else REFUSED


def pending(
    call: Call,
    case: Annotated[str, typer.Option("--case", metavar="RÉFÉRENCE", help="Ceux d’un dossier.")] = "",
) -> int:
    """Liste les actes qui attendent une seconde personne : qui a demandé, quoi, jusqu’à quand."""
    request = pb.ListPendingActsRequest(case_reference=case, page_size=_LONGEST_PAGE)
    answer = _asked(call, AccessServiceStub(call.remote.channel).ListPendingActs, request)
    call.out.document(as_json(answer))
    call.out.table(
        ("demande", "acte", "demandé par", "jusqu’au", "dossier", "dates"),
        map(_act, answer.pending_acts),
    )
    more = " et d’autres ; --case en choisit" if answer.next_page_token else ""
    call.out.line(f"{plural(len(answer.pending_acts), 'acte')} en attente{more}.")
    return GOOD


def withdraw(
    call: Call,
    demand: Annotated[
        str, typer.Argument(metavar="DEMANDE", help="La demande, comme pending-acts la nomme.")
    ],
    dry_run: DryRun = False,
) -> int:
    """Retire une demande qui attend une seconde personne : rien n’est fait, et rien ne le sera par elle."""
    stub = AccessServiceStub(call.remote.channel)
    waiting = _asked(call, stub.ListPendingActs, pb.ListPendingActsRequest(page_size=_LONGEST_PAGE))
    found = [one for one in waiting.pending_acts if demand and one.act.startswith(demand)]
    if len(found) > 1:
        message = f"{len(found)} demandes en attente commencent par {demand} : donnez plus de chiffres."
        raise CommandError(message, exit_code=USAGE, reason="USAGE")
    request = pb.WithdrawPendingActRequest(
        act=found[0].act if found else demand, request_id=str(uuid4()), validate_only=dry_run
    )
    answer = _asked(call, stub.WithdrawPendingAct, request)
    call.out.document(as_json(answer))
    done = "serait retirée" if dry_run else "est retirée"
    what = f" ({_name(found[0].method)}, demandé par {found[0].subject})" if found else ""
    call.out.line(f"La demande {request.act[:_SHOWN]}{what} {done} : rien n’a été fait.")
    return GOOD


def reassign(
    call: Call,
    case: Annotated[str, typer.Argument(metavar="RÉFÉRENCE", help="La référence du dossier.")],
    team: Annotated[
        str, typer.Option("--team", metavar="ÉQUIPE", help="L’équipe, comme la nomment les jetons.")
    ],
    dry_run: DryRun = False,
) -> int:
    """Confie un dossier à une équipe, dans ce service."""
    request = pb.ReassignCaseRequest(
        case_reference=case, team=team, request_id=str(uuid4()), validate_only=dry_run
    )
    answer = _asked(call, AccessServiceStub(call.remote.channel).ReassignCase, request)
    call.out.document(as_json(answer))
    before = f"était à l’équipe {answer.previous_team}" if answer.previous_team else "n’avait pas d’équipe"
    done = "serait confié" if dry_run else "est confié"
    call.out.line(f"Le dossier {case}, qui {before}, {done} à l’équipe {answer.team}.")
    return GOOD


def _asked(call: Call, method: Callable[..., A], request: object) -> A:
    """The answer of a server that knows who calls; the others have no such service."""
    try:
        return call.remote.call(method, request)
    except CommandError as error:
        if error.reason != Unimplemented().reason:
            raise
        raise CommandError(_UNKNOWN_CALLERS, reason=error.reason) from None


def _row(access: pb.Access) -> tuple[str, ...]:
    return (
        instant(access.end_time),
        access.subject or access.application or "—",
        access.peer or "—",
        _name(access.method) or _KINDS.get(access.kind, "—"),
        access.case_tag[:8] or "—",
        access.reason or access.code or "—",
    )


def _name(method: str) -> str:
    return method.rpartition("/")[2]


def _act(asked: pb.PendingAct) -> tuple[str, ...]:
    return (
        asked.act[:_SHOWN],
        _name(asked.method),
        asked.subject,
        instant(asked.expire_time),
        ", ".join(tag[:8] for tag in asked.case_tags) or "—",
        ", ".join(f"{name} {when}" for name, when in sorted(asked.dates.items())) or "—",
    )


def _head(text: str) -> pb.AccessHead | None:
    if not text:
        return None
    sequence, _, seal = text.partition(":")
    if not sequence.isdecimal() or not seal:
        raise CommandError("--head attend le rang et le sceau : 42:9f2c…", exit_code=USAGE, reason="USAGE")
    return pb.AccessHead(sequence=int(sequence), hash=seal)
