"""Commands that hold lenders against an application (check, select) and the audit against itself (verify)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import typer
from google.type.decimal_pb2 import Decimal as DecimalMessage

from microcredit.bankregistry.v1 import bank_pb2 as bank_pb
from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from microcredit.bankregistry.v1 import registry_admin_service_pb2 as admin_pb
from services.bank_registry.cli.client import (
    ADDRESS,
    BankId,
    Client,
    Known,
    On,
    bank_name,
    parse_amount,
    parse_percent,
)
from services.kit import french, wire
from services.kit.cli import GOOD, REFUSED, USAGE, Call, CommandError, Output, add_commands, as_json, to_date
from services.kit.dates import today

_HEAD = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")


Commune = Annotated[
    str, typer.Option("--commune", metavar="CODE", help="Le code INSEE de la commune de résidence.")
]
Amount = Annotated[
    int, typer.Option("--amount", metavar="EUROS", parser=parse_amount, help="Le montant demandé.")
]
Months = Annotated[int, typer.Option("--months", metavar="MOIS", help="Le nombre de mensualités.", min=1)]
Rate = Annotated[
    Decimal | None,
    typer.Option("--rate", metavar="TAUX", parser=parse_percent, help="Le taux nominal, en pour cent."),
]
Category = Annotated[
    str, typer.Option("--object", metavar="CODE", help="L’objet du prêt, par exemple MOBILITE.")
]


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    add_commands(app, ADDRESS, check, select, verify)


def check(
    call: Call,
    bank: BankId,
    commune: Commune,
    amount: Amount,
    months: Months,
    rate: Rate = None,
    category: Category = "",
    on: On = None,
    known: Known = None,
) -> int:
    """Dit si un prêteur peut prendre une demande, et sinon toutes les raisons (code 1)."""
    client, asked = Client(call), _asked(commune, amount, months, rate, category, on, known)
    answer = client.call(client.registry.CheckBank, pb.CheckBankRequest(name=bank_name(bank), **asked))
    call.out.document(as_json(answer))
    _table([answer.check], call.out)
    call.out.lines(f"À savoir : {warning.message}" for warning in answer.check.warnings)
    call.out.line(f"Géographie : composition de {answer.geography_year}.")
    return GOOD if answer.check.selectable else REFUSED


def select(
    call: Call,
    commune: Commune,
    amount: Amount,
    months: Months,
    rate: Rate = None,
    category: Category = "",
    on: On = None,
    known: Known = None,
) -> int:
    """Liste les prêteurs, le meilleur d’abord, et pourquoi les autres ne peuvent pas prendre la demande."""
    client, asked = Client(call), _asked(commune, amount, months, rate, category, on, known)
    pages = list(client.pages(client.registry.ListSelectableBanks, pb.ListSelectableBanksRequest(**asked)))
    checks = [found for page in pages for found in page.checks]
    state_number = pages[-1].state_number
    call.out.document({"checks": [as_json(found) for found in checks], "state_number": state_number})
    _table(checks, call.out)
    count = french.plural(pages[-1].selectable_count, "prêteur peut", "prêteurs peuvent")
    call.out.line(f"{count} prendre la demande (état n° {state_number}).")
    return GOOD


def verify(
    call: Call,
    head: Annotated[
        str,
        typer.Option(
            "--head", metavar="FIN", help="Une fin de journal gardée ailleurs, « numéro:empreinte »."
        ),
    ] = "",
) -> int:
    """Vérifie le journal d’audit, et chaque ligne du registre, même passée, contre lui ; code 1 sinon."""
    expected = _HEAD.fullmatch(head)
    if head and expected is None:
        raise CommandError(
            "--head : écrivez « numéro:empreinte », comme l’a donné une vérification.",
            exit_code=USAGE,
            reason="USAGE",
        )
    client, out = Client(call), call.out
    request = admin_pb.VerifyAuditRequest()
    if expected:
        request.expected_head.sequence, request.expected_head.hash = int(expected[1]), expected[2]
    answer = client.call(client.admin.VerifyAudit, request)
    out.document(as_json(answer))
    out.line(answer.message, "" if answer.whole else "bold red")
    out.lines(f"  {one.message}" for one in answer.differences)
    out.lines(f"  Protection perdue, changée ou inconnue : {name}" for name in answer.lost_guards)
    out.line(f"Fin du journal, à garder ailleurs : {answer.head.sequence}:{answer.head.hash}")
    return GOOD if answer.whole else REFUSED


def _asked(
    commune: str,
    amount: int,
    months: int,
    rate: Decimal | None,
    category: str,
    on: date | None,
    known: datetime | None,
) -> dict[str, Any]:
    """What a lender is asked to take, today unless told otherwise, and as known when."""
    loan = pb.LoanRequest(
        on_date=to_date(on or today()),
        commune_insee=commune,
        amount=wire.money(amount),
        months=months,
        nominal_rate_pct=None if rate is None else DecimalMessage(value=f"{rate:f}"),
        object_category=category,
    )
    return {"loan_request": loan, "known_time": wire.timestamp(known)}


def _table(checks: Iterable[bank_pb.BankCheck], out: Output) -> None:
    rows = (
        (
            found.bank.name.removeprefix("banks/"),
            "oui" if found.selectable else "non",
            "\n".join(reason.message for reason in found.reasons) or _terms(found),
        )
        for found in checks
    )
    out.table(("prêteur", "possible", "pourquoi"), rows)


def _terms(found: bank_pb.BankCheck) -> str:
    """The agreements that can take the application."""
    usable = [check.agreement.reference for check in found.agreement_checks if not check.reasons]
    return french.join([f"accord {reference}" for reference in usable])
