"""The server as the commands call it, the options that they share, and how values are written."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as hour
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from microcredit.bankregistry.v1.bank_editing_service_pb2_grpc import BankEditingServiceStub
from microcredit.bankregistry.v1.bank_registry_service_pb2_grpc import BankRegistryServiceStub
from microcredit.bankregistry.v1.envelope_service_pb2_grpc import EnvelopeServiceStub
from microcredit.bankregistry.v1.registry_admin_service_pb2_grpc import RegistryAdminServiceStub
from services.kit import tables
from services.kit.cli import Address, Call, CommandError, civil, parse_day, said_day
from services.kit.dates import ONE_DAY, in_paris, paris_start, paris_text, today
from services.kit.french import short_date
from services.kit.tables import Bad

_CLOCK = re.compile(r"([0-9]{1,2})[:hH]([0-9]{2})?")
ADDRESS = Address("BANK_REGISTRY_SERVER", "127.0.0.1:50053")


def parse_instant(text: str) -> datetime | None:
    """An instant as people say it, in the time of Paris unless it says: 25/11/2026 14:30; of a date, its end.

    Of today it is None, the present: the server knows what time it is.
    """
    spoken, _, clock = text.strip().replace(" à ", " ").rpartition(" ")
    try:
        if day := said_day(text, today()):
            if day == today():
                return None
            return paris_start(day + ONE_DAY) - timedelta(microseconds=1)
        if (day := said_day(spoken, today())) and (time := _CLOCK.fullmatch(clock)):
            return in_paris(datetime.combine(day, hour(int(time[1]), int(time[2] or 0))))
        return in_paris(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        form = "25/11/2026 14:30, ou une date, comprise entière"
        raise typer.BadParameter(f"« {text} » n’est pas un instant ; écrivez {form}.") from None


def parse_amount(text: str) -> int:
    """An amount in euros, as cents."""
    cents = tables.money(text)
    if isinstance(cents, Bad):
        raise typer.BadParameter(f"« {text} » n’est pas un montant. {cents.message}")
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


Correct = Annotated[
    bool, typer.Option("--correct", help="Corrige le passé : accepte de changer des jours déjà passés.")
]
AgreementId = Annotated[
    str, typer.Option("--agreement", metavar="ACCORD", help="Cet accord seulement, et non tout le prêteur.")
]
ConventionId = Annotated[
    str, typer.Option("--convention", metavar="CONVENTION", help="Cette convention locale seulement.")
]


PREFIX = "banks/"
PAGE = 200
MAX_BYTES = 32 * 1024 * 1024


class Client:
    """The services of the registry, called as one actor."""

    def __init__(self, call: Call) -> None:
        self.registry = BankRegistryServiceStub(call.remote.channel)
        self.envelopes = EnvelopeServiceStub(call.remote.channel)
        self.editing = BankEditingServiceStub(call.remote.channel)
        self.admin = RegistryAdminServiceStub(call.remote.channel)
        self.call = call.remote.call
        self.stream = call.remote.stream

    def pages(self, method: Callable[..., Any], request: Any) -> Iterator[Any]:
        """Every page of a list."""
        request.page_size = PAGE
        while True:
            page = self.call(method, request)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token


def bank_name(bank_id: str) -> str:
    """The resource name of a lender, given its identifier or that very name."""
    return bank_id if bank_id.startswith(PREFIX) else f"{PREFIX}{bank_id}"


def resource_name(bank: str, agreement: str, convention: str) -> str:
    """The name of a lender, or of what it holds."""
    if agreement and convention:
        raise typer.BadParameter("donnez l’un ou l’autre.", param_hint="--agreement, --convention")
    name = bank_name(bank)
    if convention:
        return f"{name}/localConventions/{convention}"
    return f"{name}/agreements/{agreement}" if agreement else name


def file_bytes(file: Path) -> bytes:
    """What a file holds, if the registry may read as much."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError:
        raise CommandError(f"Le fichier {file} ne peut pas être lu.", reason="FILE_UNREADABLE") from None
    if len(data) > MAX_BYTES:
        size = MAX_BYTES // 1024 // 1024
        raise CommandError(f"Le fichier {file} dépasse {size} Mio.", reason="FILE_UNREADABLE")
    return data


def new_request_id() -> str:
    """A UUID that makes a retry harmless."""
    return str(uuid.uuid4())


def show_day(day: Date) -> str:
    """« 01/01/2027 »."""
    return short_date(civil(day))


def show_instant(value: Timestamp) -> str:
    """« 24/11/2026 15:04:09 (Paris) »."""
    return paris_text(value.ToDatetime(UTC), seconds=True)
