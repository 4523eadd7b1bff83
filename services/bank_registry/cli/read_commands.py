"""The commands that read: show, history, search, stale, check, select, verify."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

import typer

from services.bank_registry.cli.options import (
    Actor,
    BankId,
    Json,
    Known,
    On,
    Server,
    parse_amount,
    parse_percent,
    target,
)
from services.kit.cli import FrenchCommand, Output

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
    for command in (show, history, search, stale, check, select, verify):
        app.command(cls=FrenchCommand)(command)


def show(
    bank: BankId,
    on: On = None,
    known: Known = None,
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Montre un prêteur, ses accords et ses conventions, un jour donné, tels qu’on les connaissait."""
    from services.bank_registry.cli import showing

    return showing.show(bank, on, known, target(server, actor), Output(json))


def history(bank: BankId, server: Server = None, actor: Actor = None, json: Json = False) -> int:
    """Raconte tout ce qui est arrivé à un prêteur : qui, quand, pourquoi, et ce qui a changé."""
    from services.bank_registry.cli import showing

    return showing.history(bank, target(server, actor), Output(json))


def search(
    words: Annotated[
        str,
        typer.Argument(metavar="TEXTE", help="Des mots du nom, une référence, ou le début d’un identifiant."),
    ] = "",
    on: On = None,
    known: Known = None,
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Cherche des prêteurs, sans égard aux accents ni aux majuscules."""
    from services.bank_registry.cli import showing

    return showing.search(words, on, known, target(server, actor), Output(json))


def stale(on: On = None, server: Server = None, actor: Actor = None, json: Json = False) -> int:
    """Liste les prêteurs dont un accord n’a pas été vérifié depuis douze mois ; code 1 s’il y en a."""
    from services.bank_registry.cli import showing

    return showing.stale(on or date.today(), target(server, actor), Output(json))  # noqa: DTZ011 - the keeper's day


def check(
    bank: BankId,
    commune: Commune,
    amount: Amount,
    months: Months,
    rate: Rate = None,
    category: Category = "",
    on: On = None,
    known: Known = None,
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Dit si un prêteur peut prendre une demande, et sinon toutes les raisons (code 1)."""
    from services.bank_registry.cli import checks

    asked = checks.AskedLoan(commune, amount, months, rate, category, on, known)
    return checks.check(bank, asked, target(server, actor), Output(json))


def select(
    commune: Commune,
    amount: Amount,
    months: Months,
    rate: Rate = None,
    category: Category = "",
    on: On = None,
    known: Known = None,
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Liste les prêteurs, le meilleur d’abord, et pourquoi les autres ne peuvent pas prendre la demande."""
    from services.bank_registry.cli import checks

    asked = checks.AskedLoan(commune, amount, months, rate, category, on, known)
    return checks.select(asked, target(server, actor), Output(json))


def verify(
    head: Annotated[
        str,
        typer.Option(
            "--head", metavar="FIN", help="Une fin de journal gardée ailleurs, « numéro:empreinte »."
        ),
    ] = "",
    server: Server = None,
    actor: Actor = None,
    json: Json = False,
) -> int:
    """Vérifie le journal d’audit, ligne à ligne, et que le registre est bien ce qu’il dit ; code 1 sinon."""
    from services.bank_registry.cli import checks

    return checks.verify(head, target(server, actor), Output(json))
