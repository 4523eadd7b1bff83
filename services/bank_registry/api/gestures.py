"""Gestures of the keeper: an agreement extended, a lender merged, a suspension prolonged, a state undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from microcredit.bankregistry.v1 import bank_editing_service_pb2 as pb
from services.bank_registry.api.edits import AGREEMENTS, BANKS, CONVENTIONS, Editable, refuse_successor
from services.bank_registry.api.writing import commit, record_of, write
from services.bank_registry.messages import Writing, edits
from services.bank_registry.registry import BankRecord, Geography, editing, mergers
from services.bank_registry.store import Edit, Origin, RegistryStore
from services.kit.dates import ONE_DAY
from services.kit.errors import FailedPrecondition, FieldReason, Violations

R = TypeVar("R", pb.ProlongSuspensionResponse, pb.UndoChangeResponse)


class Gestures:
    """What the keeper does to a resource, whatever its kind."""

    def __init__(self, store: RegistryStore, geography: Geography) -> None:
        self._store = store
        self._geography = geography

    def extend(self, request: pb.ExtendAgreementRequest) -> pb.ExtendAgreementResponse:
        """A later last day for an agreement."""
        violations = Violations()
        bank_id, agreement_id = AGREEMENTS.ids(request.name, violations, "name")
        end = edits.day(request, "end_date", violations, required=False)
        asked = edits.writing(request, violations, self._geography)
        violations.raise_if_any()
        last = end and end - ONE_DAY

        def work(session: Edit, origin: Origin) -> pb.ExtendAgreementResponse:
            record = record_of(session, bank_id)
            AGREEMENTS.require(record, agreement_id)
            target = AGREEMENTS.target(record, agreement_id)
            target.check_etag(asked.etag)
            after = editing.extended(target, last)
            state_number, effect = commit(session, origin, asked, self._geography, after)
            versions = AGREEMENTS.target(after, agreement_id).versions
            return pb.ExtendAgreementResponse(
                agreement=AGREEMENTS.answer(session.registry.current, after, versions, None, session.now),
                state_number=state_number,
                effect=effect,
            )

        return write(self._store, request, asked, pb.ExtendAgreementResponse, work)

    def merge(self, request: pb.MergeBankRequest) -> pb.MergeBankResponse:
        """A lender that goes on inside another one."""
        violations = Violations()
        bank_id, _ = BANKS.ids(request.name, violations, "name")
        successor, _ = BANKS.ids(request.successor, violations, "successor")
        if bank_id and bank_id == successor:
            violations.add("successor", FieldReason.INCONSISTENT, "Un prêteur ne se reprend pas lui-même.")
        day = edits.day(request, "effective_date", violations)
        asked = edits.writing(request, violations, self._geography)
        day = violations.checked(day)

        def work(session: Edit, origin: Origin) -> pb.MergeBankResponse:
            record, into = record_of(session, bank_id), record_of(session, successor)
            BANKS.target(record, bank_id).check_etag(asked.etag)
            ended, taking, advice = mergers.merged(record, into, day)
            refuse_successor(ended, session.registry.current)
            state_number, effect = commit(session, origin, asked, self._geography, ended, taking)
            later = {**session.registry.current, bank_id: ended, successor: taking}
            known = {one.id for one in into.agreements}
            moved = [versions for versions in taking.by_agreement if versions[0].id not in known]
            return pb.MergeBankResponse(
                bank=BANKS.answer(later, ended, ended.banks, day, session.now),
                state_number=state_number,
                warnings=edits.warnings(advice),
                effect=effect,
                agreements=[
                    AGREEMENTS.answer(later, taking, versions, day, session.now) for versions in moved
                ],
            )

        return write(self._store, request, asked, pb.MergeBankResponse, work)

    def prolong(self, request: pb.ProlongSuspensionRequest) -> pb.ProlongSuspensionResponse:
        """Another last day for a suspension."""
        violations = Violations()
        kind, bank_id, own_id = _named(request.name, violations)
        day = edits.day(request, "effective_date", violations)
        end = edits.day(request, "end_date", violations, required=False)
        asked = edits.writing(request, violations, self._geography)
        day = violations.checked(day)
        last = end and end - ONE_DAY

        def work(session: Edit, origin: Origin) -> pb.ProlongSuspensionResponse:
            record = record_of(session, bank_id)
            kind.require(record, own_id)
            after = editing.prolonged(kind.target(record, own_id), day, last)
            return self._told(session, origin, asked, after, pb.ProlongSuspensionResponse)

        return write(self._store, request, asked, pb.ProlongSuspensionResponse, work)

    def undo(self, request: pb.UndoChangeRequest) -> pb.UndoChangeResponse:
        """What a state changed, put back as it was before it."""
        violations = Violations()
        _, bank_id, _ = _named(request.name, violations)
        number = request.undone_state_number
        if number < 1:
            text = "Indiquez le numéro de l’état à défaire, comme le donne l’historique."
            violations.add("undone_state_number", FieldReason.OUT_OF_RANGE, text)
        asked = edits.writing(request, violations, self._geography)
        violations.raise_if_any()

        def work(session: Edit, origin: Origin) -> pb.UndoChangeResponse:
            record = record_of(session, bank_id)
            registry = session.registry
            if number > registry.state_number:
                text = f"L’état n° {number} n’existe pas : le dernier est le n° {registry.state_number}."
                raise FailedPrecondition("NOTHING_TO_UNDO", text, metadata={"name": request.name})
            before, after = registry.at_state(number - 1), registry.at_state(number)
            known = after.get(bank_id, record)
            restored = editing.undone(record, before.get(bank_id), known, request.name)
            return self._told(session, origin, asked, restored, pb.UndoChangeResponse)

        return write(self._store, request, asked, pb.UndoChangeResponse, work)

    def _told(
        self, session: Edit, origin: Origin, asked: Writing, after: BankRecord, response: Callable[..., R]
    ) -> R:
        state_number, effect = commit(session, origin, asked, self._geography, after)
        return response(effect=effect, state_number=state_number)


def _named(name: str, violations: Violations) -> tuple[Editable[Any], str, str]:
    """The kind of a resource, the id of its lender, its own."""
    kind: Editable[Any] = BANKS
    if "/agreements/" in name:
        kind = AGREEMENTS
    elif "/localConventions/" in name:
        kind = CONVENTIONS
    return kind, *kind.ids(name, violations, "name")
