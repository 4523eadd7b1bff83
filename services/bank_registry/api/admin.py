"""The RegistryAdminService of the contract."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import grpc

from microcredit.bankregistry.v1 import exchange_pb2
from microcredit.bankregistry.v1 import registry_admin_service_pb2 as pb
from microcredit.bankregistry.v1 import registry_admin_service_pb2_grpc as pb_grpc
from services.bank_registry.api.redactions import Redactor
from services.bank_registry.api.transfers import Exporter, Importer
from services.bank_registry.api.views import fill
from services.bank_registry.store import AuditRow, RegistryStore, RowFinding, auditing, lost_guards
from services.kit import french, wire
from services.kit.canonical import Head, Verification, is_hash
from services.kit.dates import from_microseconds, instant_of, paris_text
from services.kit.errors import FieldReason, Violations
from services.kit.wire import PageStart, paging

MAX_ALTERED = 100
AHEAD_SECONDS = 5.0
"""How far in the future the last state may be: the clocks of two servers differ a little."""

_HASH = re.compile(r"[0-9a-f]{64}")


class Auditor:
    """Reads and verifies the audit of a store."""

    def __init__(self, store: RegistryStore) -> None:
        self._store = store
        self._page_key = store.page_key()

    def list(self, request: pb.ListAuditEntriesRequest) -> pb.ListAuditEntriesResponse:
        """Rows of the audit, oldest first; every page stops at the last row of the first one."""
        violations = Violations()
        page = paging.asked_page(self._page_key, request, violations)
        violations.raise_if_any()
        with self._store.read() as connection:
            last = page.place.state_number or self._store.audit.head(connection).sequence
            place = page.place.offset
            rows = auditing.entries(connection, request.resource, place, page.size + 1, last)
        response = pb.ListAuditEntriesResponse()
        count = fill(response.entries, map(_entry, rows[: page.size]))
        if count < len(rows):
            response.next_page_token = paging.seal(self._page_key, request, PageStart(last, place + count))
        return response

    def head(self) -> pb.GetAuditHeadResponse:
        """The last row of the audit."""
        with self._store.read() as connection:
            return pb.GetAuditHeadResponse(head=_head(self._store.audit.head(connection)))

    def verify(self, request: pb.VerifyAuditRequest) -> pb.VerifyAuditResponse:
        """Whether the chain is whole, every row what it says, and the guards of the database there."""
        expected = _expected(request)
        with self._store.read(any_text=True) as connection:
            found = self._store.audit.verify(connection, expected)
            clock = self._store.clock_audit.verify(connection).broken_sequence
            altered = [] if found.broken_sequence else auditing.altered(connection, self._store.texts)
            lost = lost_guards(connection)
        return pb.VerifyAuditResponse(
            whole=not (found.broken_sequence or clock or altered or lost),
            first_wrong_sequence=found.broken_sequence,
            altered_names=list(dict.fromkeys(one.name for one in altered))[:MAX_ALTERED],
            message=french.typeset(" ".join([*_sentences(found, clock, altered, lost), *self._ahead()])),
            head=_head(found.head),
            differences=map(_difference, altered[:MAX_ALTERED]),
            lost_guards=lost[:MAX_ALTERED],
            first_wrong_clock_sequence=clock,
        )

    def _ahead(self) -> Iterator[str]:
        """Whether a clock ahead has written the last state."""
        last = from_microseconds(self._store.registry().last_instant)
        if (last - datetime.now(UTC)).total_seconds() > AHEAD_SECONDS:
            yield (
                f"Le dernier état est daté de l’avenir ({paris_text(last)}) : une horloge était en avance. "
                "L’exploitant le répare (repair-clock)."
            )


def _expected(request: pb.VerifyAuditRequest) -> Head | None:
    if not request.HasField("expected_head"):
        return None
    given = request.expected_head
    violations = Violations()
    if given.sequence < 1:
        violations.add("expected_head.sequence", FieldReason.OUT_OF_RANGE, "Le numéro de ligne commence à 1.")
    if not _HASH.fullmatch(given.hash):
        text = "Une empreinte compte 64 chiffres hexadécimaux."
        violations.add("expected_head.hash", FieldReason.MALFORMED, text)
    violations.raise_if_any()
    return Head(given.sequence, given.hash)


def _sentences(
    found: Verification, clock: int, altered: Sequence[RowFinding], lost: Sequence[str]
) -> Iterator[str]:
    lines = french.plural(found.record_count, "ligne")
    if found.broken_sequence:
        yield f"Le journal est rompu : la ligne {found.broken_sequence} a été modifiée, retirée ou déplacée."
        yield "Le registre n’a pas été comparé."
    elif altered:
        names = list(dict.fromkeys(one.name for one in altered))
        many = french.plural(len(names), "fiche diffère", "fiches diffèrent")
        yield f"Le journal est entier, mais {many} de ce qu’il a enregistré : {french.join(names[:5])}."
    else:
        yield f"Le journal est entier ({lines}) et chaque ligne du registre, même passée, est conforme."
    if clock:
        yield f"Les confirmations de l’heure sont rompues à la ligne {clock}."
    if lost:
        yield (
            "La base a perdu des protections, ou en a que le service n’a pas posées : "
            f"{french.join(lost[:5])}. Des lignes ont pu être changées, puis remises."
        )


_KINDS = {
    auditing.Kind.ALTERED: "n’a plus la valeur qui a été écrite",
    auditing.Kind.MISSING: "a disparu de la base",
    auditing.Kind.UNKNOWN: "n’a pas été écrite par le service",
    auditing.Kind.NOT_COMPARED: "ne peut pas être comparé : le journal l’a écrit sous une forme antérieure",
    auditing.Kind.UNREADABLE: "ne se lit plus : sa clé a disparu, sans qu’aucun caviardage le dise",
}


def _difference(found: RowFinding) -> pb.AuditDifference:
    state = f", état n° {found.state_number}" if found.state_number else ""
    what = f"la colonne « {found.column} »" if found.column else f"une ligne de « {found.table} »"
    what = f" : {what}" if found.table else ""
    return pb.AuditDifference(
        name=found.name,
        state_number=found.state_number,
        table=found.table,
        field=found.column,
        kind=pb.AuditDifferenceKind.Value(f"AUDIT_DIFFERENCE_KIND_{found.kind}"),
        message=french.typeset(f"{found.name}{state}{what} {_KINDS[found.kind]}."),
    )


def _entry(row: AuditRow) -> pb.AuditEntry:
    return pb.AuditEntry(
        sequence=row.seq,
        record_time=wire.timestamp(instant_of(row.time)),
        actor=row.actor,
        method=row.method,
        resource=row.resource,
        before_json=row.before or "",
        after_json=row.after or "",
        previous_hash=row.prev_hash,
        hash=row.hash,
    )


def _head(head: Head) -> pb.AuditHead:
    return pb.AuditHead(sequence=head.sequence, hash=head.hash if is_hash(head.hash) else "")


class RegistryAdminServicer(pb_grpc.RegistryAdminServiceServicer):
    """Imports and exports files of lenders, proves what was written, redacts texts."""

    def __init__(self, importer: Importer, exporter: Exporter, auditor: Auditor, redactor: Redactor) -> None:
        self._auditor = auditor
        self._redactor = redactor
        self._importer = importer
        self._exporter = exporter

    def ImportBanks(
        self, request_iterator: Iterator[exchange_pb2.ImportBanksRequest], context: grpc.ServicerContext
    ) -> Iterator[exchange_pb2.ImportBanksResponse]:
        """A difference to read, or the write of the one that was read."""
        return self._importer.run(request_iterator)

    def ExportBanks(
        self, request: exchange_pb2.ExportBanksRequest, context: grpc.ServicerContext
    ) -> Iterator[exchange_pb2.ExportBanksResponse]:
        """A file of lenders."""
        return self._exporter.run(request)

    def ListAuditEntries(
        self, request: pb.ListAuditEntriesRequest, context: grpc.ServicerContext
    ) -> pb.ListAuditEntriesResponse:
        """Rows of the audit, oldest first."""
        return self._auditor.list(request)

    def GetAuditHead(
        self, request: pb.GetAuditHeadRequest, context: grpc.ServicerContext
    ) -> pb.GetAuditHeadResponse:
        """The last row of the audit."""
        return self._auditor.head()

    def VerifyAudit(
        self, request: pb.VerifyAuditRequest, context: grpc.ServicerContext
    ) -> pb.VerifyAuditResponse:
        """Whether the audit is whole, and the registry what it says."""
        return self._auditor.verify(request)

    def RedactTexts(
        self, request: pb.RedactTextsRequest, context: grpc.ServicerContext
    ) -> pb.RedactTextsResponse:
        """Texts that can no longer be read."""
        return self._redactor.redact(request)
