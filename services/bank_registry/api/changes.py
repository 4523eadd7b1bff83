"""The handlers of changes: what each revision changed, and what happened to a lender."""

from __future__ import annotations

import time
from collections.abc import Iterator

import grpc

from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from services.bank_registry.api.handlers import Handlers, fill
from services.bank_registry.api.views import bank_not_found, registry_at
from services.bank_registry.messages import changes as edge
from services.bank_registry.messages import names, requests
from services.bank_registry.registry import BankHistory, Registry, RevisionChange, narrate
from services.bank_registry.store import changes, revisions_of
from services.kit.context import remaining, stopping
from services.kit.errors import Violations
from services.kit.wire import Place, paging

WATCH_SECONDS = 0.2
"""How soon a watch sees a change, that its client left, that the server stops, or that its time runs out."""
STEP = 100
"""Revisions read at a time."""


class ChangeHandlers(Handlers):
    """Tells what changed."""

    def ListBankEvents(
        self, request: pb.ListBankEventsRequest, context: grpc.ServicerContext
    ) -> pb.ListBankEventsResponse:
        """What happened to a lender, latest first."""
        violations = Violations()
        page = paging.asked_page(self._page_key, request, violations)
        bank_id = names.bank_id(request.parent, violations, "parent")
        requests.check_revision(request.min_revision, "min_revision", violations)
        violations.raise_if_any()
        registry = registry_at(self._store, max(request.min_revision, page.place.revision))
        history = registry.history(bank_id)
        if history is None:
            raise bank_not_found(bank_id, registry.current)
        response = pb.ListBankEventsResponse(revision=page.place.revision or registry.revision)
        with self._store.read() as connection:
            found = revisions_of(connection, bank_id, response.revision)
        events = (edge.event(one, _sentences(history, registry, one.revision)) for one in page.of(found))
        end = page.place.offset + fill(response.events, events)
        if end < len(found):
            response.next_page_token = paging.seal(self._page_key, request, Place(response.revision, end))
        return response

    def ListChanges(
        self, request: pb.ListChangesRequest, context: grpc.ServicerContext
    ) -> pb.ListChangesResponse:
        """The changes after a revision, oldest first."""
        violations = Violations()
        page = paging.asked_page(self._page_key, request, violations)
        requests.check_revision(request.after_revision, "after_revision", violations)
        requests.check_revision(request.min_revision, "min_revision", violations)
        violations.raise_if_any()
        oldest = max(request.min_revision, request.after_revision, page.place.revision)
        last = page.place.revision or registry_at(self._store, oldest).revision
        response = pb.ListChangesResponse(revision=last)
        first = request.after_revision + page.place.offset + 1
        found = self._changes(first, min(last, first + page.size - 1))
        end = page.place.offset + fill(response.changes, map(edge.change, found))
        if request.after_revision + end < last:
            response.next_page_token = paging.seal(self._page_key, request, Place(last, end))
        return response

    def WatchChanges(
        self, request: pb.WatchChangesRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.WatchChangesResponse]:
        """The changes after a revision, then each new one until the client leaves or the server stops."""
        violations = Violations()
        requests.check_revision(request.after_revision, "after_revision", violations)
        violations.raise_if_any()
        after = request.after_revision
        last = registry_at(self._store, after).revision
        while context.is_active() and not stopping() and remaining() > WATCH_SECONDS:
            if last == after:
                time.sleep(WATCH_SECONDS)
            for one in self._changes(after + 1, min(last, after + STEP)):
                yield pb.WatchChangesResponse(change=edge.change(one))
                after = one.revision
            last = max(last, self._store.registry().revision)

    def _changes(self, first: int, last: int) -> list[RevisionChange]:
        if first > last:
            return []
        with self._store.read() as connection:
            return changes(connection, first, last)


def _sentences(history: BankHistory, registry: Registry, revision: int) -> list[str]:
    before = history.at(registry.instant_of(revision - 1)) if revision > 1 else None
    return narrate(before, history.at(registry.instant_of(revision)))
