"""The options that commands share, and how their values are written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from services.kit import tables
from services.kit.tables import Bad

DEFAULT_SERVER = "127.0.0.1:50053"
MAX_ACTOR = 100


@dataclass(frozen=True)
class Target:
    """The server that is called, and who calls it."""

    server: str
    actor: str


def parse_day(text: str) -> date:
    """A date written 31/12/2026 or 2026-12-31."""
    day = tables.day(text)
    if isinstance(day, Bad):
        raise typer.BadParameter(f"« {text} » n’est pas une date ; écrivez 31/12/2026 ou 2026-12-31.")
    return day


def parse_instant(text: str) -> datetime:
    """An instant written 2026-11-25T14:30, in the time of this machine unless it says; of a date, its end."""
    day = tables.day(text)
    try:
        if not isinstance(day, Bad):
            following = day + timedelta(days=1)
            found = datetime.combine(following, time()).astimezone() - timedelta(microseconds=1)
        else:
            found = datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError):
        form = "2026-11-25T14:30, ou une date, comprise entière"
        raise typer.BadParameter(f"« {text} » n’est pas un instant ; écrivez {form}.") from None
    return min(found, datetime.now(UTC)) if not isinstance(day, Bad) else found


def parse_amount(text: str) -> int:
    """An amount in euros, as cents."""
    cents = tables.money(text)
    if isinstance(cents, Bad):
        raise typer.BadParameter(f"« {text} » n’est pas un montant ; écrivez 1500 ou 1500,50.")
    return cents


def parse_percent(text: str) -> Decimal:
    """A rate in percent."""
    rate = tables.percent(text)
    if isinstance(rate, Bad):
        raise typer.BadParameter(f"« {text} » n’est pas un taux ; écrivez 1,5.")
    return rate


def target(server: str | None, actor: str | None) -> Target:
    """The server and the actor of the options, else of the environment; an account whose name cannot travel
    in a header names nobody."""
    address = server or os.environ.get("BANK_REGISTRY_SERVER") or DEFAULT_SERVER
    if actor is not None and not _travels(actor):
        raise typer.BadParameter(
            f"le nom compte {MAX_ACTOR} caractères au plus, sans accent.", param_hint="--actor"
        )
    account = actor if actor is not None else os.environ.get("USER", "")
    return Target(address, account if _travels(account) else "")


def _travels(name: str) -> bool:
    return len(name) <= MAX_ACTOR and name.isascii() and (not name or name.isprintable())


Json = Annotated[bool, typer.Option("--json", help="Écrit un seul document JSON sur la sortie.")]
Server = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="ADRESSE",
        help=f"Le serveur ; sinon BANK_REGISTRY_SERVER, sinon {DEFAULT_SERVER}.",
    ),
]
Actor = Annotated[
    str | None, typer.Option("--actor", metavar="NOM", help="Qui agit ; sinon le compte (USER).")
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXTE", help="Pourquoi, pour le journal d’audit.")]
BankId = Annotated[str, typer.Argument(metavar="PRÊTEUR", help="L’identifiant du prêteur.")]
File = Annotated[Path, typer.Argument(metavar="FICHIER", help="Le fichier des prêteurs.")]
On = Annotated[
    date | None,
    typer.Option("--on", metavar="DATE", parser=parse_day, help="Ce qui est vrai ce jour-là."),
]
Known = Annotated[
    datetime | None,
    typer.Option(
        "--known", metavar="INSTANT", parser=parse_instant, help="Tel qu’on le savait à cet instant."
    ),
]
