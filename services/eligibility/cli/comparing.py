"""The commands that try a version before it governs: compare, and shadow start, show, list, stop."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from google.protobuf.timestamp_pb2 import Timestamp

from microcredit.eligibility.v1 import ruleset_pb2 as pb
from microcredit.eligibility.v1 import ruleset_service_pb2 as rpc
from services.eligibility.cli.client import Client, new_request_id, show_comparison
from services.eligibility.cli.folders import ADDRESS, AsOf, Version, read_folder
from services.kit import wire
from services.kit.cli import (
    GOOD,
    REFUSED,
    USAGE,
    Call,
    CommandError,
    FrenchGroup,
    Output,
    add_commands,
    as_json,
    day,
    instant,
    parse_day,
    to_date,
)
from services.kit.dates import paris_start
from services.kit.french import NO_BREAK_SPACE, plural
from services.kit.releases import pack

CASES = "cases"
DECISIONS = "decisions"
_OVER = {CASES: "les cas d’essai du règlement", DECISIONS: "les décisions enregistrées"}
_LISTED = 50
_STATES = {pb.SHADOW_STATE_RUNNING: "en cours", pb.SHADOW_STATE_STOPPED: "arrêté"}

ShadowName = Annotated[str, typer.Argument(metavar="NUMÉRO", help="Le numéro de l’essai à blanc.")]


def register(app: typer.Typer) -> None:
    """Adds the commands to the program."""
    add_commands(app, ADDRESS, compare)
    group = typer.Typer(cls=FrenchGroup, no_args_is_help=True, rich_markup_mode=None)
    add_commands(group, ADDRESS, start=shadow_start, show=shadow_show, list=shadow_list, stop=shadow_stop)
    app.add_typer(group, name="shadow", help="Essaie une version à blanc, à côté de celle qui répond.")


def _parse_over(text: str) -> str:
    if text not in (CASES, DECISIONS) and not Path(text).is_file():
        raise typer.BadParameter(f"« {text} » n’est ni {CASES}, ni {DECISIONS}, ni un fichier.")
    return text


Over = Annotated[
    str,
    typer.Option(
        "--over",
        metavar="cases|decisions|FICHIER",
        parser=_parse_over,
        help="Sur ses cas d’essai (par défaut), sur le journal, ou sur un tableau de demandes.",
    ),
]
Most = Annotated[
    int, typer.Option("--max", metavar="NOMBRE", help="Tant de décisions à la fois (1 000 ; 5 000 au plus).")
]
Since = Annotated[
    date | None, typer.Option("--since", metavar="DATE", parser=parse_day, help="Décisions depuis ce jour.")
]
Until = Annotated[
    date | None, typer.Option("--until", metavar="DATE", parser=parse_day, help="Décisions avant ce jour.")
]
Every = Annotated[bool, typer.Option("--all", help="Toutes les décisions, page après page.")]
Then = Annotated[
    bool, typer.Option("--then", help="Par rapport à la réponse donnée alors, par les règles d’alors.")
]
Note = Annotated[
    Path | None,
    typer.Option(
        "--note", metavar="FICHIER", help="Écrit les données de la note au conseil (25-note-conseil)."
    ),
]


def compare(
    call: Call,
    candidate: Annotated[str, typer.Argument(metavar="VERSION", help="Un dossier, ou une version publiée.")],
    over: Over = CASES,
    as_of: AsOf = None,
    most: Most = 0,
    since: Since = None,
    until: Until = None,
    every: Every = False,
    then: Then = False,
    note: Note = None,
) -> int:
    """Dit ce qu’une version changerait aux réponses, par rapport aux règles en vigueur."""
    if over != DECISIONS and (most or since or until or every or then):
        text = "--max, --since, --until, --all et --then demandent --over decisions."
        raise CommandError(text, exit_code=USAGE, reason="USAGE")
    if over in (CASES, DECISIONS):
        decisions = rpc.RecordedDecisions(
            start_time=_midnight(since), end_time=_midnight(until), max_count=most, with_answers_then=then
        )
        request = rpc.CompareRulesetsRequest(
            as_of_date=to_date(as_of), decisions=decisions if over == DECISIONS else None
        )
        report = _compared(Client(call), candidate, request, every=every)
    else:
        from services.eligibility.cli.populations import compare_population

        report = compare_population(call, candidate, Path(over), as_of)
    call.out.document(as_json(report))
    show_comparison(report, call.out)
    if note is not None:
        from services.eligibility.cli.notes import write_note

        write_note(call, candidate, _OVER.get(over, Path(over).name), as_of, report, note)
        call.out.line(f"Les données de la note au conseil sont dans {note}.", "green")
    return REFUSED if report.changed_count else GOOD


def _compared(
    client: Client, candidate: str, request: rpc.CompareRulesetsRequest, *, every: bool
) -> pb.ComparisonReport:
    """The report of a comparison; with `every`, of all its pages together."""
    if Path(candidate).is_dir():
        request.archive = pack(read_folder(Path(candidate)).contents)
    else:
        request.name = client.version_name(candidate)
    answer = client.call(client.rulesets.CompareRulesets, request)
    while every and answer.next_before:
        request.decisions.before = answer.next_before
        request.earlier.CopyFrom(answer.report)
        answer = client.call(client.rulesets.CompareRulesets, request)
    return answer.report


def shadow_start(
    call: Call,
    version: Version,
    since: Annotated[
        date | None,
        typer.Option(
            "--since", metavar="DATE", parser=parse_day, help="Reprend les décisions depuis ce jour."
        ),
    ] = None,
    as_of: AsOf = None,
) -> int:
    """Lance un essai à blanc : chaque décision est aussi évaluée par elle, la réponse ne change pas."""
    client, out = Client(call), call.out
    request = rpc.StartShadowRequest(
        name=client.version_name(version),
        start_time=_midnight(since),
        as_of_date=to_date(as_of),
        request_id=new_request_id(),
    )
    shadow = client.call(client.rulesets.StartShadow, request).shadow
    out.document(as_json(shadow))
    out.line(
        f"Essai à blanc n°{NO_BREAK_SPACE}{_number(shadow)}, version {shadow.candidate.version} : lancé.",
        "green",
    )
    out.line(f"eligibility shadow show {_number(shadow)} dit ce qu’il trouve.")
    return GOOD


def shadow_show(call: Call, name: ShadowName) -> int:
    """Montre ce qu’un essai à blanc a trouvé jusqu’ici."""
    client = Client(call)
    answer = client.call(client.rulesets.GetShadow, rpc.GetShadowRequest(name=_full(name)))
    return _told(answer.shadow, call.out)


def shadow_stop(call: Call, name: ShadowName) -> int:
    """Arrête un essai à blanc ; ce qu’il a trouvé reste."""
    client = Client(call)
    answer = client.call(client.rulesets.StopShadow, rpc.StopShadowRequest(name=_full(name)))
    return _told(answer.shadow, call.out)


def shadow_list(call: Call) -> int:
    """Liste les essais à blanc, du dernier au premier."""
    client, out = Client(call), call.out
    found = client.call(client.rulesets.ListShadows, rpc.ListShadowsRequest(page_size=_LISTED)).shadows
    out.document({"shadows": [as_json(shadow) for shadow in found]})
    rows = (
        (
            _number(shadow),
            shadow.candidate.version,
            _STATES.get(shadow.state, "?"),
            instant(shadow.start_time),
            f"{shadow.report.changed_count} sur {shadow.report.compared_count}",
        )
        for shadow in found
    )
    out.table(("n°", "version", "état", "depuis", "réponses changées"), rows)
    out.line(f"{plural(len(found), 'essai')} à blanc.")
    return GOOD


def _told(shadow: pb.Shadow, out: Output) -> int:
    out.document(as_json(shadow))
    state = _STATES.get(shadow.state, "?")
    waiting = f", {plural(shadow.pending_count, 'décision')} en attente" if shadow.pending_count else ""
    as_of = f", demandes datées du {day(shadow.as_of_date)}" if shadow.HasField("as_of_date") else ""
    title = f"Essai à blanc n°{NO_BREAK_SPACE}{_number(shadow)}, version {shadow.candidate.version}{as_of}"
    out.line(f"{title} : {state}{waiting}.")
    show_comparison(shadow.report, out)
    return GOOD


def _number(shadow: pb.Shadow) -> str:
    return shadow.name.rpartition("/")[2]


def _full(name: str) -> str:
    return f"shadows/{name.removeprefix('shadows/')}"


def _midnight(since: date | None) -> Timestamp | None:
    """The first instant of a day, in Paris."""
    return wire.timestamp(paris_start(since)) if since else None
