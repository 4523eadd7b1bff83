"""What the door of a server asks and notes of each call: its permission before, its line of journal after."""

from __future__ import annotations

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
from services.kit.access.journal import AccessJournal
from services.kit.access.named_cases import named_cases
from services.kit.access.service import AccessServicer
from services.kit.caller import Caller
from services.kit.errors import DomainError, InvalidArgument
from services.kit.store import AccessLine, AccessLog, AccessPlace, Agreement, StoreClock

BREAK_GLASS = "x-break-glass"
"""The header that gives the reason to reach a case of another team: UTF-8, percent-encoded."""

_SHORTEST_REASON, _LONGEST_REASON = 10, 200
_LONGEST_NAME = 200
_OWN_METHODS = "microcredit.access."

_unproved: ContextVar[Caller | None] = ContextVar("unproved", default=None)
_agreed: ContextVar[Agreement | None] = ContextVar("agreement", default=None)

log = structlog.get_logger()


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
        rights = self._guard.rights(
            caller, _reason([v for k, v in call.invocation_metadata() if k == BREAK_GLASS])
        )
        enter_gate(CaseGate(self._teams, rights) if self._teams else None)
        _agreed.set(None)

    def permit(self, method: str, request: Any, caller: Caller) -> None:
        """Refuses a call by what its request names, and takes note of it."""
        self._guard.check_request(method, request, caller)
        name = getattr(request, "name", "")
        context.subject().resource = name[:_LONGEST_NAME] if isinstance(name, str) else ""
        if self._teams is None or not isinstance(request, Message):
            return
        reads = _changes_nothing(method)
        # Who gives a case to a team does not act for it.
        tries = bool(getattr(request, "validate_only", False)) or method.startswith(_OWN_METHODS)
        for reference in named_cases(request):
            if reads:  # what is kept of it is refused where it is found, or at the latest as it leaves
                context.concern(self._teams.tag(reference))
            else:
                act_on_case(reference, tries=tries)
        self.agree(method, request, caller)

    def agree(self, method: str, request: Any, caller: Caller) -> None:
        """Refuses the first person who asks for an act that takes two, and takes note of the demand."""
        role = self._guard.second_person(method)
        if (
            not role
            or not self._log
            or not self._teams
            or not isinstance(request, Message)
            or getattr(request, "validate_only", False)
        ):
            return
        tags = [self._teams.tag(reference) for reference in named_cases(request)]
        asked = demand(self._log, method, request, caller, tags)
        first = self._log.cases.agreement(asked, datetime.now(UTC))
        check_agreement(first, asked, role)
        _agreed.set(first)
        context.subject().statement = f"demandé par {first.actor}"

    def answer(self, method: str, response: Any) -> None:
        """Takes note of the cases of an answer; refuses it if one that is read is not for the caller."""
        if self._teams is None or not isinstance(response, Message):
            return
        gate, reads = current_gate(), _changes_nothing(method)
        for reference in named_cases(response):
            tag = self._teams.tag(reference)
            if reads and gate and not gate.lists(tag):
                raise case_not_allowed()
            context.concern(tag)

    def _settle(self, code: str) -> None:
        """Ends what the call began beside its work: an agreement that served, cases opened for nothing."""
        gate, agreed = current_gate(), _agreed.get()
        try:
            if code != "OK" and gate:
                gate.fail()
            if code == "OK" and agreed and self._log:
                self._log.cases.end_agreement(agreed)
        except DomainError as error:
            log.warning("call_not_settled", reason=error.reason, request_id=context.request_id())

    def note(self, method: str, peer: str, code: str, reason: str = "") -> None:
        """Queues the line of a call before its answer leaves, or a part of it: its cases of until now.

        A stream that goes on without another case has nothing more to note.
        """
        self._settle(code)
        caller, subject = context.caller() or _unproved.get(), context.subject()
        cases = subject.cases[max(0, subject.noted) :]
        if self._journal is None or caller is None or (code == "OK" and subject.noted >= 0 and not cases):
            return
        subject.noted = len(subject.cases)
        line = AccessLine(
            datetime.now(UTC),
            process="",
            number=0,
            application=caller.application,
            subject=caller.identity if caller.subject else "",
            team=caller.team,
            peer=_machine(peer),
            method=method,
            # A name that leads to nothing is free text of the client: it may say anything.
            resource=subject.resource if code == "OK" else "",
            mark=subject.mark,
            code=code,
            reason=reason,
            statement=subject.statement,
            request_id=context.request_id(),
            siret=caller.siret or None,
            acr=caller.acr or None,
        )
        self._journal.note(line, cases)


def _machine(peer: str) -> str:
    """The address of a peer ("ipv4:192.0.2.1:50000", "ipv6:%5B::1%5D:50000") without its port."""
    return unquote(peer).partition(":")[2].rpartition(":")[0].strip("[]")


@cache
def _changes_nothing(method: str) -> bool:
    """Whether the contract says that a method has no side effect."""
    try:
        found = descriptor_pool.Default().FindMethodByName(method.replace("/", "."))
    except KeyError:
        return False
    return found.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS


def _reason(values: Sequence[str | bytes]) -> str:
    """The reason of the header x-break-glass; empty without one."""
    if not values:
        return ""
    text = unquote(str(values[0])).strip()
    if len(values) > 1 or not _SHORTEST_REASON <= len(text) <= _LONGEST_REASON or not text.isprintable():
        message = "L’en-tête x-break-glass donne un motif de 10 à 200 caractères, encodé en pour cent."
        raise InvalidArgument("BREAK_GLASS_MALFORMED", message)
    return text
