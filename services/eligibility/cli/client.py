"""What several commands ask of the server."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from microcredit.eligibility.v1.decision_service_pb2_grpc import DecisionServiceStub
from microcredit.eligibility.v1.ruleset_service_pb2_grpc import RulesetServiceStub
from services.kit.cli import CommandError, ReleaseClient, Remote, Target


class Client:
    """Calls a server as one actor."""

    def __init__(self, target: Target) -> None:
        remote = Remote(target.server, target.actor)
        self.rulesets = RulesetServiceStub(remote.channel)
        self.decisions = DecisionServiceStub(remote.channel)
        self.releases = ReleaseClient(target, "rulesets", remote)
        self.call = remote.call

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
