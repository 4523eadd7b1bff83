"""Commands that change a lender or what it holds: suspend, prolong, reinstate, end, extend, merge, undo."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from microcredit.bankregistry.v1 import bank_editing_service_pb2 as pb
from services.bank_registry.cli.client import (
    ADDRESS,
    PREFIX,
    AgreementId,
    BankId,
    Client,
    ConventionId,
    Correct,
    Reason,
    bank_name,
    new_request_id,
    resource_name,
)
from services.bank_registry.cli.differences import asked_again, show_answers
from services.bank_registry.cli.questions import Questions, read_questions
from services.kit import french
from services.kit.cli import GOOD, Call, DryRun, add_commands, as_json, parse_day, to_date
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


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    add_commands(app, ADDRESS, suspend, prolong, reinstate, end, extend, merge, undo)


def suspend(
    call: Call,
    bank: BankId,
    from_: From,
    reason: Reason,
    until: Until = None,
    agreement: AgreementId = "",
    convention: ConventionId = "",
    correct: Correct = False,
    questions: Questions = None,
    dry_run: DryRun = False,
) -> int:
    """Suspend un prêteur, ou un de ses accords, à partir d’un jour."""
    until_text = f"jusqu’au {french.long_date(until)}" if until else "jusqu’à nouvel ordre"
    done = f"suspendu à partir du {french.long_date(from_)}, {until_text}"
    request = _request(resource_name(bank, agreement, convention), reason, correct, questions, dry_run, from_)
    request["end_date"] = to_date(until + ONE_DAY) if until else None
    return _write(call, "Suspend", request, done)


def reinstate(
    call: Call,
    bank: BankId,
    from_: From,
    reason: Reason,
    agreement: AgreementId = "",
    convention: ConventionId = "",
    correct: Correct = False,
    questions: Questions = None,
    dry_run: DryRun = False,
) -> int:
    """Lève la suspension d’un prêteur, ou d’un de ses accords, à partir d’un jour."""
    done = f"rétabli à partir du {french.long_date(from_)}"
    return _write(
        call,
        "Reinstate",
        _request(resource_name(bank, agreement, convention), reason, correct, questions, dry_run, from_),
        done,
    )


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
    convention: ConventionId = "",
    correct: Correct = False,
    questions: Questions = None,
    dry_run: DryRun = False,
) -> int:
    """Met fin à un prêteur, ou à un de ses accords : à partir de ce jour, il ne prend plus rien."""
    since = last + ONE_DAY if last else from_
    if since is None or (from_ and last):
        raise typer.BadParameter(
            "donnez --last, son dernier jour, ou --from, le premier jour sans lui.", param_hint="--last"
        )
    if successor and (agreement or convention):
        raise typer.BadParameter("un prêteur seul a un repreneur.", param_hint="--successor")
    done = f"terminé : son dernier jour est le {french.long_date(since - ONE_DAY)}"
    request = _request(resource_name(bank, agreement, convention), reason, correct, questions, dry_run, since)
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
    correct: Correct = False,
    questions: Questions = None,
    dry_run: DryRun = False,
) -> int:
    """Prolonge un accord : son dernier jour devient un autre, ses conditions restent."""
    request = _request(resource_name(bank, agreement, ""), reason, correct, questions, dry_run)
    client = Client(call)
    asked = pb.ExtendAgreementRequest(**request, end_date=to_date(last + ONE_DAY))
    answer = client.call(client.editing.ExtendAgreement, asked)
    done = f"prolongé : son dernier jour est le {french.long_date(last)}"
    return tell(call, request["name"], done, answer, dry_run=dry_run)


def merge(
    call: Call,
    bank: BankId,
    into: Annotated[str, typer.Option("--into", metavar="PRÊTEUR", help="Le prêteur qui le reprend.")],
    from_: Annotated[
        date, typer.Option("--from", metavar="DATE", parser=parse_day, help="Le premier jour de la reprise.")
    ],
    reason: Reason,
    correct: Correct = False,
    questions: Questions = None,
    dry_run: DryRun = False,
) -> int:
    """Fusionne un prêteur dans un autre : accords, conventions et réservations s’y poursuivent."""
    request = _request(bank_name(bank), reason, correct, questions, dry_run, from_)
    client = Client(call)
    asked = pb.MergeBankRequest(**request, successor=bank_name(into))
    answer = client.call(client.editing.MergeBank, asked)
    done = f"repris par {into.removeprefix(PREFIX)} à partir du {french.long_date(from_)}"
    return tell(call, request["name"], done, answer, dry_run=dry_run)


def prolong(
    call: Call,
    bank: BankId,
    from_: Annotated[
        date, typer.Option("--from", metavar="DATE", parser=parse_day, help="Un jour de la suspension.")
    ],
    reason: Reason,
    until: Until = None,
    agreement: AgreementId = "",
    convention: ConventionId = "",
    correct: Correct = False,
    questions: Questions = None,
    dry_run: DryRun = False,
) -> int:
    """Prolonge, ou raccourcit, la suspension d’un prêteur ou d’un de ses accords."""
    request = _request(resource_name(bank, agreement, convention), reason, correct, questions, dry_run, from_)
    request["end_date"] = to_date(until + ONE_DAY) if until else None
    client = Client(call)
    answer = client.call(client.editing.ProlongSuspension, pb.ProlongSuspensionRequest(**request))
    return tell(call, request["name"], "", answer, dry_run=dry_run)


def undo(
    call: Call,
    bank: BankId,
    state: Annotated[
        int, typer.Option("--state", metavar="ÉTAT", min=1, help="Le numéro de l’état, dans l’historique.")
    ],
    reason: Reason,
    agreement: AgreementId = "",
    convention: ConventionId = "",
    correct: Correct = False,
    questions: Questions = None,
    dry_run: DryRun = False,
) -> int:
    """Défait ce qu’un état a changé d’un prêteur, ou d’un de ses accords : l’historique garde les deux."""
    request = _request(resource_name(bank, agreement, convention), reason, correct, questions, dry_run)
    client = Client(call)
    asked = pb.UndoChangeRequest(**request, undone_state_number=state)
    answer = client.call(client.editing.UndoChange, asked)
    return tell(
        call, request["name"], f"ce que l’état n° {state} avait changé est défait", answer, dry_run=dry_run
    )


def _request(
    name: str, reason: str, correct: bool, questions: Path | None, dry_run: bool, since: date | None = None
) -> dict[str, Any]:
    """What every request has."""
    day = {} if since is None else {"effective_date": to_date(since)}
    return {"name": name, **day, **writing(reason, correct, questions, dry_run)}


def writing(reason: str, correct: bool, questions: Path | None, dry_run: bool) -> dict[str, Any]:
    """What every write says of itself."""
    said = {"reason": reason, "correct_past": correct, "validate_only": dry_run}
    asked = {"questions": read_questions(questions)} if questions else {}
    return {**said, **asked, "request_id": "" if dry_run else new_request_id()}


_KINDS = {"/agreements/": "Agreement", "/localConventions/": "LocalConvention"}


def kind_of(name: str) -> str:
    """The kind of a resource, as the methods name it."""
    return next((kind for part, kind in _KINDS.items() if part in name), "Bank")


def _write(call: Call, verb: str, request: dict[str, Any], done: str) -> int:
    """Calls the method for the kind of the resource, and says what was done."""
    client = Client(call)
    method = f"{verb}{kind_of(request['name'])}"
    answer = client.call(getattr(client.editing, method), getattr(pb, f"{method}Request")(**request))
    return tell(call, request["name"], done, answer, dry_run=request["validate_only"])


def tell(call: Call, name: str, done: str, answer: Any, *, dry_run: bool) -> int:
    """Says what was done, or would be: sentences, days, answers that change."""
    out, effect = call.out, answer.effect
    out.document(as_json(answer))
    if done:
        out.line(f"{_shown(name)} : {done}.")
    out.lines(effect.sentences)
    past = " ; le passé est corrigé" if effect.corrects_past else ""
    out.line(f"Jours touchés : {effect.days}{past}." if effect.days else "Aucun jour ne change.")
    show_answers(effect.answers, out)
    if effect.reservation_count or effect.question_count:
        out.line(asked_again(effect, len(effect.answers)))
    if effect.corrects_past and not effect.question_count:
        out.line(
            "Les contrôles déjà faits ne sont pas connus du registre : prévenez qui les a demandés, ou "
            "donnez-les par --questions pour les refaire avant et après."
        )
    out.lines(f"À savoir : {warning.message}" for warning in getattr(answer, "warnings", ()))
    if dry_run and effect.corrects_past:
        out.line("Essai : rien n’est écrit. Pour corriger le passé, ajoutez --correct.")
    else:
        out.line("Essai : rien n’est écrit." if dry_run else f"État n° {answer.state_number}.")
    return GOOD


def _shown(name: str) -> str:
    """`banque, accord fcs`."""
    bank, _, rest = name.removeprefix(PREFIX).partition("/")
    word, _, own_id = rest.partition("/")
    return f"{bank}, {'accord' if word == 'agreements' else 'convention'} {own_id}" if own_id else bank
