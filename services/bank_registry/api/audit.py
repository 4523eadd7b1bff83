"""The handlers of the audit."""

from __future__ import annotations

import re

from microcredit.bankregistry.v1 import registry_admin_service_pb2 as pb
from services.bank_registry.api.handlers import fill
from services.bank_registry.store import AuditRow, RegistryStore, auditing
from services.kit import french, wire
from services.kit.canonical import Head, Verification, is_hash
from services.kit.dates import instant_of
from services.kit.errors import FieldReason, Violations
from services.kit.wire import PageStart, paging

MAX_ALTERED = 100

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
            last = page.place.state_number or auditing.head(connection).sequence
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
            return pb.GetAuditHeadResponse(head=_head(auditing.head(connection)))

    def verify(self, request: pb.VerifyAuditRequest) -> pb.VerifyAuditResponse:
        """Whether the chain is whole, and the registry what it says."""
        expected = _expected(request)
        with self._store.read() as connection:
            found = auditing.verify(connection, expected)
            altered = [] if found.broken_sequence else auditing.altered(connection)
        return pb.VerifyAuditResponse(
            whole=not (found.broken_sequence or altered),
            first_wrong_sequence=found.broken_sequence,
            altered_names=altered[:MAX_ALTERED],
            message=french.typeset(_message(found, altered)),
            head=_head(found.head),
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


def _message(found: Verification, altered: list[str]) -> str:
    if found.broken_sequence:
        rank = found.broken_sequence
        return f"Le journal est rompu : la ligne {rank} a été modifiée, retirée ou déplacée."
    if altered:
        many = french.plural(len(altered), "fiche diffère", "fiches diffèrent")
        return f"Le journal est entier, mais {many} de ce qu’il a enregistré : {french.join(altered[:5])}."
    lines = french.plural(found.record_count, "ligne")
    return f"Le journal est entier ({lines}) et le registre lui est conforme."


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
