"""The edits of the registry keeper: read, judged under the lock of the store, written, answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

from services.bank_registry.api.reads import agreement_versions, convention_versions
from services.bank_registry.api.writing import commit, record_of, write
from services.bank_registry.messages import (
    Writing,
    edits,
    names,
    read_agreement,
    read_bank,
    read_convention,
    reads,
    records,
)
from services.bank_registry.registry import (
    Advice,
    Agreement,
    Bank,
    BankRecord,
    Geography,
    Holders,
    LocalConvention,
    Notes,
    Records,
    Rules,
    Successions,
    Target,
    agreement_target,
    bank_name,
    bank_target,
    convention_target,
    editing,
    name_of,
    slug,
)
from services.bank_registry.store import Edit, Origin, RegistryStore
from services.kit import french
from services.kit.dates import Period
from services.kit.errors import AlreadyExists, Violation, Violations

V = TypeVar("V", Bank, Agreement, LocalConvention)
R = TypeVar("R", bound=Message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Editable(Generic[V]):
    """How to edit a kind of resource."""

    field: str
    """Name of its field in requests and answers."""
    title: str
    """Name of the field that an id is made from, when a creation gives none."""
    untitled: str = ""
    """The id where that one is empty."""
    taken: tuple[str, str]
    """The reason that refuses an id already used, and its sentence."""
    ids: Callable[[str, Violations, str], tuple[str, str]]
    """The ids of the lender and of the resource in a name."""
    target: Callable[[BankRecord, str], Target[V]]
    """Its versions, none if there is no such resource."""
    require: Callable[[BankRecord, str], object]
    """NotFound if the lender has no such resource."""
    read: Callable[[Any, str, Rules, Notes], V | None]
    """The fact in a message, for an id."""
    message: Callable[[V, Period], Any]
    """A version as a message, with a period."""
    answer: Callable[[Records, BankRecord, tuple[V, ...], date | None, int], Any]
    """The resource among the other lenders on a day, at an instant."""


def _bank_ids(name: str, violations: Violations, field: str) -> tuple[str, str]:
    bank_id = names.bank_id(name, violations, field)
    return bank_id, bank_id


BANKS: Editable[Bank] = Editable(
    field="bank",
    title="display_name",
    taken=("BANK_ALREADY_EXISTS", "L’identifiant « {id} » est déjà celui d’un prêteur."),
    ids=_bank_ids,
    target=lambda record, _: bank_target(record),
    require=lambda record, _: record.bank,
    read=read_bank,
    message=records.bank,
    answer=lambda _records, record, _versions, day, _instant: reads.bank(record, day),
)
AGREEMENTS: Editable[Agreement] = Editable(
    field="agreement",
    title="reference",
    taken=("AGREEMENT_ALREADY_EXISTS", "Ce prêteur a déjà un accord d’identifiant « {id} »."),
    ids=names.agreement_ids,
    target=agreement_target,
    require=agreement_versions,
    read=read_agreement,
    message=lambda fact, life: records.agreement("-", fact, life, 0),
    answer=reads.agreement,
)
CONVENTIONS: Editable[LocalConvention] = Editable(
    field="local_convention",
    title="reference",
    untitled="convention",
    taken=("LOCAL_CONVENTION_ALREADY_EXISTS", "Ce prêteur a déjà une convention d’identifiant « {id} »."),
    ids=names.convention_ids,
    target=convention_target,
    require=convention_versions,
    read=read_convention,
    message=lambda fact, life: records.convention("-", fact, life),
    answer=lambda _records, record, versions, day, _instant: reads.convention(record, versions, day),
)


BANK = BANKS.field


class Edits:
    """The five verbs of the keeper, for lenders, agreements and local conventions alike."""

    def __init__(self, store: RegistryStore, geography: Geography) -> None:
        self._store = store
        self._geography = geography

    def create(self, kind: Editable[V], request: Any, response: type[R]) -> R:
        """A new resource: a lender, or something of the lender that is its parent."""
        notes, given = Notes.new(), getattr(request, kind.field)
        parent = names.bank_id(request.parent, notes.problems, "parent") if kind.field != BANK else ""
        asked = edits.writing(request, notes.problems, self._geography)
        edits.refuse_output_only(given, kind.field, notes.problems)
        own_id = getattr(request, f"{kind.field}_id") or slug(getattr(given, kind.title)) or kind.untitled
        fact = _read(kind, given, own_id, Rules(self._geography), notes)
        if fact is None or notes.problems:
            raise notes.problems.error()

        def work(session: Edit, origin: Origin) -> R:
            record = record_of(session, parent) if parent else BankRecord(banks=())
            target = kind.target(record, own_id)
            if target.versions or (kind.field == BANK and session.registry.history(own_id)):
                name = name_of(parent, fact) if parent else bank_name(own_id)
                reason, text = kind.taken
                raise AlreadyExists(reason, text.format(id=own_id), metadata={"name": name})
            after = target.with_versions([fact])
            _refuse_clashes(notes.problems, after, session.registry.current, kind)
            return self._answer(kind, session, origin, asked, response, after, own_id, None, notes.advice)

        return write(self._store, request, asked, response, work)

    def update(self, kind: Editable[V], request: Any, response: type[R]) -> R:
        """New terms from a day on, or a correction of all the days."""
        violations = Violations()
        given = getattr(request, kind.field)
        bank_id, own_id = kind.ids(given.name, violations, f"{kind.field}.name")
        since = edits.day(request, "effective_date", violations, required=False)
        fields = edits.changed_fields(request, given, since, violations)
        asked = edits.writing(request, violations, self._geography)
        violations.raise_if_any()

        def work(session: Edit, origin: Origin) -> R:
            target = _target(kind, session, bank_id, own_id, asked)
            notes, rules = Notes.new(), Rules(self._geography)

            def change(version: V, life: Period) -> V:
                merged = edits.merged(kind.message(version, life), given, fields)
                return _read(kind, merged, own_id, rules, notes) or version

            if set(fields) & set(edits.DAYS):
                last = target.versions[-1]
                whole = Period(target.versions[0].period.first, last.period.last)
                target = editing.moved(target, change(last, whole).period)
            after = editing.revised(target, lambda one: _kept(one, change(one, one.period)), since)
            _refuse_clashes(notes.problems, after, session.registry.current, kind)
            return self._answer(kind, session, origin, asked, response, after, own_id, since, notes.advice)

        return write(self._store, request, asked, response, work)

    def end(self, kind: Editable[V], request: Any, response: type[R]) -> R:
        """No more day from a day on; a lender may have a successor."""
        violations = Violations()
        given = request.successor if kind.field == BANK else ""
        successor = given and names.bank_id(given, violations, "successor")
        bank_id, own_id = kind.ids(request.name, violations, "name")
        day = edits.day(request, "effective_date", violations)
        asked = edits.writing(request, violations, self._geography)
        day = violations.checked(day)

        def work(session: Edit, origin: Origin) -> R:
            after: BankRecord = editing.ended(_target(kind, session, bank_id, own_id, asked), day)
            if successor:
                last = replace(after.bank, successor=successor)
                after = replace(after, banks=(*after.banks[:-1], last))
                refuse_successor(after, session.registry.current)
            advice: list[Advice] = []
            if kind.field == BANK:
                advice.extend(_still_in_force(after, day))
            return self._answer(kind, session, origin, asked, response, after, own_id, day, advice)

        return write(self._store, request, asked, response, work)

    def suspend(self, kind: Editable[V], request: Any, response: type[R]) -> R:
        """One more suspension."""
        violations = Violations()
        bank_id, own_id = kind.ids(request.name, violations, "name")
        asked = edits.writing(request, violations, self._geography)
        suspension = edits.suspension(request, asked.reason, violations)
        suspension = violations.checked(suspension)

        def work(session: Edit, origin: Origin) -> R:
            after = editing.suspended(_target(kind, session, bank_id, own_id, asked), suspension)
            day = suspension.period.first
            return self._answer(kind, session, origin, asked, response, after, own_id, day)

        return write(self._store, request, asked, response, work)

    def reinstate(self, kind: Editable[V], request: Any, response: type[R]) -> R:
        """The end of a suspension."""
        violations = Violations()
        bank_id, own_id = kind.ids(request.name, violations, "name")
        day = edits.day(request, "effective_date", violations)
        asked = edits.writing(request, violations, self._geography)
        day = violations.checked(day)

        def work(session: Edit, origin: Origin) -> R:
            after = editing.reinstated(_target(kind, session, bank_id, own_id, asked), day)
            return self._answer(kind, session, origin, asked, response, after, own_id, day)

        return write(self._store, request, asked, response, work)

    def _answer(
        self,
        kind: Editable[V],
        session: Edit,
        origin: Origin,
        asked: Writing,
        response: type[R],
        after: BankRecord,
        own_id: str,
        day: date | None,
        advice: Iterable[Advice] = (),
    ) -> R:
        """Writes the new state of a lender, and tells it."""
        state_number, effect = commit(session, origin, asked, self._geography, after)
        versions = kind.target(after, own_id).versions
        make: Callable[..., R] = response
        return make(
            **{kind.field: kind.answer(session.registry.current, after, versions, day, session.now)},
            state_number=state_number,
            warnings=edits.warnings(advice),
            effect=effect,
        )


def _target(kind: Editable[V], session: Edit, bank_id: str, own_id: str, asked: Writing) -> Target[V]:
    record = record_of(session, bank_id)
    kind.require(record, own_id)
    target = kind.target(record, own_id)
    target.check_etag(asked.etag)
    return target


def _kept(version: V, changed: V) -> V:
    """New terms say nothing of the days nor of the suspensions."""
    return replace(changed, period=version.period, suspensions=version.suspensions)


def _read(kind: Editable[V], message: Any, own_id: str, rules: Rules, notes: Notes) -> V | None:
    """The fact in a message; several versions of one message have their mistakes told once."""
    found = Notes.new(kind.field)
    fact = kind.read(message, own_id, rules, found)
    for one in found.problems:
        field = f"{kind.field}_id" if one.field == f"{kind.field}.id" else one.field
        if all((field, one.reason) != (told.field, told.reason) for told in notes.problems):
            notes.problems.add(field, one.reason, one.description)
    notes.advice.extend(one for one in found.advice if one not in notes.advice)
    return fact


def _refuse_clashes(problems: Violations, after: BankRecord, records: Records, kind: Editable[V]) -> None:
    """Refuses what is wrong by itself, the identifiers that another lender has, a successor that is none."""
    if kind.field == BANK:
        others: Records = {bank_id: record for bank_id, record in records.items() if bank_id != after.bank.id}
        clashes = [
            *Holders(others.values()).clashes(after),
            *Successions({**others, after.bank.id: after}).clashes(after),
        ]
        problems.extend(Violation(f"{kind.field}.{field}", code, text) for field, code, text in clashes)
    problems.raise_if_any()


def refuse_successor(after: BankRecord, records: Records) -> None:
    """InvalidArgument if the successor of a lender is unknown, or leads back to it."""
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
