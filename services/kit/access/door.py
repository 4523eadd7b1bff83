"""What the door of a server asks and notes of each call: its permission before, its line of journal after."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import grpc
from google.protobuf.message import Message

from services.kit import context
from services.kit.access.access import Access
from services.kit.access.guard import Guard
from services.kit.access.journal import AccessJournal
from services.kit.access.named_cases import named_cases
from services.kit.access.service import AccessServicer
from services.kit.caller import Caller
from services.kit.store import AccessLine, AccessLog, AccessPlace, StoreClock

_LONGEST_NAME = 200


class AccessDoor:
    """Proves who calls, permits calls and notes them, if there is a place for the journal; to be opened after
    the fork only."""

    def __init__(self, access: Access, guard: Guard, place: AccessPlace | None) -> None:
        self._access = access
        self._guard = guard
        self._accesses = AccessLog(place) if place else None
        self._journal = AccessJournal(self._accesses) if self._accesses else None

    def start(self) -> None:
        """Starts what keeps the files of access fresh, and what writes the journal."""
        self._access.start()
        if self._accesses and self._journal:
            self._journal.start()
            StoreClock(self._accesses.database, self._accesses.remove_old).start()

    def stop(self) -> None:
        """Writes the last lines, once no call is left."""
        if self._journal:
            self._journal.stop()

    def credentials(self) -> grpc.ServerCredentials | None:
        """How the port is opened; None in clear."""
        return self._access.credentials()

    def servicers(self) -> list[AccessServicer]:
        """What reads the journal."""
        return [AccessServicer(self._accesses)] if self._accesses else []

    def identify(self, call: grpc.ServicerContext) -> Caller:
        """Who makes a call; Unauthenticated when that is not proved."""
        return self._access.identify(call)

    def arrive(self, method: str, caller: Caller) -> None:
        """Refuses a call by its method alone, before its request is read, or because it cannot be noted."""
        if self._journal:
            self._journal.check()
        # Before the request is read: who may not call a method learns nothing of what it would have said.
        self._guard.check_method(method, caller)

    def permit(self, method: str, request: Any, caller: Caller) -> None:
        """Refuses a call by what its request names."""
        self.concern(request)
        name = getattr(request, "name", "")
        context.subject().resource = name[:_LONGEST_NAME] if isinstance(name, str) else ""
        self._guard.check_request(method, request, caller)

    def concern(self, message: Any) -> None:
        """Takes note of the cases that a request or an answer names."""
        if isinstance(message, Message):
            for case in named_cases(message):
                context.concern(case)

    def note(self, method: str, peer: str, code: str, reason: str = "") -> None:
        """Queues the line of a call before its answer leaves, or a part of it: its cases of until now.

        A stream that goes on without another case has nothing more to note.
        """
        caller, subject = context.caller(), context.subject()
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
            code=code,
            reason=reason,
            request_id=context.request_id(),
        )
        self._journal.note(line, cases)


def _machine(peer: str) -> str:
    """The address of a peer ("ipv4:192.0.2.1:50000", "ipv6:%5B::1%5D:50000") without its port."""
    return unquote(peer).partition(":")[2].rpartition(":")[0].strip("[]")
