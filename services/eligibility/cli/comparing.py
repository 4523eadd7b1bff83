"""What compare and shadow do."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from uuid import uuid4

from google.protobuf.timestamp_pb2 import Timestamp

from microcredit.eligibility.v1 import ruleset_pb2 as pb
from microcredit.eligibility.v1 import ruleset_service_pb2 as rpc
from services.eligibility.cli.client import Client
from services.eligibility.cli.folders import read_folder
from services.eligibility.cli.showing import comparison
from services.kit.cli import GOOD, REFUSED, Output, Target, showing
from services.kit.french import plural
from services.kit.releases import pack

_LISTED = 50
_STATES = {pb.SHADOW_STATE_RUNNING: "en cours", pb.SHADOW_STATE_STOPPED: "arrêté"}


def compare(candidate: str, over_decisions: bool, as_of: date | None, target: Target, out: Output) -> int:
    """Compares a folder or a version with what is in force."""
    client = Client(target)
    request = rpc.CompareRulesetsRequest(as_of_date=showing.to_date(as_of))
    if over_decisions:
        request.decisions.SetInParent()
    if Path(candidate).is_dir():
        request.archive = pack(read_folder(Path(candidate)).contents)
    else:
        request.name = client.version_name(candidate)
    report = client.call(client.rulesets.CompareRulesets, request).report
    out.document(showing.as_json(report))
    comparison(report, out)
    return REFUSED if report.changed_count else GOOD


def start(version: str, since: date | None, as_of: date | None, target: Target, out: Output) -> int:
    """Starts a shadow run."""
    client = Client(target)
    request = rpc.StartShadowRequest(
        name=client.version_name(version),
        start_time=_midnight(since),
        as_of_date=showing.to_date(as_of),
        request_id=str(uuid4()),
    )
    shadow = client.call(client.rulesets.StartShadow, request).shadow
    out.document(showing.as_json(shadow))
    out.line(f"Essai à blanc n° {_number(shadow)}, version {shadow.candidate.version} : lancé.", "green")
    out.line(f"eligibility shadow show {_number(shadow)} dit ce qu’il trouve.")
    return GOOD


def show(name: str, target: Target, out: Output) -> int:
    """Shows a shadow run and its report."""
    client = Client(target)
    return _told(client.call(client.rulesets.GetShadow, rpc.GetShadowRequest(name=_full(name))).shadow, out)


def stop(name: str, target: Target, out: Output) -> int:
    """Stops a shadow run."""
    client = Client(target)
    return _told(client.call(client.rulesets.StopShadow, rpc.StopShadowRequest(name=_full(name))).shadow, out)


def list_all(target: Target, out: Output) -> int:
    """Lists the shadow runs."""
    client = Client(target)
    found = client.call(client.rulesets.ListShadows, rpc.ListShadowsRequest(page_size=_LISTED)).shadows
    out.document({"shadows": [showing.as_json(shadow) for shadow in found]})
    rows = (
        (
            _number(shadow),
            shadow.candidate.version,
            _STATES.get(shadow.state, "?"),
            showing.instant(shadow.start_time),
            f"{shadow.report.changed_count} sur {shadow.report.compared_count}",
        )
        for shadow in found
    )
    out.table(("n°", "version", "état", "depuis", "réponses changées"), rows)
    out.line(f"{plural(len(found), 'essai')} à blanc.")
    return GOOD


def _told(shadow: pb.Shadow, out: Output) -> int:
    out.document(showing.as_json(shadow))
    state = _STATES.get(shadow.state, "?")
    waiting = f", {plural(shadow.pending_count, 'décision')} en attente" if shadow.pending_count else ""
    as_of = f", demandes datées du {showing.day(shadow.as_of_date)}" if shadow.HasField("as_of_date") else ""
    title = f"Essai à blanc n° {_number(shadow)}, version {shadow.candidate.version}{as_of}"
    out.line(f"{title} : {state}{waiting}.")
    comparison(shadow.report, out)
    return GOOD


def _number(shadow: pb.Shadow) -> str:
    return shadow.name.rpartition("/")[2]


def _full(name: str) -> str:
    return f"shadows/{name.removeprefix('shadows/')}"


def _midnight(day: date | None) -> Timestamp | None:
    """The first instant of a day, in the time of this machine."""
    if day is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(datetime.combine(day, time()).astimezone())
    return stamp
