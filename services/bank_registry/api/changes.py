"""The handlers of changes: what each state changed, and what happened to a lender."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date

import grpc

from microcredit.bankregistry.v1 import bank_registry_service_pb2 as pb
from services.bank_registry.api.views import Handlers, bank_not_found, fill, registry_at
from services.bank_registry.messages import names, requests
from services.bank_registry.messages import reads as edge
from services.bank_registry.registry import (
    BankRecord,
    Registry,
    StateChange,
    days_text,
    days_touched,
    narrate,
    past_days,
)
from services.kit.context import remaining, stopping
from services.kit.dates import from_microseconds, paris_day
from services.kit.errors import Violations
from services.kit.wire import PageStart, paging

WATCH_SECONDS = 0.2
"""How soon a watch sees a change, that its client left, that the server stops, or that its time runs out."""
REDACTION = "RedactTexts"
"""The method of a redaction."""
STEP = 100
"""States read at a time."""


class Changes(Handlers):
    """Tells what changed."""

    def ListBankEvents(
        self, request: pb.ListBankEventsRequest, context: grpc.ServicerContext
    ) -> pb.ListBankEventsResponse:
        """What happened to a lender, or to all of them, latest first."""
        violations = Violations()
        page = paging.asked_page(self._page_key, request, violations)
        bank_id = names.any_bank_id(request.parent, violations)
        requests.check_state_number(request.min_state_number, "min_state_number", violations)
        violations.raise_if_any()
        registry = registry_at(self._store, max(request.min_state_number, page.place.state_number))
        response = pb.ListBankEventsResponse(state_number=page.place.state_number or registry.state_number)
        found = self._events(bank_id, registry, response.state_number)
        events = (edge.event(*one, _sentences(registry, *one)) for one in page.of(found))
        end = page.place.offset + fill(response.events, events)
        if end < len(found):
            response.next_page_token = paging.seal(
                self._page_key, request, PageStart(response.state_number, end)
            )
        return response

    def _events(self, bank_id: str, registry: Registry, last: int) -> list[tuple[str, StateChange]]:
        """The lenders that each state changed, up to the last one, latest first."""
        if bank_id != names.ALL:
            if registry.history(bank_id) is None:
                raise bank_not_found(bank_id, registry.current)
            return [(bank_id, one) for one in self._store.changes_of(bank_id, last)]
        return [
            (changed, one)
            for one in reversed(self._changes(1, last))
            for changed in dict.fromkeys(name.split("/")[1] for name in one.names if "/" in name)
            if registry.history(changed) is not None
        ]

    def ListChanges(
        self, request: pb.ListChangesRequest, context: grpc.ServicerContext
    ) -> pb.ListChangesResponse:
        """The changes after a state, oldest first."""
        violations = Violations()
        page = paging.asked_page(self._page_key, request, violations)
        requests.check_state_number(request.after_state_number, "after_state_number", violations)
        requests.check_state_number(request.min_state_number, "min_state_number", violations)
        violations.raise_if_any()
        oldest = max(request.min_state_number, request.after_state_number, page.place.state_number)
        last = page.place.state_number or registry_at(self._store, oldest).state_number
        response = pb.ListChangesResponse(state_number=last)
        first = request.after_state_number + page.place.offset + 1
        found = self._changes(first, min(last, first + page.size - 1))
        end = page.place.offset + fill(response.changes, map(edge.change, found))
        if request.after_state_number + end < last:
            response.next_page_token = paging.seal(self._page_key, request, PageStart(last, end))
        return response

    def WatchChanges(
        self, request: pb.WatchChangesRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.WatchChangesResponse]:
        """The changes after a state, then each new one until the client leaves or the server stops."""
        violations = Violations()
        requests.check_state_number(request.after_state_number, "after_state_number", violations)
        violations.raise_if_any()
        after = request.after_state_number
        last = registry_at(self._store, after).state_number
        while context.is_active() and not stopping() and remaining() > WATCH_SECONDS:
            if last == after:
                time.sleep(WATCH_SECONDS)
            for one in self._changes(after + 1, min(last, after + STEP)):
                yield pb.WatchChangesResponse(change=edge.change(one))
                after = one.state_number
            last = max(last, self._store.registry().state_number)

    def _changes(self, first: int, last: int) -> list[StateChange]:
        return self._store.changes(first, last) if first <= last else []


def _sentences(registry: Registry, bank_id: str, change: StateChange) -> list[str]:
    history = registry.history(bank_id)
    if history is None:
        return []
    number, instant = change.state_number, change.recorded_at
    before = history.at(registry.instant_of(number - 1)) if number > 1 else None
    after = history.at(instant)
    redacted = ["Des textes de ses fiches sont caviardés."] if change.method == REDACTION else []
    day = paris_day(from_microseconds(instant))
    return [*narrate(before, after), *_corrections(before, after, day), *redacted]


def _corrections(before: BankRecord | None, after: BankRecord | None, day: date) -> Iterator[str]:
    """What the write changed of days that were already past."""
    past = past_days(days_touched(before, after), day) if before and after else []
    if past:
        yield f"Correction du passé : {days_text(past)}."
