"""The ProfileService of the contract."""

from __future__ import annotations

import grpc

from microcredit.documents.v1 import profile_service_pb2 as pb
from microcredit.documents.v1.profile_service_pb2_grpc import ProfileServiceServicer
from services.documents.api.releasing import Releasing
from services.documents.messages import package_messages as messages
from services.documents.messages import package_requests as requests
from services.documents.publishing import PROFILES, Deployments, check_profile
from services.kit.errors import FieldReason, Violations
from services.kit.releases import pack


class ProfileServicer(ProfileServiceServicer):
    """Checks, publishes, activates and rolls back organisation profiles."""

    def __init__(self, deployments: Deployments, page_key: bytes) -> None:
        self._deployments = deployments
        self._releasing = Releasing(PROFILES, deployments, page_key)

    def CheckProfile(  # noqa: N802
        self, request: pb.CheckProfileRequest, context: grpc.ServicerContext
    ) -> pb.CheckProfileResponse:
        """Every finding on an archive, or on a published revision."""
        match request.WhichOneof("candidate"):
            case "archive":
                contents = requests.archive(request.archive)
            case "name":
                contents = self._deployments.contents(self._releasing.release(request.name).digest)
            case _:
                violations = Violations()
                violations.add(
                    "candidate", FieldReason.REQUIRED, "Donnez une archive, ou le nom d’une version."
                )
                violations.raise_if_any()
        return pb.CheckProfileResponse(report=messages.report_pb(check_profile(contents)))

    def PublishProfile(  # noqa: N802
        self, request: pb.PublishProfileRequest, context: grpc.ServicerContext
    ) -> pb.PublishProfileResponse:
        """A package that passes its check becomes a revision."""
        published = self._releasing.publish(requests.archive(request.archive), check_profile, request)
        return pb.PublishProfileResponse(
            revision=published.revision, report=published.report, created=published.created
        )

    def GetProfile(  # noqa: N802
        self, request: pb.GetProfileRequest, context: grpc.ServicerContext
    ) -> pb.GetProfileResponse:
        """A profile."""
        return pb.GetProfileResponse(profile=self._releasing.package(request.name, request.min_state_number))

    def ListProfiles(  # noqa: N802
        self, request: pb.ListProfilesRequest, context: grpc.ServicerContext
    ) -> pb.ListProfilesResponse:
        """The profiles."""
        profiles, token = self._releasing.packages(request)
        return pb.ListProfilesResponse(profiles=profiles, next_page_token=token)

    def GetProfileRevision(  # noqa: N802
        self, request: pb.GetProfileRevisionRequest, context: grpc.ServicerContext
    ) -> pb.GetProfileRevisionResponse:
        """One published revision, and its archive."""
        revision, contents = self._releasing.revision(request.name)
        archive = pack(contents) if request.with_archive else b""
        return pb.GetProfileRevisionResponse(revision=revision, archive=archive)

    def ListProfileRevisions(  # noqa: N802
        self, request: pb.ListProfileRevisionsRequest, context: grpc.ServicerContext
    ) -> pb.ListProfileRevisionsResponse:
        """The published revisions of a profile."""
        revisions, token = self._releasing.revisions(request)
        return pb.ListProfileRevisionsResponse(revisions=revisions, next_page_token=token)

    def ListProfileEvents(  # noqa: N802
        self, request: pb.ListProfileEventsRequest, context: grpc.ServicerContext
    ) -> pb.ListProfileEventsResponse:
        """What happened to a profile."""
        events, token = self._releasing.events(request)
        return pb.ListProfileEventsResponse(events=events, next_page_token=token)

    def ActivateProfile(  # noqa: N802
        self, request: pb.ActivateProfileRequest, context: grpc.ServicerContext
    ) -> pb.ActivateProfileResponse:
        """A revision governs from a day on."""
        changed = self._releasing.activate(request)
        return pb.ActivateProfileResponse(
            event=changed.event, profile=changed.package, superseded=changed.superseded
        )

    def RollbackProfile(  # noqa: N802
        self, request: pb.RollbackProfileRequest, context: grpc.ServicerContext
    ) -> pb.RollbackProfileResponse:
        """What governed before the last activation governs again."""
        changed = self._releasing.rollback(request)
        return pb.RollbackProfileResponse(event=changed.event, profile=changed.package)
