"""Commands that list: communes by name, changes, reservations of an agreement, the head of the audit."""

from __future__ import annotations

from typing import Annotated

import typer

from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from microcredit.bankregistry.v1 import envelope_service_pb2 as envelope_pb
from microcredit.bankregistry.v1 import registry_admin_service_pb2 as admin_pb
from services.bank_registry.cli.client import ADDRESS, BankId, Client, bank_name, show_day, show_instant
from services.kit import french
from services.kit.cli import GOOD, Call, add_commands, as_json

_STATES = {
    envelope_pb.RESERVATION_STATE_HELD: "posée",
    envelope_pb.RESERVATION_STATE_COMMITTED: "engagée",
    envelope_pb.RESERVATION_STATE_RELEASED: "libérée",
    envelope_pb.RESERVATION_STATE_EXPIRED: "expirée",
}


def register(app: typer.Typer) -> None:
    """Adds the commands to the application."""
    add_commands(app, ADDRESS, communes, changes, reservations, head)


def communes(
    call: Call,
    name: Annotated[str, typer.Argument(metavar="NOM", help="Un nom, ses premières lettres, ou un code.")],
) -> int:
    """Cherche une commune par son nom, et donne son code INSEE."""
    client = Client(call)
    answer = client.call(client.registry.SearchCommunes, pb.SearchCommunesRequest(query=name))
    call.out.document(as_json(answer))
    rows = [
        (one.insee_code, one.display_name, one.departement_name, one.epci_name) for one in answer.communes
    ]
    call.out.table(("code INSEE", "commune", "département", "intercommunalité"), rows)
    if answer.approximate:
        call.out.line(f"Rien ne répond à « {name} » ; les noms les plus proches sont ci-dessus.")
    else:
        call.out.line(f"{french.plural(len(rows), 'commune trouvée', 'communes trouvées')}.")
    return GOOD


def changes(
    call: Call,
    after: Annotated[
        int, typer.Option("--after", metavar="ÉTAT", min=0, help="Depuis cet état, lui-même exclu.")
    ] = 0,
) -> int:
    """Liste ce que chaque écriture a changé : qui, quand, pourquoi, quelles fiches."""
    client = Client(call)
    pages = client.pages(client.registry.ListChanges, pb.ListChangesRequest(after_state_number=after))
    found = [change for page in pages for change in page.changes]
    call.out.document({"changes": [as_json(one) for one in found]})
    rows = [
        (
            str(one.state_number),
            show_instant(one.record_time),
            one.actor,
            "\n".join((*one.names, f"Motif{french.COLON}{one.reason}")),
        )
        for one in found
    ]
    call.out.table(("état", "enregistré le", "par", "fiches"), rows)
    return GOOD


def reservations(
    call: Call,
    bank: BankId,
    agreement: Annotated[str, typer.Option("--agreement", metavar="ACCORD", help="L’accord.")],
) -> int:
    """Liste les réservations de l’enveloppe d’un accord."""
    client = Client(call)
    asked = envelope_pb.ListReservationsRequest(parent=f"{bank_name(bank)}/agreements/{agreement}")
    pages = client.pages(client.envelopes.ListReservations, asked)
    found = [one for page in pages for one in page.reservations]
    call.out.document({"reservations": [as_json(one) for one in found]})
    rows = [
        (
            one.name.rpartition("/")[2],
            french.euros(one.amount.units * 100 + one.amount.nanos // 10_000_000),
            _STATES.get(one.state, "?"),
            show_day(one.on_date),
            one.case_reference,
        )
        for one in found
    ]
    call.out.table(("n°", "montant", "état", "pour le", "dossier"), rows)
    return GOOD


def head(call: Call) -> int:
    """Donne la fin du journal d’audit, à garder ailleurs chaque jour : verify --head la compare."""
    client = Client(call)
    answer = client.call(client.admin.GetAuditHead, admin_pb.GetAuditHeadRequest())
    call.out.document(as_json(answer))
    call.out.line(f"{answer.head.sequence}:{answer.head.hash}")
    return GOOD
