"""Gestures on any resource of a lender: another last day for a suspension, a state undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from microcredit.bankregistry.v1 import bank_editing_service_pb2 as pb
from services.bank_registry.api.edits import AGREEMENTS, BANKS, CONVENTIONS, Editable, record_of, write
from services.bank_registry.messages import edits
from services.bank_registry.registry import BankRecord, difference, editing, narrate
from services.bank_registry.store import Edit, Origin, RegistryStore
from services.kit import french
from services.kit.dates import ONE_DAY
from services.kit.errors import FailedPrecondition, FieldReason, Violations

R = TypeVar("R", pb.ProlongSuspensionResponse, pb.UndoChangeResponse)


class Gestures:
    """What the keeper does to a resource, whatever its kind."""

    def __init__(self, store: RegistryStore) -> None:
        self._store = store

    def prolong(self, request: pb.ProlongSuspensionRequest) -> pb.ProlongSuspensionResponse:
        """Another last day for a suspension."""
        violations = Violations()
        kind, bank_id, own_id = _named(request.name, violations)
        day = edits.day(request, "effective_date", violations)
        end = edits.day(request, "end_date", violations, required=False)
        asked = edits.writing(request, violations)
        day = violations.checked(day)
        last = end and end - ONE_DAY

        def work(session: Edit, origin: Origin) -> pb.ProlongSuspensionResponse:
            record = record_of(session, bank_id)
            kind.require(record, own_id)
            after = editing.prolonged(kind.target(record, own_id), day, last)
            return _told(session, origin, record, after, pb.ProlongSuspensionResponse)

        return write(self._store, request, asked, pb.ProlongSuspensionResponse, work)

    def undo(self, request: pb.UndoChangeRequest) -> pb.UndoChangeResponse:
        """What a state changed, put back as it was before it."""
        violations = Violations()
        _, bank_id, _ = _named(request.name, violations)
        number = request.undone_state_number
        if number < 1:
            text = "Indiquez le numéro de l’état à défaire, comme le donne l’historique."
            violations.add("undone_state_number", FieldReason.OUT_OF_RANGE, text)
        asked = edits.writing(request, violations)
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
            return _told(session, origin, record, restored, pb.UndoChangeResponse)

        return write(self._store, request, asked, pb.UndoChangeResponse, work)


def _named(name: str, violations: Violations) -> tuple[Editable[Any], str, str]:
    """The kind of a resource, the id of its lender, its own."""
    kind: Editable[Any] = BANKS
    if "/agreements/" in name:
        kind = AGREEMENTS
    elif "/localConventions/" in name:
        kind = CONVENTIONS
    return kind, *kind.ids(name, violations, "name")


def _told(
    session: Edit, origin: Origin, before: BankRecord, after: BankRecord, response: Callable[..., R]
) -> R:
    state_number = session.apply(difference(session.registry.current, [after]), origin)
    sentences = map(french.typeset, narrate(before, after))
    return response(sentences=sentences, state_number=state_number)
