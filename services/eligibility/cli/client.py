"""The server: one channel, the French message of its errors, and what several commands ask it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

import grpc
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, LocalizedMessage
from google.type.date_pb2 import Date
from grpc_status import rpc_status

from microcredit.eligibility.v1 import ruleset_pb2 as pb
from microcredit.eligibility.v1 import ruleset_service_pb2 as rpc
from microcredit.eligibility.v1.decision_service_pb2_grpc import DecisionServiceStub
from microcredit.eligibility.v1.ruleset_service_pb2_grpc import RulesetServiceStub
from services.eligibility.cli.options import Target
from services.eligibility.cli.outcome import REFUSED, SERVER, CommandError, Detail
from services.kit.releases.archive import SIGNATURE_FILE, ArchiveError, unpack

SECONDS = 120.0
_MAX_BYTES = 8 * 1024 * 1024
_FAILURES = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.DATA_LOSS,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}
A = TypeVar("A")


class Client:
    """Calls a server as one actor."""

    def __init__(self, target: Target) -> None:
        self._target = target
        limits = [(f"grpc.max_{way}_message_length", _MAX_BYTES) for way in ("receive", "send")]
        channel = grpc.insecure_channel(target.server, options=limits)
        self.rulesets = RulesetServiceStub(channel)
        self.decisions = DecisionServiceStub(channel)

    def call(self, method: Callable[..., A], request: object) -> A:
        """The answer of the server, or a CommandError in its words."""
        metadata = (("x-actor", self._target.actor),) if self._target.actor else ()
        try:
            return method(request, timeout=SECONDS, metadata=metadata)
        except grpc.RpcError as error:
            raise _refusal(error, self._target.server) from None

    def ruleset(self) -> pb.Ruleset:
        """The ruleset that the server applies."""
        listed = self.call(self.rulesets.ListRulesets, rpc.ListRulesetsRequest(page_size=1)).rulesets
        if not listed:
            raise CommandError("Aucun règlement n’est publié sur ce serveur.", reason="RULESET_NOT_FOUND")
        return listed[0]

    def revision_name(self, version: str) -> str:
        """The resource name of a version, or of a digest."""
        return f"{self.ruleset().name}/revisions/{version}"

    def contents(self, version: str) -> Mapping[str, bytes]:
        """The files of a published version."""
        return self._archive(self.revision_name(version))

    def contents_in_force(self) -> Mapping[str, bytes]:
        """The files of the version that governs today's requests."""
        today = date.today()  # noqa: DTZ011 - the author's day
        for period in self.ruleset().timeline:
            end = _day(period.end_date) if period.HasField("end_date") else date.max
            if _day(period.start_date) <= today < end:
                return self._archive(period.ruleset_revision)
        raise CommandError("Aucun règlement n’est en vigueur aujourd’hui.", reason="RULESET_NOT_IN_FORCE")

    def _archive(self, name: str) -> Mapping[str, bytes]:
        request = rpc.GetRulesetRevisionRequest(name=name, with_archive=True)
        answer = self.call(self.rulesets.GetRulesetRevision, request)
        try:
            contents = unpack(answer.archive)
        except ArchiveError as error:
            raise CommandError(str(error), exit_code=SERVER) from None
        return {path: content for path, content in contents.items() if path != SIGNATURE_FILE}


def new_request_id() -> str:
    """A UUID that makes a retry harmless."""
    return str(uuid.uuid4())


def to_date(day: date | None) -> Date | None:
    """A civil date of the contract."""
    return Date(year=day.year, month=day.month, day=day.day) if day else None


def _day(day: Date) -> date:
    return date(day.year, day.month, day.day)


def _refusal(error: grpc.RpcError, server: str) -> CommandError:
    """The words of the server; its own when it could not be reached."""
    code = error.code()
    exit_code = SERVER if code in _FAILURES else REFUSED
    message, reason = "", ""
    details: tuple[Detail, ...] = ()
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        localized, info, bad = LocalizedMessage(), ErrorInfo(), BadRequest()
        if detail.Unpack(localized):
            message = localized.message
        elif detail.Unpack(info):
            reason = info.reason
        elif detail.Unpack(bad):
            details = tuple(Detail(item.field, item.description) for item in bad.field_violations)
    return CommandError(
        message or _unreached(code, server), exit_code=exit_code, reason=reason or code.name, details=details
    )


def _unreached(code: Any, server: str) -> str:
    if code is grpc.StatusCode.UNAVAILABLE:
        return f"Le serveur {server} ne répond pas."
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return f"Le serveur {server} n’a pas répondu à temps."
    return f"Le serveur {server} n’a pas pu répondre ({code.name})."
