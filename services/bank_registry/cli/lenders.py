"""Commands that read lenders: one (show), its history, those found (search), those to verify (stale)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any

import typer

from microcredit.bankregistry.v1 import bank_pb2 as bank_pb
from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from services.bank_registry.cli.client import (
    ADDRESS,
    PREFIX,
    BankId,
    Client,
    Known,
    On,
    bank_name,
    show_day,
    show_instant,
)
from services.bank_registry.registry import BANK, KINDS, SCOPES, BankKind, Kind, Scope
from services.kit import french, wire
from services.kit.cli import GOOD, REFUSED, Call, Output, add_commands, as_json, civil, to_date
from services.kit.dates import ONE_DAY, today

_STATES = {
    pb.BANK_STATE_NOT_STARTED: "pas encore au registre ce jour-là",
    pb.BANK_STATE_IN_FORCE: "au registre ce jour-là",
    pb.BANK_STATE_SUSPENDED: "suspendu ce jour-là",
    pb.BANK_STATE_ENDED: "sorti du registre ce jour-là",
}


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    add_commands(app, ADDRESS, show, history, search, stale)


def show(call: Call, bank: BankId, on: On = None, known: Known = None) -> int:
    """Montre un prêteur, ses accords et ses conventions, un jour donné, tels qu’on les connaissait."""
    out = call.out
    client, name = Client(call), bank_name(bank)
    seen: dict[str, Any] = {"on_date": to_date(on), "known_time": wire.timestamp(known)}
    answer = client.call(client.registry.GetBank, pb.GetBankRequest(name=name, **seen))
    seen["min_state_number"] = answer.state_number if known is None else 0
    agreements = [
        one
        for page in client.pages(
            client.registry.ListAgreements, pb.ListAgreementsRequest(parent=name, **seen)
        )
        for one in page.agreements
    ]
    conventions = [
        one
        for page in client.pages(
            client.registry.ListLocalConventions, pb.ListLocalConventionsRequest(parent=name, **seen)
        )
        for one in page.local_conventions
    ]
    out.document(
        {
            **as_json(answer),
            "agreements": [as_json(one) for one in agreements],
            "local_conventions": [as_json(one) for one in conventions],
        }
    )
    out.line(_title(answer), "bold")
    out.lines(f"  {label} : {text}" for label, text in _bank(answer.bank))
    _agreements(agreements, out)
    _conventions(conventions, out)
    return GOOD


def history(call: Call, bank: BankId) -> int:
    """Raconte tout ce qui est arrivé à un prêteur : qui, quand, pourquoi, et ce qui a changé."""
    client = Client(call)
    request = pb.ListBankEventsRequest(parent=bank_name(bank))
    events = [
        event for page in client.pages(client.registry.ListBankEvents, request) for event in page.events
    ]
    call.out.document({"events": [as_json(event) for event in events]})
    rows = (
        (
            str(event.state_number),
            show_instant(event.record_time),
            event.actor,
            "\n".join((*event.sentences, f"Motif{french.COLON}{event.reason}")),
        )
        for event in events
    )
    call.out.table(("état", "enregistré le", "par", "ce qui a changé"), rows)
    return GOOD


def search(
    call: Call,
    words: Annotated[
        str,
        typer.Argument(metavar="TEXTE", help="Des mots du nom, une référence, ou le début d’un identifiant."),
    ] = "",
    on: On = None,
    known: Known = None,
) -> int:
    """Cherche des prêteurs, sans égard aux accents ni aux majuscules."""
    request = pb.ListBanksRequest(query=words, on_date=to_date(on), known_time=wire.timestamp(known))
    banks, close = _list(call, request)
    if close:
        call.out.line(f"Rien ne répond à « {words} » ; les noms les plus proches sont ci-dessus.")
    else:
        call.out.line(f"{french.plural(len(banks), 'prêteur trouvé', 'prêteurs trouvés')}.")
    return GOOD


def stale(call: Call, on: On = None) -> int:
    """Liste les prêteurs dont un accord n’a pas été vérifié depuis douze mois ; code 1 s’il y en a."""
    day = on or today()
    banks, _ = _list(call, pb.ListBanksRequest(on_date=to_date(day), verification_due_only=True))
    if banks:
        call.out.line(f"{french.plural(len(banks), 'prêteur')} à vérifier sur pièce.")
    else:
        call.out.line("Tous les accords ont été vérifiés depuis moins de douze mois.")
    return REFUSED if banks else GOOD


def _list(call: Call, request: pb.ListBanksRequest) -> tuple[list[bank_pb.Bank], bool]:
    """The lenders, and whether they are only close to the query."""
    client = Client(call)
    pages = list(client.pages(client.registry.ListBanks, request))
    banks = [bank for page in pages for bank in page.banks]
    call.out.document({"banks": [as_json(bank) for bank in banks]})
    rows = (
        (bank.name.removeprefix(PREFIX), bank.display_name, _kind(bank.kind), bank.siren) for bank in banks
    )
    call.out.table(("identifiant", "nom", "type", "SIREN"), rows)
    return banks, pages[-1].approximate


def _title(answer: pb.GetBankResponse) -> str:
    state = _STATES.get(answer.state, "")
    name = f"{answer.bank.display_name} ({answer.bank.name.removeprefix(PREFIX)})"
    return ", ".join(filter(None, (name, state)))


def _bank(bank: bank_pb.Bank) -> Iterator[tuple[str, str]]:
    """What is known of the lender, without what is empty; its name and identifier are the title."""
    shown: dict[Kind, Callable[[Any], str]] = {
        Kind.LENDER_KIND: _kind,
        Kind.LENDER: lambda name: name.removeprefix(PREFIX),
    }
    told = (field for field in BANK if field.label and field.name != "display_name")
    lines = [
        *((field.column, shown.get(field.kind, str)(getattr(bank, field.name))) for field in told),
        ("au registre", _span(bank) if bank.HasField("start_date") or bank.HasField("end_date") else ""),
        ("suspendu", _suspended(bank.suspensions)),
    ]
    return ((label, text) for label, text in lines if text)


def _agreements(agreements: Iterable[bank_pb.Agreement], out: Output) -> None:
    rows = (
        (
            one.name.rpartition("/")[2],
            one.reference,
            _span(one),
            " ".join((_scope(one.scope), ", ".join(one.territory_codes))).strip(),
            _suspended(one.suspensions),
            (show_day(one.verified_on) if one.HasField("verified_on") else "jamais")
            + (" (à refaire)" if one.verification_due else ""),
        )
        for one in agreements
    )
    out.table(("accord", "référence", "jours", "territoire", "suspendu", "vérifié le"), rows, title="Accords")


def _conventions(conventions: Iterable[bank_pb.LocalConvention], out: Output) -> None:
    rows = (
        (
            one.name.rpartition("/")[2],
            _span(one),
            ", ".join((one.contact_name, *one.address_lines, f"{one.postal_code} {one.city}")),
            " ".join(filter(None, (one.email, one.phone))),
        )
        for one in conventions
    )
    out.table(("convention", "jours", "service", "contact"), rows, title="Conventions locales")


def _kind(kind: bank_pb.BankKind.ValueType) -> str:
    return KINDS[BankKind(bank_pb.BankKind.Name(kind).removeprefix("BANK_KIND_"))]


def _scope(scope: bank_pb.TerritoryScope.ValueType) -> str:
    return SCOPES[Scope(bank_pb.TerritoryScope.Name(scope).removeprefix("TERRITORY_SCOPE_"))]


def _span(one: Any) -> str:
    """The days of something, its last one included."""
    start = f"du {show_day(one.start_date)}" if one.HasField("start_date") else ""
    last = f"au {_last(one.end_date)}" if one.HasField("end_date") else "sans fin"
    return " ".join(filter(None, (start, last)))


def _suspended(suspensions: Iterable[bank_pb.Suspension]) -> str:
    return "\n".join(
        french.COLON.join(filter(None, (_span(one).replace("sans fin", "jusqu’à nouvel ordre"), one.reason)))
        for one in suspensions
    )


def _last(end: Any) -> str:
    """The last day before an end."""
    return french.short_date(civil(end) - ONE_DAY)
