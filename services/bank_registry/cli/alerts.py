"""The command that a scheduler runs each day: what is to be done soon, told once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer
from google.type.money_pb2 import Money

from microcredit.bankregistry.v1 import bank_pb2
from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from services.bank_registry.cli.client import ADDRESS, PREFIX, Client, On
from services.bank_registry.cli.files import write_whole
from services.kit import french
from services.kit.cli import GOOD, Call, CommandError, add_commands, civil, to_date
from services.kit.dates import ONE_DAY, today

DAYS_BEFORE_END = 90
USED_PERCENT = 80

Told = Annotated[
    Path,
    typer.Argument(
        metavar="FICHIER", help="Où la commande retient ce qu’elle a déjà dit (créé s’il n’existe pas)."
    ),
]


@dataclass(frozen=True)
class Alert:
    """Something to do about an agreement; `key` is what makes it another one."""

    agreement: str
    kind: str
    key: str
    sentence: str

    @property
    def identity(self) -> str:
        """What is kept once it was told."""
        return f"{self.agreement} {self.kind} {self.key}"


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    add_commands(app, ADDRESS, alerts)


def alerts(call: Call, file: Told, on: On = None) -> int:
    """Dit une seule fois chaque accord près de sa fin, à vérifier, ou dont l’enveloppe s’épuise."""
    told = _told(file)
    new = [alert for alert in _alerts(Client(call), on or today()) if alert.identity not in told]
    call.out.document(
        {
            "alerts": [
                {"agreement": one.agreement, "kind": one.kind, "message": french.spaced(one.sentence)}
                for one in new
            ]
        }
    )
    call.out.lines(alert.sentence for alert in new)
    # Written last: an alert is told twice rather than lost.
    kept = sorted(told | {alert.identity for alert in new})
    write_whole(file, f"{json.dumps(kept, ensure_ascii=False, indent=0)}\n".encode())
    return GOOD


def _told(file: Path) -> set[str]:
    """What was told already; nothing if the file is not there yet."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return set()
    except (OSError, ValueError):
        found = None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        text = f"« {file} » n’est pas le fichier que cette commande écrit ; donnez-en un autre."
        raise CommandError(text, reason="FILE_UNREADABLE")
    return set(found)


def _alerts(client: Client, day: date) -> Iterator[Alert]:
    banks = {
        bank.name: bank
        for page in client.pages(client.registry.ListBanks, pb.ListBanksRequest(on_date=to_date(day)))
        for bank in page.banks
    }
    asked = pb.ListAgreementsRequest(parent=f"{PREFIX}-", on_date=to_date(day))
    for page in client.pages(client.registry.ListAgreements, asked):
        for agreement in page.agreements:
            bank = banks.get("/".join(agreement.name.split("/")[:2]))
            if bank is not None:
                yield from _of(agreement, bank, day)


def _of(agreement: bank_pb2.Agreement, bank: bank_pb2.Bank, day: date) -> Iterator[Alert]:
    """What is to be done about an agreement that runs on a day."""
    ends = [civil(one.end_date) for one in (agreement, bank) if one.HasField("end_date")]
    end = min(ends, default=date.max)
    if end <= day or (agreement.HasField("start_date") and civil(agreement.start_date) > day):
        return
    name = f"Accord {agreement.reference} de {bank.display_name}"
    if end - day <= timedelta(days=DAYS_BEFORE_END):
        last = end - ONE_DAY
        text = f"{name} : dernier jour le {french.long_date(last)}."
        yield Alert(agreement.name, "ENDING", last.isoformat(), text)
    if agreement.verification_due:
        since = civil(agreement.verified_on) if agreement.HasField("verified_on") else None
        last_time = f"dernière fois le {french.long_date(since)}" if since else "jamais fait jusqu’ici"
        text = f"{name} : à vérifier sur pièce, {last_time}."
        yield Alert(agreement.name, "VERIFICATION_DUE", since.isoformat() if since else "", text)
    if agreement.HasField("envelope"):
        yield from _envelope(agreement, name)


def _envelope(agreement: bank_pb2.Agreement, name: str) -> Iterator[Alert]:
    envelope, remaining = map(_cents, (agreement.envelope, agreement.remaining))
    if (envelope - remaining) * 100 < USED_PERCENT * envelope:
        return
    text = f"{name} : enveloppe prise à {USED_PERCENT} % ou plus, il reste {french.euros(remaining)}."
    yield Alert(agreement.name, "ENVELOPE_LOW", str(envelope), text)


def _cents(money: Money) -> int:
    return money.units * 100 + money.nanos // 10_000_000
