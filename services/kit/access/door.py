"""What the door of a server asks and notes of each call: its permission before, its line of journal after."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from google.protobuf.message import Message

from services.kit import context
from services.kit.access.guard import Guard
from services.kit.access.journal import AccessJournal
from services.kit.access.named_cases import named_cases
from services.kit.store import AccessLine

_LONGEST_NAME = 200


class AccessDoor:
    """Permits calls and notes them; without a proved caller it does neither."""

    def __init__(self, guard: Guard, journal: AccessJournal | None) -> None:
        self._guard = guard
        self._journal = journal

    def arrive(self, method: str) -> None:
        """Refuses a call by its method alone, before its request is read, or because it cannot be noted."""
        if (caller := context.caller()) is None:
            return
        if self._journal:
            self._journal.check()
        # Before the request is read: who may not call a method learns nothing of what it would have said.
        self._guard.check_method(method.removeprefix("/"), caller)

    def permit(self, method: str, request: Any) -> None:
        """Refuses a call by what its request names."""
        if (caller := context.caller()) is None:
            return
        self.concern(request)
        self._guard.check_request(method.removeprefix("/"), request, caller)

    def concern(self, message: Any) -> None:
        """Takes note of the cases that a request or an answer names."""
        if context.caller() is not None and isinstance(message, Message):
            for case in named_cases(message):
                context.concern(case)

    def note(self, method: str, request: Any, peer: str, code: str, reason: str) -> None:
        """Queues the line of a call that ends; its answer has not left yet."""
        caller = context.caller()
        if caller is None or self._journal is None:
            return
        line = AccessLine(
            datetime.now(UTC),
            process="",
            number=0,
            application=caller.application,
            subject=caller.identity if caller.subject else "",
            team=caller.team,
            peer=_machine(peer),
            method=method.removeprefix("/"),
            # A name that leads to nothing is free text of the client: it may say anything.
            resource=_named(request) if code == "OK" else "",
            code=code,
            reason=reason,
            request_id=context.request_id(),
        )
        self._journal.note(line, context.cases())


def _named(request: Any) -> str:
    """The name of the resource that a request asks for by its name."""
    name = getattr(request, "name", "")
    return name[:_LONGEST_NAME] if isinstance(name, str) else ""


def _machine(peer: str) -> str:
    """The address of a peer ("ipv4:192.0.2.1:50000", "ipv6:%5B::1%5D:50000") without its port."""
    return unquote(peer).partition(":")[2].rpartition(":")[0].strip("[]")
