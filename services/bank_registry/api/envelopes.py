"""The EnvelopeService of the contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

from microcredit.bankregistry.v1 import envelope_service_pb2 as pb
from microcredit.bankregistry.v1.envelope_service_pb2_grpc import EnvelopeServiceServicer
from services.bank_registry.api.reads import agreement_versions
from services.bank_registry.api.views import Handlers, fill, registry_at, resource_not_found, view
from services.bank_registry.api.writing import record_of, write
from services.bank_registry.messages import Writing, edits, names, requests
from services.bank_registry.messages import records as messages
from services.bank_registry.registry import BankRecord, Records, Reservation, ReservationState, envelopes
from services.bank_registry.store import Edit, Origin, ReservationChange
from services.kit import french
from services.kit.access import may_change_case, may_list_case, may_read_case
from services.kit.errors import FieldReason, NotFound, Violations
from services.kit.wire import PageStart, paging

R = TypeVar("R", bound=Message)

Become = Callable[[Reservation, int], Reservation]


class EnvelopeServicer(Handlers, EnvelopeServiceServicer):
    """Reservations; the lock of the store makes them one after the other."""

    def ReserveEnvelope(
        self, request: pb.ReserveEnvelopeRequest, context: grpc.ServicerContext
    ) -> pb.ReserveEnvelopeResponse:
        """Part of an envelope, held."""
        violations = Violations()
        bank_id, agreement_id = names.agreement_ids(request.parent, violations, "parent")
        asked = edits.writing(request, violations, reason_required=False)
        wanted = edits.asked(request, agreement_id, violations)

        def work(session: Edit, origin: Origin) -> pb.ReserveEnvelopeResponse:
            records, record, now = session.registry.current, record_of(session, bank_id), session.now
            agreement_versions(record, agreement_id)
            asked_for = replace(wanted, expires_at=edits.expires_at(request, now))
            made = envelopes.reserve(records, record, asked_for, now, session.expiry_instant)
            ended = [
                ReservationChange(bank_id, one, replace(one, state=ReservationState.EXPIRED))
                for one in envelopes.expired(record, agreement_id, session.expiry_instant)
            ]
            changes = [*ended, ReservationChange(bank_id, None, made)]
            state_number, made = session.apply_reservations(changes, origin)
            answer = _answer(pb.ReserveEnvelopeResponse, records, bank_id, made, now, state_number)
            if asked.validate_only:
                answer.reservation.name = ""
            return answer

        return write(self._store, request, asked, pb.ReserveEnvelopeResponse, work)

    def CommitReservation(
        self, request: pb.CommitReservationRequest, context: grpc.ServicerContext
    ) -> pb.CommitReservationResponse:
        """What was held, committed to a loan."""
        violations = Violations()
        ids = names.reservation_ids(request.name, violations)
        asked = edits.writing(request, violations, reason_required=False)
        amount = edits.amount(request, violations, required=False)
        violations.raise_if_any()

        def committed(reservation: Reservation, now: int) -> Reservation:
            after = envelopes.commit(ids[0], reservation, amount, now)
            if after.amount > reservation.amount:
                text = f"Le montant dépasse celui qui est retenu ({french.euros(reservation.amount)})."
                violations.add("amount", FieldReason.OUT_OF_RANGE, text)
            violations.raise_if_any()
            return after

        return self._become(request, asked, ids, pb.CommitReservationResponse, committed)

    def ReleaseReservation(
        self, request: pb.ReleaseReservationRequest, context: grpc.ServicerContext
    ) -> pb.ReleaseReservationResponse:
        """What was held or committed, given back."""
        violations = Violations()
        ids = names.reservation_ids(request.name, violations)
        asked = edits.writing(request, violations, reason_required=False)
        violations.raise_if_any()

        def released(reservation: Reservation, now: int) -> Reservation:
            return envelopes.release(ids[0], reservation, now)

        return self._become(request, asked, ids, pb.ReleaseReservationResponse, released)

    def GetReservation(
        self, request: pb.GetReservationRequest, context: grpc.ServicerContext
    ) -> pb.GetReservationResponse:
        """A reservation as it is now."""
        violations = Violations()
        bank_id, agreement_id, number = names.reservation_ids(request.name, violations)
        requests.check_state_number(request.min_state_number, "min_state_number", violations)
        violations.raise_if_any()
        seen = view(registry_at(self._store, request.min_state_number), None)
        found = _find(seen.records.get(bank_id), agreement_id, number, request.name)
        if not may_read_case(found.case_reference):
            raise _not_found(number, request.name)
        message = messages.reservation(bank_id, found, seen.instant)
        return pb.GetReservationResponse(reservation=message, state_number=seen.state_number)

    def ListReservations(
        self, request: pb.ListReservationsRequest, context: grpc.ServicerContext
    ) -> pb.ListReservationsResponse:
        """The reservations of an agreement, oldest first."""
        violations = Violations()
        page = paging.asked_page(self._page_key, request, violations)
        bank_id, agreement_id = names.agreement_ids(request.parent, violations, "parent")
        states = requests.reservation_states(request, violations)
        requests.check_state_number(request.min_state_number, "min_state_number", violations)
        violations.raise_if_any()
        state_number = page.place.state_number
        seen = view(registry_at(self._store, max(request.min_state_number, state_number)), None, state_number)
        record = seen.record(bank_id)
        agreement_versions(record, agreement_id)
        found = [
            (holder.bank.id, one)
            for holder, versions in envelopes.sharing(seen.records, record, agreement_id)
            for one in holder.reservations
            if any(version.id == one.agreement_id for version in versions)
            and (not states or one.state_at(seen.instant) in states)
            and may_list_case(one.case_reference)
        ]
        response = pb.ListReservationsResponse(state_number=seen.state_number)
        shown = (messages.reservation(*one, seen.instant) for one in page.of(found))
        end = page.place.offset + fill(response.reservations, shown)
        if end < len(found):
            response.next_page_token = paging.seal(self._page_key, request, PageStart(seen.state_number, end))
        return response

    def _become(
        self,
        request: Any,
        asked: Writing,
        ids: tuple[str, str, int],
        response: type[R],
        become: Become,
    ) -> R:
        bank_id, agreement_id, number = ids

        def work(session: Edit, origin: Origin) -> R:
            records = session.registry.current
            before = _find(records.get(bank_id), agreement_id, number, request.name)
            if not may_change_case(before.case_reference):
                raise _not_found(number, request.name)
            change = ReservationChange(bank_id, before, become(before, session.now))
            state_number, after = session.apply_reservations([change], origin)
            return _answer(response, records, bank_id, after, session.now, state_number)

        return write(self._store, request, asked, response, work)


def _find(record: BankRecord | None, agreement_id: str, number: int, name: str) -> Reservation:
    for one in record.reservations if record else ():
        if (one.agreement_id, one.id) == (agreement_id, number):
            return one
    raise _not_found(number, name)


def _not_found(number: int, name: str) -> NotFound:
    text = f"Aucune réservation n’a le numéro {number} pour cet accord."
    return resource_not_found("RESERVATION_NOT_FOUND", text, name)


def _answer(
    response: type[R], records: Records, bank_id: str, after: Reservation, now: int, state_number: int
) -> R:
    """A reservation after its change, and what remains of the envelope on its day."""
    record = records[bank_id]
    others = [one for one in record.reservations if one.id != after.id]
    changed = {**records, bank_id: replace(record, reservations=(*others, after))}
    remaining = envelopes.remaining(changed, bank_id, after.agreement_id, after.on_date, now)
    make: Callable[..., R] = response
    return make(
        reservation=messages.reservation(bank_id, after, now),
        remaining=messages.money(remaining),
        state_number=state_number,
    )
