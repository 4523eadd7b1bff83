"""What several commands ask of the server."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date

from microcredit.eligibility.v1.decision_service_pb2_grpc import DecisionServiceStub
from microcredit.eligibility.v1.ruleset_service_pb2_grpc import RulesetServiceStub
from services.kit.cli import Call, CommandError, ReleaseClient


class Client:
    """Calls a server as one actor."""

    def __init__(self, call: Call) -> None:
        self.rulesets = RulesetServiceStub(call.remote.channel)
        self.decisions = DecisionServiceStub(call.remote.channel)
        self.releases = ReleaseClient(call.remote, "rulesets")
        self.call = call.remote.call

    def version_name(self, version: str) -> str:
        """The resource name of a version, or of a digest."""
        return f"{self.releases.package('').name}/versions/{version}"

    def contents(self, version: str) -> Mapping[str, bytes]:
        """The files of a published version."""
        return self.releases.files(self.releases.version("", version))

    def contents_in_force(self) -> Mapping[str, bytes]:
        """The files of the version that governs today's requests."""
        today = date.today()  # noqa: DTZ011 - the author's day
        version = self.releases.in_force("", today)
        if not version:
            raise CommandError("Aucun règlement n’est en vigueur aujourd’hui.", reason="RULESET_NOT_IN_FORCE")
        return self.contents(version)


def new_request_id() -> str:
    """A UUID that makes a retry harmless."""
    return str(uuid.uuid4())
