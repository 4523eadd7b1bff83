"""The edits of the registry keeper: read, judged under the lock of the store, written, answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

from google.protobuf.message import Message

from microcredit.bankregistry.v1 import bank_editing_service_pb2 as pb
from services.bank_registry.api.kinds import Desk
from services.bank_registry.api.views import bank_not_found
from services.bank_registry.api.writing import write
from services.bank_registry.messages import Entries, Writing, edits
from services.bank_registry.registry import (
    Advice,
    Agreement,
    Bank,
    BankRecord,
    Geography,
    Holders,
    LocalConvention,
    Records,
    Successions,
    Target,
    difference,
    editing,
)
from services.bank_registry.store import Edit, Origin, RegistryStore
from services.kit import french
from services.kit.dates import Period
from services.kit.errors import Violation, Violations

V = TypeVar("V", Bank, Agreement, LocalConvention)
R = TypeVar("R", bound=Message)


class Keeper:
    """Edits lenders, agreements and local conventions alike."""

    def __init__(self, store: RegistryStore, geography: Geography) -> None:
        self._store = store
        self._geography = geography

    def update(self, desk: Desk[V], request: Any, response: type[R]) -> R:
        """New terms from a day on, or a correction of all the days."""
        violations = Violations()
        given = getattr(request, desk.field)
        bank_id, own_id = desk.ids(given.name, violations, f"{desk.field}.name")
        since = edits.day(request, "effective_date", violations, required=False)
        fields = edits.changed_fields(request, given, since, violations)
        asked = edits.writing(request, violations)
        violations.raise_if_any()

        def work(session: Edit, origin: Origin) -> R:
            target = _target(desk, session, bank_id, own_id, asked)
            entries = Entries(self._geography)

            def change(version: V, life: Period) -> V:
                merged = edits.merged(desk.message(version, life), given, fields)
                return desk.read(entries, merged, own_id) or version

            if set(fields) & set(edits.DAYS):
                last = target.versions[-1]
                whole = Period(target.versions[0].period.first, last.period.last)
                target = editing.moved(target, change(last, whole).period)
            after = editing.revised(target, lambda one: _kept(one, change(one, one.period)), since)
            _refuse_clashes(entries.problems, after, session.registry.current, desk.field)
            entries.problems.raise_if_any()
            return self._answer(desk, session, origin, response, after, own_id, since, entries.advice)

        return write(self._store, request, asked, response, work)

    def end(self, desk: Desk[V], request: Any, response: type[R], successor: str = "") -> R:
        """No more day from a day on; a lender may have a successor, by its id."""
        violations = Violations()
        bank_id, own_id = desk.ids(request.name, violations, "name")
        day = edits.day(request, "effective_date", violations)
        asked = edits.writing(request, violations)
        day = violations.checked(day)

        def work(session: Edit, origin: Origin) -> R:
            after: BankRecord = editing.ended(_target(desk, session, bank_id, own_id, asked), day)
            if successor:
                last = replace(after.bank, successor=successor)
                after = replace(after, banks=(*after.banks[:-1], last))
                _refuse_unknown_successor(after, session.registry.current)
            advice: list[Advice] = []
            if desk.field == "bank":
                advice.extend(_still_in_force(after, day))
            return self._answer(desk, session, origin, response, after, own_id, day, advice)

        return write(self._store, request, asked, response, work)

    def suspend(self, desk: Desk[V], request: Any, response: type[R]) -> R:
        """One more suspension."""
        violations = Violations()
        bank_id, own_id = desk.ids(request.name, violations, "name")
        asked = edits.writing(request, violations)
        suspension = edits.suspension(request, asked.reason, violations)
        suspension = violations.checked(suspension)

        def work(session: Edit, origin: Origin) -> R:
            after = editing.suspended(_target(desk, session, bank_id, own_id, asked), suspension)
            day = suspension.period.first
            return self._answer(desk, session, origin, response, after, own_id, day)

        return write(self._store, request, asked, response, work)

    def reinstate(self, desk: Desk[V], request: Any, response: type[R]) -> R:
        """The end of a suspension."""
        violations = Violations()
        bank_id, own_id = desk.ids(request.name, violations, "name")
        day = edits.day(request, "effective_date", violations)
        asked = edits.writing(request, violations)
        day = violations.checked(day)

        def work(session: Edit, origin: Origin) -> R:
            after = editing.reinstated(_target(desk, session, bank_id, own_id, asked), day)
            return self._answer(desk, session, origin, response, after, own_id, day)

        return write(self._store, request, asked, response, work)

    def create(
        self,
        desk: Desk[V],
        session: Edit,
        origin: Origin,
        response: type[R],
        after: BankRecord,
        own_id: str,
        entries: Entries,
    ) -> R:
        """A lender with one more resource, or a new lender."""
        _refuse_clashes(entries.problems, after, session.registry.current, desk.field)
        entries.problems.raise_if_any()
        return self._answer(desk, session, origin, response, after, own_id, None, entries.advice)

    def _answer(
        self,
        desk: Desk[V],
        session: Edit,
        origin: Origin,
        response: type[R],
        after: BankRecord,
        own_id: str,
        day: date | None,
        advice: Iterable[Advice] = (),
    ) -> R:
        """Writes the new state of a lender, and tells it."""
        state_number = session.apply(difference(session.registry.current, [after]), origin)
        versions = desk.target(after, own_id).versions
        make: Callable[..., R] = response
        return make(
            **{desk.field: desk.answer(after, versions, day, session.now)},
            state_number=state_number,
            warnings=[
                pb.EditWarning(field=one.field, code=one.code, message=french.typeset(one.description))
                for one in advice
            ],
        )


def record_of(session: Edit, bank_id: str) -> BankRecord:
    """The lender of an id in the registry that a session changes; NotFound."""
    records = session.registry.current
    if bank_id not in records:
        raise bank_not_found(bank_id, records)
    return records[bank_id]


def _target(desk: Desk[V], session: Edit, bank_id: str, own_id: str, asked: Writing) -> Target[V]:
    target = desk.target(record_of(session, bank_id), own_id)
    target.check_etag(asked.etag)
    return target


def _kept(version: V, changed: V) -> V:
    """New terms say nothing of the days nor of the suspensions."""
    return replace(changed, period=version.period, suspensions=version.suspensions)


def _refuse_clashes(problems: Violations, after: BankRecord, records: Records, path: str) -> None:
    """Notes the identifiers that another lender has, and a successor that is none."""
    if path != "bank":
        return
    others = {bank_id: record for bank_id, record in records.items() if bank_id != after.bank.id}
    clashes = [
        *Holders(others.values()).clashes(after),
        *Successions({**others, after.bank.id: after}).clashes(after),
    ]
    problems.extend(Violation(f"{path}.{field}", code, text) for field, code, text in clashes)


def _refuse_unknown_successor(after: BankRecord, records: Records) -> None:
    violations = Violations()
    for field, code, text in Successions({**records, after.bank.id: after}).clashes(after):
        violations.add(field, code, text)
    violations.raise_if_any()


def _still_in_force(record: BankRecord, day: date) -> Iterable[Advice]:
    going_on = [one for one in record.agreements if not one.period.is_over(day)]
    if going_on:
        named = french.join(list(dict.fromkeys(one.reference for one in going_on)))
        text = (
            f"Ses accords sont sans effet à partir du {french.long_date(day)} : {named}. Terminez-les aussi."
        )
        yield Advice("name", "AGREEMENTS_STILL_IN_FORCE", text)
