"""What TemplateService gives, and what templates have besides what every package has, as messages."""

from __future__ import annotations

from microcredit.documents.v1 import template_service_pb2 as pb
from microcredit.releases.v1.package_pb2 import TemplateCheck
from services.documents.publishing import TextChange
from services.documents.template import FieldTag

_KINDS = {
    "money": "montant",
    "date": "date",
    "rate": "taux",
    "code": "code",
    "integer": "nombre entier",
    "boolean": "oui ou non",
    "list": "liste",
    "object": "groupe",
    "image": "image",
    "text": "texte",
    "time": "heure",
}


def annotated_docx(docx: bytes) -> TemplateCheck:
    """A Word file with a comment at each finding."""
    return TemplateCheck(annotated_docx=docx)


def text_change(change: TextChange) -> pb.TextChange:
    """A paragraph that differs."""
    kind = pb.TEXT_CHANGE_KIND_CHANGED
    if not change.before:
        kind = pb.TEXT_CHANGE_KIND_ADDED
    elif not change.after:
        kind = pb.TEXT_CHANGE_KIND_REMOVED
    return pb.TextChange(kind=kind, place=change.place, before=change.before, after=change.after)


def template_field(entry: FieldTag, *, used: bool, required: bool) -> pb.TemplateField:
    """A value that a template may print, with the tag to copy."""
    return pb.TemplateField(
        path=entry.path,
        label=entry.label,
        type_label=_KINDS.get(entry.kind, entry.kind),
        tag=entry.tag,
        always_present=not entry.optional,
        used=used,
        required=required,
    )
