"""The TemplateService of the contract."""

from __future__ import annotations

from collections.abc import Iterator

import grpc

from microcredit.documents.v1 import template_service_pb2 as pb
from microcredit.documents.v1.template_service_pb2_grpc import TemplateServiceServicer
from services.documents.api.candidates import Candidates
from services.documents.api.releasing import Releasing
from services.documents.messages import package_messages as messages
from services.documents.messages import package_requests as requests
from services.documents.publishing import TEMPLATES, Deployments
from services.documents.template import DOCX_FILE
from services.kit.context import remaining, stopping
from services.kit.errors import Violations
from services.kit.releases import pack

WATCH_SECONDS = 0.5
"""How soon a watch sees that its client left, that the server stops, or that its time runs out."""


class TemplateServicer(TemplateServiceServicer):
    """Checks, compares, publishes, activates and rolls back templates."""

    def __init__(self, deployments: Deployments, page_key: bytes) -> None:
        self._store = deployments.store
        self._follower = deployments.follower
        self._releasing = Releasing(TEMPLATES, deployments, page_key)
        self._candidates = Candidates(deployments, self._releasing)

    def CheckTemplate(
        self, request: pb.CheckTemplateRequest, context: grpc.ServicerContext
    ) -> pb.CheckTemplateResponse:
        """Every finding on a candidate."""
        report = self._candidates.check(self._candidates.contents(request))
        annotated = self._candidates.annotated(report) if request.with_annotated_docx else b""
        return pb.CheckTemplateResponse(report=messages.report_pb(report), annotated_docx=annotated)

    def PublishTemplate(
        self, request: pb.PublishTemplateRequest, context: grpc.ServicerContext
    ) -> pb.PublishTemplateResponse:
        """A package that passes its check becomes a revision."""
        contents = self._candidates.contents(request)
        published = self._releasing.publish(contents, self._candidates.check, request)
        return pb.PublishTemplateResponse(
            revision=published.revision, report=published.report, created=published.created
        )

    def CompareTemplates(
        self, request: pb.CompareTemplatesRequest, context: grpc.ServicerContext
    ) -> pb.CompareTemplatesResponse:
        """What a candidate changes."""
        return self._candidates.compare(request)

    def GetTemplateFields(
        self, request: pb.GetTemplateFieldsRequest, context: grpc.ServicerContext
    ) -> pb.GetTemplateFieldsResponse:
        """What a template may print."""
        return self._candidates.fields(request)

    def GetTemplate(
        self, request: pb.GetTemplateRequest, context: grpc.ServicerContext
    ) -> pb.GetTemplateResponse:
        """A template."""
        return pb.GetTemplateResponse(template=self._releasing.package(request.name, request.min_revision))

    def ListTemplates(
        self, request: pb.ListTemplatesRequest, context: grpc.ServicerContext
    ) -> pb.ListTemplatesResponse:
        """The templates."""
        templates, token = self._releasing.packages(request)
        return pb.ListTemplatesResponse(templates=templates, next_page_token=token)

    def GetTemplateRevision(
        self, request: pb.GetTemplateRevisionRequest, context: grpc.ServicerContext
    ) -> pb.GetTemplateRevisionResponse:
        """One published revision, and its files."""
        revision, contents = self._releasing.revision(request.name)
        return pb.GetTemplateRevisionResponse(
            revision=revision,
            archive=pack(contents) if request.with_archive else b"",
            docx=contents[DOCX_FILE] if request.with_docx else b"",
        )

    def ListTemplateRevisions(
        self, request: pb.ListTemplateRevisionsRequest, context: grpc.ServicerContext
    ) -> pb.ListTemplateRevisionsResponse:
        """The published revisions of a template."""
        revisions, token = self._releasing.revisions(request)
        return pb.ListTemplateRevisionsResponse(revisions=revisions, next_page_token=token)

    def ListTemplateEvents(
        self, request: pb.ListTemplateEventsRequest, context: grpc.ServicerContext
    ) -> pb.ListTemplateEventsResponse:
        """What happened to a template."""
        events, token = self._releasing.events(request)
        return pb.ListTemplateEventsResponse(events=events, next_page_token=token)

    def ActivateTemplate(
        self, request: pb.ActivateTemplateRequest, context: grpc.ServicerContext
    ) -> pb.ActivateTemplateResponse:
        """A revision governs from a day on."""
        changed = self._releasing.activate(request)
        return pb.ActivateTemplateResponse(
            event=changed.event, template=changed.package, superseded=changed.superseded
        )

    def RollbackTemplate(
        self, request: pb.RollbackTemplateRequest, context: grpc.ServicerContext
    ) -> pb.RollbackTemplateResponse:
        """What governed before the last activation governs again."""
        changed = self._releasing.rollback(request)
        return pb.RollbackTemplateResponse(event=changed.event, template=changed.package)

    def GetDeploymentStatus(
        self, request: pb.GetDeploymentStatusRequest, context: grpc.ServicerContext
    ) -> pb.GetDeploymentStatusResponse:
        """What the process that answers applies."""
        stored = self._store.last_revision()
        loaded = self._follower.state().revision
        return pb.GetDeploymentStatusResponse(
            status=messages.status_pb(self._follower.status(), loaded, stored)
        )

    def WatchDeployments(
        self, request: pb.WatchDeploymentsRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.WatchDeploymentsResponse]:
        """The events after a revision, then each new one until the client leaves or the server stops."""
        violations = Violations()
        requests.check_revision(request.after_revision, "after_revision", violations)
        violations.raise_if_any()
        after = request.after_revision
        while context.is_active() and not stopping() and remaining() > WATCH_SECONDS:
            if self._follower.status().store_revision > after:
                for event in self._store.state().events:
                    if event.revision > after:
                        yield pb.WatchDeploymentsResponse(event=messages.event_pb(event))
                        after = event.revision
            self._follower.wait(after, WATCH_SECONDS)
