"""How every write of the keeper is done: once, under the lock, its days told, the past confirmed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar, cast

from google.protobuf.message import Message

from microcredit.bankregistry.v1 import bank_editing_service_pb2 as pb
from services.bank_registry.api.views import bank_not_found
from services.bank_registry.messages import Questions, Writing, edits
from services.bank_registry.registry import (
    AnswerChange,
    BankCheck,
    BankRecord,
    Geography,
    LoanRequest,
    Records,
    check_bank,
    days_text,
    days_touched,
    difference,
    narrate,
    past_days,
    reservation_changes,
    united,
)
from services.bank_registry.store import Edit, Origin, RegistryStore
from services.kit import context, french
from services.kit.dates import Period, today
from services.kit.errors import FailedPrecondition, Unavailable
from services.kit.store import fingerprint

R = TypeVar("R", bound=Message)
Work = Callable[[Edit, Origin], R]
"""Writes in a session, and makes the answer with the state that it returned."""


def write(store: RegistryStore, request: Message, asked: Writing, response: type[R], work: Work[R]) -> R:
    """Does the work of a request, or gives the answer that it had before; the method is that of `response`.

    With `validate_only` the work is done then undone, and the answer says the present state_number.
    """
    actor = context.actor()
    method = response.DESCRIPTOR.name.removesuffix("Response")
    mark = fingerprint(method.encode(), actor.encode(), request.SerializeToString(deterministic=True))
    with store.edit(keep=not asked.validate_only) as session:
        given = session.answered(asked.request_id, mark)
        if given is not None:
            return response.FromString(given)
        origin = Origin(actor, method, asked.reason)
        answer: Any = work(session, origin)
        if asked.validate_only:
            answer.state_number = session.registry.state_number
        else:
            session.remember(asked.request_id, mark, answer.SerializeToString(), origin)
    with suppress(Unavailable):
        store.registry(answer.state_number)  # this process answers with the change at once
    return cast(R, answer)


def record_of(session: Edit, bank_id: str) -> BankRecord:
    """The lender of an id in the registry that a session changes; NotFound."""
    records = session.registry.current
    if bank_id not in records:
        raise bank_not_found(bank_id, records)
    return records[bank_id]


def commit(
    session: Edit, origin: Origin, asked: Writing, geography: Geography, *afters: BankRecord
) -> tuple[int, pb.EditEffect]:
    """Writes the new state of some lenders, and tells what that does; PAST_CHANGED without a confirmation."""
    records = session.registry.current
    changes = [(records.get(after.bank.id), after) for after in afters]
    known = [(before, after) for before, after in changes if before]
    past = {after.bank.id: past_days(days_touched(before, after), today()) for before, after in known}
    past = {bank_id: days for bank_id, days in past.items() if days}
    if past and not (asked.correct_past or asked.validate_only):
        raise past_changed("Cette écriture", past, "effective_date")
    days = [day for before, after in changes for day in days_touched(before or BankRecord(()), after)]
    later = {**records, **{after.bank.id: after for after in afters}}
    answers = [
        one for before, _ in known for one in reservation_changes(before.bank.id, records, later, session.now)
    ]
    answers += asked_again(known, asked.questions, (records, later), geography, session.now)
    effect = edits.effect(
        [sentence for pair in changes for sentence in narrate(*pair)],
        days_text(united(days)),
        corrects_past=bool(past),
        reservation_count=sum(one.weighs(session.now) for before, _ in known for one in before.reservations),
        question_count=len(asked.questions),
        answers=answers,
    )
    return session.apply(difference(records, afters), origin), effect


def asked_again(
    changes: Iterable[tuple[BankRecord, BankRecord]],
    questions: Questions,
    registries: tuple[Records, Records],
    geography: Geography,
    instant: int,
) -> Iterator[AnswerChange]:
    """The past questions that lenders before a change, and after it, do not answer alike."""
    for before, after in changes:
        for loan in (loan for bank_id, loan in questions if bank_id in ("", after.bank.id)):
            context.check_deadline()
            texts = [
                _answer(check_bank(record, loan, records, geography, instant))
                for record, records in zip((before, after), registries, strict=True)
            ]
            if texts[0] != texts[1]:
                yield AnswerChange(_question(after, loan), *texts)


def _answer(check: BankCheck) -> str:
    reasons = dict.fromkeys(reason.message for reason in check.reasons)
    return "possible" if check.selectable else " ".join(reasons)


def _question(record: BankRecord, loan: LoanRequest) -> str:
    asked = f"{french.euros(loan.amount)} sur {french.months(loan.months)}, {loan.commune.name}"
    return f"{record.bank.name}, le {french.long_date(loan.on_date)} : {asked}"


def past_changed(what: str, past: Mapping[str, Sequence[Period]], field: str) -> FailedPrecondition:
    """The refusal to change days already past of some lenders without a confirmation."""
    (bank_id, days), *others = past.items()
    more = f" ; {french.plural(len(others), 'autre prêteur', 'autres prêteurs')} aussi" if others else ""
    return FailedPrecondition(
        "PAST_CHANGED",
        f"{what} change des jours déjà passés ({bank_id} : {days_text(days)}{more}), pour lesquels "
        f"des réponses ont pu être données. Pour changer à partir d’un jour, donnez-le ({field}, ou "
        "--from) ; pour corriger le passé, confirmez-le (correct_past, ou --correct).",
        metadata={"bank_count": str(len(past)), "days": days_text(days)},
    )
