"""What TemplateService does with a candidate: check, annotate, compare; and the palette of fields."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from microcredit.documents.v1 import release_pb2
from microcredit.documents.v1 import template_service_pb2 as pb
from services.documents.api.releasing import Releasing
from services.documents.contract import CONTRACT_VERSION, PackageError
from services.documents.messages import package_messages as messages
from services.documents.messages import package_requests as requests
from services.documents.publishing import (
    TEMPLATES,
    Deployments,
    Report,
    TextChange,
    check_template,
    compare,
    damaged,
    edited,
    fields_read,
    next_version,
    word_file,
)
from services.documents.template import DOCX_FILE, Sample, Template, make_fields, outline, palette
from services.kit.context import check_deadline, remaining
from services.kit.errors import FieldReason, InvalidArgument, Violation, Violations
from services.kit.releases import Contents, Release

MAX_CHECK_SECONDS = 50.0

_KINDS = {
    "money": "montant",
    "date": "date",
    "rate": "taux",
    "code": "code",
    "integer": "nombre entier",
    "boolean": "oui ou non",
    "list": "liste",
    "object": "groupe",
    "text": "texte",
}


class Candidates:
    """The candidates of template requests."""

    def __init__(self, deployments: Deployments, releasing: Releasing) -> None:
        self._deployments = deployments
        self._releasing = releasing

    def contents(self, request: Any) -> Contents:
        """The files of a candidate: an archive, a published revision, or a Word file put in the last one."""
        match request.WhichOneof("candidate"):
            case "archive":
                return requests.archive(request.archive)
            case "name":
                return self._deployments.contents(self._releasing.release(request.name).digest)
            case "docx":
                return self._edited(request.docx)
        violations = Violations()
        violations.add(
            "candidate", FieldReason.REQUIRED, "Donnez une archive, un fichier Word, ou le nom d’une version."
        )
        violations.raise_if_any()
        raise AssertionError

    def check(self, contents: Contents) -> Report:
        """Every finding on a candidate."""
        report = check_template(contents, self._sample(), min(remaining(), MAX_CHECK_SECONDS))
        check_deadline()
        return report

    def annotated(self, report: Report) -> bytes:
        """The Word file of a candidate with a comment at each finding; empty when there is nothing to say."""
        docx = report.contents.get(DOCX_FILE, b"")
        if not docx or not report.findings:
            return b""
        seconds = min(remaining(), MAX_CHECK_SECONDS)
        return word_file.annotated(docx, report.findings.first(messages.MAX_FINDINGS), seconds)

    def compare(self, request: pb.CompareTemplatesRequest) -> pb.CompareTemplatesResponse:
        """What a candidate changes, from another version of the same template."""
        report = self.check(self.contents(request))
        candidate = report.package
        if not isinstance(candidate, Template) or not report.accepted:
            errors = report.findings.errors
            raise InvalidArgument(
                "PACKAGE_REFUSED",
                report.summary(),
                metadata={"findings": str(len(errors))},
                violations=[
                    Violation(one.place, FieldReason.FINDING, f"{one.sentence} ({one.code})")
                    for one in errors
                ],
            )
        base = self._base(request.base_name, candidate)
        found = compare(self._template(base), candidate)
        return pb.CompareTemplatesResponse(
            summary=found.summary(),
            base_name=messages.revision_name(base),
            text_changes=map(_text_change, found.text),
            added_fields=found.added_fields,
            removed_fields=found.removed_fields,
            manifest_changes=found.manifest,
        )

    def fields(self, request: pb.GetTemplateFieldsRequest) -> pb.GetTemplateFieldsResponse:
        """What a template may print, with what the template of the request reads and requires."""
        template = None
        if request.name:
            name = requests.asked_name(request.name, "name", TEMPLATES)
            template = self._template(self._releasing.latest(name)[0])
        fields = make_fields(template.recipient, template.signatory) if template else make_fields()
        used = fields_read(outline(template.docx)) if template else set()
        required = set(template.requires) if template else set()
        return pb.GetTemplateFieldsResponse(
            contract_version=CONTRACT_VERSION,
            fields=[
                pb.TemplateField(
                    path=entry.path,
                    label=entry.label,
                    type_label=_KINDS.get(entry.kind, entry.kind),
                    tag=entry.tag,
                    always_present=not entry.optional,
                    used=entry.path in used,
                    required=entry.path in required,
                )
                for entry in palette(fields)
            ],
        )

    def _edited(self, message: release_pb2.EditedDocx) -> Contents:
        """The last version of a template with another Word file; that version itself if nothing changes."""
        asked = requests.edited_docx(message)
        latest, published = self._releasing.latest(asked.name)
        contents = self._deployments.contents(latest.digest)
        same_version = asked.version in ("", latest.version)
        same_day = asked.effective_from in (None, latest.valid_from)
        if contents[DOCX_FILE] == asked.content and same_version and same_day:
            return contents
        version = asked.version or next_version(release.version for release in published)
        return edited(contents, asked.content, version, asked.effective_from)

    def _template(self, release: Release) -> Template:
        """A published template; FailedPrecondition if what is stored cannot be used."""
        try:
            return self._deployments.packages.template(release.digest, self._deployments.contents)
        except PackageError:
            raise damaged(release.digest) from None

    def _base(self, name: str, candidate: Template) -> Release:
        """The version to compare with: the one named, else the last that is not the candidate."""
        if name:
            return self._releasing.release(name, "base_name")
        _, published = self._releasing.latest(f"{TEMPLATES}/{candidate.id}")
        others = [release for release in published if release.digest != candidate.digest]
        return (others or published)[-1]

    def _sample(self) -> Sample | None:
        """An organisation to try a template with: the one that governs today, else any."""
        today = datetime.now(UTC).date()
        profiles = self._deployments.follower.current().profiles.values()
        segments = [segment for found in profiles for segment in found]
        for segment in segments:
            if segment.span.first <= today and (segment.span.last is None or today <= segment.span.last):
                return Sample(segment.package, today)
        return Sample(segments[0].package, segments[0].span.first) if segments else None


def _text_change(change: TextChange) -> pb.TextChange:
    kind = pb.TEXT_CHANGE_KIND_CHANGED
    if not change.before:
        kind = pb.TEXT_CHANGE_KIND_ADDED
    elif not change.after:
        kind = pb.TEXT_CHANGE_KIND_REMOVED
    return pb.TextChange(kind=kind, place=change.place, before=change.before, after=change.after)
