"""The command that counts recorded decisions, and writes what an annual report says of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from microcredit.eligibility.v1 import decision_service_pb2 as rpc
from services.eligibility.cli.client import OUTCOMES, Client
from services.eligibility.cli.folders import ADDRESS, write_file
from services.kit.cli import GOOD, Call, CommandError, add_commands, as_json, civil, read_file, to_date
from services.kit.french import number, plural

CONTRACT_VERSION = "1.0"
FIRST_YEAR, LAST_YEAR = 2000, 2199
_SOURCE = {"source": "DECISIONS"}
_COUNTED = "Demandes évaluées"
_UNKNOWN = "non renseigné"

Json = Any
"""What json.loads gives."""


@dataclass(frozen=True)
class Breakdown:
    """One way to tell the counts apart: the title of its table, what a count is among them, and those that
    are always shown."""

    title: str
    heading: str
    label: Callable[[rpc.DecisionCount], str]
    always: Sequence[str] = ()

    def of(self, answer: rpc.CountDecisionsResponse) -> Counter[str]:
        """Cases by label."""
        found = Counter(dict.fromkeys(self.always, 0))
        for count in answer.counts:
            found[self.label(count)] += count.application_count
        return found


def register(app: typer.Typer) -> None:
    """Adds the command to the program."""
    add_commands(app, ADDRESS, count)


def count(
    call: Call,
    year: Annotated[
        int, typer.Option("--year", metavar="ANNÉE", min=FIRST_YEAR, max=LAST_YEAR, help="L’année à compter.")
    ],
    fact: Annotated[
        str, typer.Option("--by", metavar="FAIT", help="Un fait à codes : project.category, par exemple.")
    ] = "",
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FICHIER",
            help="Y met les chiffres pour le rapport annuel (21-rapport-annuel), et garde le reste.",
        ),
    ] = None,
) -> int:
    """Compte les demandes évaluées d’une année, sans nommer personne."""
    kept = _report_of(report) if report is not None and report.exists() else {}
    client, out = Client(call), call.out
    answers = [_counted(client, asked, fact) for asked in (year, year - 1)]
    answer, earlier = answers
    out.document(as_json(answer))
    ways = breakdowns(answer)
    for way in ways:
        out.line(way.title)
        rows = ((label, number(cases)) for label, cases in way.of(answer).items())
        out.table((way.heading.lower(), "demandes"), rows)
    decisions = plural(answer.decision_count, "décision")
    out.line(
        f"{plural(answer.application_count, 'demande')}, {decisions} : de chaque demande, la dernière compte."
    )
    if answer.damaged_count:
        out.line(f"{plural(answer.damaged_count, 'décision')} altérée dans la base, non comptée.", "red")
    if report is not None:
        merged = with_counts(kept, year, answer, earlier if earlier.decision_count else None, ways)
        text = json.dumps(merged, ensure_ascii=False, indent=2)
        write_file(report, f"{text}\n".encode(), replace=bool(kept))
        out.line(f"Les chiffres du journal sont dans {report}.", "green")
    return GOOD


def _counted(client: Client, year: int, fact: str) -> rpc.CountDecisionsResponse:
    request = rpc.CountDecisionsRequest(
        first_day=to_date(date(year, 1, 1)), last_day=to_date(date(year, 12, 31)), fact=fact
    )
    return client.call(client.decisions.CountDecisions, request)


def breakdowns(answer: rpc.CountDecisionsResponse) -> list[Breakdown]:
    """By answer, by quarter, and by the fact that was asked for."""
    quarters = [f"{number}e trimestre".replace("1e ", "1er ") for number in range(1, 5)]
    ways = [
        Breakdown(
            f"{_COUNTED} par réponse",
            "Réponse",
            lambda count: OUTCOMES[count.outcome].capitalize(),
            [label.capitalize() for label in OUTCOMES.values()],
        ),
        Breakdown(
            f"{_COUNTED} par trimestre",
            "Trimestre",
            lambda count: quarters[(civil(count.month).month - 1) // 3],
            quarters,
        ),
    ]
    if answer.fact_label:
        label = answer.fact_label
        title = f"{_COUNTED} : {label[0].lower()}{label[1:]}"
        ways.append(Breakdown(title, label, lambda count: count.code_label or count.code or _UNKNOWN))
    return ways


def with_counts(
    report: Json,
    year: int,
    answer: rpc.CountDecisionsResponse,
    earlier: rpc.CountDecisionsResponse | None,
    ways: Iterable[Breakdown],
) -> Json:
    """The data of an annual report where the counts of the journal are these; all else stays."""
    ways = list(ways)
    # A label of one year alone is at zero in the other: the report compares line by line.
    labels = [list(way.of(answer) | (way.of(earlier) if earlier else Counter())) for way in ways]
    found = report.get("annual_report", {})
    now = {**found, "year": year, **_counts(found, answer, ways, labels)}
    before = found.get("previous")
    if earlier is not None or before:
        before = before or {}
        now["previous"] = {
            **before,
            "year": year - 1,
            **_counts(before, earlier or rpc.CountDecisionsResponse(), ways, labels),
        }
    return {"contract_version": CONTRACT_VERSION, **report, "annual_report": now}


def _counts(
    found: Json, answer: rpc.CountDecisionsResponse, ways: Sequence[Breakdown], labels: Sequence[list[str]]
) -> Json:
    tables = [
        {
            "title": way.title,
            "heading": way.heading,
            **_SOURCE,
            "rows": [{"label": label, "count": way.of(answer)[label]} for label in shown],
        }
        for way, shown in zip(ways, labels, strict=True)
    ]
    figure = {"label": _COUNTED, "count": answer.application_count, **_SOURCE}
    return {
        "figures": [figure, *_declared(found, "figures")],
        "tables": [*_declared(found, "tables"), *(table for table in tables if table["rows"])],
    }


def _declared(found: Json, name: str) -> list[Json]:
    """What does not come from the journal."""
    return [line for line in found.get(name, ()) if line.get("source") != _SOURCE["source"]]


def _report_of(file: Path) -> Json:
    """The data of a report begun before; CommandError for another file."""
    refusal = CommandError(f"« {file} » ne tient pas les données d’un rapport annuel : rien n’est écrit.")
    try:
        found = json.loads(read_file(file))
    except ValueError:
        raise refusal from None
    if not (isinstance(found, dict) and isinstance(found.get("annual_report"), dict)):
        raise refusal
    parts = [found["annual_report"], found["annual_report"].get("previous", {})]
    lines = (part.get(name, []) for part in parts if isinstance(part, dict) for name in ("figures", "tables"))
    if not all(isinstance(some, list) and all(isinstance(line, dict) for line in some) for some in lines):
        raise refusal
    return found
