"""The TemplateService of the contract: what a candidate changes, and what a template may print."""

from __future__ import annotations

import grpc

from microcredit.documents.v1 import template_service_pb2 as pb
from microcredit.documents.v1.template_service_pb2_grpc import TemplateServiceServicer
from services.documents.contract import CONTRACT_VERSION
from services.documents.messages import template_field, text_change
from services.documents.publishing import TEMPLATES, Deployments, compare, fields_read, template_of
from services.documents.template import Template, make_fields, outline, palette
from services.kit import releases
from services.kit.releases import Candidates, Release, State, accepted
from services.kit.serve import placeless


class TemplateServicer(TemplateServiceServicer):
    """Compares templates and lists the fields that they may print."""

    def __init__(self, deployments: Deployments, candidates: Candidates) -> None:
        self._releases = deployments.releases
        self._candidates = candidates

    @placeless
    def CompareTemplates(
        self, request: pb.CompareTemplatesRequest, context: grpc.ServicerContext
    ) -> pb.CompareTemplatesResponse:
        """What a candidate changes, from another version of the same template."""
        kind = self._releases.kinds.get(TEMPLATES)
        assert kind is not None  # noqa: S101 - the service deploys templates
        contents, _ = self._candidates.contents(request, kind)
        report = self._candidates.check(contents, kind)
        candidate = accepted(report)
        template = template_of(releases.digest(report.contents), candidate.contents)
        base = self._base(request.base_name, candidate.name, template.digest)
        found = compare(self._template(base), template)
        return pb.CompareTemplatesResponse(
            summary=found.summary(),
            base_name=kind.version_name(base),
            text_changes=map(text_change, found.text),
            added_fields=found.added_fields,
            removed_fields=found.removed_fields,
            manifest_changes=found.manifest,
        )

    def GetTemplateFields(
        self, request: pb.GetTemplateFieldsRequest, context: grpc.ServicerContext
    ) -> pb.GetTemplateFieldsResponse:
        """What a template may print, with what the template of the request reads and requires."""
        template = self._last(request.name) if request.name else None
        fields = make_fields(template.recipient, template.signatory) if template else make_fields()
        used = fields_read(outline(template.docx)) if template else set()
        required = set(template.requires) if template else set()
        return pb.GetTemplateFieldsResponse(
            contract_version=CONTRACT_VERSION,
            fields=[
                template_field(entry, used=entry.path in used, required=entry.path in required)
                for entry in palette(fields)
            ],
        )

    def _last(self, name: str) -> Template:
        """The version of a template published last."""
        fields = releases.ReleaseFields(self._releases.kinds)
        kind, stored = fields.package(name, "name")
        fields.violations.raise_if_any()
        state = self._releases.store.state()
        releases.check_published(state, kind, stored)
        return self._template(state.latest(stored))

    def _base(self, name: str, template: str, digest: str) -> Release:
        """The version to compare with: the one named, else the last that is not the candidate."""
        state: State = self._releases.store.state()
        if name:
            fields = releases.ReleaseFields(self._releases.kinds)
            kind, stored, version = fields.version(name, "base_name")
            fields.violations.raise_if_any()
            return releases.find_version(state, kind, stored, version)
        published = [release for release in state.releases if release.name == template]
        others = [release for release in published if release.digest != digest]
        return (others or published)[-1]

    def _template(self, release: Release) -> Template:
        """A published template; FailedPrecondition if what is stored cannot be used."""
        found = self._releases.package(release.name, release.digest)
        assert isinstance(found, Template)  # noqa: S101 - of the collection of templates
        return found
