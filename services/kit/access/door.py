"""What the door of a server asks and notes of each call: its permission before, its line of journal after."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import unquote

import grpc
import structlog
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import Message

from services.kit import context
from services.kit.access.access import Access
from services.kit.access.agreements import check_agreement, demand
from services.kit.access.cases import (
    CaseBook,
    CaseGate,
    CaseTeams,
    act_on_case,
    case_not_allowed,
    current_gate,
    enter_gate,
)
from services.kit.access.guard import Guard
from services.kit.access.journal import AccessJournal, Ended
from services.kit.access.named_cases import leads_to_cases, named_cases
from services.kit.access.service import AccessServicer
from services.kit.caller import Caller
from services.kit.errors import DomainError, InvalidArgument
from services.kit.store import AccessLog, AccessPlace, Agreement, StoreClock

BREAK_GLASS = "x-break-glass"
"""The header that gives the reason to reach a case of another team: UTF-8, percent-encoded."""

_SHORTEST_REASON, _LONGEST_REASON = 10, 200
_LONGEST_NAME = 200
_OWN_METHODS = "microcredit.access."

_unproved: ContextVar[Caller | None] = ContextVar("unproved", default=None)
_agreed: ContextVar[Agreement | None] = ContextVar("agreement", default=None)

log = structlog.get_logger()


@dataclass(frozen=True)
class _Contract:
    """What the contract says of a method: each call looks it up, and spares what the method never has."""

    reads: bool = False
    """Whether it has no side effect."""
    has_name: bool = False
    """Whether its request names what it is about."""
    asks_cases: bool = False
    """Whether its request may name cases."""
    tells_cases: bool = False
    """Whether its answer may."""


@dataclass(frozen=True)
class AccessKeeping:
    """Where a service keeps its journal of accesses, and what it says of cases."""

    place: AccessPlace
    book: CaseBook


class AccessDoor:
    """Proves who calls, permits calls and notes them, if the service keeps that; to be opened after the fork
    only."""

    def __init__(self, access: Access, guard: Guard, keeping: AccessKeeping | None) -> None:
        self._access = access
        self._guard = guard
        self._log = AccessLog(keeping.place) if keeping else None
        self._journal = AccessJournal(self._log) if self._log else None
        self._teams = CaseTeams(self._log, keeping.book) if self._log and keeping else None

    def start(self) -> None:
        """Starts what keeps the files of access fresh, and what writes the journal."""
        self._access.start()
        if self._log and self._journal:
            self._journal.start()
            StoreClock(self._log.database, self._log.remove_old).start()

    def stop(self) -> None:
        """Writes the last lines, once no call is left."""
        if self._journal:
            self._journal.stop()

    def servicers(self) -> list[AccessServicer]:
        """What reads the journal."""
        return [AccessServicer(self._log, self._teams)] if self._log and self._teams else []

    def identify(self, call: grpc.ServicerContext) -> Caller:
        """Who makes a call; Unauthenticated when that is not proved.

        That is noted too, up to a limit for each certificate.
        """
        try:
            return self._access.identify(call)
        except DomainError:
            shown = self._access.shown(call)
            if self._guard.may_note_unproved(shown.fingerprint):
                _unproved.set(Caller(shown.names))
            raise

    def arrive(self, method: str, call: grpc.ServicerContext, caller: Caller) -> None:
        """Refuses a call by its method alone, before its request is read, or because it cannot be noted."""
        if self._journal:
            self._journal.check()
        # Before the request is read: who may not call a method learns nothing of what it would have said.
        self._guard.check_method(method, caller)
        given = [value for key, value in call.invocation_metadata() if key == BREAK_GLASS]
        rights = self._guard.rights(caller, _reason(given) if given else "")
        enter_gate(CaseGate(self._teams, rights) if self._teams else None)
        _agreed.set(None)

    def permit(self, method: str, request: Any, caller: Caller) -> None:
        """Refuses a call by what its request names, and takes note of it."""
        self._guard.check_request(method, request, caller)
        contract = _contract(method)
        if contract.has_name:
            context.subject().resource = request.name[:_LONGEST_NAME]
        if self._teams is None or not isinstance(request, Message):
            return
        if contract.asks_cases:
            # Who gives a case to a team does not act for it.
            tries = bool(getattr(request, "validate_only", False)) or method.startswith(_OWN_METHODS)
            for reference in named_cases(request):
                if contract.reads:  # what is kept of it is refused where it is found, or as it leaves
                    context.concern(self._teams.tag(reference))
                else:
                    act_on_case(reference, tries=tries)
        if role := self._guard.second_person(method):
            self._agree(role, method, request, caller)

    def _agree(self, role: str, method: str, request: Message, caller: Caller) -> None:
        """Refuses the first person who asks for an act that takes two, and takes note of the demand."""
        if not self._log or not self._teams or getattr(request, "validate_only", False):
            return
        tags = [self._teams.tag(reference) for reference in named_cases(request)]
        asked = demand(self._log, method, request, caller, tags)
        taken = None
        while taken is None:  # again when it was withdrawn, or taken by another call, since it was read
            first = self._log.cases.agreement(asked, datetime.now(UTC))
            check_agreement(first, asked, role)
            taken = first if first.done else self._log.cases.take_agreement(first)
        _agreed.set(None if first.done else taken)
        context.subject().statement = f"demandé par {first.actor}"

    def answer(self, method: str, response: Any) -> None:
        """Takes note of the cases of an answer; refuses it if one that is read is not for the caller."""
        contract = _contract(method)
        if self._teams is None or not contract.tells_cases:
            return
        gate = current_gate()
        for reference in named_cases(response):
            tag = self._teams.tag(reference)
            if contract.reads and gate and not gate.lists(tag):
                raise case_not_allowed()
            context.concern(tag)

    def _settle(self, code: str) -> None:
        """Ends what the call began beside its work: an agreement that served, cases opened for nothing."""
        gate, agreed = current_gate(), _agreed.get()
        try:
            if code != "OK" and gate:
                gate.fail()
            if agreed and self._log:
                cases = self._log.cases
                (cases.end_agreement if code == "OK" else cases.give_back_agreement)(agreed)
        except DomainError as error:
            log.warning("call_not_settled", reason=error.reason, request_id=context.request_id())

    def note(self, method: str, code: str, reason: str = "") -> None:
        """Queues the line of a call before its answer leaves, or a part of it: its cases of until now.

        A stream that goes on without another case has nothing more to note.
        """
        self._settle(code)
        call = context.current()
        caller = (call and call.caller) or _unproved.get()
        if self._journal is None or call is None or caller is None:
            return
        subject = call.subject
        noted, subject.noted = subject.noted, len(subject.cases)
        if code == "OK" and noted == subject.noted:
            return
        self._journal.note(
            Ended(
                time.monotonic(),
                time.time_ns(),
                caller,
                call.peer,
                method,
                # A name that leads to nothing is free text of the client: it may say anything.
                subject.resource if code == "OK" else "",
                subject.mark,
                code,
                reason,
                subject.statement,
                call.request_id,
                subject.cases[max(0, noted) :],
            )
        )


@cache
def _contract(method: str) -> _Contract:
    """What the contract says of a method; nothing of one that it does not describe."""
    try:
        found = descriptor_pool.Default().FindMethodByName(method.replace("/", "."))
    except KeyError:
        return _Contract()
    name = None if found.client_streaming else found.input_type.fields_by_name.get("name")
    return _Contract(
        reads=found.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS,
        has_name=name is not None and name.type == FieldDescriptor.TYPE_STRING,
        asks_cases=leads_to_cases(found.input_type),
        tells_cases=leads_to_cases(found.output_type),
    )


def _reason(values: Sequence[str | bytes]) -> str:
    """The reason of the header x-break-glass."""
    text = unquote(str(values[0])).strip()
    if len(values) > 1 or not _SHORTEST_REASON <= len(text) <= _LONGEST_REASON or not text.isprintable():
        message = "L’en-tête x-break-glass donne un motif de 10 à 200 caractères, encodé en pour cent."
        raise InvalidArgument("BREAK_GLASS_MALFORMED", message)
    return text
