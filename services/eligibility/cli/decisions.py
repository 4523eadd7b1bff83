"""The commands on recorded decisions: decisions, replay, explain, verify, erase, erasures, purge."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from microcredit.eligibility.v1 import decision_service_pb2 as rpc
from services.eligibility.cli.client import OUTCOMES, Client, new_request_id, short_day
from services.eligibility.cli.folders import ADDRESS
from services.kit import wire
from services.kit.cli import (
    GOOD,
    REFUSED,
    USAGE,
    Call,
    CommandError,
    add_commands,
    as_json,
    instant,
    parse_day,
)
from services.kit.dates import paris_start
from services.kit.french import long_date, plural

MAX_LISTED = 200
Decision = Annotated[str, typer.Argument(metavar="DÉCISION", help="L’identifiant de la décision.")]
Confirm = Annotated[
    bool, typer.Option("--confirm", help="Le fait vraiment, sans retour possible ; sinon, le compte.")
]


def _parse_limit(value: str | int) -> int:
    """A number of lines, from 1 to 200; typer hands the default over too."""
    text = str(value)
    if not text.isdecimal() or not 1 <= int(text) <= MAX_LISTED:
        raise typer.BadParameter(f"« {text} » n’est pas un nombre de 1 à {MAX_LISTED}.")
    return int(text)


def register(app: typer.Typer) -> None:
    """Adds the commands to the program."""
    add_commands(app, ADDRESS, decisions, replay, explain, verify, erase, erasures, purge)


def decisions(
    call: Call,
    case: Annotated[str, typer.Option("--case", metavar="RÉFÉRENCE", help="Celles d’un dossier.")] = "",
    version: Annotated[str, typer.Option("--version", metavar="VERSION", help="Celles d’une version.")] = "",
    reason: Annotated[str, typer.Option("--reason", metavar="CODE", help="Celles qui ont ce motif.")] = "",
    limit: Annotated[
        int,
        typer.Option("--limit", metavar="N", parser=_parse_limit, help="Au plus N décisions ; sinon 20."),
    ] = 20,
) -> int:
    """Liste les décisions enregistrées, de la dernière à la première."""
    client, out = Client(call), call.out
    request = rpc.ListDecisionsRequest(
        page_size=limit, case_reference=case, ruleset_version=version, reason_code=reason
    )
    found = client.call(client.decisions.ListDecisions, request).decisions
    out.document({"decisions": [as_json(decision) for decision in found]})
    out.table(("décision", "le", "dossier", "demande du", "version", "réponse"), map(_row, found))
    out.line(f"{plural(len(found), 'décision')}.")
    return GOOD


def _row(decision: rpc.Decision) -> tuple[str, ...]:
    return (
        decision.name.removeprefix("decisions/") or f"n° {decision.sequence}",
        instant(decision.record_time) if decision.HasField("record_time") else "—",
        decision.case_reference or "—",
        short_day(decision.request_date) if decision.HasField("request_date") else "—",
        decision.ruleset.version,
        OUTCOMES.get(decision.outcome, "altérée dans la base"),
    )


def replay(call: Call, decision: Decision) -> int:
    """Rejoue une décision sous ses règles d’alors : la réponse doit être identique."""
    client, out = Client(call), call.out
    answer = client.call(client.decisions.ReplayDecision, rpc.ReplayDecisionRequest(name=_full(decision)))
    out.document(as_json(answer))
    version = answer.ruleset.version
    if answer.identical:
        out.line(f"Identique, octet pour octet, à la réponse donnée alors (version {version}).", "green")
        return GOOD
    out.line(f"Différente de la réponse donnée alors (version {version}) :", "red")
    out.lines(f"  {path}" for path in answer.differences)
    return REFUSED


def explain(
    call: Call,
    decision: Decision,
    all_rules: Annotated[
        bool, typer.Option("--all", help="Toutes les règles, et non celles qui peuvent toucher le dossier.")
    ] = False,
) -> int:
    """Explique une décision à la personne concernée (CRPA, article R. 311-3-1-2)."""
    client, out = Client(call), call.out
    request = rpc.ExplainDecisionRequest(name=_full(decision), all_rules=all_rules)
    answer = client.call(client.decisions.ExplainDecision, request)
    out.document(as_json(answer))
    out.line(answer.markdown.rstrip("\n"))
    return GOOD


def verify(
    call: Call,
    head: Annotated[
        str, typer.Option("--head", metavar="RANG:SCEAU", help="La fin du journal, gardée d’un autre jour.")
    ] = "",
) -> int:
    """Relit tout le journal des décisions : rien n’a été changé, retiré ou déplacé."""
    client, out = Client(call), call.out
    request = rpc.VerifyJournalRequest(expected_head=_head(head))
    answer = client.call(client.decisions.VerifyJournal, request)
    out.document(as_json(answer))
    out.line(answer.summary, "green" if answer.intact and not answer.key_missing_count else "red")
    if answer.head.hash:
        out.line(f"Fin du journal, à garder ailleurs : {answer.head.sequence}:{answer.head.hash}")
    return GOOD if answer.intact and not answer.key_missing_count else REFUSED


def erasures(call: Call) -> int:
    """Dit si tout ce qui a été effacé l’est sur le disque, ou si un effacement est en cours."""
    client, out = Client(call), call.out
    answer = client.call(client.decisions.GetErasureStatus, rpc.GetErasureStatusRequest())
    out.document(as_json(answer))
    out.line(answer.summary, _color(answer.state))
    if answer.HasField("pending_time"):
        out.line(f"Le plus ancien a été demandé le {instant(answer.pending_time)}.")
    return GOOD if answer.state == rpc.ERASURE_STATE_DONE else REFUSED


def erase(
    call: Call,
    case: Annotated[str, typer.Argument(metavar="RÉFÉRENCE", help="La référence du dossier.")],
    confirm: Confirm = False,
) -> int:
    """Efface un dossier : plus personne ne peut lire ses décisions, sauvegardes du journal comprises."""
    client, out = Client(call), call.out
    request = rpc.EraseCaseRequest(
        case_reference=case, request_id=new_request_id(), validate_only=not confirm
    )
    answer = client.call(client.decisions.EraseCase, request)
    out.document(as_json(answer))
    count = plural(answer.decision_count, "décision")
    if answer.HasField("erase_time"):
        when = instant(answer.erase_time)
        out.line(f"Dossier {case} : {count}, effacement enregistré le {when}.")
        out.line(answer.summary, _color(answer.state))
    else:
        out.line(f"Dossier {case} : {count} à effacer. Rien n’est effacé sans --confirm.")
    return GOOD


def purge(
    call: Call,
    before: Annotated[
        date,
        typer.Option("--before", metavar="DATE", parser=parse_day, help="Les décisions enregistrées avant."),
    ],
    confirm: Confirm = False,
) -> int:
    """Retire le contenu des décisions trop anciennes ; leurs sceaux restent et le journal se vérifie."""
    client, out = Client(call), call.out
    end = paris_start(before)
    request = rpc.PurgeDecisionsRequest(
        end_time=wire.timestamp(end), request_id=new_request_id(), validate_only=not confirm
    )
    answer = client.call(client.decisions.PurgeDecisions, request)
    out.document(as_json(answer))
    count = f"{plural(answer.decision_count, 'décision')} d’avant le {long_date(before)}"
    if confirm:
        out.line(f"{count} : contenu retiré, sceaux gardés.")
        if answer.state:
            out.line(answer.summary, _color(answer.state))
    else:
        out.line(f"{count} : contenu à retirer. Rien n’est retiré sans --confirm.")
    return GOOD


def _color(state: rpc.ErasureState.ValueType) -> str:
    return "green" if state == rpc.ERASURE_STATE_DONE else "yellow"


def _head(text: str) -> rpc.JournalHead | None:
    if not text:
        return None
    sequence, _, seal = text.partition(":")
    if not sequence.isdecimal() or not seal:
        raise CommandError("--head attend le rang et le sceau : 42:9f2c…", exit_code=USAGE, reason="USAGE")
    return rpc.JournalHead(sequence=int(sequence), hash=seal)


def _full(decision: str) -> str:
    return f"decisions/{decision.removeprefix('decisions/')}"
