"""What decisions, replay, explain, verify, erase and purge do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from uuid import uuid4

from google.protobuf.timestamp_pb2 import Timestamp

from microcredit.eligibility.v1 import decision_service_pb2 as rpc
from services.eligibility.cli.client import Client
from services.eligibility.cli.showing import OUTCOMES, short_day
from services.kit.cli import GOOD, REFUSED, USAGE, CommandError, Output, Target, showing
from services.kit.french import long_date, plural


def list_decisions(case: str, version: str, reason: str, limit: int, target: Target, out: Output) -> int:
    """Lists the decisions that pass every filter given."""
    client = Client(target)
    request = rpc.ListDecisionsRequest(
        page_size=limit, case_reference=case, ruleset_version=version, reason_code=reason
    )
    found = client.call(client.decisions.ListDecisions, request).decisions
    out.document({"decisions": [showing.as_json(decision) for decision in found]})
    out.table(("décision", "le", "dossier", "demande du", "version", "réponse"), map(_row, found))
    out.line(f"{plural(len(found), 'décision')}.")
    return GOOD


def _row(decision: rpc.Decision) -> tuple[str, ...]:
    return (
        decision.name.removeprefix("decisions/") or f"n° {decision.sequence}",
        showing.instant(decision.record_time) if decision.HasField("record_time") else "—",
        decision.case_reference or "—",
        short_day(decision.request_date) if decision.HasField("request_date") else "—",
        decision.ruleset.version,
        OUTCOMES.get(decision.outcome, "altérée dans la base"),
    )


def replay(decision: str, target: Target, out: Output) -> int:
    """Replays a decision; 1 when the answer differs."""
    client = Client(target)
    answer = client.call(client.decisions.ReplayDecision, rpc.ReplayDecisionRequest(name=_full(decision)))
    out.document(showing.as_json(answer))
    version = answer.ruleset.version
    if answer.identical:
        out.line(f"Identique, octet pour octet, à la réponse donnée alors (version {version}).", "green")
        return GOOD
    out.line(f"Différente de la réponse donnée alors (version {version}) :", "red")
    out.lines(f"  {path}" for path in answer.differences)
    return REFUSED


def explain(decision: str, target: Target, out: Output) -> int:
    """Prints the explanation as Markdown."""
    client = Client(target)
    answer = client.call(client.decisions.ExplainDecision, rpc.ExplainDecisionRequest(name=_full(decision)))
    out.document(showing.as_json(answer))
    out.line(answer.markdown.rstrip("\n"))
    return GOOD


def verify(head: str, target: Target, out: Output) -> int:
    """Verifies the journal; 1 when it was altered."""
    client = Client(target)
    request = rpc.VerifyJournalRequest(expected_head=_head(head))
    answer = client.call(client.decisions.VerifyJournal, request)
    out.document(showing.as_json(answer))
    out.line(answer.summary, "green" if answer.intact else "red")
    if answer.head.hash:
        out.line(f"Fin du journal, à garder ailleurs : {answer.head.sequence}:{answer.head.hash}")
    return GOOD if answer.intact else REFUSED


def erase(case: str, confirmed: bool, target: Target, out: Output) -> int:
    """Erases a case for good once it is confirmed; says what it would erase otherwise."""
    client = Client(target)
    request = rpc.EraseCaseRequest(case_reference=case, request_id=str(uuid4()), validate_only=not confirmed)
    answer = client.call(client.decisions.EraseCase, request)
    out.document(showing.as_json(answer))
    count = plural(answer.decision_count, "décision")
    if answer.HasField("erase_time"):
        when = showing.instant(answer.erase_time)
        out.line(f"Dossier {case} : plus personne ne peut lire le contenu de {count} (effacé le {when}).")
    else:
        out.line(f"Dossier {case} : {count} à effacer. Rien n’est effacé sans --confirm.")
    return GOOD


def purge(before: date, confirmed: bool, target: Target, out: Output) -> int:
    """Removes the contents of the decisions recorded before a day once it is confirmed; counts them
    otherwise."""
    client = Client(target)
    end = Timestamp()
    end.FromDatetime(datetime.combine(before, time()).astimezone(UTC))
    request = rpc.PurgeDecisionsRequest(end_time=end, request_id=str(uuid4()), validate_only=not confirmed)
    answer = client.call(client.decisions.PurgeDecisions, request)
    out.document(showing.as_json(answer))
    count = f"{plural(answer.decision_count, 'décision')} d’avant le {long_date(before)}"
    if confirmed:
        out.line(f"{count} : contenu retiré, sceaux gardés.")
    else:
        out.line(f"{count} : contenu à retirer. Rien n’est retiré sans --confirm.")
    return GOOD


def _head(text: str) -> rpc.JournalHead | None:
    if not text:
        return None
    sequence, _, seal = text.partition(":")
    if not sequence.isdecimal() or not seal:
        raise CommandError("--head attend le rang et le sceau : 42:9f2c…", exit_code=USAGE, reason="USAGE")
    return rpc.JournalHead(sequence=int(sequence), hash=seal)


def _full(decision: str) -> str:
    return f"decisions/{decision.removeprefix('decisions/')}"
