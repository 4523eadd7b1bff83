"""What several commands ask of the server."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date

from microcredit.eligibility.v1 import ruleset_pb2 as pb
from microcredit.eligibility.v1 import ruleset_service_pb2 as rpc
from microcredit.eligibility.v1.decision_service_pb2_grpc import DecisionServiceStub
from microcredit.eligibility.v1.ruleset_service_pb2_grpc import RulesetServiceStub
from services.kit.cli import SERVER, Call, CommandError, civil
from services.kit.releases import SIGNATURE_FILE, ArchiveError, unpack


class Client:
    """Calls a server as one actor."""

    def __init__(self, call: Call) -> None:
        self.rulesets = RulesetServiceStub(call.remote.channel)
        self.decisions = DecisionServiceStub(call.remote.channel)
        self.call = call.remote.call

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
            end = civil(period.end_date) if period.HasField("end_date") else date.max
            if civil(period.start_date) <= today < end:
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
