"""The options that commands share, and how their values are written."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from services.kit import tables
from services.kit.cli import Address
from services.kit.dates import ONE_DAY
from services.kit.tables import Bad

ADDRESS = Address("BANK_REGISTRY_SERVER", "127.0.0.1:50053")


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
            following = day + ONE_DAY
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
